// Languages of documents: which codes there are, and which of several a client wants to read.
//
// Pure functions; any thread. Codes are ISO 639-1: two letters, kept in lower case.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mooring {

/// The code that `text` is, in lower case: one of the codes of ISO 639-1 in any case of letters.
/// Nothing for other text, so also for two letters that name no language [D].
[[nodiscard]] std::optional<std::string> parse_language(std::string_view text);

/// Whether `text` is two ASCII letters: the form of a code, whether it names a language or not
/// (rule D21: in a query an unknown code only matches nothing).
[[nodiscard]] bool has_language_form(std::string_view text) noexcept;

/// ASCII letters in lower case, anything else as it is.
[[nodiscard]] std::string lower_ascii(std::string_view text);

/// Rule D23: the primary tags of an Accept-Language field, most wanted first: by quality, equal
/// ones in their order (RFC 9110 section 12.5.4). "*" and languages of quality 0 are left out; what
/// is malformed is skipped, because a bad preference is no reason to refuse an answer.
[[nodiscard]] std::vector<std::string> wanted_languages(std::string_view accept_language);

}  // namespace mooring
