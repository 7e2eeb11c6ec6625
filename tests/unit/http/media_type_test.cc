#include "mooring/http/media_type.h"

#include <gtest/gtest.h>

namespace mooring {
namespace {

TEST(MediaType, ReadsEssenceAndParameters) {
  const auto type = parse_media_type(" Text/HTML ; Charset=\"UTF-8\" ;; q=\"a\\\"b;c\"; ");
  ASSERT_TRUE(type);
  EXPECT_EQ(type->essence, "text/html");
  ASSERT_EQ(type->parameters.size(), 2u);
  EXPECT_EQ(type->parameter("charset"), "UTF-8");
  EXPECT_EQ(type->parameter("q"), "a\"b;c");
  EXPECT_FALSE(type->parameter("absent"));
  EXPECT_EQ(parse_media_type("image/svg+xml")->essence, "image/svg+xml");
}

TEST(MediaType, RefusesEverythingElse) {
  for (const char* text : {"", "text", "/", "text/", "/html", "te xt/html", "text/html; a",
                           "text/html; a=", "text/html; =b", "text/html; a=\"b", "text/html a=b",
                           "text/html/x", "text/html; a=b c", "text/html, text/plain"})
    EXPECT_EQ(parse_media_type(text).error().code, Errc::invalid) << text;
}

TEST(Sniff, KnowsTheMagicNumbers) {
  using std::string_view_literals::operator""sv;
  struct {
    std::string_view bytes;
    SniffedType type;
    std::string_view mime;
  } const rows[] = {{"\xff\xd8\xff\xe0"sv, SniffedType::jpeg, "image/jpeg"},
                    {"\x89PNG\r\n\x1a\n\0"sv, SniffedType::png, "image/png"},
                    {"RIFF\1\2\3\4WEBPVP8 "sv, SniffedType::webp, "image/webp"},
                    {"GIF89a"sv, SniffedType::gif, "image/gif"},
                    {"GIF87a"sv, SniffedType::gif, "image/gif"},
                    {"BM\x36\0\0\0\0\0\0\0\x36\0"sv, SniffedType::bmp, "image/bmp"},
                    {"%PDF-1.7"sv, SniffedType::pdf, "application/pdf"},
                    {"RIFF\1\2\3\4WAVE"sv, SniffedType::unknown, "application/octet-stream"},
                    {"BMW cars are fast"sv, SniffedType::unknown, "application/octet-stream"},
                    {"<html>"sv, SniffedType::unknown, "application/octet-stream"},
                    {""sv, SniffedType::unknown, "application/octet-stream"}};
  for (const auto& row : rows) {
    EXPECT_EQ(sniff(as_bytes(row.bytes)), row.type) << row.mime;
    EXPECT_EQ(mime_of(row.type), row.mime);
  }
  EXPECT_EQ(sniff(as_bytes("\x89PNG\r\n\x1a")), SniffedType::unknown) << "seven of eight bytes";
}

}  // namespace
}  // namespace mooring
