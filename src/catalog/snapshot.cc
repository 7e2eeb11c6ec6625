// One moment of the database: contract in catalog/database.h.
#include "mooring/catalog/database.h"
#include "rocks.h"

#include <rocksdb/snapshot.h>

namespace mooring {

struct Snapshot::Moment {
  explicit Moment(const Database::Impl& impl) : database(impl), held(impl.db.get()) {
    read.snapshot = held.snapshot();
  }

  const Database::Impl& database;
  rocksdb::ManagedSnapshot held;
  rocksdb::ReadOptions read;
};

Snapshot::Snapshot(const Database& database) : moment_(std::make_unique<Moment>(*database.impl_)) {}
Snapshot::~Snapshot() = default;

Result<Value> Snapshot::get(Family family, std::string_view key) const {
  Value value;
  const rocksdb::Status status = moment_->database.get(moment_->read, family, key, value);
  if (!status.ok()) return std::unexpected(error_from(status, "read of a record"));
  return value;
}

Result<std::vector<Entry>> Snapshot::scan(const ScanRange& range) const {
  std::vector<Entry> entries;
  const rocksdb::Status status = moment_->database.scan(moment_->read, range, entries);
  if (!status.ok()) return std::unexpected(error_from(status, "scan of records"));
  return entries;
}

}  // namespace mooring
