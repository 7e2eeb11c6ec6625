#include "wire_connection.h"

#include <algorithm>

#include "mooring/http/response_head.h"
#include "mooring/http/target.h"

namespace mooring {

void WireConnection::arrive(std::size_t visible) {
  while (!closed_ && (in_body_ ? read_body(visible) : read_head(visible))) {
  }
}

void WireConnection::fail_with(Errc code) {
  if (!in_body_) messages_.emplace_back();
  messages_.back().status = status_of(code);
  messages_.back().body_bytes = 0;  // how much came before the error depends on the cut
  messages_.back().complete = true;
  closed_ = true;
}

bool WireConnection::read_head(std::size_t visible) {
  const auto length = parser_.parse(std::string_view(bytes_).substr(start_, visible - start_));
  if (!length) {
    fail_with(length.error().code);
    return false;
  }
  if (!*length) return false;
  const RequestHead& head = parser_.head();
  Status target;
  if (head.path != "*") {
    if (const auto path = split_path(head.path); !path) target = std::unexpected(path.error());
  }
  if (const auto query = parse_query(head.query); !query && target)
    target = std::unexpected(query.error());
  if (!target) {
    fail_with(target.error().code);
    return false;
  }
  messages_.push_back({200, std::string(head.target), 0, head.keep_alive, false});
  body_ = head.body;
  remaining_ = head.content_length;
  chunked_ = ChunkedDecoder(kBodyBytesMax);
  start_ += **length;
  in_body_ = true;
  return true;
}

bool WireConnection::read_body(std::size_t visible) {
  WireMessage& message = messages_.back();
  bool done = body_ == BodyKind::none;
  if (body_ == BodyKind::length) {
    const std::uint64_t take = std::min<std::uint64_t>(remaining_, visible - start_);
    start_ += take;
    remaining_ -= take;
    message.body_bytes += take;
    done = remaining_ == 0;
  } else if (body_ == BodyKind::chunked) {
    std::string raw = bytes_.substr(start_, visible - start_);
    const auto decoded = chunked_.decode(std::as_writable_bytes(std::span(raw)));
    if (!decoded) {
      fail_with(decoded.error().code);
      return false;
    }
    start_ += decoded->consumed_bytes;
    message.body_bytes += decoded->payload_bytes;
    done = decoded->done;
  }
  if (!done) return false;
  message.complete = true;
  closed_ = !message.keep_alive;
  in_body_ = false;
  parser_.reset();
  return true;
}

std::vector<WireMessage> read_wire(const std::string& bytes, const std::vector<std::size_t>& ends) {
  WireConnection connection(bytes);
  for (const std::size_t end : ends) connection.arrive(end);
  connection.arrive(bytes.size());
  return connection.messages();
}

std::vector<std::size_t> cuts_of(std::size_t bytes) {
  std::vector<std::size_t> result;
  const std::size_t near = bytes <= 4096 ? bytes : bytes <= 1'000'000 ? 300 : 20;
  const std::size_t stride = std::max<std::size_t>(1, bytes / 50);
  for (std::size_t at = 1; at < bytes; ++at)
    if (at < near || bytes - at < near || at % stride == 0) result.push_back(at);
  return result;
}

}  // namespace mooring
