// IndexFolder: the thread that folds tails into bases.
//
// Looks for organizations whose tail is due, and folds one when it has reached its size, or when
// nothing has come to it for a while, so that quiet organizations have no tail. Errors are told in
// the log; what could not be folded stays in the tail, where it is right as well, and is tried
// again.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "index_fold.h"
#include "mooring/catalog/database.h"
#include "mooring/catalog/writer.h"

namespace mooring {

struct IndexFolderMetrics {
  std::uint64_t folds = 0;
  std::uint64_t stale = 0;
  std::uint64_t changes = 0;
};

class IndexFolder {
 public:
  IndexFolder(Database& database, Writer& writer, IndexCache& cache, std::size_t tail_documents);
  ~IndexFolder();
  IndexFolder(const IndexFolder&) = delete;
  IndexFolder& operator=(const IndexFolder&) = delete;

  /// Folds everything, on the caller's thread.
  [[nodiscard]] Status fold_all();
  [[nodiscard]] IndexFolderMetrics metrics() const;

 private:
  struct Seen {
    std::uint64_t next_sequence = 0;
    std::uint64_t since_ns = 0;
  };

  void work();
  /// One fold of each organization whose tail is ready; how many there were.
  std::size_t fold_due();
  [[nodiscard]] bool is_ready(const std::string& organization, const IndexState& state);
  /// One fold of one organization. False: there was nothing to fold.
  [[nodiscard]] Result<bool> fold_once(const std::string& organization);
  void show_to_cache(const std::string& organization);

  Database& database_;
  Writer& writer_;
  IndexCache& cache_;
  const std::size_t tail_documents_;
  std::mutex folding_;                // one fold at a time
  std::map<std::string, Seen> seen_;  // the thread's own
  std::atomic<std::uint64_t> folds_{0};
  std::atomic<std::uint64_t> stale_{0};
  std::atomic<std::uint64_t> changes_{0};
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace mooring
