#include "mooring/http/chunked.h"

#include <algorithm>
#include <cstring>

#include "grammar.h"
#include "mooring/base/check.h"

namespace mooring {

namespace {

Status bad() {
  return fail(Errc::bad_framing, "chunked body");
}

}  // namespace

// Framing goes through the state machine a byte at a time, payload in one move per chunk.
Result<ChunkedDecoder::Decoded> ChunkedDecoder::decode(MutableBytes raw) noexcept {
  MOORING_CHECK(state_ != State::done && state_ != State::failed, "decode() after the end");
  Decoded decoded;
  std::size_t at = 0;
  while (at < raw.size() && state_ != State::done) {
    if (state_ != State::data) {
      if (const Status status = step(static_cast<unsigned char>(raw[at++])); !status) {
        state_ = State::failed;
        return std::unexpected(status.error());
      }
      continue;
    }
    const std::size_t take = std::min<std::uint64_t>(chunk_remaining_, raw.size() - at);
    if (at != decoded.payload_bytes) {
      std::memmove(raw.data() + decoded.payload_bytes, raw.data() + at, take);
      decoded.moved_bytes += take;
    }
    decoded.payload_bytes += take;
    at += take;
    body_bytes_ += take;
    chunk_remaining_ -= take;
    if (chunk_remaining_ == 0) state_ = State::data_cr;
  }
  decoded.consumed_bytes = at;
  decoded.done = state_ == State::done;
  return decoded;
}

Status ChunkedDecoder::step(unsigned char c) noexcept {
  switch (state_) {
    case State::size_first:
    case State::size:
      return step_size(c);
    case State::size_lf:
      return c == '\n' ? end_of_size_line() : bad();
    case State::data_cr:
      state_ = State::data_lf;
      return c == '\r' ? Status{} : bad();
    case State::data_lf:
      state_ = State::size_first;
      return c == '\n' ? Status{} : bad();
    case State::trailer_first:
    case State::trailer_name:
    case State::trailer_value:
    case State::trailer_lf:
      return step_trailer(c);
    case State::end_lf:
      state_ = State::done;
      return c == '\n' ? Status{} : bad();
    case State::data:
    case State::done:
    case State::failed:
      break;
    default:
      return step_extension(c);
  }
  MOORING_CHECK(false, "a state without framing bytes");
  return bad();
}

Status ChunkedDecoder::step_size(unsigned char c) noexcept {
  if (const int digit = Grammar::hex_value(static_cast<char>(c)); digit >= 0) {
    if (state_ == State::size_first) {
      chunk_bytes_ = 0;
      size_digits_ = 0;
      extension_bytes_ = 0;
      state_ = State::size;
    }
    if (++size_digits_ > limits_.size_digits_max) return bad();
    chunk_bytes_ = chunk_bytes_ << 4 | static_cast<unsigned>(digit);
    return {};
  }
  if (state_ == State::size_first) return bad();
  if (c == '\r') {
    state_ = State::size_lf;
    return {};
  }
  state_ = State::extension_blank;
  return step_extension(c);
}

// *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] ), RFC 9112 section 7.1.1.
Status ChunkedDecoder::step_extension(unsigned char byte) noexcept {
  const char c = static_cast<char>(byte);
  const bool token = Grammar::is_token(c);
  const bool blank = Grammar::is_blank(c);
  const bool may_end = state_ == State::extension_name || state_ == State::extension_value ||
                       state_ == State::extension_quoted_end;
  if (c == '\r' && may_end) {
    state_ = State::size_lf;
    return {};
  }
  if (++extension_bytes_ > limits_.extension_bytes_max ||
      ++extension_bytes_total_ > limits_.extension_bytes_total_max)
    return bad();
  switch (state_) {
    case State::extension_name_first:
    case State::extension_value_first:
      if (blank) return {};
      if (state_ == State::extension_value_first && c == '"') {
        state_ = State::extension_quoted;
        return {};
      }
      state_ =
          state_ == State::extension_name_first ? State::extension_name : State::extension_value;
      return token ? Status{} : bad();
    case State::extension_quoted:
      if (c == '"') state_ = State::extension_quoted_end;
      if (c == '\\') state_ = State::extension_quoted_pair;
      return Grammar::is_control(c) ? bad() : Status{};
    case State::extension_quoted_pair:
      state_ = State::extension_quoted;
      return Grammar::is_control(c) ? bad() : Status{};
    default:
      break;
  }
  const bool after_name = state_ == State::extension_name || state_ == State::extension_name_blank;
  if (token && (state_ == State::extension_name || state_ == State::extension_value)) return {};
  if (blank) {
    state_ = after_name ? State::extension_name_blank : State::extension_blank;
    return {};
  }
  if (c == '=' && after_name) {
    state_ = State::extension_value_first;
    return {};
  }
  state_ = State::extension_name_first;
  return c == ';' ? Status{} : bad();
}

Status ChunkedDecoder::end_of_size_line() noexcept {
  if (chunk_bytes_ > body_bytes_max_ - body_bytes_) return fail(Errc::too_large, "chunked body");
  chunk_remaining_ = chunk_bytes_;
  state_ = chunk_bytes_ > 0 ? State::data : State::trailer_first;
  return {};
}

Status ChunkedDecoder::step_trailer(unsigned char byte) noexcept {
  const char c = static_cast<char>(byte);
  if (state_ == State::trailer_first && c == '\r') {
    state_ = State::end_lf;
    return {};
  }
  if (++trailer_bytes_ > limits_.trailer_bytes_max) return fail(Errc::head_too_large, "trailers");
  switch (state_) {
    case State::trailer_first:
      state_ = State::trailer_name;
      return Grammar::is_token(c) ? Status{} : bad();
    case State::trailer_name:
      if (c == ':') state_ = State::trailer_value;
      return c == ':' || Grammar::is_token(c) ? Status{} : bad();
    case State::trailer_value:
      if (c == '\r') state_ = State::trailer_lf;
      return c == '\r' || !Grammar::is_control(c) ? Status{} : bad();
    default:
      state_ = State::trailer_first;
      return c == '\n' ? Status{} : bad();
  }
}

}  // namespace mooring
