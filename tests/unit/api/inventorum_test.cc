// The Inventorum envelope, byte for byte (X1, I3, I7, I18).
#include "mooring/api/images/inventorum.h"

#include <gtest/gtest.h>

#include "mooring/auth/bearer.h"
#include "mooring/http/response_head.h"
#include "unit/support/response_fields.h"

namespace mooring {
namespace {

std::string plain_body(const std::string& description, const std::string& key) {
  return R"({"error":{"fields":{},"description":)" + description + R"(,"key":")" + key + "\"}}";
}

TEST(Inventorum, I7EveryFailingFieldIsTold) {
  const Response response = refuse_fields({{"image", "A."}, {"type", "B \"c\"."}});
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.text,
            R"({"error":{"fields":{"image":["A."],"type":["B \"c\"."]},)"
            R"("description":"Serialization error","key":"common.serializer_error"}})");
}

TEST(Inventorum, I3AnUnknownVersion) {
  EXPECT_EQ(refuse_api_version().status, 400);
  EXPECT_EQ(refuse_api_version().text,
            plain_body("\"Invalid API version\"", "common.invalid_api_version"));
}

TEST(Inventorum, I18NoCredentialAndABadOneAreToldApart) {
  const Response none = refuse_images(bearer_token("").error());
  EXPECT_EQ(none.status, 401);
  EXPECT_EQ(none.text, plain_body("\"Authentication credentials were not provided.\"",
                                  "common.not_authenticated"));
  EXPECT_EQ(field_of(none, "WWW-Authenticate"), "Bearer");
  const Response bad = refuse_images(bearer_token("Bearer a b").error());
  EXPECT_EQ(bad.status, 401);
  EXPECT_EQ(bad.text,
            plain_body("\"Incorrect authentication credentials.\"", "common.not_authenticated"));
  EXPECT_EQ(field_of(bad, "WWW-Authenticate"), R"(Bearer error="invalid_token")");
}

TEST(Inventorum, I18AMissingScope) {
  EXPECT_EQ(refuse_images(Errc::forbidden).status, 403);
  EXPECT_EQ(refuse_images(Errc::forbidden).text,
            plain_body("\"You do not have permission to perform this action.\"",
                       "common.permission_denied"));
}

TEST(Inventorum, AnUnknownImageHasTheFormOfTheRecordedOne) {
  EXPECT_EQ(refuse_unknown_image().status, 404);
  EXPECT_EQ(refuse_unknown_image().text, plain_body("null", "image.not_found"));
}

TEST(Inventorum, X1EveryErrorHasTheEnvelopeAndTheStatusOfTheHouseButAStaleDecision) {
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
    const auto error = static_cast<Errc>(code);
    const Response response = kInventorumEnvelope.render(Error{error});
    EXPECT_EQ(response.status, error == Errc::stale ? 503 : status_of(error)) << name_of(error);
    EXPECT_TRUE(response.text.starts_with(R"({"error":{"fields":{},"description":")"));
    EXPECT_EQ(field_of(response, "Content-Type"), "application/json");
    EXPECT_EQ(field_of(response, "WWW-Authenticate") != "(none)", response.status == 401);
  }
}

TEST(Inventorum, WhatTheServerLacksIsNotTold) {
  EXPECT_EQ(refuse_images(Errc::sync_failed).text, refuse_images(Errc::corrupt).text);
}

TEST(Inventorum, AnUnknownClientIsAskedForBasic) {
  EXPECT_EQ(refuse_grant(GrantError::unknown_client).status, 401);
  EXPECT_EQ(field_of(refuse_grant(GrantError::unknown_client), "WWW-Authenticate"),
            R"(Basic realm="mooring")");
  EXPECT_EQ(refuse_grant(GrantError::bad_token).status, 400);
  EXPECT_EQ(refuse_grant(GrantError::unsupported).status, 400);
}

}  // namespace
}  // namespace mooring
