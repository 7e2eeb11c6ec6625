// What assets and projects of Media Pocket share in the catalogue: their places below each other,
// their external ids, and how whole trees go. The rules are those of attachments.h and projects.h.
#pragma once

#include "mooring/catalog/attachments.h"
#include "mooring/catalog/codec.h"
#include "mooring/catalog/projects.h"

namespace mooring {

/// Which of the two an id means; the letter stands in front of external ids.
enum class PocketType : char { asset = 'a', project = 'p' };

/// Where something stands below its holder.
struct PocketStand {
  PocketPlace place = PocketPlace::root;
  PocketId holder;
  std::int64_t created_ms = 0;
  std::uint32_t sequence = 0;
};
[[nodiscard]] PocketStand stand_of(const PocketAsset& asset);
[[nodiscard]] PocketStand stand_of(const PocketProject& project);

[[nodiscard]] std::string pocket_siblings_prefix(const PocketStand& stand);
[[nodiscard]] std::string pocket_child_key(const PocketStand& stand);

/// The sequence of the next one at this place and time.
[[nodiscard]] Result<std::uint32_t> next_sequence(const View& view, const PocketStand& stand);

/// I3: the new external id is free, or was already the same one's; the old one becomes free.
[[nodiscard]] Status move_external_id(Transaction& transaction, PocketType type, const PocketId& id,
                                      const std::optional<std::string>& before,
                                      const std::optional<std::string>& after);

[[nodiscard]] Result<PocketId> read_pocket_id(std::string_view bytes);
void put_record(Transaction& transaction, const PocketAsset& asset);
void put_record(Transaction& transaction, const PocketProject& project);
[[nodiscard]] std::string pocket_trash_key(std::int64_t deleted_ms, const PocketId& id);

void encode(Encoder& out, const PocketText& text);
[[nodiscard]] PocketText decode_pocket_text(Decoder& in);
/// An id as text; `sound` becomes false if it is none.
[[nodiscard]] PocketId decode_pocket_id(Decoder& in, bool& sound);

struct TreeRemoval {
  std::size_t removed = 0;
  bool finished = false;  ///< the root went too
};
/// Removes the tree below `root`, children before those that hold them, at most `limit`: whatever
/// the depth, what is left is a tree again.
[[nodiscard]] Result<TreeRemoval> remove_pocket_tree(Transaction& transaction, PocketType type,
                                                     const PocketId& root, std::size_t limit,
                                                     std::int64_t now_ms);

}  // namespace mooring
