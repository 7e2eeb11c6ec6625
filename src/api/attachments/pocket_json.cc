#include "mooring/api/attachments/pocket_json.h"

#include <fmt/format.h>

#include "mooring/base/clock.h"
#include "mooring/base/json_writer.h"

namespace mooring {
namespace {

constexpr std::string_view kStatus = "open";  // no endpoint changes it

std::optional<std::string> id_text(bool is_there, const PocketId& id) {
  if (!is_there) return {};
  return to_string(id);
}

std::optional<std::string> time_text(const std::optional<std::int64_t>& unix_ms) {
  return unix_ms.transform([](std::int64_t ms) { return iso8601(ms); });
}

std::string hex(const std::array<std::byte, 16>& digest) {
  std::string text;
  for (const std::byte byte : digest)
    text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

bool is_attached(const PocketAsset& asset) {
  return asset.place == PocketPlace::asset_attachment ||
         asset.place == PocketPlace::project_attachment;
}

std::string_view media_type_of(const PocketAsset& asset) {
  return asset.content ? name_of(asset.content->media) : name_of(asset.kind);
}

void write_tags(JsonWriter& out, const std::vector<std::string>& tags) {
  out.key("tags").begin_array();
  for (const std::string& tag : tags) out.value(std::string_view(tag));
  out.end_array();
}

void write_asset(JsonWriter& out, const PocketAsset& asset) {
  std::optional<std::string> filename;
  std::optional<std::string> md5;
  if (asset.content) {
    filename = asset.content->filename;
    md5 = hex(asset.content->md5);
  }
  out.begin_object()
      .field("id", asset.id.view())
      .field("external_id", asset.text.external_id)
      .field("parent_id", id_text(is_attached(asset), asset.holder))
      .field("project_id", id_text(asset.place == PocketPlace::project_member, asset.holder))
      .field("owner", std::string_view(asset.owner))
      .field("title", std::string_view(asset.text.title))
      .field("description", asset.text.description)
      .field("category", asset.text.category);
  write_tags(out, asset.text.tags);
  out.key("ai_tags").begin_array().end_array();
  out.field("status", kStatus)
      .field("media_type", media_type_of(asset))
      .field("original_filename", filename)
      .key("drop_folder_id")
      .null()
      .field("md5_sum", md5)
      .field("created_date", std::string_view(iso8601(asset.created_ms)))
      .field("modification_date", std::string_view(iso8601(asset.modified_ms)))
      .field("deleted", time_text(asset.deleted_ms))
      .end_object();
}

}  // namespace

std::string pocket_asset_body(const PocketAsset& asset) {
  JsonWriter out;
  write_asset(out.begin_object().key("asset"), asset);
  out.end_object();
  return out.take();
}

std::string pocket_asset_body(const PocketAsset& asset, std::string_view error, int status) {
  JsonWriter out;
  write_asset(out.begin_object().key("asset"), asset);
  out.key("errors").begin_object().field("error", error).field("status", status).end_object();
  out.end_object();
  return out.take();
}

std::string attachments_body(std::span<const PocketAsset> attachments) {
  JsonWriter out;
  out.begin_object().key("attachments").begin_array();
  for (const PocketAsset& attachment : attachments) write_asset(out, attachment);
  out.end_array().end_object();
  return out.take();
}

std::string pocket_project_body(const PocketProject& project) {
  JsonWriter out;
  out.begin_object().key("project").begin_object();
  out.field("id", project.id.view())
      .field("external_id", project.text.external_id)
      .field("project_id", id_text(project.holder.has_value(), project.holder.value_or(PocketId{})))
      .field("owner", std::string_view(project.owner))
      .field("title", std::string_view(project.text.title))
      .field("description", project.text.description)
      .field("category", project.text.category);
  write_tags(out, project.text.tags);
  out.field("media_type", "project")
      .field("isPublic", project.is_public)
      .key("thumbnail_asset_id")
      .null()
      .field("created_date", std::string_view(iso8601(project.created_ms)))
      .field("modification_date", std::string_view(iso8601(project.modified_ms)))
      .key("deleted")
      .null()
      .field("original_title", std::string_view(project.text.title));
  out.end_object().end_object();
  return out.take();
}

std::string media_body(const PocketAsset& asset, std::string_view download_url) {
  JsonWriter out;
  out.begin_object().key("media").begin_array();
  if (asset.content)
    out.begin_object()
        .field("id", asset.content->media_id.view())
        .field("filename", std::string_view(asset.content->filename))
        .field("mime_type", std::string_view(asset.content->mime_type))
        .field("size", asset.content->size_bytes)
        .field("download_url", download_url)
        .end_object();
  out.end_array().end_object();
  return out.take();
}

std::string api_keys_body(std::span<const KeyRecord> keys) {
  JsonWriter out;
  out.begin_object().key("api_keys").begin_array();
  for (const KeyRecord& key : keys)
    out.begin_object()
        .field("id", std::string_view(to_string(key.id)))
        .field("key_prefix", std::string_view(key.prefix))
        .field("name", std::string_view(key.name))
        .field("last_access", time_text(key.last_access_ms))
        .end_object();
  out.end_array().end_object();
  return out.take();
}

std::string pocket_word_body(std::string_view key, std::string_view text) {
  JsonWriter out;
  out.begin_object().field(key, text).end_object();
  return out.take();
}

}  // namespace mooring
