// The sum of limits: how much memory the server can take at most, and why (vow V4).
//
// Every addend is a limit of the configuration; nothing in it depends on the size of files or the
// number of clients that knock. Printed at start.
#pragma once

#include <cstdint>
#include <string>

#include "mooring/app/config.h"

namespace mooring {

struct MemoryBound {
  std::uint64_t chunks_bytes = 0;        ///< buffers of large bodies and of segments, all cores
  std::uint64_t heads_bytes = 0;         ///< receive buffers of heads, all cores
  std::uint64_t small_bodies_bytes = 0;  ///< buffers of bodies that do not come with their head
  std::uint64_t connections_bytes = 0;   ///< parsers and coroutine frames
  std::uint64_t tokens_bytes = 0;        ///< verified tokens and keys, and who is counted
  std::uint64_t catalog_bytes = 0;       ///< RocksDB's caches and write buffers
  std::uint64_t images_bytes = 0;        ///< processes that decode, what goes to and from them
  std::uint64_t documents_bytes = 0;     ///< the index's memory, and archives being taken apart
  std::uint64_t downloads_bytes = 0;     ///< the kernel's pages with verified contents

  [[nodiscard]] std::uint64_t total_bytes() const noexcept {
    return chunks_bytes + heads_bytes + small_bodies_bytes + connections_bytes + tokens_bytes +
           catalog_bytes + images_bytes + documents_bytes + downloads_bytes;
  }
};

/// `cores` > 0: the number of cores that will run.
[[nodiscard]] MemoryBound memory_bound(const Config& config, std::uint64_t cores) noexcept;
/// "at most 512 MiB: chunks 128, heads 16, …".
[[nodiscard]] std::string to_string(const MemoryBound& bound);

}  // namespace mooring
