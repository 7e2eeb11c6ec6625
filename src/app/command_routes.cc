#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "mooring/app/commands.h"
#include "mooring/app/config.h"
#include "mooring/app/exit_code.h"
#include "mooring/app/own_routes.h"

namespace mooring {
namespace {

std::string_view caller_name(Caller caller) {
  switch (caller) {
    case Caller::anyone:
      return "anyone";
    case Caller::bearer:
      return "bearer";
    case Caller::partner_keys:
      return "partner_keys";
    case Caller::api_key:
      return "api_key";
  }
  return "unknown";
}

std::string describe(const Policy& policy) {
  std::string text(caller_name(policy.caller()));
  if (policy.is_optional() && policy.caller() != Caller::anyone) text += " optional";
  if (policy.looks_at_roles()) {
    std::vector<std::string_view> roles;
    for (const Role role : kRoles)
      if (policy.roles().has(role)) roles.push_back(name_of(role));
    text += fmt::format(" roles={}", fmt::join(roles, ","));
  }
  if (!policy.scopes().empty()) text += fmt::format(" scopes={}", fmt::join(policy.scopes(), ","));
  return text;
}

}  // namespace

int run_routes() {
  const Router router = make_router(Config{});
  for (const ResourceFamily* family : router.families())
    for (const Route& route : family->routes)
      fmt::print("{} {} {} {}\n", name_of(route.method), route.pattern, family->name,
                 describe(route.policy));
  return kExitOk;
}

}  // namespace mooring
