// ResponseWriter: sends one response on a connection.
//
// A small response is one send: head and body together. So are the head and the first piece of
// stored content, and what is small in the cache of the store; further pieces go one by one, each
// from the memory the disk put it into. The rest of what lies in the cache goes by reference: as
// much as the socket takes at once, by calls of our own, and the ring waits until it takes more. If
// the content turns out to be damaged on the way the response is not completed: the connection is
// closed before its length was reached (vow V7).
//
// Who reads slowly holds no chunks that others wait for: a peer that takes nothing for a moment
// gives them up, and the rest is read anew once it takes bytes again (ChunkYield).
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "mooring/api/response.h"
#include "mooring/app/watch.h"
#include "mooring/blob/reader.h"
#include "mooring/core/timer.h"
#include "mooring/http/request_head.h"
#include "mooring/http/response_head.h"

namespace mooring {

/// What was sent.
struct SentResponse {
  int status = 0;
  std::uint64_t size_bytes = 0;  ///< head and body
  std::uint64_t began_ns = 0;    ///< monotonic
  bool complete = false;         ///< false: the peer is gone or slow, or the content is damaged
};

/// Ends a wait for a peer once others want the chunks that its response holds.
class ChunkYield final : private Timer {
 public:
  /// How long a peer may take nothing while others wait: long beside a round trip, so that who
  /// reads at the speed of the network keeps what is read ahead.
  static constexpr std::uint64_t kStallMs = 200;

  explicit ChunkYield(Core& core) noexcept : core_(core) {}

  void begin(Operation& wait) noexcept;
  void end() noexcept;
  /// Whether the wait that failed last was ended for others; says it once.
  [[nodiscard]] bool take_wish() noexcept { return std::exchange(wanted_, false); }

 private:
  void expired() noexcept override;

  Core& core_;
  Operation* wait_ = nullptr;
  bool wanted_ = false;
};

class ResponseWriter {
 public:
  ResponseWriter(Core& core, int fd, Watch& watch, const ProgressRule& rule) noexcept
      : core_(core), fd_(fd), watch_(watch), rule_(rule), yield_(core) {}

  /// Answers `head` (a HEAD gets no body). `date` is the value of the Date field.
  [[nodiscard]] Task<SentResponse> send(const RequestHead& head, Response response,
                                        Persistence persistence, std::string_view date);

 private:
  [[nodiscard]] Task<Status> send_all(Bytes head, Bytes piece);
  [[nodiscard]] Task<Status> send_by_reference(Bytes head, FileStretch stretch);
  [[nodiscard]] Task<Status> send_blob(Bytes head, BlobBody& body);
  [[nodiscard]] Task<Result<std::size_t>> finish(SizeOperation& wait);
  [[nodiscard]] Task<Result<Bytes>> let_others(Bytes unsent);
  void count(std::size_t sent_bytes) noexcept;

  Core& core_;
  int fd_;
  Watch& watch_;
  ProgressRule rule_;
  ChunkYield yield_;
  BlobReader* reader_ = nullptr;  // whose pieces are being sent
  std::uint64_t sent_bytes_ = 0;
};

}  // namespace mooring
