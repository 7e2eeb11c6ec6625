#include "mooring/api/collect.h"

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

constexpr std::size_t kMarksPerRound = 256;

class ForgetBlob final : public Mutation {
 public:
  explicit ForgetBlob(const BlobId& id) noexcept : id_(id) {}
  [[nodiscard]] Status apply(Transaction& transaction) override {
    Result<std::optional<BlobRecord>> forgotten = forget_blob(transaction, id_);
    if (!forgotten) return std::unexpected(forgotten.error());
    forgotten_ = *forgotten;
    // What was made of it goes with it (catalog/renditions.h, I2).
    Result<std::size_t> dropped = drop_renditions(transaction, id_, wall_ms());
    if (!dropped) return std::unexpected(dropped.error());
    left_marks_ = *dropped > 0;
    return {};
  }
  /// In the file tier a file is left to unlink: the one of the record, or of a round before a stop.
  [[nodiscard]] bool leaves_file() const noexcept {
    return !forgotten_ || forgotten_->location.tier == Tier::file;
  }
  /// Its renditions may be garbage now.
  [[nodiscard]] bool left_marks() const noexcept { return left_marks_; }

 private:
  BlobId id_;
  std::optional<BlobRecord> forgotten_;
  bool left_marks_ = false;
};

class ForgetMark final : public Mutation {
 public:
  explicit ForgetMark(const BlobId& id) noexcept : id_(id) {}
  [[nodiscard]] Status apply(Transaction& transaction) override {
    return forget_mark(transaction, id_);
  }

 private:
  BlobId id_;
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

Task<void> Collector::run() {
  while (again_ && !gate_.is_closed()) {
    again_ = false;
    const bool more = co_await collect_some();
    again_ = again_ || more;
  }
  running_ = false;
}

// True if there may be more marks than this round took.
Task<bool> Collector::collect_some() {
  Result<std::vector<GarbageMark>> marks = co_await reader_.read_on_worker(
      [](const View& view) { return list_garbage(view, kMarksPerRound); });
  if (!marks) {
    log_error("collect", "cannot list garbage: {}", describe(marks.error()));
    co_return false;
  }
  std::size_t gone = 0;
  for (const GarbageMark& mark : *marks) {
    if (gate_.is_closed()) co_return false;
    Status collected = co_await collect_one(mark.id);
    if (collected) ++gone;
  }
  co_return marks->size() == kMarksPerRound&& gone > 0;
}

Task<Status> Collector::collect_one(const BlobId& id) {
  HashGuard guard = co_await blobs_.store().guards().lock(core_, id.hash, GuardMode::exclusive);
  ForgetBlob forget(id);
  Status forgotten = co_await writer_.commit(core_, forget);
  if (!forgotten) co_return forgotten;  // a reference came, or another core was here first
  crash_point(CrashPoint::collect_forgotten);
  again_ = again_ || forget.left_marks();
  if (forget.leaves_file()) {
    Status removed = co_await remove_blob_file(blobs_, id);
    if (!removed) {
      log_error("collect", "cannot remove {}: {}", to_string(id), describe(removed.error()));
      co_return removed;
    }
    crash_point(CrashPoint::collect_unlinked);
    ForgetMark unmark(id);
    Status unmarked = co_await writer_.commit(core_, unmark);
    if (!unmarked) co_return unmarked;
    crash_point(CrashPoint::collect_unmarked);
  }
  ++collected_;
  co_return Status{};
}

}  // namespace mooring
