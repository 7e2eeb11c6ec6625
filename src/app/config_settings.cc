// The table of all keys. A new setting is a member in config.h, a row here and a paragraph in
// conf/mooring.toml; the test of the configuration fails until all three are there.
#include <array>

#include "mooring/app/config_setting.h"
#include "mooring/base/json_reader.h"
#include "mooring/http/limits.h"
#include "mooring/uring/head_buffers.h"

namespace mooring {

namespace {

constexpr std::uint64_t kSecond = 1'000;
constexpr std::uint64_t kMinute = 60 * kSecond;
constexpr std::uint64_t kHour = 60 * kMinute;
constexpr std::uint64_t kTextBytesMax = 4_KiB;
constexpr std::uint64_t kMuch = 16'777'216;

#define MOORING_MEMBER(owner, path) [](owner& config) -> Slot { return &config.path; }
#define MOORING_CONFIG(path) MOORING_MEMBER(Config, path)

constexpr std::array kSettings = std::to_array<Setting<Config>>({
    {"server", "listen", MOORING_CONFIG(server.listen), Unit::none, 1, kTextBytesMax},
    {"server", "metrics_listen", MOORING_CONFIG(server.metrics_listen), Unit::none, 0,
     kTextBytesMax},
    {"server", "cores", MOORING_CONFIG(server.cores), Unit::count, 0, 1024},
    {"server", "base_url", MOORING_CONFIG(server.base_url), Unit::none, 0, kTextBytesMax},
    {"server", "listen_backlog", MOORING_CONFIG(server.listen_backlog), Unit::count, 1, 65'535},
    {"server", "drain", MOORING_CONFIG(server.drain_ms), Unit::duration, 0, kHour},
    {"server", "debug_routes", MOORING_CONFIG(server.debug_routes)},
    {"data", "dir", MOORING_CONFIG(data.dir), Unit::none, 1, kTextBytesMax},
    {"data", "durability", MOORING_CONFIG(data.durability)},
    {"data", "direct_io", MOORING_CONFIG(data.direct_io)},
    {"data", "segment_threshold_bytes", MOORING_CONFIG(data.segment_threshold_bytes), Unit::bytes,
     0, 1_MiB},
    {"data", "segment_bytes", MOORING_CONFIG(data.segment_bytes), Unit::bytes, 4_MiB, 4_GiB},
    {"data", "segment_ahead_bytes", MOORING_CONFIG(data.segment_ahead_bytes), Unit::bytes, 0,
     16_MiB},
    {"data", "segment_descriptors_per_core", MOORING_CONFIG(data.segment_descriptors_per_core),
     Unit::count, 1, 65'536},
    {"data", "read_piece_bytes", MOORING_CONFIG(data.read_piece_bytes), Unit::bytes, 16_KiB, 1_MiB},
    {"data", "direct_read_bytes_min", MOORING_CONFIG(data.direct_read_bytes_min), Unit::bytes,
     1_MiB, 1024_GiB},
    {"data", "large_writes_per_core", MOORING_CONFIG(data.large_writes_per_core), Unit::count, 1,
     16'384},
    {"data", "reserve_bytes", MOORING_CONFIG(data.reserve_bytes), Unit::bytes, 0, 1024_GiB},
    {"data", "reserve_inodes", MOORING_CONFIG(data.reserve_inodes), Unit::count, 0, kMuch},
    {"data", "collect_gather", MOORING_CONFIG(data.collect_gather_ms), Unit::duration, 0, kMinute},
    {"data", "recovery_threads", MOORING_CONFIG(data.recovery_threads), Unit::count, 1, 64},
    {"data", "verify_at_start", MOORING_CONFIG(data.verify_at_start)},
    {"limits", "connections_max", MOORING_CONFIG(limits.connections_max), Unit::count, 1, kMuch},
    {"limits", "connections_per_ip_max", MOORING_CONFIG(limits.connections_per_ip_max), Unit::count,
     0, kMuch},
    {"limits", "requests_per_connection_max", MOORING_CONFIG(limits.requests_per_connection_max),
     Unit::count, 0, kMuch},
    {"limits", "requests_per_second_max", MOORING_CONFIG(limits.requests_per_second_max),
     Unit::count, 0, 1'000'000},
    {"limits", "guesses_per_minute_max", MOORING_CONFIG(limits.guesses_per_minute_max), Unit::count,
     0, 1'000'000},
    {"limits", "request_line_bytes_max", MOORING_CONFIG(limits.request_line_bytes_max), Unit::bytes,
     256, kFirstReceiveBytes},
    {"limits", "head_bytes_max", MOORING_CONFIG(limits.head_bytes_max), Unit::bytes, 1_KiB,
     kFirstReceiveBytes},
    {"limits", "header_fields_max", MOORING_CONFIG(limits.header_fields_max), Unit::count, 8,
     kHeadFieldSlots},
    {"limits", "body_bytes_max", MOORING_CONFIG(limits.body_bytes_max), Unit::bytes, 1_KiB,
     1024_GiB},
    {"limits", "json_bytes_max", MOORING_CONFIG(limits.json_bytes_max), Unit::bytes, 1_KiB,
     kJsonBytesMax},
    {"limits", "picture_bytes_max", MOORING_CONFIG(limits.picture_bytes_max), Unit::bytes, 1_KiB,
     1_GiB},
    {"limits", "partner_bytes_max", MOORING_CONFIG(limits.partner_bytes_max), Unit::bytes, 1_KiB,
     1024_GiB},
    {"limits", "images_bytes_max", MOORING_CONFIG(limits.images_bytes_max), Unit::bytes, 1_KiB,
     1_GiB},
    {"limits", "attachment_bytes_max", MOORING_CONFIG(limits.attachment_bytes_max), Unit::bytes,
     1_KiB, 1024_GiB},
    {"limits", "uploads_in_flight_max", MOORING_CONFIG(limits.uploads_in_flight_max), Unit::count,
     1, kMuch},
    {"limits", "uploads_waiting_min", MOORING_CONFIG(limits.uploads_waiting_min), Unit::count, 1,
     kMuch},
    {"limits", "upload_delay_aim", MOORING_CONFIG(limits.upload_delay_aim_ms), Unit::duration, 0,
     kMinute},
    {"limits", "receive_bytes_max", MOORING_CONFIG(limits.receive_bytes_max), Unit::bytes, 16_KiB,
     1_MiB},
    {"limits", "chunks_per_core", MOORING_CONFIG(limits.chunks_per_core), Unit::count, 8, 16'384},
    {"limits", "head_buffers_per_core", MOORING_CONFIG(limits.head_buffers_per_core), Unit::count,
     16, 32'768},
    {"timeouts", "idle", MOORING_CONFIG(timeouts.idle_ms), Unit::duration, kSecond, kHour},
    {"timeouts", "head", MOORING_CONFIG(timeouts.head_ms), Unit::duration, 100, kHour},
    {"timeouts", "body_grace", MOORING_CONFIG(timeouts.body_grace_ms), Unit::duration, 0, kHour},
    {"timeouts", "body_window", MOORING_CONFIG(timeouts.body_window_ms), Unit::duration, kSecond,
     kHour},
    {"timeouts", "body_bytes_per_second_min", MOORING_CONFIG(timeouts.body_bytes_per_second_min),
     Unit::bytes, 1, 1_GiB},
    {"timeouts", "contended_bytes_per_second_min",
     MOORING_CONFIG(timeouts.contended_bytes_per_second_min), Unit::bytes, 1, 1_GiB},
    {"timeouts", "send_grace", MOORING_CONFIG(timeouts.send_grace_ms), Unit::duration, 0, kHour},
    {"timeouts", "send_window", MOORING_CONFIG(timeouts.send_window_ms), Unit::duration, kSecond,
     kHour},
    {"timeouts", "send_bytes_per_second_min", MOORING_CONFIG(timeouts.send_bytes_per_second_min),
     Unit::bytes, 1, 1_GiB},
    {"timeouts", "linger", MOORING_CONFIG(timeouts.linger_ms), Unit::duration, 0, kMinute},
    {"timeouts", "linger_bytes_max", MOORING_CONFIG(timeouts.linger_bytes_max), Unit::bytes, 0,
     64_MiB},
    {"auth", "local_issuer", MOORING_CONFIG(auth.local_issuer)},
    {"auth", "cached_tokens_per_core", MOORING_CONFIG(auth.cached_tokens_per_core), Unit::count, 0,
     1'048'576},
    {"auth", "cached_keys_per_core", MOORING_CONFIG(auth.cached_keys_per_core), Unit::count, 0,
     1'048'576},
    {"log", "level", MOORING_CONFIG(log.level)},
    {"log", "format", MOORING_CONFIG(log.format)},
    {"log", "access", MOORING_CONFIG(log.access)},
    {"threads", "workers", MOORING_CONFIG(threads.workers), Unit::count, 1, 256},
    {"threads", "pin", MOORING_CONFIG(threads.pin)},
    {"rocksdb", "block_cache_bytes", MOORING_CONFIG(rocksdb.block_cache_bytes), Unit::bytes, 1_MiB,
     1024_GiB},
    {"rocksdb", "row_cache_bytes", MOORING_CONFIG(rocksdb.row_cache_bytes), Unit::bytes, 0, 64_GiB},
    {"rocksdb", "record_cache_bytes_per_core", MOORING_CONFIG(rocksdb.record_cache_bytes_per_core),
     Unit::bytes, 0, 64_GiB},
    {"rocksdb", "write_buffer_bytes", MOORING_CONFIG(rocksdb.write_buffer_bytes), Unit::bytes,
     1_MiB, 64_GiB},
    {"rocksdb", "log_bytes_max", MOORING_CONFIG(rocksdb.log_bytes_max), Unit::bytes, 1_MiB, 64_GiB},
    {"rocksdb", "log_ahead_bytes", MOORING_CONFIG(rocksdb.log_ahead_bytes), Unit::bytes, 0, 64_MiB},
    {"rocksdb", "open_files_max", MOORING_CONFIG(rocksdb.open_files_max), Unit::count, 16,
     1'048'576},
    {"rocksdb", "background_jobs", MOORING_CONFIG(rocksdb.background_jobs), Unit::count, 1, 64},
    {"downloads", "cache_bytes", MOORING_CONFIG(downloads.cache_bytes), Unit::bytes, 0, 1024_GiB},
    {"downloads", "copied_bytes_max", MOORING_CONFIG(downloads.copied_bytes_max), Unit::bytes, 0,
     1_MiB},
    {"documents", "file_bytes_max", MOORING_CONFIG(documents.file_bytes_max), Unit::bytes, 1_KiB,
     1024_GiB},
    {"documents", "types", MOORING_CONFIG(documents.types), Unit::none, 0, kTextBytesMax},
    {"documents", "zip_bytes_max", MOORING_CONFIG(documents.zip_bytes_max), Unit::bytes, 1_KiB,
     4_GiB - 1},
    {"documents", "zip_entries_max", MOORING_CONFIG(documents.zip_entries_max), Unit::count, 1,
     10'000},
    {"documents", "zip_entry_bytes_max", MOORING_CONFIG(documents.zip_entry_bytes_max), Unit::bytes,
     1_KiB, 4_GiB - 1},
    {"documents", "zip_total_bytes_max", MOORING_CONFIG(documents.zip_total_bytes_max), Unit::bytes,
     1_KiB, 1024_GiB},
    {"documents", "zip_ratio_max", MOORING_CONFIG(documents.zip_ratio_max), Unit::count, 1, 10'000},
    {"documents", "zips_in_flight_max", MOORING_CONFIG(documents.zips_in_flight_max), Unit::count,
     1, 1024},
    {"documents", "index_memory_bytes", MOORING_CONFIG(documents.index_memory_bytes), Unit::bytes,
     1_MiB, 1024_GiB},
    {"documents", "index_tail_documents", MOORING_CONFIG(documents.index_tail_documents),
     Unit::count, 1, 1'048'576},
    {"documents", "index_tail_max", MOORING_CONFIG(documents.index_tail_max), Unit::count, 64,
     1'048'576},
    {"renditions", "mode", MOORING_CONFIG(renditions.mode)},
    {"renditions", "workers", MOORING_CONFIG(renditions.workers), Unit::count, 1, 64},
    {"renditions", "queue_max", MOORING_CONFIG(renditions.queue_max), Unit::count, 0, 65'536},
    {"renditions", "check_workers", MOORING_CONFIG(renditions.check_workers), Unit::count, 1, 64},
    {"renditions", "check_queue_max", MOORING_CONFIG(renditions.check_queue_max), Unit::count, 0,
     65'536},
    {"renditions", "timeout", MOORING_CONFIG(renditions.timeout_ms), Unit::duration, 100,
     10 * kMinute},
    {"renditions", "memory_bytes_max", MOORING_CONFIG(renditions.memory_bytes_max), Unit::bytes,
     384_MiB, 64_GiB},
    {"renditions", "file_bytes_max", MOORING_CONFIG(renditions.file_bytes_max), Unit::bytes, 1_KiB,
     1_GiB},
    {"renditions", "output_bytes_max", MOORING_CONFIG(renditions.output_bytes_max), Unit::bytes,
     1_MiB, 1_GiB},
    {"renditions", "pixels_max", MOORING_CONFIG(renditions.pixels_max), Unit::count, 1,
     1'000'000'000},
    {"renditions", "side_max", MOORING_CONFIG(renditions.side_max), Unit::count, 1, 65'535},
    {"renditions", "jobs_per_process_max", MOORING_CONFIG(renditions.jobs_per_process_max),
     Unit::count, 1, 1'000'000},
    {"renditions", "failures_max", MOORING_CONFIG(renditions.failures_max), Unit::count, 0,
     1'000'000},
    {"renditions", "failure_ttl", MOORING_CONFIG(renditions.failure_ttl_ms), Unit::duration, 1000,
     24 * 60 * kMinute},
    {"compaction", "live_percent_min", MOORING_CONFIG(compaction.live_percent_min), Unit::count, 0,
     90},
    {"compaction", "interval", MOORING_CONFIG(compaction.interval_ms), Unit::duration, 10, kHour},
    {"compaction", "rate", MOORING_CONFIG(compaction.rate), Unit::bytes, 64_KiB, 64_GiB},
    {"compaction", "latency_budget", MOORING_CONFIG(compaction.latency_budget_ms), Unit::duration,
     0, kMinute},
    {"scrub", "rate", MOORING_CONFIG(scrub.rate), Unit::bytes, 0, 64_GiB},
    {"scrub", "cycle", MOORING_CONFIG(scrub.cycle_ms), Unit::duration, kSecond, 8'784 * kHour},
    {"scrub", "latency_budget", MOORING_CONFIG(scrub.latency_budget_ms), Unit::duration, 0,
     kMinute},
});

constexpr std::string_view kKeys = "auth.keys";
constexpr std::array kAuthKeys = std::to_array<Setting<AuthKeyConfig>>({
    {kKeys, "kid", MOORING_MEMBER(AuthKeyConfig, kid), Unit::none, 0, kTextBytesMax},
    {kKeys, "algorithm", MOORING_MEMBER(AuthKeyConfig, algorithm)},
    {kKeys, "file", MOORING_MEMBER(AuthKeyConfig, file), Unit::none, 1, kTextBytesMax},
    {kKeys, "issuer", MOORING_MEMBER(AuthKeyConfig, issuer), Unit::none, 0, kTextBytesMax},
    {kKeys, "audience", MOORING_MEMBER(AuthKeyConfig, audience), Unit::none, 0, kTextBytesMax},
    {kKeys, "lifetime_max", MOORING_MEMBER(AuthKeyConfig, lifetime_ms_max), Unit::duration, kMinute,
     8'784 * kHour},
});

constexpr std::string_view kClients = "auth.clients";
constexpr std::array kAuthClients = std::to_array<Setting<AuthClientConfig>>({
    {kClients, "id", MOORING_MEMBER(AuthClientConfig, id), Unit::none, 1, 255},
    {kClients, "secret", MOORING_MEMBER(AuthClientConfig, secret), Unit::none, 16, kTextBytesMax},
    {kClients, "organization", MOORING_MEMBER(AuthClientConfig, organization), Unit::none, 1, 255},
    {kClients, "user", MOORING_MEMBER(AuthClientConfig, user), Unit::none, 1, 255},
    {kClients, "scopes", MOORING_MEMBER(AuthClientConfig, scopes), Unit::none, 0, kTextBytesMax},
});

#undef MOORING_CONFIG
#undef MOORING_MEMBER

}  // namespace

std::span<const Setting<Config>> config_settings() noexcept {
  return kSettings;
}
std::span<const Setting<AuthKeyConfig>> auth_key_settings() noexcept {
  return kAuthKeys;
}
std::span<const Setting<AuthClientConfig>> auth_client_settings() noexcept {
  return kAuthClients;
}

}  // namespace mooring
