// What the tests of the catalogue share: a store in a directory of its own, and mutations written
// in place.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "mooring/base/check.h"
#include "mooring/base/result.h"
#include "mooring/catalog/database.h"
#include "mooring/catalog/writer.h"
#include "unit/support/change.h"
#include "unit/support/temporary_directory.h"

namespace mooring {

inline DatabaseOptions small_database(OpenMode mode) {
  return {.mode = mode,
          .block_cache_bytes = std::size_t{8} << 20,
          .write_buffer_bytes = std::size_t{4} << 20};
}

inline std::unique_ptr<Database> open_database(const std::filesystem::path& directory,
                                               OpenMode mode) {
  auto opened = Database::open(directory, small_database(mode));
  MOORING_CHECK(opened.has_value(), "the store of a test opens");
  return *std::move(opened);
}

/// An open, empty store and its transactions.
struct Store {
  TemporaryDirectory directory;
  std::unique_ptr<Database> database = open_database(directory.path(), OpenMode::create);

  Store() = default;
  /// With options of its own until it is opened again.
  explicit Store(const DatabaseOptions& options) : database(nullptr) {
    auto opened = Database::open(directory.path(), options);
    MOORING_CHECK(opened.has_value(), "the store of a test opens");
    database = *std::move(opened);
  }

  /// Applies one function and writes it, as the writer does with a batch of one.
  template <typename Function>
  auto apply(Function function) {
    Transaction transaction(*database);
    transaction.begin_mutation();
    auto result = function(transaction);
    result ? transaction.keep() : transaction.roll_back();
    MOORING_CHECK(transaction.write(Durability::relaxed).has_value(), "a test's write succeeds");
    return result;
  }

  void put(Family family, std::string_view key, std::string_view value) {
    (void)apply([&](Transaction& transaction) -> Status {
      transaction.put(family, key, value);
      return {};
    });
  }

  void reopen() {
    database.reset();
    database = open_database(directory.path(), OpenMode::existing);
  }

  /// Closes in good order, so that everything lies in tables, and opens with an empty cache.
  void reopen_cold() {
    MOORING_CHECK(database->close().has_value(), "a test's store closes");
    reopen();
  }
};

/// The code of a result's error; the result must be one.
template <typename T>
Errc code_of(const Result<T>& result) {
  MOORING_CHECK(!result.has_value(), "an error was expected");
  return result.error().code;
}

}  // namespace mooring
