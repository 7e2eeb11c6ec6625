// Requests as bytes: what a server would see of them.
#include "load/request.h"

#include <gtest/gtest.h>

#include <string>

namespace mooring {
namespace {

struct Sent {
  std::string bytes;
  std::size_t slices = 0;
};

Sent send(const OutgoingRequest& request, const ContentPattern& pattern, std::uint64_t slice_max) {
  Sent sent;
  WireCursor cursor(request, pattern);
  while (!cursor.done()) {
    const WireCursor::Slice slice = cursor.next(slice_max);
    std::size_t size = 0;
    for (std::size_t i = 0; i < slice.count; ++i) {
      sent.bytes.append(static_cast<const char*>(slice.pieces[i].iov_base),
                        slice.pieces[i].iov_len);
      size += slice.pieces[i].iov_len;
    }
    EXPECT_EQ(size, slice.size_bytes);
    ++sent.slices;
  }
  EXPECT_EQ(cursor.entity_sent(), request.entity_bytes());
  return sent;
}

std::string bytes_of(const ContentPattern& pattern, const Content& content) {
  std::string bytes;
  while (bytes.size() < content.size_bytes) bytes += as_text(pattern.at(content, bytes.size()));
  return bytes;
}

LoadOperation operation_of(BodyForm body, BodyFraming framing = BodyFraming::length) {
  LoadOperation operation;
  operation.method = "POST";
  operation.body = body;
  operation.framing = framing;
  operation.headers = {{"x-api-key", "secret"}};
  operation.filename = *TextTemplate::parse("f-{n}.bin");
  return operation;
}

TemplateValues values_of(std::string_view path) {
  TemplateValues values;
  values.number = 7;
  values.path = path;
  return values;
}

TEST(Request, WithoutABodyIsAHead) {
  LoadOperation operation = operation_of(BodyForm::none);
  operation.method = "GET";
  OutgoingRequest request;
  RequestBuilder(operation, "h:1", ConnectionUse::keep_alive).build(request, values_of("/x"), {});
  EXPECT_EQ(send(request, ContentPattern(1), 1_MiB).bytes,
            "GET /x HTTP/1.1\r\nHost: h:1\r\nx-api-key: secret\r\n\r\n");
}

TEST(Request, ARawBodyIsTheContentHoweverItIsSliced) {
  const LoadOperation operation = operation_of(BodyForm::raw);
  const ContentPattern pattern(1);
  const Content content = make_content("", 1, 2, 2'500'000);
  OutgoingRequest request;
  const RequestBuilder builder(operation, "h", ConnectionUse::one_request);
  builder.build(request, values_of("/x"), content);
  const std::string expected =
      "POST /x HTTP/1.1\r\nHost: h\r\nx-api-key: secret\r\nConnection: close\r\n"
      "Content-Type: application/octet-stream\r\nContent-Length: 2500000\r\n\r\n" +
      bytes_of(pattern, content);
  for (const std::uint64_t slice : {1_MiB, 100'000ul, 777'777ul, 8_MiB})
    EXPECT_EQ(send(request, pattern, slice).bytes, expected) << slice;
  EXPECT_EQ(send(request, pattern, 1_MiB).slices, 3u);
}

TEST(Request, AFormHasItsFieldsItsFileAndTheRightLength) {
  LoadOperation operation = operation_of(BodyForm::multipart);
  operation.fields = {{"name", "a name"}};
  operation.content_type = "image/jpeg";
  const ContentPattern pattern(1);
  const Content content = make_content("", 1, 2, 100);
  OutgoingRequest request;
  const RequestBuilder builder(operation, "h", ConnectionUse::keep_alive);
  builder.build(request, values_of("/x"), content);
  const std::string bytes = send(request, pattern, 1_MiB).bytes;
  const std::size_t body_at = bytes.find("\r\n\r\n") + 4;
  const std::string boundary =
      bytes.substr(bytes.find("boundary=") + 9,
                   bytes.find("\r\n", bytes.find("boundary=")) - bytes.find("boundary=") - 9);
  EXPECT_EQ(bytes.substr(body_at),
            "--" + boundary +
                "\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na name\r\n--" + boundary +
                "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f-7.bin\"\r\n"
                "Content-Type: image/jpeg\r\n\r\n" +
                bytes_of(pattern, content) + "\r\n--" + boundary + "--\r\n");
  EXPECT_NE(bytes.find("Content-Length: " + std::to_string(bytes.size() - body_at) + "\r\n"),
            std::string::npos);
}

std::string without_chunks(std::string_view body) {
  std::string content;
  while (true) {
    std::size_t line = body.find("\r\n");
    const std::size_t size = std::stoul(std::string(body.substr(0, line)), nullptr, 16);
    if (size == 0) {
      EXPECT_EQ(body, "0\r\n\r\n");
      return content;
    }
    content += body.substr(line + 2, size);
    EXPECT_EQ(body.substr(line + 2 + size, 2), "\r\n");
    body.remove_prefix(line + 4 + size);
  }
}

TEST(Request, AChunkedBodyIsTheSameContentInChunks) {
  LoadOperation operation = operation_of(BodyForm::raw, BodyFraming::chunked);
  const ContentPattern pattern(1);
  for (const std::uint64_t size : {0ul, 1ul, 65'536ul, 65'537ul, 2'500'000ul})
    for (const std::uint64_t chunk : {1_MiB, 64_KiB, 1'000'000ul}) {
      operation.chunk_bytes = chunk;
      const Content content = make_content("", 1, 2, size);
      OutgoingRequest request;
      const RequestBuilder builder(operation, "h", ConnectionUse::keep_alive);
      builder.build(request, values_of("/x"), content);
      const std::string bytes = send(request, pattern, 1_MiB).bytes;
      EXPECT_EQ(bytes.find("Content-Length"), std::string::npos);
      EXPECT_EQ(without_chunks(std::string_view(bytes).substr(bytes.find("\r\n\r\n") + 4)),
                bytes_of(pattern, content));
    }
}

TEST(Request, AResumedDownloadAsksForTheRestOfTheSame) {
  const LoadOperation operation = operation_of(BodyForm::none);
  OutgoingRequest request;
  const RequestBuilder builder(operation, "h", ConnectionUse::keep_alive);
  builder.build_get(request, "/x", {});
  EXPECT_EQ(request.head, "GET /x HTTP/1.1\r\nHost: h\r\nx-api-key: secret\r\n\r\n");
  builder.build_get(request, "/x", {1000, "\"e\""});
  EXPECT_EQ(request.head,
            "GET /x HTTP/1.1\r\nHost: h\r\nx-api-key: secret\r\nRange: bytes=1000-\r\n"
            "If-Range: \"e\"\r\n\r\n");
}

}  // namespace
}  // namespace mooring
