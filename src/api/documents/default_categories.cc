#include "mooring/api/documents/default_categories.h"

#include <utility>
#include <vector>

#include "mooring/api/documents/category_body.h"

namespace mooring {
namespace {

constexpr std::string_view kLoadedKey = "default-categories-loaded";

class LoadCategories final : public Mutation {
 public:
  explicit LoadCategories(std::vector<CategoryRecord> categories)
      : categories_(std::move(categories)) {}

  Status apply(Transaction& transaction) override {
    const Result<Value> loaded = transaction.get(Family::meta, kLoadedKey);
    if (!loaded) return std::unexpected(loaded.error());
    if (*loaded) return {};
    for (const CategoryRecord& category : categories_)
      if (Status put = put_category(transaction, category); !put) return put;
    transaction.put(Family::meta, kLoadedKey, "1");
    return {};
  }

 private:
  std::vector<CategoryRecord> categories_;
};

}  // namespace

Status load_default_categories(Writer& writer) {
  const Result<JsonValue> file = parse_json(kDefaultCategories);
  if (!file) return std::unexpected(file.error());
  Checked<std::vector<CategoryRecord>> categories = parse_categories(*file);
  if (!categories) return fail(Errc::corrupt, "the default categories");
  LoadCategories mutation(*std::move(categories));
  return writer.commit_and_wait(mutation);
}

}  // namespace mooring
