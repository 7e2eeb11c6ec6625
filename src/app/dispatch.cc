#include "mooring/app/dispatch.h"

#include "mooring/api/services.h"
#include "mooring/app/access_line.h"
#include "mooring/base/clock.h"
#include "mooring/base/json_writer.h"
#include "mooring/base/log.h"
#include "mooring/http/response_head.h"

namespace mooring {

namespace {

Response answer_options(const RouteMatch& match, const Router& router, const PathSegments& path) {
  Response response = empty_response(204);
  std::string allow = match.allow;
  if (allow.empty()) allow = router.find(Method::options, path).allow;
  response.add("Allow", allow.empty() ? "GET, HEAD, OPTIONS" : allow);
  return response;
}

// What a path that is refused by its form means is the envelope's to say (G6).
Response render_bad_path(const Router& router, std::string_view raw_path, const Error& error) {
  const Envelope* envelope = router.envelope_of(raw_path);
  if (envelope == nullptr || error.code != Errc::invalid)
    return render_error(router, raw_path, error);
  return envelope->render(Error{envelope->bad_path, error.os_error, error.where});
}

// What is bounded is free again soon: uploads in flight, the queue of the image workers.
void say_when_to_retry(Response& response) {
  constexpr std::string_view kField = "Retry-After";
  if (response.status != 503) return;
  for (const auto& [name, value] : response.fields)
    if (name == kField) return;
  response.add(kField, "1");
}

Response render_throttled(const ResourceFamily& family, const Throttle& throttle) {
  Response response =
      family.envelope.render(Error{Errc::throttled, 0, "a limit of the operator's"});
  response.add("Retry-After", std::to_string(throttle.retry_after_seconds()));
  return response;
}

// X12. Who is known is counted wherever he is; an operator's own look at the server is not.
bool may_ask(Throttle& requests, const ResourceFamily& family, const Identity* caller,
             std::string_view peer) {
  if (!requests.is_on() || family.name == kServerFamily) return true;
  if (caller == nullptr) return requests.take(peer, monotonic_ns());
  return requests.take(caller->organization + '\0' + caller->user, monotonic_ns());
}

}  // namespace

Response render_plain(const Error& error) {
  const int status = status_of(error.code);
  JsonWriter json;
  json.begin_object();
  json.field("error", name_of(error.code)).field("message", reason_phrase(status));
  json.end_object();
  Response response = json_response(status, json.take());
  if (status == 401) response.add("WWW-Authenticate", "Bearer");
  return response;
}

Response render_error(const Router& router, std::string_view raw_path, const Error& error) {
  const Envelope* envelope = router.envelope_of(raw_path);
  return envelope != nullptr ? envelope->render(error) : render_plain(error);
}

Task<Response> dispatch(DispatchContext& context, const RequestHead& head, std::string_view peer,
                        BodyReader& body, DispatchRecord& record) {
  const Router& router = context.router;
  if (head.path == "*") co_return answer_options({}, router, {});
  Result<PathSegments> path = split_path(head.path);
  if (!path) co_return render_bad_path(router, head.path, path.error());
  Result<QueryParameters> query = parse_query(head.query);
  if (!query) co_return render_error(router, head.path, query.error());

  const RouteMatch match = router.find(head.method, *path);
  if (match.route == nullptr && match.allow.empty())
    co_return render_error(router, head.path, Error{Errc::not_found, 0, "route"});
  if (match.route == nullptr && head.method == Method::options)
    co_return answer_options(match, router, *path);
  if (match.route == nullptr) {
    Response refused = render_error(router, head.path, Error{Errc::method_not_allowed, 0, "route"});
    refused.add("Allow", match.allow);
    co_return refused;
  }

  record.family = match.family->name;
  Result<IdentityPtr> identity =
      co_await context.authenticator.authenticate(head, match.route->policy, peer);
  if (!identity && identity.error().code == Errc::throttled)
    co_return render_throttled(*match.family, context.throttles.guesses);
  if (!identity) co_return match.family->envelope.render(identity.error());
  if (!may_ask(context.throttles.requests, *match.family, identity->get(), peer))
    co_return render_throttled(*match.family, context.throttles.requests);
  Status allowed = allow(match.route->policy, identity->get());
  if (!allowed) co_return match.family->envelope.render(allowed.error());
  record.identity = *identity;
  record.authorised_ns = monotonic_ns();

  Exchange exchange{head, *path, *query, identity->get(), body, context.services};
  Response response = co_await match.route->handler(exchange);
  say_when_to_retry(response);
  if (response.status == 500)
    log_error("request", "{} {} was answered with 500", name_of(head.method),
              masked_path(head.path));
  co_return response;
}

}  // namespace mooring
