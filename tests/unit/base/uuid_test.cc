#include "mooring/base/uuid.h"

#include <gtest/gtest.h>

namespace mooring {
namespace {

TEST(Uuid, PrintsWhatItParsed) {
  const auto id = parse_uuid("833CB09D-6c34-4590-be5f-a62fab9f41a2");
  ASSERT_TRUE(id);
  EXPECT_EQ(to_string(*id), "833cb09d-6c34-4590-be5f-a62fab9f41a2");
}

TEST(Uuid, RefusesEverythingElse) {
  for (const char* text :
       {"", "833cb09d6c344590be5fa62fab9f41a2", "833cb09d-6c34-4590-be5f-a62fab9f41a",
        "833cb09d-6c34-4590-be5f-a62fab9f41a2 ", "g33cb09d-6c34-4590-be5f-a62fab9f41a2",
        "833cb09d06c34-4590-be5f-a62fab9f41a2", "{33cb09d-6c34-4590-be5f-a62fab9f41a2"})
    EXPECT_FALSE(parse_uuid(text)) << text;
}

TEST(Uuid, NewOnesAreVersionFourAndDiffer) {
  const Uuid a = new_uuid();
  const Uuid b = new_uuid();
  EXPECT_NE(a, b);
  EXPECT_EQ(to_string(a)[14], '4');
  EXPECT_NE(std::string("89ab").find(to_string(a)[19]), std::string::npos);
}

}  // namespace
}  // namespace mooring
