#include "load/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "mooring/base/check.h"

namespace mooring {

namespace {

constexpr std::string_view kBoundary = "----mooring-load-7d1f0c5ab2934e68";
constexpr std::string_view kCrlf = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";

void add_piece(WireCursor::Slice& slice, const void* data, std::size_t size_bytes) noexcept {
  if (size_bytes == 0) return;
  MOORING_CHECK(slice.count < slice.pieces.size(), "more pieces than a slice has");
  slice.pieces[slice.count++] = {const_cast<void*>(data), size_bytes};
  slice.size_bytes += size_bytes;
}

}  // namespace

RequestBuilder::RequestBuilder(const LoadOperation& operation, std::string_view host,
                               ConnectionUse use)
    : operation_(operation), lines_(fmt::format("Host: {}\r\n", host)) {
  for (const auto& [name, value] : operation.headers)
    lines_ += fmt::format("{}: {}\r\n", name, value);
  if (use == ConnectionUse::one_request) lines_ += "Connection: close\r\n";
  if (operation.body == BodyForm::raw)
    ending_ = fmt::format("Content-Type: {}\r\n", operation.content_type);
  if (operation.body != BodyForm::multipart) return;
  ending_ = fmt::format("Content-Type: multipart/form-data; boundary={}\r\n", kBoundary);
  for (const auto& [name, text] : operation.fields)
    fields_ += fmt::format("--{}\r\nContent-Disposition: form-data; name=\"{}\"\r\n\r\n{}\r\n",
                           kBoundary, name, text);
  fields_ += fmt::format("--{}\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"",
                         kBoundary, operation.field);
  closing_ = fmt::format("\r\n--{}--\r\n", kBoundary);
}

void RequestBuilder::begin(OutgoingRequest& out, std::string_view method,
                           std::string_view path) const {
  out.head.clear();
  out.head.append(method).append(" ").append(path).append(" HTTP/1.1\r\n").append(lines_);
  out.before.clear();
  out.after = {};
  out.body = BodyForm::none;
}

void RequestBuilder::build(OutgoingRequest& out, const TemplateValues& values,
                           const Content& content) const {
  begin(out, operation_.method, values.path);
  out.body = operation_.body;
  out.framing = operation_.framing;
  out.chunk_bytes = operation_.chunk_bytes;
  if (out.body == BodyForm::none) {
    out.head += kCrlf;
    return;
  }
  out.content = content;
  if (out.body == BodyForm::multipart) {
    out.before += fields_;
    if (!operation_.filename.render(out.before, values)) out.before += "file";
    out.before.append("\"\r\nContent-Type: ").append(operation_.content_type).append("\r\n\r\n");
    out.after = closing_;
  }
  out.head += ending_;
  if (out.framing == BodyFraming::chunked)
    out.head += "Transfer-Encoding: chunked\r\n\r\n";
  else
    fmt::format_to(std::back_inserter(out.head), "Content-Length: {}\r\n\r\n", out.entity_bytes());
}

void RequestBuilder::build_get(OutgoingRequest& out, std::string_view path,
                               const ResumeFrom& from) const {
  begin(out, "GET", path);
  if (from.offset_bytes > 0) {
    fmt::format_to(std::back_inserter(out.head), "Range: bytes={}-\r\n", from.offset_bytes);
    if (!from.etag.empty()) out.head.append("If-Range: ").append(from.etag).append(kCrlf);
  }
  out.head += kCrlf;
}

WireCursor::Slice WireCursor::next(std::uint64_t size_bytes_max) noexcept {
  Slice slice;
  if (!head_sent_) add_piece(slice, request_.head.data(), request_.head.size());
  head_sent_ = true;
  if (request_.body == BodyForm::none) {
    done_ = true;
    return slice;
  }
  if (request_.framing == BodyFraming::length) {
    add_entity(slice, size_bytes_max);
    done_ = entity_at_ == entity_bytes_;
    return slice;
  }
  const std::uint64_t size =
      std::min({request_.chunk_bytes, size_bytes_max, entity_bytes_ - entity_at_});
  if (size > 0) {
    const auto line = fmt::format_to_n(chunk_line_.data(), chunk_line_.size(), "{:x}\r\n", size);
    add_piece(slice, chunk_line_.data(), line.size);
    add_entity(slice, size);
    add_piece(slice, kCrlf.data(), kCrlf.size());
  }
  done_ = entity_at_ == entity_bytes_;
  if (done_) add_piece(slice, kLastChunk.data(), kLastChunk.size());
  return slice;
}

void WireCursor::add_entity(Slice& slice, std::uint64_t size_bytes_max) noexcept {
  // What frames a chunk needs two pieces more.
  while (size_bytes_max > 0 && entity_at_ < entity_bytes_ && slice.count + 2 < kPiecesMax) {
    const Bytes piece = entity_piece();
    const std::size_t size = std::min<std::uint64_t>(piece.size(), size_bytes_max);
    add_piece(slice, piece.data(), size);
    entity_at_ += size;
    size_bytes_max -= size;
  }
}

Bytes WireCursor::entity_piece() const noexcept {
  std::uint64_t at = entity_at_;
  if (at < request_.before.size()) return as_bytes(request_.before).subspan(at);
  at -= request_.before.size();
  if (at < request_.content.size_bytes) return pattern_.at(request_.content, at);
  return as_bytes(request_.after).subspan(at - request_.content.size_bytes);
}

}  // namespace mooring
