#include "mooring/core/workers.h"

#include <pthread.h>

namespace mooring {

WorkerPool::WorkerPool(unsigned threads) {
  MOORING_CHECK(threads > 0, "a pool without workers");
  threads_.reserve(threads);
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { work(); });
    ::pthread_setname_np(threads_.back().native_handle(), "mooring-work");
  }
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    MOORING_CHECK(first_ == nullptr, "the worker pool ends with jobs waiting");
    stopping_ = true;
  }
  arrived_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::submit(Job& job, Mailbox& home) noexcept {
  job.home_ = &home;
  job.next_job_ = nullptr;
  {
    const std::lock_guard lock(mutex_);
    if (last_ != nullptr)
      last_->next_job_ = &job;
    else
      first_ = &job;
    last_ = &job;
    queued_.fetch_add(1, std::memory_order_relaxed);
  }
  arrived_.notify_one();
}

void WorkerPool::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    arrived_.wait(lock, [this] { return first_ != nullptr || stopping_; });
    if (first_ == nullptr) return;
    Job* const job = first_;
    first_ = job->next_job_;
    if (first_ == nullptr) last_ = nullptr;
    queued_.fetch_sub(1, std::memory_order_relaxed);
    lock.unlock();
    job->execute();
    job->home_->post(*job);
    lock.lock();
  }
}

}  // namespace mooring
