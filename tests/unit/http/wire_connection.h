// A connection without a socket: bytes become messages by the parsers of this wing alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/http/chunked.h"
#include "mooring/http/request_head.h"

namespace mooring {

/// What became of one request: a status (200 = well formed) and its body.
struct WireMessage {
  int status = 0;
  std::string target;
  std::uint64_t body_bytes = 0;
  bool keep_alive = false;
  bool complete = false;  ///< false only for the last message, if its body did not arrive
  friend bool operator==(const WireMessage&, const WireMessage&) = default;
};

/// Reads `bytes` as they become visible in steps. Ends at the first error or refused keep-alive.
class WireConnection {
 public:
  explicit WireConnection(std::string bytes) : bytes_(std::move(bytes)) {}

  /// The first `visible` bytes have arrived; never less than before.
  void arrive(std::size_t visible);

  [[nodiscard]] const std::vector<WireMessage>& messages() const { return messages_; }

 private:
  bool read_head(std::size_t visible);
  bool read_body(std::size_t visible);
  void fail_with(Errc code);

  static constexpr std::uint64_t kBodyBytesMax = std::uint64_t{1} << 50;

  std::string bytes_;
  std::size_t start_ = 0;  // of what is not consumed
  HeadParser parser_;
  ChunkedDecoder chunked_{kBodyBytesMax};
  BodyKind body_ = BodyKind::none;
  std::uint64_t remaining_ = 0;
  bool in_body_ = false;
  bool closed_ = false;
  std::vector<WireMessage> messages_;
};

/// All messages of `bytes` when they arrive in the steps that `ends` names (ascending; the end of
/// the bytes is added).
[[nodiscard]] std::vector<WireMessage> read_wire(const std::string& bytes,
                                                 const std::vector<std::size_t>& ends);

/// Where to cut `bytes` in two: everywhere if it is short, else the first and last few hundred
/// places and some between.
[[nodiscard]] std::vector<std::size_t> cuts_of(std::size_t bytes);

}  // namespace mooring
