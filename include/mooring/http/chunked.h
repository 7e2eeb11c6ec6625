// ChunkedDecoder: strips the framing of a chunked body, in place.
//
// Owner and thread: one decoder per message, used by the core that reads it; a small value, no
// heap.
//
// decode() looks at every byte of `raw` once. The payload found is moved to the front of `raw`;
// payload that already lies there (a chunk that goes on from an earlier call) is not moved. A
// reader that wants no copies asks remaining_in_chunk() and receives exactly so much next. Nothing
// is said about the bytes of `raw` between payload_bytes and consumed_bytes afterwards.
//
// Grammar: RFC 9112 section 7.1, CRLF only, each length within ChunkLimits. Extensions and trailer
// fields are checked and discarded; a trailer never becomes a header.
//
// Errors: bad_framing (grammar, size digits, extensions), too_large (the body would exceed
// `body_bytes_max`; decided at the end of the size line, before any byte of that chunk),
// head_too_large (trailers). After an error the decoder is of no further use and the connection is
// to be closed.
//
// Invariants:
//   I1  Payload and outcome depend on the bytes, never on how they were split over calls. (A call
//   that
//       fails reports none of the payload that lay before the fault.)
//   I2  consumed_bytes == raw.size() unless done; raw[consumed_bytes..] is untouched when done.
//   I3  payload_bytes <= consumed_bytes, and all payloads together <= body_bytes_max.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/http/limits.h"

namespace mooring {

class ChunkedDecoder {
 public:
  struct Decoded {
    std::size_t payload_bytes = 0;   ///< payload now at the front of `raw`
    std::size_t consumed_bytes = 0;  ///< bytes of `raw` that belonged to this message
    std::size_t moved_bytes = 0;  ///< payload that had to be moved, for the copy counter (vow V3)
    bool done = false;            ///< the message is complete, trailers included
  };

  explicit ChunkedDecoder(std::uint64_t body_bytes_max, const ChunkLimits& limits = {}) noexcept
      : limits_(limits), body_bytes_max_(body_bytes_max) {}

  /// Decodes what arrived. Not to be called again once done or after an error.
  [[nodiscard]] Result<Decoded> decode(MutableBytes raw) noexcept;

  /// Payload of the present chunk that has not been decoded yet; 0 between chunks.
  [[nodiscard]] std::uint64_t remaining_in_chunk() const noexcept { return chunk_remaining_; }

  /// Payload decoded so far.
  [[nodiscard]] std::uint64_t body_bytes() const noexcept { return body_bytes_; }

  [[nodiscard]] bool done() const noexcept { return state_ == State::done; }

 private:
  enum class State : std::uint8_t {
    size_first,
    size,
    extension_blank,
    extension_name_first,
    extension_name,
    extension_name_blank,
    extension_value_first,
    extension_value,
    extension_quoted,
    extension_quoted_pair,
    extension_quoted_end,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_first,
    trailer_name,
    trailer_value,
    trailer_lf,
    end_lf,
    done,
    failed,
  };

  [[nodiscard]] Status step(unsigned char c) noexcept;
  [[nodiscard]] Status step_size(unsigned char c) noexcept;
  [[nodiscard]] Status step_extension(unsigned char c) noexcept;
  [[nodiscard]] Status step_trailer(unsigned char c) noexcept;
  [[nodiscard]] Status end_of_size_line() noexcept;

  ChunkLimits limits_;
  std::uint64_t body_bytes_max_;
  std::uint64_t body_bytes_ = 0;
  std::uint64_t chunk_bytes_ = 0;  ///< size as far as its digits are read
  std::uint64_t chunk_remaining_ = 0;
  std::size_t size_digits_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t extension_bytes_total_ = 0;
  std::size_t trailer_bytes_ = 0;
  State state_ = State::size_first;
};

}  // namespace mooring
