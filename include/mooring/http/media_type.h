// Media types: what a peer declares (RFC 9110 section 8.3.1) and what the first bytes prove.
//
// The declared type is the client's word; the sniffed one decides what is stored and served (rule
// P7). Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/bytes.h"
#include "mooring/base/result.h"

namespace mooring {

struct MediaType {
  struct Parameter {
    std::string name;   ///< lower case
    std::string value;  ///< unquoted, case kept
  };

  std::string essence;  ///< "type/subtype" in lower case
  std::vector<Parameter> parameters;

  /// The first parameter called `name` (lower case).
  [[nodiscard]] std::optional<std::string_view> parameter(std::string_view name) const noexcept;
};

/// invalid: not type "/" subtype *( OWS ";" OWS [ name "=" ( token / quoted-string ) ] ).
[[nodiscard]] Result<MediaType> parse_media_type(std::string_view text);

enum class SniffedType : std::uint8_t { unknown, jpeg, png, webp, gif, bmp, pdf };

/// The first bytes of a file that sniff() wants to see; fewer may yield unknown.
inline constexpr std::size_t kSniffBytes = 16;

/// By magic number: JPEG FF D8 FF; PNG's 8 bytes; "RIFF....WEBP"; "GIF87a", "GIF89a"; "BM" with a
/// plausible header; "%PDF-".
[[nodiscard]] SniffedType sniff(Bytes first_bytes) noexcept;

/// "image/jpeg" and so on; "application/octet-stream" for unknown. Static storage.
[[nodiscard]] std::string_view mime_of(SniffedType type) noexcept;

}  // namespace mooring
