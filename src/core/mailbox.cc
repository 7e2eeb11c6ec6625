#include "mooring/core/mailbox.h"

#include <sys/eventfd.h>

#include <thread>

#include "mooring/base/check.h"

namespace mooring {

Mailbox::Mailbox() : wake_(::eventfd(0, EFD_CLOEXEC)) {
  MOORING_CHECK(static_cast<bool>(wake_), "no event counter for a mailbox");
}

Mailbox::~Mailbox() {
  while (posting_.load(std::memory_order_acquire) != 0) std::this_thread::yield();
}

void Mailbox::post_all(Message* first, Message* last) noexcept {
  posting_.fetch_add(1, std::memory_order_relaxed);  // seen by whoever sees the message
  // The queue is a stack of newest-first links; turn the chain over so that `last` becomes the top.
  Message* top = nullptr;
  for (Message* message = first; message != nullptr;) {
    Message* const next = message == last ? nullptr : message->next_message;
    message->next_message = top;
    top = message;
    message = next;
  }
  Message* seen = newest_.load(std::memory_order_relaxed);
  do {
    first->next_message = seen;
  } while (!newest_.compare_exchange_weak(seen, top, std::memory_order_seq_cst,
                                          std::memory_order_relaxed));
  if (sleeping_.exchange(false, std::memory_order_seq_cst)) ::eventfd_write(wake_.get(), 1);
  posting_.fetch_sub(1, std::memory_order_release);  // the last touch
}

std::size_t Mailbox::deliver_all() noexcept {
  if (newest_.load(std::memory_order_relaxed) == nullptr) return 0;
  Message* message = newest_.exchange(nullptr, std::memory_order_acquire);
  Message* oldest = nullptr;
  while (message != nullptr) {
    Message* const next = message->next_message;
    message->next_message = oldest;
    oldest = message;
    message = next;
  }
  std::size_t delivered = 0;
  while (oldest != nullptr) {
    Message* const next = oldest->next_message;
    oldest->deliver();
    oldest = next;
    ++delivered;
  }
  return delivered;
}

bool Mailbox::prepare_sleep() noexcept {
  sleeping_.store(true, std::memory_order_seq_cst);
  if (newest_.load(std::memory_order_seq_cst) == nullptr) return true;
  sleeping_.store(false, std::memory_order_relaxed);
  return false;
}

}  // namespace mooring
