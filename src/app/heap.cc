#include "mooring/app/heap.h"

#include "mooring/base/log.h"

#ifdef MOORING_JEMALLOC
#include <jemalloc/jemalloc.h>

// Read by jemalloc before main. What is freed goes back after a second, and its addresses with it:
// an image worker may have only so many of those.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf =
    "dirty_decay_ms:1000,muzzy_decay_ms:0,retain:false,max_background_threads:1";
}
#endif

namespace mooring {

void begin_heap_upkeep() {
#ifdef MOORING_JEMALLOC
  bool begins = true;
  if (::mallctl("background_thread", nullptr, nullptr, &begins, sizeof begins) != 0)
    log_warning("server", "the heap has no thread of its own: freed memory is given back late");
#endif
}

}  // namespace mooring
