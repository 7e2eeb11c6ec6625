#include <fmt/format.h>
#include <time.h>

#include <atomic>
#include <filesystem>
#include <memory>

#include "mooring/app/admin_socket.h"
#include "mooring/app/backup.h"
#include "mooring/app/commands.h"
#include "mooring/app/exit_code.h"
#include "mooring/base/clock.h"
#include "mooring/base/json_reader.h"
#include "mooring/base/json_writer.h"

namespace mooring {

namespace {

// A server that starts or stops holds the store for a moment without answering.
constexpr std::uint64_t kServerPatienceMs = 10'000;
constexpr timespec kBetweenQuestions{0, 50'000'000};

int refuse(const char* command, const std::string& message, Errc code) {
  fmt::print(stderr, "mooring {}: {}\n", command, message);
  switch (code) {
    case Errc::exists:
    case Errc::invalid:
      return kExitUsage;
    case Errc::conflict:
    case Errc::timed_out:
    case Errc::peer_closed:
      return kExitAlreadyRunning;
    case Errc::corrupt:
      return kExitDamaged;
    case Errc::not_found:
    case Errc::forbidden:
    case Errc::not_implemented:
      return kExitConfiguration;
    default:
      return kExitIoError;
  }
}

int print(const BackupReport& report, const std::string& target) {
  const CopyCounts& counts = report.counts;
  fmt::print("{}: {} blobs, {} files linked, {} copied ({} bytes)\n", target, report.blobs,
             counts.linked_files, counts.copied_files, counts.copied_bytes);
  if (report.missing_files == 0) return kExitOk;
  fmt::print(stderr,
             "mooring backup: {} files that the catalogue names are not there; the backup holds "
             "the rest: see `mooring check`\n",
             report.missing_files);
  return kExitDamaged;
}

// Without a server. Errc::conflict: there is one after all.
Result<BackupReport> back_up_stopped(const std::string& data_dir, const std::string& target) {
  // Buffered, named: what the file system can do is not tried, so that nothing is written.
  const Result<std::unique_ptr<DataDirectory>> directory = DataDirectory::open(
      data_dir,
      {.if_absent = IfAbsent::refuse, .caching = Caching::buffered, .naming = Naming::temporary});
  if (!directory) return std::unexpected(directory.error());
  const Result<std::unique_ptr<Database>> database =
      Database::open((*directory)->catalog_path(), {.mode = OpenMode::existing});
  if (!database) return std::unexpected(database.error());
  // After an unclean stop recovery still has to cut segments, and a link would keep it from that.
  const bool is_clean = (*database)->last_stop() == LastStop::clean;
  Removals removals;
  const std::atomic<bool> never{false};
  const BackupSource source{.directory = **directory,
                            .database = **database,
                            .removals = removals,
                            .is_open = [is_clean](SegmentId) { return !is_clean; }};
  Result<BackupReport> made = make_backup(source, target, never);
  if (is_clean)
    if (const Status closed = (*database)->close(); !closed) return std::unexpected(closed.error());
  return made;
}

std::string start_request(const std::string& target) {
  JsonWriter json;
  json.begin_object().field("command", "backup.start").field("directory", target).end_object();
  return json.take();
}

std::uint64_t number_of(const JsonValue& answer, std::string_view name) {
  const JsonValue* value = answer.find(name);
  const bool is_number = value != nullptr && value->is(JsonKind::integer);
  return is_number ? static_cast<std::uint64_t>(value->as_integer()) : 0;
}

// The server makes it; here one asks until it is done. `answer` is what the start was answered.
int follow(const BackupOptions& options, const std::string& target, Result<std::string> answer) {
  while (true) {
    if (!answer) return refuse("backup", describe(answer.error()), answer.error().code);
    const Result<JsonValue> state = parse_json(*answer);
    if (!state || !state->is(JsonKind::object))
      return refuse("backup", "the server's answer cannot be read", Errc::io_error);
    if (const std::string* error = state->find_string("error"); error != nullptr) {
      const std::string* message = state->find_string("message");
      Errc code = Errc::io_error;
      for (const Errc known : {Errc::exists, Errc::invalid, Errc::conflict, Errc::corrupt})
        if (*error == name_of(known)) code = known;
      return refuse("backup", message != nullptr ? *message : *error, code);
    }
    const std::string* word = state->find_string("state");
    if (word != nullptr && *word == "done")
      return print({.blobs = number_of(*state, "blobs"),
                    .missing_files = number_of(*state, "missing"),
                    .counts = {.linked_files = number_of(*state, "linked"),
                               .copied_files = number_of(*state, "copied"),
                               .copied_bytes = number_of(*state, "copiedBytes")}},
                   target);
    if (word == nullptr || *word != "running")
      return refuse("backup", "the server began anew before it was done", Errc::io_error);
    ::nanosleep(&kBetweenQuestions, nullptr);
    answer = ask_admin(options.data_dir, R"({"command":"backup.status"})");
    if (!answer) return refuse("backup", "the server ended before it was done", Errc::io_error);
  }
}

}  // namespace

int run_backup(const BackupOptions& options) {
  const std::string target = std::filesystem::absolute(options.target).lexically_normal().string();
  const std::uint64_t deadline_ms = monotonic_ms() + kServerPatienceMs;
  while (true) {
    Result<std::string> answer = ask_admin(options.data_dir, start_request(target));
    if (answer || answer.error().code != Errc::not_found)
      return follow(options, target, std::move(answer));
    const Result<BackupReport> made = back_up_stopped(options.data_dir, target);
    if (made) return print(*made, target);
    if (made.error().code != Errc::conflict || monotonic_ms() > deadline_ms)
      return refuse("backup", describe(made.error()), made.error().code);
    ::nanosleep(&kBetweenQuestions, nullptr);
  }
}

int run_restore(const RestoreOptions& options) {
  const Result<CopyCounts> restored = restore_backup(options.backup, options.data_dir);
  if (!restored) return refuse("restore", describe(restored.error()), restored.error().code);
  fmt::print("{}: {} files restored ({} bytes)\n", options.data_dir, restored->copied_files,
             restored->copied_bytes);
  return kExitOk;
}

}  // namespace mooring
