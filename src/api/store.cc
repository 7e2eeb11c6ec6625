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
  // A first look without a guard tells which guard will do: sharing is possible for many at once.
  Result<Candidates> seen = co_await look_up();
  if (!seen) co_return std::unexpected(seen.error());
  if (has_candidate(*seen, file_.size_bytes)) {
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
  const std::uint64_t began_ns = monotonic_ns();
  Status added = co_await add(*candidates);
  services_.stages.took(IngestStage::store_bytes, monotonic_ns() - began_ns);
  if (!added) co_return added;
  Status committed = co_await commit();
  if (!committed && content_.record.location.tier == Tier::file) {
    // Refused at commit: nothing refers to the new file, and the guard is still ours.
    Status removed = co_await remove_blob_file(services_.blobs, content_.id);
    if (!removed) log_error("store", "cannot remove {}", to_string(content_.id));
  }
  co_return committed;
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

// Step 3b.
Task<Status> Storing::add(const Candidates& candidates) {
  content_.id = {file_.hash, next_ordinal(candidates)};
  content_.record.size_bytes = file_.size_bytes;
  content_.origin = StoredContent::Origin::added;
  if (file_.size_bytes < services_.settings.segment_threshold_bytes) {
    Result<BlobLocation> location = co_await services_.blobs.append(content_.id, *file_.content());
    if (!location) co_return std::unexpected(location.error());
    content_.record.location = *location;
    co_return Status{};
  }
  content_.record.location = {.tier = Tier::file};
  Status published = co_await publish_received(services_, file_, content_.id);
  co_return published;
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
