#include "mooring/app/response_writer.h"

#include <algorithm>

#include "mooring/base/clock.h"

namespace mooring {

namespace {

// Up to this size one send takes all; a larger body is sent as far as the socket takes it, so that
// every bit of progress of a slow reader is seen.
constexpr std::size_t kSingleSendBytesMax = 16_KiB;
// Sent by reference in one call: what a core spends on one reader before it looks at the others.
constexpr std::uint64_t kByReferenceBytesMax = 256_KiB;

std::string head_text(const Response& response, bool is_head, Persistence persistence,
                      std::string_view date) {
  ResponseHead head(response.status);
  for (const auto& [name, value] : response.fields) head.add(name, value);
  const bool has_body = response.status != 204 && response.status != 304;
  if (response.blob)
    head.content_length(response.blob->size_bytes);
  else if (is_head && response.head_only_bytes)
    head.content_length(*response.head_only_bytes);
  else if (has_body)
    head.content_length(response.text.size());
  head.date(date).persistence(persistence);
  std::string text;
  text.reserve(512 + response.text.size());
  head.serialise(text);
  return text;
}

}  // namespace

Task<SentResponse> ResponseWriter::send(const RequestHead& head, Response response,
                                        Persistence persistence, std::string_view date) {
  SentResponse sent{.status = response.status, .began_ns = monotonic_ns()};
  const bool is_head = head.method == Method::head;
  std::string text = head_text(response, is_head, persistence, date);
  watch_.set_progress(rule_);
  const bool sends_blob = response.blob.has_value() && !is_head;
  if (!is_head && !sends_blob) text += response.text;
  Status outcome = sends_blob ? co_await send_blob(as_bytes(text), *response.blob)
                              : co_await send_all({}, as_bytes(text));
  if (response.blob && response.blob->reader) co_await response.blob->reader->close();
  sent.size_bytes = sent_bytes_;
  sent.complete = outcome.has_value();
  co_return sent;
}

Task<Status> ResponseWriter::send_blob(Bytes head, BlobBody& body) {
  reader_ = body.reader.get();
  Status sent = body.first_stretch ? co_await send_by_reference(head, *body.first_stretch)
                                   : co_await send_all(head, body.first_piece);
  if (!sent || !body.reader) co_return sent;
  while (true) {
    Result<Bytes> piece = co_await body.reader->next();
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) co_return Status{};
    const std::optional<FileStretch>& stretch = body.reader->place_in_cache();
    sent = stretch ? co_await send_by_reference({}, *stretch) : co_await send_all({}, *piece);
    if (!sent) co_return sent;
  }
}

Task<Status> ResponseWriter::send_by_reference(Bytes head, FileStretch stretch) {
  if (!head.empty()) {
    if (watch_.time_is_up()) co_return fail(Errc::timed_out, "a reader that stalls");
    const Result<std::size_t> sent = send_before_stretch(fd_, head);
    if (!sent) co_return std::unexpected(sent.error());
    count(*sent);
    Status rest = co_await send_all(head.subspan(*sent), {});
    if (!rest) co_return rest;
  }
  while (true) {
    if (watch_.time_is_up()) co_return fail(Errc::timed_out, "a reader that stalls");
    FileStretch now = stretch;
    now.size_bytes = std::min(now.size_bytes, kByReferenceBytesMax);
    const Result<std::size_t> sent = send_stretch(fd_, now);
    if (!sent) co_return std::unexpected(sent.error());
    count(*sent);
    stretch.first_byte += *sent;
    stretch.size_bytes -= *sent;
    if (stretch.size_bytes == 0) co_return Status{};
    SizeOperation writable = core_.ring().wait_writable(fd_);
    const Result<std::size_t> waited = co_await finish(writable);
    if (waited) continue;
    if (!yield_.take_wish()) co_return std::unexpected(waited.error());
    const Result<Bytes> nothing = co_await let_others({});
    if (!nothing) co_return std::unexpected(nothing.error());
  }
}

// `head` is the caller's own memory, `piece` may lie in a chunk.
Task<Status> ResponseWriter::send_all(Bytes head, Bytes piece) {
  while (!head.empty() || !piece.empty()) {
    if (watch_.time_is_up()) co_return fail(Errc::timed_out, "a reader that stalls");
    const SendParts parts(head, piece);
    SizeOperation send = !head.empty()                         ? core_.ring().send_parts(fd_, parts)
                         : piece.size() <= kSingleSendBytesMax ? core_.ring().send(fd_, piece)
                                                               : core_.ring().send_some(fd_, piece);
    const Result<std::size_t> sent = co_await finish(send);
    if (!sent) {
      if (!yield_.take_wish()) co_return std::unexpected(sent.error());
      const Result<Bytes> again = co_await let_others(piece);
      if (!again) co_return std::unexpected(again.error());
      piece = *again;
      continue;
    }
    count(*sent);
    const std::size_t of_head = std::min(*sent, head.size());
    head = head.subspan(of_head);
    piece = piece.subspan(*sent - of_head);
  }
  co_return Status{};
}

// Waits for the peer, watched over.
Task<Result<std::size_t>> ResponseWriter::finish(SizeOperation& wait) {
  watch_.watch(&wait);
  if (reader_ != nullptr && reader_->holds_chunks()) yield_.begin(wait);
  const Result<std::size_t> done = co_await wait;
  yield_.end();
  watch_.watch(nullptr);
  co_return done;
}

// The chunks are others' until the peer takes bytes again. Answers with what `unsent` was.
Task<Result<Bytes>> ResponseWriter::let_others(Bytes unsent) {
  co_await reader_->pause(unsent);
  if (watch_.time_is_up()) co_return fail(Errc::timed_out, "a reader that stalls");
  SizeOperation writable = core_.ring().wait_writable(fd_);
  const Result<std::size_t> waited = co_await finish(writable);
  if (!waited) co_return std::unexpected(waited.error());
  Result<Bytes> again = co_await reader_->resume();
  co_return again;
}

void ResponseWriter::count(std::size_t sent_bytes) noexcept {
  watch_.progress(sent_bytes);
  sent_bytes_ += sent_bytes;
}

void ChunkYield::begin(Operation& wait) noexcept {
  wait_ = &wait;
  wanted_ = false;
  set(core_.timers(), kStallMs);
}

void ChunkYield::end() noexcept {
  wait_ = nullptr;
  clear();
}

void ChunkYield::expired() noexcept {
  wanted_ = core_.chunk_permits().waiting() > 0;
  if (wanted_)
    core_.ring().cancel(*wait_);
  else
    set(core_.timers(), kStallMs);
}

}  // namespace mooring
