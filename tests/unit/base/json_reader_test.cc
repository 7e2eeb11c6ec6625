// The JSON reader: what it gives, and what it refuses (rules R1 to R5 of its header).
#include "mooring/base/json_reader.h"

#include <gtest/gtest.h>

namespace mooring {
namespace {

JsonValue parsed(std::string_view text) {
  Result<JsonValue> value = parse_json(text);
  EXPECT_TRUE(value.has_value()) << text;
  return value.value_or(JsonValue());
}

void expect_refused(std::string_view text) {
  const Result<JsonValue> value = parse_json(text);
  ASSERT_FALSE(value.has_value()) << text;
  EXPECT_EQ(value.error().code, Errc::invalid) << text;
}

std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

TEST(JsonReader, GivesEveryKind) {
  const JsonValue value = parsed(R"( {"null":null,"yes":true,"no":false,"int":-12,"num":1.50,)"
                                 R"("text":"a\u00e4\n","list":[1,[],{}]} )");
  ASSERT_EQ(value.kind(), JsonKind::object);
  ASSERT_EQ(value.members().size(), 7u);
  EXPECT_EQ(value.find("null")->kind(), JsonKind::null);
  EXPECT_TRUE(value.find("yes")->as_boolean());
  EXPECT_FALSE(value.find("no")->as_boolean());
  EXPECT_EQ(value.find("int")->as_integer(), -12);
  EXPECT_EQ(value.find("num")->as_number(), 1.5);
  EXPECT_EQ(value.find("text")->as_string(), "a\xC3\xA4\n");
  ASSERT_EQ(value.find("list")->items().size(), 3u);
  EXPECT_EQ(value.find("list")->items()[1].kind(), JsonKind::array);
  EXPECT_EQ(value.find("list")->items()[2].kind(), JsonKind::object);
  EXPECT_EQ(value.find("absent"), nullptr);
  EXPECT_EQ(value.find_string("int"), nullptr);
  EXPECT_EQ(*value.find_string("text"), "a\xC3\xA4\n");
}

TEST(JsonReader, KeepsTheOrderOfMembers) {
  const JsonValue value = parsed(R"({"b":1,"a":2,"c":3})");
  EXPECT_EQ(value.members()[0].key, "b");
  EXPECT_EQ(value.members()[1].key, "a");
  EXPECT_EQ(value.members()[2].key, "c");
}

TEST(JsonReader, KeepsNumbersAsWritten) {
  const JsonValue value = parsed("[1, 1.0 ,1e0, -0 ,1.50e+2\n]");
  const std::string_view written[] = {"1", "1.0", "1e0", "-0", "1.50e+2"};
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(value.items()[i].as_written(), written[i]);
  EXPECT_EQ(value.items()[0].kind(), JsonKind::integer);
  EXPECT_EQ(value.items()[1].kind(), JsonKind::number);
  EXPECT_EQ(value.items()[2].kind(), JsonKind::number);
  EXPECT_EQ(value.items()[0].as_number(), 1.0);
}

TEST(JsonReader, TakesAScalarAlone) {
  EXPECT_EQ(parsed(" 42 ").as_integer(), 42);
  EXPECT_EQ(parsed("42").as_written(), "42");
  EXPECT_EQ(parsed("-1.5").as_number(), -1.5);
  EXPECT_EQ(parsed("\"x\"").as_string(), "x");
  EXPECT_TRUE(parsed("true").as_boolean());
  EXPECT_EQ(parsed("null").kind(), JsonKind::null);
  EXPECT_EQ(parsed("[]").items().size(), 0u);
  EXPECT_EQ(parsed("{}").members().size(), 0u);
}

TEST(JsonReader, OutlivesItsText) {
  JsonValue value;
  {
    std::string text = R"({"key":"a string longer than any small-string buffer there is"})";
    value = parsed(text);
    text.assign(text.size(), 'x');
  }
  const JsonValue copy = value;
  EXPECT_EQ(*copy.find_string("key"), "a string longer than any small-string buffer there is");
}

TEST(JsonReader, R1RefusesWhatIsNotExactlyOneValue) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[",
                           "]",
                           "}",
                           "{}x",
                           "{} {}",
                           "[1 2]",
                           "[1,]",
                           "[,1]",
                           "{\"a\":1,}",
                           "{\"a\" 1}",
                           "{\"a\":}",
                           "{a:1}",
                           "{'a':1}",
                           "{\"a\":1 \"b\":2}",
                           "nul",
                           "nulll",
                           "tru",
                           "truex",
                           "1 2",
                           "1x",
                           "01",
                           "1.",
                           ".1",
                           "+1",
                           "-",
                           "1e",
                           "NaN",
                           "Infinity",
                           "\"a",
                           "\"a\nb\"",
                           "\"\\x41\"",
                           "// c\n1",
                           "/**/1",
                           "[1]]",
                           "{\"a\":[}]",
                           "\"a\" \"b\"",
                           "[\"a\"",
                           "{\"a\":1",
                           "\xEF\xBB\xBF{}",
                           "[1,2,3}",
                           "{\"a\":1]",
                           "[true1]",
                           "[nullx]",
                           "{1:2}",
                           "[1,,2]",
                           "{,}",
                           "{\"a\"}",
                           ":",
                           ","})
    expect_refused(text);
  expect_refused(std::string_view("{}\0", 3));
  expect_refused(std::string_view("\"a\0b\"", 5));
}

TEST(JsonReader, R2RefusesInvalidUtf8AndLoneSurrogates) {
  for (const char* text :
       {"\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe4\"",
        R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")", "{\"\xff\":1}"})
    expect_refused(text);
  EXPECT_EQ(parsed(R"("\ud83d\ude00")").as_string(), "\xF0\x9F\x98\x80");
  EXPECT_EQ(parsed(R"("a\u0000b")").as_string(), std::string("a\0b", 3));
}

TEST(JsonReader, R3RefusesAKeyTwiceInOneObject) {
  expect_refused(R"({"a":1,"a":1})");
  expect_refused(R"({"a":1,"\u0061":2})");
  expect_refused(R"([{"x":{"b":1,"c":2,"b":3}}])");
  EXPECT_EQ(parsed(R"({"a":{"a":1},"A":2})").members().size(), 2u);
}

TEST(JsonReader, R4BoundsDepthAndNumberOfValues) {
  const auto nested = [](std::size_t depth) { return repeated("[", depth) + repeated("]", depth); };
  parsed(nested(kJsonDepthMax));
  expect_refused(nested(kJsonDepthMax + 1));
  expect_refused(nested(10'000));
  expect_refused(repeated("{\"a\":", 100'000));
  // The array itself is a value too.
  EXPECT_EQ(parsed("[" + repeated("0,", kJsonValuesMax - 2) + "0]").items().size(),
            kJsonValuesMax - 1);
  expect_refused("[" + repeated("0,", kJsonValuesMax - 1) + "0]");
}

TEST(JsonReader, R5RefusesNumbersOutOfRange) {
  EXPECT_EQ(parsed("9223372036854775807").as_integer(), INT64_MAX);
  EXPECT_EQ(parsed("[-9223372036854775808]").items()[0].as_integer(), INT64_MIN);
  for (const char* text :
       {"9223372036854775808", "[9223372036854775808]", "-9223372036854775809",
        "18446744073709551616", "1e400", "[-1e400]", "123456789012345678901234567890"})
    expect_refused(text);
}

TEST(JsonReader, TakesOneMiBAndNoMore) {
  const std::string text = "\"" + std::string(kJsonBytesMax - 2, 'x') + "\"";
  EXPECT_EQ(parsed(text).as_string().size(), kJsonBytesMax - 2);
  EXPECT_EQ(parse_json(text + " ").error().code, Errc::too_large);
}

TEST(JsonReader, StaysUsableAfterARefusal) {
  expect_refused("[1,");
  EXPECT_EQ(parsed("[1]").items().size(), 1u);
}

}  // namespace
}  // namespace mooring
