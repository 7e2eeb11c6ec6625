#include "mooring/catalog/garbage.h"

#include <algorithm>
#include <utility>

namespace mooring {

void GarbageQueue::note(const BlobId& id) {
  const std::scoped_lock lock(mutex_);
  if (marked_.size() < kMarksMax)
    marked_.push_back(id);
  else
    search_ = true;
}

void GarbageQueue::ask_for_search() {
  const std::scoped_lock lock(mutex_);
  search_ = true;
}

bool GarbageQueue::take_search() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(search_, false);
}

std::vector<BlobId> GarbageQueue::take(std::size_t limit) {
  const std::scoped_lock lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(limit, marked_.size()));
  std::vector<BlobId> taken(marked_.end() - count, marked_.end());
  marked_.erase(marked_.end() - count, marked_.end());
  return taken;
}

}  // namespace mooring
