#include "mooring/api/documents/document_parameters.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "mooring/api/documents/language.h"
#include "mooring/base/utf8.h"
#include "mooring/http/request_head.h"

namespace mooring {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// Rule D1: whether `name` is `array`, "array[]" or "array[0]".
bool names_array(std::string_view name, std::string_view array) {
  if (!name.starts_with(array)) return false;
  name.remove_prefix(array.size());
  if (name.empty()) return true;
  if (name.size() < 2 || name.front() != '[' || name.back() != ']') return false;
  return std::ranges::all_of(name.substr(1, name.size() - 2),
                             [](char c) { return c >= '0' && c <= '9'; });
}

enum class WholeValues : std::uint8_t { dropped, kept };

/// Reads the parameters of one request. Sticky: the first that breaks a rule stays, and what is
/// read after it does not matter.
class ParameterReader {
 public:
  explicit ParameterReader(const QueryParameters& query) : query_(query) {}

  [[nodiscard]] const std::optional<BadField>& bad() const noexcept { return bad_; }

  void refuse(std::string_view name) {
    if (!bad_) bad_ = BadField{name};
  }

  /// The value of a parameter that may be there once (D17).
  std::optional<std::string_view> scalar(std::string_view name) {
    const std::size_t count = query_.count(name);
    if (count > 1) refuse(name);
    if (count != 1) return {};
    return query_.find(name);
  }

  /// Rule D13.
  void number(std::string_view name, std::uint64_t max, std::uint64_t& into) {
    const auto text = scalar(name);
    if (!text) return;
    std::uint64_t value = 0;
    for (const char c : *text) {
      if (c < '0' || c > '9') return refuse(name);
      value = value * 10 + static_cast<std::uint64_t>(c - '0');
      if (value > max) return refuse(name);
    }
    if (value == 0) return refuse(name);  // the empty text too (D12)
    into = value;
  }

  /// Rule D22.
  std::optional<bool> boolean(std::string_view name) {
    const auto text = scalar(name);
    if (!text) return {};
    if (equal_ignoring_case(*text, "true")) return true;
    if (equal_ignoring_case(*text, "false")) return false;
    refuse(name);
    return {};
  }

  /// Rules D1 and D2: the comma parts of every value of an array, and, where a comma may belong to
  /// a name, the values as they are.
  std::vector<std::string> array(std::string_view name, std::size_t count_max,
                                 WholeValues whole = WholeValues::dropped) {
    std::vector<std::string> values;
    std::vector<std::string> whole_values;
    for (const QueryParameter& parameter : query_.all()) {
      if (!names_array(parameter.name, name)) continue;
      std::string_view rest = parameter.value;
      const bool has_comma = rest.find(',') != rest.npos;
      if (has_comma && whole == WholeValues::kept) add(whole_values, rest);
      while (!rest.empty()) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        add(values, rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
      }
    }
    if (values.size() > count_max) refuse(name);
    std::ranges::move(whole_values, std::back_inserter(values));
    std::ranges::sort(values);
    values.erase(std::ranges::unique(values).begin(), values.end());
    return values;
  }

 private:
  static void add(std::vector<std::string>& values, std::string_view value) {
    if (const std::string_view kept = trimmed(value); !kept.empty()) values.emplace_back(kept);
  }

  const QueryParameters& query_;
  std::optional<BadField> bad_;
};

void read_sorts(ParameterReader& reader, const QueryParameters& query,
                std::vector<DocumentSort>& sorts) {
  struct Row {
    std::string_view name;
    DocumentSortKey key;
  };
  constexpr std::array kRows = std::to_array<Row>({
      {"sortByName", DocumentSortKey::name},
      {"sortByCategory", DocumentSortKey::category},
      {"sortByUpdatedAt", DocumentSortKey::updated},
  });
  for (const QueryParameter& parameter : query.all()) {
    const auto row = std::ranges::find(kRows, std::string_view(parameter.name), &Row::name);
    if (row == kRows.end()) continue;
    const auto stated = reader.scalar(row->name);
    if (stated == "asc")
      sorts.push_back({row->key, SortOrder::ascending});
    else if (stated == "desc")
      sorts.push_back({row->key, SortOrder::descending});
    else
      reader.refuse(row->name);
  }
}

void read_search(ParameterReader& reader, std::string& search) {
  const auto text = reader.scalar("searchByName");
  if (!text) return;
  const std::size_t length = code_points(*text);
  if (length < kSearchMin || length > kSearchMax) return reader.refuse("searchByName");
  search = std::string(*text);
}

/// Rule D3: "+" came as a space, which no media type holds.
std::string media_type_of(std::string value) {
  std::ranges::replace(value, ' ', '+');
  const std::string_view essence = std::string_view(value).substr(0, value.find(';'));
  return lower_ascii(essence.substr(0, essence.find_last_not_of("+\t") + 1));
}

/// Rule D21.
void read_languages(ParameterReader& reader, std::vector<std::string>& languages) {
  for (const std::string& value : reader.array("filterByLanguage", kQueryValuesMax)) {
    std::string language = lower_ascii(value);
    if (language != kNoLanguage && !has_language_form(language))
      return reader.refuse("filterByLanguage");
    languages.push_back(std::move(language));
  }
}

/// Rules D4 and D5.
void read_assets(ParameterReader& reader, std::vector<Uuid>& assets) {
  for (const std::string& value : reader.array("assetId", kQueryRootsMax)) {
    const std::optional<Uuid> id = parse_uuid(value);
    if (!id) return reader.refuse("assetId");
    assets.push_back(*id);
  }
  if (assets.empty()) reader.refuse("assetId");
  std::ranges::sort(assets);
  assets.erase(std::ranges::unique(assets).begin(), assets.end());
}

}  // namespace

Checked<DocumentParameters> parse_document_parameters(const QueryParameters& given) {
  DocumentParameters parameters;
  DocumentQuery& query = parameters.query;
  ParameterReader reader(given);
  std::uint64_t limit = kPageLimitDefault;
  reader.number("page", kPageNumberMax, parameters.page);
  reader.number("limit", kPageLimitMax, limit);
  // Fits: both are bounded.
  query.offset = (parameters.page - 1) * limit;
  query.limit = static_cast<std::size_t>(limit);
  read_search(reader, query.search);
  read_sorts(reader, given, query.sorts);
  query.categories = reader.array("filterByCategory", kQueryValuesMax);
  for (std::string& value : reader.array("filterByFileType", kQueryValuesMax))
    query.mimetypes.push_back(media_type_of(std::move(value)));
  read_languages(reader, query.languages);
  query.supplier_document = reader.boolean("supplier");
  query.supplier_names = reader.array("filterBySupplier", kQueryValuesMax, WholeValues::kept);
  read_assets(reader, parameters.assets);
  if (reader.bad()) return std::unexpected(*reader.bad());
  return parameters;
}

}  // namespace mooring
