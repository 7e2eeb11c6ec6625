#include "mooring/catalog/projects.h"

#include <utility>

#include "pocket_tree.h"

namespace mooring {
namespace {

/// I1 for a new project.
Status check_holder(const View& view, const PocketProject& project) {
  std::optional<PocketId> above = project.holder;
  for (std::size_t depth = 1; above; ++depth) {
    if (depth == kPocketDepthMax) return fail(Errc::unprocessable, "project too deep");
    const auto holder = get_pocket_project(view, *above);
    if (!holder) return std::unexpected(holder.error());
    above = holder->holder;
  }
  return {};
}

}  // namespace

Result<PocketProject> create_pocket_project(Transaction& transaction, PocketProject project) {
  if (auto held = check_holder(transaction, project); !held) return std::unexpected(held.error());
  const auto taken = find_pocket_project(transaction, project.id);
  if (!taken) return std::unexpected(taken.error());
  if (*taken) return fail(Errc::exists, "creation of a pocket project");
  const Status moved =
      move_external_id(transaction, PocketType::project, project.id, {}, project.text.external_id);
  if (!moved) return std::unexpected(moved.error());
  if (project.holder) {
    const auto sequence = next_sequence(transaction, stand_of(project));
    if (!sequence) return std::unexpected(sequence.error());
    project.sequence = *sequence;
    transaction.put(Family::pocket_child, pocket_child_key(stand_of(project)), project.id.view());
  }
  put_record(transaction, project);
  return project;
}

Status remove_pocket_project(Transaction& transaction, const PocketId& id, std::int64_t now_ms) {
  const auto project = get_pocket_project(transaction, id);
  if (!project) return std::unexpected(project.error());
  const auto removal =
      remove_pocket_tree(transaction, PocketType::project, id, kPocketRemovalMax, now_ms);
  if (!removal) return std::unexpected(removal.error());
  if (!removal->finished) return fail(Errc::unprocessable, "removal of too many assets");
  return {};
}

}  // namespace mooring
