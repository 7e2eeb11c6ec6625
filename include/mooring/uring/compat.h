// Constants of io_uring that are newer than the oldest liburing we build with (2.3, Debian 12).
#pragma once

#include <liburing.h>

// liburing 2.3 has every constant that is used today; what a later kernel adds (NO_SQARRAY 6.6,
// NO_IOWAIT 6.15) comes here, guarded by #ifndef. Never NO_SQARRAY with liburing 2.3: its setup
// writes the array that the flag removes.
#ifndef IORING_FEAT_NO_IOWAIT
#define IORING_FEAT_NO_IOWAIT (1U << 17)
#endif
#ifndef IORING_ENTER_NO_IOWAIT
#define IORING_ENTER_NO_IOWAIT (1U << 7)
#endif
