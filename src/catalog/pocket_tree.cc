#include "pocket_tree.h"

#include <limits>
#include <utility>
#include <vector>

#include "mooring/catalog/blobs.h"

namespace mooring {
namespace {

struct Node {
  PocketType type;
  PocketId id;
  std::string last_child = {};  ///< the key of the one that went last, if one did
};

std::string external_key(PocketType type, std::string_view external_id) {
  return std::string(1, static_cast<char>(type)).append(external_id);
}

/// The next of those that stand below `holder`, if there is one. Goes on behind the last one, for
/// what was removed from the batch before it would be stepped over each time.
Result<std::optional<Node>> next_child(const View& view, Node& holder) {
  const auto entries = view.scan({.family = Family::pocket_child,
                                  .prefix = holder.id.view(),
                                  .start = holder.last_child,
                                  .start_key = StartKey::excluded,
                                  .limit = 1});
  if (!entries) return std::unexpected(entries.error());
  if (entries->empty()) return std::nullopt;
  const Entry& entry = entries->front();
  if (entry.key.size() <= kPocketIdChars) return fail(Errc::corrupt, "key of a pocket child");
  const auto place = static_cast<PocketPlace>(entry.key[kPocketIdChars]);
  const auto id = read_pocket_id(entry.value);
  if (!id) return std::unexpected(id.error());
  holder.last_child = entry.key;
  const bool is_project = place == PocketPlace::project_project;
  return Node{is_project ? PocketType::project : PocketType::asset, *id};
}

void erase_stand(Transaction& transaction, const PocketStand& stand) {
  if (stand.place != PocketPlace::root)
    transaction.erase(Family::pocket_child, pocket_child_key(stand));
}

Status remove_leaf_asset(Transaction& transaction, const PocketId& id, std::int64_t now_ms) {
  const auto asset = find_pocket_asset(transaction, id);
  if (!asset) return std::unexpected(asset.error());
  if (!*asset) return fail(Errc::corrupt, "child key of an asset that is gone");
  const PocketAsset& record = **asset;
  if (record.content) {
    const Status dropped =
        drop_reference(transaction, record.content->blob, attachment_owner(id), now_ms);
    if (!dropped) return dropped;
  }
  if (record.deleted_ms)
    transaction.erase(Family::pocket_trash, pocket_trash_key(*record.deleted_ms, id));
  erase_stand(transaction, stand_of(record));
  transaction.erase(Family::pocket_asset, id.view());
  return move_external_id(transaction, PocketType::asset, id, record.text.external_id, {});
}

Status remove_leaf_project(Transaction& transaction, const PocketId& id) {
  const auto project = find_pocket_project(transaction, id);
  if (!project) return std::unexpected(project.error());
  if (!*project) return fail(Errc::corrupt, "child key of a project that is gone");
  erase_stand(transaction, stand_of(**project));
  transaction.erase(Family::pocket_project, id.view());
  return move_external_id(transaction, PocketType::project, id, (*project)->text.external_id, {});
}

}  // namespace

PocketStand stand_of(const PocketAsset& asset) {
  return {asset.place, asset.holder, asset.created_ms, asset.sequence};
}

PocketStand stand_of(const PocketProject& project) {
  if (!project.holder) return {};
  return {PocketPlace::project_project, *project.holder, project.created_ms, project.sequence};
}

std::string pocket_siblings_prefix(const PocketStand& stand) {
  return Key().raw(stand.holder.view()).raw(std::string(1, static_cast<char>(stand.place))).take();
}

std::string pocket_child_key(const PocketStand& stand) {
  return Key()
      .raw(pocket_siblings_prefix(stand))
      .u64(static_cast<std::uint64_t>(stand.created_ms))
      .u32(stand.sequence)
      .take();
}

std::string pocket_trash_key(std::int64_t deleted_ms, const PocketId& id) {
  return Key().u64(static_cast<std::uint64_t>(deleted_ms)).raw(id.view()).take();
}

Result<std::uint32_t> next_sequence(const View& view, const PocketStand& stand) {
  const std::string prefix = Key()
                                 .raw(pocket_siblings_prefix(stand))
                                 .u64(static_cast<std::uint64_t>(stand.created_ms))
                                 .take();
  const auto last = view.scan({.family = Family::pocket_child,
                               .prefix = prefix,
                               .limit = 1,
                               .direction = Direction::backward});
  if (!last) return std::unexpected(last.error());
  if (last->empty()) return 0;
  KeyReader key(std::string_view(last->front().key).substr(prefix.size()));
  const std::uint32_t sequence = key.u32();
  if (auto read = key.finish("key of a pocket child"); !read) return std::unexpected(read.error());
  if (sequence == std::numeric_limits<std::uint32_t>::max())
    return fail(Errc::unprocessable, "sequence after the last sibling");
  return sequence + 1;
}

Status move_external_id(Transaction& transaction, PocketType type, const PocketId& id,
                        const std::optional<std::string>& before,
                        const std::optional<std::string>& after) {
  if (before == after) return {};
  if (after) {
    const std::string key = external_key(type, *after);
    const auto taken = transaction.get(Family::pocket_external, key);
    if (!taken) return std::unexpected(taken.error());
    if (*taken) return fail(Errc::conflict, "external id that is taken");
    transaction.put(Family::pocket_external, key, id.view());
  }
  if (before) transaction.erase(Family::pocket_external, external_key(type, *before));
  return {};
}

Result<PocketId> read_pocket_id(std::string_view bytes) {
  const auto id = parse_pocket_id(bytes);
  if (!id) return fail(Errc::corrupt, "id of a pocket child");
  return *id;
}

Result<TreeRemoval> remove_pocket_tree(Transaction& transaction, PocketType type,
                                       const PocketId& root, std::size_t limit,
                                       std::int64_t now_ms) {
  TreeRemoval removal;
  std::vector<Node> path = {{type, root}};
  while (!path.empty()) {
    const auto child = next_child(transaction, path.back());
    if (!child) return std::unexpected(child.error());
    if (*child) {
      path.push_back(**child);
      continue;
    }
    if (removal.removed == limit) return removal;
    const Node leaf = path.back();
    const Status removed = leaf.type == PocketType::asset
                               ? remove_leaf_asset(transaction, leaf.id, now_ms)
                               : remove_leaf_project(transaction, leaf.id);
    if (!removed) return std::unexpected(removed.error());
    path.pop_back();
    removal.removed += 1;
  }
  removal.finished = true;
  return removal;
}

}  // namespace mooring
