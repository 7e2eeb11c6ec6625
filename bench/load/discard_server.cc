#include "load/discard_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "load/serving.h"
#include "mooring/http/chunked.h"
#include "mooring/http/request_head.h"

namespace mooring {

namespace {

constexpr std::size_t kBufferBytes = 64_KiB;
constexpr std::size_t kDiscardBytesMax = 16_MiB;
constexpr std::string_view kBytesPath = "/bytes/";

// One connection of the discard server.
class DiscardConnection {
 public:
  DiscardConnection(Core& core, Fd socket)
      : core_(core),
        socket_(std::move(socket)),
        buffer_(std::make_unique_for_overwrite<std::byte[]>(kBufferBytes)) {}

  Task<void> run() {
    while (true) {
      Result<std::size_t> head_bytes = co_await receive_head();
      if (!head_bytes) break;
      const bool go_on = parser_.head().keep_alive;
      Result<std::uint64_t> length = co_await drop_body(*head_bytes);
      if (!length) break;
      Status answered = co_await answer(*length);
      if (!answered || !go_on) break;
      parser_.reset();
    }
  }

 private:
  [[nodiscard]] MutableBytes buffer() noexcept { return {buffer_.get(), kBufferBytes}; }

  Task<Result<std::size_t>> receive_head() {
    while (true) {
      if (filled_ > 0) {
        const auto parsed = parser_.parse(as_text(buffer().first(filled_)));
        if (!parsed) co_return std::unexpected(parsed.error());
        if (*parsed) co_return **parsed;
      }
      if (filled_ == kBufferBytes) co_return fail(Errc::head_too_large);
      SizeOperation receive = core_.ring().recv(socket_.get(), buffer().subspan(filled_));
      Result<std::size_t> received = co_await receive;
      if (!received) co_return received;
      if (*received == 0) co_return fail(Errc::peer_closed);
      filled_ += *received;
    }
  }

  // The body's length. Requests are not pipelined: what follows a head is its body.
  Task<Result<std::uint64_t>> drop_body(std::size_t head_bytes) {
    const RequestHead& head = parser_.head();
    wanted_bytes_ = wanted(head);
    const std::size_t arrived = filled_ - head_bytes;
    filled_ = 0;
    if (head.body == BodyKind::chunked) co_return co_await drop_chunks(head_bytes, arrived);
    std::uint64_t left = head.content_length;
    if (arrived > left) co_return fail(Errc::bad_framing);
    left -= arrived;
    const std::uint64_t length = head.content_length;
    while (left > 0) {
      SizeOperation drop =
          core_.ring().recv_discard(socket_.get(), std::min<std::uint64_t>(left, kDiscardBytesMax));
      Result<std::size_t> dropped = co_await drop;
      if (!dropped || *dropped == 0) co_return fail(Errc::peer_closed);
      left -= *dropped;
    }
    co_return length;
  }

  Task<Result<std::uint64_t>> drop_chunks(std::size_t head_bytes, std::size_t arrived) {
    ChunkedDecoder decoder(UINT64_MAX >> 1);
    MutableBytes raw = buffer().subspan(head_bytes, arrived);
    while (true) {
      const auto decoded = decoder.decode(raw);
      if (!decoded) co_return std::unexpected(decoded.error());
      if (decoded->done) co_return decoder.body_bytes();
      SizeOperation receive = core_.ring().recv(socket_.get(), buffer());
      Result<std::size_t> received = co_await receive;
      if (!received || *received == 0) co_return fail(Errc::peer_closed);
      raw = buffer().first(*received);
    }
  }

  // How many bytes /bytes/N asks for.
  [[nodiscard]] static std::optional<std::uint64_t> wanted(const RequestHead& head) {
    if (!head.path.starts_with(kBytesPath)) return std::nullopt;
    const std::string_view digits = head.path.substr(kBytesPath.size());
    std::uint64_t size = 0;
    const char* const end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, size);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return size;
  }

  Task<Status> answer(std::uint64_t length) {
    const std::string body = wanted_bytes_ ? "" : fmt::format("{{\"len\":{}}}", length);
    answer_ = fmt::format(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        wanted_bytes_.value_or(body.size()), body);
    SizeOperation send = core_.ring().send(socket_.get(), as_bytes(answer_));
    Result<std::size_t> sent = co_await send;
    if (!sent) co_return std::unexpected(sent.error());
    static const std::vector<std::byte> kZeroes(1_MiB);
    for (std::uint64_t left = wanted_bytes_.value_or(0); left > 0;) {
      const std::size_t piece = std::min<std::uint64_t>(left, kZeroes.size());
      SizeOperation more = core_.ring().send(socket_.get(), Bytes(kZeroes).first(piece));
      Result<std::size_t> gone = co_await more;
      if (!gone || *gone != piece) co_return fail(Errc::peer_closed);
      left -= piece;
    }
    co_return Status();
  }

  Core& core_;
  Fd socket_;
  HeadParser parser_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t filled_ = 0;
  std::optional<std::uint64_t> wanted_bytes_;
  std::string answer_;
};

Task<void> serve_connection(Core& core, Fd socket, void*) {
  DiscardConnection connection(core, std::move(socket));
  co_await connection.run();
}

}  // namespace

Status serve_discard(const ServeOptions& options) {
  return serve_forever(options, {"mooring-load discarding", serve_connection});
}

}  // namespace mooring
