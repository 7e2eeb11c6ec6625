// Places: where a row stands in an order of the base, or would stand.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <span>

#include "index_session.h"

namespace mooring {

class OrderPlaces {
 public:
  /// The session outlives it.
  OrderPlaces(IndexSession& session, OrderKind kind) : session_(session), kind_(kind) {}

  /// By the key of the order, without the id.
  [[nodiscard]] std::strong_ordering compare_keys(const ColumnRow& a, const ColumnRow& b) const;
  /// As the order stands: by key, then id.
  [[nodiscard]] bool is_before(const ColumnRow& a, const ColumnRow& b) const;

  /// Valid until the next call of anything here.
  [[nodiscard]] ColumnRow row_at(std::uint32_t place);
  /// The page of the last row, which keeps its texts alive.
  [[nodiscard]] const std::shared_ptr<const ColumnPage>& page() const noexcept { return page_; }

  /// The first place whose document does not stand before `row`.
  [[nodiscard]] std::uint32_t place_of(const ColumnRow& row);
  /// The same, which is cheap if the place is near `hint`, a place or the end.
  [[nodiscard]] std::uint32_t place_near(std::uint32_t hint, const ColumnRow& row);
  /// The same for many rows, which stand as the order stands: each is looked for between those
  /// around it only. `places` has room for one place per row.
  void find_places(std::span<const ColumnRow> rows, std::span<std::uint32_t> places);
  /// The run of places around `place` with the key of `row`: its first, and its end. Every place in
  /// the run is next to `place` or to another of it. The cost is the logarithm of the run.
  [[nodiscard]] std::uint32_t first_of(std::uint32_t place, const ColumnRow& row);
  [[nodiscard]] std::uint32_t end_of(std::uint32_t place, const ColumnRow& row);

 private:
  [[nodiscard]] bool has_key(std::uint32_t place, const ColumnRow& row);
  /// place_of, which is known to be from `first` to `end`.
  [[nodiscard]] std::uint32_t place_between(std::uint32_t first, std::uint32_t end,
                                            const ColumnRow& row);
  void find_between(std::uint32_t first, std::uint32_t end, std::span<const ColumnRow> rows,
                    std::span<std::uint32_t> places);

  IndexSession& session_;
  const OrderKind kind_;
  std::shared_ptr<const ColumnPage> page_;
};

}  // namespace mooring
