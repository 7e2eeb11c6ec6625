// Columns: what documents are sorted by and what a search is verified on, 256 ordinals to a page.
//
// Names lie one after the other, folded, so that a search runs over them like over one text. How a
// name is really spelled is needed only to order names that fold to the same, so it is kept as its
// difference from the folded one: mostly one bit per letter.
//
//   Family::document_column   organization number 4 | page 4 -> rows of 256 ordinals
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/result.h"
#include "mooring/base/uuid.h"

namespace mooring {

inline constexpr std::size_t kPageOrdinals = 256;
/// Readable bytes behind the names of a page: a search reads in steps, not byte by byte.
inline constexpr std::size_t kNamePaddingBytes = 64;

[[nodiscard]] constexpr std::uint32_t page_of(std::uint32_t ordinal) noexcept {
  return ordinal / kPageOrdinals;
}
[[nodiscard]] constexpr std::size_t slot_of(std::uint32_t ordinal) noexcept {
  return ordinal % kPageOrdinals;
}

/// What one document is sorted by. The texts belong to whoever made the row.
struct ColumnRow {
  Uuid id;
  std::int64_t updated_ms = 0;
  std::string_view folded;
  std::string_view spelling;                 ///< spelling_of the name
  std::optional<std::string_view> category;  ///< id
};

/// How `name` differs from `folded`, its folded form; empty if it does not.
[[nodiscard]] std::string spelling_of(std::string_view name, std::string_view folded);
/// The name again. Total: any spelling gives some text.
[[nodiscard]] std::string spelled(std::string_view folded, std::string_view spelling);

/// Names by D18: folded, then as they are spelled; by code points, which is the order of UTF-8's
/// bytes.
[[nodiscard]] std::strong_ordering compare_names(const ColumnRow& a, const ColumnRow& b);
/// Category ids; none after all others (D18).
[[nodiscard]] std::strong_ordering compare_categories(const ColumnRow& a, const ColumnRow& b);

using PageRows = std::array<std::optional<ColumnRow>, kPageOrdinals>;

class ColumnPage {
 public:
  ColumnPage() = default;  ///< no rows
  explicit ColumnPage(const PageRows& rows);
  /// Fails with corrupt.
  [[nodiscard]] static Result<ColumnPage> decode(std::string_view bytes);
  [[nodiscard]] std::string encode() const;

  [[nodiscard]] bool has(std::size_t slot) const noexcept { return present_[slot]; }
  /// Of a slot that has a row. Valid as long as the page.
  [[nodiscard]] ColumnRow row(std::size_t slot) const;
  /// The same without what is not asked for.
  [[nodiscard]] const Uuid& id(std::size_t slot) const noexcept { return ids_[slot]; }
  [[nodiscard]] std::int64_t updated_ms(std::size_t slot) const noexcept { return updated_[slot]; }
  [[nodiscard]] PageRows rows() const;
  [[nodiscard]] std::string_view folded(std::size_t slot) const noexcept {
    return {names_.data() + name_ends_[slot], name_ends_[slot + 1] - name_ends_[slot]};
  }
  /// All folded names of the page, padding behind them, and where the name of each slot ends; the
  /// first entry is 0.
  [[nodiscard]] std::string_view names() const noexcept {
    return {names_.data(), name_ends_.back()};
  }
  [[nodiscard]] const std::array<std::uint32_t, kPageOrdinals + 1>& name_ends() const noexcept {
    return name_ends_;
  }
  [[nodiscard]] bool empty() const noexcept;
  [[nodiscard]] std::size_t memory_bytes() const noexcept;

 private:
  void append(std::size_t slot, const std::optional<ColumnRow>& row);
  void pad() { names_.append(kNamePaddingBytes, '\0'); }

  std::array<bool, kPageOrdinals> present_{};
  std::array<std::int64_t, kPageOrdinals> updated_{};
  std::array<Uuid, kPageOrdinals> ids_{};
  std::array<std::uint32_t, kPageOrdinals + 1> name_ends_{};
  std::array<std::uint32_t, kPageOrdinals + 1> spelling_ends_{};
  std::array<std::uint32_t, kPageOrdinals + 1> category_ends_{};
  std::array<bool, kPageOrdinals> has_category_{};
  std::string names_;
  std::string spellings_;
  std::string categories_;
};

/// Keys of Family::document_column.
[[nodiscard]] std::string column_key(std::uint32_t number, std::uint32_t page);

}  // namespace mooring
