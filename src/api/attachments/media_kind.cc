#include "mooring/api/attachments/media_kind.h"

#include <algorithm>
#include <array>

#include "mooring/http/request_head.h"

namespace mooring {
namespace {

constexpr std::string_view kUnnamed = "attachment";

struct ExtensionRow {
  std::string_view extension;
  std::string_view mime_type;
};

// Only what people attach; anything else keeps the type it was declared with.
constexpr std::array kExtensions = std::to_array<ExtensionRow>({
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"png", "image/png"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"bmp", "image/bmp"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"heic", "image/heic"},
    {"avif", "image/avif"},
    {"svg", "image/svg+xml"},
    {"psd", "image/vnd.adobe.photoshop"},
    {"mp4", "video/mp4"},
    {"m4v", "video/mp4"},
    {"mov", "video/quicktime"},
    {"avi", "video/x-msvideo"},
    {"mkv", "video/x-matroska"},
    {"webm", "video/webm"},
    {"mpg", "video/mpeg"},
    {"mpeg", "video/mpeg"},
    {"wmv", "video/x-ms-wmv"},
    {"mxf", "application/mxf"},
    {"mp3", "audio/mpeg"},
    {"m4a", "audio/mp4"},
    {"aac", "audio/aac"},
    {"wav", "audio/wav"},
    {"flac", "audio/flac"},
    {"ogg", "audio/ogg"},
    {"opus", "audio/opus"},
    {"aif", "audio/aiff"},
    {"aiff", "audio/aiff"},
    {"wma", "audio/x-ms-wma"},
    {"pdf", "application/pdf"},
    {"txt", "text/plain"},
    {"csv", "text/csv"},
    {"json", "application/json"},
    {"zip", "application/zip"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
});

PocketMedia media_of(std::string_view mime_type) {
  if (mime_type.starts_with("image/")) return PocketMedia::image;
  if (mime_type.starts_with("video/") || mime_type == "application/mxf") return PocketMedia::video;
  if (mime_type.starts_with("audio/")) return PocketMedia::audio;
  return PocketMedia::document;
}

std::optional<std::string_view> type_of_extension(std::string_view filename) {
  const std::size_t dot = filename.rfind('.');
  if (dot == filename.npos) return {};
  const std::string_view extension = filename.substr(dot + 1);
  const auto row = std::ranges::find_if(kExtensions, [extension](const ExtensionRow& one) {
    return equal_ignoring_case(one.extension, extension);
  });
  if (row == kExtensions.end()) return {};
  return row->mime_type;
}

/// What curl declares by itself for `--data-binary` says nothing about the bytes.
std::optional<std::string> declared_type(const std::optional<std::string>& declared) {
  if (!declared) return {};
  Result<MediaType> type = parse_media_type(*declared);
  if (!type || type->essence == "application/x-www-form-urlencoded") return {};
  return std::move(type->essence);
}

}  // namespace

MediaKind media_kind_of(SniffedType sniffed, std::string_view filename,
                        const std::optional<std::string>& declared) {
  MediaKind kind;
  if (sniffed != SniffedType::unknown)
    kind.mime_type = mime_of(sniffed);
  else if (const auto of_extension = type_of_extension(filename))
    kind.mime_type = *of_extension;
  else if (auto of_client = declared_type(declared))
    kind.mime_type = *std::move(of_client);
  kind.media = media_of(kind.mime_type);
  return kind;
}

std::string content_filename(std::string_view filename, SniffedType sniffed) {
  if (!filename.empty()) return std::string(filename);
  std::string name(kUnnamed);
  if (sniffed != SniffedType::unknown) {
    const std::string_view type = mime_of(sniffed);
    name.append(".").append(type.substr(type.find('/') + 1));
  }
  return name;
}

}  // namespace mooring
