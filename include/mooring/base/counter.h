// Counter: a number that one thread changes and any thread reads.
//
// For what is counted on a core and shown in metrics. A change is a plain load, add and store (no
// locked instruction, no shared cache line as long as the counters of two threads lie apart); a
// read is a relaxed load, so two counters read one after the other are two moments.
//
// Copying takes the value of the moment: a struct of counters is copied to make a snapshot of it.
#pragma once

#include <atomic>
#include <cstdint>

namespace mooring {

class Counter {
 public:
  constexpr Counter(std::uint64_t value = 0) noexcept : value_(value) {}
  Counter(const Counter& other) noexcept : value_(other.get()) {}
  Counter& operator=(const Counter& other) noexcept {
    set(other.get());
    return *this;
  }

  /// Any thread.
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }
  operator std::uint64_t() const noexcept { return get(); }

  /// The owner's thread only. `set` makes it a gauge.
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(std::uint64_t more) noexcept { set(get() + more); }
  Counter& operator+=(std::uint64_t more) noexcept {
    add(more);
    return *this;
  }
  Counter& operator++() noexcept { return *this += 1; }

 private:
  std::atomic<std::uint64_t> value_;
};

}  // namespace mooring
