#include "index_search.h"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace mooring {
namespace {

std::size_t find_plain(std::string_view text, std::size_t from, std::string_view needle) noexcept {
  const void* hit = ::memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  return hit == nullptr ? std::string_view::npos
                        : static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
}

template <typename Function>
void for_each_bit(PageSlots slots, Function function) {
  for (std::size_t i = 0; i < slots.size(); ++i)
    for (std::uint64_t word = slots[i]; word != 0; word &= word - 1)
      function(i * 64 + static_cast<std::size_t>(std::countr_zero(word)));
}

void drop(PageSlots slots, std::size_t slot) noexcept {
  slots[slot / 64] &= ~(std::uint64_t{1} << slot % 64);
}

}  // namespace

#if defined(__AVX2__)

namespace {

constexpr std::size_t kStep = 32;
/// Above this a needle could make the comparison of candidates expensive: memmem is linear.
constexpr std::size_t kVectorNeedleMax = 64;
static_assert(kVectorNeedleMax <= kNamePaddingBytes && 2 * kStep <= kNamePaddingBytes);
/// With more candidates than this a page is searched as a whole: one pass instead of many starts.
constexpr int kSingleNamesMax = 48;

__m256i load(const char* at) noexcept {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

/// A needle of at most kVectorNeedleMax bytes. A candidate is a place where its first, middle and
/// last byte stand: 32 places per comparison. Behind a text that is searched are kNamePaddingBytes.
class Needle {
 public:
  explicit Needle(std::string_view text) noexcept
      : text_(text),
        first_(_mm256_set1_epi8(text.front())),
        middle_(_mm256_set1_epi8(text[text.size() / 2])),
        last_(_mm256_set1_epi8(text.back())),
        head_mask_(text.size() < kStep ? (1U << text.size()) - 1 : ~0U) {
    std::array<char, kStep> head{};
    std::memcpy(head.data(), text.data(), std::min(text.size(), kStep));
    head_ = load(head.data());
  }

  [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }

  /// Bit i: a candidate at `at` + i.
  [[nodiscard]] std::uint32_t candidates(const char* at) const noexcept {
    const __m256i first = _mm256_cmpeq_epi8(load(at), first_);
    const __m256i middle = _mm256_cmpeq_epi8(load(at + text_.size() / 2), middle_);
    const __m256i last = _mm256_cmpeq_epi8(load(at + text_.size() - 1), last_);
    return static_cast<std::uint32_t>(
        _mm256_movemask_epi8(_mm256_and_si256(first, _mm256_and_si256(middle, last))));
  }
  [[nodiscard]] bool stands_at(const char* at) const noexcept {
    const auto equal =
        static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(load(at), head_)));
    if ((equal & head_mask_) != head_mask_) return false;
    return text_.size() <= kStep ||
           std::memcmp(at + kStep, text_.data() + kStep, text_.size() - kStep) == 0;
  }
  /// The first place in [from, end); npos if there is none.
  [[nodiscard]] std::size_t find(const char* text, std::size_t from,
                                 std::size_t end) const noexcept {
    for (; from + size() <= end; from += kStep)
      for (std::uint32_t hits = candidates(text + from); hits != 0; hits &= hits - 1) {
        const std::size_t at = from + static_cast<std::size_t>(std::countr_zero(hits));
        if (at + size() > end) break;
        if (stands_at(text + at)) return at;
      }
    return std::string_view::npos;
  }

 private:
  std::string_view text_;
  __m256i first_;
  __m256i middle_;
  __m256i last_;
  __m256i head_;
  std::uint32_t head_mask_;
};

void search_whole_page(const ColumnPage& page, const Needle& needle, PageSlots slots) {
  std::array<std::uint64_t, kPageSlotWords> found{};
  const std::string_view names = page.names();
  const auto& ends = page.name_ends();
  std::size_t slot = 0;
  for (std::size_t from = 0; from + needle.size() <= names.size(); from += kStep)
    for (std::uint32_t hits = needle.candidates(names.data() + from); hits != 0; hits &= hits - 1) {
      const std::size_t at = from + static_cast<std::size_t>(std::countr_zero(hits));
      if (at >= names.size() || !needle.stands_at(names.data() + at)) continue;
      while (ends[slot + 1] <= at) ++slot;
      if (at + needle.size() <= ends[slot + 1])  // and not across the end of a name
        found[slot / 64] |= std::uint64_t{1} << slot % 64;
    }
  for (std::size_t i = 0; i < found.size(); ++i) slots[i] &= found[i];
}

}  // namespace

std::size_t find_text(std::string_view text, std::size_t from, std::string_view needle) noexcept {
  if (text.size() < needle.size() || from > text.size() - needle.size())
    return std::string_view::npos;
  if (needle.size() > kVectorNeedleMax) return find_plain(text, from, needle);
  const Needle wanted(needle);
  // What is closer to the end than a step may read is copied to where there is padding.
  constexpr std::size_t kReach = kStep + kNamePaddingBytes;
  for (; text.size() - from >= kReach; from += kStep)
    for (std::uint32_t hits = wanted.candidates(text.data() + from); hits != 0; hits &= hits - 1) {
      const std::size_t at = from + static_cast<std::size_t>(std::countr_zero(hits));
      if (wanted.stands_at(text.data() + at)) return at;
    }
  std::array<char, kReach + kNamePaddingBytes> rest{};
  std::memcpy(rest.data(), text.data() + from, text.size() - from);
  const std::size_t at = wanted.find(rest.data(), 0, text.size() - from);
  return at == std::string_view::npos ? at : from + at;
}

void keep_names_with(const ColumnPage& page, std::string_view needle, PageSlots slots) {
  int wanted = 0;
  for (const std::uint64_t word : slots) wanted += std::popcount(word);
  if (needle.size() > kVectorNeedleMax) {
    for_each_bit(slots, [&](std::size_t slot) {
      if (find_text(page.folded(slot), 0, needle) == std::string_view::npos) drop(slots, slot);
    });
    return;
  }
  const Needle vector(needle);
  if (wanted > kSingleNamesMax) return search_whole_page(page, vector, slots);
  const auto& ends = page.name_ends();
  for_each_bit(slots, [&](std::size_t slot) {
    if (vector.find(page.names().data(), ends[slot], ends[slot + 1]) == std::string_view::npos)
      drop(slots, slot);
  });
}

#else

std::size_t find_text(std::string_view text, std::size_t from, std::string_view needle) noexcept {
  if (text.size() < needle.size() || from > text.size() - needle.size())
    return std::string_view::npos;
  return find_plain(text, from, needle);
}

void keep_names_with(const ColumnPage& page, std::string_view needle, PageSlots slots) {
  for_each_bit(slots, [&](std::size_t slot) {
    if (find_text(page.folded(slot), 0, needle) == std::string_view::npos) drop(slots, slot);
  });
}

#endif

}  // namespace mooring
