// Mailbox: how other threads talk to a core.
//
// A message is an intrusive node that its sender owns, usually a member of an awaiting frame; it is
// delivered on the core's thread exactly once, in the order in which one sender posted. Posting
// never allocates and never blocks; it costs one system call only if the core sleeps and nobody has
// woken it.
//
// I1  A message is in at most one mailbox at a time and outlives its delivery's start.
// I2  Between "sleeping" being set and the kernel wait, the queue was seen empty: no wake-up is
// lost. I3  A mailbox ends only after every post that began has returned: the message may be
// delivered, and all
//     that its core waited for be over, while its sender is still on the way out of post.
#pragma once

#include <atomic>
#include <cstdint>

#include "mooring/uring/fd.h"

namespace mooring {

class Message {
 public:
  Message() = default;
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  /// On the receiving core's thread. May destroy the message.
  virtual void deliver() noexcept = 0;

  /// For senders that chain messages for post_all.
  Message* next_message = nullptr;

 protected:
  ~Message() = default;
};

class Mailbox {
 public:
  Mailbox();
  ~Mailbox();
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// Any thread.
  void post(Message& message) noexcept { post_all(&message, &message); }
  /// Posts the chain `first` … `last` (linked by next_message) with at most one wake-up. Any
  /// thread.
  void post_all(Message* first, Message* last) noexcept;

  /// Delivers everything that is there, oldest first. The core's thread. Returns how many.
  std::size_t deliver_all() noexcept;

  /// To be called before the kernel wait: true if the core may sleep now.
  [[nodiscard]] bool prepare_sleep() noexcept;
  void end_sleep() noexcept { sleeping_.store(false, std::memory_order_relaxed); }
  /// The event counter that becomes readable when a sleeping core is to wake.
  [[nodiscard]] int wake_fd() const noexcept { return wake_.get(); }

 private:
  std::atomic<Message*> newest_{nullptr};
  std::atomic<bool> sleeping_{false};
  std::atomic<unsigned> posting_{0};  // senders inside post_all (I3)
  Fd wake_;
};

}  // namespace mooring
