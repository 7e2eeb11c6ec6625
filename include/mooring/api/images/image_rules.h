// Image rules: what the versions of the API ask for, and how an image is told about (contract 3).
//
// Pure functions; any thread. What another reading of the contract could change is a constant here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/api/images/inventorum.h"
#include "mooring/api/renditions.h"
#include "mooring/catalog/images.h"
#include "mooring/http/media_type.h"

namespace mooring {

/// X-Api-Version (I1, I2).
using ApiVersion = int;
inline constexpr ApiVersion kOldestApiVersion = 1;
inline constexpr ApiVersion kCurrentApiVersion = 12;
/// Up to this version the file is called product_image and an id is negative (I4, I5).
inline constexpr ApiVersion kLastOfProductImage = 7;
/// From this version on a type is required; before, an image is one of a product (I6).
inline constexpr ApiVersion kFirstOfType = 3;

/// What a form may add to the largest image. A Content-Length beyond is refused unread.
inline constexpr std::uint64_t kImageFormBytesMax = 64_KiB;

/// Of lists [V], and the largest that may be asked for [D].
inline constexpr std::uint64_t kListLimitDefault = 40;
inline constexpr std::uint64_t kListLimitMax = 100;

/// What became of the file of a form.
enum class ImageFile : std::uint8_t {
  absent,        ///< no such field, or an empty text
  text,          ///< the field is there, but as text (I9, I10)
  empty,         ///< a file without a byte
  oversized,     ///< over the limit (I12)
  not_an_image,  ///< neither JPEG, PNG, WebP, GIF nor BMP, or it cannot be decoded (I11)
  good,
};

/// The version of a request: `field` is the value of its X-Api-Version, if it has one. Nothing if
/// it is none of ours (I3).
[[nodiscard]] std::optional<ApiVersion> parse_api_version(std::optional<std::string_view> field);

/// "image", or "product_image" for the old versions (I4, I5).
[[nodiscard]] std::string_view file_field_of(ApiVersion version) noexcept;

/// "product" and so on. Static storage.
[[nodiscard]] std::string_view name_of(ImageType type) noexcept;

/// The type that `text`, the field as sent, selects (I6, I8). Lower case, exactly.
[[nodiscard]] std::expected<ImageType, FieldError> choose_image_type(
    ApiVersion version, std::optional<std::string_view> text);

/// What is wrong with the file, if anything is. `file_bytes_max` for the text of oversized.
[[nodiscard]] std::optional<FieldError> judge_image_file(ApiVersion version, ImageFile file,
                                                         std::uint64_t file_bytes_max);

/// Whether the first bytes are those of an image we take (I12).
[[nodiscard]] bool is_image(SniffedType sniffed) noexcept;

/// The id in a path as `version` writes it: up to version 7 with or without its sign (I4). Nothing
/// if there can be no such image.
[[nodiscard]] std::optional<std::uint64_t> parse_image_id(ApiVersion version,
                                                          std::string_view text);

/// {"id":…,"urls":{…},"type":…,"new":true} in the key order of the seed. `base_url` has no slash at
/// its end.
[[nodiscard]] std::string image_body(const ImageRecord& image, ApiVersion version,
                                     std::string_view base_url);

/// {"total":…,"data":[…]}
[[nodiscard]] std::string image_list_body(const ImagePage& page, ApiVersion version,
                                          std::string_view base_url);

/// One of the files of an image (I14, I15).
struct ImageRendition {
  std::string_view name;
  RenditionSpec spec;  ///< of "original": not used
};

inline constexpr std::array kImageRenditions = std::to_array<ImageRendition>({
    {"thumb", {160, 160, RenditionFormat::png}},
    {"thumb_retina", {320, 320, RenditionFormat::png}},
    {"ipad", {1024, 768, RenditionFormat::png}},
    {"ipad_retina", {2048, 1536, RenditionFormat::png}},
    {"ebay", {1600, 1600, RenditionFormat::png}},
    {"original", {}},
});

/// The specifications of all renditions, without the original.
[[nodiscard]] std::span<const RenditionSpec> image_rendition_specs() noexcept;

/// The type whose mime_of is `media_type`.
[[nodiscard]] SniffedType sniffed_type_of(std::string_view media_type) noexcept;

/// What a path below /uploads names (I17), if it can name anything.
struct UploadAddress {
  std::uint64_t upload = 0;
  ImageType type = ImageType::product;
  std::optional<RenditionSpec> spec;  ///< none: the original, untouched
};
[[nodiscard]] std::optional<UploadAddress> parse_upload_address(std::string_view number,
                                                                std::string_view type,
                                                                std::string_view file);

/// A page and its size, as asked for in the query.
struct PageRequest {
  std::uint64_t page = 1;
  std::uint64_t limit = kListLimitDefault;
};
[[nodiscard]] std::expected<PageRequest, std::vector<FieldError>> parse_page_request(
    std::optional<std::string_view> page, std::optional<std::string_view> limit);

}  // namespace mooring
