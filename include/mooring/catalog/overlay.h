// Overlay: what a batch will change, kept beside the database until it is written.
//
// A hash table over an arena. The newest change of a key hides those before it, so a key that every
// mutation of a batch changes (the account of a segment, a count) is written once per batch. What
// the database has answered is remembered too: a record is read from it once per batch, however
// many mutations ask. Memory is kept from batch to batch; nothing is allocated once it is as large
// as the batches are.
//
// Owned by a Transaction, used on the writer's thread. Texts that are handed out are valid until
// the next change.
//
//   I1 changes are taken back in the reverse of their order, down to a place that was a place
//      before.
//   I2 what was only read is never written and never part of a scan.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/catalog/family.h"

namespace mooring {

class Overlay {
 public:
  /// The value of a key; nothing: it has none, or was erased.
  using Seen = std::optional<std::string_view>;

  struct Change {
    std::string_view key;
    Seen value;
  };

  /// What is known of a key; nothing: ask the database.
  [[nodiscard]] std::optional<Seen> find(Family family, std::string_view key) const;

  void put(Family family, std::string_view key, std::string_view value);
  void erase(Family family, std::string_view key);
  /// The database's answer for a key of which nothing was known. Large values are read again.
  void remember(Family family, std::string_view key, Seen value);

  /// The place behind the last entry, to roll back to.
  [[nodiscard]] std::size_t place() const noexcept { return entries_.size(); }
  void roll_back(std::size_t place) noexcept;
  void clear() noexcept;

  /// Keys put or erased since the last clear, each as often as it was.
  [[nodiscard]] std::size_t changes() const noexcept { return changes_; }
  /// Of their keys and values.
  [[nodiscard]] std::size_t size_bytes() const noexcept { return changed_bytes_; }

  /// The newest change of each changed key of `family` that begins with `prefix`, in key order.
  [[nodiscard]] std::vector<Change> changes_of(Family family, std::string_view prefix) const;

  /// Calls `visit(Family, const Change&)` with the newest change of each changed key, in the order
  /// in which those were made.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const Entry& entry : entries_)
      if (!entry.hidden && entry.kind != Kind::read)
        visit(entry.family, Change{key_of(entry), value_of(entry)});
  }

 private:
  enum class Kind : std::uint8_t { put, erase, read };

  // Indices are numbers of entries plus one; 0: none.
  struct Entry {
    std::uint32_t hash;
    std::uint32_t key_offset;
    std::uint32_t key_bytes;
    std::uint32_t value_bytes;  // behind the key
    std::uint32_t older;        // of the same key
    std::uint32_t before;       // of the same family
    Family family;
    Kind kind;
    bool has_value;
    bool hidden;  // by a newer one of the same key
  };

  [[nodiscard]] std::string_view key_of(const Entry& entry) const noexcept;
  [[nodiscard]] Seen value_of(const Entry& entry) const noexcept;
  [[nodiscard]] std::size_t slot_of(Family family, std::string_view key,
                                    std::uint32_t hash) const noexcept;
  void add(Kind kind, Family family, std::string_view key, Seen value);
  void link(std::uint32_t index) noexcept;
  void grow();

  std::string bytes_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // open addressing; a power of two, at most half full
  std::array<std::uint32_t, kFamilies> newest_{};
  std::size_t changes_ = 0;
  std::size_t changed_bytes_ = 0;
};

}  // namespace mooring
