#include "mooring/api/scrub.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "mooring/api/recent_contents.h"
#include "mooring/base/clock.h"
#include "mooring/base/log.h"
#include "mooring/blob/piecewise_verify.h"
#include "mooring/blob/recovery.h"
#include "mooring/blob/store.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/reader.h"
#include "mooring/catalog/writer.h"

namespace mooring {

namespace {

constexpr std::size_t kBlobsPerRead = 256;
constexpr std::size_t kOwnersTold = 8;

class MarkDamaged final : public Mutation {
 public:
  MarkDamaged(const BlobId& id, std::int64_t now_ms) noexcept : id_(id), now_ms_(now_ms) {}
  [[nodiscard]] Status apply(Transaction& transaction) override {
    const Result<bool> marked = mark_damaged(transaction, id_, now_ms_);
    if (!marked) return std::unexpected(marked.error());
    is_new_ = *marked;
    return {};
  }
  [[nodiscard]] bool is_new() const noexcept { return is_new_; }

 private:
  BlobId id_;
  std::int64_t now_ms_;
  bool is_new_ = false;
};

class UnmarkDamaged final : public Mutation {
 public:
  explicit UnmarkDamaged(const BlobId& id) noexcept : id_(id) {}
  [[nodiscard]] Status apply(Transaction& transaction) override {
    const Result<bool> unmarked = unmark_damaged(transaction, id_);
    if (!unmarked) return std::unexpected(unmarked.error());
    was_marked_ = *unmarked;
    return {};
  }
  [[nodiscard]] bool was_marked() const noexcept { return was_marked_; }

 private:
  BlobId id_;
  bool was_marked_ = false;
};

class SaveProgress final : public Mutation {
 public:
  explicit SaveProgress(const ScrubProgress& progress) noexcept : progress_(progress) {}
  [[nodiscard]] Status apply(Transaction& transaction) override {
    save_scrub_progress(transaction, progress_);
    return {};
  }

 private:
  ScrubProgress progress_;
};

// What says something about the disk, not about this moment.
bool is_evidence(Errc code) {
  return code == Errc::corrupt || code == Errc::not_found || code == Errc::io_error;
}

Result<std::uint64_t> count_marks(const View& view) {
  std::uint64_t count = 0;
  std::optional<BlobId> after;
  while (true) {
    const auto marks = list_damaged(view, kBlobsPerRead, after);
    if (!marks) return std::unexpected(marks.error());
    count += marks->size();
    if (marks->size() < kBlobsPerRead) return count;
    after = marks->back().id;
  }
}

}  // namespace

void Scrubber::start() {
  gate_.spawn(run());
}

Task<void> Scrubber::stop() {
  pace_.stop();
  gate_.close();
  co_await gate_.empty();
}

Task<void> Scrubber::run() {
  const bool loaded = co_await load();
  if (!loaded) co_return;
  if (options_.after_unclean_stop) co_await look_at_recent();
  while (!pace_.is_stopped()) {
    co_await look_at_suspects();
    if (!is_cycle_due()) {
      co_await pace_.rest(kLookMs);
      continue;
    }
    if (progress_.is_complete || progress_.began_ms == 0) {
      progress_ = {.began_ms = wall_ms(), .is_complete = false, .after = std::nullopt};
      is_saved_ = false;
    }
    const bool walked = co_await walk_page();
    if (!walked) co_await pace_.rest(kLookMs);
    if (monotonic_ms() - saved_ms_ > kSaveMs) co_await save();
  }
  co_await save();
}

Task<bool> Scrubber::load() {
  Result<ScrubProgress> progress =
      co_await reader_.read_on_worker([](const View& view) { return load_scrub_progress(view); });
  Result<std::uint64_t> marks =
      co_await reader_.read_on_worker([](const View& view) { return count_marks(view); });
  if (!progress || !marks) {
    log_error("scrub", "off: cannot read where it was: {}",
              describe(progress ? marks.error() : progress.error()));
    co_return false;
  }
  progress_ = *progress;
  counters_.marked.set(*marks);
  saved_ms_ = monotonic_ms();
  if (*marks > 0) log_warning("scrub", "{} stored contents are marked as damaged", *marks);
  co_return true;
}

Task<void> Scrubber::look_at_recent() {
  RecentContents recent(blobs_.store().directory());
  bool is_complete = false;
  while (!is_complete && !pace_.is_stopped()) {
    Result<bool> looked = co_await reader_.read_on_worker(
        [&recent](const View& view) { return recent.look_at_page(view); });
    if (!looked) {
      log_error("scrub", "cannot list what was stored last: {}", describe(looked.error()));
      co_return;
    }
    is_complete = *looked;
  }
  const std::uint64_t found_before = counters_.found.get();
  std::uint64_t seen = 0;
  const auto contents = recent.found();
  for (const auto& [id, record] : contents) {
    if (pace_.is_stopped()) co_return;
    const bool was_read = co_await verify(id, record);
    seen += was_read ? 1 : 0;
  }
  log_info("scrub", "unclean stop: looked at {} of the {} contents stored last, {} are damaged",
           seen, contents.size(), counters_.found.get() - found_before);
}

bool Scrubber::is_cycle_due() const noexcept {
  if (options_.pace.bytes_per_second == 0) return false;
  if (!progress_.is_complete) return true;
  const std::int64_t now_ms = wall_ms();
  // A clock that was set back must not end all scrubbing.
  return now_ms < progress_.began_ms ||
         static_cast<std::uint64_t>(now_ms - progress_.began_ms) >= options_.cycle_ms;
}

// False if it has to wait: the catalogue or a blob could not be read for want of something.
Task<bool> Scrubber::walk_page() {
  auto page = co_await reader_.read_on_worker([after = progress_.after](const View& view) {
    return list_blobs(view, kBlobsPerRead, after);
  });
  if (!page) {
    log_error("scrub", "cannot list blobs: {}", describe(page.error()));
    co_return false;
  }
  for (const auto& [id, record] : *page) {
    if (pace_.is_stopped()) co_return true;
    const bool seen = co_await verify(id, record);
    if (!seen) co_return false;
    progress_.after = id;
    is_saved_ = false;
  }
  if (page->size() == kBlobsPerRead) co_return true;
  co_await judge_marks();
  if (pace_.is_stopped()) co_return true;
  progress_.is_complete = true;
  progress_.after.reset();
  is_saved_ = false;
  ++counters_.cycles;
  co_await save();
  co_return true;
}

// False: stopped in the middle, or it says nothing about the disk; to be tried again.
Task<bool> Scrubber::verify(const BlobId& id, const BlobRecord& record) {
  PiecewiseVerify verification(blobs_, id, record);
  while (!verification.is_done() && !pace_.is_stopped()) {
    const std::uint64_t began_ns = monotonic_ns();
    Result<std::uint64_t> read = co_await verification.step();
    if (!read) {
      const bool is_evidence_of_damage = is_evidence(read.error().code);
      if (is_evidence_of_damage) co_await judge(id);
      co_return is_evidence_of_damage;
    }
    counters_.bytes += *read;
    // However small a record is, the disk reads a block.
    co_await pace_.after_step(std::max<std::uint64_t>(*read, kBlockBytes),
                              monotonic_ns() - began_ns);
    co_await look_at_suspects();
  }
  if (verification.is_done()) ++counters_.blobs;
  co_return verification.is_done();
}

// Once in kLookMs.
Task<void> Scrubber::look_at_suspects() {
  const std::uint64_t now_ms = monotonic_ms();
  if (now_ms - looked_ms_ < kLookMs) co_return;
  looked_ms_ = now_ms;
  for (const BlobId& id : blobs_.store().take_suspects()) {
    if (pace_.is_stopped()) co_return;
    co_await judge(id);
  }
}

// The shared guard keeps the blob where it is, so that what is found is the disk's doing.
Task<void> Scrubber::judge(const BlobId& id) {
  BlobStore& store = blobs_.store();
  HashGuard guard = co_await store.guards().lock(core_, id.hash, GuardMode::shared);
  Result<std::optional<BlobRecord>> record =
      co_await reader_.read([id](const View& view) { return find_blob(view, id); });
  if (!record || !*record) co_return;
  const BlobRecord blob = **record;
  Status sound = co_await core_.workers().run(core_, [&store, &id, &blob] {
    return verify_blob(store.directory(), id, blob, VerifyDepth::contents);
  });
  if (sound)
    co_await note_sound(id);
  else if (is_evidence(sound.error().code))
    co_await note_damaged(id, sound.error());
}

Task<void> Scrubber::note_damaged(const BlobId& id, const Error& cause) {
  MarkDamaged mark(id, wall_ms());
  Status marked = co_await writer_.commit(core_, mark);
  if (!marked || !mark.is_new()) co_return;
  ++counters_.found;
  ++counters_.marked;
  auto owners =
      co_await reader_.read([id](const View& view) { return list_owners(view, id, kOwnersTold); });
  log_error("scrub",
            "blob {} is damaged: {}; it belongs to {}; restore it from a backup, or delete what it "
            "belongs to and upload it again; then look at the disk",
            to_string(id), describe(cause),
            owners && !owners->empty() ? fmt::format("{}", fmt::join(*owners, ", ")) : "nobody");
}

Task<void> Scrubber::note_sound(const BlobId& id) {
  if (counters_.marked.get() == 0) co_return;
  UnmarkDamaged unmark(id);
  Status unmarked = co_await writer_.commit(core_, unmark);
  if (!unmarked || !unmark.was_marked()) co_return;
  counters_.marked.set(counters_.marked.get() - 1);
  log_info("scrub", "blob {} is sound again", to_string(id));
}

// Marks whose blobs are sound again, or were not reached; and those that collection took away.
Task<void> Scrubber::judge_marks() {
  std::optional<BlobId> after;
  while (!pace_.is_stopped()) {
    auto marks = co_await reader_.read_on_worker(
        [after](const View& view) { return list_damaged(view, kBlobsPerRead, after); });
    if (!marks) co_return;
    for (const DamageMark& mark : *marks) {
      if (pace_.is_stopped()) co_return;
      co_await judge(mark.id);
    }
    if (marks->size() < kBlobsPerRead) break;
    after = marks->back().id;
  }
  Result<std::uint64_t> count =
      co_await reader_.read_on_worker([](const View& view) { return count_marks(view); });
  if (count) counters_.marked.set(*count);
}

Task<void> Scrubber::save() {
  saved_ms_ = monotonic_ms();
  if (is_saved_) co_return;
  SaveProgress save(progress_);
  Status saved = co_await writer_.commit(core_, save);
  is_saved_ = saved.has_value();
}

}  // namespace mooring
