#include "mooring/image/failures.h"

namespace mooring {

std::optional<Error> ImageFailures::recall(const FlightKey& key, std::uint64_t now_ms) {
  const std::lock_guard lock(mutex_);
  const auto found = failures_.find(key);
  if (found == failures_.end() || found->second.expires_ms <= now_ms) return std::nullopt;
  ++recalled_;
  return found->second.error;
}

void ImageFailures::remember(const FlightKey& key, const Error& error, std::uint64_t now_ms) {
  if (error.code != Errc::internal && error.code != Errc::unprocessable) return;
  if (options_.entries_max == 0) return;
  const std::lock_guard lock(mutex_);
  forget_expired(now_ms);
  // Two who tried at one time: the first one's time counts.
  if (failures_.contains(key)) return;
  if (failures_.size() >= options_.entries_max) {
    failures_.erase(by_age_.front());
    by_age_.pop_front();
  }
  by_age_.push_back(failures_.emplace(key, Failure{error, now_ms + options_.ttl_ms}).first);
}

void ImageFailures::forget_expired(std::uint64_t now_ms) {
  while (!by_age_.empty() && by_age_.front()->second.expires_ms <= now_ms) {
    failures_.erase(by_age_.front());
    by_age_.pop_front();
  }
}

std::size_t ImageFailures::size() const {
  const std::lock_guard lock(mutex_);
  return failures_.size();
}

std::uint64_t ImageFailures::recalled() const {
  const std::lock_guard lock(mutex_);
  return recalled_;
}

std::size_t ImageFailures::bytes_max(std::size_t entries) noexcept {
  // A node of the tree has four words beside its value, its allocation two more.
  constexpr std::size_t kNodeBytes = sizeof(Table::value_type) + 6 * sizeof(void*);
  return entries * (kNodeBytes + sizeof(Table::iterator));
}

}  // namespace mooring
