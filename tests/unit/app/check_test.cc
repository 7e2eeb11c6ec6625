// `mooring check` on a real data directory: a sound store passes, each planted problem is named
// (V8).
#include "mooring/app/check.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "mooring/app/commands.h"
#include "mooring/app/exit_code.h"
#include "mooring/base/check.h"
#include "mooring/blob/segment_format.h"
#include "mooring/catalog/assets.h"
#include "mooring/catalog/attachments.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/codec.h"
#include "mooring/catalog/images.h"
#include "mooring/catalog/partner_assets.h"
#include "mooring/catalog/pictures.h"
#include "mooring/catalog/transaction.h"
#include "unit/support/temporary_directory.h"

namespace mooring {
namespace {

namespace fs = std::filesystem;

template <typename T>
T must(Result<T> result) {
  EXPECT_TRUE(result) << describe(result.error());
  MOORING_CHECK(result.has_value(), "the set-up of a test succeeds");
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

BlobId id_of(std::string_view content) {
  return {xxh3_128(as_bytes(content)), 0};
}

/// A store made through the contracts of the floors below, and closed before it is checked.
class CheckTest : public ::testing::Test {
 protected:
  CheckTest() {
    directory_ = must(DataDirectory::open(data()));
    database_ = must(Database::open(directory_->catalog_path(), {.mode = OpenMode::create}));
  }
  ~CheckTest() override {
    database_.reset();
    directory_.reset();
  }

  [[nodiscard]] std::string data() const { return (root_ / "data").string(); }
  [[nodiscard]] fs::path file_of(const BlobId& id) const {
    const std::string name = to_string(id);
    return fs::path(data()) / "blobs" / name.substr(0, 2) / name;
  }
  [[nodiscard]] fs::path segment() const { return fs::path(data()) / "segments" / "0-1"; }

  template <typename Function>
  void change(Function function) {
    Transaction transaction(*database_);
    transaction.begin_mutation();
    must(function(transaction));
    transaction.keep();
    must(transaction.write(Durability::relaxed));
  }

  /// An asset with a picture of `content`, whose bytes lie at `location`.
  void add_picture(std::string_view content, const BlobLocation& location) {
    change([&](Transaction& transaction) -> Status {
      AssetRecord asset;
      asset.id = new_uuid();
      asset.organization_id = "org-a";
      must(create_asset(transaction, asset));
      must(put_blob(transaction, id_of(content), {content.size(), location}));
      PictureRecord picture;
      picture.id = new_uuid();
      picture.asset_id = asset_ = asset.id;
      picture.organization_id = "org-a";
      picture.blob = id_of(content);
      picture.size_bytes = content.size();
      return create_picture(transaction, picture);
    });
  }

  void add_file(std::string_view content) {
    write(file_of(id_of(content)), content);
    add_picture(content, {});
  }

  /// A segment of one batch with these contents; the last one is dead.
  void add_segment(const std::vector<std::string>& contents) {
    std::string bytes;
    for (const std::string& content : contents) {
      if (&content != &contents.back()) add_small_picture(content, bytes.size());
      bytes += record_at(bytes.size(), content);
    }
    bytes.resize(round_up(bytes.size(), kBlockBytes));
    write(segment(), bytes);
  }

  /// The record of a content in the segment.
  static std::string record_at(std::uint64_t offset, const std::string& content) {
    SegmentHeader header;
    header.id = id_of(content);
    header.segment = {0, 1};
    header.record_offset = offset;
    header.content_bytes = static_cast<std::uint32_t>(content.size());
    std::array<std::byte, kSegmentHeaderBytes> head{};
    encode_header(header, head);
    std::string record = std::string(as_text(head)) + content;
    record.resize(segment_record_bytes(content.size()));
    return record;
  }

  /// A picture whose content has its record at `offset` of the segment.
  void add_small_picture(const std::string& content, std::uint64_t offset) {
    add_picture(content, {.tier = Tier::segment,
                          .segment_core = 0,
                          .segment_number = 1,
                          .segment_offset = offset + kSegmentHeaderBytes});
  }

  /// Two files, and a segment with two live contents and a dead one.
  void fill() {
    add_file(large_);
    add_file(larger_);
    add_segment({std::string(100, 'a'), std::string(5000, 'b'), std::string(3000, 'c')});
  }

  static void write(const fs::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  static void append(const fs::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
  }
  static void flip_byte(const fs::path& path, std::streamoff offset) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(offset);
    const int byte = file.get();
    file.seekp(offset);
    file.put(static_cast<char>(byte ^ 1));
  }

  void stop_cleanly() {
    must(database_->close());
    stop_uncleanly();
  }
  void stop_uncleanly() {
    database_.reset();
    directory_.reset();
  }

  struct Outcome {
    int exit_code;
    std::string output;
    [[nodiscard]] bool says(std::string_view text) const {
      return output.find(text) != std::string::npos;
    }
  };
  Outcome check(CheckDepth depth = CheckDepth::names) {
    ::testing::internal::CaptureStdout();
    const int exit_code = run_check({.data_dir = data(), .depth = depth});
    return {exit_code, ::testing::internal::GetCapturedStdout()};
  }

  /// The one problem that was planted is found and named, and nothing else is.
  void expect_problem(std::string_view name, CheckDepth depth = CheckDepth::names) {
    const Outcome found = check(depth);
    EXPECT_EQ(found.exit_code, kExitDamaged);
    EXPECT_TRUE(found.says(name)) << found.output;
    EXPECT_TRUE(found.says("\n1 problems\n")) << found.output;
  }

  TemporaryDirectory directory_of_test_;
  const fs::path root_ = directory_of_test_.path();
  std::unique_ptr<DataDirectory> directory_;
  std::unique_ptr<Database> database_;
  Uuid asset_;
  std::string large_ = std::string(700'000, 'l');
  std::string larger_ = std::string(2'000'001, 'm');
};

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

TEST_F(CheckTest, DeepNamesAContentInASegmentWithAFlippedByte) {
  fill();
  stop_cleanly();
  flip_byte(segment(), kSegmentHeaderBytes + 50);
  expect_problem(to_string(id_of(std::string(100, 'a'))), CheckDepth::contents);
}

TEST_F(CheckTest, NamesADamagedHeaderOfALiveRecordAndTheBytesItLeavesBehind) {
  fill();
  stop_cleanly();
  flip_byte(segment(), 0);
  const Outcome found = check();
  EXPECT_EQ(found.exit_code, kExitDamaged);
  EXPECT_TRUE(found.says("blob " + to_string(id_of(std::string(100, 'a'))))) << found.output;
  EXPECT_TRUE(found.says("segments/0-1: bytes 0 to ")) << found.output;
}

TEST_F(CheckTest, NamesAMissingSegment) {
  fill();
  stop_cleanly();
  fs::remove(segment());
  const Outcome found = check();
  EXPECT_EQ(found.exit_code, kExitDamaged);
  EXPECT_TRUE(found.says("\n2 problems\n")) << found.output;
}

TEST_F(CheckTest, NamesBytesOfASegmentThatNoRecordOwns) {
  fill();
  stop_cleanly();
  append(segment(), std::string(kBlockBytes, 'x'));
  expect_problem("segments/0-1: bytes 12288 to 16384 belong to no record");
}

TEST_F(CheckTest, CountsTheBlocksOfABatchThatWasLostBeforeALaterOneAsDead) {
  fill();
  const std::string content(1000, 'd');
  add_small_picture(content, 5 * kBlockBytes);
  stop_cleanly();
  for (const char lost : {'\0', 'x'}) {
    fs::resize_file(segment(), 3 * kBlockBytes);
    append(segment(), std::string(2 * kBlockBytes, lost) + record_at(5 * kBlockBytes, content));
    fs::resize_file(segment(), 6 * kBlockBytes);
    const Outcome found = check(CheckDepth::contents);
    EXPECT_EQ(found.exit_code, kExitOk) << found.output;
    EXPECT_TRUE(found.says("1 segments with 11192 dead bytes")) << found.output;
  }
}

TEST_F(CheckTest, PassesARecordOfWhichRecoveryLeftLessThanItsHeader) {
  fill();
  stop_cleanly();
  append(segment(), "moorblob" + std::string(40, 'x'));
  EXPECT_EQ(check().exit_code, kExitOk);
}

TEST_F(CheckTest, NamesUnusedSpaceOfASegmentThatWasClosed) {
  fill();
  stop_cleanly();
  append(segment(), std::string(3 * kBlockBytes, '\0'));
  expect_problem("segments/0-1: 12288 unused bytes from 12288 on");
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

TEST_F(CheckTest, NamesASegmentWhoseAccountIsWrong) {
  fill();
  change([](Transaction& transaction) -> Status {
    transaction.put(Family::segment, std::string_view("\0\0\0\0\0\1", 6),
                    encode(SegmentRecord{9000, 9000, 3}));
    return {};
  });
  stop_cleanly();
  expect_problem("its account says 9000 bytes in 3 blobs, its blobs are 5100 bytes in 2");
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
