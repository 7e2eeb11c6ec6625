// What the sources of the catalogue that speak to RocksDB share: nothing outside of them sees it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mooring/base/background.h"
#include "mooring/base/result.h"
#include "mooring/catalog/database.h"
#include "mooring/catalog/record_stamps.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>

namespace mooring {

/// RocksDB compares with memcmp: even an empty slice points somewhere.
inline rocksdb::Slice slice(std::string_view text) {
  return text.empty() ? rocksdb::Slice() : rocksdb::Slice(text.data(), text.size());
}

/// The word of ours for a failed status. RocksDB's own text goes to the log here; what it
/// warns of by itself comes there too (rocks_log.h).
[[nodiscard]] Error error_from(const rocksdb::Status& status, const char* where);

/// Memory: what is not there is answered with Incomplete.
enum class Reach : std::uint8_t { disk, memory };

[[nodiscard]] const rocksdb::ReadOptions& read_options(Reach reach);

/// Hears of every error of RocksDB. Those of its own threads are reported; a failed write is the
/// writer's to report, but here one learns that it was the log that failed. A file that fails has
/// been reported before (log_file.h).
class ErrorListener final : public rocksdb::EventListener {
 public:
  explicit ErrorListener(std::function<void(const Error&)> report) : report_(std::move(report)) {}

  // On RocksDB's own threads, each of which serves only this.
  void OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo&) override { step_aside_once(); }
  void OnCompactionBegin(rocksdb::DB*, const rocksdb::CompactionJobInfo&) override {
    step_aside_once();
  }

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* status) override {
    if (reason == rocksdb::BackgroundErrorReason::kWriteCallback) {
      log_failed_.store(true, std::memory_order_release);
      return;
    }
    const Error error = error_from(*status, "background work of the catalogue");
    if (report_) report_(error);
  }

  [[nodiscard]] bool log_failed() const { return log_failed_.load(std::memory_order_acquire); }

 private:
  static void step_aside_once() {
    thread_local bool has_stepped_aside = false;
    if (!std::exchange(has_stepped_aside, true)) step_aside();
  }

  std::function<void(const Error&)> report_;
  std::atomic<bool> log_failed_{false};
};

struct Database::Impl {
  std::shared_ptr<rocksdb::Cache> cache;
  std::unique_ptr<rocksdb::Env> environment;  // of RocksDB (log_file.h)
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;  // RocksDB's default family, then ours
  std::shared_ptr<ErrorListener> listener;
  std::string directory;
  std::uint64_t reserve_bytes = 0;
  std::uint64_t document_tail_max = 0;
  LastStop last_stop = LastStop::none;
  std::array<std::atomic<std::uint64_t>, kFamilies> generations{};
  RecordStamps stamps;
  GarbageQueue garbage;

  ~Impl() { release(); }

  rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles[index_of(family) + 1]; }

  void release() {
    for (auto* handle : handles) (void)db->DestroyColumnFamilyHandle(handle);
    handles.clear();
    db.reset();
  }

  [[nodiscard]] rocksdb::Status get(const rocksdb::ReadOptions& read, Family family,
                                    std::string_view key, Value& value) const;
  [[nodiscard]] rocksdb::Status scan(const rocksdb::ReadOptions& read, const ScanRange& range,
                                     std::vector<Entry>& entries) const;
  /// Whether `bytes` can be written without touching the reserve. What cannot be asked is not
  /// refused.
  [[nodiscard]] bool has_space_for(std::size_t bytes) const;
  [[nodiscard]] rocksdb::Status take_clean_mark();
  [[nodiscard]] rocksdb::Status close();
};

}  // namespace mooring
