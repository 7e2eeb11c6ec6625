// Upload of equal content, collection, compaction and reading of one content: every interleaving of
// their steps. The steps are those of api/store.cc, api/collect.cc, api/compact.cc and
// api/download.cc, made of the same functions, the same guards and the same writer, on real files.
// After each one: what was acknowledged can be read, and in the end no byte is unowned.
#include <fmt/format.h>

#include "mooring/api/compact.h"
#include "mooring/blob/collect.h"
#include "mooring/blob/compare.h"
#include "mooring/blob/relocate.h"
#include "mooring/uring/file.h"
#include "unit/api/interleave.h"
#include "unit/api/storage.h"

namespace mooring {
namespace {

using Lookup = std::optional<BlobRecord>;

// One content in a segment (or a file) of its own, and what may happen to it.
class Content {
 public:
  Content(CoreStorage& storage, const Database& database, unsigned number)
      : storage_(storage),
        database_(database),
        number_(number),
        bytes_(random_content(300, number)) {
    id_ = {xxh3_128(bytes_), 0};
  }

  [[nodiscard]] const BlobId& id() const { return id_; }
  [[nodiscard]] Bytes bytes() const { return bytes_; }
  [[nodiscard]] SegmentId segment() const { return {7, number_ + 1}; }
  [[nodiscard]] BlobLocation first_place() const {
    return {Tier::segment, 7, number_ + 1, kSegmentHeaderBytes};
  }

  // As a closed segment that somebody wrote before, referred to by "old".
  Task<void> store_in_segment() {
    std::vector<std::byte> file(kBlockBytes);
    encode_header({.id = id_,
                   .segment = segment(),
                   .record_offset = 0,
                   .content_bytes = static_cast<std::uint32_t>(bytes_.size())},
                  file);
    std::ranges::copy(bytes_, file.begin() + kSegmentHeaderBytes);
    write_file(directory().segments_fd(), to_string(segment()), file);
    co_await put("old", {bytes_.size(), first_place()});
  }

  Task<void> store_as_file() {
    write_file(directory().shard_fd(DataDirectory::shard_of(id_.hash)), to_string(id_), bytes_);
    co_await put("old", {bytes_.size(), {.tier = Tier::file}});
  }

  // ---- upload of equal content (api/store.cc) ----
  Task<void> upload(Actor& actor, Tier tier, std::string owner) {
    const Lookup seen = look_up();
    if (seen) {
      co_await actor.turn();
      const HashGuard guard = co_await actor.lock(guards(), id_.hash, GuardMode::shared);
      const bool shared = co_await share(actor, owner);
      if (shared) co_return;
    }
    co_await actor.turn();
    const HashGuard guard = co_await actor.lock(guards(), id_.hash, GuardMode::exclusive);
    const bool shared = co_await share(actor, owner);
    if (shared) co_return;
    SegmentHold hold;
    BlobRecord record{bytes_.size(), {.tier = Tier::file}};
    if (tier == Tier::segment) {
      const Result<BlobLocation> place = co_await storage_.blobs.append(id_, bytes_, &hold);
      EXPECT_TRUE(place);
      record.location = *place;
    } else {
      write_file(directory().shard_fd(DataDirectory::shard_of(id_.hash)), to_string(id_), bytes_);
    }
    co_await actor.turn();
    co_await put(owner, record);
  }

  // ---- the last reference goes, then collection (api/collect.cc) ----
  Task<void> remove_and_collect(Actor& actor) {
    co_await change(
        [this](Transaction& transaction) { return drop_reference(transaction, id_, "old", 1); });
    co_await actor.turn();
    const HashGuard guard = co_await actor.lock(guards(), id_.hash, GuardMode::exclusive);
    std::optional<BlobRecord> forgotten;
    const Status forget = co_await try_change([&](Transaction& transaction) -> Status {
      auto gone = forget_blob(transaction, id_);
      if (!gone) return std::unexpected(gone.error());
      forgotten = *gone;
      return {};
    });
    if (!forget || !forgotten || forgotten->location.tier == Tier::segment) co_return;
    co_await actor.turn();
    const Status removed = co_await remove_blob_file(storage_.blobs, id_);
    EXPECT_TRUE(removed);
    co_await actor.turn();
    co_await change([this](Transaction& transaction) { return forget_mark(transaction, id_); });
  }

  // ---- compaction of its first segment (api/compact.cc) ----
  Task<void> compact(Actor& actor) {
    const Lookup seen = look_up();
    if (seen && seen->location == first_place()) {
      co_await actor.turn();
      const HashGuard guard = co_await actor.lock(guards(), id_.hash, GuardMode::exclusive);
      std::vector<Relocation> batch(1);
      batch[0].id = id_;
      batch[0].record = *seen;
      co_await relocate(storage_.blobs, batch);
      EXPECT_TRUE(batch[0].copy);
      co_await actor.turn();
      static_cast<void>(co_await try_change([&](Transaction& transaction) {
        return move_blob(transaction, id_, seen->location, *batch[0].copy);
      }));
    }
    co_await actor.turn();
    const Status forgotten = co_await try_change([this](Transaction& transaction) {
      return forget_segment(transaction, {segment().core, segment().number});
    });
    if (!forgotten) co_return;
    co_await actor.turn();
    const Status dropped = co_await drop_segment(storage_.blobs, segment());
    EXPECT_TRUE(dropped);
  }

  // ---- reading (api/download.cc): whole, or not there ----
  Task<void> read(Actor& actor) {
    const Lookup seen = look_up();
    if (!seen) co_return;
    co_await actor.turn();
    const HashGuard guard = co_await actor.lock(guards(), id_.hash, GuardMode::shared);
    Status opened = co_await open_and_compare(*seen);
    if (opened) co_return;
    EXPECT_EQ(opened.error().code, Errc::not_found);
    const Lookup now = look_up();
    if (!now) co_return;
    EXPECT_NE(now->location, seen->location);
    opened = co_await open_and_compare(*now);
    EXPECT_TRUE(opened);
  }

  [[nodiscard]] Lookup look_up() const {
    const auto found = find_blob(database_, id_);
    MOORING_CHECK(found.has_value(), "the catalogue of a test can be read");
    return *found;
  }
  [[nodiscard]] bool is_referred_to() const { return *has_references(database_, id_); }
  [[nodiscard]] bool is_readable() const {
    const Lookup found = look_up();
    return found && verify_blob(directory(), id_, *found, VerifyDepth::contents).has_value();
  }

 private:
  [[nodiscard]] const DataDirectory& directory() const {
    return storage_.blobs.store().directory();
  }
  [[nodiscard]] HashGuards& guards() const { return storage_.blobs.store().guards(); }

  static void write_file(int directory_fd, const std::string& name, Bytes content) {
    static_cast<void>(remove_name(directory_fd, name));
    const Result<Fd> file = create_file(directory_fd, name, Caching::buffered);
    MOORING_CHECK(file.has_value() && write_all(file->get(), content, 0).has_value(),
                  "a file of a test is written");
  }

  template <typename Function>
  Task<Status> try_change(Function function) {
    Change<Function> mutation(std::move(function));
    Status done = co_await storage_.writer.commit(storage_.blobs.core(), mutation);
    co_return done;
  }
  template <typename Function>
  Task<void> change(Function function) {
    const Status done = co_await try_change(std::move(function));
    EXPECT_TRUE(done) << describe(done.error());
  }

  Task<void> put(std::string owner, BlobRecord record) {
    co_await change([&](Transaction& transaction) -> Status {
      const Status put = put_blob(transaction, id_, record);
      return put ? add_reference(transaction, id_, owner) : put;
    });
  }

  // Under a guard: shares what is there, if it is.
  Task<bool> share(Actor& actor, std::string owner) {
    const Lookup found = look_up();
    if (!found) co_return false;
    const Result<bool> same = co_await same_content(storage_.blobs, Bytes(bytes_), id_, *found);
    EXPECT_TRUE(same) << "what a guarded look-up found is there";
    if (!same || !*same) co_return false;
    co_await actor.turn();
    co_await change(
        [&](Transaction& transaction) { return add_reference(transaction, id_, owner); });
    co_return true;
  }

  Task<Status> open_and_compare(BlobRecord record) {
    Semaphore& semaphore = storage_.blobs.core().chunk_permits();
    const std::size_t count = BlobReader::permits_for(record);
    co_await semaphore.acquire(count);
    BlobReader reader(storage_.blobs, id_, record, Permits(semaphore, count));
    Status opened = co_await reader.open();
    if (opened) {
      const Result<Bytes> piece = co_await reader.next();
      EXPECT_TRUE(piece && std::ranges::equal(*piece, bytes_));
    }
    co_await reader.close();
    co_return opened;
  }

  CoreStorage& storage_;
  const Database& database_;
  unsigned number_;
  std::vector<std::byte> bytes_;
  BlobId id_;
};

class InterleavingsTest : public StorageTest {
 protected:
  // What is tested is order, not power cuts: thousands of runs, without a sync each.
  InterleavingsTest() : StorageTest(Durability::relaxed) {}

  /// Runs every interleaving of the actors that `cast` adds for a content stored in `tier`, and
  /// `judge(content)` after each. Answers how many there were.
  template <typename Cast, typename Judge>
  unsigned explore(Tier tier, Cast cast, Judge judge) {
    unsigned runs = 0;
    run([&](CoreStorage& storage) -> Task<void> {
      std::vector<Interleaving::Choice> path;
      do {
        Content content(storage, *database_, runs++);
        co_await (tier == Tier::segment ? content.store_in_segment() : content.store_as_file());
        Interleaving all(storage.blobs.core());
        cast(all, content);
        co_await all.run(path);
        judge(content);
        path = next_path(std::move(path));
      } while (!path.empty() && !HasFailure());
    });
    // Segments that were in use when compaction asked are dropped by its next look; so is one that
    // was open until now and holds nothing but copies that came too late.
    run([&](CoreStorage& storage) -> Task<void> {
      Compactor compactor(storage.blobs.core(), storage.reader, storage.writer, storage.blobs,
                          {.live_percent_min = 0, .pace = {.latency_budget_ms = 60'000}});
      co_await compactor.run_once();
      co_await compactor.stop();
    });
    RecordProperty("interleavings", static_cast<int>(runs));
    fmt::print("{} interleavings\n", runs);
    expect_nothing_unowned();
    return runs;
  }

  void expect_nothing_unowned() const {
    const RecoveryReport report = recovery();
    EXPECT_EQ(report.files_removed, 0u);
    EXPECT_EQ(report.segments_removed, 0u);
    EXPECT_EQ(report.segments_damaged, 0u);
  }
};

void expect_acknowledged(const Content& content) {
  EXPECT_TRUE(content.is_referred_to());
  EXPECT_TRUE(content.is_readable());
}

TEST_F(InterleavingsTest, UploadCollectionAndCompactionOfOneSmallContent) {
  const unsigned runs = explore(
      Tier::segment,
      [](Interleaving& all, Content& content) {
        all.add([&](Actor& actor) { return content.upload(actor, Tier::segment, "new"); });
        all.add([&](Actor& actor) { return content.remove_and_collect(actor); });
        all.add([&](Actor& actor) { return content.compact(actor); });
      },
      expect_acknowledged);
  EXPECT_GT(runs, 100u);
}

TEST_F(InterleavingsTest, ReadingDuringCollectionAndCompaction) {
  const unsigned runs = explore(
      Tier::segment,
      [](Interleaving& all, Content& content) {
        all.add([&](Actor& actor) { return content.read(actor); });
        all.add([&](Actor& actor) { return content.remove_and_collect(actor); });
        all.add([&](Actor& actor) { return content.compact(actor); });
      },
      [](const Content& content) { EXPECT_FALSE(content.look_up()); });
  EXPECT_GT(runs, 100u);
}

TEST_F(InterleavingsTest, TwoUploadsAndCollectionOfOneLargeContent) {
  const unsigned runs = explore(
      Tier::file,
      [](Interleaving& all, Content& content) {
        all.add([&](Actor& actor) { return content.upload(actor, Tier::file, "new"); });
        all.add([&](Actor& actor) { return content.upload(actor, Tier::file, "newer"); });
        all.add([&](Actor& actor) { return content.remove_and_collect(actor); });
      },
      expect_acknowledged);
  EXPECT_GT(runs, 100u);
}

TEST_F(InterleavingsTest, ReadingDuringCollectionOfALargeContentAndItsUploadAnew) {
  const unsigned runs = explore(
      Tier::file,
      [](Interleaving& all, Content& content) {
        all.add([&](Actor& actor) { return content.upload(actor, Tier::file, "new"); });
        all.add([&](Actor& actor) { return content.read(actor); });
        all.add([&](Actor& actor) { return content.remove_and_collect(actor); });
      },
      expect_acknowledged);
  EXPECT_GT(runs, 100u);
}

TEST_F(InterleavingsTest, UploadDuringCompactionLeavesNoSegmentThatNobodyOwns) {
  const unsigned runs = explore(
      Tier::segment,
      [](Interleaving& all, Content& content) {
        all.add([&](Actor& actor) { return content.upload(actor, Tier::segment, "new"); });
        all.add([&](Actor& actor) { return content.compact(actor); });
      },
      expect_acknowledged);
  EXPECT_GT(runs, 10u);
}

}  // namespace
}  // namespace mooring
