#include "mooring/http/content_disposition.h"

#include <gtest/gtest.h>

#include "mooring/base/utf8.h"

namespace mooring {
namespace {

ContentDisposition parse(std::string_view value,
                         DispositionDialect dialect = DispositionDialect::form_data) {
  const auto parsed = parse_content_disposition(value, dialect);
  EXPECT_TRUE(parsed) << value;
  return parsed.value_or(ContentDisposition{});
}

TEST(ContentDisposition, ReadsBothDialects) {
  EXPECT_EQ(parse("Form-Data; name=\"a%22b\"").name, "a\"b");
  EXPECT_EQ(parse("form-data; name=\"a\\\"b\\\\c\"").name, "a\"b\\c");
  EXPECT_EQ(parse("form-data; name=\"a\\bc\"").name, "a\\bc");
  EXPECT_EQ(parse("form-data; name=\"a%41%2e\"").name, "a%41%2e");
  EXPECT_EQ(parse("attachment; name=\"a\\bc%22\"", DispositionDialect::header).name, "abc%22");
  EXPECT_EQ(parse("Form-Data; name=x").type, "form-data");
}

TEST(ContentDisposition, ExtendedFilenameWins) {
  EXPECT_EQ(parse("form-data; name=f; filename*=utf-8'en'%E2%82%AC%20x; filename=y").filename,
            "\xe2\x82\xac x");
  EXPECT_EQ(parse("form-data; name=f; filename*=iso-8859-1''caf%E9").filename, "caf\xc3\xa9");
  EXPECT_EQ(parse("form-data; name=f; filename*=UTF-8''..%2Fa%0D%0Ab").filename, "ab");
  for (const char* value : {"UTF-8'x", "UTF-16''x", "UTF-8''%", "UTF-8''%ff", "UTF-8''%00"})
    EXPECT_FALSE(parse_content_disposition("form-data; name=f; filename*=" + std::string(value),
                                           DispositionDialect::form_data))
        << value;
}

TEST(ContentDisposition, RefusesBadGrammar) {
  for (const char* value :
       {"", ";name=a", "form-data name=a", "form-data; name",
        "form-data; name=", "form-data; name=\"a", "form-data; name=a b", "form-data; name=\"a\"b",
        "form-data; =a", "form-data; filename=a; FILENAME=b", "form data; name=a"})
    EXPECT_FALSE(parse_content_disposition(value, DispositionDialect::form_data)) << value;
}

TEST(Filename, IsMadeSafe) {
  struct {
    std::string text, safe;
  } const rows[] = {{"a.png", "a.png"},
                    {"/etc/passwd", "passwd"},
                    {"C:\\dir\\a.png", "a.png"},
                    {"a/", ""},
                    {"..", ""},
                    {"...", ""},
                    {"a\r\n\tb\x7f", "ab"},
                    {"a\xe2\x80\xaeg\xe2\x80\x8b.exe", "ag.exe"},
                    {"\xef\xbb\xbf"
                     "a\xc2\x85z",
                     "az"},
                    {"\xf0\x9f\x9a\xa2.png", "\xf0\x9f\x9a\xa2.png"},
                    {"", ""}};
  for (const auto& row : rows) EXPECT_EQ(sanitise_filename(row.text), row.safe) << row.text;
}

TEST(Filename, IsCutOnACharacter) {
  const auto name = sanitise_filename(std::string(254, 'a') + "\xe2\x82\xac");
  ASSERT_TRUE(name);
  EXPECT_EQ(*name, std::string(254, 'a'));
  EXPECT_EQ(sanitise_filename(std::string(255, 'a'))->size(), 255u);
}

TEST(Filename, MustBeText) {
  for (const std::string& text : {std::string("a\0b", 3), std::string("\xff"),
                                  std::string("\xc0\xae"), std::string("\xed\xa0\x80")})
    EXPECT_EQ(sanitise_filename(text).error().code, Errc::invalid);
}

TEST(ContentDisposition, WritesAFallbackAndTheTrueName) {
  EXPECT_EQ(format_content_disposition(DispositionType::attachment, "plain 1.png"),
            "attachment; filename=\"plain 1.png\"");
  EXPECT_EQ(format_content_disposition(DispositionType::inline_, "\xe2\x82\xac\"x.png"),
            "inline; filename=\"__x.png\"; filename*=UTF-8''%E2%82%AC%22x.png");
  EXPECT_EQ(format_content_disposition(DispositionType::attachment, ""), "attachment");
}

TEST(ContentDisposition, WhatIsWrittenIsReadBack) {
  for (const char* text :
       {"a.png", "a b.png", "a\"b;c=d.png", "x%22%0D.png", "\xf0\x9f\x9a\xa2'*.png"}) {
    const std::string value = format_content_disposition(DispositionType::attachment, text);
    EXPECT_EQ(parse(value, DispositionDialect::header).filename, text) << value;
  }
}

}  // namespace
}  // namespace mooring
