// The SweetConnect envelope, byte for byte (contract 1.0), and whose an asset is (rule P12).
#include "mooring/api/sweetconnect.h"

#include <gtest/gtest.h>

#include <set>

#include "mooring/http/response_head.h"
#include "unit/support/response_fields.h"

namespace mooring {
namespace {

/// The frame of contract 1.0 around one error.
std::string error_body(const std::string& code, const std::string& message,
                       const std::string& extension = "{}") {
  return R"({"errors":[{"errorCode":")" + code + R"(","message":")" + message +
         R"(","extension":)" + extension + "}]}";
}

void expect_answer(const Response& response, int status, std::string_view text) {
  EXPECT_EQ(response.status, status);
  EXPECT_EQ(response.text, text);
  EXPECT_EQ(field_of(response, "Content-Type"), "application/json");
  EXPECT_EQ(field_of(response, "WWW-Authenticate"), status == 401 ? "Bearer" : "(none)");
}

TEST(SweetConnect, TheBodiesOfTheContractAreByteForByte) {
  expect_answer(refuse(Errc::invalid), 400,
                error_body("BadRequest", "The request payload is invalid."));
  expect_answer(refuse(Errc::unauthenticated), 401,
                error_body("Unauthorized", "Authentication is required to access this resource."));
  expect_answer(refuse(Errc::forbidden), 403,
                error_body("NoPermission", "You do not have permission to access this resource."));
  expect_answer(refuse(Errc::not_found), 404,
                error_body("NotFound", "The requested resource was not found."));
  expect_answer(refuse(Errc::conflict), 409,
                error_body("Conflict",
                           "A conflict occurred due to duplicate data or resource state issues."));
  expect_answer(refuse(Errc::io_error), 500,
                error_body("InternalServerError", "An unexpected internal server error occurred."));
}

TEST(SweetConnect, EveryErrorHasTheStatusOfTheHouseButAStaleDecision) {
  std::set<int> statuses;
  std::set<std::string> bodies;
  for (int code = 0; code <= static_cast<int>(Errc::internal); ++code) {
    const auto error = static_cast<Errc>(code);
    const Response response = kSweetConnectEnvelope.render(Error{error});
    EXPECT_EQ(response.status, error == Errc::stale ? 503 : status_of(error)) << name_of(error);
    EXPECT_TRUE(response.text.starts_with(R"({"errors":[{"errorCode":")")) << response.text;
    EXPECT_TRUE(response.text.ends_with(R"(","extension":{}}]})")) << response.text;
    statuses.insert(response.status);
    bodies.insert(response.text);
  }
  EXPECT_EQ(bodies.size(), statuses.size()) << "one body per status";
}

TEST(SweetConnect, TheEnvelopeCoversBothApisAndTheBareVersion) {
  const auto prefixes = kSweetConnectEnvelope.prefixes;
  EXPECT_EQ(std::set<std::string_view>(prefixes.begin(), prefixes.end()),
            (std::set<std::string_view>{"/api/storage/v1", "/v1", "/api/asset/v1"}));
}

TEST(SweetConnect, ABadFieldIsNamedInTheExtension) {
  expect_answer(refuse_field("name"), 400,
                error_body("BadRequest", "The request payload is invalid.", R"({"field":"name"})"));
}

TEST(SweetConnect, P5FileTooLargeIsTheVendorsExample) {
  expect_answer(
      refuse_file_too_large(13'107'200, 10_MiB), 400,
      error_body("FileTooLarge",
                 "Uploaded file exceeds the maximum allowed size of 10MB. Current file size: "
                 "12.5MB.",
                 R"({"maxFileSize":10,"currentFileSize":12.5})"));
  expect_answer(refuse_file_too_large(10_MiB + 1, 1_MiB / 4), 400,
                error_body("FileTooLarge",
                           "Uploaded file exceeds the maximum allowed size of 0.25MB. Current file "
                           "size: 10MB.",
                           R"({"maxFileSize":0.25,"currentFileSize":10})"));
}

TEST(SweetConnect, P5MegabytesHaveTwoDecimalsAndNoTrailingZeros) {
  EXPECT_EQ(megabytes(0), "0");
  EXPECT_EQ(megabytes(5'242), "0");     // 0.004999
  EXPECT_EQ(megabytes(5'243), "0.01");  // 0.0050001
  EXPECT_EQ(megabytes(1_MiB / 10 + 1), "0.1");
  EXPECT_EQ(megabytes(1_MiB - 1), "1");  // 0.999999 carries over
  EXPECT_EQ(megabytes(10_MiB), "10");
  EXPECT_EQ(megabytes(10_MiB + 60'000), "10.06");
  EXPECT_EQ(megabytes(11_MiB + 1_MiB / 2), "11.5");
  EXPECT_EQ(megabytes(11_MiB + 1_MiB / 4), "11.25");
  EXPECT_EQ(megabytes(5_GiB), "5120");
  EXPECT_EQ(megabytes(UINT64_MAX), "17592186044416");
}

TEST(SweetConnect, P8TheAllowedTypesAreListed) {
  constexpr std::string_view kTypes[] = {"image/jpeg", "image/png", "image/webp"};
  expect_answer(refuse_mime_type(kTypes), 400,
                error_body("InvalidMimeType",
                           "The uploaded file type is not supported. Allowed types: image/jpeg, "
                           "image/png, image/webp.",
                           R"({"allowedMimeTypes":["image/jpeg","image/png","image/webp"]})"));
}

TEST(SweetConnect, ParametersAreFoundBehindEitherPrefix) {
  const auto api = split_path("/api/storage/v1/pictures/asset/the-asset/the-organization");
  const auto bare = split_path("/v1/pictures/asset/the-asset/the-organization");
  ASSERT_TRUE(api && bare);
  for (const PathSegments* path : {&*api, &*bare}) {
    EXPECT_EQ(segment_after_prefix(*path, 0), "pictures");
    EXPECT_EQ(segment_after_prefix(*path, 2), "the-asset");
    EXPECT_EQ(segment_after_prefix(*path, 3), "the-organization");
  }
}

// ---- P12 ----

struct OwnershipCase {
  Role role;
  std::string_view organization;  // of the token; the asset is of "owner", made by "maker"
  std::string_view path_organization;
  std::optional<Errc> without_path;
  std::optional<Errc> with_path;
};

constexpr auto kOk = std::nullopt;
constexpr auto kForbidden = Errc::forbidden;
constexpr auto kNotFound = Errc::not_found;

constexpr OwnershipCase kOwnership[] = {
    {Role::admin, "owner", "owner", kOk, kOk},
    {Role::admin, "other", "owner", kOk, kOk},
    {Role::admin, "other", "other", kOk, kNotFound},
    {Role::admin, "owner", "other", kOk, kNotFound},
    {Role::producer_admin, "owner", "owner", kOk, kOk},
    {Role::producer_user, "owner", "owner", kOk, kOk},
    {Role::producer_user, "owner", "other", kOk, kForbidden},
    {Role::producer_user, "other", "other", kForbidden, kForbidden},
    {Role::producer_user, "other", "owner", kForbidden, kForbidden},
    {Role::producer_admin, "maker", "owner", kForbidden, kForbidden},
    {Role::producer_user, "maker", "maker", kForbidden, kForbidden},
    {Role::manufacturer_admin, "maker", "owner", kOk, kOk},
    {Role::manufacturer_user, "maker", "owner", kOk, kOk},
    {Role::manufacturer_user, "maker", "maker", kOk, kForbidden},
    {Role::manufacturer_admin, "owner", "owner", kOk, kOk},
    {Role::manufacturer_admin, "other", "owner", kForbidden, kForbidden},
    {Role::manufacturer_user, "", "owner", kForbidden, kForbidden},
};

void expect_status(const Status& status, std::optional<Errc> expected, const std::string& what) {
  EXPECT_EQ(status.has_value() ? std::nullopt : std::optional(status.error().code), expected)
      << what;
}

TEST(SweetConnect, P12WhoMayTouchAnAsset) {
  AssetRecord asset;
  asset.organization_id = "owner";
  asset.manufacturer_id = "maker";
  for (const OwnershipCase& c : kOwnership) {
    const Identity caller{
        .user = "u", .organization = std::string(c.organization), .roles = {c.role}};
    const std::string what = std::string(name_of(c.role)) + " of " + caller.organization +
                             ", path " + std::string(c.path_organization);
    expect_status(check_ownership(caller, asset), c.without_path, what);
    expect_status(check_ownership(caller, asset, c.path_organization), c.with_path, what);
  }
}

TEST(SweetConnect, P12AnAssetThatNobodyMadeIsNoManufacturersAsset) {
  AssetRecord asset;
  asset.organization_id = "owner";
  const Identity caller{.user = "u", .organization = "maker", .roles = {Role::manufacturer_admin}};
  expect_status(check_ownership(caller, asset), Errc::forbidden, "no manufacturer");
}

TEST(SweetConnect, P12OneOfSeveralRolesIsEnough) {
  AssetRecord asset;
  asset.organization_id = "owner";
  asset.manufacturer_id = "maker";
  const Identity admin{
      .user = "u", .organization = "other", .roles = {Role::producer_user, Role::admin}};
  EXPECT_TRUE(check_ownership(admin, asset, "owner"));
  const Identity maker{.user = "u",
                       .organization = "maker",
                       .roles = {Role::producer_user, Role::manufacturer_user}};
  EXPECT_TRUE(check_ownership(maker, asset, "owner"));
}

}  // namespace
}  // namespace mooring
