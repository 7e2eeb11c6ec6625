#include "load/limit_server.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

#include "load/serving.h"
#include "mooring/base/digest.h"
#include "mooring/core/semaphore.h"
#include "mooring/uring/file.h"

namespace mooring {

namespace {

constexpr std::uint64_t kFileBytes = 2_GiB;
constexpr std::size_t kWritesPerBody = 3;
constexpr std::size_t kHeadBytesMax = kFirstReceiveBytes;
constexpr std::string_view kAnswer = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";

// Where the bodies of a core go: fresh, preallocated space, one file after the other.
class LimitFile {
 public:
  struct Place {
    std::shared_ptr<Fd> file;  // closed, and its space given back, with the last write into it
    std::uint64_t offset_bytes;
  };

  [[nodiscard]] static Result<void*> begin(Core&, const ServeOptions& options) {
    auto file = std::make_unique<LimitFile>();
    Result<Fd> directory = open_directory(AT_FDCWD, options.directory);
    if (!directory) return std::unexpected(directory.error());
    file->directory_ = std::move(*directory);
    if (Status opened = file->open_next(); !opened) return std::unexpected(opened.error());
    return file.release();
  }

  /// Space for `size_bytes`, a multiple of blocks. Once per 2 GiB this opens a file, on the core's
  /// own thread: a few milliseconds that a server would have to spend elsewhere.
  [[nodiscard]] Result<Place> take(std::uint64_t size_bytes) {
    if (used_bytes_ + size_bytes > kFileBytes) {
      if (Status opened = open_next(); !opened) return std::unexpected(opened.error());
    }
    const std::uint64_t offset = used_bytes_;
    used_bytes_ += size_bytes;
    return Place{file_, offset};
  }

 private:
  [[nodiscard]] Status open_next() {
    Result<Fd> file = open_unnamed(directory_.get(), Caching::direct);
    if (!file) return std::unexpected(file.error());
    if (Status space = preallocate(file->get(), 0, kFileBytes); !space) return space;
    file_ = std::make_shared<Fd>(std::move(*file));
    used_bytes_ = 0;
    return {};
  }

  Fd directory_;
  std::shared_ptr<Fd> file_;
  std::uint64_t used_bytes_ = 0;
};

std::optional<std::uint64_t> length_of(std::string_view head) {
  constexpr std::string_view kName = "\r\nContent-Length: ";
  const std::size_t at = head.find(kName);
  if (at == std::string_view::npos) return std::nullopt;
  std::uint64_t length = 0;
  const auto parsed =
      std::from_chars(head.data() + at + kName.size(), head.data() + head.size(), length);
  if (parsed.ec != std::errc()) return std::nullopt;
  return length;
}

class LimitConnection {
 public:
  LimitConnection(Core& core, Fd socket, LimitFile& file)
      : core_(core),
        socket_(std::move(socket)),
        file_(file),
        head_(std::make_unique_for_overwrite<std::byte[]>(kHeadBytesMax)),
        writes_(core),
        write_slots_(core, kWritesPerBody) {}

  Task<void> run() {
    while (true) {
      Result<std::uint64_t> length = co_await receive_head();
      if (!length) break;
      Status stored = co_await store(*length);
      // Also after an error: what is under way is waited for.
      Semaphore::Acquire all_written = write_slots_.acquire(kWritesPerBody);
      co_await all_written;
      write_slots_.release(kWritesPerBody);
      if (!stored || failed_) break;
      SizeOperation send = core_.ring().send(socket_.get(), as_bytes(kAnswer));
      Result<std::size_t> sent = co_await send;
      if (!sent) break;
    }
    Gate::Empty written = writes_.empty();
    co_await written;
  }

 private:
  [[nodiscard]] MutableBytes head() noexcept { return {head_.get(), kHeadBytesMax}; }

  // The length of the body; what came of it with the head is at body_begin_.
  Task<Result<std::uint64_t>> receive_head() {
    constexpr std::string_view kEnd = "\r\n\r\n";
    filled_ = 0;
    while (filled_ < kHeadBytesMax) {
      SizeOperation receive = core_.ring().recv(socket_.get(), head().subspan(filled_));
      Result<std::size_t> received = co_await receive;
      if (!received || *received == 0) co_return fail(Errc::peer_closed);
      filled_ += *received;
      const std::string_view seen = as_text(head().first(filled_));
      const std::size_t end = seen.find(kEnd);
      if (end == std::string_view::npos) continue;
      body_begin_ = end + kEnd.size();
      const std::optional<std::uint64_t> length = length_of(seen.substr(0, end + 2));
      if (!length) co_return fail(Errc::length_required);
      co_return *length;
    }
    co_return fail(Errc::head_too_large);
  }

  Task<Status> store(std::uint64_t length) {
    StreamHash hash;
    std::uint64_t left = length;
    Bytes arrived = head().first(filled_).subspan(body_begin_);
    while (left > 0) {
      Semaphore::Acquire permit = core_.chunk_permits().acquire(1);
      co_await permit;
      Permits permits(core_.chunk_permits(), 1);
      ChunkLease chunk = core_.chunks().lease();
      const MutableBytes memory = chunk.memory();
      const std::size_t wanted = std::min<std::uint64_t>(left, kChunkBytes);
      std::size_t filled = std::min(arrived.size(), wanted);
      std::memcpy(memory.data(), arrived.data(), filled);
      arrived = arrived.subspan(filled);
      while (filled < wanted) {
        SizeOperation receive =
            core_.ring().recv(socket_.get(), memory.subspan(filled, wanted - filled));
        Result<std::size_t> received = co_await receive;
        if (!received || *received == 0) co_return fail(Errc::peer_closed);
        filled += *received;
      }
      hash.update(memory.first(wanted));
      left -= wanted;
      Result<LimitFile::Place> place = file_.take(round_up(wanted, kBlockBytes));
      if (!place) co_return std::unexpected(place.error());
      Semaphore::Acquire slot = write_slots_.acquire(1);
      co_await slot;
      writes_.spawn(write(std::move(chunk), std::move(permits), std::move(*place), wanted));
    }
    digest_ = hash.finish();
    co_return Status();
  }

  Task<void> write(ChunkLease chunk, Permits, LimitFile::Place place, std::size_t size_bytes) {
    const MutableBytes bytes = chunk.memory().first(round_up(size_bytes, kBlockBytes));
    const std::optional<std::uint16_t> buffer = chunk.registered_buffer();
    Ring& ring = core_.ring();
    SizeOperation operation =
        buffer ? ring.write_fixed(place.file->get(), bytes, place.offset_bytes, *buffer)
               : ring.write(place.file->get(), bytes, place.offset_bytes);
    Result<std::size_t> written = co_await operation;
    failed_ |= !written || *written != bytes.size();
    write_slots_.release(1);
  }

  Core& core_;
  Fd socket_;
  LimitFile& file_;
  std::unique_ptr<std::byte[]> head_;
  std::size_t filled_ = 0;
  std::size_t body_begin_ = 0;
  Gate writes_;
  Semaphore write_slots_;
  bool failed_ = false;
  Hash128 digest_;  // made for its cost
};

Task<void> serve_connection(Core& core, Fd socket, void* file) {
  LimitConnection connection(core, std::move(socket), *static_cast<LimitFile*>(file));
  co_await connection.run();
}

}  // namespace

Status serve_limit(const ServeOptions& options) {
  return serve_forever(options, {"mooring-load at the limit", serve_connection, &LimitFile::begin});
}

}  // namespace mooring
