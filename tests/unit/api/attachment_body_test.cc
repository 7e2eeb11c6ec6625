// Bodies of the attachments family: M2 to M8, and what is decided for the companions.
#include <gtest/gtest.h>

#include "mooring/api/attachments/pocket_body.h"

namespace mooring {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kForm = "application/x-www-form-urlencoded";
const BodyRefusal kMissingTitle{422, "Missing parameter title"};

JsonValue parameters(std::string_view text, std::string_view type = kJson) {
  auto body = parse_parameters(type, text);
  EXPECT_TRUE(body) << text;
  return body.value_or(JsonValue());
}

/// The title that was accepted, or the refusal as "<status> <text>".
std::string title_of(std::string_view text, std::string_view type = kJson) {
  const auto body = parse_parameters(type, text);
  if (!body) return std::to_string(body.error().status) + " " + body.error().text;
  const auto parsed = parse_attachment(*body);
  if (!parsed) return std::to_string(parsed.error().status) + " " + parsed.error().text;
  return parsed->title;
}

std::string titled(const std::string& title) {
  return R"({"title":")" + title + R"("})";
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(AttachmentBody, M2_TitlesAreCountedInCodePointsAndNotTrimmed) {
  const std::string too_long = "400 Title is too long (maximum is 255 characters)";
  for (const char* letter : {"X", "ä", "語", "😀"}) {
    EXPECT_EQ(title_of(titled(repeated(letter, 255))), repeated(letter, 255));
    EXPECT_EQ(title_of(titled(repeated(letter, 256))), too_long);
  }
  EXPECT_EQ(title_of(titled(" a ")), " a ");
  EXPECT_EQ(title_of(titled(" " + repeated("X", 255))), too_long);
}

TEST(AttachmentBody, M3_OtherTypesAreNamedAsRubyPrintsThem) {
  const auto refused = [](const std::string& value) {
    return "422 Invalid parameter 'title' value " + value + ": Must be a String";
  };
  EXPECT_EQ(title_of(R"({"title":null})"), refused("nil"));
  EXPECT_EQ(title_of(R"({"title":5})"), refused("5"));
  EXPECT_EQ(title_of(R"({"title":1.5})"), refused("1.5"));
  EXPECT_EQ(title_of(R"({"title":true})"), refused("true"));
  EXPECT_EQ(title_of(R"({"title":[1]})"), refused("[1]"));
  EXPECT_EQ(title_of(R"({"title":{"a":[null,"b"]}})"), refused(R"({"a"=>[nil, "b"]})"));
}

TEST(AttachmentBody, M4_ABlankTitleIsNone) {
  EXPECT_EQ(title_of(R"({"title":""})"),
            R"(422 Invalid parameter 'title' value "": Must be a String)");
  EXPECT_EQ(title_of(R"({"title":"   "})"),
            R"(422 Invalid parameter 'title' value "   ": Must be a String)");
  EXPECT_EQ(title_of(R"({"title":"\t\n"})"),
            R"(422 Invalid parameter 'title' value "\t\n": Must be a String)");
  EXPECT_TRUE(title_of("{\"title\":\"\u00A0\u3000\"}").starts_with("422 "));
}

TEST(AttachmentBody, M5_WithoutParametersTheTitleIsMissing) {
  for (const char* text : {"", " ", "{}", "[]", R"(["title"])", "5", "null", R"("title")"})
    EXPECT_EQ(title_of(text), "422 Missing parameter title") << text;
  EXPECT_EQ(title_of(titled("t"), "text/plain"), "422 Missing parameter title");
  EXPECT_FALSE(has_parameters("text/plain"));
  EXPECT_FALSE(has_parameters("multipart/form-data; boundary=b"));
  EXPECT_TRUE(has_parameters("Application/JSON; charset=utf-8"));
  EXPECT_TRUE(has_parameters({}));
}

TEST(AttachmentBody, M5_AFormIsRead) {
  EXPECT_EQ(title_of("title=a+b%C3%A4&x=1", kForm), "a b\u00e4");
  EXPECT_EQ(title_of("title=a&title=b", kForm), "b");
  EXPECT_EQ(title_of("title=5", kForm), "5");
  EXPECT_EQ(title_of("x=1", kForm), "422 Missing parameter title");
  EXPECT_EQ(title_of("title=", kForm),
            R"(422 Invalid parameter 'title' value "": Must be a String)");
  EXPECT_EQ(title_of("title=%zz", kForm), "400 Invalid form");
  EXPECT_EQ(title_of("title=%ff", kForm), "400 Invalid form");
  EXPECT_EQ(title_of(repeated("a=1&", 2'000), kForm), "400 Invalid form");
}

TEST(AttachmentBody, M6_MalformedJsonIsInvalid) {
  for (const char* text : {"{", R"({"title":})", R"({"title":"a"}x)", R"({"title":"a)", "title=a"})
    EXPECT_EQ(title_of(text), "400 Invalid JSON") << text;
}

TEST(AttachmentBody, M7_OnlyTheTitleIsTheClients) {
  const auto text = parse_attachment(parameters(
      R"({"title":"t","description":5,"category":"C","external_id":"e","owner":"x","id":1})"));
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, (PocketText{.title = "t"}));
}

TEST(AttachmentBody, M8_WhatIsNoTextIsRefused) {
  EXPECT_EQ(title_of(R"({"title":"a\u0000b"})"), "400 Title contains invalid characters");
  EXPECT_EQ(title_of("{\"title\":\"a\xff\"}"), "400 Invalid JSON");
  EXPECT_EQ(title_of(R"({"title":"\ud800"})"), "400 Invalid JSON");
}

TEST(AttachmentBody, M1_WhatIsMissingComesBeforeWhatIsTooLong) {
  const std::string long_text = repeated("X", 256);
  const auto asset = parse_new_pocket_asset(parameters(R"({"category":")" + long_text + R"("})"));
  ASSERT_FALSE(asset);
  EXPECT_EQ(asset.error(), kMissingTitle);
  const auto mixed =
      parse_new_pocket_asset(parameters(R"({"title":")" + long_text + R"(","tags":5})"));
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error(),
            (BodyRefusal{422, "Invalid parameter 'tags' value 5: Must be an array of String"}));
}

TEST(AttachmentBody, AnAssetSaysMore) {
  const auto asset = parse_new_pocket_asset(
      parameters(R"({"title":"t","description":"d","category":"Sample \u00c4","tags":["a","B"],)"
                 R"("external_id":"e","media_type":"article"})"));
  ASSERT_TRUE(asset);
  EXPECT_EQ(asset->text, (PocketText{"t", "d", "sample \u00e4", "e", {"a", "B"}}));
  EXPECT_EQ(asset->kind, PocketKind::article);
  const auto form = parse_new_pocket_asset(parameters("title=t&tags[]=a&tags[]=b", kForm));
  ASSERT_TRUE(form);
  EXPECT_EQ(form->text, (PocketText{.title = "t", .tags = {"a", "b"}}));
}

TEST(AttachmentBody, NullAndBlankAreNone) {
  const auto asset = parse_new_pocket_asset(
      parameters(R"({"title":"t","description":null,"category":null,"tags":null,"external_id":" ",)"
                 R"("media_type":null})"));
  ASSERT_TRUE(asset);
  EXPECT_EQ(asset->text, (PocketText{.title = "t"}));
  EXPECT_EQ(asset->kind, PocketKind::placeholder);
}

TEST(AttachmentBody, EachKeyHasItsTypeAndItsLength) {
  const auto refused = [](const std::string& member) {
    const auto asset = parse_new_pocket_asset(parameters(R"({"title":"t",)" + member + "}"));
    EXPECT_FALSE(asset) << member;
    return asset ? 0 : asset.error().status;
  };
  for (const char* member :
       {R"("description":1)", R"("category":[])", R"("external_id":5)", R"("tags":"a")",
        R"("tags":["a",1])", R"("media_type":"image")", R"("media_type":5)"})
    EXPECT_EQ(refused(member), 422) << member;
  const std::string long_text = repeated("X", 256);
  EXPECT_EQ(refused(R"("category":")" + long_text + "\""), 400);
  EXPECT_EQ(refused(R"("external_id":")" + long_text + "\""), 400);
  EXPECT_EQ(refused(R"("tags":[")" + long_text + "\"]"), 400);
  EXPECT_EQ(refused(R"("description":")" + repeated("X", 10'001) + "\""), 400);
  EXPECT_EQ(refused(R"("tags":[)" + repeated("\"a\",", 100) + "\"a\"]"), 400);
}

TEST(AttachmentBody, AChangeStatesWhatItChanges) {
  const auto nothing = parse_pocket_patch(parameters("{}"));
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(nothing->title || nothing->description || nothing->category ||
               nothing->external_id || nothing->tags);
  const auto patch = parse_pocket_patch(
      parameters(R"({"title":"t","description":null,"external_id":"","category":"C","tags":[]})"));
  ASSERT_TRUE(patch);
  EXPECT_EQ(patch->title, "t");
  ASSERT_TRUE(patch->description && patch->external_id && patch->category && patch->tags);
  EXPECT_EQ(*patch->description, std::nullopt);
  EXPECT_EQ(*patch->external_id, std::nullopt);
  EXPECT_EQ(*patch->category, "c");
  EXPECT_TRUE(patch->tags->empty());
  EXPECT_FALSE(parse_pocket_patch(parameters(R"({"title":""})")));
}

TEST(AttachmentBody, AProjectMayBePublic) {
  const auto is_public = [](std::string_view text) {
    const auto project = parse_new_pocket_project(parameters(text));
    return project ? std::optional(project->is_public) : std::nullopt;
  };
  EXPECT_EQ(is_public(R"({"title":"t"})"), false);
  EXPECT_EQ(is_public(R"({"title":"t","isPublic":true})"), true);
  EXPECT_EQ(is_public(R"({"title":"t","isPublic":"false"})"), false);
  EXPECT_EQ(is_public(R"({"title":"t","isPublic":5})"), std::nullopt);
  EXPECT_EQ(is_public(R"({"title":"t","isPublic":null})"), std::nullopt);
}

TEST(AttachmentBody, AMediaUrlIsHttp) {
  const auto answer = [](const std::string& text) {
    const auto url = parse_media_url(parameters(text));
    return url ? *url : std::to_string(url.error().status) + " " + url.error().text;
  };
  EXPECT_EQ(answer("{}"), "422 Missing parameter file_url");
  EXPECT_EQ(answer(R"({"file_url":"x"})"), "422 Missing parameter filename");
  for (const char* url : {"x", "ftp://h/a", "file:///etc/passwd", "http://", "https:///a",
                          "http:/h", "http://h/a b", "javascript:alert(1)", "http://h/\\u007f"})
    EXPECT_EQ(answer(R"({"filename":"a","file_url":")" + std::string(url) + "\"}"),
              "400 not a valid HTTP URL")
        << url;
  for (const char* url : {"http://h", "HTTPS://h:8/a?b#c", "http://[::1]/"})
    EXPECT_EQ(answer(R"({"filename":"a","file_url":")" + std::string(url) + "\"}"), url);
}

TEST(AttachmentBody, AKeyHasAName) {
  EXPECT_EQ(parse_key_name(parameters(R"({"name":"ci"})")), "ci");
  EXPECT_EQ(parse_key_name(parameters("{}")).error().text, "Missing parameter name");
}

}  // namespace
}  // namespace mooring
