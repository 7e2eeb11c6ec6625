#include "mooring/catalog/documents.h"

#include <gtest/gtest.h>

#include "mooring/catalog/assets.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/categories.h"
#include "mooring/catalog/document_index.h"
#include "store.h"

namespace mooring {
namespace {

struct Documents : testing::Test {
  Store store;
  Uuid line = make_asset("org-1");
  Uuid machine = make_asset("org-1", line);
  Uuid stranger = make_asset("org-2");
  BlobId first{{1, 1}, 0};
  BlobId second{{2, 2}, 0};

  Documents() : Documents(small_database(OpenMode::create)) {}
  explicit Documents(const DatabaseOptions& options) : store(options) {
    MOORING_CHECK(store
                      .apply([&](Transaction& t) -> Status {
                        if (auto put = put_blob(t, first, {10, {.tier = Tier::file}}); !put)
                          return put;
                        if (auto put = put_blob(t, second, {20, {.tier = Tier::file}}); !put)
                          return put;
                        return put_category(t, {.id = "AA", .translations = {{"en", "Manuals"}}});
                      })
                      .has_value(),
                  "the ground of the test is laid");
  }

  Uuid make_asset(const std::string& organization, const std::optional<Uuid>& parent = {}) {
    const Uuid id = new_uuid();
    const auto made = store.apply([&](Transaction& t) {
      return create_asset(t, {.id = id, .organization_id = organization, .parent_id = parent});
    });
    MOORING_CHECK(made.has_value(), "an asset is made");
    return id;
  }
  DocumentRecord document(std::vector<Uuid> assets) const {
    return {.id = new_uuid(),
            .filename = "manual.pdf",
            .displayname = "Manual 2025",
            .owner_id = "org-1",
            .organization_id = "org-1",
            .mimetype = "application/pdf",
            .category_id = "AA",
            .languages = {"de", "en"},
            .updated_ms = 5,
            .updated_by = "u",
            .created_ms = 5,
            .created_by = "u",
            .supplier_document = true,
            .supplier_name = "Amcor",
            .blob = first,
            .size_bytes = 10,
            .asset_ids = std::move(assets)};
  }
  Result<DocumentRecord> create(const DocumentRecord& record) {
    return store.apply([&](Transaction& t) { return create_document(t, record); });
  }
  Result<Unlinked> unlink(const Uuid& id, const Uuid& asset) {
    return store.apply([&](Transaction& t) { return unlink_document(t, id, asset, 9); });
  }
  Result<LinkResult> link(const Uuid& id, const Uuid& asset) {
    return store.apply([&](Transaction& t) { return link_document(t, id, asset); });
  }
  std::optional<DocumentRecord> stored(const Uuid& id) {
    return find_document(*store.database, id).value();
  }
  std::vector<Uuid> linked_to(const Uuid& asset) {
    return list_documents_of_asset(*store.database, asset, 100).value();
  }
  bool is_referenced(const BlobId& blob) { return has_references(*store.database, blob).value(); }
};

TEST_F(Documents, AreFoundByIdByAssetAndByContent) {
  const auto made = create(document({machine, line, machine}));
  ASSERT_TRUE(made);
  EXPECT_EQ(made->asset_ids.size(), 2U);
  EXPECT_EQ(stored(made->id), *made);
  EXPECT_EQ(linked_to(line), std::vector{made->id});
  EXPECT_EQ(linked_to(machine), std::vector{made->id});
  EXPECT_EQ(find_document_of_content(*store.database, "org-1", first).value(), *made);
  EXPECT_EQ(find_document_of_content(*store.database, "org-2", first).value(), std::nullopt);
  EXPECT_EQ(list_owners(*store.database, first, 9).value(),
            std::vector{"document/" + to_string(made->id)});
}

TEST_F(Documents, AreRefusedWithoutWhatTheyName) {
  EXPECT_EQ(code_of(create(document({}))), Errc::invalid);
  EXPECT_EQ(code_of(create(document({new_uuid()}))), Errc::not_found);
  EXPECT_EQ(code_of(create(document({stranger}))), Errc::not_found);
  DocumentRecord uncategorised = document({line});
  uncategorised.category_id = "ZZ";
  EXPECT_EQ(code_of(create(uncategorised)), Errc::invalid);
  DocumentRecord collected = document({line});
  collected.blob = {{3, 3}, 0};
  EXPECT_EQ(code_of(create(collected)), Errc::stale);
  EXPECT_TRUE(linked_to(line).empty());
  EXPECT_FALSE(is_referenced(first));
}

TEST_F(Documents, TextsAreBounded) {
  DocumentRecord record = document({line});
  record.displayname = std::string(kDocumentTextBytesMax, 'n');
  EXPECT_TRUE(create(record));
  record.id = new_uuid();
  record.displayname += 'n';
  EXPECT_EQ(code_of(create(record)), Errc::invalid);
}

TEST_F(Documents, AnIdIsTakenOnce) {
  const DocumentRecord record = document({line});
  ASSERT_TRUE(create(record));
  EXPECT_EQ(code_of(create(record)), Errc::exists);
}

TEST_F(Documents, AReplacementKeepsBirthAndLinksAndMovesTheReference) {
  const auto made = create(document({line}));
  DocumentRecord changed = *made;
  changed.displayname = "Manual 2026";
  changed.category_id = std::nullopt;
  changed.blob = second;
  changed.size_bytes = 20;
  changed.created_ms = 77;
  changed.asset_ids = {machine};
  changed.updated_ms = 8;
  const auto replaced = store.apply([&](Transaction& t) { return replace_document(t, changed); });
  ASSERT_TRUE(replaced);
  EXPECT_EQ(replaced->created_ms, 5);
  EXPECT_EQ(replaced->asset_ids, made->asset_ids);
  EXPECT_EQ(stored(made->id), *replaced);
  EXPECT_FALSE(is_referenced(first));
  EXPECT_TRUE(is_referenced(second));
  EXPECT_EQ(find_document_of_content(*store.database, "org-1", first).value(), std::nullopt);
  EXPECT_EQ(find_document_of_content(*store.database, "org-1", second).value(), *replaced);
}

TEST_F(Documents, TheLastUnlinkRemovesThem) {
  const auto made = create(document({line}));
  EXPECT_EQ(link(made->id, machine).value(), LinkResult::linked);
  EXPECT_EQ(link(made->id, machine).value(), LinkResult::was_linked);
  EXPECT_EQ(code_of(link(made->id, stranger)), Errc::not_found);
  EXPECT_EQ(code_of(unlink(made->id, stranger)), Errc::not_found);
  EXPECT_FALSE(unlink(made->id, line)->is_removed);
  EXPECT_EQ(linked_to(line), std::vector<Uuid>{});
  EXPECT_TRUE(unlink(made->id, machine)->is_removed);
  EXPECT_EQ(stored(made->id), std::nullopt);
  EXPECT_EQ(linked_to(machine), std::vector<Uuid>{});
  EXPECT_FALSE(is_referenced(first));
  EXPECT_EQ(find_document_of_content(*store.database, "org-1", first).value(), std::nullopt);
}

TEST_F(Documents, AnAssignmentReplacesAllLinksAndNoneIsNoChange) {
  const auto made = create(document({line}));
  const auto assign = [&](std::vector<Uuid> assets) {
    return store.apply([&](Transaction& t) { return assign_document(t, made->id, assets); });
  };
  EXPECT_EQ(assign({})->assigned, 0U);
  EXPECT_EQ(linked_to(line), std::vector{made->id});
  const auto assigned = assign({machine});
  EXPECT_EQ(assigned->assigned, 1U);
  EXPECT_EQ(assigned->unassigned, 1U);
  EXPECT_TRUE(linked_to(line).empty());
  EXPECT_EQ(linked_to(machine), std::vector{made->id});
  EXPECT_EQ(code_of(assign({stranger})), Errc::not_found);
}

TEST_F(Documents, GoWithTheirLastAsset) {
  const auto both = create(document({line, machine}));
  const auto lower = create(document({machine}));
  const auto removed = store.apply(
      [&](Transaction& t) { return remove_asset(t, machine, RemovalDepth::only_leaf, 9); });
  ASSERT_TRUE(removed);
  ASSERT_EQ(removed->documents.size(), 1U);
  EXPECT_EQ(removed->documents.front().id, lower->id);
  EXPECT_EQ(stored(lower->id), std::nullopt);
  EXPECT_EQ(stored(both->id)->asset_ids, std::vector{line});
}

TEST_F(Documents, ACategoryInUseStays) {
  const auto made = create(document({line}));
  const auto remove = [&] {
    return store.apply([&](Transaction& t) { return remove_category(t, "AA"); });
  };
  EXPECT_EQ(code_of(remove()), Errc::conflict);
  ASSERT_TRUE(unlink(made->id, line));
  EXPECT_TRUE(remove());
  EXPECT_EQ(code_of(remove()), Errc::not_found);
}

struct DocumentsWithASmallTail : Documents {
  static constexpr std::size_t kTail = 32;
  DocumentsWithASmallTail() : Documents(with_small_tail()) {}
  static DatabaseOptions with_small_tail() {
    DatabaseOptions options = small_database(OpenMode::create);
    options.document_tail_max = kTail;
    return options;
  }
};

TEST_F(DocumentsWithASmallTail, ChangesAreRefusedWhileItIsFullAndTakenOnceItIsFolded) {
  const auto oldest = create(document({line}));
  while (linked_to(line).size() < kTail) ASSERT_TRUE(create(document({line})));
  DocumentRecord renamed = *oldest;
  renamed.displayname = "Manual 2026";
  const auto rename = [&] {
    return store.apply([&](Transaction& t) { return replace_document(t, renamed); });
  };
  EXPECT_EQ(code_of(create(document({line}))), Errc::overloaded);
  EXPECT_EQ(code_of(rename()), Errc::overloaded);
  EXPECT_EQ(code_of(unlink(oldest->id, line)), Errc::overloaded);
  EXPECT_EQ(stored(oldest->id), *oldest);
  EXPECT_EQ(linked_to(line).size(), kTail);
  DocumentRecord other = document({stranger});
  other.organization_id = "org-2";
  EXPECT_TRUE(create(other)) << "the tail of one organization is not the other's";
  {
    Writer writer(*store.database, {.durability = Durability::relaxed});
    DocumentIndex index(*store.database, writer, {});
    ASSERT_TRUE(index.fold());
  }
  EXPECT_TRUE(create(document({line})));
  EXPECT_TRUE(rename());
  EXPECT_TRUE(unlink(oldest->id, line)->is_removed);
}

TEST_F(Documents, CategoriesAreListedByTheirCodes) {
  ASSERT_TRUE(store.apply([&](Transaction& t) {
    return put_category(t, {.id = "B", .translations = {{"de", "Elektronik"}, {"en", "Parts"}}});
  }));
  const auto all = list_categories(*store.database, 10);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(all->back().translations.front().name, "Elektronik");
  EXPECT_EQ(list_categories(*store.database, 10, "AA")->size(), 1U);
  EXPECT_EQ(code_of(store.apply([](Transaction& t) { return put_category(t, {.id = ""}); })),
            Errc::invalid);
  EXPECT_EQ(code_of(store.apply([](Transaction& t) {
              return put_category(t, {.id = std::string(kCategoryIdBytesMax + 1, 'c')});
            })),
            Errc::invalid);
}

}  // namespace
}  // namespace mooring
