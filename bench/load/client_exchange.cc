// One request and its answer: contract in load/client.h.
#include <sys/socket.h>

#include <algorithm>
#include <coroutine>

#include "load/client.h"
#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "mooring/http/chunked.h"

namespace mooring {

namespace {

// A request of this size goes out in one gathered send, which a socket's buffer takes at once;
// larger ones are sent beside the wait for the answer.
constexpr std::uint64_t kAtOnceBytes = 64_KiB;
constexpr std::uint64_t kSliceBytes = 1_MiB;
// A slow sender sends so often.
constexpr std::uint64_t kSlowSendsPerSecond = 10;
constexpr std::uint64_t kDiscardBytesMax = 16_MiB;

msghdr message_of(WireCursor::Slice& slice) noexcept {
  msghdr message{};
  message.msg_iov = slice.pieces.data();
  message.msg_iovlen = slice.count;
  return message;
}

}  // namespace

void Client::Deadline::expired() noexcept {
  passed_ = true;
  if (operation_ != nullptr) core_.ring().cancel(*operation_);
}

void Client::begin_deadline() noexcept {
  const std::uint64_t now = monotonic_ns();
  const std::uint64_t drained = context_.times.drained_ns;
  const std::uint64_t left_ms = now < drained ? (drained - now) / 1'000'000 + 1 : 0;
  deadline_.begin(std::min(context_.scenario.request_timeout_ms, left_ms));
}

Failure Client::lost() const noexcept {
  return deadline_.passed() ? Failure::timeout : Failure::lost;
}

// The failures that the wire alone can show, and the status. On return the connection is either
// ready for the next request or closed.
Task<Client::Outcome> Client::exchange(const LoadOperation& operation, Reading reading) {
  body_begin_ = filled_bytes_ = 0;
  body_bytes_ = 0;
  broken_off_ = answered_ = false;
  answer_.reset();
  if (!socket_) {
    Outcome failure = co_await connect();
    if (failure) co_return failure;
  }
  Sending sending{WireCursor(request_, context_.pattern), operation.send_bytes_per_second};
  const bool at_once = request_.framing == BodyFraming::length && sending.bytes_per_second == 0 &&
                       request_.head.size() + request_.entity_bytes() <= kAtOnceBytes;
  if (at_once || request_.body == BodyForm::none) {
    Outcome failure = co_await send_at_once(sending.cursor);
    // The server may have said why it closed, so the answer is looked for all the same.
    sending.failed = failure.has_value();
    sending.ended = true;
  } else {
    context_.senders.spawn(send_beside(sending));
  }
  Outcome failure = co_await receive_head(operation.method == "HEAD");
  if (!sending.ended) {
    struct Ended {
      Sending& sending;
      [[nodiscard]] bool await_ready() const noexcept { return sending.ended; }
      void await_suspend(std::coroutine_handle<> waiter) noexcept { sending.waiter = waiter; }
      void await_resume() const noexcept {}
    };
    sending.cancelled = true;
    if (sending.operation != nullptr) context_.core.ring().cancel(*sending.operation);
    Ended ended{sending};
    co_await ended;
  }
  const bool sent = sending.cursor.done() && !sending.failed;
  if (!failure) {
    failure = judge_status(operation, answer_.head());
    Outcome unread = co_await receive_body(failure ? Reading{} : reading);
    if (!failure) failure = unread;
    if (unread) broken_off_ = true;
    // A good answer to half a request is a lie.
    if (!failure && !sent) failure = Failure::length;
  } else {
    broken_off_ = true;
  }
  if (broken_off_ || !sent || !answer_.head().keep_alive ||
      group_.group.use == ConnectionUse::one_request)
    socket_.reset();
  co_return failure;
}

Task<Client::Outcome> Client::connect() {
  Result<Fd> socket = open_socket(context_.address);
  if (!socket) co_return Failure::connect;
  SizeOperation connecting = context_.core.ring().connect(socket->get(), context_.address);
  deadline_.watch(&connecting);
  Result<std::size_t> connected = co_await connecting;
  deadline_.watch(nullptr);
  if (!connected) co_return Failure::connect;
  socket_ = std::move(*socket);
  tune_connection(socket_.get());
  ++context_.statistics.connections;
  co_return std::nullopt;
}

Task<Client::Outcome> Client::send_at_once(WireCursor& cursor) {
  WireCursor::Slice slice = cursor.next(kSliceBytes);
  MOORING_CHECK(cursor.done(), "a small request has more than one slice");
  const msghdr message = message_of(slice);
  SizeOperation sending = context_.core.ring().send_gathered(socket_.get(), message);
  deadline_.watch(&sending);
  Result<std::size_t> sent = co_await sending;
  deadline_.watch(nullptr);
  if (!sent || *sent != slice.size_bytes) co_return lost();
  co_return std::nullopt;
}

Task<void> Client::send_beside(Sending& sending) {
  const std::uint64_t rate = sending.bytes_per_second;
  const std::uint64_t slice_bytes =
      rate == 0 ? kSliceBytes
                : std::clamp<std::uint64_t>(rate / kSlowSendsPerSecond, 1, kSliceBytes);
  while (!sending.cancelled && !sending.failed && !sending.cursor.done()) {
    WireCursor::Slice slice = sending.cursor.next(slice_bytes);
    const msghdr message = message_of(slice);
    SizeOperation operation = context_.core.ring().send_gathered(socket_.get(), message);
    sending.operation = &operation;
    Result<std::size_t> sent = co_await operation;
    sending.operation = nullptr;
    sending.failed = !sent || *sent != slice.size_bytes;
    if (rate == 0 || sending.cursor.done()) continue;
    Sleep pause(context_.core, slice_bytes * 1000 / rate);
    co_await pause;
  }
  sending.ended = true;
  if (sending.waiter) context_.core.resume_later(sending.waiter);
}

Task<Result<std::size_t>> Client::receive(MutableBytes room) {
  if (deadline_.passed()) co_return fail(Errc::cancelled);
  SizeOperation receiving = context_.core.ring().recv(socket_.get(), room);
  deadline_.watch(&receiving);
  Result<std::size_t> received = co_await receiving;
  deadline_.watch(nullptr);
  if (received && *received == 0) co_return fail(Errc::peer_closed);
  co_return received;
}

Task<Client::Outcome> Client::receive_head(bool to_head) {
  const MutableBytes buffer(buffer_.get(), buffer_bytes_);
  while (true) {
    if (filled_bytes_ > body_begin_) {
      const Bytes window = buffer.subspan(body_begin_, filled_bytes_ - body_begin_);
      const auto head_bytes = answer_.parse(as_text(window), to_head);
      if (!head_bytes) co_return Failure::framing;
      if (*head_bytes) {
        body_begin_ += **head_bytes;
        answer_.reset();
        if (answer_.head().status >= 200) break;
        continue;  // 100 Continue and its like come before the answer
      }
    }
    if (filled_bytes_ == buffer.size()) co_return Failure::framing;
    Result<std::size_t> received = co_await receive(buffer.subspan(filled_bytes_));
    if (!received) co_return lost();
    filled_bytes_ += *received;
  }
  answered_ = true;
  co_return std::nullopt;
}

Task<Client::Outcome> Client::receive_body(Reading reading) {
  const AnswerHead& head = answer_.head();
  if (head.body == AnswerBody::chunked) co_return co_await receive_chunked(reading);
  std::uint64_t length = 0;
  if (head.body == AnswerBody::length) length = head.content_length;
  if (head.body == AnswerBody::until_close) length = UINT64_MAX;
  if (reading.parts_left > 1) {
    if (head.body != AnswerBody::length) co_return Failure::length;
    length /= reading.parts_left;
    broken_off_ = true;
  }
  co_return co_await receive_plain(reading, length);
}

Task<Client::Outcome> Client::receive_plain(Reading reading, std::uint64_t length_bytes) {
  const MutableBytes buffer(buffer_.get(), buffer_bytes_);
  const std::uint64_t arrived = filled_bytes_ - body_begin_;
  // More than one answer to one request.
  if (arrived > length_bytes && !broken_off_) co_return Failure::framing;
  const std::uint64_t first = std::min(arrived, length_bytes);
  if (Outcome failure = take_body(reading, buffer.subspan(body_begin_, first))) co_return failure;
  while (body_bytes_ < length_bytes) {
    const std::uint64_t left = length_bytes - body_bytes_;
    Result<std::size_t> received = 0;
    MutableBytes room = reading.use == BodyUse::keep ? buffer.subspan(filled_bytes_) : buffer;
    if (reading.use == BodyUse::discard) {
      if (deadline_.passed()) co_return Failure::timeout;
      SizeOperation dropping = context_.core.ring().recv_discard(
          socket_.get(), std::min<std::uint64_t>(left, kDiscardBytesMax));
      deadline_.watch(&dropping);
      received = co_await dropping;
      deadline_.watch(nullptr);
      room = {};
    } else {
      if (room.empty()) co_return Failure::length;
      received = co_await receive(room.first(std::min<std::uint64_t>(left, room.size())));
    }
    const bool ended = received ? *received == 0 : received.error().code == Errc::peer_closed;
    if (ended && length_bytes == UINT64_MAX) break;
    if (ended || !received) co_return lost();
    if (reading.use == BodyUse::discard) {
      body_bytes_ += *received;
      continue;
    }
    if (reading.use == BodyUse::keep) filled_bytes_ += *received;
    if (Outcome failure = take_body(reading, room.first(*received))) co_return failure;
  }
  co_return std::nullopt;
}

Task<Client::Outcome> Client::receive_chunked(Reading reading) {
  const MutableBytes buffer(buffer_.get(), buffer_bytes_);
  ChunkedDecoder decoder(UINT64_MAX >> 1);
  std::size_t at = body_begin_;  // what was not decoded yet begins here
  while (true) {
    if (filled_bytes_ > at) {
      const MutableBytes raw = buffer.subspan(at, filled_bytes_ - at);
      const auto decoded = decoder.decode(raw);
      if (!decoded || decoded->consumed_bytes != raw.size()) co_return Failure::framing;
      if (Outcome failure = take_body(reading, raw.first(decoded->payload_bytes)))
        co_return failure;
      if (reading.use == BodyUse::keep) at += decoded->payload_bytes;
      filled_bytes_ = at;
      if (decoded->done) co_return std::nullopt;
    }
    if (filled_bytes_ == buffer.size()) co_return Failure::length;
    Result<std::size_t> received = co_await receive(buffer.subspan(at));
    if (!received) co_return lost();
    filled_bytes_ = at + *received;
  }
}

Client::Outcome Client::take_body(Reading reading, Bytes piece) noexcept {
  const std::uint64_t at = reading.offset_bytes + body_bytes_;
  body_bytes_ += piece.size();
  if (reading.use == BodyUse::compare && !context_.pattern.equal(content_, at, piece))
    return Failure::content;
  return std::nullopt;
}

}  // namespace mooring
