#include <algorithm>
#include <utility>

#include "document_handlers.h"
#include "mooring/api/json_body.h"
#include "mooring/api/store.h"
#include "mooring/base/clock.h"
#include "mooring/catalog/reader.h"
#include "mooring/catalog/writer.h"

namespace mooring {
namespace {

constexpr std::string_view kAssetEntity = "Asset";

class LinkDocument final : public Mutation {
 public:
  LinkDocument(const Uuid& document, const Uuid& asset) : document_(document), asset_(asset) {}

  /// Of two that make the same link one is told that it is there (X7).
  Status apply(Transaction& transaction) override {
    const Result<LinkResult> linked = link_document(transaction, document_, asset_);
    if (!linked) return std::unexpected(linked.error());
    if (*linked == LinkResult::was_linked) return fail(Errc::conflict, "a link that is there");
    return {};
  }

 private:
  Uuid document_;
  Uuid asset_;
};

class UnlinkDocument final : public Mutation {
 public:
  UnlinkDocument(const Uuid& document, const Uuid& asset) : document_(document), asset_(asset) {}

  Status apply(Transaction& transaction) override {
    const Result<Unlinked> unlinked = unlink_document(transaction, document_, asset_, wall_ms());
    if (!unlinked) return std::unexpected(unlinked.error());
    removed = unlinked->is_removed;
    return {};
  }

  bool removed = false;  ///< once committed: the document went with its last link

 private:
  Uuid document_;
  Uuid asset_;
};

/// All links anew. Links that come and links that go are both held against P12: a manufacturer does
/// not take a document from a machine it has not made.
class AssignDocument final : public Mutation {
 public:
  AssignDocument(const Uuid& document, std::vector<Uuid> assets, const Identity& caller)
      : document_(document), assets_(std::move(assets)), caller_(caller) {}

  Status apply(Transaction& transaction) override {
    const Result<DocumentRecord> document = get_document(transaction, document_);
    if (!document) return std::unexpected(document.error());
    for (const Uuid& id : assets_)
      if (Status allowed = may_link(transaction, *document, id); !allowed) return allowed;
    for (const Uuid& id : document->asset_ids)
      if (!std::ranges::binary_search(assets_, id))
        if (Status allowed = may_unlink(transaction, id); !allowed) return allowed;
    const Result<Assigned> done = assign_document(transaction, document_, assets_);
    if (!done) return std::unexpected(done.error());
    assigned = *done;
    return {};
  }

  Assigned assigned;

 private:
  /// The contract's 422: an asset that is not there for this document [V].
  Status may_link(const View& view, const DocumentRecord& document, const Uuid& id) const {
    const auto asset = find_asset(view, id);
    if (!asset) return std::unexpected(asset.error());
    if (!*asset || (*asset)->organization_id != document.organization_id)
      return fail(Errc::unprocessable, "an asset to be assigned");
    return check_ownership(caller_, **asset);
  }

  Status may_unlink(const View& view, const Uuid& id) const {
    const Result<AssetRecord> asset = get_asset(view, id);
    if (!asset) return std::unexpected(asset.error());
    return check_ownership(caller_, *asset);
  }

  Uuid document_;
  std::vector<Uuid> assets_;  // ascending
  const Identity& caller_;
};

/// {"assetIds": [UUID, …]}, ascending, each once.
Checked<std::vector<Uuid>> parse_assignment(const JsonValue& body) {
  constexpr BadField kBadIds{"assetIds"};
  if (!body.is(JsonKind::object)) return std::unexpected(BadField{});
  const JsonValue* ids = body.find("assetIds");
  if (ids == nullptr || !ids->is(JsonKind::array)) return std::unexpected(kBadIds);
  std::vector<Uuid> assets;
  for (const JsonValue& item : ids->items()) {
    const auto id = item.is(JsonKind::string) ? parse_uuid(item.as_string()) : std::nullopt;
    if (!id) return std::unexpected(kBadIds);
    assets.push_back(*id);
  }
  std::ranges::sort(assets);
  assets.erase(std::ranges::unique(assets).begin(), assets.end());
  return assets;
}

std::string assigned_body(const Assigned& assigned) {
  JsonWriter out;
  out.begin_object()
      .key("data")
      .begin_object()
      .field("assigned", static_cast<std::uint64_t>(assigned.assigned))
      .field("unassigned", static_cast<std::uint64_t>(assigned.unassigned))
      .end_object()
      .end_object();
  return out.take();
}

/// The asset of a link in the path, with its organization where the path states it (P12).
Task<Result<AssetRecord>> asset_of_link(Exchange& exchange,
                                        std::optional<std::string_view> organization) {
  Result<AssetRecord> asset =
      co_await owned_asset(exchange, segment_after_prefix(exchange.path, 3));
  if (!asset || !organization) co_return asset;
  const Status allowed = check_ownership(caller_of(exchange), *asset, *organization);
  if (!allowed) co_return std::unexpected(allowed.error());
  co_return asset;
}

}  // namespace

Task<Response> handle_link_document(Exchange& exchange) {
  Result<ShownDocument> found = co_await document_of_path(exchange, 2);
  if (!found) co_return refuse(found.error());
  Result<AssetRecord> asset =
      co_await asset_of_link(exchange, segment_after_prefix(exchange.path, 4));
  if (!asset) co_return refuse(asset.error());
  // A document belongs to one organization, and so do the assets it is linked to [D].
  if (asset->organization_id != found->document.organization_id)
    co_return refuse_entity(kAssetEntity);
  LinkDocument mutation(found->document.id, asset->id);
  CoreServices& services = exchange.services;
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed) co_return refuse(committed.error());
  co_return json_response(kDocumentLinkedStatus, document_body(*found, languages_of(exchange)));
}

Task<Response> handle_unlink_document(Exchange& exchange) {
  Result<ShownDocument> found = co_await document_of_path(exchange, 2);
  if (!found) co_return refuse(found.error());
  Result<AssetRecord> asset = co_await asset_of_link(exchange, {});
  if (!asset) co_return refuse(asset.error());
  UnlinkDocument mutation(found->document.id, asset->id);
  CoreServices& services = exchange.services;
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed) co_return refuse(committed.error());
  if (mutation.removed) collect_later(services);
  co_return empty_response(kDocumentUnlinkedStatus);
}

Task<Response> handle_assign_document(Exchange& exchange) {
  Result<ShownDocument> found = co_await document_of_path(exchange, 2);
  if (!found) co_return refuse(found.error());
  Result<JsonValue> body = co_await read_json_body(exchange);
  if (!body) co_return refuse(body.error());
  Checked<std::vector<Uuid>> assets = parse_assignment(*body);
  if (!assets) co_return refuse_document_field(assets.error());
  if (assets->empty())  // a no-op by contract, not "no links at all"
    co_return json_response(kDocumentAssignedStatus, assigned_body({}));
  if (assets->size() > kDocumentAssetsMax) co_return refuse_entity(kAssetEntity);
  AssignDocument mutation(found->document.id, *std::move(assets), caller_of(exchange));
  CoreServices& services = exchange.services;
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed && committed.error().code == Errc::unprocessable)
    co_return refuse_entity(kAssetEntity);
  if (!committed) co_return refuse(committed.error());
  co_return json_response(kDocumentAssignedStatus, assigned_body(mutation.assigned));
}

}  // namespace mooring
