// Transaction: the batch that the writer gathers, as a mutation sees it.
//
// Owned by the writer, used on its thread only. Mutations are applied one after the other to the
// same transaction: each reads the database as changed by those before it, so a check followed by a
// change cannot race with anything (rule X7). Nothing is visible to other readers before `write`
// has returned. A key is written once per batch, however often it was changed, and read from the
// database once (overlay.h): what all mutations of a batch share costs one of them.
//
// A completed `write` means: in the write-ahead log and visible; with Durability::durable also on
// stable storage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "mooring/base/durability.h"
#include "mooring/base/result.h"
#include "mooring/catalog/database.h"
#include "mooring/catalog/view.h"

namespace mooring {

class Transaction final : public View {
 public:
  explicit Transaction(Database& database);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// View: the database with the changes of this batch. Blocks. Fails with io_error or corrupt.
  [[nodiscard]] Result<Value> get(Family family, std::string_view key) const override;
  [[nodiscard]] Result<std::vector<Entry>> scan(const ScanRange& range) const override;

  /// As DatabaseOptions say.
  [[nodiscard]] std::uint64_t document_tail_max() const noexcept;

  void put(Family family, std::string_view key, std::string_view value);
  void erase(Family family, std::string_view key);

  /// Marks the beginning of a mutation; exactly one of `keep` and `roll_back` follows.
  void begin_mutation();
  /// The changes since `begin_mutation` stay in the batch.
  void keep();
  /// The changes since `begin_mutation` are taken out; those before stay.
  void roll_back();

  /// Changes in the batch, and their size in bytes.
  [[nodiscard]] std::size_t changes() const noexcept;
  [[nodiscard]] std::size_t size_bytes() const noexcept;

  /// Writes the batch as one unit and empties it, whatever comes of it. Blocks. Fails with no_space
  /// (nothing was written; the next batch may fit again) and with sync_failed (anything else:
  /// whether it is on disk is unknown, the process must stop and never retry).
  [[nodiscard]] Status write(Durability durability);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mooring
