// A log that was damaged where it lies: what was acknowledged behind the damage is never left out
// without a word.
#include "catalog/log_damage.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "mooring/catalog/transaction.h"
#include "store.h"

namespace mooring {
namespace {

namespace fs = std::filesystem;

constexpr int kCommits = 120;
constexpr std::size_t kValueBytes = 700;  // so that the log has several blocks of 32 KiB
constexpr std::size_t kSectorBytes = 512;
constexpr const char* kUnsyncedMark = "UNSYNCED";

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A store with commits that are in its log only, as a crash leaves it. Each value has a letter of
/// its own commit's.
class LogDamageTest : public ::testing::Test {
 protected:
  LogDamageTest() { write(true); }

  /// Copies one that is made once: to open a store takes longer than all that is tested here.
  void write(bool synced) {
    static const Template made;
    directory_ = std::make_unique<TemporaryDirectory>();
    for (const auto& entry : fs::directory_iterator(made.directory.path()))
      fs::copy(entry.path(), directory_->path() / entry.path().filename());
    if (!synced) std::ofstream(directory_->path() / kUnsyncedMark);
    log_ = newest_log();
    bytes_ = bytes_of(log_);
  }

  struct Template {
    TemporaryDirectory directory;
    Template() {
      const auto database = open_at(directory.path(), OpenMode::create, true);
      MOORING_CHECK(database.has_value(), "the store of a test opens");
      for (int i = 0; i < kCommits; ++i) {
        Transaction transaction(**database);
        transaction.put(Family::asset, key(i), std::string(kValueBytes, letter(i)));
        MOORING_CHECK(transaction.write(Durability::durable).has_value(), "a commit of a test");
      }
    }
  };

  static std::string key(int commit) { return "key " + std::to_string(commit); }
  static char letter(int commit) { return static_cast<char>('A' + commit % 50); }

  static Result<std::unique_ptr<Database>> open_at(const fs::path& directory, OpenMode mode,
                                                   bool synced) {
    DatabaseOptions options = small_database(mode);
    options.write_buffer_bytes = std::size_t{64} << 20;  // nothing leaves the log by itself
    options.every_write_is_synced = synced;
    return Database::open(directory, options);
  }
  [[nodiscard]] Result<std::unique_ptr<Database>> open(bool synced = true) const {
    return open_at(directory_->path(), OpenMode::existing, synced);
  }

  /// Where the value of `commit` begins in the log.
  [[nodiscard]] std::size_t value_at(int commit) const {
    const std::size_t found = bytes_.find(key(commit));
    MOORING_CHECK(found != bytes_.npos, "a commit is in the log");
    return found + key(commit).size() + 2;
  }

  void put_log(const std::string& bytes) const { std::ofstream(log_, std::ios::binary) << bytes; }
  [[nodiscard]] static std::string flipped(std::string bytes, std::size_t at) {
    bytes[at] = static_cast<char>(bytes[at] ^ 0x10);
    return bytes;
  }

  void expect_refused(const std::string& damaged) const {
    put_log(damaged);
    const auto opened = open();
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::corrupt);
    EXPECT_EQ(bytes_of(log_), damaged) << "left as it is";
  }

  std::unique_ptr<TemporaryDirectory> directory_;
  fs::path log_;
  std::string bytes_;

 private:
  [[nodiscard]] fs::path newest_log() const {
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(directory_->path()))
      if (entry.path().extension() == ".log") newest = std::max(newest, entry.path());
    return newest;
  }
};

TEST_F(LogDamageTest, ABitThatFlippedWithCommitsBehindItIsRefused) {
  for (const int commit : {0, 1, 40, 41, 77, kCommits - 2}) {
    SCOPED_TRACE(commit);
    expect_refused(flipped(bytes_, value_at(commit) + 10));
  }
}

TEST_F(LogDamageTest, SoIsASectorOfZerosInTheMiddle) {
  std::string bytes = bytes_;
  const std::size_t at = value_at(60) / kSectorBytes * kSectorBytes;
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), kSectorBytes, '\0');
  expect_refused(bytes);
}

TEST_F(LogDamageTest, SoIsASizeThatCannotBeWithABlockBehindIt) {
  // The header of the record in whose batch the first commit stands: 7 bytes, of which 2 are the
  // size. A batch begins with its sequence number (8), its count (4), the kind and family of the
  // change (2) and the size of the key (1).
  const std::size_t header = value_at(1) - 2 - key(1).size() - 15 - 7;
  ASSERT_EQ(bytes_[header + 6], 1) << "a whole record begins here";
  std::string bytes = bytes_;
  bytes[header + 5] = '\xff';
  expect_refused(bytes);
}

TEST_F(LogDamageTest, ATornEndIsNoDamage) {
  const std::size_t last = value_at(kCommits - 1);
  for (const std::size_t whole : {last - 30, last, last + kValueBytes / 2}) {
    SCOPED_TRACE(whole);
    write(true);
    std::string bytes = bytes_;
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(whole), bytes.end(), '\0');
    put_log(bytes);
    const auto opened = open();
    ASSERT_TRUE(opened) << describe(opened.error());
    EXPECT_TRUE((*opened)->get(Family::asset, key(kCommits - 2)).value());
    EXPECT_FALSE((*opened)->get(Family::asset, key(kCommits - 1)).value());
  }
}

TEST_F(LogDamageTest, AWholeLogIsWholeAlsoWithZerosBehindIt) {
  EXPECT_EQ(damage_before_an_entry(bytes_), std::nullopt);
  EXPECT_EQ(damage_before_an_entry(bytes_ + std::string(100'000, '\0')), std::nullopt);
  EXPECT_EQ(damage_before_an_entry({}), std::nullopt);
  EXPECT_EQ(damage_before_an_entry(std::string(100'000, '\0')), std::nullopt);
}

TEST_F(LogDamageTest, TellsWhereTheDamagedEntryBegins) {
  const auto damaged = damage_before_an_entry(flipped(bytes_, value_at(1) + 10));
  ASSERT_TRUE(damaged);
  EXPECT_LT(*damaged, value_at(1));
  EXPECT_GT(*damaged, value_at(0));
}

TEST_F(LogDamageTest, HardlyAByteBeforeTheLastCommitFlipsUnseen) {
  const std::size_t last = value_at(kCommits - 1) - 40;
  std::size_t unseen = 0, looked = 0;
  for (std::size_t at = 0; at < last; at += 97, ++looked)
    unseen += !damage_before_an_entry(flipped(bytes_, at));
  // The sizes in the block in which the log ends: a record that is too short or too long there
  // leads astray. Two bytes of each.
  EXPECT_GT(looked, 800u);
  EXPECT_LT(unseen, looked / 100);
}

// Where not every write was synced, a hole is what a power cut may leave.
TEST_F(LogDamageTest, AfterWritesThatWereNotSyncedAHoleIsTakenAsItIs) {
  write(false);
  put_log(flipped(bytes_, value_at(60) + 10));
  {
    const auto opened = open();
    ASSERT_TRUE(opened) << describe(opened.error());
    EXPECT_TRUE((*opened)->get(Family::asset, key(59)).value());
    EXPECT_FALSE((*opened)->get(Family::asset, key(60)).value());
  }
  EXPECT_FALSE(fs::exists(directory_->path() / kUnsyncedMark))
      << "from now on every write is synced";
}

TEST_F(LogDamageTest, TheMarkOfUnsyncedWritesStaysWhileTheyAreMade) {
  EXPECT_FALSE(fs::exists(directory_->path() / kUnsyncedMark));
  for (const bool synced : {false, false, true}) {
    ASSERT_TRUE(open(synced));
    EXPECT_EQ(fs::exists(directory_->path() / kUnsyncedMark), !synced);
  }
}

TEST(UnsyncedMark, IsAlsoSetWhereTheCatalogueIsALinkToIt) {
  const TemporaryDirectory directory;
  fs::create_directory(directory.path() / "elsewhere");
  fs::create_directory_symlink("elsewhere", directory.path() / "catalog");
  DatabaseOptions options = small_database(OpenMode::create);
  options.every_write_is_synced = false;
  const auto opened = Database::open(directory.path() / "catalog", options);
  ASSERT_TRUE(opened) << describe(opened.error());
  EXPECT_TRUE(fs::exists(directory.path() / "elsewhere" / kUnsyncedMark));
}

}  // namespace
}  // namespace mooring
