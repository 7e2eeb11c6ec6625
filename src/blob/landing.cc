#include "mooring/blob/landing.h"

#include <fmt/format.h>

#include "chunk_write.h"
#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "mooring/base/fault.h"
#include "mooring/base/uuid.h"
#include "mooring/blob/store.h"
#include "mooring/core/workers.h"
#include "mooring/uring/file.h"

namespace mooring {

namespace {

// With an unknown size the next step is taken when less than this is left.
constexpr std::uint64_t kStepAheadBytes = 4_MiB;

// The name of an unfinished file where there is no O_TMPFILE; recovery knows the prefix.
std::string new_temporary_name() {
  return fmt::format("landing-{}", to_string(new_uuid()));
}

struct Opened {
  Status outcome;
  Fd file;
};

Opened open_landing(const DataDirectory& directory, const std::string& temporary_name,
                    std::uint64_t size_bytes) {
  const int blobs = directory.blobs_fd();
  Result<Fd> file = temporary_name.empty()
                        ? open_unnamed(blobs, directory.caching())
                        : create_file(blobs, temporary_name, directory.caching());
  if (!file) return {std::unexpected(file.error()), Fd()};
  Status taken;
  if (size_bytes > 0) taken = preallocate(file->get(), 0, size_bytes);
  crash_point(CrashPoint::landing_opened);
  return {taken, std::move(*file)};
}

// One name, one verified file: a name that is there already is a leftover and is replaced.
Status name_file(int fd, const DataDirectory& directory, const std::string& temporary_name,
                 int shard_fd, const std::string& name) {
  const int blobs = directory.blobs_fd();
  if (!temporary_name.empty()) {
    Status renamed = rename_without_replacing(blobs, temporary_name, shard_fd, name);
    if (renamed || renamed.error().code != Errc::exists) return renamed;
    return rename_replacing(blobs, temporary_name, shard_fd, name);
  }
  Status linked = link_unnamed(fd, shard_fd, name);
  if (linked || linked.error().code != Errc::exists) return linked;
  const std::string fresh = name + ".new";
  if (Status removed = remove_name(shard_fd, fresh); !removed) return removed;
  linked = link_unnamed(fd, shard_fd, fresh);
  if (!linked) return linked;
  return rename_replacing(shard_fd, fresh, shard_fd, name);
}

struct Published {
  Status outcome;
  std::uint64_t sync_ns = 0;
};

struct Publication {
  int fd = -1;
  std::uint64_t size_bytes = 0;
  std::string temporary_name;
  BlobId id;
};

// The order is the contract: size, bytes on stable storage, name, directory on stable storage.
Published publish_file(BlobStore& store, const Publication& publication) {
  const DataDirectory& directory = store.directory();
  const bool durable = store.options().durability == Durability::durable;
  Published published;
  published.outcome = truncate_file(publication.fd, publication.size_bytes);
  if (!published.outcome) return published;
  crash_point(CrashPoint::landing_cut);
  if (durable) {
    const std::uint64_t begin_ns = monotonic_ns();
    published.outcome = sync_data(publication.fd, SyncName::blob_data);
    published.sync_ns = monotonic_ns() - begin_ns;
    if (!published.outcome) return published;
  }
  crash_point(CrashPoint::landing_synced);
  const unsigned shard = DataDirectory::shard_of(publication.id.hash);
  published.outcome = name_file(publication.fd, directory, publication.temporary_name,
                                directory.shard_fd(shard), to_string(publication.id));
  crash_point(CrashPoint::landing_named);
  if (published.outcome && durable && !sync_is_skipped(SyncName::blob_directory))
    published.outcome = store.directory_syncs().sync_shard(shard);
  crash_point(CrashPoint::landing_published);
  return published;
}

}  // namespace

Landing::Landing(CoreBlobs& blobs, std::optional<std::uint64_t> size_bytes)
    : blobs_(blobs),
      expected_bytes_(size_bytes),
      gate_(blobs.core()),
      opened_(blobs.core(), 0),
      slots_(blobs.core(), kLandingWritesMax),
      growing_(blobs.core(), 1) {
  if (blobs.store().directory().naming() == Naming::temporary)
    temporary_name_ = new_temporary_name();
  gate_.spawn(open_file());
}

Landing::~Landing() {
  MOORING_CHECK(gate_.size() == 0, "a landing ends while chunks are in flight");
  MOORING_CHECK(state_ == State::published || state_ == State::abandoned,
                "a landing ends neither published nor abandoned");
}

Task<void> Landing::open_file() {
  const std::uint64_t first_bytes =
      expected_bytes_ ? round_up(*expected_bytes_, kBlockBytes) : kLandingStepBytes;
  Opened opened = co_await blobs_.core().workers().run(blobs_.core(), [this, first_bytes] {
    return open_landing(blobs_.store().directory(), temporary_name_, first_bytes);
  });
  note(opened.outcome);
  file_ = std::move(opened.file);
  if (opened.outcome) allocated_bytes_ = first_bytes;
  opened_.release(1);
}

Task<void> Landing::room() {
  co_await slots_.acquire(1);
  slots_.release(1);
}

Task<Status> Landing::write(ChunkLease chunk, std::size_t size_bytes) {
  MOORING_CHECK(state_ == State::receiving, "a chunk for a landing that is finished");
  MOORING_CHECK(!last_seen_, "a chunk after the last");
  MOORING_CHECK(size_bytes > 0 && size_bytes <= kChunkBytes, "a chunk of a wrong size");
  if (failure_) co_return std::unexpected(*failure_);
  const std::uint64_t offset_bytes = size_bytes_;
  size_bytes_ += size_bytes;
  last_seen_ = size_bytes % kBlockBytes != 0;
  co_await slots_.acquire(1);
  Permits slot(slots_, 1);
  if (failure_) co_return std::unexpected(*failure_);
  gate_.spawn(write_chunk(std::move(chunk), std::move(slot), size_bytes, offset_bytes));
  co_return Status{};
}

Task<void> Landing::write_chunk(ChunkLease chunk, Permits slot, std::size_t size_bytes,
                                std::uint64_t offset_bytes) {
  co_await opened_.acquire(1);
  opened_.release(1);
  const std::uint64_t padded_bytes = round_up(size_bytes, kBlockBytes);
  const std::uint64_t end_bytes = offset_bytes + padded_bytes;
  const Status grown = co_await grow_to(end_bytes);
  note(grown);
  if (failure_) co_return;
  const MutableBytes padding = chunk.memory().subspan(size_bytes, padded_bytes - size_bytes);
  if (!padding.empty()) std::memset(padding.data(), 0, padding.size());
  co_await blobs_.large_writes().acquire(1);
  Permits writing(blobs_.large_writes(), 1);
  const Status written =
      co_await write_chunk_to(blobs_.core(), blobs_.store().directory().caching(), file_.get(),
                              chunk, padded_bytes, offset_bytes);
  writing.reset();
  note(written);
  crash_point(CrashPoint::landing_chunk_written);
  chunk.reset();
  if (expected_bytes_ || last_seen_ || failure_) co_return;
  const Status ahead = co_await grow_to(end_bytes + kStepAheadBytes);
  note(ahead);
}

// Writes inside allocated space are issued at once; beyond it the kernel would punt them.
Task<Status> Landing::grow_to(std::uint64_t end_bytes) {
  if (failure_) co_return std::unexpected(*failure_);
  if (end_bytes <= allocated_bytes_) co_return Status{};
  co_await growing_.acquire(1);
  const Permits growing(growing_, 1);
  while (allocated_bytes_ < end_bytes && !failure_) {
    const int fd = file_.get();
    const std::uint64_t from_bytes = allocated_bytes_;
    const Status taken = co_await blobs_.core().workers().run(
        blobs_.core(), [fd, from_bytes] { return preallocate(fd, from_bytes, kLandingStepBytes); });
    if (!taken) co_return taken;
    allocated_bytes_ += kLandingStepBytes;
  }
  co_return Status{};
}

void Landing::note(const Status& outcome) noexcept {
  if (!outcome && !failure_) failure_ = outcome.error();
}

Task<Status> Landing::finish() {
  MOORING_CHECK(state_ == State::receiving, "a landing is finished twice");
  state_ = State::finished;
  co_await gate_.empty();
  if (failure_) co_return std::unexpected(*failure_);
  co_return Status{};
}

Task<Status> Landing::publish(const BlobId& id) {
  MOORING_CHECK(state_ == State::finished, "a landing is published before it is finished");
  if (failure_) co_return std::unexpected(*failure_);
  BlobStore& store = blobs_.store();
  const Publication publication{file_.get(), size_bytes_, temporary_name_, id};
  const Published published = co_await blobs_.core().workers().run(
      blobs_.core(), [&store, &publication] { return publish_file(store, publication); });
  BlobCounters& counters = blobs_.counters();
  if (store.options().durability == Durability::durable) {
    counters.syncs.add(1);
    counters.sync_ns.add(published.sync_ns);
  }
  note(published.outcome);
  if (!published.outcome) {
    if (published.outcome.error().code == Errc::sync_failed)
      store.report_sync_failure(published.outcome.error());
    co_return published.outcome;
  }
  state_ = State::published;
  file_.reset();
  counters.file_blobs.add(1);
  counters.file_bytes.add(size_bytes_);
  co_return Status{};
}

Task<void> Landing::abandon() {
  if (state_ == State::published || state_ == State::abandoned) co_return;
  state_ = State::abandoned;
  if (!failure_) failure_ = Error{Errc::cancelled, 0, "an abandoned landing"};
  co_await gate_.empty();
  // The last close of an unnamed file frees its space, which may take long: not on this thread.
  const int blobs_fd = blobs_.store().directory().blobs_fd();
  const Status removed = co_await blobs_.core().workers().run(blobs_.core(), [this, blobs_fd] {
    file_.reset();
    return temporary_name_.empty() ? Status{} : remove_name(blobs_fd, temporary_name_);
  });
  static_cast<void>(removed);  // recovery removes what is left
}

}  // namespace mooring
