// What the clients of a core share: all of it on the core's thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "load/content.h"
#include "load/pacer.h"
#include "load/random.h"
#include "load/request.h"
#include "load/scenario.h"
#include "load/statistics.h"
#include "mooring/core/core.h"
#include "mooring/core/gate.h"

namespace mooring {

/// Something that was uploaded in this run and can be read.
struct StoredItem {
  std::string address;
  Content content;
};

/// What this core has uploaded, bounded: when it is full, new items take the places of others.
class StoredItems {
 public:
  static constexpr std::size_t kItemsMax = 65'536;

  void add(std::string_view address, const Content& content, Random& random) {
    if (items_.size() < kItemsMax) {
      items_.push_back({std::string(address), content});
      return;
    }
    StoredItem& place = items_[random() % kItemsMax];
    place.address = address;
    place.content = content;
  }
  /// Null as long as nothing was added. Valid until the next add.
  [[nodiscard]] const StoredItem* pick(Random& random) const noexcept {
    return items_.empty() ? nullptr : &items_[random() % items_.size()];
  }

 private:
  std::vector<StoredItem> items_;
};

struct CoreContext {
  Core& core;
  const Scenario& scenario;
  const ContentPattern& pattern;
  const SocketAddress& address;
  const RunTimes& times;
  CoreStatistics& statistics;
  Gate& senders;
  std::uint64_t seed;    ///< of the run
  std::string_view run;  ///< the seed in hex
  Random random;
  std::uint64_t next_number;  ///< of a request; the cores take turns
  StoredItems stored = {};

  [[nodiscard]] std::uint64_t take_number() noexcept {
    const std::uint64_t number = next_number;
    next_number += scenario.cores;
    return number;
  }
};

/// A group on one core.
struct GroupContext {
  GroupContext(CoreContext& context, const LoadGroup& of_scenario, std::size_t group_index);

  const LoadGroup& group;
  std::size_t index;
  Pacer pacer;
  std::vector<RequestBuilder> builders;  ///< of the operations
  std::vector<double> weights_up_to;     ///< of an operation and those before it
  bool verifies = false;                 ///< content is compared, so receive buffers are large
};

}  // namespace mooring
