// Logs that grow ahead: what a crash leaves of them is read, whole or torn.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "catalog/log_file.h"
#include "mooring/catalog/transaction.h"
#include "mooring/uring/fd.h"
#include "store.h"

namespace mooring {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kAheadBytes = 64 << 10;
// Nothing is flushed by itself, so that a directory stays as it is while it is copied.
constexpr std::size_t kRoomyBytes = std::size_t{64} << 20;

std::unique_ptr<Database> open_ahead(const fs::path& directory, OpenMode mode) {
  DatabaseOptions options = small_database(mode);
  options.log_ahead_bytes = kAheadBytes;
  options.write_buffer_bytes = kRoomyBytes;
  auto opened = Database::open(directory, options);
  MOORING_CHECK(opened.has_value(), "the store of a test opens");
  return *std::move(opened);
}

void commit(Database& database, const std::string& key, const std::string& value) {
  Transaction transaction(database);
  transaction.put(Family::asset, key, value);
  ASSERT_TRUE(transaction.write(Durability::durable));
}

fs::path log_of(const fs::path& directory) {
  std::vector<fs::path> logs;
  for (const auto& entry : fs::directory_iterator(directory))
    if (entry.path().extension() == ".log") logs.push_back(entry.path());
  MOORING_CHECK(!logs.empty(), "a store has a log");
  return *std::ranges::max_element(logs);
}

std::string bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// A store with `count` commits, and a copy of its directory as a crash would leave it.
struct Crashed {
  TemporaryDirectory original;
  TemporaryDirectory copy;
  std::unique_ptr<Database> database = open_ahead(original.path(), OpenMode::create);

  explicit Crashed(int count) {
    for (int i = 0; i < count; ++i) commit(*database, std::to_string(i), std::string(700, 'v'));
    fs::remove(copy.path());
    fs::copy(original.path(), copy.path());
  }
};

TEST(LogAhead, ALogIsLongerThanWhatWasWrittenToIt) {
  Crashed crashed(1);
  EXPECT_EQ(fs::file_size(log_of(crashed.copy.path())) % kAheadBytes, 0u);
}

TEST(LogAhead, AfterACrashEveryCommitIsThere) {
  Crashed crashed(500);  // over several blocks of a log, and over several steps ahead
  const auto database = open_ahead(crashed.copy.path(), OpenMode::existing);
  EXPECT_EQ(database->last_stop(), LastStop::unclean);
  for (int i = 0; i < 500; ++i)
    EXPECT_TRUE(database->get(Family::asset, std::to_string(i)).value()) << i;
}

TEST(LogAhead, ATornCommitIsLeftOutAndThoseBeforeItStand) {
  Crashed crashed(60);
  const fs::path log = log_of(crashed.copy.path());
  std::string bytes = bytes_of(log);
  const std::size_t end = bytes.find_last_not_of('\0') + 1;
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(end) - 300, 300, '\0');
  std::ofstream(log, std::ios::binary) << bytes;
  {
    const auto database = open_ahead(crashed.copy.path(), OpenMode::existing);
    EXPECT_FALSE(database->get(Family::asset, "59").value());
    for (int i = 0; i < 59; ++i)
      EXPECT_TRUE(database->get(Family::asset, std::to_string(i)).value()) << i;
    commit(*database, "next", "1");
  }
  const auto again = open_ahead(crashed.copy.path(), OpenMode::existing);
  EXPECT_TRUE(again->get(Family::asset, "next").value());
  EXPECT_TRUE(again->get(Family::asset, "58").value());
}

TEST(LogAhead, AClosedStoreHasNoZerosAndOpensWithoutThem) {
  TemporaryDirectory directory;
  auto database = open_ahead(directory.path(), OpenMode::create);
  commit(*database, "a", "1");
  ASSERT_TRUE(database->close());
  database.reset();
  EXPECT_LT(fs::file_size(log_of(directory.path())), kAheadBytes);
  const auto plain = open_database(directory.path(), OpenMode::existing);
  EXPECT_EQ(plain->last_stop(), LastStop::clean);
  EXPECT_EQ(plain->get(Family::asset, "a").value(), "1");
}

// Zeros that are copied while commits overwrite them could leave a hole.
TEST(LogAhead, ACheckpointBesideCommitsTakesALogOnlyAsFarAsItWasWritten) {
  TemporaryDirectory directory;
  auto database = open_ahead(directory.path() / "store", OpenMode::create);
  std::atomic<bool> stopping{false};
  std::thread commits([&] {
    for (int i = 0; !stopping.load(); ++i)
      commit(*database, std::to_string(i % 100), std::string(700, 'v'));
  });
  std::string log;
  for (int i = 0; i < 200 && log.empty(); ++i) {
    const fs::path copy = directory.path() / std::to_string(i);
    EXPECT_TRUE(database->checkpoint(copy));
    for (const auto& entry : fs::directory_iterator(copy))
      if (entry.path().extension() == ".log") log = bytes_of(entry.path());
  }
  stopping.store(true);
  commits.join();
  ASSERT_FALSE(log.empty()) << "no commit fell between the flush and the copy";
  EXPECT_EQ(log.back(), 'v');
}

/// A file of the catalogue's environment, and how often it told of a failure.
struct ToldFile {
  std::atomic<int> told{0};
  std::unique_ptr<rocksdb::Env> environment;
  std::unique_ptr<rocksdb::WritableFile> file;

  ToldFile(const fs::path& path, std::uint64_t ahead_bytes)
      : environment(
            catalog_environment(ahead_bytes, [this](const rocksdb::IOStatus&) { ++told; })) {
    const rocksdb::Status made =
        environment->NewWritableFile(path.string(), &file, rocksdb::EnvOptions());
    MOORING_CHECK(made.ok(), "a file of a test is made");
  }
};

/// Nothing grows beyond `bytes`, as on a file system that fails.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~SizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  SizeLimit(const SizeLimit&) = delete;
  SizeLimit& operator=(const SizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST(CatalogFiles, AFailedWriteIsToldBeforeItsCallerKnows) {
  for (const char* name : {"000001.log", "MANIFEST-000001", "000002.sst"}) {
    TemporaryDirectory directory;
    ToldFile written(directory.path() / name, kAheadBytes);
    ASSERT_TRUE(written.file->Append("first").ok());
    ASSERT_TRUE(written.file->Sync().ok());
    EXPECT_EQ(written.told.load(), 0) << name;
    const SizeLimit limit(1);
    EXPECT_FALSE(written.file->Append(std::string(2 * kAheadBytes, 'v')).ok()) << name;
    EXPECT_EQ(written.told.load(), 1) << name;
  }
}

TEST(CatalogFiles, ALogThatCannotBeCutIsToldOnTheSpot) {
  TemporaryDirectory directory;
  const Fd memory(::memfd_create("log", MFD_ALLOW_SEALING | MFD_CLOEXEC));
  ASSERT_TRUE(memory);
  const fs::path path = directory.path() / "000001.log";
  fs::create_symlink("/proc/self/fd/" + std::to_string(memory.get()), path);
  ToldFile log(path, kAheadBytes);
  ASSERT_TRUE(log.file->Append("a commit").ok());
  ASSERT_EQ(fs::file_size(path), kAheadBytes);
  ASSERT_EQ(::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
  EXPECT_FALSE(log.file->Close().ok());
  EXPECT_EQ(log.told.load(), 1);
}

}  // namespace
}  // namespace mooring
