#include "mooring/api/partner/envelope.h"

#include <array>
#include <string>

#include "mooring/base/json_writer.h"
#include "mooring/http/response_head.h"

namespace mooring {
namespace {

constexpr std::array<std::string_view, 1> kPrefixes = {"/api/v1/partner"};

/// G6: a dot segment, an encoded slash and the like are a key that nothing has.
constexpr Errc kBadPath = Errc::not_found;

constexpr std::string_view kInvalidArgument = "Invalid argument";  // [V]

struct Answer {
  int status;
  std::string_view error;
  std::string_view message;
};

// Kinds of 400, 401, 403 are the vendor's, as is the message of 401 [V]; the rest is ours [D].
constexpr std::array kAnswers = std::to_array<Answer>({
    {400, kInvalidArgument, "The request is invalid"},
    {401, "Unauthorized", "Invalid partner key"},
    {403, "Forbidden", "Access denied"},
    {404, "Not Found", "Asset not found"},
    {405, "Method Not Allowed", "The method is not supported here"},
    {408, "Request Timeout", "The request was not received in time"},
    {409, "Conflict", "The request conflicts with the state of the asset"},
    {411, "Length Required", "The length of the request is required"},
    {412, "Precondition Failed", "A precondition of the request was not met"},
    {413, "Payload Too Large", "The request is too large"},
    {414, "URI Too Long", "The request target is too long"},
    {415, "Unsupported Media Type", "The media type is not supported"},
    {416, "Range Not Satisfiable", "The requested range cannot be satisfied"},
    {417, "Expectation Failed", "The expectation cannot be met"},
    {422, "Unprocessable Content", "The request cannot be processed"},
    {429, "Too Many Requests", "Too many requests were sent"},
    {431, "Request Header Fields Too Large", "The header fields are too large"},
    {500, "Internal Server Error", "An unexpected error occurred"},
    {501, "Not Implemented", "The method or transfer coding is unknown to this server"},
    {503, "Service Unavailable", "The service is temporarily unavailable"},
    {507, "Insufficient Storage", "There is not enough storage"},
});

/// A decision is stale when it raced with something that is over by now: trying again helps.
int status_for(Errc code) {
  return code == Errc::stale ? 503 : status_of(code);
}

const Answer& answer_for(int status) {
  const Answer* internal = nullptr;
  for (const Answer& answer : kAnswers) {
    if (answer.status == status) return answer;
    if (answer.status == 500) internal = &answer;
  }
  return *internal;
}

Response error_response(const Answer& answer) {
  JsonWriter out;
  out.begin_object()
      .field("error", answer.error)
      .field("message", answer.message)
      .field("status", answer.status)
      .end_object();
  Response response = json_response(answer.status, out.take());
  response.add("Cache-Control", "no-store");
  return response;
}

}  // namespace

const Envelope kPartnerEnvelope{
    .prefixes = kPrefixes,
    .render = [](const Error& error) { return refuse_partner(error.code); },
    .bad_path = kBadPath};

Response refuse_partner(Errc code) {
  return error_response(answer_for(status_for(code)));
}

Response refuse_argument(std::string_view message) {
  return error_response({400, kInvalidArgument, message});
}

}  // namespace mooring
