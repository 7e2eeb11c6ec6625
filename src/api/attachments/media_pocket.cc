#include "mooring/api/attachments/media_pocket.h"

#include <array>

#include "mooring/base/check.h"
#include "mooring/base/json_writer.h"
#include "mooring/catalog/reader.h"

namespace mooring {
namespace {

constexpr std::array<std::string_view, 1> kPrefixes = {"/api/v2"};

struct Answer {
  int status;
  std::string_view text;
};

// The codes are those of the contract's table where it has one; no text is documented but those of
// media_pocket.h and of the bodies [D].
Answer answer_of(Errc code, std::string_view not_found) {
  switch (code) {
    case Errc::peer_closed:
    case Errc::bad_framing:
    case Errc::invalid:
      return {400, "Bad request"};
    case Errc::unauthenticated:
      return {401, "Unauthorized"};
    case Errc::forbidden:
      return {403, "Forbidden"};
    case Errc::not_found:
      return {404, not_found};
    case Errc::method_not_allowed:
      return {405, "Method not allowed"};
    case Errc::timed_out:
      return {408, "Request timeout"};
    case Errc::conflict:  // of a family that knows one conflict only
      return {400, kExternalIdTaken};
    case Errc::length_required:
      return {411, "Length required"};
    case Errc::precondition_failed:
      return {412, "Precondition failed"};
    case Errc::too_large:
      return {413, "Request body is too large"};
    case Errc::uri_too_long:
      return {414, "Request URI is too long"};
    case Errc::unsupported_media:
      return {415, "Unsupported media type"};
    case Errc::range_not_satisfiable:
      return {416, "Range not satisfiable"};
    case Errc::expectation_failed:
      return {417, "Expectation failed"};
    case Errc::unprocessable:
      return {422, "Too many or too deep"};
    case Errc::throttled:
      return {429, "Too many requests"};
    case Errc::head_too_large:
      return {431, "Request header fields are too large"};
    case Errc::not_implemented:
      return {501, "Not implemented"};
    case Errc::stale:
    case Errc::cancelled:
    case Errc::overloaded:
    case Errc::draining:
      return {503, "Service unavailable"};
    case Errc::no_space:
      return {507, "Insufficient storage"};
    case Errc::io_error:
    case Errc::sync_failed:
    case Errc::corrupt:
    case Errc::exists:
    case Errc::internal:
      break;
  }
  return {500, "Internal server error"};
}

constexpr std::size_t kIdSegment = 3;  // of /api/v2/assets/{id}/…

}  // namespace

const Envelope kMediaPocketEnvelope{kPrefixes,
                                    [](const Error& error) { return refuse_pocket(error); }};

Response pocket_error(int status, std::string_view text) {
  JsonWriter out;
  out.begin_object().field("error", text).end_object();
  return json_response(status, out.take());
}

Response refuse_pocket(const Error& error, std::string_view not_found) {
  const Answer answer = answer_of(error.code, not_found);
  Response response = pocket_error(answer.status, answer.text);
  // RFC 9110 section 15.5.2 asks for a challenge; the contract names no scheme [D].
  if (answer.status == 401) response.add("WWW-Authenticate", "ApiKey");
  return response;
}

const std::string& key_owner(const Exchange& exchange) {
  MOORING_CHECK(exchange.identity != nullptr, "a handler behind a policy has a caller");
  return exchange.identity->user;
}

Task<Result<PocketAsset>> asset_in_path(Exchange& exchange, Trashed itself) {
  const auto id = parse_pocket_id(exchange.segment(kIdSegment));
  if (!id) co_return fail(Errc::not_found, "asset id that is none");
  Result<PocketAsset> asset = co_await exchange.services.reader.read(
      [id = *id, itself](const View& view) { return visible_pocket_asset(view, id, itself); });
  co_return asset;
}

Task<Result<PocketProject>> project_in_path(Exchange& exchange) {
  const auto id = parse_pocket_id(exchange.segment(kIdSegment));
  if (!id) co_return fail(Errc::not_found, "project id that is none");
  Result<PocketProject> project = co_await exchange.services.reader.read(
      [id = *id](const View& view) { return get_pocket_project(view, id); });
  co_return project;
}

}  // namespace mooring
