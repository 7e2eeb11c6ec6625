#include "mooring/base/check.h"
#include "mooring/http/multipart.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include <bit>
#include <cstring>

namespace mooring {

namespace {

#if defined(__AVX2__)

// One bit per position of the 32 at `at` where the needle's bytes 0, 3 and last all match. Three
// bytes keep false alarms rare in random bytes (2^-24), in text full of CR LF, and in
// "\r\n-\r\n-...".
struct Filter {
  __m256i first, fourth, last;
  std::size_t last_offset;

  unsigned matches(const char* at) const noexcept {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 3));
    const __m256i c = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + last_offset));
    const __m256i hits = _mm256_and_si256(
        _mm256_and_si256(_mm256_cmpeq_epi8(a, first), _mm256_cmpeq_epi8(b, fourth)),
        _mm256_cmpeq_epi8(c, last));
    return static_cast<unsigned>(_mm256_movemask_epi8(hits));
  }
};

#endif

std::size_t find_plain(std::string_view text, std::size_t from, std::string_view needle) noexcept {
  if (text.size() - from < needle.size()) return std::string_view::npos;
  const void* hit = ::memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  return hit == nullptr ? std::string_view::npos
                        : static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
}

}  // namespace

// Linear for any text: a candidate is compared until it differs, and because the needle's only CR
// is its first byte, no two candidates share compared bytes.
std::size_t find_delimiter(std::string_view text, std::string_view needle) noexcept {
  MOORING_CHECK(needle.size() >= 4 && needle.front() == '\r', "not a delimiter");
  std::size_t at = 0;
#if defined(__AVX2__)
  const std::size_t last = needle.size() - 1;
  const Filter filter{_mm256_set1_epi8(needle[0]), _mm256_set1_epi8(needle[3]),
                      _mm256_set1_epi8(needle[last]), last};
  for (; text.size() - at >= 64 + last; at += 64) {
    const char* here = text.data() + at;
    std::uint64_t hits = filter.matches(here) | std::uint64_t{filter.matches(here + 32)} << 32;
    for (; hits != 0; hits &= hits - 1) {
      const std::size_t candidate = at + static_cast<std::size_t>(std::countr_zero(hits));
      if (std::memcmp(text.data() + candidate, needle.data(), needle.size()) == 0) return candidate;
    }
  }
#endif
  return find_plain(text, at, needle);
}

}  // namespace mooring
