// What a power cut leaves at the end of RocksDB's MANIFEST.
//
// An entry is appended, synced, and only then acted on. A file system may make a file longer before
// it has written what is there (ext4: inside a block that the file had already), so a cut between
// the two leaves an entry whose end reads as zeros. RocksDB takes that for damage and refuses to
// open, although nothing depends on the entry. Such an end is found by its zeros, from a sector's
// border to the end of the file, and cut off. Only after an open was refused, and put back if that
// was not the reason.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/result.h"

namespace mooring {

/// Where the records of `log` (RocksDB's log format) end that were written as a whole; nothing if
/// no record runs into zeros that begin at a sector's border and go on to the end.
[[nodiscard]] std::optional<std::uint64_t> end_of_whole_records(std::string_view log);

struct TornManifest {
  std::filesystem::path path;
  std::uint64_t whole_bytes = 0;
  std::string torn;  ///< what stands behind them
};

/// The current MANIFEST of `directory`, if its end is torn. Blocks.
[[nodiscard]] std::optional<TornManifest> find_torn_manifest(
    const std::filesystem::path& directory);

/// Cut off, or put back, and synced. Blocks. Fails with io_error, no_space.
[[nodiscard]] Status cut_off(const TornManifest& manifest);
[[nodiscard]] Status put_back(const TornManifest& manifest);

}  // namespace mooring
