#include "mooring/catalog/categories.h"

#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::uint8_t kCategoryFormat = 1;

}  // namespace

std::string encode(const CategoryRecord& record) {
  Encoder out(kCategoryFormat);
  out.text(record.id).number(record.translations.size());
  for (const CategoryTranslation& translation : record.translations)
    out.text(translation.language_code).text(translation.name);
  return out.take();
}

Result<CategoryRecord> decode_category(std::string_view bytes) {
  Decoder in(bytes, kCategoryFormat);
  CategoryRecord record;
  record.id = in.text();
  const std::uint64_t size = in.number();
  // One that claims more than the bytes can hold ends in a failed read, not in a huge allocation.
  for (std::uint64_t i = 0; i < size && i < bytes.size() + 1; ++i) {
    CategoryTranslation translation;
    translation.language_code = in.text();
    translation.name = in.text();
    record.translations.push_back(std::move(translation));
  }
  if (auto read = in.finish("category record"); !read) return std::unexpected(read.error());
  return record;
}

Result<std::optional<CategoryRecord>> find_category(const View& view, std::string_view id) {
  const auto value = view.get(Family::category, id);
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  return decode_category(**value);
}

Result<std::vector<CategoryRecord>> list_categories(const View& view, std::size_t limit,
                                                    std::string_view after) {
  const auto entries = view.scan({.family = Family::category,
                                  .start = after,
                                  .start_key = StartKey::excluded,
                                  .limit = limit});
  if (!entries) return std::unexpected(entries.error());
  std::vector<CategoryRecord> categories;
  for (const Entry& entry : *entries) {
    auto category = decode_category(entry.value);
    if (!category) return std::unexpected(category.error());
    categories.push_back(*std::move(category));
  }
  return categories;
}

Status put_category(Transaction& transaction, const CategoryRecord& record) {
  if (record.id.empty() || record.id.size() > kCategoryIdBytesMax)
    return fail(Errc::invalid, "category with an empty or too long id");
  transaction.put(Family::category, record.id, encode(record));
  return {};
}

Status remove_category(Transaction& transaction, std::string_view id) {
  const auto found = find_category(transaction, id);
  if (!found) return std::unexpected(found.error());
  if (!*found) return fail(Errc::not_found, "category");
  const auto used = any_key(transaction, Family::category_use, Key().text(id));
  if (!used) return std::unexpected(used.error());
  if (*used) return fail(Errc::conflict, "removal of a category that documents name");
  transaction.erase(Family::category, id);
  return {};
}

}  // namespace mooring
