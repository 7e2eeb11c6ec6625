// Setting: one key of the configuration as a row of a table.
//
// The rows are the parser: what a key is called, what it takes, in which range, and which member of
// Config it fills. The same rows prove conf/mooring.toml complete, and hold command line options to
// the same ranges. Pure; at start only. No TOML here: config.cc turns TOML values into
// SettingValues.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "mooring/app/config.h"

namespace mooring {

enum class Unit : std::uint8_t {
  none,      ///< texts, switches, choices, addresses
  count,     ///< an integer
  bytes,     ///< an integer, or "16MiB" (KiB, MiB, GiB, TiB)
  duration,  ///< "500ms", "10s", "5m", "24h"; kept in milliseconds
};

/// The member that a key fills; its type says what the key takes.
using Slot = std::variant<std::string*, bool*, std::uint64_t*, Endpoint*, Durability*, DirectIo*,
                          VerifyAtStart*, AccessLog*, LogLevel*, LogFormat*, TokenAlgorithm*,
                          RenditionMode*>;

/// What a file or a command line holds; a monostate is a value of a type that no key takes.
using SettingValue = std::variant<std::monostate, bool, std::int64_t, std::string>;

template <typename Owner>
struct Setting {
  std::string_view table;
  std::string_view key;
  Slot (*slot)(Owner&);
  Unit unit = Unit::none;
  std::uint64_t least = 0;  ///< numbers: the range, both ends allowed; texts: the length
  std::uint64_t most = 0;
};

/// Every key outside of [[auth.keys]], table by table in the order of conf/mooring.toml.
[[nodiscard]] std::span<const Setting<Config>> config_settings() noexcept;
/// The keys of one [[auth.keys]].
[[nodiscard]] std::span<const Setting<AuthKeyConfig>> auth_key_settings() noexcept;

/// The keys of one [[auth.clients]].
[[nodiscard]] std::span<const Setting<AuthClientConfig>> auth_client_settings() noexcept;

/// Fills `slot` from `value`. Nothing, or what is allowed: "must be 1 to 100".
[[nodiscard]] std::optional<std::string> assign(const Slot& slot, Unit unit, std::uint64_t least,
                                                std::uint64_t most, const SettingValue& value);

template <typename Owner>
[[nodiscard]] std::optional<std::string> assign(const Setting<Owner>& setting, Owner& owner,
                                                const SettingValue& value) {
  return assign(setting.slot(owner), setting.unit, setting.least, setting.most, value);
}

}  // namespace mooring
