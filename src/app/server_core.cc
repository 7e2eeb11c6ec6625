#include "mooring/app/server_core.h"

#include <pthread.h>
#include <sched.h>

#include <future>

#include "mooring/api/collect.h"
#include "mooring/api/compact.h"
#include "mooring/api/renditions.h"
#include "mooring/api/scrub.h"
#include "mooring/app/authenticate.h"
#include "mooring/app/own_routes.h"
#include "mooring/base/clock.h"
#include "mooring/base/log.h"
#include "mooring/catalog/reader.h"
#include "mooring/core/gate.h"
#include "mooring/image/pool.h"

namespace mooring {

namespace {

constexpr unsigned kAcceptsInFlight = 4;
// With no descriptor left accepting pauses instead of spinning on the error.
constexpr std::uint64_t kAcceptPauseMs = 100;
constexpr std::uint64_t kSampleMs = 1000;
// After the drain's deadline: what waits on a peer is cut off, what waits on the disk gets this
// long.
constexpr std::uint64_t kInterruptPollMs = 50;

CoreOptions core_options(const Config& config, unsigned index) {
  CoreOptions options;
  options.index = index;
  options.chunks_max = static_cast<std::uint16_t>(config.limits.chunks_per_core);
  options.head_buffers = static_cast<std::uint16_t>(config.limits.head_buffers_per_core);
  return options;
}

CompactionOptions compaction_options(const CompactionConfig& config) {
  return {.live_percent_min = config.live_percent_min,
          .interval_ms = config.interval_ms,
          .pace = {config.rate, config.latency_budget_ms}};
}

ScrubOptions scrub_options(const ScrubConfig& config, LastStop last_stop) {
  return {.pace = {config.rate, config.latency_budget_ms},
          .cycle_ms = config.cycle_ms,
          .after_unclean_stop = last_stop == LastStop::unclean};
}

void pin_to(unsigned cpu_index) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  unsigned seen = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed) || seen++ != cpu_index) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
    return;
  }
}

// Shows to others, once a second, what only the core's thread can see.
class Sampler final : public Timer {
 public:
  Sampler(Core& core, CoreMetrics& metrics) noexcept : core_(core), metrics_(metrics) {}
  void expired() noexcept override {
    metrics_.publish(sample(core_));
    set(core_.timers(), kSampleMs);
  }

 private:
  Core& core_;
  CoreMetrics& metrics_;
};

}  // namespace

// Everything that lives on the core's thread, in the order in which it is built.
struct ServerCore::Parts final : private Message {
  Parts(ServerState& server, std::unique_ptr<Core> owned, CoreMetrics& core_metrics)
      : state(server),
        core(std::move(owned)),
        metrics(core_metrics),
        blobs(*core, server.store),
        reader(*core, server.database, server.config.rocksdb.record_cache_bytes_per_core),
        collector(*core, reader, server.writer, blobs, server.config.data.collect_gather_ms),
        compactor(*core, reader, server.writer, blobs,
                  compaction_options(server.config.compaction)),
        scrubber(*core, reader, server.writer, blobs,
                 scrub_options(server.config.scrub, server.database.last_stop())),
        renditions(*core, server.renditions),
        admission(server.api.admission, server.uploads_in_flight, metrics.ingest.admission,
                  monotonic_ns),
        services{{*core, reader, server.writer, server.documents, blobs, collector, renditions,
                  server.api, metrics.ingest, metrics, server.space_is_short, admission,
                  server.zips_in_flight},
                 server},
        tokens(server.config.auth.cached_tokens_per_core),
        keys(server.config.auth.cached_keys_per_core),
        own_router(make_own_router()),
        authenticator(*core, reader, server.writer, server.verifier, tokens, keys,
                      server.throttles.guesses),
        dispatching{server.router, authenticator, server.throttles, services},
        own_dispatching{own_router, authenticator, server.throttles, services},
        connections{
            *core, dispatching, server.connections, metrics,
            server.access_log != nullptr ? &server.access_log->buffer(core->index()) : nullptr},
        own_connections{*core, own_dispatching, server.connections, metrics, nullptr},
        connection_gate(*core),
        own_gate(*core),
        sampler(*core, metrics) {}

  Task<void> accept_loop(ConnectionContext& context, int listener, Operation*& waiting);
  Task<void> serve_one(ConnectionContext& context, Fd socket, std::string peer);
  Task<void> stop();
  void begin(int listener, int metrics_listener);
  void post_drain() { core->mailbox().post(*this); }
  void deliver() noexcept override { own_gate.spawn(stop()); }

  ServerState& state;
  std::unique_ptr<Core> core;
  CoreMetrics& metrics;
  CoreBlobs blobs;
  Reader reader;
  Collector collector;
  Compactor compactor;  // this and the scrubber work on core 0 only
  Scrubber scrubber;
  Renditions renditions;
  Admission admission;
  ServerServices services;
  TokenCache tokens;
  KeyCache keys;
  Router own_router;
  Authenticator authenticator;
  DispatchContext dispatching;
  DispatchContext own_dispatching;
  ConnectionContext connections;
  ConnectionContext own_connections;
  Gate connection_gate;  // accepts and connections
  Gate own_gate;         // the core's own work: start and stop
  Sampler sampler;
  std::array<Operation*, kAcceptsInFlight + 1> accepting{};
  bool draining = false;
};

ServerCore::ServerCore(ServerState& state, unsigned index, Fd listener, Fd metrics_listener)
    : state_(state),
      index_(index),
      listener_(std::move(listener)),
      metrics_listener_(std::move(metrics_listener)) {}

ServerCore::~ServerCore() {
  join();
}

Status ServerCore::start() {
  std::promise<Status> started;
  std::future<Status> outcome = started.get_future();
  thread_ = std::thread([this, &started] {
    ::pthread_setname_np(::pthread_self(), "mooring-core");
    if (state_.config.threads.pin) pin_to(index_);
    Result<std::unique_ptr<Core>> core =
        Core::create(core_options(state_.config, index_), state_.workers);
    if (!core) {
      started.set_value(std::unexpected(core.error()));
      return;
    }
    parts_ = std::make_unique<Parts>(state_, std::move(*core), *state_.metrics[index_]);
    parts_->begin(listener_.get(), metrics_listener_.get());
    started.set_value({});
    parts_->core->run();
  });
  return outcome.get();
}

void ServerCore::drain() {
  parts_->post_drain();
}

void ServerCore::join() {
  if (thread_.joinable()) thread_.join();
}

const BlobCounters* ServerCore::blob_counters() const noexcept {
  return &parts_->blobs.counters();
}

const CompactionCounters* ServerCore::compaction_counters() const noexcept {
  return &parts_->compactor.counters();
}

const ScrubCounters* ServerCore::scrub_counters() const noexcept {
  return &parts_->scrubber.counters();
}

void ServerCore::Parts::begin(int listener, int metrics_listener) {
  own_gate.spawn(blobs.start());
  sampler.expired();
  if (core->index() == 0) {
    collector.wake();  // what the last stop left
    compactor.start();
    scrubber.start();
  }
  for (unsigned i = 0; i < kAcceptsInFlight; ++i)
    connection_gate.spawn(accept_loop(connections, listener, accepting[i]));
  if (metrics_listener >= 0)
    connection_gate.spawn(accept_loop(own_connections, metrics_listener, accepting.back()));
}

Task<void> ServerCore::Parts::accept_loop(ConnectionContext& context, int listener,
                                          Operation*& waiting) {
  while (!draining) {
    AcceptOperation accept = core->ring().accept(listener);
    waiting = &accept;
    Result<Fd> socket = co_await accept;
    waiting = nullptr;
    if (!socket && socket.error().code == Errc::overloaded) {
      metrics.connection_refused(ConnectionRefusal::no_descriptors);
      Sleep pause(*core, kAcceptPauseMs);
      co_await pause;
    }
    if (!socket) continue;
    std::string peer = peer_address(socket->get());
    const ConnectionCounts::Verdict verdict = state.counts.enter(peer);
    if (verdict == ConnectionCounts::Verdict::admitted && !draining) {
      connection_gate.spawn(serve_one(context, std::move(*socket), std::move(peer)));
      continue;
    }
    if (verdict == ConnectionCounts::Verdict::admitted) {
      state.counts.leave(peer);
      metrics.connection_refused(ConnectionRefusal::draining);
    } else {
      metrics.connection_refused(verdict == ConnectionCounts::Verdict::too_many
                                     ? ConnectionRefusal::too_many
                                     : ConnectionRefusal::too_many_of_address);
    }
  }
}

Task<void> ServerCore::Parts::serve_one(ConnectionContext& context, Fd socket, std::string peer) {
  co_await serve_connection(context, std::move(socket), peer);
  state.counts.leave(peer);
}

// The drain, in the order of its contract.
Task<void> ServerCore::Parts::stop() {
  draining = true;
  for (Operation* accept : accepting)
    if (accept != nullptr) core->ring().cancel(*accept);
  drain_connections(connections);
  drain_connections(own_connections);
  const std::uint64_t deadline_ms = monotonic_ms() + state.config.server.drain_ms;
  while (connection_gate.size() > 0 || renditions.gate().size() > 0) {
    if (monotonic_ms() > deadline_ms) {
      interrupt_connections(connections);
      interrupt_connections(own_connections);
      state.renditions.pool.give_up();
    }
    Sleep pause(*core, kInterruptPollMs);
    co_await pause;
  }
  connection_gate.close();
  co_await authenticator.stop();
  co_await renditions.stop();
  co_await scrubber.stop();
  co_await compactor.stop();
  co_await collector.stop();
  co_await blobs.stop();
  sampler.clear();
  metrics.publish(sample(*core));
  core->stop();
}

}  // namespace mooring
