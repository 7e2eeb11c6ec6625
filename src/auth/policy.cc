#include "mooring/auth/policy.h"

namespace mooring {

Status allow(const Policy& policy, const Identity* identity) noexcept {
  if (policy.caller() == Caller::anyone) return {};
  if (identity == nullptr) return fail(Errc::unauthenticated, "no caller");
  if (identity->caller != policy.caller())
    return fail(Errc::unauthenticated, "another scheme than the route's");
  if (!identity->has_any_role(policy.roles())) return fail(Errc::forbidden, "role");
  if (!policy.scope().empty() && !identity->has_scope(policy.scope()))
    return fail(Errc::forbidden, "scope");
  return {};
}

}  // namespace mooring
