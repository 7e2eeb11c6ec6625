// Policy: what a route asks of its caller. Every route states one, or it does not compile.
//
// Default deny: a Policy has no default constructor, and `allow` says yes only to what the policy
// names. It decides from the head alone, before any body and any record is looked at (rule X2).
// Ownership (P12: whose asset is it) is decided later by the family that knows the record.
// Constants; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "mooring/auth/identity.h"
#include "mooring/base/check.h"
#include "mooring/base/result.h"

namespace mooring {

class Policy {
 public:
  static constexpr std::size_t kScopesMax = 4;

  /// Open to all; no credential is looked at, so a bad one does no harm.
  [[nodiscard]] static constexpr Policy anyone() noexcept {
    return {Caller::anyone, RoleRule::not_looked_at, Absence::allowed};
  }

  /// A caller who came by `caller`, has one of `roles`, and, unless it is empty, has `scope`.
  /// An empty set of roles lets nobody in.
  [[nodiscard]] static constexpr Policy of(Caller caller, RoleSet roles,
                                           std::string_view scope = {}) noexcept {
    Policy policy(caller, RoleRule::one_of, Absence::refused);
    policy.roles_ = roles;
    if (!scope.empty()) policy.scopes_[policy.scope_count_++] = scope;
    return policy;
  }

  /// Whoever came by `caller`, whatever the roles: for keys, which have none.
  [[nodiscard]] static constexpr Policy verified(Caller caller) noexcept {
    return {caller, RoleRule::not_looked_at, Absence::refused};
  }

  /// A caller who came by `caller` and has one of `scopes`, exactly; roles do not matter. At least
  /// one scope, at most kScopesMax; static storage.
  [[nodiscard]] static constexpr Policy scoped(
      Caller caller, std::initializer_list<std::string_view> scopes) noexcept {
    MOORING_CHECK(scopes.size() > 0 && scopes.size() <= kScopesMax, "a policy's scopes");
    Policy policy(caller, RoleRule::not_looked_at, Absence::refused);
    std::ranges::copy(scopes, policy.scopes_.begin());
    policy.scope_count_ = scopes.size();
    return policy;
  }

  /// A caller who came by `caller`, or nobody: where credentials are absent or bad the handler runs
  /// with a null identity and decides by the record (G2: a public asset needs none, a private one
  /// is 401).
  [[nodiscard]] static constexpr Policy optional(Caller caller) noexcept {
    return {caller, RoleRule::not_looked_at, Absence::allowed};
  }

  [[nodiscard]] constexpr Caller caller() const noexcept { return caller_; }
  /// Whether the handler also runs for nobody.
  [[nodiscard]] constexpr bool is_optional() const noexcept { return absence_ == Absence::allowed; }
  [[nodiscard]] constexpr bool looks_at_roles() const noexcept {
    return role_rule_ == RoleRule::one_of;
  }
  [[nodiscard]] constexpr RoleSet roles() const noexcept { return roles_; }
  /// Alternatives, any one of which is enough. Empty: no scope is required.
  [[nodiscard]] constexpr std::span<const std::string_view> scopes() const noexcept {
    return std::span(scopes_).first(scope_count_);
  }

 private:
  enum class RoleRule : std::uint8_t { one_of, not_looked_at };
  enum class Absence : std::uint8_t { refused, allowed };

  constexpr Policy(Caller caller, RoleRule role_rule, Absence absence) noexcept
      : caller_(caller), role_rule_(role_rule), absence_(absence) {}

  Caller caller_;
  RoleRule role_rule_;
  Absence absence_;
  RoleSet roles_ = {};
  std::array<std::string_view, kScopesMax> scopes_ = {};
  std::size_t scope_count_ = 0;
};

/// `identity` is null when no credential was verified. Errc::unauthenticated (401): there is none
/// and one is needed, or it came another way than the route takes. Errc::forbidden (403): known,
/// but without role or scope.
[[nodiscard]] Status allow(const Policy& policy, const Identity* identity) noexcept;

inline constexpr Policy kPublic = Policy::anyone();

/// Pictures, documents, assets: the five roles of contract 1.0.
inline constexpr Policy kSweetConnect =
    Policy::of(Caller::bearer, {Role::admin, Role::manufacturer_admin, Role::manufacturer_user,
                                Role::producer_admin, Role::producer_user});

/// Changes to what all organizations share, such as categories.
inline constexpr Policy kSweetConnectAdmin = Policy::of(Caller::bearer, {Role::admin});

/// Partner assets: a partner key and a developer key, both valid (contract 2.0).
inline constexpr Policy kPartner = Policy::verified(Caller::partner_keys);

/// Reading a partner asset: the keys matter only when the asset is private (G2).
inline constexpr Policy kPartnerOptional = Policy::optional(Caller::partner_keys);

/// Images: a token with one of the scopes (I19).
inline constexpr Policy kImages = Policy::scoped(Caller::bearer, {"images", "images:create"});

/// Attachments: any valid attachments key (contract 4.0).
inline constexpr Policy kAttachments = Policy::verified(Caller::api_key);

}  // namespace mooring
