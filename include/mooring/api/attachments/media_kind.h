// What an uploaded file is: the bytes decide where they can be recognised, then the extension of
// its name, then what the client declared; else it is a document of unknown bytes.
//
// Pure functions; any thread. The type is what X10 serves the file as: everything but raster images
// and PDF is sent as an attachment, with nosniff, so that a wrong word does no harm.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mooring/catalog/attachments.h"
#include "mooring/http/media_type.h"

namespace mooring {

struct MediaKind {
  PocketMedia media = PocketMedia::document;
  std::string mime_type = "application/octet-stream";
  friend bool operator==(const MediaKind&, const MediaKind&) = default;
};

/// `filename` by rule X8, `declared` as sent.
[[nodiscard]] MediaKind media_kind_of(SniffedType sniffed, std::string_view filename,
                                      const std::optional<std::string>& declared);

/// The name under which content is stored: what rule X8 has left, or, if that is nothing,
/// "attachment", with the extension of a type that was recognised [D].
[[nodiscard]] std::string content_filename(std::string_view filename, SniffedType sniffed);

}  // namespace mooring
