#include "mooring/base/fault.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <functional>
#include <optional>
#include <vector>

namespace mooring {

namespace {

struct PointRow {
  std::string_view name;
  std::string_view phase;
};

constexpr std::array<PointRow, kCrashPoints> kPoints = {{
    {"format_directories_made", "start"},
    {"replacement_written", "start"},
    {"replacement_renamed", "start"},
    {"superblock_replaced", "start"},
    {"secret_written", "start"},
    {"secret_linked", "start"},
    {"catalog_opened", "start"},
    {"clean_mark_taken", "start"},
    {"recovery_blob_removed", "start"},
    {"recovery_segment_removed", "start"},
    {"recovery_segment_cut", "start"},
    {"recovery_ended", "start"},
    {"store_opened", "start"},
    {"landing_opened", "load"},
    {"landing_chunk_written", "load"},
    {"landing_cut", "load"},
    {"landing_synced", "load"},
    {"landing_named", "load"},
    {"landing_published", "load"},
    {"segment_made", "load"},
    {"segment_named", "load"},
    {"segment_batch_written", "load"},
    {"segment_batch_synced", "load"},
    {"segment_ended", "load"},
    {"commit_gathered", "load"},
    {"commit_written", "load"},
    {"commit_answered", "load"},
    {"collect_forgotten", "load"},
    {"collect_unlinked", "load"},
    {"collect_unmarked", "load"},
    {"compact_copied", "load"},
    {"compact_moved", "load"},
    {"segment_forgotten", "load"},
    {"segment_dropped", "load"},
    {"backup_checkpointed", "backup"},
    {"backup_copied", "backup"},
    {"copy_synced", "backup"},
    {"copy_named", "backup"},
    {"restore_copied", "restore"},
    {"server_drained", "stop"},
    {"catalog_flushed", "stop"},
    {"clean_mark_put", "stop"},
}};
static_assert(!kPoints.back().name.empty());

constexpr std::array<std::string_view, kSyncNames> kSyncs = {{
    "unnamed",
    "format_directories",
    "format_parent",
    "replacement_data",
    "replacement_directory",
    "secret_data",
    "secret_directory",
    "segment_data",
    "segment_directory",
    "blob_data",
    "blob_directory",
    "copy_data",
    "catalog_log",
    "clean_mark",
}};
static_assert(!kSyncs.back().empty());

constexpr std::array<std::string_view, kIoKinds> kKinds = {
    "open",         "make_directory", "list",        "allocate",     "truncate",  "sync",
    "name",         "remove",         "read",        "write",        "ring_read", "ring_write",
    "ring_receive", "ring_send",      "ring_accept", "catalog_write"};
static_assert(!kKinds.back().empty());

struct EffectRow {
  std::string_view name;
  IoFault fault;
};
constexpr EffectRow kEffects[] = {
    {"EIO", {IoFault::Effect::error, EIO}},
    {"ENOSPC", {IoFault::Effect::error, ENOSPC}},
    {"ECANCELED", {IoFault::Effect::error, ECANCELED}},
    {"EMFILE", {IoFault::Effect::error, EMFILE}},
    {"short", {IoFault::Effect::shorten}},
    {"delay", {IoFault::Effect::delay}},
};

// What is armed. Plain: written before threads start (I1); only the counters change later.
struct Armed {
  std::optional<CrashPoint> crash_at;
  std::uint64_t crash_count = 0;
  std::array<bool, kSyncNames> skipped = {};
  std::optional<IoKind> faulty;
  std::uint64_t fault_count = 0;
  bool always = false;
  IoFault fault;
};
Armed armed;
std::array<std::atomic<std::uint64_t>, kCrashPoints> passages;
std::array<std::atomic<std::uint64_t>, kIoKinds> calls;

template <typename Table, typename NameOf>
std::optional<std::size_t> find(const Table& table, std::string_view name, NameOf name_of) {
  const auto found = std::ranges::find(table, name, name_of);
  if (found == std::end(table)) return std::nullopt;
  return static_cast<std::size_t>(found - std::begin(table));
}

std::vector<std::string_view> split(std::string_view words) {
  std::vector<std::string_view> parts;
  for (std::size_t end = words.find(':'); end != std::string_view::npos; end = words.find(':')) {
    parts.push_back(words.substr(0, end));
    words.remove_prefix(end + 1);
  }
  parts.push_back(words);
  return parts;
}

// K from 1; 0 if it is no such number.
std::uint64_t count_of(std::string_view text) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  return error == std::errc{} && end == text.data() + text.size() ? count : 0;
}

Status arm() {
  if (!faults_can_be_armed())
    return fail(Errc::not_implemented, "a build without the option `faults`");
  detail::faults_armed = true;
  return {};
}

}  // namespace

Status arm_crash(std::string_view words) {
  const std::vector<std::string_view> parts = split(words);
  if (parts.size() != 2) return fail(Errc::invalid, "a crash point is NAME:K");
  const auto point = find(kPoints, parts[0], &PointRow::name);
  const std::uint64_t count = count_of(parts[1]);
  if (!point || count == 0) return fail(Errc::invalid, "no such crash point or count");
  if (Status done = arm(); !done) return done;
  armed.crash_at = static_cast<CrashPoint>(*point);
  armed.crash_count = count;
  return {};
}

Status arm_skipped_sync(std::string_view words) {
  const auto sync = find(kSyncs, words, std::identity());
  if (!sync || *sync == 0) return fail(Errc::invalid, "no such sync");
  if (Status done = arm(); !done) return done;
  armed.skipped[*sync] = true;
  return {};
}

Status arm_io_fault(std::string_view words) {
  const std::vector<std::string_view> parts = split(words);
  if (parts.size() < 3 || parts.size() > 4 || (parts.size() == 4 && parts[3] != "always"))
    return fail(Errc::invalid, "an I/O fault is KIND:K:EFFECT or KIND:K:EFFECT:always");
  const auto kind = find(kKinds, parts[0], std::identity());
  const std::uint64_t count = count_of(parts[1]);
  const auto effect = find(kEffects, parts[2], &EffectRow::name);
  if (!kind || !effect || count == 0) return fail(Errc::invalid, "no such kind, count or effect");
  if (Status done = arm(); !done) return done;
  armed.faulty = static_cast<IoKind>(*kind);
  armed.fault_count = count;
  armed.fault = kEffects[*effect].fault;
  armed.always = parts.size() == 4;
  return {};
}

Status arm_counting() {
  return arm();
}

void disarm_faults() noexcept {
  detail::faults_armed = false;
  armed = {};
  for (auto& count : passages) count.store(0, std::memory_order_relaxed);
  for (auto& count : calls) count.store(0, std::memory_order_relaxed);
}

std::string list_faults() {
  std::string text;
  for (const PointRow& row : kPoints) text += fmt::format("point {} {}\n", row.name, row.phase);
  for (std::size_t i = 1; i < kSyncNames; ++i) text += fmt::format("sync {}\n", kSyncs[i]);
  for (const std::string_view kind : kKinds) text += fmt::format("io {}\n", kind);
  return text;
}

std::string fault_counts() {
  std::string text;
  const auto add = [&text](std::string_view name, const std::atomic<std::uint64_t>& count) {
    const std::uint64_t value = count.load(std::memory_order_relaxed);
    if (value > 0) text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, value);
  };
  for (std::size_t i = 0; i < kCrashPoints; ++i) add(kPoints[i].name, passages[i]);
  for (std::size_t i = 0; i < kIoKinds; ++i) add(kKinds[i], calls[i]);
  return text;
}

namespace detail {

void pass(CrashPoint point) noexcept {
  const auto index = static_cast<std::size_t>(point);
  const std::uint64_t passage = passages[index].fetch_add(1, std::memory_order_relaxed) + 1;
  if (armed.crash_at != point || passage != armed.crash_count) return;
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();  // no step more: the signal ends every thread
}

bool is_skipped(SyncName sync) noexcept {
  return armed.skipped[static_cast<std::size_t>(sync)];
}

IoFault next_fault(IoKind kind) noexcept {
  const std::uint64_t call =
      calls[static_cast<std::size_t>(kind)].fetch_add(1, std::memory_order_relaxed) + 1;
  if (armed.faulty != kind) return {};
  const bool hits = armed.always ? call >= armed.fault_count : call == armed.fault_count;
  return hits ? armed.fault : IoFault{};
}

}  // namespace detail

}  // namespace mooring
