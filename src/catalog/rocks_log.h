// What RocksDB warns of goes to the log of the server, not to a file of its own: an operator has
// one place to look at, and a disk that fails while RocksDB says so fails it no second time (where
// it is built with assertions, as Debian does, that would end the process before its failure has
// come to anybody).
#pragma once

#include <memory>

#include <rocksdb/env.h>

namespace mooring {

/// Warnings and errors, as lines of area "catalog". Any thread.
[[nodiscard]] std::shared_ptr<rocksdb::Logger> rocks_log();

}  // namespace mooring
