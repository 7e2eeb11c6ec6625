#include "mooring/app/response_writer.h"

#include "mooring/base/clock.h"

namespace mooring {

namespace {

// Up to this size one send takes all; a larger body is sent as far as the socket takes it, so that
// every bit of progress of a slow reader is seen.
constexpr std::size_t kSingleSendBytesMax = 16_KiB;

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
  Status outcome =
      co_await send_all(as_bytes(text), sends_blob ? Ending::more_follows : Ending::last);
  if (outcome && sends_blob) outcome = co_await send_blob(*response.blob);
  if (response.blob) co_await response.blob->reader->close();
  sent.size_bytes = sent_bytes_;
  sent.complete = outcome.has_value();
  co_return sent;
}

Task<Status> ResponseWriter::send_blob(BlobBody& body) {
  Result<Bytes> piece = body.first_piece;
  while (piece && !piece->empty()) {
    Status sent = co_await send_all(*piece, Ending::last);
    if (!sent) co_return sent;
    piece = co_await body.reader->next();
  }
  if (!piece) co_return std::unexpected(piece.error());
  co_return Status{};
}

Task<Status> ResponseWriter::send_all(Bytes bytes, Ending ending) {
  while (!bytes.empty()) {
    if (watch_.time_is_up()) co_return fail(Errc::timed_out, "a reader that stalls");
    const auto more = ending == Ending::more_follows ? Ring::More::yes : Ring::More::no;
    SizeOperation send = bytes.size() <= kSingleSendBytesMax ? core_.ring().send(fd_, bytes, more)
                                                             : core_.ring().send_some(fd_, bytes);
    watch_.watch(&send);
    Result<std::size_t> sent = co_await send;
    watch_.watch(nullptr);
    if (!sent) co_return std::unexpected(sent.error());
    watch_.progress(*sent);
    sent_bytes_ += *sent;
    bytes = bytes.subspan(*sent);
  }
  co_return Status{};
}

}  // namespace mooring
