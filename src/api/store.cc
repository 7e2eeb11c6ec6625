#include "mooring/api/store.h"

#include <cstring>
#include <utility>
#include <vector>

#include "mooring/api/collect.h"
#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "mooring/base/log.h"
#include "mooring/blob/collect.h"
#include "mooring/blob/compare.h"
#include "mooring/blob/store.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/reader.h"

namespace mooring {

namespace {

using Candidates = std::vector<std::pair<BlobId, BlobRecord>>;

// Step 4 as one mutation: the blob, if it is new, then the family's records.
class RecordContent final : public Mutation {
 public:
  RecordContent(const StoredContent& content, StoreMutation& family) noexcept
      : content_(content), family_(family) {}
  [[nodiscard]] Status apply(Transaction& transaction) override {
    if (content_.origin == StoredContent::Origin::added) {
      Status put = put_blob(transaction, content_.id, content_.record);
      if (!put) return put;
    }
    return family_.apply_records(transaction, content_);
  }

 private:
  const StoredContent& content_;
  StoreMutation& family_;
};

class StoreSmall;

// Appends that became durable are committed by the worker that saw it, all of them at once.
class CommitStored final : public AppendFollower {
 public:
  void stored(SegmentWriter::Append& first) noexcept override;
};

CommitStored commit_stored;  // without state

// Small content: the append to a segment and, when that is durable, the commit. One wait for both.
class [[nodiscard]] StoreSmall final : public SegmentWriter::Append, private CommitRequest {
 public:
  StoreSmall(CoreServices& services, StoredContent& content, Bytes bytes, Mutation& mutation)
      : Append(services.blobs.segment_writer(), content.id, bytes, &hold_, &commit_stored),
        CommitRequest(mutation, &services.core.mailbox()),
        services_(services),
        content_(content),
        began_ns_(monotonic_ns()) {}

  [[nodiscard]] Status await_resume() noexcept {
    const std::uint64_t now_ns = monotonic_ns();
    services_.stages.took(IngestStage::store_bytes, (stored_ns_ ? stored_ns_ : now_ns) - began_ns_);
    if (stored_ns_ > 0) services_.stages.took(IngestStage::commit, now_ns - stored_ns_);
    if (refused_) return fail(Errc::draining, "commit after the writer's stop");
    return answer() ? status() : std::unexpected(answer().error());
  }

 private:
  friend class CommitStored;
  void deliver() noexcept override { services_.core.resume_later(waiter()); }
  [[nodiscard]] StoreSmall* next() const noexcept {
    return static_cast<StoreSmall*>(next_followed());
  }

  CoreServices& services_;
  StoredContent& content_;
  std::uint64_t began_ns_;
  std::uint64_t stored_ns_ = 0;
  SegmentHold hold_;  // until the commit was answered
  bool refused_ = false;
};

// Once they are submitted, none of them is touched any more.
void CommitStored::stored(SegmentWriter::Append& first) noexcept {
  const std::uint64_t now_ns = monotonic_ns();
  auto* const oldest = static_cast<StoreSmall*>(&first);
  StoreSmall* newest = oldest;
  for (StoreSmall* small = oldest; small != nullptr; small = small->next()) {
    small->content_.record.location = *small->answer();
    small->stored_ns_ = now_ns;
    if (small != oldest) newest->chain_before(*small);
    newest = small;
  }
  Writer& writer = oldest->services_.writer;
  if (writer.submit_all(*oldest, *newest)) return;
  for (StoreSmall* small = oldest; small != nullptr;) {
    StoreSmall* const next = small->next();
    small->refused_ = true;
    small->services_.core.mailbox().post(*small);
    small = next;
  }
}

// One received file on its way into the store.
class Storing {
 public:
  Storing(CoreServices& services, ReceivedFile& file, StoreMutation& mutation) noexcept
      : services_(services), file_(file), mutation_(mutation) {}

  [[nodiscard]] Task<Status> run();

 private:
  [[nodiscard]] Task<Result<Candidates>> look_up();
  [[nodiscard]] Task<Result<bool>> share(const Candidates& candidates);
  [[nodiscard]] Task<Result<bool>> is_same(const BlobId& id, const BlobRecord& record);
  [[nodiscard]] Task<Status> add(const Candidates& candidates);
  [[nodiscard]] Task<Status> add_to_segment();
  [[nodiscard]] Task<Status> add_file();
  [[nodiscard]] Task<Status> commit();
  [[nodiscard]] Task<HashGuard> lock(GuardMode mode);

  CoreServices& services_;
  ReceivedFile& file_;
  StoreMutation& mutation_;
  StoredContent content_;
};

// Refusals of a family are answers; what is left is ours to explain.
bool is_our_fault(Errc code) {
  switch (code) {
    case Errc::io_error:
    case Errc::sync_failed:
    case Errc::corrupt:
    case Errc::exists:
    case Errc::stale:
    case Errc::internal:
    case Errc::no_space:
      return true;
    default:
      return false;
  }
}

bool has_candidate(const Candidates& candidates, std::uint64_t size_bytes) {
  for (const auto& [id, record] : candidates)
    if (record.size_bytes == size_bytes) return true;
  return false;
}

std::uint16_t next_ordinal(const Candidates& candidates) {
  return candidates.empty() ? std::uint16_t{0}
                            : static_cast<std::uint16_t>(candidates.back().first.ordinal + 1);
}

}  // namespace

Task<Status> store_file(CoreServices& services, ReceivedFile& file, StoreMutation& mutation) {
  // Permits are taken before the guard: whoever holds a guard never waits for permits, so that
  // uploads that hold permits may wait for the guard.
  Status landed = co_await land_received(services, file);
  Status stored = landed;
  if (landed) {
    Storing storing(services, file, mutation);
    stored = co_await storing.run();
  }
  if (!stored && is_our_fault(stored.error().code))
    log_error("store", "an upload of {} bytes was not stored: {}", file.size_bytes,
              describe(stored.error()));
  co_await drop_received(file);
  co_return stored;
}

// Content that is in memory but not below the threshold gets the chunk from which it can be
// written.
Task<Status> land_received(CoreServices& services, ReceivedFile& file) {
  if (file.landing_ || file.size_bytes < services.settings.segment_threshold_bytes)
    co_return Status{};
  const bool in_place = file.chunk_ && file.content_.data() == file.chunk_.memory().data();
  if (in_place) co_return Status{};
  if (!file.chunk_) {
    co_await services.core.chunk_permits().acquire(1);
    file.permits_ = Permits(services.core.chunk_permits(), 1);
    file.chunk_ = services.core.chunks().lease();
  }
  std::memmove(file.chunk_.memory().data(), file.content_.data(), file.content_.size());
  services.counters.copied_bytes += file.content_.size();
  file.content_ = Bytes(file.chunk_.memory()).first(file.content_.size());
  co_return Status{};
}

Task<Status> publish_received(CoreServices& services, ReceivedFile& file, const BlobId& id) {
  if (!file.landing_) {
    file.landing_ = std::make_unique<Landing>(services.blobs, file.size_bytes);
    Status written = co_await file.landing_->write(std::move(file.chunk_), file.size_bytes);
    if (!written) co_return written;
    Status finished = co_await file.landing_->finish();
    if (!finished) co_return finished;
  }
  Status published = co_await file.landing_->publish(id);
  co_return published;
}

Task<Status> Storing::run() {
  // Most content is new, and nobody else is about to store it: one look decides.
  HashGuard mine = services_.blobs.store().guards().try_lock(file_.hash);
  Result<Candidates> seen = co_await look_up();
  if (!seen) co_return std::unexpected(seen.error());
  const bool is_known = has_candidate(*seen, file_.size_bytes);
  if (mine && !is_known) co_return co_await add(*seen);
  mine.reset();
  // Sharing is possible for many at once.
  if (is_known) {
    HashGuard guard = co_await lock(GuardMode::shared);
    Result<Candidates> candidates = co_await look_up();
    if (!candidates) co_return std::unexpected(candidates.error());
    Result<bool> shared = co_await share(*candidates);
    if (!shared) co_return std::unexpected(shared.error());
    if (*shared) co_return co_await commit();
  }
  HashGuard guard = co_await lock(GuardMode::exclusive);
  Result<Candidates> candidates = co_await look_up();
  if (!candidates) co_return std::unexpected(candidates.error());
  Result<bool> shared = co_await share(*candidates);
  if (!shared) co_return std::unexpected(shared.error());
  if (*shared) co_return co_await commit();
  co_return co_await add(*candidates);
}

Task<HashGuard> Storing::lock(GuardMode mode) {
  HashGuard guard =
      co_await services_.blobs.store().guards().lock(services_.core, file_.hash, mode);
  co_return guard;
}

Task<Result<Candidates>> Storing::look_up() {
  Result<Candidates> found = co_await services_.reader.read(
      [hash = file_.hash](const View& view) { return find_blobs_of_hash(view, hash); });
  co_return found;
}

// Steps 2 and 3a.
Task<Result<bool>> Storing::share(const Candidates& candidates) {
  for (const auto& [id, record] : candidates) {
    if (record.size_bytes != file_.size_bytes) continue;
    Result<bool> same = co_await is_same(id, record);
    // A damaged blob is never shared: the new content gets an ordinal of its own.
    const bool damaged =
        !same && (same.error().code == Errc::corrupt || same.error().code == Errc::not_found);
    if (!same && !damaged) co_return std::unexpected(same.error());
    if (same && *same) {
      content_ = {id, record, StoredContent::Origin::shared};
      ++services_.counters.shared;
      co_return true;
    }
    if (!damaged) ++services_.counters.collisions;
  }
  co_return false;
}

Task<Result<bool>> Storing::is_same(const BlobId& id, const BlobRecord& record) {
  if (const std::optional<Bytes> content = file_.content()) {
    Result<bool> same = co_await same_content(services_.blobs, *content, id, record);
    co_return same;
  }
  Result<bool> same = co_await same_content(services_.blobs, *file_.landing(), id, record);
  co_return same;
}

// Steps 3b and 4.
Task<Status> Storing::add(const Candidates& candidates) {
  content_.id = {file_.hash, next_ordinal(candidates)};
  content_.record.size_bytes = file_.size_bytes;
  content_.origin = StoredContent::Origin::added;
  if (file_.size_bytes < services_.settings.segment_threshold_bytes)
    co_return co_await add_to_segment();
  co_return co_await add_file();
}

Task<Status> Storing::add_to_segment() {
  RecordContent mutation(content_, mutation_);
  StoreSmall storing(services_, content_, *file_.content(), mutation);
  Status stored = co_await storing;
  co_return stored;
}

Task<Status> Storing::add_file() {
  content_.record.location = {.tier = Tier::file};
  const std::uint64_t began_ns = monotonic_ns();
  Status published = co_await publish_received(services_, file_, content_.id);
  services_.stages.took(IngestStage::store_bytes, monotonic_ns() - began_ns);
  if (!published) co_return published;
  Status committed = co_await commit();
  if (committed) co_return committed;
  // Refused at commit: nothing refers to the new file, and the guard is still ours.
  Status removed = co_await remove_blob_file(services_.blobs, content_.id);
  if (!removed) log_error("store", "cannot remove {}", to_string(content_.id));
  co_return committed;
}

Task<Status> Storing::commit() {
  RecordContent mutation(content_, mutation_);
  const std::uint64_t began_ns = monotonic_ns();
  Status committed = co_await services_.writer.commit(services_.core, mutation);
  services_.stages.took(IngestStage::commit, monotonic_ns() - began_ns);
  co_return committed;
}

void collect_later(CoreServices& services) {
  services.collector.wake();
}

}  // namespace mooring
