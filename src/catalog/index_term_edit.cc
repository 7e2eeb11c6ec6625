#include "index_term_edit.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

template <typename T>
void sort_and_unite(std::vector<T>& values) {
  std::ranges::sort(values);
  values.erase(std::ranges::unique(values).begin(), values.end());
}

/// Takes those of `chunk` from the front of `ordinals`, which ascend.
void take_chunk(std::span<const std::uint32_t>& ordinals, std::uint32_t chunk,
                std::vector<std::uint16_t>& members) {
  members.clear();
  while (!ordinals.empty() && chunk_of(ordinals.front()) == chunk) {
    members.push_back(member_of(ordinals.front()));
    ordinals = ordinals.subspan(1);
  }
}

}  // namespace

Status TermEdit::change(std::uint32_t ordinal, const std::optional<Named>& before,
                        const std::optional<Named>& after) {
  std::vector<TermNumber> had;
  std::vector<TermNumber> has;
  if (before)
    if (auto listed = list_terms(*before, had); !listed) return listed;
  if (after)
    if (auto listed = list_terms(*after, has); !listed) return listed;
  if (before && after) {
    sort_and_unite(had);
    sort_and_unite(has);
    std::vector<TermNumber> lost;
    std::vector<TermNumber> gained;
    std::ranges::set_difference(had, has, std::back_inserter(lost));
    std::ranges::set_difference(has, had, std::back_inserter(gained));
    had = std::move(lost);
    has = std::move(gained);
  }
  for (const TermNumber term : had) removed_.push_back({term, ordinal});
  for (const TermNumber term : has) added_.push_back({term, ordinal});
  return {};
}

Status TermEdit::list_terms(const Named& named, std::vector<TermNumber>& terms) {
  for_each_own_term(named.document, named.folded, [&](TermKind kind, std::string_view text) {
    terms.push_back(number_of(kind, text));
  });
  for (const Uuid& asset : named.document.assets) {
    const auto link = terms_of_link(asset);
    if (!link) return std::unexpected(link.error());
    terms.insert(terms.end(), (*link)->begin(), (*link)->end());
  }
  return {};
}

TermEdit::TermNumber TermEdit::number_of(TermKind kind, std::string_view text) {
  const auto [known, is_new] = numbers_.try_emplace(term_key(session_.state().number, kind, text),
                                                    static_cast<TermNumber>(numbers_.size()));
  if (is_new) keys_.emplace_back(known->first);
  return known->second;
}

Result<const std::vector<TermEdit::TermNumber>*> TermEdit::terms_of_link(const Uuid& asset) {
  const auto known = links_.find(asset);
  if (known != links_.end()) return &known->second;
  const auto ancestors = chains_.of(session_.view(), asset);
  if (!ancestors) return std::unexpected(ancestors.error());
  std::vector<Term> terms;
  append_link_terms(asset, **ancestors, terms);
  std::vector<TermNumber> numbers;
  numbers.reserve(terms.size());
  for (const Term& term : terms) numbers.push_back(number_of(term.kind, term.text));
  return &links_.emplace(asset, std::move(numbers)).first->second;
}

Status TermEdit::finish(std::vector<FoldChange>& changes) {
  const Grouped removed = group(removed_);
  const Grouped added = group(added_);
  std::vector<TermNumber> by_key(keys_.size());
  std::iota(by_key.begin(), by_key.end(), TermNumber{0});
  std::ranges::sort(by_key, {}, [this](TermNumber term) { return keys_[term]; });
  std::vector<std::uint16_t> of_chunk_removed;
  std::vector<std::uint16_t> of_chunk_added;
  for (const TermNumber term : by_key) {
    std::span<const std::uint32_t> going = removed.of(term);
    std::span<const std::uint32_t> coming = added.of(term);
    while (!going.empty() || !coming.empty()) {
      const std::uint32_t chunk =
          chunk_of(coming.empty()  ? going.front()
                   : going.empty() ? coming.front()
                                   : std::min(going.front(), coming.front()));
      take_chunk(going, chunk, of_chunk_removed);
      take_chunk(coming, chunk, of_chunk_added);
      if (auto made = edit(keys_[term], chunk, of_chunk_removed, of_chunk_added, changes); !made)
        return made;
    }
  }
  return {};
}

TermEdit::Grouped TermEdit::group(const std::vector<Event>& events) const {
  Grouped grouped;
  grouped.starts.resize(keys_.size() + 1);
  for (const Event& event : events) ++grouped.starts[event.term + 1];
  std::partial_sum(grouped.starts.begin(), grouped.starts.end(), grouped.starts.begin());
  std::vector<std::size_t> next = grouped.starts;
  grouped.ordinals.resize(events.size());
  for (const Event& event : events) grouped.ordinals[next[event.term]++] = event.ordinal;
  return grouped;
}

Status TermEdit::edit(std::string_view term, std::uint32_t chunk,
                      std::span<const std::uint16_t> removed, std::span<const std::uint16_t> added,
                      std::vector<FoldChange>& changes) {
  std::string key = Key().raw(term).u32(chunk).take();
  const auto stored = session_.view().get(Family::document_term, key);
  if (!stored) return std::unexpected(stored.error());
  Container set;
  if (*stored) {
    auto decoded = Container::decode(**stored);
    if (!decoded) return std::unexpected(decoded.error());
    set = *std::move(decoded);
  }
  const Container changed = set.changed(removed, added);
  if (!changed.empty())
    changes.push_back({Family::document_term, std::move(key), changed.encode()});
  else if (*stored)
    changes.push_back({Family::document_term, std::move(key), std::nullopt});
  return {};
}

}  // namespace mooring
