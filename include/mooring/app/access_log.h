// The access log: one line per answered request, written beside the path of the requests.
//
// Each core appends formatted lines to a buffer of its own; one thread writes what all buffers
// hold. The order of lines is that of the answers within a core; between cores it is not kept.
// Lines reach the descriptor within some ten milliseconds.
//
// A core never waits: when its buffer is full because the descriptor does not take more (a pipe
// nobody reads), the line is dropped and counted. Lines that the descriptor refuses are counted as
// dropped too, and the log goes on.
//
// AccessLogWriter is made before the first core and destroyed after the last. A buffer is used by
// its core's thread alone.
//
// Invariants:
//   I1  a line is written whole or not at all, unless the descriptor fails in the middle of it;
//   I2  memory is buffer_bytes per core plus one line (access_line.h, I3).
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "mooring/app/access_line.h"
#include "mooring/base/bytes.h"
#include "mooring/base/counter.h"
#include "mooring/uring/fd.h"

namespace mooring {

struct AccessLogOptions {
  AccessLog format = AccessLog::text;  ///< not off
  int fd = 2;                          ///< where lines go; borrowed
  std::size_t buffer_bytes = 256_KiB;  ///< per core, a power of two
};

struct AccessLogCounters {
  std::uint64_t written = 0;  ///< lines
  std::uint64_t dropped = 0;  ///< lines lost because the descriptor could not keep up or failed
};

class AccessLogWriter;

/// One core's lines on their way: a ring of bytes with one writer (the core) and one reader (the
/// thread of the log).
class AccessLogBuffer {
 public:
  AccessLogBuffer(AccessLogWriter& log, AccessLog format, std::size_t buffer_bytes);
  AccessLogBuffer(const AccessLogBuffer&) = delete;
  AccessLogBuffer& operator=(const AccessLogBuffer&) = delete;

  /// The core's thread. About a microsecond; never waits.
  void append(const AccessRecord& record);

 private:
  friend class AccessLogWriter;

  [[nodiscard]] std::size_t used_bytes() const noexcept;
  void copy_in(std::string_view line) noexcept;

  AccessLogWriter& log_;
  AccessLog format_;
  std::string line_;  // the one being formatted; keeps its memory
  std::vector<char> ring_;
  // Positions count all bytes ever; their place is the remainder by the ring's size.
  alignas(64) std::atomic<std::uint64_t> end_{0};    // written by the core
  Counter dropped_;                                  // by the core
  alignas(64) std::atomic<std::uint64_t> begin_{0};  // by the log's thread
};

class AccessLogWriter {
 public:
  /// Starts the thread.
  AccessLogWriter(const AccessLogOptions& options, std::size_t cores);
  /// Writes what is there, as far as the descriptor takes it without waiting, and joins.
  ~AccessLogWriter();
  AccessLogWriter(const AccessLogWriter&) = delete;
  AccessLogWriter& operator=(const AccessLogWriter&) = delete;

  [[nodiscard]] AccessLogBuffer& buffer(std::size_t core) noexcept { return *buffers_[core]; }

  /// Blocks until every line appended before the call was written or dropped. Any thread but a
  /// core's.
  void flush();

  /// Any thread.
  [[nodiscard]] AccessLogCounters counters() const noexcept;

 private:
  friend class AccessLogBuffer;
  /// What the thread waits for, and so when a core has to wake it.
  enum class Waiting : std::uint8_t { no, half_a_buffer, a_line };

  void work();
  void wait_for_lines();
  void wait(Waiting waiting, int timeout_ms);
  [[nodiscard]] bool anything_waits() const noexcept;
  void write_all_buffers();
  void write_buffer(AccessLogBuffer& buffer);
  [[nodiscard]] std::size_t write_some(std::string_view bytes);
  void wake() noexcept;
  void wake_if_waited_for(std::size_t used_bytes) noexcept;

  const AccessLogOptions options_;
  std::vector<std::unique_ptr<AccessLogBuffer>> buffers_;
  Fd wake_;
  std::size_t write_bytes_max_;  // that a writable descriptor takes without blocking
  std::atomic<Waiting> waiting_{Waiting::no};
  std::atomic<bool> stopping_{false};
  Counter written_;  // by the log's thread
  Counter lost_;     // by the log's thread
  std::mutex progress_mutex_;
  std::condition_variable progress_;
  std::thread thread_;
};

}  // namespace mooring
