#include "index_walk.h"

#include <algorithm>
#include <utility>

#include "index_pages.h"

namespace mooring {
namespace {

std::vector<std::uint64_t> bits_of(const IndexMatches& matches, std::uint32_t ordinals) {
  std::vector<std::uint64_t> bits((ordinals / kChunkOrdinals + 1) * kChunkWords);
  for (const IndexMatches::Part& part : matches.base) {
    std::uint64_t* const words = bits.data() + part.chunk * kChunkWords;
    if (const ChunkBits* set = part.set.bits())
      std::ranges::copy(*set, words);
    else
      for (const std::uint16_t member : part.set.list())
        words[member / 64] |= std::uint64_t{1} << member % 64;
  }
  return bits;
}

bool is_updated_before(const TailPointer& a, const TailPointer& b) noexcept {
  const IndexedDocument& left = *a->now;
  const IndexedDocument& right = *b->now;
  return left.updated_ms != right.updated_ms ? left.updated_ms < right.updated_ms
                                             : left.id < right.id;
}

/// In one pass, as long as each is at most some places away from where it belongs.
void sort_nearly_sorted(std::vector<TailPointer>& tail) {
  constexpr std::size_t kPlacesAway = 64;
  for (std::size_t i = 1; i < tail.size(); ++i) {
    if (!is_updated_before(tail[i], tail[i - 1])) continue;
    const std::size_t first = i > kPlacesAway ? i - kPlacesAway : 0;
    if (first > 0 && is_updated_before(tail[i], tail[first - 1])) {
      std::ranges::sort(tail, is_updated_before);
      return;
    }
    const auto end = tail.begin() + static_cast<std::ptrdiff_t>(i);
    const auto place = std::upper_bound(tail.begin() + static_cast<std::ptrdiff_t>(first), end,
                                        tail[i], is_updated_before);
    std::rotate(place, end, end + 1);
  }
}

}  // namespace

OrderWalk::OrderWalk(IndexSession& session, const IndexMatches& matches, OrderKind kind)
    : session_(session),
      kind_(kind),
      directory_(session.directory(kind)),
      places_of_order_(session, kind),
      bits_(bits_of(matches, session.state().next_ordinal)),
      tail_(matches.tail),
      size_(matches.size()) {
  sort_tail();
}

void OrderWalk::sort_tail() {
  // What is newest came last, as a rule: the tail is nearly in order of its instants already.
  if (kind_ == OrderKind::updated) return sort_nearly_sorted(tail_);
  struct Keyed {
    ColumnRow row;
    std::uint32_t index = 0;
  };
  std::vector<Keyed> keyed;
  keyed.reserve(tail_.size());
  for (std::uint32_t i = 0; i < tail_.size(); ++i) keyed.push_back({tail_[i]->row(), i});
  std::ranges::sort(
      keyed,
      [this](const ColumnRow& a, const ColumnRow& b) { return places_of_order_.is_before(a, b); },
      &Keyed::row);
  std::vector<TailPointer> sorted;
  sorted.reserve(keyed.size());
  for (const Keyed& document : keyed) sorted.push_back(std::move(tail_[document.index]));
  tail_ = std::move(sorted);
}

/// A place is looked for when the walk comes to it, and kept with its document, for other queries,
/// unless a read has failed.
std::uint32_t OrderWalk::place_of_tail(std::size_t i, std::uint32_t hint) {
  std::atomic<std::int64_t>& known = tail_[i]->positions[static_cast<std::size_t>(kind_) - 1];
  std::int64_t place = known.load(std::memory_order_relaxed);
  if (place < 0) {
    place = places_of_order_.place_near(hint, tail_[i]->row());
    if (session_.status()) known.store(place, std::memory_order_relaxed);
  }
  return static_cast<std::uint32_t>(place);
}

template <typename Function>
void OrderWalk::for_each_match(std::uint32_t first, std::uint32_t end, Function function) {
  for (std::uint32_t place = first; place < end;) {
    const std::size_t i = directory_->block_of(place);
    const auto block = session_.block(kind_, directory_->blocks[i]);
    const std::uint32_t stop = std::min(end, directory_->starts[i + 1]);
    for (; place < stop; ++place) {
      const std::size_t at = place - directory_->starts[i];
      if (at >= block->ordinals.size()) break;
      if (is_match(block->ordinals[at]) && !function(place, block->ordinals[at])) return;
    }
    place = stop;
  }
}

std::uint64_t OrderWalk::count(std::uint32_t first, std::uint32_t end) {
  std::uint64_t matches = 0;
  for_each_match(first, end, [&](std::uint32_t, std::uint32_t) {
    ++matches;
    return true;
  });
  return matches;
}

/// The match after `skipped` others, from `place` on upwards, of which the first `tail` of the tail
/// stand below.
OrderWalk::Cursor OrderWalk::ascend(std::uint32_t place, std::size_t tail, std::uint64_t skipped) {
  const std::uint32_t size = directory_->size();
  while (true) {
    const std::uint32_t stop =
        tail < tail_.size() ? std::max(place_of_tail(tail, place), place) : size;
    Cursor found{.is_end = true};
    for_each_match(place, stop, [&](std::uint32_t at, std::uint32_t) {
      if (skipped-- > 0) return true;
      found = {.place = at, .tail = tail};
      return false;
    });
    if (!found.is_end || tail == tail_.size()) return found;
    place = stop;
    if (skipped-- == 0) return {.place = place, .tail = tail, .is_tail = true};
    ++tail;
  }
}

/// The match after `skipped` others, downwards from `place` (not included), of which the first
/// `tail` of the tail stand below.
OrderWalk::Cursor OrderWalk::descend(std::uint32_t place, std::size_t tail, std::uint64_t skipped) {
  while (true) {
    const std::uint32_t stop = tail > 0 ? std::min(place_of_tail(tail - 1, place), place) : 0;
    while (place > stop) {
      const std::size_t i = directory_->block_of(place - 1);
      const auto block = session_.block(kind_, directory_->blocks[i]);
      const std::uint32_t start = directory_->starts[i];
      for (const std::uint32_t end = std::max(start, stop); place > end; --place) {
        const std::size_t at = place - 1 - start;
        if (at < block->ordinals.size() && is_match(block->ordinals[at]) && skipped-- == 0)
          return {.place = place - 1, .tail = tail};
      }
    }
    if (tail == 0) return {.is_end = true};
    --tail;
    if (skipped-- == 0) return {.place = place, .tail = tail, .is_tail = true};
  }
}

void OrderWalk::begin(std::uint64_t offset, SortOrder order) {
  order_ = order;
  const std::uint64_t rank = order == SortOrder::ascending ? offset : size_ - 1 - offset;
  cursor_ = rank <= size_ / 2 ? ascend(0, 0, rank)
                              : descend(directory_->size(), tail_.size(), size_ - 1 - rank);
}

OrderWalk::Class OrderWalk::current() {
  if (cursor_.is_end) return {};
  ColumnRow key;
  std::shared_ptr<const ColumnPage> page;
  if (cursor_.is_tail) {
    key = tail_[cursor_.tail]->row();
  } else {
    key = places_of_order_.row_at(cursor_.place);
    page = places_of_order_.page();  // other rows must not let it go
  }
  Class ties{.first = places_of_order_.first_of(cursor_.place, key),
             .end = places_of_order_.end_of(cursor_.place, key)};
  const auto is_tie = [&](const TailPointer& document) {
    return places_of_order_.compare_keys(document->row(), key) == 0;
  };
  ties.tail_first = ties.tail_end = cursor_.tail;
  while (ties.tail_first > 0 && is_tie(tail_[ties.tail_first - 1])) --ties.tail_first;
  while (ties.tail_end < tail_.size() && is_tie(tail_[ties.tail_end])) ++ties.tail_end;
  ties.size = count(ties.first, ties.end) + (ties.tail_end - ties.tail_first);
  const std::uint64_t below = count(ties.first, cursor_.place) + (cursor_.tail - ties.tail_first);
  ties.passed = order_ == SortOrder::ascending ? below : ties.size - 1 - below;
  return ties;
}

void OrderWalk::next(const Class& ties) {
  cursor_ = order_ == SortOrder::ascending ? ascend(ties.end, ties.tail_end, 0)
                                           : descend(ties.first, ties.tail_first, 0);
}

void OrderWalk::append_rows(const Class& ties, std::uint64_t skipped, std::uint64_t taken,
                            std::vector<IndexedRow>& rows) {
  Cursor at = ascend(ties.first, ties.tail_first, skipped);
  while (taken-- > 0 && !at.is_end) {
    if (at.is_tail) {
      rows.push_back({tail_[at.tail]->row(), nullptr, tail_[at.tail]});
    } else {
      const ColumnRow row = places_of_order_.row_at(at.place);
      rows.push_back({row, places_of_order_.page(), nullptr});
    }
    if (taken > 0)
      at = at.is_tail ? ascend(at.place, at.tail + 1, 0) : ascend(at.place + 1, at.tail, 0);
  }
}

IndexMatches OrderWalk::members(const Class& ties) {
  IndexMatches matches;
  std::vector<std::uint32_t> ordinals;
  for_each_match(ties.first, ties.end, [&](std::uint32_t, std::uint32_t ordinal) {
    ordinals.push_back(ordinal);
    return true;
  });
  std::ranges::sort(ordinals);
  for (auto from = ordinals.begin(); from != ordinals.end();) {
    const std::uint32_t chunk = chunk_of(*from);
    std::vector<std::uint16_t> of_chunk;
    for (; from != ordinals.end() && chunk_of(*from) == chunk; ++from)
      of_chunk.push_back(member_of(*from));
    matches.base.push_back({chunk, Container(std::move(of_chunk))});
  }
  matches.base_size = ordinals.size();
  matches.tail.assign(tail_.begin() + static_cast<std::ptrdiff_t>(ties.tail_first),
                      tail_.begin() + static_cast<std::ptrdiff_t>(ties.tail_end));
  return matches;
}

}  // namespace mooring
