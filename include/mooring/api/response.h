// Response: what a family answers. The connection adds Date, Connection and the lengths, and sends
// it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mooring/blob/reader.h"

namespace mooring {

/// A stretch of a stored blob as the body of a response.
struct BlobBody {
  /// Null: `cached` holds all of it.
  std::unique_ptr<BlobReader> reader;
  CachedContent cached;
  /// Read before the status is chosen: what is damaged in it becomes an error, not half a 200.
  /// Without a reader and a stretch, the body.
  Bytes first_piece;
  /// Where the first piece lies to be sent by reference, if it does; without a reader, the body.
  std::optional<FileStretch> first_stretch;
  std::uint64_t first_byte = 0;
  std::uint64_t size_bytes = 0;
};

struct Response {
  int status = 200;
  /// Field lines in the order in which they are sent. Names are literals; values are safe text.
  std::vector<std::pair<std::string_view, std::string>> fields = {};
  std::string text = {};  ///< the body, unless `blob` holds one
  std::optional<BlobBody> blob = {};
  /// For HEAD: the length that the body of a GET would have, where it was not made.
  std::optional<std::uint64_t> head_only_bytes = {};
  /// The stored content turned out to be damaged after the status was chosen, and so on: the
  /// connection is closed after this response.
  bool close = false;

  Response& add(std::string_view name, std::string value) & {
    fields.emplace_back(name, std::move(value));
    return *this;
  }
};

/// `text` is complete JSON.
[[nodiscard]] Response json_response(int status, std::string text);
/// A status and no body: 204, 304.
[[nodiscard]] Response empty_response(int status);

}  // namespace mooring
