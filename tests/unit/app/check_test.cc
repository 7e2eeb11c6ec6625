// `mooring check` on a real data directory: a sound store passes, each planted problem is named
// (V8).
#include <fmt/format.h>

#include <cstdlib>

#include "check_store.h"
#include "mooring/catalog/attachments.h"
#include "mooring/catalog/codec.h"
#include "mooring/catalog/images.h"
#include "mooring/catalog/partner_assets.h"

namespace mooring {
namespace {

TEST_F(CheckTest, PassesASoundStoreAndCountsWhatIsThere) {
  fill();
  stop_cleanly();
  for (const CheckDepth depth : {CheckDepth::names, CheckDepth::contents}) {
    const Outcome found = check(depth);
    EXPECT_EQ(found.exit_code, kExitOk) << found.output;
    EXPECT_EQ(found.output,
              "4 blobs, 2705101 bytes, 2 files, 1 segments with 3000 dead bytes\n"
              "4 owners, 4 references, 0 waiting for collection, 0 leftovers of an unclean stop\n"
              "0 problems\n");
  }
}

TEST_F(CheckTest, PassesAnEmptyStore) {
  stop_cleanly();
  EXPECT_EQ(check(CheckDepth::contents).exit_code, kExitOk);
}

TEST_F(CheckTest, NamesAFileThatNobodyOwns) {
  fill();
  stop_cleanly();
  write(file_of(id_of("nobody's")), "nobody's");
  expect_problem(to_string(id_of("nobody's")) + ": no record names it");
}

TEST_F(CheckTest, NamesWhatIsNoNameOfOurs) {
  fill();
  stop_cleanly();
  write(fs::path(data()) / "blobs" / "00" / "notes.txt", "x");
  write(fs::path(data()) / "blobs" / "letter", "x");
  write(fs::path(data()) / "segments" / "0-01", "x");
  fs::copy_file(file_of(id_of(large_)), fs::path(data()) / "blobs" /
                                            (to_string(id_of(large_))[0] == '0' ? "10" : "00") /
                                            to_string(id_of(large_)));
  const Outcome found = check();
  EXPECT_EQ(found.exit_code, kExitDamaged);
  EXPECT_TRUE(found.says("blobs/00/notes.txt"));
  EXPECT_TRUE(found.says("blobs/letter"));
  EXPECT_TRUE(found.says("segments/0-01"));
  EXPECT_TRUE(found.says("\n4 problems\n")) << found.output;
}

TEST_F(CheckTest, NamesAMissingFile) {
  fill();
  stop_cleanly();
  fs::remove(file_of(id_of(large_)));
  expect_problem(to_string(id_of(large_)));
}

TEST_F(CheckTest, NamesATruncatedFile) {
  fill();
  stop_cleanly();
  fs::resize_file(file_of(id_of(large_)), large_.size() - 1);
  expect_problem(to_string(id_of(large_)));
}

TEST_F(CheckTest, DeepNamesAFileWithAFlippedByteWhereNamesAloneDoNot) {
  fill();
  stop_cleanly();
  flip_byte(file_of(id_of(larger_)), 2'000'000);
  EXPECT_EQ(check(CheckDepth::names).exit_code, kExitOk);
  expect_problem(to_string(id_of(larger_)), CheckDepth::contents);
}

TEST_F(CheckTest, CountsWhatACrashLeavesAndTheNextStartTakesAway) {
  fill();
  stop_uncleanly();
  write(file_of(id_of("nobody's")), "nobody's");
  write(fs::path(data()) / "blobs" / "landing-0123", "half");
  append(segment(), std::string(3 * kBlockBytes, '\0'));
  for (int times = 0; times < 2; ++times) {  // looking does not make the stop a clean one
    const Outcome found = check();
    EXPECT_EQ(found.exit_code, kExitOk) << found.output;
    EXPECT_TRUE(found.says("3 leftovers")) << found.output;
  }
}

TEST_F(CheckTest, LeavesTheMarkOfACleanStopInPlace) {
  fill();
  stop_cleanly();
  EXPECT_EQ(check().exit_code, kExitOk);
  database_ = must(Database::open(data() + "/catalog", {.mode = OpenMode::existing}));
  EXPECT_EQ(database_->last_stop(), LastStop::clean);
}

TEST_F(CheckTest, ContentThatWaitsForItsCollectionIsOwned) {
  fill();
  add_file("short-lived");
  change([this](Transaction& transaction) -> Status {
    must(remove_picture(transaction, asset_, 1));
    return {};
  });
  add_file("shorter-lived");
  change([this](Transaction& transaction) -> Status {
    must(remove_picture(transaction, asset_, 1));
    must(forget_blob(transaction, id_of("shorter-lived")));  // its file is still to be unlinked
    return {};
  });
  stop_cleanly();
  const Outcome found = check(CheckDepth::contents);
  EXPECT_EQ(found.exit_code, kExitOk) << found.output;
  EXPECT_TRUE(found.says("2 waiting for collection"));
}

TEST_F(CheckTest, NamesAReferenceWhoseOwnerDoesNotExist) {
  fill();
  change([this](Transaction& transaction) {
    return add_reference(transaction, id_of(large_), picture_owner(Uuid{}));
  });
  stop_cleanly();
  expect_problem("referred to by picture/00000000-0000-0000-0000-000000000000");
}

TEST_F(CheckTest, NamesARecordWhoseReferenceIsMissing) {
  fill();
  change([this](Transaction& transaction) {
    return drop_reference(transaction, id_of(std::string(5000, 'b')), picture_owner(asset_), 1);
  });
  stop_cleanly();
  expect_problem(picture_owner(asset_) + ": its reference");
}

TEST_F(CheckTest, NamesABlobThatNothingRefersTo) {
  fill();
  write(file_of(id_of("alone")), "alone");
  change([](Transaction& transaction) { return put_blob(transaction, id_of("alone"), {5, {}}); });
  stop_cleanly();
  expect_problem("blob " + to_string(id_of("alone")) + ": nothing refers to it");
}

TEST_F(CheckTest, NamesAPictureWithoutItsAssetAndOneOfAnotherSize) {
  fill();
  change([this](Transaction& transaction) -> Status {
    PictureRecord picture = *must(find_picture(transaction, asset_));
    picture.size_bytes += 1;
    const std::string_view key = as_text(std::as_bytes(std::span(asset_.bytes)));
    transaction.put(Family::picture, key, encode(picture));
    transaction.erase(Family::asset, key);
    return {};
  });
  stop_cleanly();
  const Outcome found = check();
  EXPECT_TRUE(found.says("its asset " + to_string(asset_) + " does not exist")) << found.output;
  EXPECT_TRUE(found.says("says 5001 bytes")) << found.output;
  EXPECT_TRUE(found.says("\n2 problems\n")) << "each is told once\n" << found.output;
}

TEST_F(CheckTest, NamesAnAttachmentWithoutItsHolderOnce) {
  const PocketAsset holder{.id = new_pocket_id(), .owner = "a", .text = {.title = "holder"}};
  PocketAsset attachment = holder;
  attachment.id = new_pocket_id();
  attachment.place = PocketPlace::asset_attachment;
  attachment.holder = holder.id;
  write(file_of(id_of(large_)), large_);
  change([&](Transaction& transaction) -> Status {
    must(put_blob(transaction, id_of(large_), {large_.size(), {}}));
    must(create_pocket_asset(transaction, holder));
    must(create_pocket_asset(transaction, attachment));
    const PocketContent content{
        .media_id = new_pocket_id(), .blob = id_of(large_), .size_bytes = large_.size()};
    must(put_pocket_content(transaction, attachment.id, content, 1));
    transaction.erase(Family::pocket_asset, holder.id.view());
    return {};
  });
  stop_cleanly();
  expect_problem(fmt::format("attachment {}: its holder {} does not exist", attachment.id.view(),
                             holder.id.view()));
}

TEST_F(CheckTest, KnowsPartnerAssetsAsOwnersAndThatDeletedOnesOwnNothing) {
  PartnerAssetRecord live;
  live.id = new_uuid();
  live.company_id = "company-a";
  live.blob = id_of(large_);
  live.size_bytes = large_.size();
  PartnerAssetRecord deleted = live;
  deleted.id = new_uuid();
  write(file_of(live.blob), large_);
  change([&](Transaction& transaction) -> Status {
    must(put_blob(transaction, live.blob, {large_.size(), {}}));
    must(create_partner_asset(transaction, live));
    must(create_partner_asset(transaction, deleted));
    must(delete_partner_asset(transaction, deleted.id, 1));
    return {};
  });
  stop_cleanly();
  EXPECT_EQ(check().exit_code, kExitOk) << check().output;

  directory_ = must(DataDirectory::open(data()));
  database_ = must(Database::open(directory_->catalog_path(), {}));
  change([&](Transaction& transaction) {
    return add_reference(transaction, live.blob, partner_asset_owner(deleted.id));
  });
  stop_cleanly();
  expect_problem(partner_asset_owner(deleted.id));
}

TEST_F(CheckTest, KnowsImagesAsOwnersAndTheNumbersOfTheirAddresses) {
  ImageRecord image{.blob = id_of(large_), .size_bytes = large_.size()};
  write(file_of(image.blob), large_);
  change([&](Transaction& transaction) -> Status {
    must(put_blob(transaction, image.blob, {large_.size(), {}}));
    image = must(create_image(transaction, image));
    return {};
  });
  stop_cleanly();
  EXPECT_EQ(check().exit_code, kExitOk) << check().output;

  const std::string stranger = image_owner(image.id + 1);
  directory_ = must(DataDirectory::open(data()));
  database_ = must(Database::open(directory_->catalog_path(), {}));
  change(
      [&](Transaction& transaction) { return add_reference(transaction, image.blob, stranger); });
  stop_cleanly();
  expect_problem(stranger);

  directory_ = must(DataDirectory::open(data()));
  database_ = must(Database::open(directory_->catalog_path(), {}));
  change([&](Transaction& transaction) {
    transaction.erase(Family::image_upload, Key().u64(image.upload));
    return drop_reference(transaction, image.blob, stranger, 1);
  });
  stop_cleanly();
  expect_problem(fmt::format("its upload number {} names another", image.upload));
}

TEST_F(CheckTest, NamesRecordsThatCannotBeRead) {
  fill();
  change([](Transaction& transaction) -> Status {
    transaction.put(Family::blob, std::string_view("0123456789abcdefgh", 18), "\xff");
    return {};
  });
  stop_cleanly();
  expect_problem("is unreadable");
}

TEST_F(CheckTest, RefusesAStoreInUse) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(check().exit_code, kExitAlreadyRunning);
  EXPECT_NE(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(CheckTest, OfNoStoreIsNoSuccessAndMakesNone) {
  ::testing::internal::CaptureStderr();
  const std::string absent = (root_ / "absent").string();
  EXPECT_EQ(run_check({.data_dir = absent}), kExitConfiguration);
  EXPECT_FALSE(fs::exists(absent));
  fs::create_directory(absent);
  EXPECT_EQ(run_check({.data_dir = absent}), kExitConfiguration);
  EXPECT_TRUE(fs::is_empty(absent));
  (void)::testing::internal::GetCapturedStderr();
}

TEST_F(CheckTest, OfAStoreWithoutItsCatalogueIsDamage) {
  fill();
  stop_cleanly();
  fs::remove_all(data() + "/catalog");
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(check().exit_code, kExitDamaged);
  (void)::testing::internal::GetCapturedStderr();
}

}  // namespace
}  // namespace mooring
