#include "index_verified.h"

#include <algorithm>
#include <utility>

#include "index_search.h"

namespace mooring {
namespace {

std::string cache_key(std::uint32_t number, const std::string& search) {
  return "names " + std::to_string(number) + " " + search;
}

}  // namespace

struct VerifiedNames::Kept final : CachedObject {
  std::vector<Part> parts;

  [[nodiscard]] std::size_t memory_bytes() const noexcept override {
    std::size_t bytes = sizeof(Kept) + parts.capacity() * sizeof(Part);
    for (const Part& part : parts) bytes += part.set->memory_bytes() + 32;
    return bytes;
  }
};

VerifiedNames::VerifiedNames(IndexSession& session, const std::string& search)
    : session_(session), search_(search), key_(cache_key(session.state().number, search)) {
  const IndexState& state = session.state();
  const auto kept = std::static_pointer_cast<const Kept>(
      session.cache().find(state.number, state.base_version, key_));
  if (!kept) return;
  for (const Part& part : kept->parts) {
    const auto replaced = session.cache().replaced_at(state.number, state.base_version, part.chunk);
    if (replaced && *replaced <= part.version) parts_.push_back(part);
  }
}

const Container* VerifiedNames::find(std::uint32_t chunk) const noexcept {
  const auto found = std::ranges::lower_bound(parts_, chunk, {}, &Part::chunk);
  return found == parts_.end() || found->chunk != chunk ? nullptr : found->set.get();
}

Container VerifiedNames::verify(std::uint32_t chunk, const Container& candidates) {
  auto bits = std::make_unique<ChunkBits>();
  candidates.add_to(*bits);
  const std::uint32_t first_page = page_of(ordinal_of(chunk, 0));
  for (std::size_t i = 0; i < kChunkWords; i += kPageSlotWords) {
    const PageSlots slots(bits->data() + i, kPageSlotWords);
    if (std::ranges::none_of(slots, [](std::uint64_t word) { return word != 0; })) continue;
    const auto page = first_page + static_cast<std::uint32_t>(i / kPageSlotWords);
    keep_names_with(*session_.page(page), search_, slots);
  }
  return Container(std::move(bits));
}

void VerifiedNames::learn(std::uint32_t chunk, Container verified) {
  const auto place = std::ranges::lower_bound(parts_, chunk, {}, &Part::chunk);
  parts_.insert(place, {.chunk = chunk,
                        .version = session_.state().base_version,
                        .set = std::make_shared<const Container>(std::move(verified))});
  has_learned_ = true;
}

void VerifiedNames::finish() {
  if (!has_learned_ || !session_.status()) return;
  auto kept = std::make_shared<Kept>();
  kept->parts = parts_;
  const IndexState& state = session_.state();
  session_.cache().insert(state.number, state.base_version, key_, std::move(kept));
}

}  // namespace mooring
