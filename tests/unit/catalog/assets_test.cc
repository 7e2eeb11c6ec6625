#include "mooring/catalog/assets.h"

#include <gtest/gtest.h>

#include "mooring/catalog/blobs.h"
#include "store.h"

namespace mooring {
namespace {

ChangeStamp stamp() {
  return {.now_ms = 99, .by = "editor"};
}

struct Assets : testing::Test {
  Store store;

  Result<AssetRecord> create(std::optional<Uuid> parent = {}, std::string organization = "org-1") {
    AssetRecord record{.id = new_uuid(),
                       .name = "asset",
                       .organization_id = std::move(organization),
                       .created_ms = 1,
                       .updated_ms = 1,
                       .updated_by = "creator",
                       .parent_id = parent};
    return store.apply([&](Transaction& t) { return create_asset(t, record); });
  }
  Uuid made(std::optional<Uuid> parent = {}, std::string organization = "org-1") {
    return create(parent, std::move(organization)).value().id;
  }
  Result<AssetRecord> update(const Uuid& id, const AssetPatch& patch) {
    return store.apply([&](Transaction& t) { return update_asset(t, id, patch, stamp()); });
  }
  Result<AssetRecord> reparent(const Uuid& id, std::optional<Uuid> parent) {
    return update(id, {.parent_id = parent});
  }
  Status sort(const Uuid& parent, const std::vector<Uuid>& order) {
    return store.apply([&](Transaction& t) { return sort_children(t, parent, order, stamp()); });
  }
  Result<RemovedAssets> remove(const Uuid& id, RemovalDepth depth = RemovalDepth::only_leaf) {
    return store.apply([&](Transaction& t) { return remove_asset(t, id, depth, 7); });
  }
  std::vector<Uuid> children(const Uuid& parent) {
    return list_children(*store.database, parent, 100).value();
  }
  std::vector<Uuid> roots(std::string_view organization = "org-1") {
    return list_roots(*store.database, organization, 100).value();
  }
  AssetRecord get(const Uuid& id) { return get_asset(*store.database, id).value(); }
  std::vector<Uuid> walk(const Uuid& id) {
    std::vector<Uuid> ids;
    for (const AssetRecord& asset : walk_subtree(*store.database, id, 100).value())
      ids.push_back(asset.id);
    return ids;
  }
};

using Ids = std::vector<Uuid>;

TEST_F(Assets, SiblingsStandInTheOrderOfTheirCreation) {
  const Uuid root = made();
  const Uuid a = made(root);
  const Uuid b = made(root);
  const Uuid c = made(root);
  EXPECT_EQ(children(root), (Ids{a, b, c}));
  EXPECT_EQ(get(c).position, 2u);
  EXPECT_EQ(roots(), Ids{root});
}

TEST_F(Assets, RootsBelongToTheirOrganization) {
  const Uuid mine = made({}, "org-1");
  const Uuid longer = made({}, "org-12");
  EXPECT_EQ(roots("org-1"), Ids{mine});
  EXPECT_EQ(roots("org-12"), Ids{longer});
  EXPECT_EQ(roots("org"), Ids{});
}

TEST_F(Assets, AnIdIsTakenOnce) {
  const AssetRecord first = create().value();
  const auto again = store.apply([&](Transaction& t) { return create_asset(t, first); });
  EXPECT_EQ(code_of(again), Errc::exists);
}

TEST_F(Assets, AParentExistsAndIsOfTheSameOrganization) {
  EXPECT_EQ(code_of(create(new_uuid())), Errc::invalid);
  const Uuid foreign = made({}, "org-2");
  EXPECT_EQ(code_of(create(foreign, "org-1")), Errc::invalid);
  const Uuid mine = made();
  EXPECT_EQ(code_of(reparent(mine, foreign)), Errc::invalid);
  EXPECT_EQ(code_of(reparent(mine, new_uuid())), Errc::invalid);
  EXPECT_EQ(roots(), Ids{mine}) << "a refused move leaves the tree as it was";
}

TEST_F(Assets, APatchChangesWhatItNamesAndStampsIt) {
  const Uuid id = made();
  const AssetRecord changed =
      update(id, {.name = "pump", .description = std::optional<std::string>("d")}).value();
  EXPECT_EQ(changed.name, "pump");
  EXPECT_EQ(changed.description, "d");
  EXPECT_EQ(changed.updated_ms, 99);
  EXPECT_EQ(changed.updated_by, "editor");
  EXPECT_EQ(changed.created_ms, 1);
  EXPECT_EQ(get(id), changed);
  const AssetRecord nulled = update(id, {.description = std::optional<std::string>()}).value();
  EXPECT_EQ(nulled.description, std::nullopt);
  EXPECT_EQ(nulled.name, "pump");
  EXPECT_EQ(code_of(update(new_uuid(), {})), Errc::not_found);
}

TEST_F(Assets, AMovePutsTheAssetBehindItsNewSiblings) {
  const Uuid a = made();
  const Uuid b = made();
  const Uuid in_a = made(a);
  const Uuid in_b = made(b);
  EXPECT_EQ(reparent(in_a, b)->position, 1u);
  EXPECT_EQ(children(a), Ids{});
  EXPECT_EQ(children(b), (Ids{in_b, in_a}));
  ASSERT_TRUE(reparent(in_a, std::nullopt));
  EXPECT_EQ(roots(), (Ids{a, b, in_a}));
  ASSERT_TRUE(reparent(in_a, std::nullopt));
  EXPECT_EQ(roots(), (Ids{a, b, in_a})) << "a move to where it is changes nothing";
}

TEST_F(Assets, AnAssetIsNeverItsOwnAncestor) {
  const Uuid root = made();
  const Uuid middle = made(root);
  const Uuid leaf = made(middle);
  EXPECT_EQ(code_of(reparent(root, root)), Errc::conflict);
  EXPECT_EQ(code_of(reparent(root, leaf)), Errc::conflict);
  EXPECT_EQ(code_of(reparent(middle, leaf)), Errc::conflict);
  EXPECT_EQ(walk(root), (Ids{root, middle, leaf}));
  EXPECT_TRUE(reparent(leaf, root));
}

TEST_F(Assets, SortingNamesEveryChildExactlyOnce) {
  const Uuid root = made();
  const Uuid a = made(root);
  const Uuid b = made(root);
  const Uuid c = made(root);
  ASSERT_TRUE(sort(root, {c, a, b}));
  EXPECT_EQ(children(root), (Ids{c, a, b}));
  EXPECT_EQ(get(c).position, 0u);
  EXPECT_EQ(get(c).updated_by, "editor");
  for (const Ids& wrong :
       {Ids{a, b}, Ids{a, b, b}, Ids{a, b, c, c}, Ids{a, b, root}, Ids{a, b, c, new_uuid()}, Ids{}})
    EXPECT_EQ(code_of(sort(root, wrong)), Errc::invalid);
  EXPECT_EQ(children(root), (Ids{c, a, b}));
  EXPECT_EQ(code_of(sort(new_uuid(), {})), Errc::not_found);
  EXPECT_TRUE(sort(a, {}));
}

TEST_F(Assets, AfterASortAndARemovalTheNextOneStillComesLast) {
  const Uuid root = made();
  const Uuid a = made(root);
  const Uuid b = made(root);
  ASSERT_TRUE(sort(root, {b, a}));
  ASSERT_TRUE(remove(b));
  const Uuid c = made(root);
  EXPECT_EQ(children(root), (Ids{a, c}));
}

TEST_F(Assets, ActivationReachesTheWholeSubtreeAndNothingElse) {
  const Uuid root = made();
  const Uuid branch = made(root);
  const Uuid leaf = made(branch);
  const auto activated =
      store.apply([&](Transaction& t) { return activate_subtree(t, branch, stamp()); });
  EXPECT_EQ(activated->id, branch);
  for (const Uuid& id : {branch, leaf}) {
    EXPECT_TRUE(get(id).active);
    EXPECT_FALSE(get(id).draft);
    EXPECT_EQ(get(id).updated_ms, 99);
  }
  EXPECT_FALSE(get(root).active);
  const auto unknown =
      store.apply([&](Transaction& t) { return activate_subtree(t, new_uuid(), stamp()); });
  EXPECT_EQ(code_of(unknown), Errc::not_found);
}

TEST_F(Assets, AnAssetWithChildrenGoesOnlyWithThem) {
  const Uuid root = made();
  const Uuid branch = made(root);
  const Uuid leaf = made(branch);
  EXPECT_EQ(code_of(remove(branch)), Errc::conflict);
  EXPECT_EQ(walk(root), (Ids{root, branch, leaf}));
  const RemovedAssets removed = remove(branch, RemovalDepth::subtree).value();
  ASSERT_EQ(removed.assets.size(), 2u);
  EXPECT_EQ(removed.assets[0].id, branch);
  EXPECT_EQ(removed.assets[1].id, leaf);
  EXPECT_EQ(walk(root), Ids{root});
  EXPECT_EQ(children(branch), Ids{});
  EXPECT_EQ(code_of(remove(branch)), Errc::not_found);
  EXPECT_TRUE(remove(root));
  EXPECT_EQ(roots(), Ids{});
}

TEST_F(Assets, RemovalTakesPicturesAndTheirReferences) {
  const Uuid root = made();
  const Uuid leaf = made(root);
  const BlobId blob{{5, 6}, 0};
  const PictureRecord picture{.id = new_uuid(),
                              .organization_id = "org-1",
                              .asset_id = leaf,
                              .blob = blob,
                              .size_bytes = 3};
  ASSERT_TRUE(store.apply([&](Transaction& t) -> Status {
    if (auto put = put_blob(t, blob, {3, {.tier = Tier::file}}); !put) return put;
    return create_picture(t, picture);
  }));
  const RemovedAssets removed = remove(root, RemovalDepth::subtree).value();
  EXPECT_EQ(removed.pictures, std::vector<PictureRecord>{picture});
  EXPECT_EQ(find_picture(*store.database, leaf).value(), std::nullopt);
  EXPECT_EQ(list_garbage(*store.database, 10).value(), (std::vector<GarbageMark>{{blob, 7}}));
}

TEST_F(Assets, WalksGoParentsFirstSiblingsInOrderAndAreBounded) {
  const Uuid one = made();
  const Uuid two = made();
  const Uuid a = made(one);
  const Uuid b = made(one);
  const Uuid a1 = made(a);
  EXPECT_EQ(walk(one), (Ids{one, a, a1, b}));
  const auto all = walk_organization(*store.database, "org-1", 5).value();
  Ids ids;
  for (const AssetRecord& asset : all) ids.push_back(asset.id);
  EXPECT_EQ(ids, (Ids{one, a, a1, b, two}));
  EXPECT_EQ(code_of(walk_organization(*store.database, "org-1", 4)), Errc::unprocessable);
  EXPECT_EQ(code_of(walk_subtree(*store.database, one, 3)), Errc::unprocessable);
  EXPECT_EQ(code_of(walk_subtree(*store.database, new_uuid(), 3)), Errc::not_found);
}

TEST_F(Assets, ChangesOfOneBatchSeeEachOther) {
  Ids order;
  ASSERT_TRUE(store.apply([&](Transaction& t) -> Status {
    const auto root = create_asset(t, {.id = new_uuid(), .organization_id = "o"});
    if (!root) return std::unexpected(root.error());
    for (int i = 0; i < 3; ++i) {
      const auto child =
          create_asset(t, {.id = new_uuid(), .organization_id = "o", .parent_id = root->id});
      if (!child) return std::unexpected(child.error());
      order.push_back(child->id);
    }
    std::swap(order[0], order[2]);
    return sort_children(t, root->id, order, stamp());
  }));
  EXPECT_EQ(children(roots("o").at(0)), order);
}

}  // namespace
}  // namespace mooring
