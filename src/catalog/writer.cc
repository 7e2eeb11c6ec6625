#include "mooring/catalog/writer.h"

#include <pthread.h>

#include <algorithm>
#include <bit>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "mooring/base/fault.h"
#include "mooring/base/log.h"

namespace mooring {
namespace {

/// Stands at the top of the queue once the writer has ended: nothing can be queued on top of it.
CommitRequest* closed_mark() noexcept {
  return reinterpret_cast<CommitRequest*>(std::uintptr_t{1});
}

/// One thread counts, others look.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t amount) noexcept {
  counter.store(counter.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
}

class NoChange final : public Mutation {
 public:
  Status apply(Transaction&) override { return {}; }
};

/// A request whose owner blocks until it is answered.
class BlockingCommit final : public CommitRequest {
 public:
  explicit BlockingCommit(Mutation& mutation) noexcept : CommitRequest(mutation, nullptr) {}

  void wait() {
    std::unique_lock lock(mutex_);
    answered_.wait(lock, [this] { return is_answered_; });
  }

 private:
  // Notified under the lock: the waiter, and with it this object, may be gone right after.
  void deliver() noexcept override {
    const std::scoped_lock lock(mutex_);
    is_answered_ = true;
    answered_.notify_one();
  }

  std::mutex mutex_;
  std::condition_variable answered_;
  bool is_answered_ = false;
};

/// The answers for one core, linked in their order.
struct Answers {
  Mailbox* home;
  Message* first;
  Message* last;
};

}  // namespace

Writer::Writer(Database& database, WriterOptions options)
    : database_(database), options_(std::move(options)), thread_([this] { work(); }) {}

Writer::~Writer() {
  if (thread_.joinable()) stop();
}

bool Writer::submit_all(CommitRequest& first, CommitRequest& last) noexcept {
  CommitRequest* seen = newest_.load(std::memory_order_relaxed);
  do {
    if (seen == closed_mark()) return false;
    first.next_request_ = seen;
  } while (!newest_.compare_exchange_weak(seen, &last, std::memory_order_release,
                                          std::memory_order_relaxed));
  if (seen == nullptr) newest_.notify_one();
  return true;
}

Status Writer::commit_and_wait(Mutation& mutation) {
  BlockingCommit request(mutation);
  if (!submit(request)) return fail(Errc::draining, "commit after the writer's stop");
  request.wait();
  return request.status();
}

void Writer::stop() {
  MOORING_CHECK(thread_.joinable(), "a writer is stopped once");
  stopping_.store(true, std::memory_order_relaxed);
  // Wakes the thread if it waits; refused if it has seen the flag and ended before.
  NoChange nothing;
  (void)commit_and_wait(nothing);
  thread_.join();
}

void Writer::work() {
  ::pthread_setname_np(::pthread_self(), "catalog-writer");
  Transaction transaction(database_);
  while (!stopping_.load(std::memory_order_relaxed)) {
    newest_.wait(nullptr, std::memory_order_relaxed);
    commit_all(take_waiting(nullptr), transaction);
  }
  commit_all(take_waiting(closed_mark()), transaction);
}

/// Takes the whole queue, leaves `replacement` in its place and returns the oldest request.
CommitRequest* Writer::take_waiting(CommitRequest* replacement) noexcept {
  CommitRequest* request = newest_.exchange(replacement, std::memory_order_acquire);
  CommitRequest* oldest = nullptr;
  while (request != nullptr) {
    CommitRequest* const older = request->next_request_;
    request->next_request_ = oldest;
    oldest = request;
    request = older;
  }
  return oldest;
}

void Writer::commit_all(CommitRequest* oldest, Transaction& transaction) {
  while (oldest != nullptr) {
    if (fatal_) return answer(oldest, nullptr, std::unexpected(*fatal_));
    CommitRequest* const rest = apply_some(oldest, transaction);
    const Status written = write(transaction);
    answer(oldest, rest, written);
    oldest = rest;
  }
}

/// Applies mutations until the batch is full or all are in. Returns the first that is not.
CommitRequest* Writer::apply_some(CommitRequest* oldest, Transaction& transaction) {
  const std::uint64_t began_ns = monotonic_ns();
  std::size_t count = 0;
  CommitRequest* request = oldest;
  while (request != nullptr && count < options_.batch_mutations_max &&
         transaction.size_bytes() < options_.batch_bytes_max) {
    transaction.begin_mutation();
    request->status_ = request->mutation_.apply(transaction);
    request->status_ ? transaction.keep() : transaction.roll_back();
    request = request->next_request_;
    ++count;
  }
  const auto bucket = static_cast<std::size_t>(std::bit_width(count - 1));
  add(counters_.batches_by_size[std::min(bucket, counters_.batches_by_size.size() - 1)], 1);
  add(counters_.apply_ns, monotonic_ns() - began_ns);
  return request;
}

Status Writer::write(Transaction& transaction) {
  if (transaction.changes() == 0) return {};
  crash_point(CrashPoint::commit_gathered);
  const std::uint64_t began_ns = monotonic_ns();
  const Status written = transaction.write(options_.durability);
  crash_point(CrashPoint::commit_written);
  add(counters_.write_ns, monotonic_ns() - began_ns);
  add(counters_.batches, 1);
  if (written || written.error().code == Errc::no_space) return written;
  fatal_ = written.error();
  if (options_.on_fatal) options_.on_fatal(*fatal_);
  return written;
}

/// Answers the requests from `oldest` up to `end`, with one chain of messages per core.
void Writer::answer(CommitRequest* oldest, const CommitRequest* end,
                    const Status& written) noexcept {
  std::vector<Answers> cores;
  while (oldest != end) {
    CommitRequest* const request = std::exchange(oldest, oldest->next_request_);
    add(counters_.mutations, 1);
    if (!written) {
      add(counters_.failed, 1);
      request->status_ = written;
    } else if (!request->status_) {
      add(counters_.refused, 1);
    }
    if (request->home_ == nullptr) {
      request->deliver();
      continue;
    }
    const auto known = std::ranges::find(cores, request->home_, &Answers::home);
    if (known == cores.end()) {
      cores.push_back({request->home_, request, request});
    } else {
      known->last->next_message = request;
      known->last = request;
    }
  }
  for (const Answers& core : cores) core.home->post_all(core.first, core.last);
  crash_point(CrashPoint::commit_answered);
}

WriterMetrics Writer::metrics() const noexcept {
  const auto read = [](const std::atomic<std::uint64_t>& counter) {
    return counter.load(std::memory_order_relaxed);
  };
  WriterMetrics metrics{.batches = read(counters_.batches),
                        .mutations = read(counters_.mutations),
                        .refused = read(counters_.refused),
                        .failed = read(counters_.failed),
                        .apply_ns = read(counters_.apply_ns),
                        .write_ns = read(counters_.write_ns)};
  std::ranges::transform(counters_.batches_by_size, metrics.batches_by_size.begin(), read);
  return metrics;
}

}  // namespace mooring
