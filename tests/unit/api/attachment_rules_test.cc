// Small rules of the attachments family: values as Ruby prints them, lower case, kinds of media.
#include <gtest/gtest.h>

#include "mooring/api/attachments/media_kind.h"
#include "mooring/api/attachments/pocket_body.h"
#include "mooring/api/attachments/ruby_inspect.h"

namespace mooring {
namespace {

std::string inspected(std::string_view json) {
  return ruby_inspect(parse_json(json).value());
}

TEST(RubyInspect, ScalarsAndWhatHoldsThem) {
  EXPECT_EQ(inspected("null"), "nil");
  EXPECT_EQ(inspected("false"), "false");
  EXPECT_EQ(inspected("-7"), "-7");
  EXPECT_EQ(inspected("[]"), "[]");
  EXPECT_EQ(inspected("[1, [null]]"), "[1, [nil]]");
  EXPECT_EQ(inspected("{}"), "{}");
  EXPECT_EQ(inspected(R"({"a":1,"b c":{"d":true}})"), R"({"a"=>1, "b c"=>{"d"=>true}})");
}

TEST(RubyInspect, NumbersHaveTheirShortestForm) {
  EXPECT_EQ(inspected("1.0"), "1.0");
  EXPECT_EQ(inspected("1e0"), "1.0");
  EXPECT_EQ(inspected("0.1"), "0.1");
  EXPECT_EQ(inspected("-2.50"), "-2.5");
  EXPECT_EQ(inspected("1e15"), "1000000000000000.0");
  EXPECT_EQ(inspected("1e16"), "1.0e+16");
  EXPECT_EQ(inspected("1.5e-5"), "1.5e-05");
  EXPECT_EQ(inspected("0.0001"), "0.0001");
  EXPECT_EQ(inspected("0.0"), "0.0");
}

TEST(RubyInspect, StringsAreEscapedAsLiterals) {
  EXPECT_EQ(inspected(R"("a\"b\\c")"), R"("a\"b\\c")");
  EXPECT_EQ(inspected(R"("\n\t\r\b\f")"), R"("\n\t\r\b\f")");
  EXPECT_EQ(inspected(R"("\u0000\u0001\u0007\u000b\u001b\u007f")"), R"("\u0000\u0001\a\v\e\x7F")");
  EXPECT_EQ(inspected(R"("#{a} #$b #@c # #")"), R"("\#{a} \#$b \#@c # #")");
  EXPECT_EQ(inspected(R"("ä語")"), R"("ä語")");
}

TEST(LowerCase, OfTheLettersOfEurope) {
  EXPECT_EQ(lower_case("Sample"), "sample");
  EXPECT_EQ(lower_case("ÄÖÅ ÉÞ×ß"), "äöå éþ×ß");
  EXPECT_EQ(lower_case("ŠŽŹĹĆŁŸ"), "šžźĺćłÿ");
  EXPECT_EQ(lower_case("ΑΩΫ ЖЯЁ"), "αωϋ жяё");
  EXPECT_EQ(lower_case("語😀1"), "語😀1");
}

MediaKind kind(SniffedType sniffed, std::string_view filename,
               const std::optional<std::string>& declared = {}) {
  return media_kind_of(sniffed, filename, declared);
}

TEST(MediaKind, TheBytesComeFirst) {
  EXPECT_EQ(kind(SniffedType::png, "a.mp3", "text/html"),
            (MediaKind{PocketMedia::image, "image/png"}));
  EXPECT_EQ(kind(SniffedType::pdf, "a"), (MediaKind{PocketMedia::document, "application/pdf"}));
}

TEST(MediaKind, ThenTheExtension) {
  EXPECT_EQ(kind(SniffedType::unknown, "test_filename.jpg").media, PocketMedia::image);
  EXPECT_EQ(kind(SniffedType::unknown, "a.b.MOV", "text/plain"),
            (MediaKind{PocketMedia::video, "video/quicktime"}));
  EXPECT_EQ(kind(SniffedType::unknown, "a.mxf").media, PocketMedia::video);
  EXPECT_EQ(kind(SniffedType::unknown, "a.wav").media, PocketMedia::audio);
  EXPECT_EQ(kind(SniffedType::unknown, "a.docx").media, PocketMedia::document);
}

TEST(MediaKind, ThenWhatWasDeclared) {
  EXPECT_EQ(kind(SniffedType::unknown, "a.xyz", "Video/X-Own; a=b"),
            (MediaKind{PocketMedia::video, "video/x-own"}));
  EXPECT_EQ(kind(SniffedType::unknown, "jpg", "no type"), MediaKind{});
  EXPECT_EQ(kind(SniffedType::unknown, "", "application/x-www-form-urlencoded"), MediaKind{});
  EXPECT_EQ(kind(SniffedType::unknown, "a."), MediaKind{});
}

TEST(MediaKind, WhatHasNoNameGetsOne) {
  EXPECT_EQ(content_filename("a b.png", SniffedType::jpeg), "a b.png");
  EXPECT_EQ(content_filename("", SniffedType::jpeg), "attachment.jpeg");
  EXPECT_EQ(content_filename("", SniffedType::unknown), "attachment");
}

}  // namespace
}  // namespace mooring
