#include "mooring/app/server_state.h"

namespace mooring {

ConnectionCounts::Verdict ConnectionCounts::enter(const std::string& address) {
  if (all_.fetch_add(1, std::memory_order_relaxed) >= all_max_) {
    all_.fetch_sub(1, std::memory_order_relaxed);
    return Verdict::too_many;
  }
  if (of_address_max_ == 0) return Verdict::admitted;
  const std::lock_guard lock(mutex_);
  std::uint64_t& count = by_address_[address];
  if (count < of_address_max_) {
    ++count;
    return Verdict::admitted;
  }
  all_.fetch_sub(1, std::memory_order_relaxed);
  return Verdict::too_many_of_address;
}

void ConnectionCounts::leave(const std::string& address) noexcept {
  all_.fetch_sub(1, std::memory_order_relaxed);
  if (of_address_max_ == 0) return;
  const std::lock_guard lock(mutex_);
  const auto found = by_address_.find(address);
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
}

}  // namespace mooring
