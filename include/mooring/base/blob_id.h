// What a stored content is called and where it lies: the words that blob, catalog and api share.
//
// A blob is named by its digest, its ordinal and nothing else. The ordinal is 0 except where
// different contents met under one digest; the second is 1, and so on (its file is `<hash>-1`).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/digest.h"

namespace mooring {

struct BlobId {
  Hash128 hash;
  std::uint16_t ordinal = 0;
  friend auto operator<=>(const BlobId&, const BlobId&) = default;
};

/// "<32 hex>" or "<32 hex>-<ordinal>": the name of the blob's file, and the opaque part of its
/// ETag.
[[nodiscard]] std::string to_string(const BlobId& id);
/// Only what to_string makes: lower case, no leading zeros in the ordinal, no "-0".
[[nodiscard]] std::optional<BlobId> parse_blob_id(std::string_view text) noexcept;

enum class Tier : std::uint8_t {
  segment = 1,  ///< inside a segment file, with other small blobs
  file = 2,     ///< a file of its own, named by the id
};

/// Where a blob's bytes lie. For Tier::file only `tier` counts: the id is the name.
struct BlobLocation {
  Tier tier = Tier::file;
  std::uint16_t segment_core = 0;    ///< the core that wrote the segment
  std::uint32_t segment_number = 0;  ///< data/segments/<core>-<number>
  std::uint64_t segment_offset = 0;  ///< of the first byte of content, in bytes
  friend bool operator==(const BlobLocation&, const BlobLocation&) = default;
};

/// The catalogue's word for one stored content.
struct BlobRecord {
  std::uint64_t size_bytes = 0;
  BlobLocation location;
  friend bool operator==(const BlobRecord&, const BlobRecord&) = default;
};

}  // namespace mooring
