// Writer: the one thread through which every change of the catalogue goes.
//
// Cores hand it mutations; it takes all that wait, applies them in the order of their arrival to
// one transaction, writes that once, and answers each core with one message. While one write is
// under way the next batch gathers: no timer, no tuning. Being alone, it makes every check-then-act
// race impossible: what a mutation reads is what its changes will meet (rule X7).
//
// Owned by the application: started after the database, stopped before it is closed and before the
// cores (whose mailboxes it answers) go. `commit` is called on the awaiting core's thread, `submit`
// and `commit_and_wait` on any.
//
// A completed commit means: with Durability::durable, the mutation is on stable storage and
// visible; with relaxed, it is visible and in the page cache. What it means when it fails:
//   * the mutation's own error (such as conflict): nothing of this mutation is kept; the others of
//   its
//     batch are not held up. What it was refused for may have been part of the same batch, and was
//     written before the refusal is told.
//   * no_space: nothing of the batch was written, nor will it come back after a crash. Reads and
//   the
//     process go on, and commits succeed again once there is space.
//   * sync_failed: what is on disk is unknown. Nothing is acknowledged from here on, `on_fatal` is
//     called once, and the process must stop; the next start tells what was written.
//   * draining: the writer was stopped before.
//
//   I1 mutations of one core are applied in the order in which it committed them.
//   I2 a mutation and its request stay alive and in place until they are answered.
//   I3 a request is not touched once it was answered.
#pragma once

#include <array>
#include <atomic>
#include <coroutine>
#include <cstdint>
#include <functional>
#include <optional>
#include <thread>

#include "mooring/base/result.h"
#include "mooring/catalog/database.h"
#include "mooring/catalog/transaction.h"
#include "mooring/core/core.h"
#include "mooring/core/mailbox.h"

namespace mooring {

/// One change, all or nothing. Lives in the frame that awaits its commit and keeps its results
/// there.
class Mutation {
 public:
  /// On the writer's thread, once. Reads and changes through `transaction` only and never waits. An
  /// error undoes what it has changed and becomes the answer of the commit.
  [[nodiscard]] virtual Status apply(Transaction& transaction) = 0;

 protected:
  ~Mutation() = default;
};

/// A mutation on its way. Delivered to its home's core, or on the writer's thread if it has no
/// home.
class CommitRequest : public Message {
 public:
  CommitRequest(Mutation& mutation, Mailbox* home) noexcept : mutation_(mutation), home_(home) {}

  /// Once delivered.
  [[nodiscard]] const Status& status() const noexcept { return status_; }

  /// For submit_all: `next` comes behind this one.
  void chain_before(CommitRequest& next) noexcept { next.next_request_ = this; }

 protected:
  ~CommitRequest() = default;

 private:
  friend class Writer;
  Mutation& mutation_;
  Mailbox* home_;
  Status status_;
  CommitRequest* next_request_ = nullptr;
};

struct WriterOptions {
  Durability durability = Durability::durable;
  std::size_t batch_mutations_max = 256;
  std::size_t batch_bytes_max = std::size_t{4} << 20;  ///< no further mutation joins above this
  /// Called once, on the writer's thread, before the batch that failed is answered.
  std::function<void(const Error&)> on_fatal = {};
};

/// Counted by the writer since its start.
struct WriterMetrics {
  std::uint64_t batches = 0;    ///< writes, each with one sync in durable mode
  std::uint64_t mutations = 0;  ///< answered, with whatever status
  std::uint64_t refused = 0;    ///< of these, with an error of their own
  std::uint64_t failed = 0;     ///< of these, because the write failed
  std::uint64_t apply_ns = 0;   ///< spent in mutations
  std::uint64_t write_ns = 0;   ///< spent in writes and syncs
  /// Batches by how many mutations they held: bucket i counts up to 2^i, the last one all above.
  std::array<std::uint64_t, 10> batches_by_size{};
};

class Commit;

class Writer {
 public:
  /// Starts the thread. The database outlives the writer.
  Writer(Database& database, WriterOptions options);
  /// Stops.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// `Status status = co_await writer.commit(core, mutation)`: completes on `core`, as said above.
  [[nodiscard]] Commit commit(Core& core, Mutation& mutation) noexcept;

  /// As commit, for threads that may block: start-up, tools, tests.
  [[nodiscard]] Status commit_and_wait(Mutation& mutation);

  /// Queues `request`, which is delivered once answered. Never blocks. False, and nothing will be
  /// delivered, if the writer was stopped.
  [[nodiscard]] bool submit(CommitRequest& request) noexcept {
    return submit_all(request, request);
  }
  /// Queues the requests from `first` to `last`, linked by chain_before, as one: they share a batch
  /// if it has room.
  [[nodiscard]] bool submit_all(CommitRequest& first, CommitRequest& last) noexcept;

  /// Answers what waits and joins the thread. Blocks. Called by one thread, once; later commits are
  /// refused with draining.
  void stop();

  /// What the written batches have marked as garbage. Any thread.
  [[nodiscard]] GarbageQueue& garbage() noexcept { return database_.garbage(); }

  /// Any thread.
  [[nodiscard]] Durability durability() const noexcept { return options_.durability; }
  [[nodiscard]] WriterMetrics metrics() const noexcept;

 private:
  struct Counters {
    std::atomic<std::uint64_t> batches, mutations, refused, failed, apply_ns, write_ns;
    std::array<std::atomic<std::uint64_t>, 10> batches_by_size;
  };

  void work();
  [[nodiscard]] CommitRequest* take_waiting(CommitRequest* replacement) noexcept;
  void commit_all(CommitRequest* oldest, Transaction& transaction);
  [[nodiscard]] CommitRequest* apply_some(CommitRequest* oldest, Transaction& transaction);
  [[nodiscard]] Status write(Transaction& transaction);
  void answer(CommitRequest* oldest, const CommitRequest* end, const Status& written) noexcept;

  Database& database_;
  const WriterOptions options_;
  std::atomic<CommitRequest*> newest_{nullptr};
  std::atomic<bool> stopping_{false};
  std::optional<Error> fatal_;  ///< what ended all writing; the writer's thread only
  Counters counters_{};
  std::thread thread_;
};

/// The awaitable of Writer::commit.
class [[nodiscard]] Commit final : private CommitRequest {
 public:
  Commit(Writer& writer, Core& core, Mutation& mutation) noexcept
      : CommitRequest(mutation, &core.mailbox()), writer_(writer), core_(core) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  [[nodiscard]] bool await_suspend(std::coroutine_handle<> waiter) noexcept {
    waiter_ = waiter;
    // Once submitted, this frame may be resumed at any time: nothing of it is touched any more.
    if (writer_.submit(*this)) return true;
    refused_ = true;
    return false;
  }
  [[nodiscard]] Status await_resume() const noexcept {
    return refused_ ? fail(Errc::draining, "commit after the writer's stop") : status();
  }

 private:
  void deliver() noexcept override { core_.resume_later(waiter_); }

  Writer& writer_;
  Core& core_;
  std::coroutine_handle<> waiter_;
  bool refused_ = false;
};

inline Commit Writer::commit(Core& core, Mutation& mutation) noexcept {
  return Commit(*this, core, mutation);
}

}  // namespace mooring
