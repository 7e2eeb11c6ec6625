// Policy: what a route asks of its caller. Every route states one, or it does not compile.
//
// Default deny: a Policy has no default constructor, and `allow` says yes only to what the policy
// names. It decides from the head alone, before any body and any record is looked at (rule X2).
// Ownership (P12: whose asset is it) is decided later by the family that knows the record.
// Constants; any thread.
#pragma once

#include <string_view>

#include "mooring/auth/identity.h"
#include "mooring/base/result.h"

namespace mooring {

class Policy {
 public:
  /// Open to all; no credential is looked at, so a bad one does no harm.
  [[nodiscard]] static constexpr Policy anyone() noexcept { return {Caller::anyone, {}, {}}; }

  /// A caller who came by `caller`, has one of `roles`, and, unless it is empty, has `scope`.
  /// An empty set of roles lets nobody in.
  [[nodiscard]] static constexpr Policy of(Caller caller, RoleSet roles,
                                           std::string_view scope = {}) noexcept {
    return {caller, roles, scope};
  }

  [[nodiscard]] constexpr Caller caller() const noexcept { return caller_; }
  [[nodiscard]] constexpr RoleSet roles() const noexcept { return roles_; }
  /// Empty: no scope is required.
  [[nodiscard]] constexpr std::string_view scope() const noexcept { return scope_; }

 private:
  constexpr Policy(Caller caller, RoleSet roles, std::string_view scope) noexcept
      : caller_(caller), roles_(roles), scope_(scope) {}

  Caller caller_;
  RoleSet roles_;
  std::string_view scope_;
};

/// `identity` is null when no credential was verified. Errc::unauthenticated (401): there is none,
/// or it came another way than the route takes. Errc::forbidden (403): known, but without role or
/// scope.
[[nodiscard]] Status allow(const Policy& policy, const Identity* identity) noexcept;

inline constexpr Policy kPublic = Policy::anyone();

/// Pictures, documents, assets: the five roles of contract 1.0.
inline constexpr Policy kSweetConnect =
    Policy::of(Caller::bearer, {Role::admin, Role::manufacturer_admin, Role::manufacturer_user,
                                Role::producer_admin, Role::producer_user});

/// Changes to what all organizations share, such as categories.
inline constexpr Policy kSweetConnectAdmin = Policy::of(Caller::bearer, {Role::admin});

}  // namespace mooring
