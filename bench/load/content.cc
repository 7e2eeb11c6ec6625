#include "load/content.h"

#include <algorithm>
#include <cstring>

#include "load/random.h"
#include "mooring/base/check.h"

namespace mooring {

Content make_content(std::string_view prefix, std::uint64_t stamp_high, std::uint64_t stamp_low,
                     std::uint64_t size_bytes) noexcept {
  MOORING_CHECK(prefix.size() <= kContentPrefixBytesMax, "a prefix is longer than its place");
  Content content;
  std::byte* const stamp = content.lead.data() + prefix.size();
  std::memcpy(content.lead.data(), prefix.data(), prefix.size());
  std::memcpy(stamp, &stamp_low, sizeof stamp_low);  // first what differs: short contents are cut
  std::memcpy(stamp + sizeof stamp_low, &stamp_high, sizeof stamp_high);
  content.lead_bytes =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(prefix.size() + kStampBytes, size_bytes));
  content.size_bytes = size_bytes;
  return content;
}

ContentPattern::ContentPattern(std::uint64_t seed) : pattern_(kPatternBytes) {
  Random random(seed);
  for (std::size_t at = 0; at < pattern_.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t next = random();
    std::memcpy(pattern_.data() + at, &next, sizeof next);
  }
}

Bytes ContentPattern::at(const Content& content, std::uint64_t offset_bytes) const noexcept {
  if (offset_bytes < content.lead_bytes)
    return Bytes(content.lead).first(content.lead_bytes).subspan(offset_bytes);
  if (offset_bytes >= content.size_bytes) return {};
  const std::size_t in_pattern = offset_bytes % kPatternBytes;
  const std::uint64_t left = content.size_bytes - offset_bytes;
  return Bytes(pattern_).subspan(in_pattern,
                                 std::min<std::uint64_t>(left, kPatternBytes - in_pattern));
}

bool ContentPattern::equal(const Content& content, std::uint64_t offset_bytes,
                           Bytes seen) const noexcept {
  while (!seen.empty()) {
    const Bytes expected = at(content, offset_bytes);
    const std::size_t size = std::min(expected.size(), seen.size());
    if (size == 0 || std::memcmp(expected.data(), seen.data(), size) != 0) return false;
    seen = seen.subspan(size);
    offset_bytes += size;
  }
  return true;
}

Hash128 ContentPattern::digest(const Content& content) const {
  StreamHash hash;
  for (std::uint64_t offset = 0; offset < content.size_bytes;) {
    const Bytes piece = at(content, offset);
    hash.update(piece);
    offset += piece.size();
  }
  return hash.finish();
}

}  // namespace mooring
