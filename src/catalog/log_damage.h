// Damage in a write-ahead log, told apart from the torn end that a power cut leaves.
//
// RocksDB reads a log up to the first entry that is not whole and takes that for its end: of what
// stands behind, nothing is said. A torn end is honest, for nobody was told of it. But where every
// entry is synced before the next one is begun, as here, an entry that begins behind the damaged
// one proves that the damaged one was once whole, and acknowledged. Then the disk has lost it, and
// opening would lose everything behind it, too.
//
// Not seen: damage of the last entry, which looks like a torn end; damage of the size of an entry
// behind which no block (32 KiB) of the log begins.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace mooring {

/// Where in `log` (RocksDB's log format) the first entry stands that is not whole although another
/// one begins behind it. Nothing: `log` is whole up to its end, torn or not.
[[nodiscard]] std::optional<std::uint64_t> damage_before_an_entry(std::string_view log);

struct DamagedLog {
  std::filesystem::path path;
  std::uint64_t offset_bytes = 0;
};

/// The first log of the catalogue in `directory` that is damaged. Blocks; reads all logs.
[[nodiscard]] std::optional<DamagedLog> find_damaged_log(const std::filesystem::path& directory);

}  // namespace mooring
