// Backup and restore without a server: what is linked, what is copied, what is refused.
#include "mooring/app/backup.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "mooring/base/check.h"
#include "mooring/blob/recovery.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/transaction.h"
#include "unit/support/temporary_directory.h"

namespace mooring {
namespace {

namespace fs = std::filesystem;

std::string load(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A store with one content as a file and one in the segment 0-1, which has unused space behind it.
class BackupTest : public ::testing::Test {
 protected:
  BackupTest() {
    auto directory = DataDirectory::open(root_.path() / "data");
    MOORING_CHECK(directory.has_value(), "the directory of a test opens");
    directory_ = std::move(*directory);
    auto database = Database::open(directory_->catalog_path(), {.mode = OpenMode::create});
    MOORING_CHECK(database.has_value(), "the catalogue of a test opens");
    database_ = std::move(*database);
    write(root_.path() / "data" / file_name(), kLarge);
    std::string segment(64_KiB, '\0');
    encode_header({.id = small_,
                   .segment = {0, 1},
                   .record_offset = 0,
                   .content_bytes = static_cast<std::uint32_t>(kSmall.size())},
                  MutableBytes(reinterpret_cast<std::byte*>(segment.data()), segment.size()));
    segment.replace(kSegmentHeaderBytes, kSmall.size(), kSmall);
    write(root_.path() / "data" / "segments" / "0-1", segment);
    write(root_.path() / "data" / "secret", "secret");
    put(large_, {kLarge.size(), {.tier = Tier::file}});
    put(small_, {kSmall.size(), {Tier::segment, 0, 1, kSegmentHeaderBytes}});
  }

  static void write(const fs::path& path, std::string_view content) {
    std::ofstream(path, std::ios::binary) << content;
  }

  void put(const BlobId& id, const BlobRecord& record) {
    Transaction transaction(*database_);
    transaction.begin_mutation();
    MOORING_CHECK(put_blob(transaction, id, record).has_value(), "a blob of a test is put");
    MOORING_CHECK(add_reference(transaction, id, "o").has_value(), "and referred to");
    transaction.keep();
    MOORING_CHECK(transaction.write(Durability::relaxed).has_value(), "and written");
  }

  Result<BackupReport> back_up(bool segment_is_open, bool cancelled = false) {
    Removals removals;
    const std::atomic<bool> stop{cancelled};
    return make_backup({.directory = *directory_,
                        .database = *database_,
                        .removals = removals,
                        .is_open = [segment_is_open](SegmentId) { return segment_is_open; }},
                       target(), stop);
  }

  [[nodiscard]] std::string target() const { return (root_.path() / "backup").string(); }
  [[nodiscard]] std::string file_name() const {
    const std::string name = to_string(large_);
    return "blobs/" + name.substr(0, 2) + "/" + name;
  }

  static constexpr std::string_view kLarge = "a large content";
  static constexpr std::string_view kSmall = "a small content";
  const BlobId large_{xxh3_128(as_bytes(kLarge)), 0};
  const BlobId small_{xxh3_128(as_bytes(kSmall)), 0};
  TemporaryDirectory root_;
  std::unique_ptr<DataDirectory> directory_;
  std::unique_ptr<Database> database_;
};

TEST_F(BackupTest, LinksFilesAndClosedSegments) {
  const auto made = back_up(false);
  ASSERT_TRUE(made) << describe(made.error());
  EXPECT_EQ(made->blobs, 2u);
  EXPECT_EQ(made->missing_files, 0u);
  EXPECT_EQ(made->counts.linked_files, 2u);
  EXPECT_EQ(load(fs::path(target()) / file_name()), kLarge);
  EXPECT_EQ(fs::hard_link_count(fs::path(target()) / "segments" / "0-1"), 2u);
  EXPECT_EQ(load(fs::path(target()) / "secret"), "secret");
}

TEST_F(BackupTest, CopiesAnOpenSegmentAsFarAsItsRecordsGo) {
  const auto made = back_up(true);
  ASSERT_TRUE(made) << describe(made.error());
  EXPECT_EQ(made->counts.linked_files, 1u);
  EXPECT_EQ(fs::file_size(fs::path(target()) / "segments" / "0-1"), 4'096u);
  EXPECT_EQ(fs::hard_link_count(fs::path(target()) / "segments" / "0-1"), 1u);
}

TEST_F(BackupTest, ACancelledOneIsIncompleteAndCannotBeOpened) {
  const auto made = back_up(false, true);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::cancelled);
  EXPECT_TRUE(fs::exists(fs::path(target()) / kIncompleteName));
  const auto opened = DataDirectory::open(target());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::corrupt);
  const auto restored = restore_backup(target(), root_.path() / "new");
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, Errc::corrupt);
}

TEST_F(BackupTest, RefusesATargetThatHoldsAnything) {
  fs::create_directory(target());
  write(fs::path(target()) / "file", "x");
  const auto made = back_up(false);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::exists);
  EXPECT_EQ(std::distance(fs::directory_iterator(target()), fs::directory_iterator()), 1);
}

TEST_F(BackupTest, CountsWhatIsMissingAndSavesTheRest) {
  fs::remove(root_.path() / "data" / file_name());
  const auto made = back_up(false);
  ASSERT_TRUE(made) << describe(made.error());
  EXPECT_EQ(made->missing_files, 1u);
  EXPECT_TRUE(fs::exists(fs::path(target()) / "segments" / "0-1"));
}

TEST_F(BackupTest, ARestoredStoreSharesNothingWithTheBackup) {
  ASSERT_TRUE(back_up(false));
  const auto restored = restore_backup(target(), root_.path() / "new");
  ASSERT_TRUE(restored) << describe(restored.error());
  EXPECT_EQ(restored->linked_files, 0u);
  const auto opened = DataDirectory::open(root_.path() / "new", {.if_absent = IfAbsent::refuse});
  ASSERT_TRUE(opened) << describe(opened.error());
  EXPECT_EQ((*opened)->store_id(), directory_->store_id());
  const auto catalog = Database::open((*opened)->catalog_path(), {});
  ASSERT_TRUE(catalog) << describe(catalog.error());
  EXPECT_EQ((*catalog)->last_stop(), LastStop::clean);
  for (const BlobId& id : {large_, small_}) {
    const auto record = find_blob(**catalog, id);
    ASSERT_TRUE(record && *record);
    EXPECT_TRUE(verify_blob(**opened, id, **record, VerifyDepth::contents));
  }
  EXPECT_EQ(fs::hard_link_count(root_.path() / "new" / file_name()), 1u);
}

TEST_F(BackupTest, IsNotRestoredOverAnything) {
  ASSERT_TRUE(back_up(false));
  fs::create_directory(root_.path() / "new");
  write(root_.path() / "new" / "file", "x");
  const auto restored = restore_backup(target(), root_.path() / "new");
  ASSERT_FALSE(restored);
  EXPECT_EQ(restored.error().code, Errc::exists);
}

}  // namespace
}  // namespace mooring
