// Write-ahead logs that grow ahead of what is written to them.
//
// A sync after which the file is longer has to write the file's size too: one more write that is
// waited for, and with a journal a whole commit of it. So a log is extended by zeros, many commits
// at a time, and the syncs in between write data only. RocksDB cuts a log to its true length when
// it closes it; after a crash its reader passes over zeros up to the end of the file.
//
// Only for logs whose every write is synced before the next one: then at most the last batch, of
// which nobody was told, can be missing between zeros. What was written before it is never in
// doubt.
//
// Whoever asks for the size of a log that is being written is told how much of it was written: a
// checkpoint (Database::checkpoint) that copied the zeros too could find a commit behind them whose
// predecessor it has missed.
#pragma once

#include <cstdint>
#include <memory>

#include <rocksdb/env.h>

namespace mooring {

/// RocksDB's default environment, with logs that grow by `ahead_bytes` at a time.
[[nodiscard]] std::unique_ptr<rocksdb::Env> environment_with_logs_ahead(std::uint64_t ahead_bytes);

}  // namespace mooring
