#include "mooring/core/semaphore.h"

#include "mooring/core/core.h"

namespace mooring {

bool Semaphore::try_acquire(std::size_t count) noexcept {
  if (count == 0) return true;
  if (first_ != nullptr || permits_ < count) return false;
  permits_ -= count;
  return true;
}

void Semaphore::Acquire::await_suspend(std::coroutine_handle<> waiter) noexcept {
  waiter_ = waiter;
  Semaphore& semaphore = semaphore_;
  if (semaphore.last_ != nullptr)
    semaphore.last_->next_ = this;
  else
    semaphore.first_ = this;
  semaphore.last_ = this;
  ++semaphore.waiting_;
}

void Semaphore::release(std::size_t count) noexcept {
  permits_ += count;
  while (first_ != nullptr && first_->count_ <= permits_) {
    Acquire* const granted = first_;
    first_ = granted->next_;
    if (first_ == nullptr) last_ = nullptr;
    --waiting_;
    permits_ -= granted->count_;
    core_.resume_later(granted->waiter_);
  }
}

}  // namespace mooring
