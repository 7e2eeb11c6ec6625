#include "mooring/app/connection.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "mooring/app/access_log.h"
#include "mooring/app/metrics.h"
#include "mooring/app/request_body.h"
#include "mooring/app/response_writer.h"
#include "mooring/base/clock.h"

namespace mooring {

namespace {

// The path of a head that could not be parsed, as far as there is one: for the shape of the
// refusal.
std::string_view path_of_request_line(std::string_view head) {
  const std::string_view line = head.substr(0, head.find('\r'));
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return "/";
  const std::string_view target = line.substr(space + 1);
  return target.substr(0, target.find_first_of(" ?#"));
}

}  // namespace

// The window [0, end_) of the memory holds what was received and not yet consumed; the request
// under way starts at 0. The memory is a head buffer, or the connection's own where those are
// short: who is slow must not keep others from being heard.
class Connection {
 public:
  Connection(ConnectionContext& context, Fd socket, std::string peer);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] Task<void> run();
  void drain() noexcept;
  void interrupt() noexcept { watch_.interrupt(); }

  Connection* next = nullptr;
  Connection* previous = nullptr;

 private:
  enum class After : std::uint8_t { next_request, linger, close };

  [[nodiscard]] Task<Result<bool>> receive_head();
  [[nodiscard]] Result<bool> stalled();
  [[nodiscard]] Task<Result<std::size_t>> receive_first();
  [[nodiscard]] Task<Result<std::size_t>> receive_more();
  [[nodiscard]] Task<After> answer_request();
  [[nodiscard]] Task<void> refuse(const Error& error);
  [[nodiscard]] Task<void> linger();
  void consume(std::size_t size_bytes) noexcept;
  [[nodiscard]] MutableBytes memory() const noexcept;
  [[nodiscard]] bool buffers_are_short() const noexcept;
  void move_out();
  void give_back() noexcept;
  void record(const RequestHead& head, const DispatchRecord& dispatched, const RequestBody& body,
              const SentResponse& sent);
  void log_access(const RequestHead& head, const DispatchRecord& dispatched,
                  const RequestBody& body, const SentResponse& sent,
                  const std::array<std::uint64_t, kStages>& took);

  ConnectionContext& context_;
  Fd socket_;
  std::string peer_;
  Watch watch_;
  HeadParser parser_;
  HeadLease buffer_;
  std::unique_ptr<std::byte[]> own_;  // instead of buffer_
  std::size_t end_ = 0;
  std::size_t head_bytes_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t head_began_ns_ = 0;
  std::uint64_t head_ended_ns_ = 0;
};

Task<void> serve_connection(ConnectionContext& context, Fd socket, std::string peer) {
  Connection connection(context, std::move(socket), std::move(peer));
  co_await connection.run();
}

void drain_connections(ConnectionContext& context) noexcept {
  context.draining = true;
  for (Connection* connection = context.first; connection != nullptr; connection = connection->next)
    connection->drain();
}

void interrupt_connections(ConnectionContext& context) noexcept {
  for (Connection* connection = context.first; connection != nullptr; connection = connection->next)
    connection->interrupt();
}

Connection::Connection(ConnectionContext& context, Fd socket, std::string peer)
    : context_(context),
      socket_(std::move(socket)),
      peer_(std::move(peer)),
      watch_(context.core),
      parser_(context.settings.head) {
  next = context.first;
  if (next != nullptr) next->previous = this;
  context.first = this;
  ++context.count;
  context.metrics.connection_accepted();
  tune_connection(socket_.get());
  never_wait(socket_.get());
}

Connection::~Connection() {
  if (previous != nullptr) previous->next = next;
  if (next != nullptr) next->previous = previous;
  if (context_.first == this) context_.first = next;
  --context_.count;
  context_.metrics.connection_closed();
}

Task<void> Connection::run() {
  After after = After::next_request;
  while (after == After::next_request) {
    Result<bool> received = co_await receive_head();
    if (!received) {
      co_await refuse(received.error());
      after = After::linger;
    } else if (!*received) {
      after = After::close;
    } else {
      after = co_await answer_request();
    }
  }
  if (after == After::linger) co_await linger();
  give_back();
}

// An idle connection is closed at once, one with a request under way after its answer.
void Connection::drain() noexcept {
  const bool idle = end_ == 0 && !buffer_ && !own_;
  if (idle) watch_.interrupt();
}

// True: a whole head is there. False: the peer closed, or was idle for too long; nothing is owed to
// it.
Task<Result<bool>> Connection::receive_head() {
  parser_.reset();
  head_began_ns_ = monotonic_ns();
  watch_.set_deadline(end_ == 0 ? context_.settings.idle_ms : context_.settings.head_ms);
  while (true) {
    if (end_ > 0) {
      const std::string_view window = as_text(Bytes(memory()).first(end_));
      Result<std::optional<std::size_t>> parsed = parser_.parse(window);
      if (!parsed) co_return std::unexpected(parsed.error());
      if (parsed->has_value()) {
        head_bytes_ = **parsed;
        head_ended_ns_ = monotonic_ns();
        co_return true;
      }
    }
    if (context_.draining && end_ == 0) co_return false;
    // The time may have run out in the turn that brought the last bytes: then nothing was left to
    // cancel.
    Result<std::size_t> received = fail(Errc::timed_out, "a head that stalls");
    if (!watch_.time_is_up())
      received = end_ == 0 ? co_await receive_first() : co_await receive_more();
    if (!received && watch_.time_is_up()) co_return stalled();
    if (!received || *received == 0) co_return false;
    context_.metrics.received(*received);
  }
}

// In the middle of a head that is a 408; before its first byte nothing is owed.
Result<bool> Connection::stalled() {
  if (end_ > 0) {
    context_.metrics.connection_timed_out(Timeout::head);
    return fail(Errc::timed_out, "a head that stalls");
  }
  if (!context_.draining) context_.metrics.connection_timed_out(Timeout::idle);
  return false;
}

// The first bytes come into a buffer that the kernel picks when they are there.
Task<Result<std::size_t>> Connection::receive_first() {
  while (true) {
    PickOperation receive = context_.core.head_buffers().recv(socket_.get());
    watch_.watch(&receive);
    Result<PickedBuffer> picked = co_await receive;
    watch_.watch(nullptr);
    if (!picked && picked.error().code == Errc::overloaded) {
      // Every buffer is in use: the bytes wait in the socket until one is given back.
      Sleep pause(context_.core, 5);
      co_await pause;
      if (watch_.time_is_up()) co_return std::unexpected(picked.error());
      continue;
    }
    if (!picked) co_return std::unexpected(picked.error());
    if (picked->size_bytes == 0) co_return std::size_t{0};
    buffer_ = context_.core.head_buffers().take(*picked);
    end_ = picked->size_bytes;
    head_began_ns_ = monotonic_ns();
    watch_.set_deadline(context_.settings.head_ms);
    co_return picked->size_bytes;
  }
}

Task<Result<std::size_t>> Connection::receive_more() {
  if (buffer_ && buffers_are_short()) move_out();
  const MutableBytes room = memory().subspan(end_);
  if (room.empty()) co_return fail(Errc::head_too_large, "a head buffer is full");
  SizeOperation receive = context_.core.ring().recv(socket_.get(), room);
  watch_.watch(&receive);
  Result<std::size_t> received = co_await receive;
  watch_.watch(nullptr);
  if (received) end_ += *received;
  co_return received;
}

Task<Connection::After> Connection::answer_request() {
  watch_.clear();
  ++requests_;
  if (buffer_ && buffers_are_short()) move_out();
  const RequestHead& head = parser_.head();
  const MutableBytes here = memory();
  RequestBody body(context_.core, socket_.get(), head,
                   here.subspan(head_bytes_, end_ - head_bytes_), here.subspan(end_), watch_,
                   context_.settings.body_progress, context_.settings.body_bytes_max);
  DispatchRecord dispatched;
  Response response = co_await dispatch(context_.dispatch, head, peer_, body, dispatched);
  if (watch_.time_is_up() && response.status == 408)
    context_.metrics.connection_timed_out(Timeout::body);
  watch_.clear();

  const bool body_done = body.at_end() || body.skip_arrived();
  const bool last =
      context_.settings.requests_max > 0 && requests_ >= context_.settings.requests_max;
  const bool go_on = body_done && body.can_go_on() && head.keep_alive && !last &&
                     !context_.draining && !response.close;
  ResponseWriter writer(context_.core, socket_.get(), watch_, context_.settings.send_progress);
  const Persistence persistence = !go_on                    ? Persistence::close
                                  : head.minor_version == 0 ? Persistence::keep_alive
                                                            : Persistence::implied;
  const SentResponse sent = co_await writer.send(head, std::move(response), persistence,
                                                 context_.dates.at(wall_ms() / 1000));
  record(head, dispatched, body, sent);
  if (watch_.time_is_up()) context_.metrics.connection_timed_out(Timeout::send);
  watch_.clear();
  if (!sent.complete) co_return After::close;
  if (!go_on) co_return body_done ? After::close : After::linger;
  end_ += body.spare_used();
  consume(head_bytes_ + body.arrived_used());
  co_return After::next_request;
}

// A head that is none: one answer, in the shape of the path if there is one, then the end (vow V6).
Task<void> Connection::refuse(const Error& error) {
  if (error.code == Errc::peer_closed) co_return;
  context_.metrics.refused_early(error.code);
  watch_.clear();
  RequestHead head;
  const Bytes seen = end_ > 0 ? Bytes(memory()).first(end_) : Bytes();
  Response response =
      render_error(context_.dispatch.router, path_of_request_line(as_text(seen)), error);
  ResponseWriter writer(context_.core, socket_.get(), watch_, context_.settings.send_progress);
  const SentResponse sent = co_await writer.send(head, std::move(response), Persistence::close,
                                                 context_.dates.at(wall_ms() / 1000));
  context_.metrics.request_answered(kServerFamily, sent.status);
}

// The client is still sending: without reading on, our close would reset the connection and take
// the answer with it. Bounded in bytes and time.
Task<void> Connection::linger() {
  shutdown_write(socket_.get());
  watch_.clear();
  watch_.set_deadline(context_.settings.linger_ms);
  std::uint64_t left = context_.settings.linger_bytes_max;
  while (left > 0 && !watch_.time_is_up()) {
    SizeOperation drop = context_.core.ring().recv_discard(socket_.get(), left);
    watch_.watch(&drop);
    Result<std::size_t> dropped = co_await drop;
    watch_.watch(nullptr);
    if (!dropped || *dropped == 0) break;
    left -= std::min<std::uint64_t>(left, *dropped);
  }
  watch_.clear();
}

void Connection::consume(std::size_t size_bytes) noexcept {
  end_ -= size_bytes;
  if (end_ == 0) return give_back();
  std::byte* const begin = memory().data();
  std::memmove(begin, begin + size_bytes, end_);
}

MutableBytes Connection::memory() const noexcept {
  return own_ ? MutableBytes(own_.get(), kHeadBufferBytes) : buffer_.memory();
}

bool Connection::buffers_are_short() const noexcept {
  return context_.core.head_buffers().leased() > context_.settings.head_buffers_held_max;
}

// The head is read once more, for what was parsed of it points into the buffer.
void Connection::move_out() {
  own_ = std::make_unique_for_overwrite<std::byte[]>(kHeadBufferBytes);
  std::memcpy(own_.get(), buffer_.memory().data(), end_);
  buffer_.reset();
  parser_.reset();
  (void)parser_.parse(as_text(Bytes(memory()).first(end_)));  // as before: the bytes decide (I1)
}

void Connection::give_back() noexcept {
  buffer_.reset();
  own_.reset();
}

void Connection::record(const RequestHead& head, const DispatchRecord& dispatched,
                        const RequestBody& body, const SentResponse& sent) {
  const std::uint64_t now_ns = monotonic_ns();
  CoreMetrics& metrics = context_.metrics;
  metrics.request_answered(dispatched.family, sent.status);
  metrics.sent(sent.size_bytes);
  metrics.received(body.received_bytes());
  std::array<std::uint64_t, kStages> took{};
  const auto set = [&took](Stage stage, std::uint64_t duration_ns) {
    took[static_cast<std::size_t>(stage)] = duration_ns;
  };
  set(Stage::head, head_ended_ns_ - head_began_ns_);
  if (dispatched.authorised_ns > 0)
    set(Stage::authorise, dispatched.authorised_ns - head_ended_ns_);
  set(Stage::respond, now_ns - sent.began_ns);
  set(Stage::whole, now_ns - head_began_ns_);
  for (std::size_t stage = 0; stage < kStages; ++stage)
    if (took[stage] > 0) metrics.stage_took(static_cast<Stage>(stage), took[stage]);
  if (context_.access_log != nullptr) log_access(head, dispatched, body, sent, took);
}

void Connection::log_access(const RequestHead& head, const DispatchRecord& dispatched,
                            const RequestBody& body, const SentResponse& sent,
                            const std::array<std::uint64_t, kStages>& took) {
  AccessRecord record;
  record.wall_ms =
      wall_ms() - static_cast<std::int64_t>((monotonic_ns() - head_began_ns_) / 1'000'000);
  record.peer = peer_;
  if (dispatched.identity) {
    record.user = dispatched.identity->user;
    record.organization = dispatched.identity->organization;
  }
  record.method = name_of(head.method);
  record.path = head.path;
  record.query = head.query;
  record.referer = head.find("referer").value_or("");
  record.user_agent = head.find("user-agent").value_or("");
  record.family = dispatched.family;
  record.http_minor = static_cast<std::uint8_t>(head.minor_version);
  record.status = sent.status;
  record.received_bytes = body.received_bytes();
  record.sent_bytes = sent.size_bytes;
  record.stage_ns = took;
  context_.access_log->append(record);
}

}  // namespace mooring
