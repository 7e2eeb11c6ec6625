// What assets and projects of Media Pocket look like on disk, and how one is found.
#include <algorithm>
#include <span>
#include <utility>

#include "pocket_tree.h"

namespace mooring {
namespace {

constexpr std::uint8_t kAssetFormat = 1;
constexpr std::uint8_t kProjectFormat = 1;

void encode(Encoder& out, const PocketContent& content) {
  const auto* md5 = reinterpret_cast<const char*>(content.md5.data());
  out.text(content.media_id.view())
      .one_of(content.media)
      .text(content.filename)
      .text(content.mime_type)
      .text({md5, content.md5.size()})
      .blob(content.blob)
      .number(content.size_bytes);
}

PocketContent decode_content(Decoder& in, bool& sound) {
  PocketContent content;
  content.media_id = decode_pocket_id(in, sound);
  content.media = in.one_of(PocketMedia::image, PocketMedia::document);
  content.filename = in.text();
  content.mime_type = in.text();
  const std::string md5 = in.text();
  if (md5.size() == content.md5.size())
    std::ranges::copy(std::as_bytes(std::span(md5)), content.md5.begin());
  else
    sound = false;
  content.blob = in.blob();
  content.size_bytes = in.number();
  return content;
}

Status finish(const Decoder& in, bool sound, const char* what) {
  if (auto read = in.finish(what); !read) return read;
  if (!sound) return fail(Errc::corrupt, what);
  return {};
}

}  // namespace

std::string_view name_of(PocketKind kind) noexcept {
  return kind == PocketKind::article ? "article" : "placeholder";
}

std::string_view name_of(PocketMedia media) noexcept {
  switch (media) {
    case PocketMedia::image:
      return "image";
    case PocketMedia::video:
      return "video";
    case PocketMedia::audio:
      return "audio";
    case PocketMedia::document:
      break;
  }
  return "document";
}

void encode(Encoder& out, const PocketText& text) {
  out.text(text.title).option(text.description).option(text.category).option(text.external_id);
  out.number(text.tags.size());
  for (const std::string& tag : text.tags) out.text(tag);
}

PocketText decode_pocket_text(Decoder& in) {
  PocketText text;
  text.title = in.text();
  text.description = in.optional_text();
  text.category = in.optional_text();
  text.external_id = in.optional_text();
  const std::size_t tags = in.number_as<std::uint16_t>();
  for (std::size_t i = 0; i < tags; ++i) text.tags.push_back(in.text());
  return text;
}

PocketId decode_pocket_id(Decoder& in, bool& sound) {
  const std::optional<PocketId> id = parse_pocket_id(in.text());
  if (!id) sound = false;
  return id.value_or(PocketId{});
}

std::string encode(const PocketAsset& asset) {
  Encoder out(kAssetFormat);
  out.text(asset.id.view()).one_of(asset.place);
  if (asset.place != PocketPlace::root) out.text(asset.holder.view());
  out.number(asset.sequence).text(asset.owner);
  encode(out, asset.text);
  out.one_of(asset.kind).signed_number(asset.created_ms).signed_number(asset.modified_ms);
  out.flag(asset.deleted_ms.has_value());
  if (asset.deleted_ms) out.signed_number(*asset.deleted_ms);
  out.flag(asset.content.has_value());
  if (asset.content) encode(out, *asset.content);
  return out.take();
}

Result<PocketAsset> decode_pocket_asset(std::string_view bytes) {
  Decoder in(bytes, kAssetFormat);
  bool sound = true;
  PocketAsset asset;
  asset.id = decode_pocket_id(in, sound);
  asset.place = in.one_of(PocketPlace::root, PocketPlace::project_member);
  if (asset.place != PocketPlace::root) asset.holder = decode_pocket_id(in, sound);
  asset.sequence = in.number_as<std::uint32_t>();
  asset.owner = in.text();
  asset.text = decode_pocket_text(in);
  asset.kind = in.one_of(PocketKind::placeholder, PocketKind::article);
  asset.created_ms = in.signed_number();
  asset.modified_ms = in.signed_number();
  if (in.flag()) asset.deleted_ms = in.signed_number();
  if (in.flag()) asset.content = decode_content(in, sound);
  if (auto read = finish(in, sound, "pocket asset"); !read) return std::unexpected(read.error());
  return asset;
}

std::string encode(const PocketProject& project) {
  Encoder out(kProjectFormat);
  out.text(project.id.view()).flag(project.holder.has_value());
  if (project.holder) out.text(project.holder->view());
  out.number(project.sequence).text(project.owner);
  encode(out, project.text);
  out.flag(project.is_public);
  out.signed_number(project.created_ms).signed_number(project.modified_ms);
  return out.take();
}

Result<PocketProject> decode_pocket_project(std::string_view bytes) {
  Decoder in(bytes, kProjectFormat);
  bool sound = true;
  PocketProject project;
  project.id = decode_pocket_id(in, sound);
  if (in.flag()) project.holder = decode_pocket_id(in, sound);
  project.sequence = in.number_as<std::uint32_t>();
  project.owner = in.text();
  project.text = decode_pocket_text(in);
  project.is_public = in.flag();
  project.created_ms = in.signed_number();
  project.modified_ms = in.signed_number();
  if (auto read = finish(in, sound, "pocket project"); !read) return std::unexpected(read.error());
  return project;
}

Result<std::optional<PocketAsset>> find_pocket_asset(const View& view, const PocketId& id) {
  const auto value = view.get(Family::pocket_asset, id.view());
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  return decode_pocket_asset(**value);
}

Result<std::optional<PocketProject>> find_pocket_project(const View& view, const PocketId& id) {
  const auto value = view.get(Family::pocket_project, id.view());
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  return decode_pocket_project(**value);
}

Result<PocketProject> get_pocket_project(const View& view, const PocketId& id) {
  auto found = find_pocket_project(view, id);
  if (!found) return std::unexpected(found.error());
  if (!*found) return fail(Errc::not_found, "project");
  return **std::move(found);
}

void put_record(Transaction& transaction, const PocketAsset& asset) {
  transaction.put(Family::pocket_asset, asset.id.view(), encode(asset));
}

void put_record(Transaction& transaction, const PocketProject& project) {
  transaction.put(Family::pocket_project, project.id.view(), encode(project));
}

}  // namespace mooring
