#include "index_search.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <bit>
#include <bitset>
#include <cstring>

namespace mooring {
namespace {

/// With more candidates than this a page is searched as a whole: one pass instead of many starts.
constexpr std::size_t kSingleNamesMax = 24;
/// Above this a needle could make the comparison of candidates expensive: memmem is linear.
constexpr std::size_t kVectorNeedleMax = 64;

std::size_t find_plain(std::string_view text, std::size_t from, std::string_view needle) noexcept {
  const void* hit = ::memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  return hit == nullptr ? std::string_view::npos
                        : static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
}

}  // namespace

// A candidate is a place where the needle's first and last byte stand: 32 places per comparison.
std::size_t find_text(std::string_view text, std::size_t from, std::string_view needle) noexcept {
  if (text.size() < needle.size() || from > text.size() - needle.size())
    return std::string_view::npos;
#if defined(__AVX2__)
  if (needle.size() > kVectorNeedleMax) return find_plain(text, from, needle);
  const std::size_t last = needle.size() - 1;
  const __m256i first_byte = _mm256_set1_epi8(needle.front());
  const __m256i last_byte = _mm256_set1_epi8(needle.back());
  for (; text.size() - from >= 32 + last; from += 32) {
    const char* at = text.data() + from;
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + last));
    auto hits = static_cast<std::uint32_t>(_mm256_movemask_epi8(
        _mm256_and_si256(_mm256_cmpeq_epi8(a, first_byte), _mm256_cmpeq_epi8(b, last_byte))));
    for (; hits != 0; hits &= hits - 1) {
      const auto offset = static_cast<std::size_t>(std::countr_zero(hits));
      if (std::memcmp(at + offset, needle.data(), needle.size()) == 0) return from + offset;
    }
  }
#endif
  return find_plain(text, from, needle);
}

void keep_names_with(const ColumnPage& page, std::string_view needle,
                     std::vector<std::uint16_t>& members) {
  if (members.size() <= kSingleNamesMax) {
    std::erase_if(members, [&](std::uint16_t member) {
      return find_text(page.folded(member % kPageOrdinals), 0, needle) == std::string_view::npos;
    });
    return;
  }
  std::bitset<kPageOrdinals> found;
  const std::string_view names = page.names();
  const auto& ends = page.name_ends();
  std::size_t slot = 0;
  std::size_t at = find_text(names, 0, needle);
  while (at != std::string_view::npos) {
    while (ends[slot + 1] <= at) ++slot;
    if (at + needle.size() <= ends[slot + 1]) {
      found.set(slot);
      at = find_text(names, ends[slot + 1], needle);
    } else {
      at = find_text(names, at + 1, needle);  // across the end of a name
    }
  }
  std::erase_if(members, [&](std::uint16_t member) { return !found[member % kPageOrdinals]; });
}

}  // namespace mooring
