#include "mooring/auth/identity.h"

#include <algorithm>

namespace mooring {

std::string_view name_of(Role role) noexcept {
  switch (role) {
    case Role::admin:
      return "admin";
    case Role::manufacturer_admin:
      return "manufacturer-admin";
    case Role::manufacturer_user:
      return "manufacturer-user";
    case Role::producer_admin:
      return "producer-admin";
    case Role::producer_user:
      return "producer-user";
  }
  return "unknown";
}

std::optional<Role> role_from(std::string_view name) noexcept {
  for (const Role role : kRoles)
    if (name_of(role) == name) return role;
  return std::nullopt;
}

bool Identity::has_scope(std::string_view scope) const noexcept {
  return std::ranges::find(scopes, scope) != scopes.end();
}

}  // namespace mooring
