#include "webp_metadata.h"

namespace mooring {

namespace {

constexpr std::size_t kHeaderBytes = 12;  // "RIFF", size, "WEBP"
constexpr std::size_t kChunkHeaderBytes = 8;
// Flags of the VP8X chunk: what of this the file claims to hold.
constexpr std::byte kMetadataFlags{0x20 | 0x08 | 0x04};

std::uint32_t size_at(Bytes bytes, std::size_t offset) {
  std::uint32_t size = 0;
  for (std::size_t i = 4; i-- > 0;)
    size = size << 8 | static_cast<std::uint32_t>(bytes[offset + i]);
  return size;
}

bool is_metadata(std::string_view name) {
  return name == "EXIF" || name == "XMP " || name == "ICCP";
}

}  // namespace

std::optional<std::vector<std::byte>> without_metadata(Bytes webp) {
  if (webp.size() < kHeaderBytes || !as_text(webp).starts_with("RIFF")) return std::nullopt;
  std::vector<std::byte> out(webp.begin(), webp.begin() + kHeaderBytes);
  for (std::size_t at = kHeaderBytes; at < webp.size();) {
    if (webp.size() - at < kChunkHeaderBytes) return std::nullopt;
    const std::string_view name = as_text(webp.subspan(at, 4));
    const std::uint64_t chunk_bytes = kChunkHeaderBytes + round_up(size_at(webp, at + 4), 2);
    if (webp.size() - at < chunk_bytes) return std::nullopt;
    const Bytes chunk = webp.subspan(at, chunk_bytes);
    at += chunk_bytes;
    if (is_metadata(name)) continue;
    const std::size_t begin = out.size();
    out.insert(out.end(), chunk.begin(), chunk.end());
    if (name == "VP8X" && chunk.size() > kChunkHeaderBytes)
      out[begin + kChunkHeaderBytes] &= ~kMetadataFlags;
  }
  const std::size_t riff_bytes = out.size() - kChunkHeaderBytes;
  for (std::size_t i = 0; i < 4; ++i) out[4 + i] = static_cast<std::byte>(riff_bytes >> (8 * i));
  return out;
}

}  // namespace mooring
