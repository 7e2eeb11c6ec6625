#include "index_columns.h"

#include <algorithm>

#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::uint8_t kPageFormat = 1;

constexpr char kCapitals = 1;  // then a bit per byte of the folded name: it was an ASCII capital
constexpr char kWhole = 2;     // then the name

constexpr bool is_capital_of(char c, char folded) noexcept {
  return c >= 'A' && c <= 'Z' && folded == c + ('a' - 'A');
}

std::string_view between(const std::string& texts,
                         const std::array<std::uint32_t, kPageOrdinals + 1>& ends,
                         std::size_t slot) {
  return {texts.data() + ends[slot], ends[slot + 1] - ends[slot]};
}

}  // namespace

std::string spelling_of(std::string_view name, std::string_view folded) {
  if (name == folded) return {};
  std::string spelling(1, kWhole);
  if (name.size() != folded.size()) return spelling.append(name);
  std::string capitals(1 + (name.size() + 7) / 8, '\0');
  capitals[0] = kCapitals;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == folded[i]) continue;
    if (!is_capital_of(name[i], folded[i])) return spelling.append(name);
    capitals[1 + i / 8] = static_cast<char>(capitals[1 + i / 8] | 1 << i % 8);
  }
  return capitals;
}

std::string spelled(std::string_view folded, std::string_view spelling) {
  if (spelling.empty()) return std::string(folded);
  if (spelling.front() != kCapitals) return std::string(spelling.substr(1));
  std::string name(folded);
  for (std::size_t i = 0; i < name.size() && 1 + i / 8 < spelling.size(); ++i)
    if ((spelling[1 + i / 8] & 1 << i % 8) != 0) name[i] = static_cast<char>(name[i] - ('a' - 'A'));
  return name;
}

std::strong_ordering compare_names(const ColumnRow& a, const ColumnRow& b) {
  if (const int order = a.folded.compare(b.folded); order != 0) return order <=> 0;
  if (a.spelling == b.spelling) return std::strong_ordering::equal;
  return spelled(a.folded, a.spelling).compare(spelled(b.folded, b.spelling)) <=> 0;
}

std::strong_ordering compare_categories(const ColumnRow& a, const ColumnRow& b) {
  if (!a.category || !b.category) return b.category.has_value() <=> a.category.has_value();
  return a.category->compare(*b.category) <=> 0;
}

ColumnPage::ColumnPage(const PageRows& rows) {
  for (std::size_t slot = 0; slot < kPageOrdinals; ++slot) append(slot, rows[slot]);
  pad();
}

void ColumnPage::append(std::size_t slot, const std::optional<ColumnRow>& row) {
  present_[slot] = row.has_value();
  if (row) {
    ids_[slot] = row->id;
    updated_[slot] = row->updated_ms;
    names_ += row->folded;
    spellings_ += row->spelling;
    has_category_[slot] = row->category.has_value();
    categories_ += row->category.value_or("");
  }
  name_ends_[slot + 1] = static_cast<std::uint32_t>(names_.size());
  spelling_ends_[slot + 1] = static_cast<std::uint32_t>(spellings_.size());
  category_ends_[slot + 1] = static_cast<std::uint32_t>(categories_.size());
}

Result<ColumnPage> ColumnPage::decode(std::string_view bytes) {
  Decoder in(bytes, kPageFormat);
  ColumnPage page;
  for (std::size_t slot = 0; slot < kPageOrdinals; ++slot) {
    std::optional<ColumnRow> row;
    if (in.flag()) {
      row.emplace();
      row->id = in.uuid();
      row->updated_ms = in.signed_number();
      row->folded = in.text_view();
      row->spelling = in.text_view();
      if (in.flag()) row->category = in.text_view();
    }
    page.append(slot, row);
  }
  page.pad();
  if (auto read = in.finish("page of the document index"); !read)
    return std::unexpected(read.error());
  return page;
}

std::string ColumnPage::encode() const {
  Encoder out(kPageFormat);
  for (std::size_t slot = 0; slot < kPageOrdinals; ++slot) {
    out.flag(present_[slot]);
    if (!present_[slot]) continue;
    const ColumnRow document = row(slot);
    out.uuid(document.id)
        .signed_number(document.updated_ms)
        .text(document.folded)
        .text(document.spelling)
        .flag(document.category.has_value());
    if (document.category) out.text(*document.category);
  }
  return out.take();
}

ColumnRow ColumnPage::row(std::size_t slot) const {
  ColumnRow row{.id = ids_[slot],
                .updated_ms = updated_[slot],
                .folded = folded(slot),
                .spelling = between(spellings_, spelling_ends_, slot),
                .category = std::nullopt};
  if (has_category_[slot]) row.category = between(categories_, category_ends_, slot);
  return row;
}

PageRows ColumnPage::rows() const {
  PageRows rows;
  for (std::size_t slot = 0; slot < kPageOrdinals; ++slot)
    if (present_[slot]) rows[slot] = row(slot);
  return rows;
}

bool ColumnPage::empty() const noexcept {
  return std::ranges::none_of(present_, [](bool present) { return present; });
}

std::size_t ColumnPage::memory_bytes() const noexcept {
  return sizeof(ColumnPage) + names_.capacity() + spellings_.capacity() + categories_.capacity();
}

std::string column_key(std::uint32_t number, std::uint32_t page) {
  return Key().u32(number).u32(page).take();
}

}  // namespace mooring
