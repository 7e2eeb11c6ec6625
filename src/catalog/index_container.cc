#include "index_container.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "mooring/base/check.h"

namespace mooring {
namespace {

constexpr char kListForm = 1;
constexpr char kBitsForm = 2;
/// With more sets than this a list is held against their bitmap, not against each of them.
constexpr std::size_t kProbedSetsMax = 8;

constexpr std::uint64_t bit(std::uint16_t member) noexcept {
  return std::uint64_t{1} << (member & 63);
}

bool is_set(const ChunkBits& bits, std::uint16_t member) noexcept {
  return (bits[member >> 6] & bit(member)) != 0;
}

std::unique_ptr<ChunkBits> bits_of(std::span<const Container* const> sets) {
  auto bits = std::make_unique<ChunkBits>();
  for (const Container* set : sets) set->add_to(*bits);
  return bits;
}

enum class Keep : std::uint8_t { members_of_others, members_of_none };

Container filter(Container set, std::span<const Container* const> others, Keep keep) {
  const bool is_kept_if = keep == Keep::members_of_others;
  if (set.bits() == nullptr && others.size() <= kProbedSetsMax) {
    std::vector<std::uint16_t> members = set.list();
    std::erase_if(members, [&](std::uint16_t member) {
      return std::ranges::any_of(others, [member](const Container* other) {
               return other->contains(member);
             }) != is_kept_if;
    });
    return Container(std::move(members));
  }
  const ChunkBits* other = nullptr;
  std::unique_ptr<ChunkBits> united;
  if (others.size() == 1 && others.front()->bits() != nullptr) {
    other = others.front()->bits();
  } else {
    united = bits_of(others);
    other = united.get();
  }
  if (set.bits() == nullptr) {
    std::vector<std::uint16_t> members = set.list();
    std::erase_if(members, [&](std::uint16_t m) { return is_set(*other, m) != is_kept_if; });
    return Container(std::move(members));
  }
  auto bits = std::make_unique<ChunkBits>(*set.bits());
  for (std::size_t i = 0; i < kChunkWords; ++i)
    (*bits)[i] &= is_kept_if ? (*other)[i] : ~(*other)[i];
  return Container(std::move(bits));
}

}  // namespace

Container::Container(std::vector<std::uint16_t> members) : list_(std::move(members)) {
  if (list_.size() <= kListMax) return;
  bits_ = std::make_unique<ChunkBits>();
  for (const std::uint16_t member : list_) (*bits_)[member >> 6] |= bit(member);
  size_ = list_.size();
  list_ = {};
}

Container::Container(std::unique_ptr<ChunkBits> bits) : bits_(std::move(bits)) {
  for (const std::uint64_t word : *bits_) size_ += static_cast<std::size_t>(std::popcount(word));
  if (size_ > kListMax) return;
  list_.reserve(size_);
  for_each([this](std::uint16_t member) { list_.push_back(member); });
  bits_.reset();
}

Result<Container> Container::decode(std::string_view bytes) {
  const auto damaged = [] { return fail(Errc::corrupt, "set of the document index"); };
  if (bytes.empty()) return damaged();
  const char form = bytes.front();
  bytes.remove_prefix(1);
  if (form == kBitsForm) {
    if (bytes.size() != sizeof(ChunkBits)) return damaged();
    auto bits = std::make_unique<ChunkBits>();
    std::memcpy(bits->data(), bytes.data(), bytes.size());
    return Container(std::move(bits));
  }
  if (form != kListForm || bytes.size() % 2 != 0 || bytes.size() > 2 * kListMax) return damaged();
  std::vector<std::uint16_t> members(bytes.size() / 2);
  if (!members.empty()) std::memcpy(members.data(), bytes.data(), bytes.size());
  if (std::ranges::adjacent_find(members, std::ranges::greater_equal()) != members.end())
    return damaged();
  return Container(std::move(members));
}

std::string Container::encode() const {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(1, bits_ ? kBitsForm : kListForm);
  if (bits_)
    bytes.append(reinterpret_cast<const char*>(bits_->data()), sizeof(ChunkBits));
  else
    bytes.append(reinterpret_cast<const char*>(list_.data()), list_.size() * 2);
  return bytes;
}

bool Container::contains(std::uint16_t member) const noexcept {
  return bits_ ? is_set(*bits_, member) : std::ranges::binary_search(list_, member);
}

std::size_t Container::memory_bytes() const noexcept {
  return sizeof(Container) + (bits_ ? sizeof(ChunkBits) : list_.capacity() * 2);
}

void Container::add_to(ChunkBits& bits) const noexcept {
  if (!bits_) {
    for (const std::uint16_t member : list_) bits[member >> 6] |= bit(member);
    return;
  }
  for (std::size_t i = 0; i < kChunkWords; ++i) bits[i] |= (*bits_)[i];
}

void Container::remove(std::uint16_t member) noexcept {
  if (bits_) {
    if (!is_set(*bits_, member)) return;
    (*bits_)[member >> 6] &= ~bit(member);
    --size_;
    return;
  }
  const auto found = std::ranges::lower_bound(list_, member);
  if (found != list_.end() && *found == member) list_.erase(found);
}

Container Container::changed(std::span<const std::uint16_t> removed,
                             std::span<const std::uint16_t> added) const {
  if (!bits_ && list_.size() + added.size() <= kListMax) {
    std::vector<std::uint16_t> going(removed.begin(), removed.end());
    std::vector<std::uint16_t> coming(added.begin(), added.end());
    std::ranges::sort(going);
    std::ranges::sort(coming);
    coming.erase(std::ranges::unique(coming).begin(), coming.end());
    std::vector<std::uint16_t> kept;
    std::ranges::set_difference(list_, going, std::back_inserter(kept));
    std::vector<std::uint16_t> members;
    members.reserve(kept.size() + coming.size());
    std::ranges::set_union(kept, coming, std::back_inserter(members));
    return Container(std::move(members));
  }
  auto bits = std::make_unique<ChunkBits>();
  add_to(*bits);
  for (const std::uint16_t member : removed) (*bits)[member >> 6] &= ~bit(member);
  for (const std::uint16_t member : added) (*bits)[member >> 6] |= bit(member);
  return Container(std::move(bits));
}

Container unite(std::span<const Container* const> sets) {
  std::size_t members_max = 0;
  for (const Container* set : sets) members_max += set->size();
  if (members_max > kListMax) return Container(bits_of(sets));
  std::vector<std::uint16_t> members;
  members.reserve(members_max);
  for (const Container* set : sets)
    members.insert(members.end(), set->list().begin(), set->list().end());
  if (sets.size() > 1) std::ranges::sort(members);
  members.erase(std::ranges::unique(members).begin(), members.end());
  return Container(std::move(members));
}

Container intersect(Container set, std::span<const Container* const> others) {
  return filter(std::move(set), others, Keep::members_of_others);
}

Container subtract(Container set, std::span<const Container* const> others) {
  return others.empty() ? std::move(set) : filter(std::move(set), others, Keep::members_of_none);
}

}  // namespace mooring
