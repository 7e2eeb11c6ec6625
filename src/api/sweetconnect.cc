#include "mooring/api/sweetconnect.h"

#include <fmt/format.h>

#include <array>

#include "mooring/base/check.h"
#include "mooring/base/json_writer.h"
#include "mooring/catalog/reader.h"

namespace mooring {
namespace {

constexpr std::array<std::string_view, 3> kPrefixes = {"/api/storage/v1", "/v1", "/api/asset/v1"};

struct Answer {
  int status;
  std::string_view error_code;
  std::string_view message;
};

// Contract 1.0, byte for byte; the statuses are the vendor's table [V].
constexpr Answer kBadRequest{400, "BadRequest", "The request payload is invalid."};
constexpr Answer kUnauthorized{401, "Unauthorized",
                               "Authentication is required to access this resource."};
constexpr Answer kNoPermission{403, "NoPermission",
                               "You do not have permission to access this resource."};
constexpr Answer kNotFound{404, "NotFound", "The requested resource was not found."};
constexpr Answer kConflict{409, "Conflict",
                           "A conflict occurred due to duplicate data or resource state issues."};
constexpr Answer kInternalServerError{500, "InternalServerError",
                                      "An unexpected internal server error occurred."};

// Known by name only: statuses and texts are ours [D].
constexpr Answer kUnprocessable{422, "UnprocessableEntity",
                                "The request was understood but cannot be processed."};

// Not in any source: names and texts in the same style [D].
constexpr Answer kMethodNotAllowed{405, "MethodNotAllowed",
                                   "The request method is not supported by this resource."};
constexpr Answer kTimeout{408, "RequestTimeout", "The request was not received in time."};
constexpr Answer kLengthRequired{411, "LengthRequired", "The length of the request is required."};
constexpr Answer kPreconditionFailed{412, "PreconditionFailed",
                                     "A precondition of the request was not met."};
constexpr Answer kPayloadTooLarge{413, "PayloadTooLarge", "The request payload is too large."};
constexpr Answer kUriTooLong{414, "UriTooLong", "The request URI is too long."};
constexpr Answer kUnsupportedMedia{415, "UnsupportedMediaType",
                                   "The media type of the request is not supported."};
constexpr Answer kRangeNotSatisfiable{416, "RangeNotSatisfiable",
                                      "The requested range cannot be satisfied."};
constexpr Answer kExpectationFailed{417, "ExpectationFailed",
                                    "The expectation of the request cannot be met."};
constexpr Answer kTooManyRequests{429, "TooManyRequests", "Too many requests were sent."};
constexpr Answer kHeadTooLarge{431, "RequestHeaderFieldsTooLarge",
                               "The header fields of the request are too large."};
constexpr Answer kNotImplemented{501, "NotImplemented",
                                 "The method or transfer coding is unknown to this server."};
constexpr Answer kUnavailable{503, "ServiceUnavailable", "The service is temporarily unavailable."};
constexpr Answer kInsufficientStorage{507, "InsufficientStorage",
                                      "There is not enough storage to complete the request."};

constexpr Answer kInvalidLanguageCode{400, "InvalidLanguageCode",
                                      "The language code is not supported."};

constexpr std::string_view kFileTooLarge = "FileTooLarge";
constexpr std::string_view kInvalidMimeType = "InvalidMimeType";
constexpr std::string_view kNoExtension = "{}";

constexpr std::uint64_t kMegabyteBytes = 1_MiB;  // rule P5

/// A decision is stale when it raced with something that is over by now: trying again helps, so it
/// is no conflict with the state of the resource.
const Answer& answer_of(Errc code) {
  switch (code) {
    case Errc::peer_closed:
    case Errc::bad_framing:
    case Errc::invalid:
      return kBadRequest;
    case Errc::unauthenticated:
      return kUnauthorized;
    case Errc::forbidden:
      return kNoPermission;
    case Errc::not_found:
      return kNotFound;
    case Errc::method_not_allowed:
      return kMethodNotAllowed;
    case Errc::timed_out:
      return kTimeout;
    case Errc::conflict:
    case Errc::exists:
      return kConflict;
    case Errc::length_required:
      return kLengthRequired;
    case Errc::precondition_failed:
      return kPreconditionFailed;
    case Errc::too_large:
      return kPayloadTooLarge;
    case Errc::uri_too_long:
      return kUriTooLong;
    case Errc::unsupported_media:
      return kUnsupportedMedia;
    case Errc::range_not_satisfiable:
      return kRangeNotSatisfiable;
    case Errc::expectation_failed:
      return kExpectationFailed;
    case Errc::unprocessable:
      return kUnprocessable;
    case Errc::throttled:
      return kTooManyRequests;
    case Errc::head_too_large:
      return kHeadTooLarge;
    case Errc::not_implemented:
      return kNotImplemented;
    case Errc::stale:
    case Errc::cancelled:
    case Errc::overloaded:
    case Errc::draining:
      return kUnavailable;
    case Errc::no_space:
      return kInsufficientStorage;
    case Errc::io_error:
    case Errc::sync_failed:
    case Errc::corrupt:
    case Errc::internal:
      return kInternalServerError;
  }
  return kInternalServerError;
}

/// `extension` is one JSON object; the other texts are ours and need no escapes.
Response error_response(const Answer& answer, std::string_view extension) {
  Response response = json_response(
      answer.status,
      fmt::format(R"({{"errors":[{{"errorCode":"{}","message":"{}","extension":{}}}]}})",
                  answer.error_code, answer.message, extension));
  if (answer.status == 401) response.add("WWW-Authenticate", "Bearer");
  return response;
}

std::string one_member(std::string_view name, std::string_view value) {
  JsonWriter extension;
  extension.begin_object().field(name, value).end_object();
  return extension.take();
}

}  // namespace

const Envelope kSweetConnectEnvelope{kPrefixes, [](const Error& error) { return refuse(error); }};

Response refuse(const Error& error) {
  return refuse(error.code);
}

Response refuse(Errc code) {
  return error_response(answer_of(code), kNoExtension);
}

Response refuse_field(std::string_view field) {
  return error_response(kBadRequest, one_member("field", field));
}

Response refuse_language(std::string_view field) {
  return error_response(kInvalidLanguageCode, one_member("field", field));
}

Response refuse_entity(std::string_view entity) {
  return error_response(kUnprocessable, one_member("entityType", entity));
}

Response refuse_file_too_large(std::uint64_t file_bytes, std::uint64_t file_bytes_max) {
  const std::string size = megabytes(file_bytes);
  const std::string size_max = megabytes(file_bytes_max);
  const std::string message = fmt::format(
      "Uploaded file exceeds the maximum allowed size of {}MB. Current file size: {}MB.", size_max,
      size);
  return error_response(
      {kFileTooLargeStatus, kFileTooLarge, message},
      fmt::format(R"({{"maxFileSize":{},"currentFileSize":{}}})", size_max, size));
}

Response refuse_mime_type(std::span<const std::string_view> allowed) {
  const std::string message =
      fmt::format("The uploaded file type is not supported. Allowed types: {}.",
                  fmt::join(allowed.begin(), allowed.end(), ", "));
  JsonWriter extension;
  extension.begin_object().key("allowedMimeTypes").begin_array();
  for (const std::string_view type : allowed) extension.value(type);
  extension.end_array().end_object();
  return error_response({kInvalidMimeTypeStatus, kInvalidMimeType, message}, extension.take());
}

std::string megabytes(std::uint64_t size_bytes) {
  std::uint64_t whole = size_bytes / kMegabyteBytes;
  // The remainder is below 2^20, so that the product cannot overflow.
  std::uint64_t hundredths =
      (size_bytes % kMegabyteBytes * 100 + kMegabyteBytes / 2) / kMegabyteBytes;
  if (hundredths == 100) {
    ++whole;
    hundredths = 0;
  }
  if (hundredths == 0) return fmt::format("{}", whole);
  if (hundredths % 10 == 0) return fmt::format("{}.{}", whole, hundredths / 10);
  return fmt::format("{}.{:02}", whole, hundredths);
}

Status check_ownership(const Identity& caller, const Ownership& ownership) {
  if (caller.has_role(Role::admin)) return {};
  if (caller.organization == ownership.organization) return {};
  if (caller.has_any_role({Role::manufacturer_admin, Role::manufacturer_user}) &&
      caller.organization == ownership.manufacturer)
    return {};
  return fail(Errc::forbidden, "what another organization has");
}

Status check_ownership(const Identity& caller, const AssetRecord& asset) {
  return check_ownership(caller, Ownership{asset.organization_id, asset.manufacturer_id});
}

Status check_ownership(const Identity& caller, const AssetRecord& asset,
                       std::string_view path_organization) {
  if (path_organization != asset.organization_id)
    return fail(caller.has_role(Role::admin) ? Errc::not_found : Errc::forbidden,
                "organization of the path");
  return check_ownership(caller, asset);
}

const Identity& caller_of(const Exchange& exchange) {
  MOORING_CHECK(exchange.identity != nullptr, "a handler behind a policy has a caller");
  return *exchange.identity;
}

std::string_view segment_after_prefix(const PathSegments& path, std::size_t index) {
  const std::size_t prefix_segments = path[0] == "api" ? 3 : 1;
  return path[prefix_segments + index];
}

Task<Result<AssetRecord>> owned_asset(Exchange& exchange, std::string_view id_text) {
  const std::optional<Uuid> id = parse_uuid(id_text);
  if (!id) co_return fail(Errc::not_found, "asset id that is no UUID");
  Result<AssetRecord> asset = co_await exchange.services.reader.read(
      [id = *id](const View& view) { return get_asset(view, id); });
  if (!asset) co_return asset;
  const Status allowed = check_ownership(caller_of(exchange), *asset);
  if (!allowed) co_return std::unexpected(allowed.error());
  co_return asset;
}

}  // namespace mooring
