// Picture rules: what may be a picture, and how one is told about (contract 1.1, rules P4 to P9).
//
// Pure functions; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/bytes.h"
#include "mooring/catalog/pictures.h"
#include "mooring/http/media_type.h"

namespace mooring {

/// The types a picture may have, in the order in which P8 lists them.
inline constexpr std::array<std::string_view, 3> kPictureTypes = {"image/jpeg", "image/png",
                                                                  "image/webp"};

/// Rule P6: what a form may add to the largest picture. A Content-Length beyond is refused unread.
inline constexpr std::uint64_t kPictureFormBytesMax = 64_KiB;

/// Rules P7 and P9: the type under which the picture is stored and served, which its bytes decide.
/// Nothing if they are none of the three, or if the part declared what is no picture at all.
/// `declared` is the part's Content-Type as sent.
[[nodiscard]] std::optional<std::string_view> picture_type(
    SniffedType sniffed, const std::optional<std::string>& declared);

/// The name under which a picture is stored: what rule X8 has left, or, if that is nothing,
/// "picture" with the extension of its type [D].
[[nodiscard]] std::string picture_filename(std::string_view filename, std::string_view type);

/// {"data":{"id":…, … ,"assetId":…}}, in the key order of the seed.
[[nodiscard]] std::string picture_body(const PictureRecord& picture);

}  // namespace mooring
