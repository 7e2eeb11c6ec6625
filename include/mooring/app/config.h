// Config: every setting of the server, as plain data.
//
// Made once at start from one TOML file and the command line, then const and read by every thread.
// The defaults below are the defaults of the server; conf/mooring.toml documents each key (what,
// when, default), and a test proves that the file and this struct agree. One struct per TOML table;
// keys have the names of the members, except that durations lose their unit (`idle_ms` is written
// `idle = "60s"`).
//
// In the file, sizes are integers or strings such as "16MiB", durations are strings such as "10s"
// or "500ms". Unknown tables and keys, wrong types and values out of range are errors with the
// line.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/api/rendition_mode.h"
#include "mooring/auth/jwt.h"
#include "mooring/base/bytes.h"
#include "mooring/base/durability.h"
#include "mooring/base/log.h"
#include "mooring/uring/socket.h"

namespace mooring {

/// What is looked at before the server answers, besides the recovery that every start does.
enum class VerifyAtStart : std::uint8_t {
  none,
  names,     ///< every blob is there and has its size
  contents,  ///< besides, every blob is read and hashed
};

/// Whether bodies go to disk past the page cache.
enum class DirectIo : std::uint8_t {
  automatic,  ///< where the file system can
  off,
};

enum class AccessLog : std::uint8_t { off, text, json };

struct ServerConfig {
  Endpoint listen = {"127.0.0.1", 8080};
  Endpoint metrics_listen = {};  ///< empty: /metrics answers on `listen`
  std::uint64_t cores = 0;       ///< event-loop threads; 0 = one per CPU this process may use
  std::string base_url = {};  ///< for absolute URLs in bodies; empty: http:// and the Host header
  std::uint64_t listen_backlog = 4096;
  std::uint64_t drain_ms = 30'000;  ///< SIGTERM: how long requests under way may take
  bool debug_routes = false;        ///< /e and /__canary, for conformance and load tests
  bool operator==(const ServerConfig&) const = default;
};

struct DataConfig {
  std::string dir = "./data";
  Durability durability = Durability::durable;
  DirectIo direct_io = DirectIo::automatic;
  std::uint64_t segment_threshold_bytes = 512_KiB;  ///< smaller blobs share segment files
  std::uint64_t segment_bytes = 256_MiB;
  std::uint64_t segment_ahead_bytes = 512_KiB;  ///< zeros that a small batch writes behind itself
  std::uint64_t reserve_bytes = 1_GiB;  ///< uploads end with 507 when less than this is free
  std::uint64_t reserve_inodes = 1024;
  std::uint64_t collect_gather_ms = 20;  ///< before what nothing refers to is collected
  VerifyAtStart verify_at_start = VerifyAtStart::none;
  std::uint64_t recovery_threads = 4;
  std::uint64_t segment_descriptors_per_core = 64;  ///< segment files kept open for reading
  std::uint64_t read_piece_bytes = 256_KiB;         ///< of files over a chunk: read, hashed, sent
  std::uint64_t direct_read_bytes_min = 64_MiB;     ///< such files are read past the page cache
  std::uint64_t large_writes_per_core = 2;          ///< chunks on their way to the disk
  bool operator==(const DataConfig&) const = default;
};

struct LimitsConfig {
  std::uint64_t connections_max = 10'000;  ///< of the whole server; further ones are closed at once
  std::uint64_t connections_per_ip_max = 0;       ///< 0 = no limit
  std::uint64_t requests_per_connection_max = 0;  ///< 0 = no limit
  std::uint64_t requests_per_second_max = 0;      ///< of one caller; further ones get 429 (X12)
  std::uint64_t guesses_per_minute_max = 0;       ///< bad credentials of one address (K6)
  std::uint64_t request_line_bytes_max = 8_KiB;
  std::uint64_t head_bytes_max = 16_KiB;  ///< request line and header section
  std::uint64_t header_fields_max = 100;
  std::uint64_t body_bytes_max = 5_GiB;  ///< of any request; families have smaller ones
  std::uint64_t json_bytes_max = 1_MiB;
  std::uint64_t picture_bytes_max = 10_MiB;
  std::uint64_t attachment_bytes_max = 5_GiB;  ///< of one content of the attachments family
  std::uint64_t partner_bytes_max = 100_MiB;   ///< of one partner asset
  std::uint64_t images_bytes_max = 10_MiB;     ///< of one file of the images family
  std::uint64_t uploads_in_flight_max = 1024;  ///< of the whole server; further ones get 503
  std::uint64_t uploads_waiting_min = 64;      ///< of a core: never refused for their delay
  std::uint64_t upload_delay_aim_ms = 100;     ///< beyond that the server sheds; 0 = never
  std::uint64_t receive_bytes_max = 256_KiB;   ///< of a large body, received and hashed at once
  std::uint64_t chunks_per_core = 96;  ///< receive buffers of 1 MiB, registered with the kernel
  std::uint64_t head_buffers_per_core = 256;  ///< receive buffers for heads and small bodies
  bool operator==(const LimitsConfig&) const = default;
};

struct TimeoutsConfig {
  std::uint64_t idle_ms = 60'000;         ///< between requests of one connection
  std::uint64_t head_ms = 10'000;         ///< from the first byte of a head to its last
  std::uint64_t body_grace_ms = 5'000;    ///< before the rate below is asked for
  std::uint64_t body_window_ms = 10'000;  ///< over which the rate is measured
  std::uint64_t body_bytes_per_second_min = 1_KiB;
  std::uint64_t contended_bytes_per_second_min = 64_KiB;  ///< while others wait for its buffers
  std::uint64_t send_grace_ms = 5'000;                    ///< the same three for answers
  std::uint64_t send_window_ms = 10'000;
  std::uint64_t send_bytes_per_second_min = 1_KiB;
  std::uint64_t linger_ms = 2'000;           ///< after an early answer: what the client still sends
  std::uint64_t linger_bytes_max = 256_KiB;  ///< is read and dropped, up to here
  bool operator==(const TimeoutsConfig&) const = default;
};

/// One foreign key ([[auth.keys]]). The file is read at start, not by the parser.
struct AuthKeyConfig {
  std::string kid = {};
  TokenAlgorithm algorithm = TokenAlgorithm::rs256;
  std::string file = {};  ///< PEM public key, or for HS256 the secret's bytes
  std::string issuer = {};
  std::string audience = {};
  std::uint64_t lifetime_ms_max = 24ull * 3'600'000;  ///< how far ahead `exp` may lie
  bool operator==(const AuthKeyConfig&) const = default;
};

/// Who may trade refresh tokens for access tokens ([[auth.clients]]), and what those say.
struct AuthClientConfig {
  std::string id = {};
  std::string secret = {};
  std::string organization = {};
  std::string user = {};
  std::string scopes = {};  ///< names with spaces between them
  bool operator==(const AuthClientConfig&) const = default;
};

struct AuthConfig {
  bool local_issuer = true;  ///< accept tokens of `mooring token`
  std::uint64_t cached_tokens_per_core = 1024;
  std::uint64_t cached_keys_per_core = 1024;
  std::vector<AuthKeyConfig> keys = {};
  std::vector<AuthClientConfig> clients = {};
  bool operator==(const AuthConfig&) const = default;
};

struct LogConfig {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  AccessLog access = AccessLog::off;
  bool operator==(const LogConfig&) const = default;
};

struct ThreadsConfig {
  std::uint64_t workers = 4;  ///< threads for what blocks
  bool pin = true;            ///< each core's thread to its CPU
  bool operator==(const ThreadsConfig&) const = default;
};

struct RocksdbConfig {
  std::uint64_t block_cache_bytes = 128_MiB;          ///< shared by all families
  std::uint64_t row_cache_bytes = 16_MiB;             ///< single records that are asked for often
  std::uint64_t record_cache_bytes_per_core = 8_MiB;  ///< single records, in front of RocksDB
  std::uint64_t write_buffer_bytes = 64_MiB;          ///< all families together
  std::uint64_t open_files_max = 512;
  std::uint64_t log_bytes_max = 256_MiB;    ///< write-ahead logs kept
  std::uint64_t log_ahead_bytes = 512_KiB;  ///< by which a log grows at a time
  std::uint64_t background_jobs = 2;        ///< threads for flushes and compactions
  bool operator==(const RocksdbConfig&) const = default;
};

/// Smaller pictures, and the processes that make them (api/renditions.h, image/pool.h).
struct RenditionsConfig {
  RenditionMode mode = RenditionMode::lazy;
  std::uint64_t workers = 2;                 ///< processes that make renditions
  std::uint64_t queue_max = 64;              ///< orders that wait; further ones get 503
  std::uint64_t check_workers = 2;           ///< processes that look at uploads
  std::uint64_t check_queue_max = 64;        ///< uploads that wait for them; further ones get 503
  std::uint64_t timeout_ms = 10'000;         ///< of one order; then its process is killed
  std::uint64_t memory_bytes_max = 512_MiB;  ///< address space of a process
  std::uint64_t file_bytes_max = 50_MiB;     ///< originals over it have no renditions
  std::uint64_t output_bytes_max = 64_MiB;
  std::uint64_t pixels_max = 50'000'000;  ///< of an original
  std::uint64_t side_max = 16'384;
  std::uint64_t jobs_per_process_max = 1000;
  std::uint64_t failures_max = 4096;       ///< pictures that failed and are remembered
  std::uint64_t failure_ttl_ms = 300'000;  ///< for so long
  bool operator==(const RenditionsConfig&) const = default;
};

/// What answers with stored content.
struct DownloadsConfig {
  std::uint64_t cache_bytes = 4_GiB;  ///< verified contents in memory; an eighth of it at most
  std::uint64_t copied_bytes_max = 32_KiB;  ///< what is larger is sent from there by reference
  bool operator==(const DownloadsConfig&) const = default;
};

/// Documents, the archives they come in, and the index that finds them.
struct DocumentsConfig {
  std::uint64_t file_bytes_max = 100_MiB;      ///< of one document
  std::string types = {};                      ///< media types that are taken; empty: all
  std::uint64_t zip_bytes_max = 512_MiB;       ///< of one archive, as it comes
  std::uint64_t zip_entries_max = 500;         ///< files in one archive
  std::uint64_t zip_entry_bytes_max = 64_MiB;  ///< of one of them, inflated: it is held in memory
  std::uint64_t zip_total_bytes_max = 1_GiB;   ///< of all of them together
  std::uint64_t zip_ratio_max = 200;           ///< inflated to packed
  std::uint64_t zips_in_flight_max = 2;        ///< of the whole server; further ones get 503
  std::uint64_t index_memory_bytes = 256_MiB;
  std::uint64_t index_tail_documents = 4096;
  std::uint64_t index_tail_max = 65'536;
  bool operator==(const DocumentsConfig&) const = default;
};

/// Space of small blobs that are gone (api/compact.h).
struct CompactionConfig {
  std::uint64_t live_percent_min = 50;   ///< segments with less of them alive are compacted
  std::uint64_t interval_ms = 5'000;     ///< between two looks for such segments
  std::uint64_t rate = 32_MiB;           ///< bytes per second
  std::uint64_t latency_budget_ms = 50;  ///< a step that takes longer makes it rest
  bool operator==(const CompactionConfig&) const = default;
};

/// The search for damage (api/scrub.h).
struct ScrubConfig {
  std::uint64_t rate = 4_MiB;                      ///< bytes per second; 0: off
  std::uint64_t cycle_ms = 7ull * 24 * 3'600'000;  ///< from the beginning of one to the next
  std::uint64_t latency_budget_ms = 50;            ///< a step that takes longer makes it rest
  bool operator==(const ScrubConfig&) const = default;
};

struct Config {
  ServerConfig server = {};
  DataConfig data = {};
  LimitsConfig limits = {};
  TimeoutsConfig timeouts = {};
  AuthConfig auth = {};
  LogConfig log = {};
  ThreadsConfig threads = {};
  RocksdbConfig rocksdb = {};
  RenditionsConfig renditions = {};
  DownloadsConfig downloads = {};
  DocumentsConfig documents = {};
  CompactionConfig compaction = {};
  ScrubConfig scrub = {};
  bool operator==(const Config&) const = default;
};

struct ConfigError {
  std::string file;        ///< as given; empty for the command line
  std::uint32_t line = 0;  ///< from 1; 0 when there is none
  std::string message;     ///< names the key and what is allowed
};

/// "mooring.toml:12: server.cores: …", for the operator (exit code 78).
[[nodiscard]] std::string describe(const ConfigError& error);

/// `text` is TOML; `file` only names it in errors. Relative paths in it stay as they are.
[[nodiscard]] std::expected<Config, ConfigError> parse_config(std::string_view text,
                                                              std::string_view file);

/// Reads and parses; a file that cannot be read is an error without a line. Blocks.
[[nodiscard]] std::expected<Config, ConfigError> load_config(const std::filesystem::path& file);

/// What the command line may say; what is said wins over the file.
struct ConfigOverrides {
  std::optional<std::string> listen = {};
  std::optional<std::string> metrics_listen = {};
  std::optional<std::string> data_dir = {};
  std::optional<std::uint64_t> cores = {};
  std::optional<std::string> durability = {};
  std::optional<std::string> log_level = {};
  std::optional<std::string> log_format = {};
  std::optional<bool> debug_routes = {};
};

/// Held to the same ranges as the file. `config` is unchanged on error.
[[nodiscard]] std::expected<void, ConfigError> apply_overrides(Config& config,
                                                               const ConfigOverrides& overrides);

/// The name of every key the parser knows, such as "server.listen" and "auth.keys.kid".
[[nodiscard]] std::vector<std::string> config_keys();

}  // namespace mooring
