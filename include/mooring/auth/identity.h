// Identity: who is asking, as far as the rest of the house needs to know.
//
// An Identity exists only after a credential was verified (auth/jwt.h, auth/api_key.h). It is
// immutable and shared: an IdentityPtr outlives the cache entry it came from, so a request that
// waits keeps its caller. Any thread.
//
// Invariants:
//   I1  `user` and `organization` are never empty and hold no control bytes;
//   I2  roles hold only names of the contract, matched exactly; an unknown role gives no right
//   (J24).
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring {

/// The roles that open something (contract 1.0). Others that a token may name do not appear here.
enum class Role : std::uint8_t {
  admin,
  manufacturer_admin,
  manufacturer_user,
  producer_admin,
  producer_user,
};

inline constexpr std::array kRoles = {Role::admin, Role::manufacturer_admin,
                                      Role::manufacturer_user, Role::producer_admin,
                                      Role::producer_user};

/// "manufacturer-admin": as in the contract. Static storage.
[[nodiscard]] std::string_view name_of(Role role) noexcept;

/// The role of exactly this name: no case folding, no trimming.
[[nodiscard]] std::optional<Role> role_from(std::string_view name) noexcept;

class RoleSet {
 public:
  constexpr RoleSet() noexcept = default;
  constexpr RoleSet(std::initializer_list<Role> roles) noexcept {
    for (const Role role : roles) insert(role);
  }

  constexpr void insert(Role role) noexcept { bits_ |= bit(role); }
  [[nodiscard]] constexpr bool has(Role role) const noexcept { return (bits_ & bit(role)) != 0; }
  [[nodiscard]] constexpr bool has_any_of(RoleSet other) const noexcept {
    return (bits_ & other.bits_) != 0;
  }
  [[nodiscard]] constexpr bool empty() const noexcept { return bits_ == 0; }
  friend constexpr bool operator==(RoleSet, RoleSet) noexcept = default;

 private:
  static constexpr std::uint32_t bit(Role role) noexcept {
    return std::uint32_t{1} << static_cast<unsigned>(role);
  }
  std::uint32_t bits_ = 0;
};

/// The ways to say who one is. A route names the one it takes; an identity remembers how it came.
enum class Caller : std::uint8_t {
  anyone,        ///< no credential is looked at
  bearer,        ///< `Authorization: Bearer <JWT>`
  partner_keys,  ///< `X-API-Key: <partner key>` with `Authorization: <developer key>`
  api_key,       ///< `X-API-Key: <attachments key>`
};

struct Identity {
  std::string user;          ///< of a key: its owner; of two partner keys: the developer key's
  std::string organization;  ///< of a key: its company, or its owner if it names none
  RoleSet roles = {};
  std::vector<std::string> scopes = {};
  Caller caller = Caller::bearer;

  [[nodiscard]] bool has_role(Role role) const noexcept { return roles.has(role); }
  [[nodiscard]] bool has_any_role(RoleSet of) const noexcept { return roles.has_any_of(of); }
  /// Exact: "assets:read" is not "assets:readwrite" (RFC 6750 section 3).
  [[nodiscard]] bool has_scope(std::string_view scope) const noexcept;

  friend bool operator==(const Identity&, const Identity&) = default;
};

using IdentityPtr = std::shared_ptr<const Identity>;

}  // namespace mooring
