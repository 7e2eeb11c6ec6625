#include "mooring/catalog/assets.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <set>
#include <utility>

#include "document_changes.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr Uuid kNoParent{};

/// What the keys of all siblings have in common: the parent, or no parent and the organization.
std::string siblings_prefix(const std::optional<Uuid>& parent, std::string_view organization) {
  Key key;
  key.uuid(parent.value_or(kNoParent));
  if (!parent) key.text(organization);
  return key.take();
}

std::string siblings_prefix(const AssetRecord& asset) {
  return siblings_prefix(asset.parent_id, asset.organization_id);
}

std::string child_key(const AssetRecord& asset) {
  return Key().raw(siblings_prefix(asset)).u32(asset.position).uuid(asset.id).take();
}

struct Sibling {
  std::uint32_t position = 0;
  Uuid id;
};

Result<Sibling> decode_sibling(const Entry& entry, std::size_t prefix_bytes) {
  KeyReader key(std::string_view(entry.key).substr(prefix_bytes));
  const Sibling sibling{key.u32(), key.uuid()};
  if (auto read = key.finish("key of a child"); !read) return std::unexpected(read.error());
  return sibling;
}

Result<std::vector<Uuid>> list_siblings(const View& view, const std::string& prefix,
                                        std::size_t limit) {
  const auto entries = view.scan({.family = Family::child, .prefix = prefix, .limit = limit});
  if (!entries) return std::unexpected(entries.error());
  std::vector<Uuid> ids;
  for (const Entry& entry : *entries) {
    const auto sibling = decode_sibling(entry, prefix.size());
    if (!sibling) return std::unexpected(sibling.error());
    ids.push_back(sibling->id);
  }
  return ids;
}

Result<std::uint32_t> position_after_last(const View& view, const std::string& prefix) {
  const auto last = view.scan(
      {.family = Family::child, .prefix = prefix, .limit = 1, .direction = Direction::backward});
  if (!last) return std::unexpected(last.error());
  if (last->empty()) return 0;
  const auto sibling = decode_sibling(last->front(), prefix.size());
  if (!sibling) return std::unexpected(sibling.error());
  if (sibling->position == std::numeric_limits<std::uint32_t>::max())
    return fail(Errc::unprocessable, "position after the last sibling");
  return sibling->position + 1;
}

void put_record(Transaction& transaction, const AssetRecord& asset) {
  transaction.put(Family::asset, Key().uuid(asset.id), encode(asset));
}

/// Stores an asset after the last of its siblings (I3).
Status put_as_last(Transaction& transaction, AssetRecord& asset) {
  const auto position = position_after_last(transaction, siblings_prefix(asset));
  if (!position) return std::unexpected(position.error());
  asset.position = *position;
  put_record(transaction, asset);
  transaction.put(Family::child, child_key(asset), "");
  return {};
}

/// I1: the parent exists and belongs to the organization.
Status check_parent(const View& view, const AssetRecord& asset) {
  if (!asset.parent_id) return {};
  const auto parent = find_asset(view, *asset.parent_id);
  if (!parent) return std::unexpected(parent.error());
  if (!*parent) return fail(Errc::invalid, "parent that does not exist");
  if ((*parent)->organization_id != asset.organization_id)
    return fail(Errc::invalid, "parent of another organization");
  return {};
}

/// I2: walks from the new parent up to its root, and must not meet the asset.
Status check_no_cycle(const View& view, const AssetRecord& asset) {
  std::optional<Uuid> ancestor = asset.parent_id;
  for (std::size_t depth = 0; ancestor; ++depth) {
    if (*ancestor == asset.id) return fail(Errc::conflict, "parent below its own child");
    if (depth == kAssetDepthMax) return fail(Errc::unprocessable, "parent too deep in the tree");
    const auto record = find_asset(view, *ancestor);
    if (!record) return std::unexpected(record.error());
    if (!*record) return fail(Errc::corrupt, "asset whose parent is gone");
    ancestor = (*record)->parent_id;
  }
  return {};
}

void apply_fields(AssetRecord& asset, const AssetPatch& patch) {
  const auto set = [](auto& field, const auto& change) {
    if (change) field = *change;
  };
  set(asset.type, patch.type);
  set(asset.name, patch.name);
  set(asset.manufacturer_id, patch.manufacturer_id);
  set(asset.description, patch.description);
  set(asset.active, patch.active);
  set(asset.draft, patch.draft);
  set(asset.custom, patch.custom);
  set(asset.parent_id, patch.parent_id);
  set(asset.custom_attributes, patch.custom_attributes);
  set(asset.address, patch.address);
}

void stamp_change(AssetRecord& asset, const ChangeStamp& stamp) {
  asset.updated_ms = stamp.now_ms;
  asset.updated_by = stamp.by;
}

/// Appends the trees of `roots`, parents before children, siblings in order. Depth first with a
/// stack of its own: the depth of a tree is the client's choice, the depth of our stack is not.
Status append_trees(const View& view, std::vector<Uuid> roots, std::size_t limit,
                    std::vector<AssetRecord>& walked) {
  std::vector<Uuid>& waiting = roots;
  std::ranges::reverse(waiting);
  while (!waiting.empty()) {
    if (walked.size() == limit) return fail(Errc::unprocessable, "walk of too many assets");
    auto asset = get_asset(view, waiting.back());
    if (!asset) return std::unexpected(asset.error());
    waiting.pop_back();
    const auto children = list_children(view, asset->id, limit - walked.size() + 1);
    if (!children) return std::unexpected(children.error());
    waiting.insert(waiting.end(), children->rbegin(), children->rend());
    walked.push_back(*std::move(asset));
  }
  return {};
}

}  // namespace

Result<AssetRecord> create_asset(Transaction& transaction, AssetRecord record) {
  const auto taken = find_asset(transaction, record.id);
  if (!taken) return std::unexpected(taken.error());
  if (*taken) return fail(Errc::exists, "creation of an asset");
  if (auto checked = check_parent(transaction, record); !checked)
    return std::unexpected(checked.error());
  if (auto put = put_as_last(transaction, record); !put) return std::unexpected(put.error());
  return record;
}

Result<AssetRecord> update_asset(Transaction& transaction, const Uuid& id, const AssetPatch& patch,
                                 const ChangeStamp& stamp) {
  auto before = get_asset(transaction, id);
  if (!before) return before;
  AssetRecord asset = *before;
  apply_fields(asset, patch);
  stamp_change(asset, stamp);
  if (asset.parent_id == before->parent_id) {
    put_record(transaction, asset);
    return asset;
  }
  if (auto checked = check_parent(transaction, asset); !checked)
    return std::unexpected(checked.error());
  if (auto checked = check_no_cycle(transaction, asset); !checked)
    return std::unexpected(checked.error());
  transaction.erase(Family::child, child_key(*before));
  if (auto put = put_as_last(transaction, asset); !put) return std::unexpected(put.error());
  if (auto moved = asset_moved(transaction, asset, before->parent_id); !moved)
    return std::unexpected(moved.error());
  return asset;
}

Status sort_children(Transaction& transaction, const Uuid& parent, const std::vector<Uuid>& sorted,
                     const ChangeStamp& stamp) {
  const auto known = get_asset(transaction, parent);
  if (!known) return std::unexpected(known.error());
  const auto children = list_children(transaction, parent, sorted.size() + 1);
  if (!children) return std::unexpected(children.error());
  const std::set<Uuid> present(children->begin(), children->end());
  const std::set<Uuid> named(sorted.begin(), sorted.end());
  if (named.size() != sorted.size() || named != present)
    return fail(Errc::invalid, "order that does not name every child exactly once");
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    auto child = get_asset(transaction, sorted[i]);
    if (!child) return std::unexpected(child.error());
    if (child->position == i) continue;
    transaction.erase(Family::child, child_key(*child));
    child->position = static_cast<std::uint32_t>(i);
    stamp_change(*child, stamp);
    put_record(transaction, *child);
    transaction.put(Family::child, child_key(*child), "");
  }
  return {};
}

Result<AssetRecord> activate_subtree(Transaction& transaction, const Uuid& id,
                                     const ChangeStamp& stamp) {
  auto assets = walk_subtree(transaction, id, kSubtreeAssetsMax);
  if (!assets) return std::unexpected(assets.error());
  for (AssetRecord& asset : *assets) {
    if (asset.active && !asset.draft) continue;
    asset.active = true;
    asset.draft = false;
    stamp_change(asset, stamp);
    put_record(transaction, asset);
  }
  return assets->front();
}

Result<RemovedAssets> remove_asset(Transaction& transaction, const Uuid& id, RemovalDepth depth,
                                   std::int64_t now_ms) {
  auto assets =
      walk_subtree(transaction, id, depth == RemovalDepth::only_leaf ? 1 : kSubtreeAssetsMax);
  if (!assets) {
    if (depth == RemovalDepth::only_leaf && assets.error().code == Errc::unprocessable)
      return fail(Errc::conflict, "removal of an asset with children");
    return std::unexpected(assets.error());
  }
  if (auto told = assets_removed(transaction, *assets); !told) return std::unexpected(told.error());
  RemovedAssets removed;
  std::size_t links_left = kSubtreeDocumentsMax;
  for (AssetRecord& asset : *assets) {
    auto unlinked = unlink_all_documents(transaction, asset.id, links_left, now_ms);
    if (!unlinked) return std::unexpected(unlinked.error());
    links_left -= unlinked->links;
    std::ranges::move(unlinked->removed, std::back_inserter(removed.documents));
    auto picture = remove_picture(transaction, asset.id, now_ms);
    if (!picture) return std::unexpected(picture.error());
    if (*picture) removed.pictures.push_back(**std::move(picture));
    transaction.erase(Family::child, child_key(asset));
    transaction.erase(Family::asset, Key().uuid(asset.id));
  }
  removed.assets = *std::move(assets);
  return removed;
}

Result<std::vector<Uuid>> list_children(const View& view, const Uuid& parent, std::size_t limit) {
  return list_siblings(view, siblings_prefix(parent, {}), limit);
}

Result<std::vector<Uuid>> list_roots(const View& view, std::string_view organization,
                                     std::size_t limit) {
  return list_siblings(view, siblings_prefix(std::nullopt, organization), limit);
}

Result<std::vector<AssetRecord>> walk_subtree(const View& view, const Uuid& id, std::size_t limit) {
  std::vector<AssetRecord> walked;
  if (auto status = append_trees(view, {id}, limit, walked); !status)
    return std::unexpected(status.error());
  return walked;
}

Result<std::vector<AssetRecord>> walk_organization(const View& view, std::string_view organization,
                                                   std::size_t limit) {
  auto roots = list_roots(view, organization, limit + 1);
  if (!roots) return std::unexpected(roots.error());
  std::vector<AssetRecord> walked;
  if (auto status = append_trees(view, *std::move(roots), limit, walked); !status)
    return std::unexpected(status.error());
  return walked;
}

}  // namespace mooring
