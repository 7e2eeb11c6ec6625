// Reader: how a core reads the catalogue without ever waiting for the disk (vow V5).
//
// One per core, owned by it, used on its thread. Any function that reads through a View can be run:
// first on the core against what is in memory (microseconds), and only if something it needs is not
// there, once more from its beginning on a worker, where it may block. So such a function changes
// nothing but its result, and may run twice.
//
// Records that are asked for often are kept by the core itself (record_cache.h), as long as they
// are what the database holds.
//
// A completed read shows every commit that was answered before it began. Two reads are two moments:
// what must be true at the moment of a change is checked again in the mutation that makes it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "mooring/base/result.h"
#include "mooring/catalog/database.h"
#include "mooring/catalog/record_cache.h"
#include "mooring/catalog/view.h"
#include "mooring/core/core.h"
#include "mooring/core/task.h"
#include "mooring/core/workers.h"

namespace mooring {

struct ReaderMetrics {
  std::uint64_t from_memory = 0;  ///< reads answered on the core
  std::uint64_t on_worker = 0;    ///< reads that went to a worker
};

class Reader {
 public:
  /// The core and the database outlive the reader. `cache_bytes` for records that are kept.
  Reader(Core& core, const Database& database, std::size_t cache_bytes = 0)
      : core_(core), database_(database), cache_(cache_bytes) {}
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// The value under `key`. Fails with io_error or corrupt.
  [[nodiscard]] Task<Result<Value>> get(Family family, std::string key) {
    return read([family, key = std::move(key)](const View& view) { return view.get(family, key); });
  }

  /// `function(const View&)`, which returns a Result: `co_await reader.read(find_it)`.
  template <typename Function>
  [[nodiscard]] Task<std::invoke_result_t<Function&, const View&>> read(Function function) {
    MemoryView memory(database_, cache_);
    auto answer = function(memory);
    if (!memory.would_block()) {
      count(from_memory_);
      co_return answer;
    }
    auto from_worker = co_await read_on_worker(std::move(function));
    co_return from_worker;
  }

  /// As read, on a worker from the start: for walks too long for a turn of the loop.
  template <typename Function>
  [[nodiscard]] Task<std::invoke_result_t<Function&, const View&>> read_on_worker(
      Function function) {
    count(on_worker_);
    auto answer = co_await core_.workers().run(
        core_, [this, &function] { return function(static_cast<const View&>(database_)); });
    co_return answer;
  }

  /// Database::generation.
  [[nodiscard]] std::uint64_t generation(Family family) const noexcept {
    return database_.generation(family);
  }

  /// Any thread.
  [[nodiscard]] ReaderMetrics metrics() const noexcept {
    return {from_memory_.load(std::memory_order_relaxed),
            on_worker_.load(std::memory_order_relaxed)};
  }

 private:
  /// One thread counts, others look: no locked addition is needed.
  static void count(std::atomic<std::uint64_t>& counter) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  Core& core_;
  const Database& database_;
  RecordCache cache_;
  std::atomic<std::uint64_t> from_memory_{0};
  std::atomic<std::uint64_t> on_worker_{0};
};

}  // namespace mooring
