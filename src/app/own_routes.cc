#include "mooring/app/own_routes.h"

#include <array>

#include "mooring/app/dispatch.h"
#include "mooring/app/heap.h"
#include "mooring/app/metrics_page.h"
#include "mooring/app/process_gauges.h"
#include "mooring/app/server_core.h"
#include "mooring/app/server_state.h"
#include "mooring/app/version.h"
#include "mooring/auth/bearer.h"
#include "mooring/base/clock.h"
#include "mooring/base/json_writer.h"
#include "mooring/image/failures.h"
#include "mooring/uring/file.h"

namespace mooring {

namespace {

constexpr std::size_t kDiscardBytes = 64_KiB;

ServerState& server_of(Exchange& exchange) {
  return static_cast<ServerServices&>(exchange.services).server;
}

Task<Response> get_root(Exchange&) {
  JsonWriter json;
  json.begin_object().field("name", "mooring").field("version", kVersion);
  json.field("health", "/healthz").field("ready", "/readyz").field("metrics", "/metrics");
  json.field("openapi", "/openapi.json");
  json.end_object();
  co_return json_response(200, json.take());
}

void write_state(JsonWriter& json, const ServerState& state, std::string_view status) {
  json.begin_object().field("status", status).field("version", kVersion);
  json.field("durability", name_of(state.config.data.durability));
  json.field("spaceIsShort", state.space_is_short.load());
  json.field("store", to_string(state.store.directory().store_id())).end_object();
}

Task<Response> get_health(Exchange& exchange) {
  JsonWriter json;
  write_state(json, server_of(exchange), "ok");
  co_return json_response(200, json.take());
}

Task<Response> get_ready(Exchange& exchange) {
  const ServerState& state = server_of(exchange);
  const bool ready = state.phase.load() == Phase::ready && !state.space_is_short.load();
  JsonWriter json;
  write_state(json, state, ready ? "ready" : "not ready");
  Response response = json_response(ready ? 200 : 503, json.take());
  if (!ready) response.add("Retry-After", "5");
  co_return response;
}

std::string render_page(const ServerState& state) {
  std::vector<const CoreMetrics*> cores;
  std::vector<const BlobCounters*> blobs;
  for (const auto& metrics : state.metrics) cores.push_back(metrics.get());
  for (const auto& core : state.cores) blobs.push_back(core->blob_counters());
  MetricsSources sources;
  sources.cores = cores;
  sources.writer = state.writer.metrics();
  sources.database = state.database.usage();
  sources.blobs = blobs;
  sources.cache = state.store.cache().numbers();
  if (!state.cores.empty()) {
    sources.compaction = *state.cores.front()->compaction_counters();
    sources.scrub = *state.cores.front()->scrub_counters();
  }
  sources.directory_sync_calls = state.store.directory_syncs().calls();
  sources.directory_syncs = state.store.directory_syncs().syncs();
  if (Result<FreeSpace> space = free_space(state.store.directory().root_fd()))
    sources.space = {space->bytes, space->inodes, state.config.data.reserve_bytes};
  sources.workers = {state.workers.threads(), state.workers.queued()};
  sources.images = state.renditions.pool.metrics();
  sources.image_failures_recalled = state.renditions.failures.recalled();
  sources.documents = state.documents.metrics();
  if (state.access_log != nullptr) sources.access_log = state.access_log->counters();
  sources.process = read_process_gauges();
  sources.heap = read_heap_gauges();
  sources.version = kVersion;
  sources.durability = state.config.data.durability;
  return render_metrics(sources);
}

Task<Response> get_metrics(Exchange& exchange) {
  const ServerState& state = server_of(exchange);
  Core& core = exchange.services.core;
  std::string page = co_await core.workers().run(core, [&state] { return render_page(state); });
  Response response{.text = std::move(page)};
  response.add("Content-Type", std::string(kMetricsContentType));
  co_return response;
}

// A credential that is sent must be good, so that the conformance cases can ask for a refusal from
// the head.
Task<Response> post_discard(Exchange& exchange) {
  const std::optional<std::string_view> authorization = exchange.head.find("authorization");
  if (authorization) {
    TokenCache none(0);
    Result<IdentityPtr> identity =
        authenticate_bearer(*authorization, server_of(exchange).verifier, none, wall_ms());
    if (!identity) co_return kDebugFamily.envelope.render(identity.error());
  }
  std::uint64_t size_bytes = exchange.body.take_arrived().size();
  std::vector<std::byte> scratch(kDiscardBytes);
  while (!exchange.body.at_end()) {
    Result<std::size_t> read = co_await exchange.body.read(scratch);
    if (!read) co_return kDebugFamily.envelope.render(read.error());
    size_bytes += *read;
  }
  JsonWriter json;
  json.begin_object().field("len", size_bytes).end_object();
  co_return json_response(200, json.take());
}

Task<Response> get_canary(Exchange&) {
  co_return json_response(200, R"({"canary":true})");
}

const Envelope kPlainEnvelope{{}, &render_plain};

constexpr std::array kHealthRoutes = {
    Route{Method::get, "/", kPublic, &get_root},
    Route{Method::get, "/healthz", kPublic, &get_health},
    Route{Method::get, "/readyz", kPublic, &get_ready},
};
constexpr std::array kMetricsRoutes = {
    Route{Method::get, "/metrics", kPublic, &get_metrics},
};
constexpr std::array kDebugRoutes = {
    Route{Method::post, "/e", kPublic, &post_discard},
    Route{Method::get, "/__canary", kPublic, &get_canary},
};

}  // namespace

const ResourceFamily kHealthFamily{"health", kHealthRoutes, kPlainEnvelope};
const ResourceFamily kMetricsFamily{"metrics", kMetricsRoutes, kPlainEnvelope};
const ResourceFamily kDebugFamily{"debug", kDebugRoutes, kPlainEnvelope};

}  // namespace mooring
