#include "mooring/image/flights.h"

#include <utility>

#include "mooring/base/check.h"

namespace mooring {

ImageFlights::~ImageFlights() {
  MOORING_CHECK(aboard_.empty(), "renditions end while one is made");
}

bool ImageFlights::Board::await_suspend(std::coroutine_handle<> waiter) {
  waiter_ = waiter;
  const std::lock_guard lock(flights_.mutex_);
  const auto [flight, is_first] = flights_.aboard_.try_emplace(key_, nullptr);
  if (is_first) return false;
  next_ = std::exchange(flight->second, this);
  return true;
}

void ImageFlights::land(const FlightKey& key, const FlightAnswer& answer) noexcept {
  Board* waiting = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto flight = aboard_.find(key);
    MOORING_CHECK(flight != aboard_.end(), "a landing without a flight");
    waiting = flight->second;
    aboard_.erase(flight);
  }
  while (waiting != nullptr) {
    Board* const next = waiting->next_;  // read first: the message may be gone once posted
    waiting->answer_ = answer;
    waiting->core_.mailbox().post(*waiting);
    waiting = next;
  }
}

std::size_t ImageFlights::size() const {
  const std::lock_guard lock(mutex_);
  return aboard_.size();
}

}  // namespace mooring
