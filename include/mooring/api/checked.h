// Checked: what a client said, once it was held against the rules, or the name of what breaks them.
//
// The word that parsers of bodies, forms and queries share: pure functions that answer with a value
// or with the first field that is wrong, so that the client learns its name (extension
// {"field":…}). Any thread.
#pragma once

#include <expected>
#include <string_view>

namespace mooring {

/// The field that breaks a rule; empty if the whole is of another kind, such as a body that is no
/// JSON object. Static storage.
struct BadField {
  std::string_view name;
  friend bool operator==(const BadField&, const BadField&) = default;
};

template <typename T>
using Checked = std::expected<T, BadField>;

}  // namespace mooring
