#include "mooring/catalog/documents.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "document_changes.h"
#include "mooring/catalog/assets.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/categories.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

std::string link_key(const Uuid& asset, const Uuid& document) {
  return Key().uuid(asset).uuid(document).take();
}

std::string content_key(const DocumentRecord& record) {
  return Key().blob(record.blob).text(record.organization_id).uuid(record.id).take();
}

std::string use_key(const DocumentRecord& record) {
  return Key().text(*record.category_id).uuid(record.id).take();
}

/// I1 for one asset, at the moment of the commit.
Status check_asset(const View& view, const Uuid& id, std::string_view organization) {
  const auto asset = find_asset(view, id);
  if (!asset) return std::unexpected(asset.error());
  if (!*asset || (*asset)->organization_id != organization)
    return fail(Errc::not_found, "document of an asset that is gone");
  return {};
}

Status check_assets(const View& view, std::span<const Uuid> assets, std::string_view organization) {
  if (assets.size() > kDocumentAssetsMax)
    return fail(Errc::unprocessable, "document of too many assets");
  for (const Uuid& asset : assets)
    if (auto checked = check_asset(view, asset, organization); !checked) return checked;
  return {};
}

Status check_fields(const View& view, const DocumentRecord& record) {
  const auto is_long = [](std::string_view text) { return text.size() > kDocumentTextBytesMax; };
  if (record.asset_ids.empty()) return fail(Errc::invalid, "document without an asset");
  if (is_long(record.displayname) || is_long(record.mimetype) ||
      is_long(record.supplier_name.value_or("")) || std::ranges::any_of(record.languages, is_long))
    return fail(Errc::invalid, "document with too long a text");
  if (!record.category_id) return {};
  const auto category = find_category(view, *record.category_id);
  if (!category) return std::unexpected(category.error());
  if (!*category) return fail(Errc::invalid, "document of a category that does not exist");
  return {};
}

void sort_and_unite(std::vector<Uuid>& assets) {
  std::ranges::sort(assets);
  assets.erase(std::ranges::unique(assets).begin(), assets.end());
}

void put_record(Transaction& transaction, const DocumentRecord& record) {
  transaction.put(Family::document, Key().uuid(record.id), encode(record));
}

/// The keys of content and category, where they differ from those of `before` (I3).
void put_derived_keys(Transaction& transaction, const DocumentRecord* before,
                      const DocumentRecord& record) {
  if (before == nullptr || before->blob != record.blob) {
    if (before != nullptr) transaction.erase(Family::document_content, content_key(*before));
    transaction.put(Family::document_content, content_key(record), "");
  }
  if (before != nullptr && before->category_id == record.category_id) return;
  if (before != nullptr && before->category_id)
    transaction.erase(Family::category_use, use_key(*before));
  if (record.category_id) transaction.put(Family::category_use, use_key(record), "");
}

/// Gives `before` the links `assets`, and writes it. Both ascending.
Result<DocumentRecord> put_links(Transaction& transaction, const DocumentRecord& before,
                                 std::vector<Uuid> assets) {
  for (const Uuid& asset : before.asset_ids)
    if (!std::ranges::binary_search(assets, asset))
      transaction.erase(Family::document_link, link_key(asset, before.id));
  for (const Uuid& asset : assets)
    if (!std::ranges::binary_search(before.asset_ids, asset))
      transaction.put(Family::document_link, link_key(asset, before.id), "");
  DocumentRecord record = before;
  record.asset_ids = std::move(assets);
  put_record(transaction, record);
  if (auto told = document_changed(transaction, before, record); !told)
    return std::unexpected(told.error());
  return record;
}

Status remove_whole(Transaction& transaction, const DocumentRecord& record, std::int64_t now_ms) {
  transaction.erase(Family::document, Key().uuid(record.id));
  transaction.erase(Family::document_content, content_key(record));
  if (record.category_id) transaction.erase(Family::category_use, use_key(record));
  for (const Uuid& asset : record.asset_ids)
    transaction.erase(Family::document_link, link_key(asset, record.id));
  if (auto told = document_removed(transaction, record); !told) return told;
  return drop_reference(transaction, record.blob, document_owner(record.id), now_ms);
}

}  // namespace

Result<DocumentRecord> create_document(Transaction& transaction, DocumentRecord record) {
  const auto taken = find_document(transaction, record.id);
  if (!taken) return std::unexpected(taken.error());
  if (*taken) return fail(Errc::exists, "creation of a document");
  sort_and_unite(record.asset_ids);
  if (auto checked = check_fields(transaction, record); !checked)
    return std::unexpected(checked.error());
  if (auto checked = check_assets(transaction, record.asset_ids, record.organization_id); !checked)
    return std::unexpected(checked.error());
  if (auto added = add_reference(transaction, record.blob, document_owner(record.id)); !added)
    return std::unexpected(added.error());
  if (auto told = document_created(transaction, record); !told)
    return std::unexpected(told.error());
  put_record(transaction, record);
  put_derived_keys(transaction, nullptr, record);
  for (const Uuid& asset : record.asset_ids)
    transaction.put(Family::document_link, link_key(asset, record.id), "");
  return record;
}

Result<DocumentRecord> replace_document(Transaction& transaction, DocumentRecord record) {
  const auto before = get_document(transaction, record.id);
  if (!before) return before;
  record.organization_id = before->organization_id;
  record.created_ms = before->created_ms;
  record.created_by = before->created_by;
  record.asset_ids = before->asset_ids;
  record.ordinal = before->ordinal;
  if (auto checked = check_fields(transaction, record); !checked)
    return std::unexpected(checked.error());
  if (record.blob != before->blob) {
    const std::string owner = document_owner(record.id);
    if (auto added = add_reference(transaction, record.blob, owner); !added)
      return std::unexpected(added.error());
    if (auto dropped = drop_reference(transaction, before->blob, owner, record.updated_ms);
        !dropped)
      return std::unexpected(dropped.error());
  }
  put_record(transaction, record);
  put_derived_keys(transaction, &*before, record);
  if (auto told = document_changed(transaction, *before, record); !told)
    return std::unexpected(told.error());
  return record;
}

Result<DocumentRecord> remove_document(Transaction& transaction, const Uuid& id,
                                       std::int64_t now_ms) {
  auto record = get_document(transaction, id);
  if (!record) return record;
  if (auto removed = remove_whole(transaction, *record, now_ms); !removed)
    return std::unexpected(removed.error());
  return record;
}

Result<LinkResult> link_document(Transaction& transaction, const Uuid& id, const Uuid& asset) {
  const auto before = get_document(transaction, id);
  if (!before) return std::unexpected(before.error());
  if (std::ranges::binary_search(before->asset_ids, asset)) return LinkResult::was_linked;
  if (auto checked = check_asset(transaction, asset, before->organization_id); !checked)
    return std::unexpected(checked.error());
  if (before->asset_ids.size() == kDocumentAssetsMax)
    return fail(Errc::unprocessable, "document of too many assets");
  std::vector<Uuid> assets = before->asset_ids;
  assets.insert(std::ranges::lower_bound(assets, asset), asset);
  if (auto put = put_links(transaction, *before, std::move(assets)); !put)
    return std::unexpected(put.error());
  return LinkResult::linked;
}

Result<Unlinked> unlink_document(Transaction& transaction, const Uuid& id, const Uuid& asset,
                                 std::int64_t now_ms) {
  auto before = get_document(transaction, id);
  if (!before) return std::unexpected(before.error());
  std::vector<Uuid> assets = before->asset_ids;
  if (std::erase(assets, asset) == 0) return fail(Errc::not_found, "link of a document");
  if (assets.empty()) {
    if (auto removed = remove_whole(transaction, *before, now_ms); !removed)
      return std::unexpected(removed.error());
    return Unlinked{*std::move(before), true};
  }
  auto put = put_links(transaction, *before, std::move(assets));
  if (!put) return std::unexpected(put.error());
  return Unlinked{*std::move(put), false};
}

Result<Assigned> assign_document(Transaction& transaction, const Uuid& id,
                                 std::span<const Uuid> assets) {
  const auto before = get_document(transaction, id);
  if (!before) return std::unexpected(before.error());
  std::vector<Uuid> wanted(assets.begin(), assets.end());
  sort_and_unite(wanted);
  if (wanted.empty() || wanted == before->asset_ids) return Assigned{};
  if (auto checked = check_assets(transaction, wanted, before->organization_id); !checked)
    return std::unexpected(checked.error());
  std::vector<Uuid> kept;
  std::ranges::set_intersection(wanted, before->asset_ids, std::back_inserter(kept));
  const Assigned assigned{wanted.size() - kept.size(), before->asset_ids.size() - kept.size()};
  if (auto put = put_links(transaction, *before, std::move(wanted)); !put)
    return std::unexpected(put.error());
  return assigned;
}

Result<UnlinkedDocuments> unlink_all_documents(Transaction& transaction, const Uuid& asset,
                                               std::size_t limit, std::int64_t now_ms) {
  const auto linked = list_documents_of_asset(transaction, asset, limit + 1);
  if (!linked) return std::unexpected(linked.error());
  if (linked->size() > limit) return fail(Errc::unprocessable, "removal of too many documents");
  UnlinkedDocuments result{.links = linked->size(), .removed = {}};
  for (const Uuid& id : *linked) {
    auto unlinked = unlink_document(transaction, id, asset, now_ms);
    if (!unlinked) return std::unexpected(unlinked.error());
    if (unlinked->is_removed) result.removed.push_back(std::move(unlinked->document));
  }
  return result;
}

}  // namespace mooring
