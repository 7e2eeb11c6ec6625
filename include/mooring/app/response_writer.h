// ResponseWriter: sends one response on a connection.
//
// A small response is one send: head and body together. So are the head and the first piece of
// stored content, and what is small in the cache of the store; further pieces go one by one, each
// from the memory the disk put it into. The rest of what lies in the cache goes by reference: as
// much as the socket takes at once, by calls of our own, and the ring waits until it takes more. If
// the content turns out to be damaged on the way the response is not completed: the connection is
// closed before its length was reached (vow V7).
#pragma once

#include <cstdint>
#include <string_view>

#include "mooring/api/response.h"
#include "mooring/app/watch.h"
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

class ResponseWriter {
 public:
  ResponseWriter(Core& core, int fd, Watch& watch, const ProgressRule& rule) noexcept
      : core_(core), fd_(fd), watch_(watch), rule_(rule) {}

  /// Answers `head` (a HEAD gets no body). `date` is the value of the Date field.
  [[nodiscard]] Task<SentResponse> send(const RequestHead& head, Response response,
                                        Persistence persistence, std::string_view date);

 private:
  [[nodiscard]] Task<Status> send_all(Bytes bytes);
  [[nodiscard]] Task<Status> send_together(Bytes head, Bytes piece);
  [[nodiscard]] Task<Status> send_by_reference(Bytes head, FileStretch stretch);
  [[nodiscard]] Task<Status> send_blob(Bytes head, BlobBody& body);
  [[nodiscard]] Task<Result<std::size_t>> finish(SizeOperation& send);
  void count(std::size_t sent_bytes) noexcept;

  Core& core_;
  int fd_;
  Watch& watch_;
  ProgressRule rule_;
  std::uint64_t sent_bytes_ = 0;
};

}  // namespace mooring
