// Semaphore: counts permits of one core and lets coroutines wait for them, first come, first
// served.
//
// Waiters are woken by handing them their permits, so nobody who comes later can overtake. One
// thread.
#pragma once

#include <coroutine>
#include <cstddef>

namespace mooring {

class Core;

class Semaphore {
 public:
  Semaphore(Core& core, std::size_t permits) noexcept : core_(core), permits_(permits) {}
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  class [[nodiscard]] Acquire {
   public:
    Acquire(Semaphore& semaphore, std::size_t count) noexcept
        : semaphore_(semaphore), count_(count) {}
    Acquire(const Acquire&) = delete;
    Acquire& operator=(const Acquire&) = delete;
    [[nodiscard]] bool await_ready() noexcept { return semaphore_.try_acquire(count_); }
    void await_suspend(std::coroutine_handle<> waiter) noexcept;
    void await_resume() const noexcept {}

   private:
    friend class Semaphore;
    Semaphore& semaphore_;
    std::size_t count_;
    std::coroutine_handle<> waiter_;
    Acquire* next_ = nullptr;
  };

  /// Waits until `count` permits are the caller's; for none it never waits.
  [[nodiscard]] Acquire acquire(std::size_t count) noexcept { return {*this, count}; }
  /// Takes `count` permits if they are free and nobody waits, or if it is 0.
  [[nodiscard]] bool try_acquire(std::size_t count) noexcept;
  void release(std::size_t count) noexcept;

  [[nodiscard]] std::size_t available() const noexcept { return permits_; }
  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

 private:
  Core& core_;
  std::size_t permits_;
  std::size_t waiting_ = 0;
  Acquire* first_ = nullptr;
  Acquire* last_ = nullptr;
};

/// Gives permits back when it goes out of scope.
class Permits {
 public:
  Permits() noexcept = default;
  Permits(Semaphore& semaphore, std::size_t count) noexcept
      : semaphore_(&semaphore), count_(count) {}
  Permits(Permits&& other) noexcept : semaphore_(other.semaphore_), count_(other.count_) {
    other.count_ = 0;
  }
  Permits& operator=(Permits&& other) noexcept {
    if (this != &other) {
      reset();
      semaphore_ = other.semaphore_;
      count_ = other.count_;
      other.count_ = 0;
    }
    return *this;
  }
  ~Permits() { reset(); }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  void reset() noexcept {
    if (count_ > 0) semaphore_->release(count_);
    count_ = 0;
  }

 private:
  Semaphore* semaphore_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace mooring
