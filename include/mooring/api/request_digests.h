// The digests that a client sends with its body, and whether they hold.
//
//   Content-Digest, Repr-Digest  RFC 9530: sha-256 is verified, other algorithms are not looked at
//   Content-MD5                  RFC 1864
//
// All are of the body of the request as it is without framing: of the file for a raw upload, of the
// whole form for a multipart one. Lives in the frame of one upload; long pieces are summed on a
// worker.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "mooring/auth/checksum.h"
#include "mooring/base/result.h"
#include "mooring/core/core.h"
#include "mooring/http/request_head.h"

namespace mooring {

/// Adds `data` to `checksum`, on a worker if it is long enough to hold the core up.
[[nodiscard]] Task<void> add_to_checksum(Core& core, Checksum& checksum, Bytes data);

class RequestDigests {
 public:
  /// invalid: a field that is malformed, or two that contradict each other.
  [[nodiscard]] static Result<RequestDigests> of(const RequestHead& head);

  [[nodiscard]] bool empty() const noexcept { return !sha256_ && !md5_; }
  [[nodiscard]] Task<void> update(Core& core, Bytes data);
  /// After the whole body. invalid: it is not what the client said.
  [[nodiscard]] Status verify();

 private:
  struct Wanted {
    Checksum checksum;
    std::vector<std::byte> expected;
  };
  [[nodiscard]] static Status want(std::optional<Wanted>& slot, ChecksumKind kind,
                                   std::string_view base64);
  [[nodiscard]] Status parse_dictionary(std::string_view value);

  std::optional<Wanted> sha256_;
  std::optional<Wanted> md5_;
};

}  // namespace mooring
