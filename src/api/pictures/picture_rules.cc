#include "mooring/api/pictures/picture_rules.h"

#include <algorithm>

#include "mooring/base/clock.h"
#include "mooring/base/json_writer.h"

namespace mooring {
namespace {

constexpr std::string_view kUnnamed = "picture";

bool is_picture_type(std::string_view type) {
  return std::ranges::find(kPictureTypes, type) != kPictureTypes.end();
}

/// P7: a client that does not know declares nothing or "some bytes"; "image/jpg" is a common slip.
bool may_declare(const std::optional<std::string>& declared) {
  if (!declared || declared->empty()) return true;
  const Result<MediaType> type = parse_media_type(*declared);
  if (!type) return false;
  return is_picture_type(type->essence) || type->essence == "image/jpg" ||
         type->essence == "application/octet-stream";
}

}  // namespace

std::optional<std::string_view> picture_type(SniffedType sniffed,
                                             const std::optional<std::string>& declared) {
  const std::string_view type = mime_of(sniffed);
  if (!may_declare(declared) || !is_picture_type(type)) return {};
  return type;
}

std::string picture_filename(std::string_view filename, std::string_view type) {
  if (!filename.empty()) return std::string(filename);
  std::string name(kUnnamed);
  if (const std::size_t slash = type.find('/'); slash != type.npos)
    name.append(".").append(type.substr(slash + 1));
  return name;
}

std::string picture_body(const PictureRecord& picture) {
  JsonWriter out;
  out.begin_object().key("data").begin_object();
  out.field("id", std::string_view(to_string(picture.id)))
      .field("filename", std::string_view(picture.filename))
      .field("ownerId", std::string_view(picture.owner_id))
      .field("mimetype", std::string_view(picture.mimetype))
      .field("updatedAt", std::string_view(iso8601(picture.updated_ms)))
      .field("updatedBy", std::string_view(picture.updated_by))
      .field("createdBy", std::string_view(picture.created_by))
      .field("createdAt", std::string_view(iso8601(picture.created_ms)))
      .field("organizationId", std::string_view(picture.organization_id))
      .field("manufacturerId", picture.manufacturer_id)
      .field("assetId", std::string_view(to_string(picture.asset_id)));
  out.end_object().end_object();
  return out.take();
}

}  // namespace mooring
