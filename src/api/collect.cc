#include "mooring/api/collect.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "mooring/base/clock.h"
#include "mooring/base/fault.h"
#include "mooring/base/log.h"
#include "mooring/blob/collect.h"
#include "mooring/blob/store.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/reader.h"
#include "mooring/catalog/renditions.h"
#include "mooring/catalog/writer.h"

namespace mooring {

namespace {

// Blobs that are collected by one commit, and whose hashes are guarded meanwhile.
constexpr std::size_t kBlobsPerCommit = 64;
constexpr std::uint64_t kHeldBackMs = 100;

class ForgetBlobs final : public Mutation {
 public:
  explicit ForgetBlobs(const std::vector<BlobId>& ids) noexcept : ids_(ids) {}
  [[nodiscard]] Status apply(Transaction& transaction) override {
    for (const BlobId& id : ids_) {
      Status forgotten = forget(transaction, id);
      if (!forgotten) return forgotten;
    }
    return {};
  }
  /// How many are gone, or have only their file left.
  [[nodiscard]] std::size_t forgotten() const noexcept { return forgotten_; }
  /// In the file tier a file is left to unlink: the one of the record, or of a round before a stop.
  [[nodiscard]] const std::vector<BlobId>& files() const noexcept { return files_; }

 private:
  [[nodiscard]] Status forget(Transaction& transaction, const BlobId& id) {
    Result<std::optional<BlobRecord>> record = forget_blob(transaction, id);
    if (!record) {
      // A reference came, or another core was here first: nothing was changed.
      const Errc code = record.error().code;
      if (code == Errc::conflict || code == Errc::stale) return {};
      return std::unexpected(record.error());
    }
    // What was made of it goes with it (catalog/renditions.h, I2).
    Result<std::size_t> dropped = drop_renditions(transaction, id, wall_ms());
    if (!dropped) return std::unexpected(dropped.error());
    ++forgotten_;
    if (!*record || (*record)->location.tier == Tier::file) files_.push_back(id);
    return {};
  }

  const std::vector<BlobId>& ids_;
  std::size_t forgotten_ = 0;
  std::vector<BlobId> files_;
};

class ForgetMarks final : public Mutation {
 public:
  explicit ForgetMarks(const std::vector<BlobId>& ids) noexcept : ids_(ids) {}
  [[nodiscard]] Status apply(Transaction& transaction) override {
    for (const BlobId& id : ids_)
      if (Status forgotten = forget_mark(transaction, id); !forgotten) return forgotten;
    return {};
  }

 private:
  const std::vector<BlobId>& ids_;
};

}  // namespace

void Collector::wake() {
  if (gate_.is_closed()) return;
  again_ = true;
  if (running_) return;
  running_ = true;
  gate_.spawn(run());
}

Task<void> Collector::stop() {
  gate_.close();
  co_await gate_.empty();
}

// Marks gather before each round: one commit for many costs little more than for one.
Task<void> Collector::run() {
  while (again_ && !gate_.is_closed()) {
    again_ = false;
    Sleep pause(core_, gather_ms_);
    co_await pause;
    if (writer_.garbage().take_search()) co_await collect_found();
    co_await collect_noted();
  }
  running_ = false;
}

Task<void> Collector::collect_noted() {
  while (!gate_.is_closed()) {
    std::vector<BlobId> ids = writer_.garbage().take(kBlobsPerCommit);
    if (ids.empty()) co_return;
    co_await collect(std::move(ids));
  }
}

Task<void> Collector::collect_found() {
  std::optional<BlobId> last;
  while (!gate_.is_closed()) {
    Result<std::vector<GarbageMark>> marks = co_await reader_.read_on_worker(
        [last](const View& view) { return list_garbage(view, kBlobsPerCommit, last); });
    if (!marks) {
      log_error("collect", "cannot list garbage: {}", describe(marks.error()));
      writer_.garbage().ask_for_search();
      co_return;
    }
    if (marks->empty()) co_return;
    last = marks->back().id;
    std::vector<BlobId> ids;
    for (const GarbageMark& mark : *marks) ids.push_back(mark.id);
    co_await collect(std::move(ids));
  }
}

Task<void> Collector::collect(std::vector<BlobId> ids) {
  Status collected = co_await collect_at_once(ids);
  if (collected || ids.size() == 1 || collected.error().code != Errc::corrupt) co_return;
  for (const BlobId& id : ids) {  // what is damaged stays, the others do not stay with it
    if (gate_.is_closed()) co_return;
    const std::vector<BlobId> one(1, id);
    static_cast<void>(co_await collect_at_once(one));
  }
}

Task<Status> Collector::collect_at_once(const std::vector<BlobId>& ids) {
  Removals::Step step = blobs_.store().removals().try_begin();
  while (!step) {
    if (gate_.is_closed()) co_return note_failure("held back", {Errc::draining, 0, "a backup"});
    Sleep pause(core_, kHeldBackMs);
    co_await pause;
    step = blobs_.store().removals().try_begin();
  }
  Guards guards = co_await guard(ids);
  ForgetBlobs forget(ids);
  Status forgotten = co_await writer_.commit(core_, forget);
  if (!forgotten) co_return note_failure("cannot forget blobs", forgotten.error());
  for (const BlobId& id : ids) blobs_.store().cache().drop(id);
  crash_point(CrashPoint::collect_forgotten);
  std::vector<BlobId> removed;
  for (const BlobId& id : forget.files()) {
    Status unlinked = co_await remove_blob_file(blobs_, id);
    if (unlinked)
      removed.push_back(id);
    else
      static_cast<void>(note_failure("cannot remove a file", unlinked.error()));
  }
  collected_ += forget.forgotten() - forget.files().size() + removed.size();
  if (removed.empty()) co_return Status{};
  crash_point(CrashPoint::collect_unlinked);
  ForgetMarks unmark(removed);
  Status unmarked = co_await writer_.commit(core_, unmark);
  if (!unmarked) co_return note_failure("cannot forget marks", unmarked.error());
  crash_point(CrashPoint::collect_unmarked);
  co_return Status{};
}

// In ascending order of hash (blob/guard.h). Ordinals of one hash share its guard.
Task<Collector::Guards> Collector::guard(const std::vector<BlobId>& ids) {
  std::vector<Hash128> hashes;
  for (const BlobId& id : ids) hashes.push_back(id.hash);
  std::ranges::sort(hashes);
  const auto repeated = std::ranges::unique(hashes);
  hashes.erase(repeated.begin(), repeated.end());
  Guards guards;
  for (const Hash128& hash : hashes) {
    HashGuard guard = co_await blobs_.store().guards().lock(core_, hash, GuardMode::exclusive);
    guards.push_back(std::move(guard));
  }
  co_return guards;
}

// The marks stand in the catalogue: the next round that was asked for finds them again.
Status Collector::note_failure(const char* what, const Error& error) {
  if (error.code != Errc::draining) log_error("collect", "{}: {}", what, describe(error));
  writer_.garbage().ask_for_search();
  return std::unexpected(error);
}

}  // namespace mooring
