#include "mooring/api/images/image_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "mooring/base/json_writer.h"
#include "mooring/base/utf8.h"

namespace mooring {
namespace {

// In the order of their numbers.
constexpr std::array<std::string_view, 4> kTypeNames = {"product", "account", "user", "category"};

// The texts of DRF 2.4.8 (I8 to I11).
constexpr std::string_view kRequired = "This field is required.";
constexpr std::string_view kNoFile = "No file was submitted. Check the encoding type on the form.";
constexpr std::string_view kEmptyFile = "The submitted file is empty.";
constexpr std::string_view kNotAnImage =
    "Upload a valid image. The file you uploaded was either not an image or a corrupted image.";
constexpr std::string_view kNotANumber = "Enter a whole number.";
// For a choice that cannot be printed back in JSON [D].
constexpr std::string_view kUnprintableChoice =
    "Select a valid choice. That choice is not one of the available choices.";

/// The keys of `urls` in the order of the seed, each with its file.
struct UrlKey {
  std::string_view key;
  std::string_view rendition;
};
constexpr std::array kUrlKeys = std::to_array<UrlKey>({
    {"ipad", "ipad"},
    {"thumb", "thumb"},
    {"image", "ipad"},  // contract 3.1: `image` is `ipad`
    {"ipad_retina", "ipad_retina"},
    {"ebay", "ebay"},
    {"thumb_retina", "thumb_retina"},
    {"original", "original"},
});

constexpr std::string_view kOriginal = "original";
static_assert(kImageRenditions.back().name == kOriginal);

constexpr auto kSpecs = [] {
  std::array<RenditionSpec, kImageRenditions.size() - 1> specs;
  std::ranges::transform(std::span(kImageRenditions).first<specs.size()>(), specs.begin(),
                         &ImageRendition::spec);
  return specs;
}();

/// I14: what the seed shows, also for an original of another type.
constexpr std::string_view kExtension = ".png";

/// Digits only.
std::optional<std::uint64_t> parse_digits(std::string_view text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return {};
  return number;
}

/// Written as we write it: no leading zero.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.starts_with('0')) return {};
  return parse_digits(text);
}

std::optional<ImageType> type_of_name(std::string_view name) {
  const auto at = std::ranges::find(kTypeNames, name);
  if (at == kTypeNames.end()) return {};
  return static_cast<ImageType>(at - kTypeNames.begin());
}

void write_image(JsonWriter& json, const ImageRecord& image, ApiVersion version,
                 std::string_view base_url) {
  const auto id = static_cast<std::int64_t>(image.id);
  json.begin_object();
  json.field("id", version <= kLastOfProductImage ? -id : id);
  json.key("urls").begin_object();
  for (const UrlKey& url : kUrlKeys) {
    const std::string text = fmt::format("{}/uploads/{}/{}/{}{}", base_url, image.upload,
                                         name_of(image.type), url.rendition, kExtension);
    json.field(url.key, std::string_view(text));
  }
  json.end_object();
  json.field("type", static_cast<int>(image.type)).field("new", true).end_object();
}

/// One number of the query: from 1 to `most`.
std::optional<FieldError> read_number(std::string_view name, std::optional<std::string_view> text,
                                      std::uint64_t most, std::uint64_t& number) {
  if (!text) return {};
  const std::optional<std::uint64_t> read = parse_digits(*text);
  if (!read) return FieldError{name, std::string(kNotANumber)};
  if (*read < 1) return FieldError{name, "Ensure this value is greater than or equal to 1."};
  if (*read > most)
    return FieldError{name, fmt::format("Ensure this value is less than or equal to {}.", most)};
  number = *read;
  return {};
}

}  // namespace

std::optional<ApiVersion> parse_api_version(std::optional<std::string_view> field) {
  if (!field) return kCurrentApiVersion;
  const std::optional<std::uint64_t> number = parse_digits(*field);
  if (!number || *number < kOldestApiVersion || *number > kCurrentApiVersion) return {};
  return static_cast<ApiVersion>(*number);
}

std::string_view file_field_of(ApiVersion version) noexcept {
  return version <= kLastOfProductImage ? "product_image" : "image";
}

std::string_view name_of(ImageType type) noexcept {
  return kTypeNames[static_cast<std::size_t>(type)];
}

std::expected<ImageType, FieldError> choose_image_type(ApiVersion version,
                                                       std::optional<std::string_view> text) {
  if (!text || text->empty()) {
    if (version < kFirstOfType) return ImageType::product;
    return std::unexpected(FieldError{"type", std::string(kRequired)});
  }
  if (const std::optional<ImageType> type = type_of_name(*text)) return *type;
  if (!valid_utf8(*text))
    return std::unexpected(FieldError{"type", std::string(kUnprintableChoice)});
  return std::unexpected(FieldError{
      "type",
      fmt::format("Select a valid choice. {} is not one of the available choices.", *text)});
}

std::optional<FieldError> judge_image_file(ApiVersion version, ImageFile file,
                                           std::uint64_t file_bytes_max) {
  const std::string_view field = file_field_of(version);
  switch (file) {
    case ImageFile::absent:
      return FieldError{field, std::string(kRequired)};
    case ImageFile::text:
      return FieldError{field, std::string(kNoFile)};
    case ImageFile::empty:
      return FieldError{field, std::string(kEmptyFile)};
    case ImageFile::oversized:
      return FieldError{
          field, fmt::format("The submitted file is too large. At most {} bytes are accepted.",
                             file_bytes_max)};
    case ImageFile::not_an_image:
      return FieldError{field, std::string(kNotAnImage)};
    case ImageFile::good:
      return {};
  }
  return {};
}

bool is_image(SniffedType sniffed) noexcept {
  switch (sniffed) {
    case SniffedType::jpeg:
    case SniffedType::png:
    case SniffedType::webp:
    case SniffedType::gif:
    case SniffedType::bmp:
      return true;
    case SniffedType::unknown:
    case SniffedType::pdf:
      return false;
  }
  return false;
}

std::span<const RenditionSpec> image_rendition_specs() noexcept {
  return kSpecs;
}

SniffedType sniffed_type_of(std::string_view media_type) noexcept {
  for (const SniffedType type :
       {SniffedType::jpeg, SniffedType::png, SniffedType::webp, SniffedType::gif, SniffedType::bmp})
    if (mime_of(type) == media_type) return type;
  return SniffedType::unknown;
}

std::optional<std::uint64_t> parse_image_id(ApiVersion version, std::string_view text) {
  if (version <= kLastOfProductImage && text.starts_with('-')) text.remove_prefix(1);
  return parse_number(text);
}

std::string image_body(const ImageRecord& image, ApiVersion version, std::string_view base_url) {
  JsonWriter json;
  write_image(json, image, version, base_url);
  return json.take();
}

std::string image_list_body(const ImagePage& page, ApiVersion version, std::string_view base_url) {
  JsonWriter json;
  json.begin_object().field("total", page.total).key("data").begin_array();
  for (const ImageRecord& image : page.images) write_image(json, image, version, base_url);
  json.end_array().end_object();
  return json.take();
}

std::optional<UploadAddress> parse_upload_address(std::string_view number, std::string_view type,
                                                  std::string_view file) {
  const std::optional<std::uint64_t> upload = parse_number(number);
  const std::optional<ImageType> known_type = type_of_name(type);
  if (!upload || !known_type || !file.ends_with(kExtension)) return {};
  file.remove_suffix(kExtension.size());
  const auto at = std::ranges::find(kImageRenditions, file, &ImageRendition::name);
  if (at == kImageRenditions.end()) return {};
  UploadAddress address{.upload = *upload, .type = *known_type, .spec = {}};
  if (at->name != kOriginal) address.spec = at->spec;
  return address;
}

std::expected<PageRequest, std::vector<FieldError>> parse_page_request(
    std::optional<std::string_view> page, std::optional<std::string_view> limit) {
  constexpr std::uint64_t kPageMax = std::uint64_t{1} << 40;  // times the limit fits 64 bits
  PageRequest request;
  std::vector<FieldError> errors;
  if (auto error = read_number("page", page, kPageMax, request.page))
    errors.push_back(*std::move(error));
  if (auto error = read_number("limit", limit, kListLimitMax, request.limit))
    errors.push_back(*std::move(error));
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return request;
}

}  // namespace mooring
