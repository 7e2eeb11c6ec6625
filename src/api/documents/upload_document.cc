#include <utility>

#include "document_handlers.h"
#include "mooring/api/store.h"
#include "mooring/base/clock.h"
#include "mooring/catalog/writer.h"

namespace mooring {
namespace {

/// Stores a received document, or links the one of its organization that has this content already.
/// That one must be the caller's to see: to have the same bytes gives no right to what others wrote
/// about them [D].
class PutDocument final : public StoreMutation {
 public:
  PutDocument(DocumentRecord document, const Identity& caller)
      : document_(std::move(document)), caller_(caller) {}

  Status apply_records(Transaction& transaction, const StoredContent& content) override {
    auto existing = find_document_of_content(transaction, document_.organization_id, content.id);
    if (!existing) return std::unexpected(existing.error());
    is_duplicate = *existing && check_ownership(caller_, ownership_of(**existing)).has_value();
    Result<DocumentRecord> stored =
        is_duplicate ? link(transaction, (*existing)->id) : create(transaction, content);
    if (!stored) return std::unexpected(stored.error());
    Result<ShownDocument> shown_now = show(transaction, *std::move(stored));
    if (!shown_now) return std::unexpected(shown_now.error());
    shown = *std::move(shown_now);
    return {};
  }

  ShownDocument shown;  ///< once stored: the new document or the one that was there
  bool is_duplicate = false;

 private:
  Result<DocumentRecord> link(Transaction& transaction, const Uuid& id) {
    const Result<LinkResult> linked = link_document(transaction, id, document_.asset_ids.front());
    if (!linked) return std::unexpected(linked.error());
    return get_document(transaction, id);
  }

  Result<DocumentRecord> create(Transaction& transaction, const StoredContent& content) {
    DocumentRecord record = document_;
    record.blob = content.id;
    record.size_bytes = content.record.size_bytes;
    return create_document(transaction, std::move(record));
  }

  DocumentRecord document_;
  const Identity& caller_;
};

/// The first of the fields that an upload needs and this one has not.
std::optional<BadField> missing_field(const DocumentFields& fields) {
  if (!fields.displayname) return BadField{"displayname"};
  if (!fields.organization_id) return BadField{"organizationId"};
  if (!fields.category_id) return BadField{"categoryId"};
  return {};
}

/// What can be said about a document whose body is here: the record, or the answer.
Task<std::expected<DocumentRecord, Response>> describe_document(Exchange& exchange,
                                                                const DocumentBody& body,
                                                                const AssetRecord& asset) {
  if (const auto missing = missing_field(body.fields))
    co_return std::unexpected(refuse_document_field(*missing));
  std::optional<Response> refused = co_await refuse_target(exchange, body.fields, asset);
  if (refused) co_return std::unexpected(*std::move(refused));
  refused = refuse_type(exchange, body.media_type);
  if (refused) co_return std::unexpected(*std::move(refused));
  DocumentRecord document = new_document(asset, caller_of(exchange));
  if (const auto applied = apply_fields(body.fields, document); !applied)
    co_return std::unexpected(refuse_document_field(applied.error()));
  document.filename = document_filename(body.file->filename);
  document.mimetype = body.media_type;
  co_return document;
}

}  // namespace

DocumentRecord new_document(const AssetRecord& asset, const Identity& caller) {
  DocumentRecord document;
  document.id = new_uuid();
  document.owner_id = caller.organization;
  document.organization_id = asset.organization_id;
  document.manufacturer_id = asset.manufacturer_id;
  document.created_ms = document.updated_ms = wall_ms();
  document.created_by = document.updated_by = caller.user;
  document.asset_ids = {asset.id};
  return document;
}

Task<Response> handle_upload_document(Exchange& exchange) {
  Result<AssetRecord> asset =
      co_await owned_asset(exchange, segment_after_prefix(exchange.path, 2));
  if (!asset) co_return refuse(asset.error());
  auto body = co_await receive_document(
      exchange, {.file_bytes_max = exchange.services.settings.documents.file_bytes_max});
  if (!body) co_return std::move(body.error());
  auto document = co_await describe_document(exchange, *body, *asset);
  if (!document) {
    co_await drop_received(*body->file);
    co_return std::move(document.error());
  }
  PutDocument mutation(*std::move(document), caller_of(exchange));
  Status stored = co_await store_file(exchange.services, *body->file, mutation);
  if (!stored) co_return refuse(stored.error());
  const std::vector<std::string> wanted = languages_of(exchange);
  if (mutation.is_duplicate)
    co_return json_response(kDocumentDuplicateStatus,
                            duplicate_body(mutation.shown, std::span(&asset->id, 1), wanted));
  co_return json_response(kDocumentUploadedStatus, document_body(mutation.shown, wanted));
}

}  // namespace mooring
