#include "index_pages.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "index_walk.h"
#include "mooring/catalog/categories.h"

namespace mooring {
namespace {

/// Up to this many matches are gathered whatever a walk would cost.
constexpr std::uint64_t kGatheredAlways = 256;
/// Never more than this: their pages are held while they are sorted.
constexpr std::uint64_t kGatheredMax = 8'192;
/// What one gathered match costs, counted in places of a walk.
constexpr std::uint64_t kPlacesPerGathered = 60;

std::strong_ordering compare_by(DocumentSortKey key, const ColumnRow& a, const ColumnRow& b) {
  switch (key) {
    case DocumentSortKey::name:
      return compare_names(a, b);
    case DocumentSortKey::category:
      return compare_categories(a, b);
    case DocumentSortKey::updated:
      break;
  }
  return a.updated_ms <=> b.updated_ms;
}

OrderKind order_of(DocumentSortKey key) {
  return key == DocumentSortKey::name ? OrderKind::name : OrderKind::updated;
}

/// Asks for one page after the other, ascending, at most once each in a row.
class RowReader {
 public:
  explicit RowReader(IndexSession& session) : session_(session) {}

  /// Valid until the next call of anything here.
  const ColumnPage& page_with(std::uint32_t ordinal) {
    if (!page_ || page_of(ordinal) != number_) {
      number_ = page_of(ordinal);
      page_ = session_.page(number_);
    }
    return *page_;
  }

  IndexedRow read(std::uint32_t ordinal) {
    const ColumnRow row = page_with(ordinal).row(slot_of(ordinal));
    return {row, page_, nullptr};
  }

 private:
  IndexSession& session_;
  std::uint32_t number_ = 0;
  std::shared_ptr<const ColumnPage> page_;
};

template <typename Function>
void for_each_base(const IndexMatches& matches, Function function) {
  for (const IndexMatches::Part& part : matches.base)
    part.set.for_each([&](std::uint16_t member) { function(ordinal_of(part.chunk, member)); });
}

class PageSelection {
 public:
  explicit PageSelection(IndexSession& session) : session_(session) {}

  void select(const IndexMatches& matches, std::span<const DocumentSort> sorts,
              std::uint64_t offset, std::uint64_t limit) {
    if (offset >= matches.size() || limit == 0) return;
    limit = std::min(limit, matches.size() - offset);
    const bool gathered = is_gathered(matches, sorts, offset, limit);
    if (sorts.empty()) return by_instant(matches, {}, offset, limit);
    if (gathered && sorts.size() == 1 && sorts.front().key == DocumentSortKey::updated)
      return by_instant(matches, sorts.front().order, offset, limit);
    if (gathered) return gather(matches, sorts, offset, limit);
    if (sorts.front().key == DocumentSortKey::category)
      return by_category(matches, sorts, offset, limit);
    walk(matches, sorts, offset, limit);
  }

  std::vector<IndexedRow> rows;

 private:
  bool is_gathered(const IndexMatches& matches, std::span<const DocumentSort> sorts,
                   std::uint64_t offset, std::uint64_t limit) const {
    const std::uint64_t size = matches.size();
    if (size <= kGatheredAlways) return true;
    if (size > kGatheredMax) return false;
    if (sorts.empty() || sorts.front().key == DocumentSortKey::category) return true;
    const std::uint64_t passed = std::min(offset + limit, size - offset);
    return size * kPlacesPerGathered < passed * session_.state().next_ordinal / size;
  }

  void gather(const IndexMatches& matches, std::span<const DocumentSort> sorts,
              std::uint64_t offset, std::uint64_t limit) {
    std::vector<IndexedRow> all;
    all.reserve(matches.size());
    RowReader reader(session_);
    for_each_base(matches, [&](std::uint32_t ordinal) { all.push_back(reader.read(ordinal)); });
    for (const TailPointer& document : matches.tail)
      all.push_back({document->row(), nullptr, document});
    const auto order = [sorts](const IndexedRow& a, const IndexedRow& b) {
      return stands_before(sorts, a.row, b.row);
    };
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(offset);
    const auto end = begin + static_cast<std::ptrdiff_t>(limit);
    if (offset > 0) std::nth_element(all.begin(), begin, all.end(), order);
    std::partial_sort(begin, end, all.end(), order);
    std::move(begin, end, std::back_inserter(rows));
  }

  /// By instant, if it is asked for, then by id: nothing else of the documents is looked at.
  void by_instant(const IndexMatches& matches, std::optional<SortOrder> by_updated,
                  std::uint64_t offset, std::uint64_t limit) {
    struct Place {
      std::int64_t updated_ms = 0;
      Uuid id;
      std::uint32_t place = 0;  // an ordinal, or an index of the tail
      bool is_tail = false;
    };
    // Such that what stands first is the smallest.
    const auto instant = [by_updated](std::int64_t updated_ms) {
      if (!by_updated) return std::int64_t{0};
      return *by_updated == SortOrder::ascending ? updated_ms : ~updated_ms;
    };
    std::vector<Place> all;
    all.reserve(matches.size());
    RowReader reader(session_);
    for_each_base(matches, [&](std::uint32_t ordinal) {
      const ColumnPage& page = reader.page_with(ordinal);
      const std::size_t slot = slot_of(ordinal);
      all.push_back({instant(page.updated_ms(slot)), page.id(slot), ordinal, false});
    });
    for (std::size_t i = 0; i < matches.tail.size(); ++i) {
      const IndexedDocument& now = *matches.tail[i]->now;
      all.push_back({instant(now.updated_ms), now.id, static_cast<std::uint32_t>(i), true});
    }
    const auto is_before = [](const Place& a, const Place& b) {
      return a.updated_ms != b.updated_ms ? a.updated_ms < b.updated_ms : a.id < b.id;
    };
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(offset);
    const auto end = begin + static_cast<std::ptrdiff_t>(limit);
    if (offset > 0) std::nth_element(all.begin(), begin, all.end(), is_before);
    std::partial_sort(begin, end, all.end(), is_before);
    for (const Place& place : std::span(begin, end)) {
      if (!place.is_tail)
        rows.push_back(reader.read(place.place));
      else
        rows.push_back({matches.tail[place.place]->row(), nullptr, matches.tail[place.place]});
    }
  }

  void walk(const IndexMatches& matches, std::span<const DocumentSort> sorts, std::uint64_t offset,
            std::uint64_t limit) {
    OrderWalk order(session_, matches, order_of(sorts.front().key));
    order.begin(offset, sorts.front().order);
    while (limit > 0) {
      const OrderWalk::Class ties = order.current();
      if (ties.size == 0) return;
      const std::uint64_t taken = std::min(limit, ties.size - ties.passed);
      if (sorts.size() == 1 || ties.size == 1)
        order.append_rows(ties, ties.passed, taken, rows);
      else
        select(order.members(ties), sorts.subspan(1), ties.passed, taken);
      limit -= taken;
      order.next(ties);
    }
  }

  void by_category(const IndexMatches& matches, std::span<const DocumentSort> sorts,
                   std::uint64_t offset, std::uint64_t limit) {
    const bool ascending = sorts.front().order == SortOrder::ascending;
    std::vector<std::string> categories = all_categories();
    if (!ascending) std::ranges::reverse(categories);
    std::size_t i = 0;
    const std::size_t groups = categories.size() + 1;
    for (; i < groups && limit > 0; ++i) {
      const bool is_none = ascending ? i == categories.size() : i == 0;
      const IndexMatches group = is_none ? without_category(matches, categories)
                                         : of_category(matches, categories[ascending ? i : i - 1]);
      if (offset >= group.size()) {
        offset -= group.size();
        continue;
      }
      const std::uint64_t taken = std::min(limit, group.size() - offset);
      select(group, sorts.subspan(1), offset, taken);
      offset = 0;
      limit -= taken;
    }
  }

  /// Every category a document can name, ascending: a category in use cannot be removed.
  std::vector<std::string> all_categories() {
    std::vector<std::string> ids;
    const auto known = list_categories(session_.view(), std::numeric_limits<std::uint32_t>::max());
    if (!known) session_.note(known.error());
    if (known)
      for (const CategoryRecord& category : *known) ids.push_back(category.id);
    return ids;
  }

  IndexMatches of_category(const IndexMatches& matches, const std::string& category) {
    const auto posting = session_.posting({TermKind::category, category});
    IndexMatches group;
    for (const IndexMatches::Part& part : matches.base) {
      const Container* const set = posting->find(part.chunk);
      if (set == nullptr) continue;
      const Container* const both[] = {set, &part.set};
      const bool is_smaller = set->size() < part.set.size();
      add(group, part.chunk,
          intersect(unite({&both[is_smaller ? 0 : 1], 1}), {&both[is_smaller ? 1 : 0], 1}));
    }
    for (const TailPointer& document : matches.tail)
      if (document->now->category == category) group.tail.push_back(document);
    return group;
  }

  IndexMatches without_category(const IndexMatches& matches,
                                const std::vector<std::string>& categories) {
    std::vector<std::shared_ptr<const Posting>> postings;
    for (const std::string& category : categories)
      postings.push_back(session_.posting({TermKind::category, category}));
    IndexMatches group;
    for (const IndexMatches::Part& part : matches.base) {
      std::vector<const Container*> sets;
      for (const auto& posting : postings)
        if (const Container* set = posting->find(part.chunk)) sets.push_back(set);
      const Container* const whole[] = {&part.set};
      add(group, part.chunk, subtract(unite(whole), sets));
    }
    for (const TailPointer& document : matches.tail)
      if (!document->now->category) group.tail.push_back(document);
    return group;
  }

  static void add(IndexMatches& group, std::uint32_t chunk, Container set) {
    if (set.empty()) return;
    group.base_size += set.size();
    group.base.push_back({chunk, std::move(set)});
  }

  IndexSession& session_;
};

}  // namespace

bool stands_before(std::span<const DocumentSort> sorts, const ColumnRow& a, const ColumnRow& b) {
  for (const DocumentSort& sort : sorts) {
    const auto order = compare_by(sort.key, a, b);
    if (order != 0) return sort.order == SortOrder::ascending ? order < 0 : order > 0;
  }
  return a.id < b.id;
}

std::vector<IndexedRow> select_page(IndexSession& session, const IndexMatches& matches,
                                    std::span<const DocumentSort> sorts, std::uint64_t offset,
                                    std::uint64_t limit) {
  PageSelection selection(session);
  selection.select(matches, sorts, offset, limit);
  return std::move(selection.rows);
}

}  // namespace mooring
