// The BLAZE envelope (contract 2.0, rule X1).
#include "mooring/api/partner/envelope.h"

#include <gtest/gtest.h>

#include <set>

#include "mooring/base/json_reader.h"
#include "mooring/http/response_head.h"
#include "unit/support/response_fields.h"

namespace mooring {
namespace {

TEST(PartnerEnvelope, TheBodiesOfTheContractAreByteForByte) {
  EXPECT_EQ(refuse_argument("file is required").text,
            R"({"error":"Invalid argument","message":"file is required","status":400})");
  EXPECT_EQ(refuse_partner(Errc::unauthenticated).text,
            R"({"error":"Unauthorized","message":"Invalid partner key","status":401})");
  EXPECT_EQ(refuse_partner(Errc::not_found).text,
            R"({"error":"Not Found","message":"Asset not found","status":404})");
}

TEST(PartnerEnvelope, EveryErrorHasItsStatusTwiceAndIsNotCached) {
  std::set<int> statuses;
  std::set<std::string> bodies;
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
    const auto error = static_cast<Errc>(code);
    const Response response = kPartnerEnvelope.render(Error{error});
    EXPECT_EQ(response.status, error == Errc::stale ? 503 : status_of(error)) << name_of(error);
    const JsonValue body = parse_json(response.text).value();
    ASSERT_EQ(body.members().size(), 3u);
    EXPECT_FALSE(body.find_string("error")->empty());
    EXPECT_FALSE(body.find_string("message")->empty());
    EXPECT_EQ(body.find("status")->as_integer(), response.status);
    EXPECT_EQ(field_of(response, "Cache-Control"), "no-store");
    EXPECT_EQ(field_of(response, "Content-Type"), "application/json");
    statuses.insert(response.status);
    bodies.insert(response.text);
  }
  EXPECT_EQ(bodies.size(), statuses.size()) << "one body per status";
}

TEST(PartnerEnvelope, G6APathThatIsRefusedByItsFormDoesNotExist) {
  EXPECT_EQ(kPartnerEnvelope.bad_path, Errc::not_found);
  ASSERT_EQ(kPartnerEnvelope.prefixes.size(), 1u);
  EXPECT_EQ(kPartnerEnvelope.prefixes[0], "/api/v1/partner");
}

}  // namespace
}  // namespace mooring
