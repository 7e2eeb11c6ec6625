// A world of documents for the tests of their index: a store, the index, the model, and one source
// of chance.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "document_model.h"
#include "mooring/base/utf8.h"
#include "mooring/catalog/assets.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/categories.h"
#include "mooring/catalog/codec.h"
#include "mooring/catalog/document_index.h"
#include "mooring/catalog/document_index_check.h"
#include "store.h"

namespace mooring {

inline constexpr BlobId kBlob{{7, 7}, 0};
inline constexpr std::string_view kHome = "org-1";

/// A store, its index, the model, and one source of chance.
class World {
 public:
  explicit World(std::uint64_t seed, DocumentIndexOptions options = {.tail_documents = 64})
      : options_(options), random_(seed) {
    apply([](Transaction& t) -> Status {
      if (auto put = put_blob(t, kBlob, {1, {.tier = Tier::file}}); !put) return put;
      for (const char* id : {"AA", "AB", "B", "ZZ", "ß"})
        if (auto put = put_category(t, {.id = id, .translations = {{"en", id}}}); !put) return put;
      return {};
    });
    open();
  }

  void open() {
    writer_.emplace(*store_.database, WriterOptions{.durability = Durability::relaxed});
    index_.emplace(*store_.database, *writer_, options_);
  }
  void close() {
    index_.reset();
    writer_.reset();
  }
  void reopen() {
    close();
    pick(2) == 0 ? store_.reopen() : store_.reopen_cold();
    open();
  }

  /// Ordinals begin at `first`: as in an organization that had as many documents before.
  void begin_ordinals_at(std::uint32_t first) {
    store_.put(Family::document_state, Key().text(kHome),
               Encoder(1)
                   .number(0)
                   .number(first)
                   .number(0)
                   .number(1)
                   .number(0)
                   .number(0)
                   .number(0)
                   .take());
    store_.put(Family::document_state, Key().u16(0xffff), Key().u32(1));
  }

  template <typename Function>
  std::invoke_result_t<Function&, Transaction&> apply(Function function) {
    using Answer = std::invoke_result_t<Function&, Transaction&>;
    if (!writer_) return store_.apply(function);
    std::optional<Answer> answer;
    Change change([&](Transaction& t) -> Status {
      answer.emplace(function(t));
      return *answer ? Status() : std::unexpected(answer->error());
    });
    (void)writer_->commit_and_wait(change);
    return *std::move(answer);
  }

  std::size_t pick(std::size_t below) {
    return std::uniform_int_distribution<std::size_t>(0, below - 1)(random_);
  }
  bool chance(std::size_t one_in) { return pick(one_in) == 0; }
  template <typename List>
  const auto& any_of(const List& list) {
    return *std::next(list.begin(), static_cast<std::ptrdiff_t>(pick(list.size())));
  }

  Uuid any_asset(std::string_view organization) {
    while (true) {
      const auto& [id, asset] = any_of(model.assets);
      if (asset.organization == organization) return id;
    }
  }

  void add_asset(std::string_view organization, const std::optional<Uuid>& parent) {
    const Uuid id = new_uuid();
    const auto made = apply([&](Transaction& t) {
      return create_asset(
          t, {.id = id, .organization_id = std::string(organization), .parent_id = parent});
    });
    ASSERT_TRUE(made);
    model.assets[id] = {std::string(organization), parent};
  }

  std::string any_name() {
    static const std::vector<std::string> kWords = {"Pump",
                                                    "PUMP",
                                                    "pumpe",
                                                    "Wartung",
                                                    "Ärger",
                                                    "ÄRGER",
                                                    "Straße",
                                                    "STRASSE",
                                                    "ΣΊΣΥΦΟΣ",
                                                    "σίσυφος",
                                                    "e\u0301te\u0301",
                                                    "été",
                                                    "דוח",
                                                    "שנתי",
                                                    "📄",
                                                    "👩‍🔧",
                                                    "plan",
                                                    "Plan",
                                                    "A",
                                                    "a",
                                                    "журнал",
                                                    "ЖУРНАЛ",
                                                    "x%_*",
                                                    "aaaa",
                                                    "aaaaa"};
    std::string name = any_of(kWords);
    for (std::size_t words = pick(4); words > 0; --words) name += " " + any_of(kWords);
    if (chance(3)) name += " " + std::to_string(pick(30));
    return name;
  }

  void fill(DocumentRecord& record) {
    static const std::vector<std::string> kTypes = {"application/pdf", "Application/PDF; v=1",
                                                    "image/png", "text/plain"};
    static const std::vector<std::string> kCategories = {"AA", "AB", "B", "ZZ", "ß"};
    static const std::vector<std::string> kSuppliers = {"Amcor", "amcor", "a,b", "Zürich AG"};
    record.displayname = any_name();
    record.mimetype = any_of(kTypes);
    record.category_id.reset();
    if (!chance(4)) record.category_id = any_of(kCategories);
    record.languages.clear();
    for (const char* code : {"de", "en", "fr"})
      if (chance(3)) record.languages.emplace_back(code);
    record.supplier_document = chance(2);
    record.supplier_name.reset();
    if (chance(2)) record.supplier_name = any_of(kSuppliers);
    record.updated_ms = static_cast<std::int64_t>(1'000 + pick(40));
  }

  void add_document(std::string_view organization) {
    DocumentRecord record{.id = new_uuid(),
                          .filename = "f",
                          .owner_id = std::string(organization),
                          .organization_id = std::string(organization),
                          .blob = kBlob,
                          .size_bytes = 1};
    fill(record);
    for (std::size_t links = 1 + pick(8) / 6; links > 0; --links)
      record.asset_ids.push_back(any_asset(organization));
    const auto made = apply([&](Transaction& t) { return create_document(t, record); });
    ASSERT_TRUE(made);
    model.documents[record.id] = *made;
  }

  void change_document() {
    DocumentRecord record = any_of(model.documents).second;
    if (chance(4))
      record.updated_ms += static_cast<std::int64_t>(pick(5));
    else
      fill(record);
    const auto changed = apply([&](Transaction& t) { return replace_document(t, record); });
    ASSERT_TRUE(changed);
    model.documents[record.id] = *changed;
  }

  void change_links() {
    const DocumentRecord record = any_of(model.documents).second;
    const Uuid asset = any_asset(record.organization_id);
    switch (pick(3)) {
      case 0:
        ASSERT_TRUE(apply([&](Transaction& t) { return link_document(t, record.id, asset); }));
        break;
      case 1: {
        const Uuid linked = any_of(record.asset_ids);
        ASSERT_TRUE(
            apply([&](Transaction& t) { return unlink_document(t, record.id, linked, 5); }));
        break;
      }
      default: {
        const std::vector<Uuid> assets{asset, any_asset(record.organization_id)};
        ASSERT_TRUE(apply([&](Transaction& t) { return assign_document(t, record.id, assets); }));
      }
    }
    refresh(record.id);
  }

  void remove_document() {
    const Uuid id = any_of(model.documents).first;
    ASSERT_TRUE(apply([&](Transaction& t) { return mooring::remove_document(t, id, 5); }));
    model.documents.erase(id);
  }

  void move_asset() {
    const auto [id, asset] = any_of(model.assets);
    AssetPatch patch;
    patch.parent_id.emplace();
    if (!chance(6)) *patch.parent_id = any_asset(asset.organization);
    const auto moved =
        apply([&](Transaction& t) { return update_asset(t, id, patch, {.now_ms = 5, .by = "u"}); });
    if (moved) model.assets[id].parent = moved->parent_id;  // else it would be below itself
  }

  void remove_assets() {
    const Uuid id = any_of(model.assets).first;
    const auto removed =
        apply([&](Transaction& t) { return remove_asset(t, id, RemovalDepth::subtree, 5); });
    ASSERT_TRUE(removed);
    const std::string organization = model.assets[id].organization;
    for (const AssetRecord& asset : removed->assets) model.assets.erase(asset.id);
    std::vector<Uuid> ids;
    for (const auto& [document, record] : model.documents) ids.push_back(document);
    for (const Uuid& document : ids) refresh(document);
    add_asset(organization, std::nullopt);
  }

  /// Takes over what the catalogue says about one document's links.
  void refresh(const Uuid& id) {
    const auto record = find_document(*store_.database, id);
    ASSERT_TRUE(record);
    if (*record)
      model.documents[id] = **record;
    else
      model.documents.erase(id);
  }

  /// A change of any kind, small ones more often.
  void change_something() {
    const std::size_t kind = pick(100);
    if (kind < 45 || model.documents.size() < 20) return add_document(chance(9) ? "org-2" : kHome);
    if (kind < 65) return change_document();
    if (kind < 80) return change_links();
    if (kind < 92) return remove_document();
    if (kind < 96) return move_asset();
    if (kind < 97 && chance(3)) return remove_assets();
    const auto [id, asset] = any_of(model.assets);
    add_asset(asset.organization, id);
  }

  std::string any_search() {
    const std::string name = any_of(model.documents).second.displayname;
    const std::size_t length = code_points(name);
    if (length < kSearchCodePointsMin || chance(12)) return any_name() + "abc";
    const std::size_t taken = kSearchCodePointsMin + pick(length - kSearchCodePointsMin + 1);
    const std::size_t from = pick(length - taken + 1);
    std::string search;
    std::size_t i = 0;
    for (std::size_t at = 0; at < name.size(); ++i) {
      const std::size_t bytes = code_point_bytes(name[at]);
      if (i >= from && i < from + taken) search += name.substr(at, bytes);
      at += bytes;
    }
    return chance(2) ? fold_case(search) : search;
  }

  DocumentQuery any_query() {
    DocumentQuery query;
    query.scopes.push_back({.organization = std::string(kHome), .roots = {any_asset(kHome)}});
    while (chance(3)) query.scopes.front().roots.push_back(any_asset(kHome));
    if (chance(2))
      for (const auto& [id, asset] : model.assets)
        if (asset.organization == kHome && !asset.parent) query.scopes.front().roots.push_back(id);
    while (chance(4)) query.scopes.front().assets.push_back(any_asset(kHome));
    if (chance(8)) query.scopes.front().roots.clear();
    if (chance(10)) query.scopes.push_back({"org-2", {any_asset("org-2")}});
    if (chance(3)) query.search = any_search();
    if (chance(4)) query.categories = {"AA", "nothing", "ß"};
    if (chance(4)) query.mimetypes = {"APPLICATION/pdf", "text/plain;charset=x"};
    if (chance(5)) query.languages = {"none"};
    if (chance(5)) query.languages.emplace_back("de");
    if (chance(5)) query.supplier_document = chance(2);
    if (chance(6)) query.supplier_names = {"Amcor", "a,b"};
    std::vector keys{DocumentSortKey::name, DocumentSortKey::category, DocumentSortKey::updated};
    std::ranges::shuffle(keys, random_);
    keys.resize(pick(4));
    for (const DocumentSortKey key : keys)
      query.sorts.push_back({key, chance(2) ? SortOrder::ascending : SortOrder::descending});
    query.limit = 1 + pick(50);
    query.offset = chance(2) ? 0 : pick(model.documents.size() + 5);
    return query;
  }

  DocumentModel::Answer ask(const DocumentQuery& query) {
    const auto page = index_->query(query);
    MOORING_CHECK(page.has_value(), "a query of the test is answered");
    DocumentModel::Answer answer{.ids = {}, .total = page->total};
    for (const DocumentRecord& record : page->documents) {
      answer.ids.push_back(record.id);
      EXPECT_EQ(record, model.documents[record.id]);
    }
    return answer;
  }

  DocumentIndex& index() { return *index_; }
  Store& store() { return store_; }

  /// What `mooring check` would say; and that it looked at everything.
  std::vector<std::string> problems() {
    std::vector<std::string> found;
    const Snapshot view(*store_.database);
    const auto report =
        check_document_index(view, [&](const std::string& text) { found.push_back(text); });
    MOORING_CHECK(report.has_value(), "the index of a test can be checked");
    EXPECT_EQ(report->documents, model.documents.size());
    return found;
  }
  std::mt19937_64& random() { return random_; }

  DocumentModel model;

 private:
  const DocumentIndexOptions options_;
  std::mt19937_64 random_;
  Store store_;
  std::optional<Writer> writer_;
  std::optional<DocumentIndex> index_;
};

inline std::string text_of(const DocumentQuery& query) {
  std::string text = "search '" + query.search + "', sorts";
  for (const DocumentSort& sort : query.sorts)
    text += " " + std::to_string(static_cast<int>(sort.key)) +
            (sort.order == SortOrder::ascending ? "+" : "-");
  return text + ", offset " + std::to_string(query.offset) + ", limit " +
         std::to_string(query.limit) + ", " + std::to_string(query.categories.size()) +
         " categories, " + std::to_string(query.mimetypes.size()) + " types, " +
         std::to_string(query.languages.size()) + " languages, " +
         std::to_string(query.supplier_names.size()) + " suppliers";
}

inline void grow(World& world, std::size_t assets, std::size_t documents) {
  for (const std::string_view organization : {kHome, std::string_view("org-2")})
    for (std::size_t i = 0; i < assets; ++i)
      world.add_asset(organization,
                      i < 3 ? std::nullopt : std::optional(world.any_asset(organization)));
  for (std::size_t i = 0; i < documents; ++i) world.add_document(kHome);
}

}  // namespace mooring
