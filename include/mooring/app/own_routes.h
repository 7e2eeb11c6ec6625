// The server's own routes: what an operator asks, and two for conformance and load tests.
//
//   GET /         name, version, where to read on
//   GET /healthz  200 while the process runs: version, durability mode, what is short
//   GET /readyz   200 while uploads are taken, else 503
//   GET /metrics  Prometheus text; only on its own listener if one is configured
//   POST /e, GET /__canary  with --debug-routes: takes any body and answers {"len":N}; answers 200
#pragma once

#include "mooring/api/route.h"
#include "mooring/app/router.h"

namespace mooring {

struct Config;

/// The route table of the whole server: every family, then the own routes. app/routes.cc.
[[nodiscard]] Router make_router(const Config& config);
/// The routes of the separate metrics listener.
[[nodiscard]] Router make_own_router();

extern const ResourceFamily kHealthFamily;   ///< /, /healthz, /readyz
extern const ResourceFamily kMetricsFamily;  ///< /metrics
extern const ResourceFamily kDebugFamily;    ///< /e, /__canary

}  // namespace mooring
