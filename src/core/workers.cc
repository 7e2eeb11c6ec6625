#include "mooring/core/workers.h"

#include <pthread.h>

#include <algorithm>

#include "mooring/base/background.h"

namespace mooring {

WorkerPool::WorkerPool(unsigned threads) {
  MOORING_CHECK(threads > 0, "a pool without workers");
  const unsigned computing = std::max(threads / 2, 1U);
  threads_.reserve(threads + computing);
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { work(blocking_); });
    ::pthread_setname_np(threads_.back().native_handle(), "mooring-work");
  }
  for (unsigned i = 0; i < computing; ++i) {
    threads_.emplace_back([this] {
      step_aside();
      work(computations_);
    });
    ::pthread_setname_np(threads_.back().native_handle(), "mooring-compute");
  }
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    MOORING_CHECK(blocking_.first == nullptr && computations_.first == nullptr,
                  "the worker pool ends with jobs waiting");
    stopping_ = true;
  }
  blocking_.arrived.notify_all();
  computations_.arrived.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::submit(Job& job, Mailbox& home, Kind kind) noexcept {
  job.home_ = &home;
  job.next_job_ = nullptr;
  Queue& queue = kind == Kind::blocking ? blocking_ : computations_;
  {
    const std::lock_guard lock(mutex_);
    if (queue.last != nullptr)
      queue.last->next_job_ = &job;
    else
      queue.first = &job;
    queue.last = &job;
    queued_.fetch_add(1, std::memory_order_relaxed);
  }
  queue.arrived.notify_one();
}

void WorkerPool::work(Queue& queue) {
  std::unique_lock lock(mutex_);
  while (true) {
    queue.arrived.wait(lock, [&] { return queue.first != nullptr || stopping_; });
    if (queue.first == nullptr) return;
    Job* const job = queue.first;
    queue.first = job->next_job_;
    if (queue.first == nullptr) queue.last = nullptr;
    queued_.fetch_sub(1, std::memory_order_relaxed);
    lock.unlock();
    job->execute();
    job->home_->post(*job);
    lock.lock();
  }
}

}  // namespace mooring
