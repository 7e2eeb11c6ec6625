#include "mooring/api/compact.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "mooring/base/clock.h"
#include "mooring/base/fault.h"
#include "mooring/base/log.h"
#include "mooring/blob/collect.h"
#include "mooring/blob/segment_records.h"
#include "mooring/blob/store.h"
#include "mooring/catalog/reader.h"
#include "mooring/catalog/writer.h"
#include "mooring/core/workers.h"
#include "mooring/uring/file.h"

namespace mooring {

namespace {

constexpr std::size_t kAccountsPerRead = 4096;
constexpr std::uint64_t kHeldBackMs = 100;

SegmentId file_of(SegmentName name) {
  return {name.core, name.number};
}

Result<std::set<SegmentName>> list_files(const DataDirectory& directory) {
  const Result<std::vector<std::string>> names = list_directory(directory.segments_fd());
  if (!names) return std::unexpected(names.error());
  std::set<SegmentName> segments;
  for (const std::string& name : *names)
    if (const std::optional<SegmentId> segment = parse_segment_id(name))
      segments.insert({segment->core, segment->number});
  return segments;
}

// Step 4. A blob that is gone or lies elsewhere by now is passed over: its copy is dead.
class MoveBlobs final : public Mutation {
 public:
  explicit MoveBlobs(const std::vector<Relocation>& batch) noexcept : batch_(batch) {}
  [[nodiscard]] Status apply(Transaction& transaction) override {
    moved_blobs_ = moved_bytes_ = 0;
    for (const Relocation& one : batch_) {
      if (!one.copy) continue;
      const Status moved = move_blob(transaction, one.id, one.record.location, *one.copy);
      if (!moved && moved.error().code == Errc::stale) continue;
      if (!moved) return moved;
      ++moved_blobs_;
      moved_bytes_ += one.record.size_bytes;
    }
    return {};
  }
  [[nodiscard]] std::uint64_t moved_blobs() const noexcept { return moved_blobs_; }
  [[nodiscard]] std::uint64_t moved_bytes() const noexcept { return moved_bytes_; }

 private:
  const std::vector<Relocation>& batch_;
  std::uint64_t moved_blobs_ = 0;
  std::uint64_t moved_bytes_ = 0;
};

class ForgetSegment final : public Mutation {
 public:
  explicit ForgetSegment(SegmentName name) noexcept : name_(name) {}
  [[nodiscard]] Status apply(Transaction& transaction) override {
    return forget_segment(transaction, name_);
  }

 private:
  SegmentName name_;
};

}  // namespace

// Step 1, for the records that begin in one page of the segment.
struct Compactor::LivePage {
  std::vector<Relocation> live;
  std::uint64_t next_bytes = 0;
  bool at_end = false;

  [[nodiscard]] static Result<LivePage> find(const View& view, const DataDirectory& directory,
                                             SegmentName name, std::uint64_t from_bytes) {
    Result<SegmentPage> page = list_segment_records(directory, file_of(name), from_bytes);
    if (!page) return std::unexpected(page.error());
    LivePage found{.live = {}, .next_bytes = page->next_bytes, .at_end = page->at_end};
    for (const SegmentHeader& header : page->records) {
      const BlobLocation here{
          .tier = Tier::segment,
          .segment_core = name.core,
          .segment_number = name.number,
          .segment_offset = header.record_offset + kSegmentHeaderBytes,
      };
      Result<std::optional<BlobRecord>> record = find_blob(view, header.id);
      if (!record) return std::unexpected(record.error());
      if (*record && (*record)->location == here)
        found.live.push_back({.id = header.id, .record = **record});
    }
    return found;
  }
};

bool is_worth_compacting(const SegmentRecord& account, std::uint64_t live_percent_min) noexcept {
  if (account.live_count == 0) return true;
  return account.live_bytes * 100 < account.total_bytes * live_percent_min;
}

void Compactor::start() {
  gate_.spawn(run());
}

Task<void> Compactor::stop() {
  pace_.stop();
  gate_.close();
  co_await gate_.empty();
}

Task<void> Compactor::run() {
  while (!pace_.is_stopped()) {
    co_await run_once();
    co_await pace_.rest(options_.interval_ms);
  }
}

Task<void> Compactor::run_once() {
  Result<std::vector<Candidate>> chosen = co_await choose();
  if (!chosen) {
    log_error("compact", "cannot read the accounts of segments: {}", describe(chosen.error()));
    co_return;
  }
  for (const Candidate& candidate : *chosen) {
    if (pace_.is_stopped()) co_return;
    Status done;
    if (candidate.account.live_count > 0) done = co_await empty_segment(candidate.name);
    if (done) done = co_await drop(candidate.name);
    if (done || done.error().code == Errc::cancelled) continue;
    left_[candidate.name] = candidate.account;
    // Conflict: something lives in it that could not be moved, and has been told of.
    if (done.error().code != Errc::conflict)
      log_warning("compact", "segment {} keeps its space: {}", to_string(file_of(candidate.name)),
                  describe(done.error()));
  }
}

// Emptiest first: most space for the least copying.
Task<Result<std::vector<Compactor::Candidate>>> Compactor::choose() {
  std::vector<Candidate> chosen;
  std::map<SegmentName, SegmentRecord> still_left;
  const DataDirectory& directory = blobs_.store().directory();
  Result<std::set<SegmentName>> unknown =
      co_await core_.workers().run(core_, [&directory] { return list_files(directory); });
  if (!unknown) co_return std::unexpected(unknown.error());
  std::optional<SegmentName> after;
  while (true) {
    auto page = co_await reader_.read_on_worker(
        [after](const View& view) { return list_segments(view, kAccountsPerRead, after); });
    if (!page) co_return std::unexpected(page.error());
    for (const auto& [name, account] : *page) {
      unknown->erase(name);
      if (!is_worth_compacting(account, options_.live_percent_min)) continue;
      const auto left = left_.find(name);
      if (left != left_.end() && left->second == account)
        still_left.insert(*left);
      else if (!blobs_.store().is_open(file_of(name)))
        chosen.push_back({name, account});
    }
    if (page->size() < kAccountsPerRead) break;
    after = page->back().first;
  }
  // Nothing in them was ever committed: refused uploads, copies that came too late.
  for (const SegmentName name : *unknown)
    if (!blobs_.store().is_open(file_of(name))) chosen.push_back({name, {}});
  left_ = std::move(still_left);
  std::ranges::sort(chosen, {}, [](const Candidate& one) { return one.account.live_bytes; });
  co_return chosen;
}

Task<Status> Compactor::empty_segment(SegmentName name) {
  const DataDirectory& directory = blobs_.store().directory();
  std::uint64_t from_bytes = 0;
  while (!pace_.is_stopped()) {
    const std::uint64_t began_ns = monotonic_ns();
    Result<LivePage> page =
        co_await reader_.read_on_worker([&directory, name, from_bytes](const View& view) {
          return LivePage::find(view, directory, name, from_bytes);
        });
    if (!page) co_return std::unexpected(page.error());
    co_await pace_.after_step(page->next_bytes - from_bytes, monotonic_ns() - began_ns);
    from_bytes = page->next_bytes;
    Status moved = co_await move_records(std::move(page->live));
    if (!moved) co_return moved;
    if (page->at_end) co_return Status{};
  }
  co_return fail(Errc::cancelled, "compaction of a segment");
}

Task<Status> Compactor::move_records(std::vector<Relocation> records) {
  std::vector<Relocation> batch;
  std::uint64_t batch_bytes = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    batch_bytes += records[i].record.size_bytes;
    batch.push_back(std::move(records[i]));
    const bool is_full = batch.size() == kBatchRecords || batch_bytes >= kBatchBytes;
    if (!is_full && i + 1 < records.size()) continue;
    Removals::Step step;
    const bool may = co_await may_remove(step);
    if (!may) co_return fail(Errc::cancelled, "compaction of a segment");
    const std::uint64_t began_ns = monotonic_ns();
    Status moved = co_await move_batch(std::exchange(batch, {}));
    if (!moved) co_return moved;
    co_await pace_.after_step(std::exchange(batch_bytes, 0), monotonic_ns() - began_ns);
  }
  co_return Status{};
}

// Steps 2 to 5.
Task<Status> Compactor::move_batch(std::vector<Relocation> batch) {
  std::ranges::sort(batch, {}, &Relocation::id);
  std::vector<HashGuard> guards;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (i > 0 && batch[i].id.hash == batch[i - 1].id.hash) continue;  // ordinals share a guard
    HashGuard guard =
        co_await blobs_.store().guards().lock(core_, batch[i].id.hash, GuardMode::exclusive);
    guards.push_back(std::move(guard));
  }
  co_await relocate(blobs_, batch);
  crash_point(CrashPoint::compact_copied);
  for (const Relocation& one : batch) {
    if (one.copy) continue;
    if (one.copy.error().code != Errc::corrupt) co_return std::unexpected(one.copy.error());
    ++counters_.damaged_blobs;
  }
  MoveBlobs move(batch);
  Status moved = co_await writer_.commit(core_, move);
  if (!moved) co_return moved;
  crash_point(CrashPoint::compact_moved);
  counters_.moved_blobs += move.moved_blobs();
  counters_.moved_bytes += move.moved_bytes();
  co_return Status{};
}

// Once the catalogue has forgotten it nothing leads to the file, so a crash before the unlink
// leaves it to recovery.
Task<Status> Compactor::drop(SegmentName name) {
  Removals::Step step;
  const bool may = co_await may_remove(step);
  if (!may) co_return fail(Errc::cancelled, "drop of a segment");
  ForgetSegment forget(name);
  Status forgotten = co_await writer_.commit(core_, forget);
  if (!forgotten) co_return forgotten;
  crash_point(CrashPoint::segment_forgotten);
  Status dropped = co_await drop_segment(blobs_, file_of(name));
  if (dropped) ++counters_.segments_dropped;
  co_return dropped;
}

// Waits while a backup holds removals back. False: stopped meanwhile.
Task<bool> Compactor::may_remove(Removals::Step& step) {
  while (!pace_.is_stopped()) {
    step = blobs_.store().removals().try_begin();
    if (step) co_return true;
    co_await pace_.rest(kHeldBackMs);
  }
  co_return false;
}

}  // namespace mooring
