#include <utility>

#include "document_handlers.h"
#include "mooring/api/json_body.h"
#include "mooring/api/store.h"
#include "mooring/base/clock.h"
#include "mooring/catalog/writer.h"

namespace mooring {
namespace {

/// Changes a document where nothing can come between. The same change serves a body of fields alone
/// and one with a new file.
class PatchDocument final : public Mutation, public StoreMutation {
 public:
  PatchDocument(const Uuid& id, const Identity& caller) : id_(id), caller_(caller) {}

  /// Of the new file, where there is one.
  void replace_file(std::string filename, std::string media_type) {
    filename_ = std::move(filename);
    media_type_ = std::move(media_type);
  }

  Status apply(Transaction& transaction) override { return change(transaction, nullptr); }
  Status apply_records(Transaction& transaction, const StoredContent& content) override {
    return change(transaction, &content);
  }

  DocumentFields fields;
  ShownDocument shown;          ///< once committed, as it is now
  std::optional<BadField> bad;  ///< of a refusal with `invalid`: which field

 private:
  Status change(Transaction& transaction, const StoredContent* content) {
    Result<DocumentRecord> document = get_document(transaction, id_);
    if (!document) return std::unexpected(document.error());
    if (const auto applied = apply_fields(fields, *document); !applied) {
      bad = applied.error();
      return fail(Errc::invalid, "fields of a document");
    }
    if (content != nullptr)
      if (Status taken = take_content(transaction, *content, *document); !taken) return taken;
    document->updated_ms = wall_ms();
    document->updated_by = caller_.user;
    Result<DocumentRecord> replaced = replace_document(transaction, *std::move(document));
    if (!replaced) {
      if (replaced.error().code == Errc::invalid) bad = BadField{"categoryId"};
      return std::unexpected(replaced.error());
    }
    Result<ShownDocument> shown_now = show(transaction, *std::move(replaced));
    if (!shown_now) return std::unexpected(shown_now.error());
    shown = *std::move(shown_now);
    return {};
  }

  /// Content that another document of the organization has is duplicate data: a conflict [D].
  Status take_content(Transaction& transaction, const StoredContent& content,
                      DocumentRecord& document) {
    const auto existing =
        find_document_of_content(transaction, document.organization_id, content.id);
    if (!existing) return std::unexpected(existing.error());
    const bool is_other = *existing && (*existing)->id != document.id &&
                          check_ownership(caller_, ownership_of(**existing)).has_value();
    if (is_other) return fail(Errc::conflict, "content of another document");
    document.blob = content.id;
    document.size_bytes = content.record.size_bytes;
    document.filename = filename_;
    document.mimetype = media_type_;
    return {};
  }

  Uuid id_;
  const Identity& caller_;
  std::string filename_;
  std::string media_type_;
};

class RemoveDocument final : public Mutation {
 public:
  explicit RemoveDocument(const Uuid& id) : id_(id) {}

  /// What several assets refer to is not taken from all of them at once: 409 (1.3).
  Status apply(Transaction& transaction) override {
    const Result<DocumentRecord> document = get_document(transaction, id_);
    if (!document) return std::unexpected(document.error());
    if (document->asset_ids.size() > 1) return fail(Errc::conflict, "linked to several assets");
    const auto removed = remove_document(transaction, id_, wall_ms());
    if (!removed) return std::unexpected(removed.error());
    return {};
  }

 private:
  Uuid id_;
};

Response refuse_patch(const Error& error, const PatchDocument& mutation) {
  if (error.code == Errc::invalid && mutation.bad) return refuse_document_field(*mutation.bad);
  return refuse(error);
}

/// {"supplierName": text}
Checked<std::string> parse_supplier(const JsonValue& body) {
  if (!body.is(JsonKind::object)) return std::unexpected(BadField{});
  const std::string* name = body.find_string("supplierName");
  if (name == nullptr || !is_supplier_name(*name)) return std::unexpected(BadField{"supplierName"});
  return *name;
}

Task<Status> commit_patch(Exchange& exchange, DocumentBody& body, PatchDocument& mutation) {
  CoreServices& services = exchange.services;
  if (!body.file) {
    Status committed = co_await services.writer.commit(services.core, mutation);
    co_return committed;
  }
  mutation.replace_file(document_filename(body.file->filename), body.media_type);
  Status stored = co_await store_file(services, *body.file, mutation);
  collect_later(services);
  co_return stored;
}

}  // namespace

Task<Response> handle_patch_document(Exchange& exchange) {
  Result<ShownDocument> found = co_await document_of_path(exchange, 1);
  if (!found) co_return refuse(found.error());
  const std::vector<std::string> wanted = languages_of(exchange);
  auto body = co_await receive_document(
      exchange, {.file = FileField::optional,
                 .file_bytes_max = exchange.services.settings.documents.file_bytes_max});
  if (!body) co_return std::move(body.error());
  // Nothing to change: the document stays as it is, updatedAt included [D].
  if (!body->file && !body->fields.change_something())
    co_return json_response(kDocumentChangedStatus, document_body(*found, wanted));
  if (body->file) {
    std::optional<Response> refused = refuse_type(exchange, body->media_type);
    if (refused) {
      co_await drop_received(*body->file);
      co_return *std::move(refused);
    }
  }
  PatchDocument mutation(found->document.id, caller_of(exchange));
  mutation.fields = std::move(body->fields);
  Status changed = co_await commit_patch(exchange, *body, mutation);
  if (!changed) co_return refuse_patch(changed.error(), mutation);
  co_return json_response(kDocumentChangedStatus, document_body(mutation.shown, wanted));
}

Task<Response> handle_set_supplier(Exchange& exchange) {
  Result<ShownDocument> found = co_await document_of_path(exchange, 1);
  if (!found) co_return refuse(found.error());
  Result<JsonValue> body = co_await read_json_body(exchange);
  if (!body) co_return refuse(body.error());
  Checked<std::string> name = parse_supplier(*body);
  if (!name) co_return refuse_document_field(name.error());
  PatchDocument mutation(found->document.id, caller_of(exchange));
  mutation.fields.supplier_document = true;
  mutation.fields.supplier_name = *std::move(name);
  CoreServices& services = exchange.services;
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed) co_return refuse_patch(committed.error(), mutation);
  co_return json_response(kSupplierSetStatus,
                          document_body(mutation.shown, languages_of(exchange)));
}

Task<Response> handle_delete_document(Exchange& exchange) {
  Result<ShownDocument> found = co_await document_of_path(exchange, 1);
  if (!found) co_return refuse(found.error());
  RemoveDocument mutation(found->document.id);
  CoreServices& services = exchange.services;
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed) co_return refuse(committed.error());
  collect_later(services);
  co_return empty_response(kDocumentRemovedStatus);
}

}  // namespace mooring
