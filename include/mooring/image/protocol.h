// The words between the server and an image worker: fixed messages over one socket pair.
//
// One side is the pool (image/process.h), the other a worker process (image/worker.h). The socket
// keeps the borders of messages (SOCK_SEQPACKET), so a message is one plain struct, and the
// descriptors of a request travel with it. Both sides are the same binary: there is no version, and
// no byte order.
//
//   worker             pool
//            <---      WorkerGreeting      once
//   WorkerReady --->                       once the worker is confined
//            <---      WorkerRequest + 1 or 2 descriptors (input; output when something is made)
//   WorkerAnswer --->                      in the same order; one request at a time
//
// The pool trusts nothing of what a worker answers: a message of another size, an outcome out of
// range or an output that does not hold what was asked for is a failure of that worker
// (image/pool.h). Any thread; blocking calls, never on a core.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"
#include "mooring/uring/fd.h"

namespace mooring {

/// What a worker is given, by the first bytes. BMP: only its header is looked at.
enum class ImageFormat : std::uint8_t { jpeg, png, webp, gif, bmp };

/// Every limit of a worker and its jobs; from the configuration ([renditions]).
struct ImageLimits {
  std::uint64_t memory_bytes_max = 512_MiB;  ///< address space of a worker process
  std::uint64_t file_bytes_max = 50_MiB;     ///< of an original
  std::uint64_t output_bytes_max = 64_MiB;   ///< of a rendition
  std::uint64_t pixels_max = 50'000'000;     ///< of an original
  std::uint64_t side_max = 16'384;           ///< of an original, in pixels
  std::uint64_t timeout_ms = 10'000;         ///< wall time of a job; then its worker is killed
  std::uint64_t jobs_per_process_max = 1000;
};

struct WorkerReady {
  std::uint32_t magic = 0;
};
inline constexpr std::uint32_t kWorkerReadyMagic = 0x4d526479;

enum class ImageTask : std::uint8_t {
  check,   ///< decode everything, keep nothing
  render,  ///< fit into the box, encode into the output
};

struct WorkerGreeting {
  ImageLimits limits = {};
  ImageTask task = ImageTask::check;  ///< of all requests that will come
};

struct WorkerRequest {
  std::uint64_t input_bytes = 0;
  std::uint16_t width_max = 0;  ///< render
  std::uint16_t height_max = 0;
  ImageTask task = ImageTask::check;
  ImageFormat format = ImageFormat::jpeg;  ///< of the input, by its first bytes
  ImageFormat wanted = ImageFormat::jpeg;  ///< of the output: jpeg, png or webp
};

enum class ImageOutcome : std::uint8_t {
  done,
  undecodable,  ///< no picture of its format, or a damaged one
  over_limit,   ///< sides, pixels or channels
  no_memory,
  failed,  ///< anything else; the worker goes on
};

struct WorkerAnswer {
  ImageOutcome outcome = ImageOutcome::failed;
  std::uint32_t width = 0;  ///< check: of the original as shown; render: of what was made
  std::uint32_t height = 0;
  std::uint64_t output_bytes = 0;
  std::array<char, 160> reason = {};  ///< the library's words, for the log; not to be trusted
};

/// Sends `message` and `descriptors` as one message. peer_closed: the other side is gone.
[[nodiscard]] Status send_message(int socket, Bytes message, std::span<const int> descriptors = {});

/// Waits up to `timeout_ms` (negative: for ever) for a message of exactly the size of `message`;
/// its descriptors go to `descriptors`, in order, at most two. Returns how many came. Errors:
/// timed_out, peer_closed, invalid (another size, too many descriptors), cancelled (with a
/// timeout: `cancel_fd`, if there is one, can be read).
[[nodiscard]] Result<std::size_t> receive_message(int socket, MutableBytes message,
                                                  std::array<Fd, 2>& descriptors, int timeout_ms,
                                                  int cancel_fd = -1);

/// A plain struct as bytes.
template <typename T>
[[nodiscard]] Bytes bytes_of(const T& message) noexcept {
  return std::as_bytes(std::span(&message, 1));
}
template <typename T>
[[nodiscard]] MutableBytes writable_bytes_of(T& message) noexcept {
  return std::as_writable_bytes(std::span(&message, 1));
}

}  // namespace mooring
