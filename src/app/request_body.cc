#include "mooring/app/request_body.h"

#include <algorithm>
#include <cstring>

#include "mooring/base/check.h"
#include "mooring/http/response_head.h"

namespace mooring {

namespace {

// Between chunks: CRLF, a size line and the beginning of the next chunk, whose payload then has to
// be moved. Small, so that little is moved and little of a next request is caught.
constexpr std::size_t kSizeLineReceiveBytes = 4_KiB;

}  // namespace

RequestBody::RequestBody(Core& core, int fd, const RequestHead& head, MutableBytes arrived,
                         MutableBytes spare, Watch& watch, const ProgressRule& rule,
                         std::uint64_t body_bytes_max)
    : core_(core),
      fd_(fd),
      watch_(watch),
      rule_(rule),
      body_bytes_max_(body_bytes_max),
      kind_(head.body),
      declared_bytes_(head.content_length),
      remaining_bytes_(head.content_length),
      decoder_(body_bytes_max),
      arrived_(arrived),
      spare_(spare),
      expects_continue_(head.expect_continue) {}

std::optional<std::uint64_t> RequestBody::declared_bytes() const noexcept {
  if (kind_ == BodyKind::chunked) return std::nullopt;
  return declared_bytes_;
}

bool RequestBody::at_end() const noexcept {
  return kind_ == BodyKind::chunked ? decoder_.done() : remaining_bytes_ == 0;
}

Bytes RequestBody::take_arrived() noexcept {
  if (kind_ != BodyKind::length || declared_bytes_ > body_bytes_max_) return {};
  const std::size_t size =
      std::min<std::uint64_t>(remaining_bytes_, arrived_.size() - arrived_used_);
  const Bytes taken = arrived_.subspan(arrived_used_, size);
  arrived_used_ += size;
  remaining_bytes_ -= size;
  received_bytes_ += size;
  return taken;
}

bool RequestBody::skip_arrived() noexcept {
  if (failed_) return false;
  if (kind_ == BodyKind::chunked) {
    while (!decoder_.done() && arrived_used_ < arrived_.size())
      if (!decode(arrived_.subspan(arrived_used_))) return false;
  } else {
    (void)take_arrived();
  }
  return at_end();
}

Task<Result<std::size_t>> RequestBody::read(MutableBytes into) {
  MOORING_CHECK(!failed_, "a body is read on after an error");
  if (kind_ == BodyKind::length && declared_bytes_ > body_bytes_max_)
    co_return fail(Errc::too_large, "Content-Length over the limit");
  while (!at_end()) {
    Result<std::size_t> got = read_arrived(into);
    if (got && *got == 0 && !at_end()) got = co_await receive(into);
    if (!got) co_return std::unexpected(got.error());
    if (*got > 0) co_return *got;
  }
  co_return std::size_t{0};
}

Result<std::size_t> RequestBody::read_arrived(MutableBytes into) {
  const MutableBytes here = arrived_.subspan(arrived_used_);
  if (here.empty()) return std::size_t{0};
  if (kind_ == BodyKind::length) {
    const std::size_t size = std::min({static_cast<std::uint64_t>(here.size()), remaining_bytes_,
                                       static_cast<std::uint64_t>(into.size())});
    std::memcpy(into.data(), here.data(), size);
    arrived_used_ += size;
    remaining_bytes_ -= size;
    received_bytes_ += size;
    copied_bytes_ += size;
    return size;
  }
  Result<ChunkedDecoder::Decoded> decoded =
      decoder_.decode(here.first(std::min(here.size(), into.size())));
  if (!decoded) return broken(decoded.error());
  std::memcpy(into.data(), here.data(), decoded->payload_bytes);
  arrived_used_ += decoded->consumed_bytes;
  received_bytes_ += decoded->payload_bytes;
  copied_bytes_ += decoded->payload_bytes;
  return decoded->payload_bytes;
}

// Where the message would end is unknown from now on.
std::unexpected<Error> RequestBody::broken(const Error& error) noexcept {
  failed_ = true;
  return std::unexpected(error);
}

// The peer waits for leave to send: it has it, since a family asks for the body.
Task<Status> RequestBody::invite() {
  begun_ = true;
  watch_.set_progress(rule_);
  if (!expects_continue_) co_return Status{};
  SizeOperation send = core_.ring().send(fd_, as_bytes(kContinueResponse));
  watch_.watch(&send);
  Result<std::size_t> sent = co_await send;
  watch_.watch(nullptr);
  if (!sent) co_return std::unexpected(sent.error());
  co_return Status{};
}

Task<Result<std::size_t>> RequestBody::receive(MutableBytes into) {
  if (!begun_) {
    Status invited = co_await invite();
    if (!invited) co_return std::unexpected(invited.error());
  }
  if (watch_.time_is_up()) co_return fail(Errc::timed_out, "a body that stalls");
  std::uint64_t size = remaining_bytes_;
  if (kind_ == BodyKind::chunked)
    size =
        decoder_.remaining_in_chunk() > 0 ? decoder_.remaining_in_chunk() : kSizeLineReceiveBytes;
  const MutableBytes room = into.first(std::min<std::uint64_t>(size, into.size()));
  SizeOperation receive = core_.ring().recv(fd_, room);
  watch_.watch(&receive);
  Result<std::size_t> received = co_await receive;
  watch_.watch(nullptr);
  if (!received && watch_.time_is_up()) co_return fail(Errc::timed_out, "a body that stalls");
  if (!received) co_return std::unexpected(received.error());
  if (*received == 0) co_return fail(Errc::peer_closed, "a body that ends early");
  watch_.progress(*received);
  if (kind_ == BodyKind::chunked) co_return decode(room.first(*received));
  remaining_bytes_ -= *received;
  received_bytes_ += *received;
  co_return *received;
}

// Bytes behind the end of the message begin the next request: they are kept for it, if there is
// room.
Result<std::size_t> RequestBody::decode(MutableBytes raw) {
  const bool is_arrived = raw.data() == arrived_.data() + arrived_used_ && !raw.empty();
  Result<ChunkedDecoder::Decoded> decoded = decoder_.decode(raw);
  if (!decoded) return broken(decoded.error());
  received_bytes_ += decoded->payload_bytes;
  copied_bytes_ += decoded->moved_bytes;
  if (is_arrived) {
    arrived_used_ += decoded->consumed_bytes;
    return decoded->payload_bytes;
  }
  const MutableBytes rest = raw.subspan(decoded->consumed_bytes);
  if (rest.size() > spare_.size() - spare_used_) {
    overrun_ = true;
  } else {
    std::memcpy(spare_.data() + spare_used_, rest.data(), rest.size());
    spare_used_ += rest.size();
  }
  return decoded->payload_bytes;
}

}  // namespace mooring
