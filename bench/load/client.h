// Client: one connection of a run: takes a turn, sends a request, reads and judges the answer.
//
// A client lives on one core and is one coroutine, `run`, from the first turn to the last; a large
// body is sent by a second one beside it, so that an answer that comes early (a 503, say) is seen
// while the body is still on its way. Connections are opened when they are needed, used as long as
// the server keeps them, and closed after anything that leaves their state in doubt.
//
// I1  Every request that was begun ends in exactly one record of the statistics.
// I2  A request counts as good only if everything its operation asks for was checked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "load/answer.h"
#include "load/client_context.h"
#include "load/expectation.h"
#include "load/pacer.h"
#include "load/request.h"
#include "mooring/core/core.h"
#include "mooring/core/gate.h"

namespace mooring {

class Client {
 public:
  /// Both outlive this.
  Client(CoreContext& context, GroupContext& group);

  [[nodiscard]] Task<void> run();

 private:
  using Outcome = std::optional<Failure>;

  enum class BodyUse : std::uint8_t {
    discard,  ///< counted only; the kernel drops it without copying it
    keep,     ///< wanted as text
    compare,  ///< must be content, from `offset_bytes` on
  };
  /// How the answer to a request is read.
  struct Reading {
    BodyUse use = BodyUse::discard;
    std::uint64_t offset_bytes = 0;
    std::uint32_t parts_left = 1;  ///< above 1: breaks off after this part of the body
  };
  struct Sending {
    WireCursor cursor;
    std::uint64_t bytes_per_second;
    Operation* operation = nullptr;
    bool cancelled = false;
    bool failed = false;
    bool ended = false;
    std::coroutine_handle<> waiter = nullptr;
  };

  /// Ends waits on the peer when the time of the request is over.
  class Deadline final : public Timer {
   public:
    explicit Deadline(Core& core) noexcept : core_(core) {}
    void begin(std::uint64_t delay_ms) noexcept {
      passed_ = false;
      set(core_.timers(), delay_ms);
    }
    void watch(Operation* operation) noexcept { operation_ = operation; }
    [[nodiscard]] bool passed() const noexcept { return passed_; }
    void expired() noexcept override;

   private:
    Core& core_;
    Operation* operation_ = nullptr;
    bool passed_ = false;
  };

  // client.cc: what is done
  [[nodiscard]] Task<void> perform(std::uint64_t due_ns);
  [[nodiscard]] Task<Outcome> request_once(const LoadOperation& operation,
                                           const TemplateValues& values);
  [[nodiscard]] Task<Outcome> download_in_parts(const LoadOperation& operation);
  [[nodiscard]] Task<Outcome> read_back();
  [[nodiscard]] Task<void> think();
  [[nodiscard]] Outcome judge(const LoadOperation& operation, TemplateValues values);
  [[nodiscard]] std::size_t pick_operation() noexcept;
  [[nodiscard]] Content new_content(const LoadOperation& operation, std::uint64_t number) noexcept;

  // client_exchange.cc: one request and its answer
  [[nodiscard]] Task<Outcome> exchange(const LoadOperation& operation, Reading reading);
  [[nodiscard]] Task<Outcome> connect();
  [[nodiscard]] Task<Outcome> send_at_once(WireCursor& cursor);
  [[nodiscard]] Task<void> send_beside(Sending& sending);
  [[nodiscard]] Task<Outcome> receive_head(bool to_head);
  [[nodiscard]] Task<Outcome> receive_body(Reading reading);
  [[nodiscard]] Task<Outcome> receive_plain(Reading reading, std::uint64_t length_bytes);
  [[nodiscard]] Task<Outcome> receive_chunked(Reading reading);
  [[nodiscard]] Task<Result<std::size_t>> receive(MutableBytes room);
  [[nodiscard]] Outcome take_body(Reading reading, Bytes piece) noexcept;
  [[nodiscard]] Failure lost() const noexcept;
  void begin_deadline() noexcept;

  CoreContext& context_;
  GroupContext& group_;
  Fd socket_;
  Deadline deadline_;
  std::size_t buffer_bytes_;
  std::unique_ptr<std::byte[]> buffer_;

  // Of the request under way.
  std::size_t operation_ = 0;
  Content content_;
  OutgoingRequest request_;
  std::string path_;
  std::string address_;
  AnswerParser answer_;
  std::size_t body_begin_ = 0;  // in the buffer: the body, as far as it is kept, and what follows
  std::size_t filled_bytes_ = 0;
  std::uint64_t body_bytes_ = 0;  // of the body, so far
  bool broken_off_ = false;
  bool answered_ = false;
};

}  // namespace mooring
