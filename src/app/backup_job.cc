#include "mooring/app/backup_job.h"

#include <pthread.h>

#include "mooring/base/json_writer.h"
#include "mooring/base/log.h"

namespace mooring {

namespace {

constexpr std::string_view kStart = "backup.start";
constexpr std::string_view kStatus = "backup.status";

std::string command_of(std::string_view line) {
  const Result<JsonValue> request = parse_json(line);
  if (!request || !request->is(JsonKind::object)) return {};
  const std::string* command = request->find_string("command");
  return command != nullptr ? *command : std::string();
}

std::string refusal(const Error& error) {
  JsonWriter json;
  json.begin_object();
  json.field("error", name_of(error.code)).field("message", describe(error));
  json.end_object();
  return json.take();
}

std::string only_state(std::string_view state) {
  JsonWriter json;
  json.begin_object().field("state", state).end_object();
  return json.take();
}

}  // namespace

std::string backup_report_json(const BackupReport& report) {
  JsonWriter json;
  json.begin_object().field("state", "done");
  json.field("blobs", report.blobs).field("missing", report.missing_files);
  json.field("linked", report.counts.linked_files).field("copied", report.counts.copied_files);
  json.field("copiedBytes", report.counts.copied_bytes).end_object();
  return json.take();
}

BackupJob::~BackupJob() {
  cancelled_.store(true);
  if (thread_.joinable()) thread_.join();
}

bool BackupJob::is_request(std::string_view line) {
  const std::string command = command_of(line);
  return command == kStart || command == kStatus;
}

std::string BackupJob::answer(std::string_view line) {
  if (command_of(line) == kStatus) return state();
  const Result<JsonValue> request = parse_json(line);
  const std::string* target = request ? request->find_string("directory") : nullptr;
  if (target == nullptr || !target->starts_with('/'))
    return refusal({Errc::invalid, 0, "directory: an absolute path"});
  return start(*target);
}

std::string BackupJob::start(const std::string& target) {
  {
    const std::lock_guard lock(mutex_);
    if (running_) return refusal({Errc::conflict, 0, "a backup is under way"});
    running_ = true;
    last_.reset();
  }
  if (thread_.joinable()) thread_.join();
  thread_ = std::thread([this, target] { run(target); });
  return only_state("running");
}

void BackupJob::run(const std::string& target) {
  ::pthread_setname_np(::pthread_self(), "mooring-backup");
  log_info("backup", "begins in {}", target);
  const BackupSource source{
      .directory = store_.directory(),
      .database = database_,
      .removals = store_.removals(),
      .is_open = [this](SegmentId segment) { return store_.is_open(segment); }};
  Result<BackupReport> made = make_backup(source, target, cancelled_);
  if (made)
    log_info("backup", "ends: {} blobs, {} files linked, {} copied ({} bytes), {} missing",
             made->blobs, made->counts.linked_files, made->counts.copied_files,
             made->counts.copied_bytes, made->missing_files);
  else
    log_error("backup", "failed: {}; {} holds an unfinished one", describe(made.error()), target);
  const std::lock_guard lock(mutex_);
  running_ = false;
  last_ = std::move(made);
}

std::string BackupJob::state() const {
  const std::lock_guard lock(mutex_);
  if (running_) return only_state("running");
  if (!last_) return only_state("none");
  if (!*last_) return refusal(last_->error());
  return backup_report_json(**last_);
}

}  // namespace mooring
