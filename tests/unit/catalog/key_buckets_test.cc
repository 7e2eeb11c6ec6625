// The memory of families whose keys begin randomly (catalog/key_buckets.h), held against a model
// through the database: nothing is flushed unless a test says so, so all answers come from it.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "store.h"

namespace mooring {
namespace {

constexpr Family kFamily = Family::picture;
constexpr Family kOrdinary = Family::segment;  // of RocksDB's own memory, for comparison

using Model = std::map<std::string, std::string>;

DatabaseOptions in_memory() {
  return {.mode = OpenMode::create, .write_buffer_bytes = std::size_t{64} << 20};
}

/// Keys that begin randomly, in the same bucket, with the same eight bytes, and shorter ones.
class Keys {
 public:
  explicit Keys(unsigned seed) : random_(seed) {}

  std::string next() {
    switch (random_() % 4) {
      case 0:
        return bytes(16);
      case 1:
        return std::string("\x80\x00", 2) + bytes(6);
      case 2:
        return std::string("together") + bytes(random_() % 3);
      default:
        return bytes(1 + random_() % 9);
    }
  }
  std::uint32_t number(std::uint32_t below) {
    return static_cast<std::uint32_t>(random_() % below);
  }

 private:
  std::string bytes(std::size_t count) {
    std::string text(count, '\0');
    for (char& byte : text) byte = static_cast<char>(random_() % 8 == 0 ? 0 : random_());
    return text;
  }

  std::mt19937_64 random_;
};

std::vector<Entry> expected(const Model& model, const std::string& start, Direction direction,
                            std::size_t limit) {
  std::vector<Entry> entries;
  if (direction == Direction::forward) {
    for (auto it = model.lower_bound(start); it != model.end() && entries.size() < limit; ++it)
      entries.push_back({it->first, it->second});
  } else {
    auto it = start.empty() ? model.end() : model.upper_bound(start);
    while (it != model.begin() && entries.size() < limit) {
      --it;
      entries.push_back({it->first, it->second});
    }
  }
  return entries;
}

void expect_scan(const Database& database, const Model& model, const std::string& start,
                 Direction direction, std::size_t limit = SIZE_MAX) {
  const auto found =
      database.scan({.family = kFamily, .start = start, .limit = limit, .direction = direction});
  ASSERT_TRUE(found.has_value());
  const std::vector<Entry> wanted = expected(model, start, direction, limit);
  ASSERT_EQ(found->size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    ASSERT_EQ((*found)[i].key, wanted[i].key);
    ASSERT_EQ((*found)[i].value, wanted[i].value);
  }
}

void expect_same(const Database& database, const Model& model, Keys& keys) {
  expect_scan(database, model, "", Direction::forward);
  expect_scan(database, model, "", Direction::backward);
  for (int i = 0; i < 50; ++i) {
    const std::string key = keys.next();
    expect_scan(database, model, key, Direction::forward, 1 + keys.number(40));
    expect_scan(database, model, key, Direction::backward, 1 + keys.number(40));
    const auto known = model.find(key);
    const Value value = database.get(kFamily, key).value();
    ASSERT_EQ(value, known == model.end() ? Value() : Value(known->second));
  }
  for (const auto& [key, value] : model) ASSERT_EQ(database.get(kFamily, key).value(), value);
}

TEST(KeyBuckets, AnswersAsAModelDoesFromMemoryAndFromTables) {
  Store store(in_memory());
  Keys keys(1);
  Model model;
  expect_same(*store.database, model, keys);
  for (int round = 0; round < 12; ++round) {
    (void)store.apply([&](Transaction& transaction) -> Status {
      for (int i = 0; i < 250; ++i) {
        std::string key = keys.next();
        const auto near = model.lower_bound(key);
        if (near != model.end() && keys.number(3) == 0) {  // what is known, and changes or goes
          key = near->first;
          if (keys.number(2) == 0) {
            transaction.erase(kFamily, key);
            model.erase(key);
            continue;
          }
        }
        const std::string value = std::to_string(round) + "/" + std::to_string(i);
        transaction.put(kFamily, key, value);
        model[key] = value;
      }
      return {};
    });
    ASSERT_NO_FATAL_FAILURE(expect_same(*store.database, model, keys));
  }
  store.reopen_cold();
  ASSERT_NO_FATAL_FAILURE(expect_same(*store.database, model, keys));
}

TEST(KeyBuckets, KeysThatAllBeginAlikeAreFoundToo) {
  Store store(in_memory());
  Model model;
  std::mt19937_64 random(2);
  for (int batch = 0; batch < 20; ++batch)
    (void)store.apply([&](Transaction& transaction) -> Status {
      for (int i = 0; i < 500; ++i) {
        const std::string key = "steered." + std::to_string(random());
        transaction.put(kFamily, key, "");
        model[key] = "";
      }
      return {};
    });
  expect_scan(*store.database, model, "", Direction::forward);
  expect_scan(*store.database, model, "", Direction::backward);
  expect_scan(*store.database, model, "steered.5", Direction::forward, 100);
  expect_scan(*store.database, model, "steered.5", Direction::backward, 100);
}

TEST(KeyBuckets, ReadersBesideTheWriterSeeWhatWasWrittenBeforeAndInOrder) {
  Store store(in_memory());
  std::atomic<int> written{0};
  std::atomic<bool> done{false};
  std::atomic<int> scans{0};
  const auto read = [&] {
    do {
      const int before = written.load();
      const auto forward = store.database->scan({.family = kFamily, .limit = SIZE_MAX});
      const auto backward = store.database->scan(
          {.family = kFamily, .limit = SIZE_MAX, .direction = Direction::backward});
      ASSERT_TRUE(forward.has_value() && backward.has_value());
      ASSERT_TRUE(std::ranges::is_sorted(*forward, {}, &Entry::key));
      ASSERT_TRUE(std::ranges::is_sorted(*backward, std::ranges::greater(), &Entry::key));
      ASSERT_GE(forward->size(), static_cast<std::size_t>(before));
      ASSERT_GE(backward->size(), forward->size());
      ++scans;
    } while (!done);
  };
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) readers.emplace_back(read);
  std::mt19937_64 random(3);
  for (int i = 0; i < 3000 || scans < 30; ++i) {
    const std::uint64_t number = random();
    store.put(kFamily, {reinterpret_cast<const char*>(&number), sizeof number}, "");
    ++written;
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
}

// A version that has come since the lookup began is not its answer: the next lookup could be older.
TEST(KeyBuckets, LookupsNeverGoBackWhileTheirKeyIsWrittenAgain) {
  Store store(in_memory());
  store.put(kFamily, "count", "0");
  std::atomic<bool> done{false};
  std::thread reader([&] {
    int seen = 0;
    while (!done) {
      const int now = std::stoi(*store.database->get(kFamily, "count").value());
      ASSERT_GE(now, seen);
      seen = now;
    }
  });
  for (int number = 1; number <= 3000; ++number)
    store.put(kFamily, "count", std::to_string(number));
  done = true;
  reader.join();
}

TEST(KeyBuckets, TakeNoMoreThanTheirShareOfASmallWriteBuffer) {
  Store random(small_database(OpenMode::create));
  Store ordinary(small_database(OpenMode::create));
  for (int i = 0; i < 100; ++i) {
    random.put(kFamily, "key" + std::to_string(i), "");
    ordinary.put(kOrdinary, "key" + std::to_string(i), "");
  }
  const std::uint64_t share = (std::uint64_t{4} << 20) / 2 / 32;  // database.cc: of each family
  EXPECT_LE(random.database->usage().write_buffer_bytes,
            ordinary.database->usage().write_buffer_bytes + 2 * share);
}

}  // namespace
}  // namespace mooring
