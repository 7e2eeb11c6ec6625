#include "mooring/catalog/transaction.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "mooring/base/check.h"
#include "mooring/base/fault.h"
#include "mooring/catalog/codec.h"
#include "mooring/catalog/overlay.h"
#include "rocks.h"
#include "scan_plan.h"

#include <rocksdb/write_batch.h>

namespace mooring {

struct Transaction::Impl {
  explicit Impl(Database::Impl& database_impl) : database(database_impl) {}

  Database::Impl& database;
  Overlay overlay;
  std::size_t place_at_begin = 0;
  std::size_t changes_at_begin = 0;
  struct Written {
    Family family;
    Overlay::Change change;
  };
  std::vector<Written> sorted;         // what the batch being written changes
  std::vector<std::uint64_t> records;  // the hashes of the same
  std::vector<BlobId> marked;          // as garbage, by it
  // 8 bytes of protection per key: a bit flipped between here and the log is found.
  rocksdb::WriteBatch batch{0, 0, 8, 0};

  [[nodiscard]] rocksdb::Status write(Durability durability);
  [[nodiscard]] rocksdb::Status write(const rocksdb::WriteOptions& options);
};

Transaction::Transaction(Database& database) : impl_(std::make_unique<Impl>(*database.impl_)) {}
Transaction::~Transaction() = default;

Result<Value> Transaction::get(Family family, std::string_view key) const {
  if (const auto seen = impl_->overlay.find(family, key))
    return *seen ? Value(std::string(**seen)) : Value();
  Value value;
  const rocksdb::Status status = impl_->database.get(read_options(Reach::disk), family, key, value);
  if (!status.ok()) return std::unexpected(error_from(status, "read of a record in a batch"));
  impl_->overlay.remember(family, key, value ? Overlay::Seen(*value) : Overlay::Seen());
  return value;
}

Result<std::vector<Entry>> Transaction::scan(const ScanRange& range) const {
  const ScanPlan plan(range, read_options(Reach::disk));
  const std::unique_ptr<rocksdb::Iterator> iterator(
      impl_->database.db->NewIterator(plan.options, impl_->database.handle(range.family)));
  auto entries = plan.run(*iterator, impl_->overlay.changes_of(range.family, range.prefix));
  if (!iterator->status().ok())
    return std::unexpected(error_from(iterator->status(), "scan of records in a batch"));
  return entries;
}

std::uint64_t Transaction::document_tail_max() const noexcept {
  return impl_->database.document_tail_max;
}

void Transaction::put(Family family, std::string_view key, std::string_view value) {
  impl_->overlay.put(family, key, value);
}

void Transaction::erase(Family family, std::string_view key) {
  impl_->overlay.erase(family, key);
}

void Transaction::begin_mutation() {
  impl_->place_at_begin = impl_->overlay.place();
  impl_->changes_at_begin = changes();
}

void Transaction::keep() {}

void Transaction::roll_back() {
  // What a refused mutation has only read stays known to the next.
  if (changes() != impl_->changes_at_begin) impl_->overlay.roll_back(impl_->place_at_begin);
}

std::size_t Transaction::changes() const noexcept {
  return impl_->overlay.changes();
}
std::size_t Transaction::size_bytes() const noexcept {
  return impl_->overlay.size_bytes();
}

Status Transaction::write(Durability durability) {
  if (!impl_->database.has_space_for(size_bytes())) {
    impl_->overlay.clear();
    return fail(Errc::no_space, "commit of a batch", ENOSPC);
  }
  const rocksdb::Status status = impl_->write(durability);
  impl_->batch.Clear();
  impl_->overlay.clear();
  if (status.ok()) return {};
  Error error = error_from(status, "commit of a batch");
  // A full disk that stopped RocksDB's own work is waited out: such a write was refused before it
  // reached the log. A log that could not be written is beyond repair while the process lives.
  if (error.code != Errc::no_space || impl_->database.listener->log_failed())
    error.code = Errc::sync_failed;
  return std::unexpected(error);
}

/// Each changed key once, with its newest value, by family and key: RocksDB finds the place of a
/// key in its memory from that of the key before it, and the places of random ones are far apart.
rocksdb::Status Transaction::Impl::write(Durability durability) {
  std::array<bool, kFamilies> changed{};
  marked.clear();
  sorted.clear();
  records.clear();
  overlay.for_each([&](Family family, const Overlay::Change& change) {
    changed[index_of(family)] = true;
    records.push_back(record_hash(family, change.key));
    if (family == Family::gc && change.value) marked.push_back(KeyReader(change.key).blob());
    sorted.push_back({family, change});
  });
  std::ranges::sort(sorted, [](const Written& a, const Written& b) {
    return a.family != b.family ? a.family < b.family : a.change.key < b.change.key;
  });
  for (const auto& [family, change] : sorted) {
    auto* const handle = database.handle(family);
    const rocksdb::Status added = change.value
                                      ? batch.Put(handle, slice(change.key), slice(*change.value))
                                      : batch.Delete(handle, slice(change.key));
    MOORING_CHECK(added.ok(), "a batch without a limit takes every change");
  }
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::durable && !sync_is_skipped(SyncName::catalog_log);
  for (const std::uint64_t hash : records) database.stamps.begin_change(hash);
  const rocksdb::Status written = write(options);
  for (const std::uint64_t hash : records) database.stamps.end_change(hash);
  for (std::size_t family = 0; family < kFamilies; ++family)
    if (changed[family]) database.generations[family].fetch_add(1, std::memory_order_release);
  if (written.ok())
    for (const BlobId& id : marked) database.garbage.note(id);
  return written;
}

rocksdb::Status Transaction::Impl::write(const rocksdb::WriteOptions& options) {
  const IoFault fault = io_fault(IoKind::catalog_write);
  if (fault.effect == IoFault::Effect::error)
    return fault.os_error == ENOSPC ? rocksdb::Status::NoSpace() : rocksdb::Status::IOError();
  return database.db->Write(options, &batch);
}

}  // namespace mooring
