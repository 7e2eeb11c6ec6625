// The writer on a disk that refuses: a full file system, and writes that fail.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "mooring/base/uuid.h"
#include "store.h"

namespace mooring {
namespace {

using AnyChange = Change<std::function<Status(Transaction&)>>;

AnyChange put_value(std::string key, std::string value) {
  return AnyChange([key = std::move(key), value = std::move(value)](Transaction& t) -> Status {
    t.put(Family::asset, key, value);
    return {};
  });
}

/// A file system of 24 MiB of its own, if the test may mount one.
class SmallFileSystem {
 public:
  SmallFileSystem()
      : mounted_(::mount("tmpfs", directory_.path().c_str(), "tmpfs", 0, "size=24m") == 0) {}
  ~SmallFileSystem() {
    if (mounted_) ::umount2(directory_.path().c_str(), MNT_DETACH);
  }
  SmallFileSystem(const SmallFileSystem&) = delete;
  SmallFileSystem& operator=(const SmallFileSystem&) = delete;

  [[nodiscard]] bool is_mounted() const { return mounted_; }
  [[nodiscard]] std::filesystem::path path() const { return directory_.path(); }

  /// Takes all the space there is, and what RocksDB's own threads still give back.
  void fill() {
    const std::string chunk(64 << 10, 'b');
    for (int quiet = 0; quiet < 5; ++quiet) {
      std::ofstream ballast(path() / "ballast", std::ios::binary | std::ios::app);
      while (ballast.write(chunk.data(), static_cast<std::streamsize>(chunk.size())).flush())
        quiet = 0;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  }
  void empty() { std::filesystem::remove(path() / "ballast"); }

 private:
  TemporaryDirectory directory_;
  bool mounted_;
};

DatabaseOptions tiny_database(std::uint64_t reserve_bytes) {
  return {.mode = OpenMode::create,
          .block_cache_bytes = 1 << 20,
          .write_buffer_bytes = 2 << 20,
          .log_bytes_max = 2 << 20,
          .reserve_bytes = reserve_bytes};
}

/// 64 KiB that do not compress.
std::string noise() {
  std::string bytes(64 << 10, '\0');
  random_bytes(std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

/// Commits values of 64 KiB until one is refused; how many were taken, and the refusal.
std::pair<int, Status> commit_until_refused(Writer& writer) {
  for (int accepted = 0;; ++accepted) {
    auto change = put_value("during-" + std::to_string(accepted), noise());
    if (Status status = writer.commit_and_wait(change); !status) return {accepted, status};
  }
}

void expect_exactly(const Database& database, int accepted) {
  const auto present =
      database.scan({.family = Family::asset, .prefix = "during-", .limit = 100'000}).value();
  EXPECT_EQ(present.size(), static_cast<std::size_t>(accepted));
}

TEST(WriterOnAFullDisk, RefusesWhatDoesNotFitAndGoesOnOnceThereIsSpace) {
  SmallFileSystem disk;
  if (!disk.is_mounted()) GTEST_SKIP() << "only root may mount a file system";
  auto database = Database::open(disk.path() / "catalog", tiny_database(4 << 20)).value();
  int fatal = 0;
  Writer writer(*database, {.on_fatal = [&](const Error&) { ++fatal; }});
  auto before = put_value("before", "1");
  ASSERT_TRUE(writer.commit_and_wait(before));

  const auto [accepted, refused] = commit_until_refused(writer);
  EXPECT_GT(accepted, 0);
  EXPECT_EQ(code_of(refused), Errc::no_space);
  disk.fill();
  auto again = put_value("again", "1");
  EXPECT_EQ(code_of(writer.commit_and_wait(again)), Errc::no_space);
  EXPECT_EQ(writer.metrics().failed, 2u);
  EXPECT_EQ(database->get(Family::asset, "before").value(), "1") << "reads go on";
  expect_exactly(*database, accepted);

  disk.empty();
  AnyChange removal([&](Transaction& t) -> Status {
    for (int i = 0; i < accepted; ++i) t.erase(Family::asset, "during-" + std::to_string(i));
    return {};
  });
  auto small = tiny_database(0);
  writer.stop();
  database.reset();
  small.mode = OpenMode::existing;
  database = Database::open(disk.path() / "catalog", small).value();
  expect_exactly(*database, accepted);
  EXPECT_EQ(database->get(Family::asset, "again").value(), std::nullopt);
  Writer next(*database, {});
  EXPECT_TRUE(next.commit_and_wait(removal));
  EXPECT_EQ(fatal, 0) << "a full disk is no reason to stop";
}

TEST(WriterOnAFullDisk, GoesOnWithoutARestartOnceThereIsSpace) {
  SmallFileSystem disk;
  if (!disk.is_mounted()) GTEST_SKIP() << "only root may mount a file system";
  auto database = Database::open(disk.path() / "catalog", tiny_database(4 << 20)).value();
  Writer writer(*database, {});
  disk.fill();
  auto refused = put_value("key", "1");
  EXPECT_EQ(code_of(writer.commit_and_wait(refused)), Errc::no_space);
  disk.empty();
  auto taken = put_value("key", "2");
  EXPECT_TRUE(writer.commit_and_wait(taken));
  EXPECT_EQ(database->get(Family::asset, "key").value(), "2");
}

/// While it lives, writes beyond `bytes` of any file fail with EFBIG.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit lower{bytes, before_.rlim_max};
    MOORING_CHECK(::setrlimit(RLIMIT_FSIZE, &lower) == 0, "the limit can be lowered");
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*signal_)(int);
  rlimit before_{};
};

/// Nothing is flushed by itself, so that one log grows until it is over the limit.
DatabaseOptions one_log_database(OpenMode mode) {
  DatabaseOptions options = small_database(mode);
  options.write_buffer_bytes = std::size_t{64} << 20;
  return options;
}

// RocksDB asserts that nobody uses a file that has failed: whoever ends the process has to hear of
// the failure before anybody can.
TEST(WriterOnAFailingDisk, AFailedChangeOfAFileIsReportedBeforeTheWriterKnows) {
  TemporaryDirectory directory;
  std::vector<std::string> heard;
  DatabaseOptions options = one_log_database(OpenMode::create);
  options.on_background_error = [&](const Error& error) {
    heard.push_back(std::string(name_of(error.code)));
  };
  auto database = Database::open(directory.path() / "catalog", options).value();
  Writer writer(*database, {.on_fatal = [&](const Error&) { heard.push_back("writer"); }});
  const FileSizeLimit limit(256 << 10);
  Status accepted;
  for (int i = 0; accepted && i < 1000; ++i) {
    auto change = put_value(std::to_string(i), std::string(16 << 10, 'x'));
    accepted = writer.commit_and_wait(change);
  }
  EXPECT_FALSE(accepted);
  writer.stop();
  ASSERT_GE(heard.size(), 2u);
  EXPECT_EQ(heard.front(), name_of(Errc::io_error));
  EXPECT_EQ(std::ranges::count(heard, "writer"), 1);
}

TEST(WriterOnAFailingDisk, AcknowledgesNothingMoreAndReportsOnce) {
  Store store;
  store.database.reset();
  store.database =
      Database::open(store.directory.path(), one_log_database(OpenMode::existing)).value();
  std::vector<Errc> fatal;
  int accepted = 0;
  {
    Writer writer(*store.database, {.on_fatal = [&](const Error& e) { fatal.push_back(e.code); }});
    const FileSizeLimit limit(256 << 10);
    Status failed;
    while (failed && accepted < 1000) {
      auto change = put_value(std::to_string(accepted), std::string(16 << 10, 'x'));
      failed = writer.commit_and_wait(change);
      if (failed) ++accepted;
    }
    ASSERT_EQ(code_of(failed), Errc::sync_failed);
    bool was_applied = false;
    AnyChange later([&](Transaction& t) -> Status {
      was_applied = true;
      t.put(Family::asset, "later", "");
      return {};
    });
    EXPECT_EQ(code_of(writer.commit_and_wait(later)), Errc::sync_failed);
    EXPECT_FALSE(was_applied);
  }
  EXPECT_EQ(fatal, std::vector<Errc>{Errc::sync_failed});
  EXPECT_GT(accepted, 0);
  store.reopen();
  EXPECT_EQ(store.database->last_stop(), LastStop::unclean);
  for (int i = 0; i < accepted; ++i)
    EXPECT_TRUE(store.database->get(Family::asset, std::to_string(i)).value()) << i;
  EXPECT_EQ(store.database->get(Family::asset, "later").value(), std::nullopt);
}

}  // namespace
}  // namespace mooring
