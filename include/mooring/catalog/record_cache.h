// RecordCache: the records that a core has read lately, one look away.
//
// A download needs two or three records. The database finds one in 1 to 3 µs, a skip list or a
// table's index and filter at a time; this finds it in a tenth of that. Owned by a Reader, used on
// its core's thread; no locks, no allocation after the constructor.
//
// Bounded by its bytes: places of one size in groups of a few, in which a newcomer takes the place
// of whoever was not asked for since the last newcomer came by. What does not fit into a place is
// not kept, and neither is the absence of a record.
//
// I1  Nothing is found under another stamp than it was kept under, or under one that is changing
//     (catalog/record_stamps.h): what is found is what the database would answer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "mooring/catalog/family.h"
#include "mooring/catalog/record_stamps.h"

namespace mooring {

/// A record as it is looked for. The stamp is read before the record is.
struct RecordPrint {
  Family family;
  std::string_view key;
  std::uint64_t hash = 0;  ///< record_hash
  RecordStamps::Stamp stamp = 0;
};

class RecordCache {
 public:
  /// A key and its value may have so many bytes together: names of files are what makes some long.
  static constexpr std::size_t kRecordBytesMax = 296;

  /// Takes at most `bytes` of memory, as it fills. Less than a group takes: keeps nothing.
  explicit RecordCache(std::size_t bytes);
  RecordCache(const RecordCache&) = delete;
  RecordCache& operator=(const RecordCache&) = delete;

  /// The value; valid until the next call of `keep`.
  [[nodiscard]] std::optional<std::string_view> find(const RecordPrint& print) noexcept;
  void keep(const RecordPrint& print, std::string_view value) noexcept;

  /// Records that there is room for.
  [[nodiscard]] std::size_t places() const noexcept { return places_.size(); }

 private:
  static constexpr std::size_t kGroup = 4;

  struct Place {
    std::uint64_t hash = 0;
    RecordStamps::Stamp stamp = 0;
    std::uint16_t key_bytes = 0;  // 0: nobody's
    std::uint16_t value_bytes = 0;
    Family family = {};
    bool was_asked_for = false;
  };
  using Text = std::array<char, kRecordBytesMax>;

  [[nodiscard]] std::size_t first_of_group(std::uint64_t hash) const noexcept;
  [[nodiscard]] bool holds(std::size_t place, const RecordPrint& print) const noexcept;
  [[nodiscard]] std::size_t place_for(const RecordPrint& print) noexcept;

  std::vector<Place> places_;
  std::unique_ptr<Text[]> texts_;  // of each place: key, then value
};

}  // namespace mooring
