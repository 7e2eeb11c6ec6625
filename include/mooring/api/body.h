// BodyReader: the body of a request, as a family sees it: bytes without framing.
//
// Implemented by the connection. One reader per request, used on the connection's core, one call at
// a time. Reading begins only after the route, the caller and the state allowed it (rule X2),
// because the first call answers `Expect: 100-continue`.
#pragma once

#include <cstdint>
#include <optional>

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/core/task.h"

namespace mooring {

class BodyReader {
 public:
  BodyReader() = default;
  BodyReader(const BodyReader&) = delete;
  BodyReader& operator=(const BodyReader&) = delete;
  virtual ~BodyReader() = default;

  /// Content-Length, or nothing for a chunked body. 0 if there is no body.
  [[nodiscard]] virtual std::optional<std::uint64_t> declared_bytes() const noexcept = 0;

  /// The bytes that arrived together with the head, not yet read: handed out in place, so that a
  /// small body is never copied. Valid until the response is sent. Empty for chunked bodies, and
  /// the second time.
  [[nodiscard]] virtual Bytes take_arrived() noexcept = 0;

  /// Reads some bytes into `into`, which is not empty; 0 means that the body has ended. Errors:
  /// peer_closed, timed_out (408), bad_framing (400), too_large (413), cancelled.
  [[nodiscard]] virtual Task<Result<std::size_t>> read(MutableBytes into) = 0;

  /// Whether everything was read, so that the connection can go on to the next request.
  [[nodiscard]] virtual bool at_end() const noexcept = 0;
};

}  // namespace mooring
