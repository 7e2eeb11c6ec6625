#include "mooring/api/download.h"

#include <fmt/format.h>

#include "mooring/blob/store.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/reader.h"
#include "mooring/http/conditional.h"
#include "mooring/http/content_disposition.h"
#include "mooring/http/date.h"
#include "mooring/http/range.h"

namespace mooring {

namespace {

// ETag, Last-Modified, Cache-Control, Content-Range and those that add_content_fields adds.
constexpr std::size_t kFieldsOfADownload = 10;

// What a browser may show in place: raster images and PDF (rule X10). Everything else is a
// download.
bool may_be_shown(std::string_view media_type) {
  for (const std::string_view safe :
       {"image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp", "application/pdf"})
    if (media_type == safe) return true;
  return false;
}

void add_validators(Response& response, const DownloadSource& source, const std::string& etag) {
  const auto modified = format_http_date(source.modified_ms / 1000);
  response.add("ETag", fmt::format("\"{}\"", etag));
  response.add("Last-Modified", std::string(modified.data(), modified.size()));
  if (!source.cache_control.empty())
    response.add("Cache-Control", std::string(source.cache_control));
}

void add_content_fields(Response& response, const DownloadSource& source) {
  const bool is_shown =
      source.presentation == Presentation::by_type && may_be_shown(source.media_type);
  const auto disposition = is_shown ? DispositionType::inline_ : DispositionType::attachment;
  response.add("Content-Type", std::string(source.media_type));
  response.add("Content-Disposition", format_content_disposition(disposition, source.filename));
  response.add("Accept-Ranges", "bytes");
  response.add("X-Content-Type-Options", "nosniff");
  response.add("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'");
  response.add("Cross-Origin-Resource-Policy",
               source.embedded_by == EmbeddedBy::any_site ? "cross-origin" : "same-origin");
}

Response without_content(int status, const DownloadSource& source, const std::string& etag) {
  Response response = empty_response(status);
  add_validators(response, source, etag);
  return response;
}

// Opens the blob at `record`, or where it has moved since that was read. Under the guard, so that
// it moves no more. If it is where its record says and still not there, its bytes are lost, and
// that is not "no such thing" (vow V7).
Task<Status> open_where_it_lies(CoreServices& services, const BlobId& id, const BlobRecord& record,
                                std::optional<BlobRange> wanted, BlobBody& body) {
  Status opened = co_await body.reader->open();
  if (opened || opened.error().code != Errc::not_found) co_return opened;
  Result<std::optional<BlobRecord>> now =
      co_await services.reader.read([id](const View& view) { return find_blob(view, id); });
  if (!now) co_return std::unexpected(now.error());
  if (!*now) co_return opened;
  if ((*now)->location == record.location) {
    services.blobs.note_damage(id, "its file is missing");
    co_return fail(Errc::corrupt, "a blob whose file is missing");
  }
  co_await body.reader->close();
  // Only what lies in segments moves, and reading from a segment takes no permits.
  body.reader = std::make_unique<BlobReader>(services.blobs, id, **now, Permits(), wanted);
  body.reader->keep_in_cache();
  opened = co_await body.reader->open();
  co_return opened;
}

// The part of `size_bytes` that is wanted.
void set_part(BlobBody& body, std::uint64_t size_bytes, const RangeDecision& range) {
  const bool is_part = range.kind == RangeKind::satisfiable;
  body.first_byte = is_part ? range.first : 0;
  body.size_bytes = is_part ? range.size_bytes() : size_bytes;
}

BlobBody cached_body(CachedContent content, const RangeDecision& range) {
  BlobBody body;
  set_part(body, content->size_bytes(), range);
  if (const Bytes memory = content->memory(); !memory.empty()) {
    body.first_piece = memory.subspan(body.first_byte, body.size_bytes);
  } else {
    FileStretch stretch = content->stretch();
    stretch.first_byte += body.first_byte;
    stretch.size_bytes = body.size_bytes;
    body.first_stretch = stretch;
  }
  body.cached = std::move(content);
  return body;
}

// The guard is held until the file is open: from then on what happens to its name does not matter.
Task<Result<BlobBody>> open_body(CoreServices& services, const BlobId& id, const BlobRecord& record,
                                 const RangeDecision& range) {
  BlobBody body;
  set_part(body, record.size_bytes, range);
  std::optional<BlobRange> wanted;
  if (range.kind == RangeKind::satisfiable) wanted = BlobRange{body.first_byte, body.size_bytes};
  const std::size_t count = BlobReader::permits_for(record);
  Semaphore& chunk_permits = services.core.chunk_permits();
  co_await chunk_permits.acquire(count);
  Permits permits(chunk_permits, count);
  body.reader =
      std::make_unique<BlobReader>(services.blobs, id, record, std::move(permits), wanted);
  body.reader->keep_in_cache();
  HashGuard guard =
      co_await services.blobs.store().guards().lock(services.core, id.hash, GuardMode::shared);
  Status opened = co_await open_where_it_lies(services, id, record, wanted, body);
  guard.reset();
  Result<Bytes> first = Bytes();
  if (opened)
    first = co_await body.reader->next();
  else
    first = std::unexpected(opened.error());
  if (!first) {
    co_await body.reader->close();
    co_return std::unexpected(first.error());
  }
  body.first_piece = *first;
  body.first_stretch = body.reader->place_in_cache();
  co_return body;
}

}  // namespace

Task<Result<Response>> serve_content(Exchange& exchange, DownloadSource source) {
  // Who asks has read a record that refers to the content, so it is not collected: what the cache
  // holds of it needs no record of its own.
  CachedContent cached = exchange.services.blobs.store().cache().find(source.blob);
  BlobRecord blob;
  if (cached) {
    blob.size_bytes = cached->size_bytes();
  } else {
    Result<std::optional<BlobRecord>> record = co_await exchange.services.reader.read(
        [id = source.blob](const View& view) { return find_blob(view, id); });
    if (!record) co_return std::unexpected(record.error());
    if (!*record) co_return fail(Errc::not_found, "a blob without a record");
    blob = **record;
  }

  const std::string etag = to_string(source.blob);
  const Validators validators{etag, source.modified_ms / 1000};
  const ConditionalOutcome outcome = evaluate_conditions(exchange.head, &validators);
  if (outcome.precondition == Precondition::not_modified)
    co_return without_content(304, source, etag);
  if (outcome.precondition == Precondition::precondition_failed)
    co_return fail(Errc::precondition_failed, "If-Match or If-Unmodified-Since");
  const RangeDecision range = decide_range(outcome.range, blob.size_bytes);
  if (range.kind == RangeKind::unsatisfiable) {
    Response response = empty_response(416);
    response.add("Content-Range", content_range_unsatisfied(blob.size_bytes));
    co_return response;
  }

  Response response;
  response.fields.reserve(kFieldsOfADownload);
  if (range.kind == RangeKind::satisfiable) {
    response.status = 206;
    response.add("Content-Range", content_range(range, blob.size_bytes));
  }
  add_validators(response, source, etag);
  add_content_fields(response, source);
  if (exchange.head.method == Method::head) {
    response.head_only_bytes = blob.size_bytes;
    co_return response;
  }
  if (cached) {
    response.blob = cached_body(std::move(cached), range);
    co_return response;
  }
  Result<BlobBody> body = co_await open_body(exchange.services, source.blob, blob, range);
  if (!body) co_return std::unexpected(body.error());
  response.blob = std::move(*body);
  co_return response;
}

}  // namespace mooring
