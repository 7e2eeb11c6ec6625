#include "mooring/app/heap.h"

#ifdef MOORING_JEMALLOC
#include <jemalloc/jemalloc.h>

#include <cstddef>
#include <thread>

#include "mooring/base/background.h"
#include "mooring/base/log.h"

// Read by jemalloc before main. What is freed goes back after a second. Its addresses stay: to
// unmap stops every thread that allocates meanwhile, and was up to 9 ms of a query's time.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "dirty_decay_ms:1000,muzzy_decay_ms:0,max_background_threads:1";
}
#endif

namespace mooring {

#ifdef MOORING_JEMALLOC
namespace {

std::uint64_t statistic(const char* name) {
  std::size_t value = 0;
  std::size_t bytes = sizeof value;
  return ::mallctl(name, &value, &bytes, nullptr, 0) == 0 ? value : 0;
}

}  // namespace
#endif

void begin_heap_upkeep() {
#ifdef MOORING_JEMALLOC
  // The heap's thread is made as its maker is: one that steps aside.
  std::thread([] {
    step_aside();
    bool begins = true;
    if (::mallctl("background_thread", nullptr, nullptr, &begins, sizeof begins) != 0)
      log_warning("server", "the heap has no thread of its own: freed memory is given back late");
  }).join();
#endif
}

HeapGauges read_heap_gauges() {
  HeapGauges gauges;
#ifdef MOORING_JEMALLOC
  std::uint64_t epoch = 1;  // statistics are those of the last time that this was written
  (void)::mallctl("epoch", nullptr, nullptr, &epoch, sizeof epoch);
  gauges.allocated_bytes = statistic("stats.allocated");
  gauges.resident_bytes = statistic("stats.resident");
#endif
  return gauges;
}

}  // namespace mooring
