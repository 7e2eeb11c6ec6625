// The files that RocksDB writes: failures are told on the spot, and write-ahead logs grow ahead of
// what is written to them.
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
#include <functional>
#include <memory>

#include <rocksdb/env.h>
#include <rocksdb/io_status.h>

namespace mooring {

/// Called on the thread whose write, sync or close of a file failed, before RocksDB knows; not for
/// a full disk.
using ReportFailure = std::function<void(const rocksdb::IOStatus&)>;

/// RocksDB's default environment, with logs that grow by `log_ahead_bytes` at a time (0: as they
/// are written) and failures that are reported.
[[nodiscard]] std::unique_ptr<rocksdb::Env> catalog_environment(std::uint64_t log_ahead_bytes,
                                                                ReportFailure report);

}  // namespace mooring
