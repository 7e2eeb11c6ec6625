// RequestBody: the body of one request, read from the connection.
//
// Bytes that came with the head are handed out first, in place if the family asks for them; the
// rest is received straight into the family's memory. A chunked body is received so that payload
// lands where it stays: exactly the rest of the present chunk, then a little more for the next size
// line.
//
// Lives in the connection's frame for one request; its core's thread only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "mooring/api/body.h"
#include "mooring/app/watch.h"
#include "mooring/http/chunked.h"
#include "mooring/http/request_head.h"

namespace mooring {

class RequestBody final : public BodyReader {
 public:
  /// `arrived` are the bytes behind the head; `spare` is free memory behind them, for bytes of the
  /// next request that come with the end of a chunked body.
  RequestBody(Core& core, int fd, const RequestHead& head, MutableBytes arrived, MutableBytes spare,
              Watch& watch, const ProgressRule& rule, std::uint64_t body_bytes_max);

  [[nodiscard]] std::optional<std::uint64_t> declared_bytes() const noexcept override;
  [[nodiscard]] Bytes take_arrived() noexcept override;
  [[nodiscard]] Task<Result<std::size_t>> read(MutableBytes into) override;
  [[nodiscard]] bool at_end() const noexcept override;

  /// Skips what of the body has arrived already. True if the body is at its end then.
  [[nodiscard]] bool skip_arrived() noexcept;
  /// Bytes behind the head that belong to the body; what follows them is the next request.
  [[nodiscard]] std::size_t arrived_used() const noexcept { return arrived_used_; }
  /// Bytes of the next request that were put into `spare`.
  [[nodiscard]] std::size_t spare_used() const noexcept { return spare_used_; }
  /// False if bytes of the next request had to be dropped: the connection cannot go on.
  [[nodiscard]] bool can_go_on() const noexcept { return !overrun_; }
  [[nodiscard]] std::uint64_t received_bytes() const noexcept { return received_bytes_; }
  /// Payload that was copied or moved in user space (vow V3).
  [[nodiscard]] std::uint64_t copied_bytes() const noexcept { return copied_bytes_; }

 private:
  [[nodiscard]] Task<Status> invite();
  [[nodiscard]] Result<std::size_t> read_arrived(MutableBytes into);
  [[nodiscard]] Task<Result<std::size_t>> receive(MutableBytes into);
  [[nodiscard]] Result<std::size_t> decode(MutableBytes raw);
  [[nodiscard]] std::unexpected<Error> broken(const Error& error) noexcept;

  Core& core_;
  int fd_;
  Watch& watch_;
  ProgressRule rule_;
  std::uint64_t body_bytes_max_;
  BodyKind kind_;
  std::uint64_t declared_bytes_;
  std::uint64_t remaining_bytes_;  ///< of a body with a length
  ChunkedDecoder decoder_;
  MutableBytes arrived_;
  MutableBytes spare_;
  std::size_t arrived_used_ = 0;
  std::size_t spare_used_ = 0;
  std::uint64_t received_bytes_ = 0;
  std::uint64_t copied_bytes_ = 0;
  bool expects_continue_;
  bool begun_ = false;
  bool overrun_ = false;
  bool failed_ = false;  ///< the chunked framing is broken
};

}  // namespace mooring
