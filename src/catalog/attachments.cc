#include "mooring/catalog/attachments.h"

#include <utility>

#include "mooring/catalog/blobs.h"
#include "pocket_tree.h"

namespace mooring {
namespace {

constexpr std::size_t kPageEntries = 512;  // of a list, read at once

bool is_below_asset(const PocketAsset& asset) {
  return asset.place == PocketPlace::asset_attachment;
}

/// I1 for a new asset: what holds it is there and not hidden, and not too deep already.
Status check_holder(const View& view, const PocketAsset& asset) {
  if (asset.place == PocketPlace::root) return {};
  if (!is_below_asset(asset)) {
    const auto project = get_pocket_project(view, asset.holder);
    if (!project) return std::unexpected(project.error());
    return {};
  }
  PocketId above = asset.holder;
  for (std::size_t depth = 1; depth < kPocketDepthMax; ++depth) {
    const auto holder = find_pocket_asset(view, above);
    if (!holder) return std::unexpected(holder.error());
    if (!*holder || (*holder)->deleted_ms) return fail(Errc::not_found, "holder of an asset");
    if (!is_below_asset(**holder)) return {};
    above = (*holder)->holder;
  }
  return fail(Errc::unprocessable, "attachment too deep");
}

/// The asset that a change is about, with the change applied and stored.
template <typename Apply>
Result<PocketAsset> change_asset(Transaction& transaction, const PocketId& id, Trashed itself,
                                 Apply apply) {
  auto asset = visible_pocket_asset(transaction, id, itself);
  if (!asset) return asset;
  if (Status applied = apply(*asset); !applied) return std::unexpected(applied.error());
  put_record(transaction, *asset);
  return asset;
}

Status drop_content(Transaction& transaction, PocketAsset& asset, std::int64_t now_ms) {
  const BlobId blob = asset.content->blob;
  asset.content.reset();
  return drop_reference(transaction, blob, attachment_owner(asset.id), now_ms);
}

}  // namespace

std::string attachment_owner(const PocketId& id) {
  return std::string("attachment/").append(id.view());
}

Result<PocketAsset> visible_pocket_asset(const View& view, const PocketId& id, Trashed itself) {
  auto asset = find_pocket_asset(view, id);
  if (!asset) return std::unexpected(asset.error());
  if (!*asset) return fail(Errc::not_found, "asset");
  if ((*asset)->deleted_ms && itself == Trashed::hidden)
    return fail(Errc::not_found, "asset in the trash");
  bool below_asset = is_below_asset(**asset);
  PocketId above = (*asset)->holder;
  while (below_asset) {
    const auto holder = find_pocket_asset(view, above);
    if (!holder) return std::unexpected(holder.error());
    if (!*holder) return fail(Errc::not_found, "asset whose holder is gone");
    if ((*holder)->deleted_ms) return fail(Errc::not_found, "asset whose holder is in the trash");
    below_asset = is_below_asset(**holder);
    above = (*holder)->holder;
  }
  return **std::move(asset);
}

Result<std::vector<PocketAsset>> list_attachments(const View& view, PocketPlace place,
                                                  const PocketId& holder, std::size_t limit) {
  const std::string prefix = pocket_siblings_prefix({.place = place, .holder = holder});
  std::vector<PocketAsset> attachments;
  std::string last;
  while (true) {
    const auto page = view.scan({.family = Family::pocket_child,
                                 .prefix = prefix,
                                 .start = last,
                                 .start_key = StartKey::excluded,
                                 .limit = kPageEntries});
    if (!page) return std::unexpected(page.error());
    for (const Entry& entry : *page) {
      const auto id = read_pocket_id(entry.value);
      if (!id) return std::unexpected(id.error());
      auto asset = find_pocket_asset(view, *id);
      if (!asset) return std::unexpected(asset.error());
      if (!*asset || (*asset)->deleted_ms) continue;
      if (attachments.size() == limit) return attachments;
      attachments.push_back(**std::move(asset));
    }
    if (page->size() < kPageEntries) return attachments;
    last = page->back().key;
  }
}

Result<PocketAsset> create_pocket_asset(Transaction& transaction, PocketAsset asset) {
  if (auto held = check_holder(transaction, asset); !held) return std::unexpected(held.error());
  const auto taken = find_pocket_asset(transaction, asset.id);
  if (!taken) return std::unexpected(taken.error());
  if (*taken) return fail(Errc::exists, "creation of a pocket asset");
  const Status moved =
      move_external_id(transaction, PocketType::asset, asset.id, {}, asset.text.external_id);
  if (!moved) return std::unexpected(moved.error());
  if (asset.place != PocketPlace::root) {
    const auto sequence = next_sequence(transaction, stand_of(asset));
    if (!sequence) return std::unexpected(sequence.error());
    asset.sequence = *sequence;
    transaction.put(Family::pocket_child, pocket_child_key(stand_of(asset)), asset.id.view());
  }
  put_record(transaction, asset);
  return asset;
}

Result<PocketAsset> update_pocket_asset(Transaction& transaction, const PocketId& id,
                                        const PocketPatch& patch, std::int64_t now_ms) {
  return change_asset(transaction, id, Trashed::hidden, [&](PocketAsset& asset) -> Status {
    const PocketText before = asset.text;
    const auto set = [](auto& field, const auto& change) {
      if (change) field = *change;
    };
    set(asset.text.title, patch.title);
    set(asset.text.description, patch.description);
    set(asset.text.category, patch.category);
    set(asset.text.external_id, patch.external_id);
    set(asset.text.tags, patch.tags);
    if (asset.text == before) return {};
    asset.modified_ms = now_ms;
    return move_external_id(transaction, PocketType::asset, id, before.external_id,
                            asset.text.external_id);
  });
}

Result<PocketAsset> trash_pocket_asset(Transaction& transaction, const PocketId& id,
                                       std::int64_t now_ms) {
  return change_asset(transaction, id, Trashed::shown, [&](PocketAsset& asset) -> Status {
    if (asset.deleted_ms) return {};
    asset.deleted_ms = now_ms;
    transaction.put(Family::pocket_trash, pocket_trash_key(now_ms, id), "");
    return {};
  });
}

Result<PocketAsset> restore_pocket_asset(Transaction& transaction, const PocketId& id) {
  return change_asset(transaction, id, Trashed::shown, [&](PocketAsset& asset) -> Status {
    if (!asset.deleted_ms) return {};
    transaction.erase(Family::pocket_trash, pocket_trash_key(*asset.deleted_ms, id));
    asset.deleted_ms.reset();
    return {};
  });
}

Result<PocketAsset> put_pocket_content(Transaction& transaction, const PocketId& id,
                                       const PocketContent& content, std::int64_t now_ms) {
  return change_asset(transaction, id, Trashed::hidden, [&](PocketAsset& asset) -> Status {
    if (asset.content && asset.content->blob != content.blob)
      if (Status dropped = drop_content(transaction, asset, now_ms); !dropped) return dropped;
    asset.content = content;
    asset.modified_ms = now_ms;
    return add_reference(transaction, content.blob, attachment_owner(id));
  });
}

Result<ContentRemoval> remove_pocket_content(Transaction& transaction, const PocketId& id,
                                             std::int64_t now_ms) {
  bool removed = false;
  auto asset = change_asset(transaction, id, Trashed::hidden, [&](PocketAsset& asset) -> Status {
    if (!asset.content) return {};
    removed = true;
    asset.modified_ms = now_ms;
    return drop_content(transaction, asset, now_ms);
  });
  if (!asset) return std::unexpected(asset.error());
  return ContentRemoval{*std::move(asset), removed};
}

Status remove_pocket_asset(Transaction& transaction, const PocketId& id, std::int64_t now_ms) {
  const auto asset = visible_pocket_asset(transaction, id, Trashed::shown);
  if (!asset) return std::unexpected(asset.error());
  const auto removal =
      remove_pocket_tree(transaction, PocketType::asset, id, kPocketRemovalMax, now_ms);
  if (!removal) return std::unexpected(removal.error());
  if (!removal->finished) return fail(Errc::unprocessable, "removal of too many attachments");
  return {};
}

Result<std::size_t> purge_pocket_trash(Transaction& transaction, std::int64_t now_ms,
                                       std::size_t limit) {
  const auto oldest = transaction.scan({.family = Family::pocket_trash, .limit = limit});
  if (!oldest) return std::unexpected(oldest.error());
  std::size_t removed = 0;
  for (const Entry& entry : *oldest) {
    KeyReader key(entry.key);
    const auto deleted_ms = static_cast<std::int64_t>(key.u64());
    if (removed == limit || deleted_ms > now_ms - kPocketTrashMs) break;
    const auto id = read_pocket_id(key.rest());
    if (!id) return std::unexpected(id.error());
    // Gone already with what held it, in this very call.
    const auto asset = find_pocket_asset(transaction, *id);
    if (!asset) return std::unexpected(asset.error());
    if (!*asset) continue;
    const auto removal =
        remove_pocket_tree(transaction, PocketType::asset, *id, limit - removed, now_ms);
    if (!removal) return std::unexpected(removal.error());
    removed += removal->removed;
  }
  return removed;
}

}  // namespace mooring
