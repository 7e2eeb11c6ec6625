// Paths and names with places to fill in.
#include "load/text_template.h"

#include <gtest/gtest.h>

namespace mooring {
namespace {

std::optional<std::string> rendered(std::string_view text, const TemplateValues& values) {
  const auto parsed = TextTemplate::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  std::string out;
  if (!parsed || !parsed->render(out, values)) return std::nullopt;
  return out;
}

TEST(TextTemplate, FillsItsPlaces) {
  const std::vector<std::string> ids = {"a", "b", "c"};
  const Result<JsonValue> json = parse_json(R"({"data":{"url":"http://h:1/x/y?z=1"},"n":1})");
  TemplateValues values;
  values.number = 1000;
  values.run = "00ff";
  values.ids = ids;
  values.path = "/own";
  values.location = "http://h/where";
  values.stored = "/stored";
  values.json = &*json;
  EXPECT_EQ(rendered("/plain", values), "/plain");
  EXPECT_EQ(rendered("/up/{n%256}/{run}-{n}", values), "/up/232/00ff-1000");
  EXPECT_EQ(rendered("/x/{id}/y", values), "/x/b/y");
  EXPECT_EQ(rendered("{path}{location}{stored}", values), "/own/where/stored");
  EXPECT_EQ(rendered("{json:data.url}", values), "/x/y?z=1");
}

TEST(TextTemplate, SaysWhatIsMissing) {
  const Result<JsonValue> json = parse_json(R"({"a":1})");
  TemplateValues values;
  values.json = &*json;
  for (const char* text : {"{id}", "{location}", "{stored}", "{json:a}", "{json:b}", "{json:a.b}"})
    EXPECT_EQ(rendered(text, values), std::nullopt) << text;
}

TEST(TextTemplate, RefusesWhatCannotBeFilledIn) {
  for (const char* bad : {"/{", "/{}", "/{x}", "/{n%}", "/{n%0}", "/{n%x}", "/{json:}"})
    EXPECT_FALSE(TextTemplate::parse(bad)) << bad;
}

TEST(TextTemplate, KnowsWhatItNeeds) {
  EXPECT_TRUE(TextTemplate::parse("{stored}")->needs_stored());
  EXPECT_TRUE(TextTemplate::parse("/x/{id}")->needs_ids());
  EXPECT_TRUE(TextTemplate::parse("{json:a}")->needs_json());
  EXPECT_TRUE(TextTemplate::parse("{path}")->needs_answer());
  EXPECT_FALSE(TextTemplate::parse("/{n}")->needs_answer());
}

TEST(PathOfUrl, IsWhatAServerIsAskedFor) {
  EXPECT_EQ(path_of_url("/x"), "/x");
  EXPECT_EQ(path_of_url("http://h:1/x/y"), "/x/y");
  EXPECT_EQ(path_of_url("https://h"), "/");
  EXPECT_EQ(path_of_url("/x?u=http://h/y"), "/x?u=http://h/y");
}

}  // namespace
}  // namespace mooring
