#include "index_place.h"

#include <algorithm>

namespace mooring {

std::strong_ordering OrderPlaces::compare_keys(const ColumnRow& a, const ColumnRow& b) const {
  return kind_ == OrderKind::name ? compare_names(a, b) : a.updated_ms <=> b.updated_ms;
}

bool OrderPlaces::is_before(const ColumnRow& a, const ColumnRow& b) const {
  const auto order = compare_keys(a, b);
  return order != 0 ? order < 0 : a.id < b.id;
}

ColumnRow OrderPlaces::row_at(std::uint32_t place) {
  const std::uint32_t ordinal = session_.ordinal_at(kind_, place);
  page_ = session_.page(page_of(ordinal));
  return page_->row(slot_of(ordinal));
}

std::uint32_t OrderPlaces::place_of(const ColumnRow& row) {
  return place_between(0, session_.directory(kind_)->size(), row);
}

// In steps that double, away from the hint, then between the last two.
std::uint32_t OrderPlaces::place_near(std::uint32_t hint, const ColumnRow& row) {
  const std::uint32_t size = session_.directory(kind_)->size();
  std::uint32_t step = 1;
  if (hint < size && is_before(row_at(hint), row)) {
    std::uint32_t first = hint + 1;  // all below stand before the row
    while (step <= size - first && is_before(row_at(first + step - 1), row)) {
      first += step;
      step *= 2;
    }
    return place_between(first, first + std::min(step - 1, size - first), row);
  }
  std::uint32_t end = hint;  // nothing from here on stands before the row
  while (step <= end && !is_before(row_at(end - step), row)) {
    end -= step;
    step *= 2;
  }
  return place_between(end - std::min(step - 1, end), end, row);
}

void OrderPlaces::find_places(std::span<const ColumnRow> rows, std::span<std::uint32_t> places) {
  find_between(0, session_.directory(kind_)->size(), rows, places);
}

/// The middle row halves the rows and bounds both halves. As deep as the logarithm of their number.
void OrderPlaces::find_between(std::uint32_t first, std::uint32_t end,
                               std::span<const ColumnRow> rows, std::span<std::uint32_t> places) {
  if (rows.empty()) return;
  const std::size_t middle = rows.size() / 2;
  const std::uint32_t place = place_between(first, end, rows[middle]);
  places[middle] = place;
  find_between(first, place, rows.first(middle), places.first(middle));
  find_between(place, end, rows.subspan(middle + 1), places.subspan(middle + 1));
}

std::uint32_t OrderPlaces::place_between(std::uint32_t first, std::uint32_t end,
                                         const ColumnRow& row) {
  while (first < end) {
    const std::uint32_t middle = first + (end - first) / 2;
    if (is_before(row_at(middle), row))
      first = middle + 1;
    else
      end = middle;
  }
  return first;
}

bool OrderPlaces::has_key(std::uint32_t place, const ColumnRow& row) {
  return compare_keys(row_at(place), row) == 0;
}

// In steps that double, then halve.
std::uint32_t OrderPlaces::first_of(std::uint32_t place, const ColumnRow& row) {
  std::uint32_t inside = place;  // every place in [inside, place) has the key
  std::uint32_t step = 1;
  while (step <= inside && has_key(inside - step, row)) {
    inside -= step;
    step *= 2;
  }
  for (; step > 0; step /= 2)
    if (step <= inside && has_key(inside - step, row)) inside -= step;
  return inside;
}

std::uint32_t OrderPlaces::end_of(std::uint32_t place, const ColumnRow& row) {
  const std::uint32_t size = session_.directory(kind_)->size();
  std::uint32_t inside = place;  // every place in [place, inside) has the key
  std::uint32_t step = 1;
  while (step <= size - inside && has_key(inside + step - 1, row)) {
    inside += step;
    step *= 2;
  }
  for (; step > 0; step /= 2)
    if (step <= size - inside && has_key(inside + step - 1, row)) inside += step;
  return inside;
}

}  // namespace mooring
