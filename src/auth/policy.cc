#include "mooring/auth/policy.h"

#include <algorithm>

namespace mooring {

Status allow(const Policy& policy, const Identity* identity) noexcept {
  if (policy.caller() == Caller::anyone) return {};
  if (identity == nullptr)
    return policy.is_optional() ? Status() : fail(Errc::unauthenticated, "no caller");
  if (identity->caller != policy.caller())
    return fail(Errc::unauthenticated, "another scheme than the route's");
  if (policy.looks_at_roles() && !identity->has_any_role(policy.roles()))
    return fail(Errc::forbidden, "role");
  const auto has = [identity](std::string_view scope) { return identity->has_scope(scope); };
  if (!policy.scopes().empty() && std::ranges::none_of(policy.scopes(), has))
    return fail(Errc::forbidden, "scope");
  return {};
}

}  // namespace mooring
