#include "mooring/catalog/attachments.h"

#include <gtest/gtest.h>

#include <set>

#include "mooring/catalog/blobs.h"
#include "mooring/catalog/projects.h"
#include "store.h"

namespace mooring {
namespace {

struct Attachments : testing::Test {
  Store store;
  BlobId first{{1, 1}, 0};
  BlobId second{{2, 2}, 0};

  Attachments() {
    MOORING_CHECK(store
                      .apply([&](Transaction& t) -> Status {
                        if (auto put = put_blob(t, first, {10, {.tier = Tier::file}}); !put)
                          return put;
                        return put_blob(t, second, {20, {.tier = Tier::file}});
                      })
                      .has_value(),
                  "the ground of the test is laid");
  }

  static PocketAsset new_asset(std::string title, PocketPlace place = PocketPlace::root,
                               const PocketId& holder = {}, std::int64_t now_ms = 1) {
    return {.id = new_pocket_id(),
            .place = place,
            .holder = holder,
            .owner = "a@example.com",
            .text = {.title = std::move(title)},
            .created_ms = now_ms,
            .modified_ms = now_ms};
  }
  Result<PocketAsset> create(const PocketAsset& asset) {
    return store.apply([&](Transaction& t) { return create_pocket_asset(t, asset); });
  }
  PocketId asset(std::string title = "t") { return create(new_asset(std::move(title))).value().id; }
  PocketId attach(const PocketId& holder, std::string title = "t", std::int64_t now_ms = 1) {
    return create(new_asset(std::move(title), PocketPlace::asset_attachment, holder, now_ms))
        .value()
        .id;
  }
  PocketId project(std::optional<PocketId> holder = {}) {
    const PocketProject made{.id = new_pocket_id(), .holder = holder, .text = {.title = "p"}};
    return store.apply([&](Transaction& t) { return create_pocket_project(t, made); }).value().id;
  }
  Result<PocketAsset> trash(const PocketId& id, std::int64_t now_ms = 5) {
    return store.apply([&](Transaction& t) { return trash_pocket_asset(t, id, now_ms); });
  }
  Result<PocketAsset> restore(const PocketId& id) {
    return store.apply([&](Transaction& t) { return restore_pocket_asset(t, id); });
  }
  Result<PocketAsset> update(const PocketId& id, const PocketPatch& patch) {
    return store.apply([&](Transaction& t) { return update_pocket_asset(t, id, patch, 7); });
  }
  Result<PocketAsset> put(const PocketId& id, const BlobId& blob, std::int64_t now_ms = 3) {
    PocketContent content{.media_id = new_pocket_id(), .filename = "a.jpg", .blob = blob};
    return store.apply([&](Transaction& t) { return put_pocket_content(t, id, content, now_ms); });
  }
  Status remove(const PocketId& id) {
    return store.apply([&](Transaction& t) { return remove_pocket_asset(t, id, 9); });
  }
  std::vector<std::string> titles(const PocketId& holder,
                                  PocketPlace place = PocketPlace::asset_attachment) {
    std::vector<std::string> found;
    for (const auto& one : list_attachments(*store.database, place, holder, 1000).value())
      found.push_back(one.text.title);
    return found;
  }
  bool is_visible(const PocketId& id, Trashed itself = Trashed::hidden) {
    return visible_pocket_asset(*store.database, id, itself).has_value();
  }
  std::size_t keys(Family family) {
    return store.database->scan({.family = family}).value().size();
  }
  void expect_nothing_left() {
    for (const Family family : {Family::pocket_asset, Family::pocket_project, Family::pocket_child,
                                Family::pocket_external, Family::pocket_trash, Family::ref})
      EXPECT_EQ(keys(family), 0u) << static_cast<int>(family);
  }
};

TEST(PocketIds, AreTwentyCharactersOfTheAlphabetAndDiffer) {
  std::set<PocketId> seen;
  for (int i = 0; i < 1000; ++i) {
    const PocketId id = new_pocket_id();
    EXPECT_EQ(parse_pocket_id(to_string(id)), id);
    EXPECT_TRUE(seen.insert(id).second);
  }
}

TEST(PocketIds, M9_NothingElseIsOne) {
  EXPECT_TRUE(parse_pocket_id("-23mQQaJiZrjw1MLBEc1"));
  EXPECT_TRUE(parse_pocket_id("u0wgdvwXs2KD3MgqNV8_"));
  for (const char* text : {"", ":asset_id", "u0wgdvwXs2KD3MgqNV8", "u0wgdvwXs2KD3MgqNV8_x",
                           "u0wgdvwXs2KD3MgqNV8+", "u0wgdvwXs2KD3MgqNV8 "})
    EXPECT_FALSE(parse_pocket_id(text)) << text;
}

template <typename Record, typename Decode>
void expect_exact(const Record& record, Decode decode) {
  const std::string bytes = encode(record);
  const auto back = decode(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, record);
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_EQ(code_of(decode(std::string_view(bytes).substr(0, length))), Errc::corrupt) << length;
  EXPECT_EQ(code_of(decode(bytes + '\0')), Errc::corrupt);
}

TEST(PocketRecords, ComeBackExactly) {
  PocketAsset asset{.id = new_pocket_id(),
                    .place = PocketPlace::project_member,
                    .holder = new_pocket_id(),
                    .sequence = 70'000,
                    .owner = "a@example.com",
                    .text = {"t", "d", "c", "e", {"x", ""}},
                    .kind = PocketKind::article,
                    .created_ms = 1,
                    .modified_ms = 2,
                    .deleted_ms = 3,
                    .content = PocketContent{new_pocket_id(),
                                             PocketMedia::audio,
                                             "a.mp3",
                                             "audio/mpeg",
                                             {std::byte{7}},
                                             {{1, 2}, 3},
                                             1ull << 40}};
  expect_exact(asset, decode_pocket_asset);
  expect_exact(PocketAsset{.id = new_pocket_id(), .owner = "o"}, decode_pocket_asset);
  PocketProject project{.id = new_pocket_id(),
                        .holder = new_pocket_id(),
                        .sequence = 1,
                        .owner = "o",
                        .text = {"t", "d", "c", "e", {"x"}},
                        .is_public = true,
                        .created_ms = 1,
                        .modified_ms = 2};
  expect_exact(project, decode_pocket_project);
  expect_exact(PocketProject{.id = new_pocket_id()}, decode_pocket_project);
}

TEST_F(Attachments, M10_AreListedByCreationThenInTheOrderOfTheirComing) {
  const PocketId holder = asset();
  attach(holder, "third", 20);
  attach(holder, "first", 10);
  attach(holder, "second", 10);
  attach(holder, "fourth", 20);
  EXPECT_EQ(titles(holder), (std::vector<std::string>{"first", "second", "third", "fourth"}));
}

TEST_F(Attachments, ListsOverManyPagesAreWhole) {
  const PocketId holder = asset();
  ASSERT_TRUE(store.apply([&](Transaction& t) -> Status {
    for (int i = 0; i < 1100; ++i)
      if (auto made = create_pocket_asset(
              t, new_asset(std::to_string(i), PocketPlace::asset_attachment, holder));
          !made)
        return std::unexpected(made.error());
    return {};
  }));
  const auto all =
      list_attachments(*store.database, PocketPlace::asset_attachment, holder, 5000).value();
  ASSERT_EQ(all.size(), 1100u);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].text.title, std::to_string(i));
  EXPECT_EQ(titles(holder).size(), 1000u) << "the limit";
}

TEST_F(Attachments, M13_ProjectsAndAssetsAreNotTakenForEachOther) {
  const PocketId in_project = project();
  const PocketId alone = asset();
  EXPECT_EQ(code_of(create(new_asset("t", PocketPlace::asset_attachment, in_project))),
            Errc::not_found);
  EXPECT_EQ(code_of(create(new_asset("t", PocketPlace::project_attachment, alone))),
            Errc::not_found);
  ASSERT_TRUE(create(new_asset("a", PocketPlace::project_attachment, in_project)));
  ASSERT_TRUE(create(new_asset("m", PocketPlace::project_member, in_project)));
  EXPECT_EQ(titles(in_project, PocketPlace::project_attachment), std::vector<std::string>{"a"});
}

TEST_F(Attachments, M12_MayHaveAttachmentsDownToTheLimit) {
  PocketId below = asset();
  for (std::size_t depth = 1; depth < kPocketDepthMax; ++depth) below = attach(below);
  EXPECT_TRUE(is_visible(below));
  EXPECT_EQ(code_of(create(new_asset("t", PocketPlace::asset_attachment, below))),
            Errc::unprocessable);
}

TEST_F(Attachments, AnExternalIdBelongsToOneAsset) {
  PocketAsset one = new_asset("t");
  one.text.external_id = "e-1";
  ASSERT_TRUE(create(one));
  PocketAsset two = new_asset("t");
  two.text.external_id = "e-1";
  EXPECT_EQ(code_of(create(two)), Errc::conflict);
  EXPECT_FALSE(is_visible(two.id)) << "refused whole";

  two.text.external_id = "e-2";
  ASSERT_TRUE(create(two));
  EXPECT_EQ(code_of(update(two.id, {.external_id = "e-1"})), Errc::conflict);
  ASSERT_TRUE(update(one.id, {.external_id = "e-1"})) << "its own";
  ASSERT_TRUE(update(one.id, {.external_id = std::optional<std::string>()}));
  ASSERT_TRUE(update(two.id, {.external_id = "e-1"})) << "free again";
  ASSERT_TRUE(remove(two.id));
  one.id = new_pocket_id();
  EXPECT_TRUE(create(one)) << "free after a removal";
}

TEST_F(Attachments, AChangeIsStampedAndNoChangeIsNot) {
  const PocketId id = asset("before");
  EXPECT_EQ(update(id, {.title = "before"}).value().modified_ms, 1);
  const PocketAsset changed =
      update(id, {.title = "after", .description = "d", .tags = {{"x"}}}).value();
  EXPECT_EQ(changed.modified_ms, 7);
  EXPECT_EQ(changed.created_ms, 1);
  EXPECT_EQ(changed.text, (PocketText{"after", "d", {}, {}, {"x"}}));
  EXPECT_EQ(find_pocket_asset(*store.database, id).value(), changed);
}

TEST_F(Attachments, M11_TheTrashHidesAnAssetAndAllBelowIt) {
  const PocketId holder = asset();
  const PocketId child = attach(holder, "child");
  const PocketId grandchild = attach(child, "grandchild");
  EXPECT_EQ(trash(child).value().deleted_ms, 5);
  EXPECT_EQ(trash(child, 6).value().deleted_ms, 5) << "there already";
  EXPECT_TRUE(titles(holder).empty());
  EXPECT_FALSE(is_visible(child));
  EXPECT_TRUE(is_visible(child, Trashed::shown));
  EXPECT_FALSE(is_visible(grandchild, Trashed::shown));
  EXPECT_EQ(code_of(create(new_asset("t", PocketPlace::asset_attachment, child))), Errc::not_found);
  EXPECT_EQ(code_of(create(new_asset("t", PocketPlace::asset_attachment, grandchild))),
            Errc::not_found);
  EXPECT_EQ(code_of(update(child, {.title = "x"})), Errc::not_found);
  EXPECT_EQ(code_of(put(child, first)), Errc::not_found);
  EXPECT_EQ(code_of(remove(grandchild)), Errc::not_found);

  EXPECT_EQ(restore(child).value().deleted_ms, std::nullopt);
  ASSERT_TRUE(restore(child)) << "not there any more";
  EXPECT_EQ(titles(holder), std::vector<std::string>{"child"});
  EXPECT_TRUE(is_visible(grandchild));
  EXPECT_EQ(keys(Family::pocket_trash), 0u);
}

TEST_F(Attachments, ContentIsReferredToReplacedAndDropped) {
  const PocketId id = asset();
  const PocketAsset filled = put(id, first).value();
  EXPECT_EQ(filled.modified_ms, 3);
  EXPECT_EQ(list_owners(*store.database, first, 9).value(),
            std::vector<std::string>{"attachment/" + to_string(id)});
  ASSERT_TRUE(put(id, first));
  EXPECT_TRUE(list_garbage(*store.database, 9).value().empty() ||
              list_garbage(*store.database, 9).value()[0].id != first);
  ASSERT_TRUE(put(id, second, 4));
  EXPECT_FALSE(has_references(*store.database, first).value());
  EXPECT_TRUE(has_references(*store.database, second).value());

  const auto take = [&](Transaction& t) { return remove_pocket_content(t, id, 8); };
  const ContentRemoval gone = store.apply(take).value();
  EXPECT_TRUE(gone.removed);
  EXPECT_EQ(gone.asset.content, std::nullopt);
  EXPECT_EQ(gone.asset.modified_ms, 8);
  EXPECT_FALSE(has_references(*store.database, second).value());
  EXPECT_FALSE(store.apply(take).value().removed) << "there was none";
}

TEST_F(Attachments, ABlobThatWasCollectedMeanwhileIsStale) {
  const PocketId id = asset();
  EXPECT_EQ(code_of(put(id, {{3, 3}, 0})), Errc::stale);
  EXPECT_EQ(find_pocket_asset(*store.database, id).value()->content, std::nullopt);
}

TEST_F(Attachments, ARemovalTakesAllBelowAlongWithItsContent) {
  const PocketId holder = asset();
  const PocketId child = attach(holder);
  const PocketId grandchild = attach(child);
  attach(holder);
  ASSERT_TRUE(put(grandchild, first));
  ASSERT_TRUE(put(holder, second));
  ASSERT_TRUE(trash(child));
  ASSERT_TRUE(remove(holder));
  expect_nothing_left();
  EXPECT_EQ(code_of(remove(holder)), Errc::not_found);
}

TEST_F(Attachments, ARemovalThatIsTooLargeRemovesNothing) {
  const PocketId holder = asset();
  // In batches: what one batch has changed is sorted for each look at it.
  for (std::size_t made_so_far = 0; made_so_far < kPocketRemovalMax;)
    ASSERT_TRUE(store.apply([&](Transaction& t) -> Status {
      for (std::size_t i = 0; i < 200 && made_so_far < kPocketRemovalMax; ++i, ++made_so_far)
        if (auto made =
                create_pocket_asset(t, new_asset("t", PocketPlace::asset_attachment, holder));
            !made)
          return std::unexpected(made.error());
      return {};
    }));
  EXPECT_EQ(code_of(remove(holder)), Errc::unprocessable);
  EXPECT_EQ(keys(Family::pocket_asset), 1000u) << "a page of them, at the least";
  EXPECT_TRUE(is_visible(holder));
}

TEST_F(Attachments, TheTrashIsPurgedAfterFourteenDaysPieceByPiece) {
  const PocketId old_one = asset();
  attach(attach(old_one));
  ASSERT_TRUE(put(old_one, first));
  const PocketId young = asset();
  ASSERT_TRUE(trash(old_one, 100));
  ASSERT_TRUE(trash(young, 200));
  const auto purge = [&](std::int64_t now_ms, std::size_t limit) {
    return store.apply([&](Transaction& t) { return purge_pocket_trash(t, now_ms, limit); })
        .value();
  };
  EXPECT_EQ(purge(99 + kPocketTrashMs, 10), 0u);
  EXPECT_EQ(purge(100 + kPocketTrashMs, 2), 2u);
  EXPECT_TRUE(is_visible(old_one, Trashed::shown)) << "holders go last";
  EXPECT_EQ(purge(100 + kPocketTrashMs, 10), 1u);
  EXPECT_FALSE(is_visible(old_one, Trashed::shown));
  EXPECT_TRUE(is_visible(young, Trashed::shown));
  EXPECT_EQ(purge(200 + kPocketTrashMs, 10), 1u);
  expect_nothing_left();
}

TEST_F(Attachments, AProjectGoesWithAllItHolds) {
  const PocketId top = project();
  const PocketId below = project(top);
  const PocketId member = create(new_asset("m", PocketPlace::project_member, below)).value().id;
  ASSERT_TRUE(put(attach(member), first));
  ASSERT_TRUE(create(new_asset("a", PocketPlace::project_attachment, top)));
  const auto take = [&](Transaction& t) { return remove_pocket_project(t, top, 9); };
  ASSERT_TRUE(store.apply(take));
  expect_nothing_left();
  EXPECT_EQ(code_of(store.apply(take)), Errc::not_found);
}

TEST_F(Attachments, AProjectNeedsItsHolderAndItsExternalId) {
  PocketProject one{.id = new_pocket_id(), .holder = new_pocket_id(), .text = {.title = "p"}};
  const auto make = [&](const PocketProject& made) {
    return store.apply([&](Transaction& t) { return create_pocket_project(t, made); });
  };
  EXPECT_EQ(code_of(make(one)), Errc::not_found);
  one.holder.reset();
  one.text.external_id = "e";
  ASSERT_TRUE(make(one));
  one.id = new_pocket_id();
  EXPECT_EQ(code_of(make(one)), Errc::conflict);
  PocketAsset same = new_asset("t");
  same.text.external_id = "e";
  EXPECT_TRUE(create(same)) << "assets have theirs apart";
}

}  // namespace
}  // namespace mooring
