#include "mooring/app/server.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "mooring/api/documents/default_categories.h"
#include "mooring/app/admin_socket.h"
#include "mooring/app/backup_job.h"
#include "mooring/app/doctor.h"
#include "mooring/app/exit_code.h"
#include "mooring/app/heap.h"
#include "mooring/app/key_admin.h"
#include "mooring/app/memory_bound.h"
#include "mooring/app/notify.h"
#include "mooring/app/open_store.h"
#include "mooring/app/own_routes.h"
#include "mooring/app/server_core.h"
#include "mooring/app/token_keys.h"
#include "mooring/app/usable_memory.h"
#include "mooring/app/version.h"
#include "mooring/base/fault.h"
#include "mooring/blob/recovery.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/document_index.h"
#include "mooring/image/failures.h"
#include "mooring/image/flights.h"
#include "mooring/image/pool.h"
#include "mooring/uring/file.h"
#include "mooring/uring/probe.h"

namespace mooring {

namespace {

constexpr long kHousekeepingNs = 500'000'000;
constexpr std::uint64_t kGuessesPeriodMs = 60'000;
constexpr std::uint64_t kRequestsPeriodMs = 1'000;

// A sync or write of the store failed: nothing of its batch was acknowledged, and what the page
// cache says from now on proves nothing. The process ends at once; start-up verifies what was
// recent.
[[noreturn]] void stop_on_io_error(const Error& error) {
  log_error("server", "stopped: {}; nothing of the failed batch was acknowledged", describe(error));
  ::_exit(kExitIoError);
}

// Signals are taken by the main thread alone, with sigtimedwait: every other thread inherits this
// mask.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return signals;
}

int refuse_start(const StartError& error) {
  log_error("server", "{}", error.message);
  return error.exit_code;
}

int refuse_start(const std::string& what, const Error& error, const char* cure) {
  return refuse_start({kExitConfiguration, fmt::format("{}: {}; {}", what, describe(error), cure)});
}

bool machine_is_fit(const Config& config) {
  bool fit = true;
  for (const Finding& finding : examine_kernel(config)) {
    if (finding.grade == Finding::Grade::good) continue;
    const bool fatal = finding.grade == Finding::Grade::fatal;
    log_line(fatal ? LogLevel::error : LogLevel::warning, "machine", describe(finding));
    fit = fit && !fatal;
  }
  return fit;
}

DocumentSettings document_settings(const DocumentsConfig& config) {
  DocumentSettings settings;
  settings.file_bytes_max = config.file_bytes_max;
  settings.types = AllowedTypes::parse(config.types).value_or(AllowedTypes());  // was checked
  settings.zip_bytes_max = config.zip_bytes_max;
  settings.zip = {.entries_max = config.zip_entries_max,
                  .entry_bytes_max = config.zip_entry_bytes_max,
                  .total_bytes_max = config.zip_total_bytes_max,
                  .ratio_max = config.zip_ratio_max};
  settings.zips_in_flight_max = config.zips_in_flight_max;
  return settings;
}

ApiSettings api_settings(const Config& config, TokenClients token_clients) {
  ApiSettings settings;
  settings.token_clients = std::move(token_clients);
  settings.body_bytes_max = config.limits.body_bytes_max;
  settings.json_bytes_max = config.limits.json_bytes_max;
  settings.picture_bytes_max = config.limits.picture_bytes_max;
  settings.attachment_bytes_max = config.limits.attachment_bytes_max;
  settings.partner_bytes_max = config.limits.partner_bytes_max;
  settings.images_bytes_max = config.limits.images_bytes_max;
  settings.documents = document_settings(config.documents);
  settings.segment_threshold_bytes = config.data.segment_threshold_bytes;
  settings.receive_bytes_max = config.limits.receive_bytes_max;
  settings.contended_bytes_per_second_min = config.timeouts.contended_bytes_per_second_min;
  settings.contended_grace_ns = config.timeouts.body_grace_ms * 1'000'000;
  settings.admission.in_flight_max = config.limits.uploads_in_flight_max;
  settings.admission.waiting_min = config.limits.uploads_waiting_min;
  settings.admission.delay_aim_ns = config.limits.upload_delay_aim_ms * 1'000'000;
  settings.reserve_bytes = config.data.reserve_bytes;
  settings.base_url = config.server.base_url;
  return settings;
}

DocumentIndexOptions document_index_options(const DocumentsConfig& config) {
  return {.memory_bytes = config.index_memory_bytes, .tail_documents = config.index_tail_documents};
}

ImagePoolOptions image_pool_options(const RenditionsConfig& config) {
  ImagePoolOptions options;
  options.checks = {static_cast<unsigned>(config.check_workers), config.check_queue_max};
  options.renditions = {static_cast<unsigned>(config.workers), config.queue_max};
  options.limits.memory_bytes_max = config.memory_bytes_max;
  options.limits.file_bytes_max = config.file_bytes_max;
  options.limits.output_bytes_max = config.output_bytes_max;
  options.limits.pixels_max = config.pixels_max;
  options.limits.side_max = config.side_max;
  options.limits.timeout_ms = config.timeout_ms;
  options.limits.jobs_per_process_max = config.jobs_per_process_max;
  return options;
}

ConnectionSettings connection_settings(const Config& config) {
  const TimeoutsConfig& timeouts = config.timeouts;
  ConnectionSettings settings;
  settings.head.request_line_bytes_max = config.limits.request_line_bytes_max;
  settings.head.head_bytes_max = config.limits.head_bytes_max;
  settings.head.fields_max = config.limits.header_fields_max;
  settings.head_buffers_held_max = config.limits.head_buffers_per_core / 2;
  settings.body_bytes_max = config.limits.body_bytes_max;
  settings.requests_max = config.limits.requests_per_connection_max;
  settings.idle_ms = timeouts.idle_ms;
  settings.head_ms = timeouts.head_ms;
  settings.body_progress = {timeouts.body_grace_ms, timeouts.body_window_ms,
                            timeouts.body_bytes_per_second_min};
  settings.send_progress = {timeouts.send_grace_ms, timeouts.send_window_ms,
                            timeouts.send_bytes_per_second_min};
  settings.linger_ms = timeouts.linger_ms;
  settings.linger_bytes_max = timeouts.linger_bytes_max;
  return settings;
}

// Every core listens on the same port; where that is 0 the first one finds it.
Result<std::vector<Fd>> open_listeners(Endpoint& endpoint, unsigned count, std::uint64_t backlog) {
  std::vector<Fd> listeners;
  if (count == 0) return listeners;
  if (Status unused = check_unused(endpoint); !unused) return std::unexpected(unused.error());
  for (unsigned i = 0; i < count; ++i) {
    Result<Fd> listener = listen_on(endpoint, static_cast<int>(backlog));
    if (!listener) return std::unexpected(listener.error());
    if (Result<Endpoint> bound = local_endpoint(listener->get())) endpoint.port = bound->port;
    listeners.push_back(std::move(*listener));
  }
  return listeners;
}

// Of the file system of the data directory and of that of the catalogue, which an operator may have
// put on another disk: the less.
Result<FreeSpace> free_space_of(const DataDirectory& directory) {
  Result<FreeSpace> space = free_space(directory.root_fd());
  const Fd catalog(::open(directory.catalog_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const Result<FreeSpace> beside = free_space(catalog.get());
  if (!space || !beside) return space;
  return FreeSpace{std::min(space->bytes, beside->bytes), std::min(space->inodes, beside->inodes)};
}

// Uploads are refused while a disk is nearly full, so that deletes still find room. The catalogue
// finds out by itself that there is room again.
void look_at_space(ServerState& state) {
  Result<FreeSpace> space = free_space_of(state.store.directory());
  if (!space) return;
  const bool is_short = space->bytes < state.config.data.reserve_bytes ||
                        space->inodes < state.config.data.reserve_inodes;
  if (is_short == state.space_is_short.load()) return;
  state.space_is_short.store(is_short);
  if (is_short) {
    log_warning("server", "uploads are refused: {} MiB and {} inodes are free", space->bytes >> 20,
                space->inodes);
    return;
  }
  log_info("server", "uploads are taken again: {} MiB are free", space->bytes >> 20);
}

// Without it the server serves as well; only `mooring key` and `backup` have to wait until it
// is stopped.
std::unique_ptr<AdminSocket> open_admin(const Config& config, Writer& writer,
                                        const Database& database, BackupJob& backups) {
  Result<std::unique_ptr<AdminSocket>> socket =
      AdminSocket::open(config.data.dir, [&writer, &database, &backups](std::string_view line) {
        if (BackupJob::is_request(line)) return backups.answer(line);
        return answer_key_request(line, writer, database);
      });
  if (socket) return *std::move(socket);
  log_warning("admin", "`mooring key` and `backup` cannot reach this server: {}",
              describe(socket.error()));
  return nullptr;
}

void wait_for_signal(const sigset_t& signals, ServerState& state) {
  const timespec pause{0, kHousekeepingNs};
  while (true) {
    const int signal = ::sigtimedwait(&signals, nullptr, &pause);
    if (signal == SIGTERM || signal == SIGINT) return;
    look_at_space(state);
  }
}

void announce(const Config& config, const Endpoint& endpoint, const ServerState& state,
              unsigned cores) {
  log_info("server", "mooring {}, {} cores, {} workers, data {} ({}, {})", kVersion, cores,
           config.threads.workers, config.data.dir, name_of(config.data.durability),
           state.store.directory().caching() == Caching::direct ? "O_DIRECT" : "buffered");
  log_info("server", "memory {}", to_string(memory_bound(config, cores)));
  fmt::print("mooring ready on http://{}\n", to_string(endpoint));
  std::fflush(stdout);
}

Status start_cores(ServerState& state, std::vector<Fd> listeners,
                   std::vector<Fd> metrics_listeners) {
  std::vector<std::string_view> families;
  for (const ResourceFamily* family : state.router.families()) families.push_back(family->name);
  for (unsigned i = 0; i < listeners.size(); ++i)
    state.metrics.push_back(std::make_unique<CoreMetrics>(families));
  for (unsigned i = 0; i < listeners.size(); ++i) {
    Fd metrics_listener = i < metrics_listeners.size() ? std::move(metrics_listeners[i]) : Fd();
    state.cores.push_back(std::make_unique<ServerCore>(state, i, std::move(listeners[i]),
                                                       std::move(metrics_listener)));
    if (Status started = state.cores.back()->start(); !started) return started;
  }
  return {};
}

void drain(ServerState& state) {
  state.phase.store(Phase::draining);
  (void)notify_stopping();
  log_info("server", "draining: at most {} ms", state.config.server.drain_ms);
  for (const auto& core : state.cores) core->drain();
  for (const auto& core : state.cores) core->join();
}

// Serves from an opened store. The objects are destroyed in the reverse order of their making.
int serve_store(const Config& config, const sigset_t& signals, BlobStore& store, Database& database,
                const TokenVerifier& verifier, TokenClients token_clients) {
  const auto cores = static_cast<unsigned>(cores_of(config));
  Endpoint endpoint = config.server.listen;
  Endpoint metrics_endpoint = config.server.metrics_listen;
  Result<std::vector<Fd>> listeners = open_listeners(endpoint, cores, config.server.listen_backlog);
  if (!listeners)
    return refuse_start("cannot listen on " + to_string(endpoint), listeners.error(),
                        "is the port taken? choose another one with --listen");
  Result<std::vector<Fd>> metrics_listeners = open_listeners(
      metrics_endpoint, metrics_endpoint.empty() ? 0 : 1, config.server.listen_backlog);
  if (!metrics_listeners)
    return refuse_start("cannot listen on " + to_string(metrics_endpoint),
                        metrics_listeners.error(), "choose another server.metrics_listen");

  WorkerPool workers(static_cast<unsigned>(config.threads.workers));
  WriterOptions writer_options;
  writer_options.durability = config.data.durability;
  writer_options.on_fatal = stop_on_io_error;
  Writer writer(database, writer_options);
  const DocumentIndex documents(database, writer, document_index_options(config.documents));
  if (Status loaded = load_default_categories(writer); !loaded)
    return refuse_start("cannot load the default categories", loaded.error(),
                        "see `mooring doctor`");
  std::unique_ptr<AccessLogWriter> access_log;
  if (config.log.access != AccessLog::off)
    access_log =
        std::make_unique<AccessLogWriter>(AccessLogOptions{.format = config.log.access}, cores);
  const Router router = make_router(config);
  ImagePool image_pool(image_pool_options(config.renditions));
  ImageFlights image_flights;
  ImageFailures image_failures(
      {.entries_max = config.renditions.failures_max, .ttl_ms = config.renditions.failure_ttl_ms});
  ServerState state{
      .config = config,
      .api = api_settings(config, std::move(token_clients)),
      .connections = connection_settings(config),
      .workers = workers,
      .store = store,
      .database = database,
      .writer = writer,
      .documents = documents,
      .renditions = {image_pool, image_flights, image_failures, config.renditions.mode},
      .router = router,
      .verifier = verifier,
      .access_log = access_log.get(),
      .counts = {config.limits.connections_max, config.limits.connections_per_ip_max},
      .throttles = {.guesses = {config.limits.guesses_per_minute_max, kGuessesPeriodMs},
                    .requests = {config.limits.requests_per_second_max, kRequestsPeriodMs}}};
  look_at_space(state);
  if (Status started = start_cores(state, std::move(*listeners), std::move(*metrics_listeners));
      !started) {
    (void)refuse_start("cannot start a core", started.error(), "see `mooring doctor`");
    ::_exit(kExitConfiguration);  // cores that did start hold connections; nothing was acknowledged
  }
  std::optional<BackupJob> backups(std::in_place, store, database);
  std::unique_ptr<AdminSocket> admin = open_admin(config, writer, database, *backups);
  state.phase.store(Phase::ready);
  announce(config, endpoint, state, cores);
  (void)notify_ready();
  wait_for_signal(signals, state);
  admin.reset();
  backups.reset();
  drain(state);
  crash_point(CrashPoint::server_drained);
  writer.stop();
  return kExitOk;
}

}  // namespace

int run_serve(const Config& asked) {
  const Config config = fitted_to_memory(asked, usable_memory_bytes());
  init_log(config.log.level, config.log.format);
  const sigset_t signals = block_signals();
  raise_limits();
  begin_heap_upkeep();
  if (!machine_is_fit(config)) return kExitConfiguration;
  std::expected<OpenedStore, StartError> opened = open_store(config, stop_on_io_error);
  if (!opened) return refuse_start(opened.error());
  std::expected<TokenVerifier, std::string> verifier = load_token_verifier(config);
  if (!verifier) return refuse_start({kExitConfiguration, verifier.error()});
  std::expected<TokenClients, std::string> clients = load_token_clients(config);
  if (!clients) return refuse_start({kExitConfiguration, clients.error()});

  const int exit_code = serve_store(config, signals, *opened->blobs, *opened->database, *verifier,
                                    std::move(*clients));
  if (exit_code != kExitOk) return exit_code;
  if (Status closed = opened->database->close(); !closed)
    return refuse_start(start_error("cannot close the catalogue", closed.error()));
  if (const std::string counts = fault_counts(); !counts.empty())
    log_info("server", "passed {}", counts);
  log_info("server", "stopped");
  return kExitOk;
}

}  // namespace mooring
