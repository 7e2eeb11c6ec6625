#include "mooring/blob/removals.h"

namespace mooring {

Removals::Step Removals::try_begin() {
  const std::lock_guard lock(mutex_);
  if (holds_ > 0) return {};
  ++steps_;
  return Step(this);
}

void Removals::end() noexcept {
  const std::lock_guard lock(mutex_);
  if (--steps_ == 0) ended_.notify_all();
}

Removals::Hold::Hold(Removals& removals) : removals_(removals) {
  std::unique_lock lock(removals_.mutex_);
  ++removals_.holds_;
  removals_.ended_.wait(lock, [this] { return removals_.steps_ == 0; });
}

Removals::Hold::~Hold() {
  const std::lock_guard lock(removals_.mutex_);
  --removals_.holds_;
}

}  // namespace mooring
