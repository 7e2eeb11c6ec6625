// BackupJob: the backup of a running server, asked for through its admin socket.
//
// A backup takes as long as it takes, an answer on the admin socket does not: one request starts
// it, others ask how it is.
//   {"command":"backup.start","directory":"/absolute/path"}   -> its state
//   {"command":"backup.status"}                               -> its state
//   state: {"state":"none"}, {"state":"running"},
//          {"state":"done","blobs":N,"missing":N,"linked":N,"copied":N,"copiedBytes":N},
//          {"error":CODE,"message":TEXT}: the last one failed, or this request was refused
// One at a time; it runs on a thread of its own. The server makes it after the store is open and
// ends it before it drains: the backup under way is cancelled, and its directory says so.
#pragma once

#include <atomic>
#include <expected>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "mooring/app/backup.h"
#include "mooring/base/json_reader.h"
#include "mooring/blob/store.h"

namespace mooring {

class BackupJob {
 public:
  /// Both outlive the job.
  BackupJob(BlobStore& store, const Database& database) noexcept
      : store_(store), database_(database) {}
  /// Cancels the backup under way and waits for its end.
  ~BackupJob();
  BackupJob(const BackupJob&) = delete;
  BackupJob& operator=(const BackupJob&) = delete;

  /// Whether `line` is a request of this kind; then `answer` is for it.
  [[nodiscard]] static bool is_request(std::string_view line);
  /// One thread at a time. Never blocks for long.
  [[nodiscard]] std::string answer(std::string_view line);

 private:
  void run(const std::string& target);
  [[nodiscard]] std::string start(const std::string& target);
  [[nodiscard]] std::string state() const;

  BlobStore& store_;
  const Database& database_;
  std::atomic<bool> cancelled_{false};
  std::thread thread_;
  mutable std::mutex mutex_;
  bool running_ = false;
  std::optional<Result<BackupReport>> last_;
};

/// The report as the fields of "done" above, after {"state":"done".
[[nodiscard]] std::string backup_report_json(const BackupReport& report);

}  // namespace mooring
