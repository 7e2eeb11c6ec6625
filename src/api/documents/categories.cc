#include <utility>

#include "document_handlers.h"
#include "mooring/api/documents/category_body.h"
#include "mooring/api/documents/language.h"
#include "mooring/api/json_body.h"
#include "mooring/catalog/reader.h"
#include "mooring/catalog/writer.h"

namespace mooring {
namespace {

class PutCategory final : public Mutation {
 public:
  explicit PutCategory(CategoryRecord category) : category(std::move(category)) {}
  Status apply(Transaction& transaction) override { return put_category(transaction, category); }

  CategoryRecord category;
};

class RemoveCategory final : public Mutation {
 public:
  explicit RemoveCategory(std::string_view id) : id_(id) {}
  Status apply(Transaction& transaction) override { return remove_category(transaction, id_); }

 private:
  std::string_view id_;
};

std::string_view id_of_path(const Exchange& exchange) {
  return segment_after_prefix(exchange.path, 1);
}

/// ?languageCode=: none, or one language.
Checked<std::optional<std::string>> language_of_query(const Exchange& exchange) {
  const auto stated = exchange.query.find("languageCode");
  if (!stated) return std::nullopt;
  std::optional<std::string> language = parse_language(*stated);
  if (!language || exchange.query.count("languageCode") > 1)
    return std::unexpected(BadField{"languageCode"});
  return language;
}

}  // namespace

Task<Response> handle_list_categories(Exchange& exchange) {
  const auto language = language_of_query(exchange);
  if (!language) co_return refuse_document_field(language.error());
  Result<std::vector<CategoryRecord>> categories = co_await exchange.services.reader.read(
      [](const View& view) { return list_categories(view, kCategoriesMax); });
  if (!categories) co_return refuse(categories.error());
  co_return json_response(kCategoryReadStatus, categories_body(*categories, *language));
}

Task<Response> handle_get_category(Exchange& exchange) {
  const auto language = language_of_query(exchange);
  if (!language) co_return refuse_document_field(language.error());
  Result<std::optional<CategoryRecord>> category = co_await exchange.services.reader.read(
      [id = id_of_path(exchange)](const View& view) { return find_category(view, id); });
  if (!category) co_return refuse(category.error());
  if (!*category) co_return refuse(Errc::not_found);
  co_return json_response(kCategoryReadStatus, category_body(**category, *language));
}

Task<Response> handle_put_category(Exchange& exchange) {
  Result<JsonValue> body = co_await read_json_body(exchange);
  if (!body) co_return refuse(body.error());
  Checked<CategoryRecord> category = parse_category(id_of_path(exchange), *body);
  if (!category) co_return refuse_document_field(category.error());
  PutCategory mutation(*std::move(category));
  CoreServices& services = exchange.services;
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed) co_return refuse(committed.error());
  co_return json_response(kCategoryPutStatus, category_body(mutation.category, {}));
}

Task<Response> handle_delete_category(Exchange& exchange) {
  RemoveCategory mutation(id_of_path(exchange));
  CoreServices& services = exchange.services;
  Status committed = co_await services.writer.commit(services.core, mutation);
  if (!committed) co_return refuse(committed.error());
  co_return empty_response(kCategoryRemovedStatus);
}

}  // namespace mooring
