// A ScanRange in RocksDB's terms, and the walk over what it finds.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/catalog/overlay.h"
#include "rocks.h"

#include <rocksdb/iterator.h>
#include <rocksdb/options.h>

namespace mooring {

/// Immovable: the options point into it.
class ScanPlan {
 public:
  ScanPlan(const ScanRange& range, const rocksdb::ReadOptions& read);
  ScanPlan(const ScanPlan&) = delete;
  ScanPlan& operator=(const ScanPlan&) = delete;

  /// The entries of the range, from the database as changed by `changes`: all those with the
  /// range's prefix, in key order.
  [[nodiscard]] std::vector<Entry> run(rocksdb::Iterator& iterator,
                                       std::span<const Overlay::Change> changes) const;

  rocksdb::ReadOptions options;

 private:
  void seek(rocksdb::Iterator& iterator) const;
  void step(rocksdb::Iterator& iterator) const;
  [[nodiscard]] bool is_before_range(std::string_view key) const;

  const ScanRange& range_;
  std::string bound_;
  rocksdb::Slice bound_slice_;
};

}  // namespace mooring
