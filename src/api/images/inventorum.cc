#include "mooring/api/images/inventorum.h"

#include <array>
#include <optional>

#include "mooring/auth/bearer.h"
#include "mooring/base/json_writer.h"
#include "mooring/http/response_head.h"

namespace mooring {
namespace {

constexpr std::array<std::string_view, 4> kPrefixes = {"/api/images", "/images", "/uploads",
                                                       "/api/auth"};

constexpr std::string_view kBasicChallenge = R"(Basic realm="mooring")";

struct Answer {
  int status;
  std::optional<std::string_view> description;
  std::string_view key;
};

constexpr Answer kSerializerError{400, "Serialization error", "common.serializer_error"};  // seed
constexpr Answer kInvalidApiVersion{400, "Invalid API version", "common.invalid_api_version"};
constexpr Answer kMalformed{400, "Malformed request.", "common.parse_error"};  // DRF 2.4.8 [A]
// I18.
constexpr Answer kNotAuthenticated{401, "Authentication credentials were not provided.",
                                   "common.not_authenticated"};
constexpr Answer kBadCredentials{401, "Incorrect authentication credentials.",
                                 "common.not_authenticated"};
constexpr Answer kPermissionDenied{403, "You do not have permission to perform this action.",
                                   "common.permission_denied"};
constexpr Answer kNotFound{404, "Not found.", "common.not_found"};
constexpr Answer kUnknownImage{404, std::nullopt, "image.not_found"};  // as the recorded one [A]
constexpr Answer kMethodNotAllowed{405, "Method not allowed.", "common.method_not_allowed"};
constexpr Answer kServerError{500, "A server error occurred.", "common.server_error"};
constexpr Answer kUnavailable{503, "The service is temporarily unavailable.",
                              "common.service_unavailable"};

constexpr Answer kUnknownClient{401, "Client authentication failed.", "auth.invalid_client"};
constexpr Answer kUnsupportedGrant{400, "The grant type is not supported.",
                                   "auth.unsupported_grant_type"};
constexpr Answer kInvalidGrant{400, "The refresh token is invalid, expired or revoked.",
                               "auth.invalid_grant"};

/// Begins an envelope up to the inside of its fields.
void begin_error(JsonWriter& json) {
  json.begin_object().key("error").begin_object().key("fields").begin_object();
}

Response end_error(JsonWriter& json, const Answer& answer) {
  json.end_object().key("description");
  if (answer.description)
    json.value(*answer.description);
  else
    json.null();
  json.field("key", answer.key).end_object().end_object();
  return json_response(answer.status, json.take());
}

Response without_fields(const Answer& answer) {
  JsonWriter json;
  begin_error(json);
  return end_error(json, answer);
}

Response challenge(const Answer& answer, std::string_view scheme) {
  Response response = without_fields(answer);
  response.add("WWW-Authenticate", std::string(scheme));
  return response;
}

/// Errors that neither the seed nor the vendor's framework has a text for [D].
Response plain(Errc code) {
  const int status = status_of(code);
  const std::string key = "common." + std::string(name_of(code));
  return without_fields({status, reason_phrase(status), key});
}

}  // namespace

const Envelope kInventorumEnvelope{kPrefixes,
                                   [](const Error& error) { return refuse_images(error); }};

Response refuse_fields(const std::vector<FieldError>& errors) {
  JsonWriter json;
  begin_error(json);
  for (const FieldError& error : errors)
    json.key(error.field).begin_array().value(std::string_view(error.text)).end_array();
  return end_error(json, kSerializerError);
}

Response refuse_images(Errc code) {
  return refuse_images(Error{code});
}

Response refuse_images(const Error& error) {
  switch (error.code) {
    case Errc::peer_closed:
    case Errc::bad_framing:
    case Errc::invalid:
      return without_fields(kMalformed);
    case Errc::unauthenticated:
      return is_missing_token(error) ? challenge(kNotAuthenticated, kChallenge)
                                     : challenge(kBadCredentials, kChallengeInvalidToken);
    case Errc::forbidden:
      return without_fields(kPermissionDenied);
    case Errc::not_found:
      return without_fields(kNotFound);
    case Errc::method_not_allowed:
      return without_fields(kMethodNotAllowed);
    case Errc::stale:
    case Errc::cancelled:
    case Errc::overloaded:
    case Errc::draining:
      return without_fields(kUnavailable);
    case Errc::io_error:
    case Errc::sync_failed:
    case Errc::corrupt:
    case Errc::internal:
      return without_fields(kServerError);
    default:
      return plain(error.code);
  }
}

Response refuse_api_version() {
  return without_fields(kInvalidApiVersion);
}

Response refuse_grant(GrantError error) {
  switch (error) {
    case GrantError::unknown_client:
      return challenge(kUnknownClient, kBasicChallenge);
    case GrantError::unsupported:
      return without_fields(kUnsupportedGrant);
    case GrantError::bad_token:
      return without_fields(kInvalidGrant);
  }
  return without_fields(kInvalidGrant);
}

Response refuse_unknown_image() {
  return without_fields(kUnknownImage);
}

}  // namespace mooring
