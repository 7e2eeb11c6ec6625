// OrderWalk: the matches of a query along one order of the base, with those of the tail between
// them.
//
// A place is a position of the order; the tail's documents stand before the place where the order
// would put them. The walk passes a number of matches in either direction without looking at their
// keys, then goes on from class to class, a class being the matches whose key is the same.
#pragma once

#include <cstdint>
#include <vector>

#include "index_filter.h"
#include "index_place.h"
#include "index_session.h"
#include "mooring/catalog/document_query.h"

namespace mooring {

struct IndexedRow;

class OrderWalk {
 public:
  /// All of it outlives the walk.
  OrderWalk(IndexSession& session, const IndexMatches& matches, OrderKind kind);

  /// Matches with the same key: those at places [first, end) and the tail's [tail_first, tail_end),
  /// the tail as this walk has sorted it.
  struct Class {
    std::uint32_t first = 0;
    std::uint32_t end = 0;
    std::size_t tail_first = 0;
    std::size_t tail_end = 0;
    std::uint64_t size = 0;    ///< 0: the walk is over
    std::uint64_t passed = 0;  ///< members that `begin` has passed already
  };

  /// Passes `offset` matches, of which there are more.
  void begin(std::uint64_t offset, SortOrder order);
  [[nodiscard]] Class current();
  void next(const Class& ties);

  /// Members of a class by ascending id: `taken` of them after `skipped`.
  void append_rows(const Class& ties, std::uint64_t skipped, std::uint64_t taken,
                   std::vector<IndexedRow>& rows);
  /// All members of a class, as matches.
  [[nodiscard]] IndexMatches members(const Class& ties);

 private:
  /// One match: at a place of the base, or of the tail.
  struct Cursor {
    std::uint32_t place = 0;  ///< of a tail's document: the place before which it stands
    std::size_t tail = 0;     ///< how many of the tail stand before this match
    bool is_tail = false;
    bool is_end = false;
  };

  [[nodiscard]] bool is_match(std::uint32_t ordinal) const noexcept {
    return (bits_[ordinal / 64] >> ordinal % 64 & 1) != 0;
  }
  [[nodiscard]] Cursor ascend(std::uint32_t place, std::size_t tail, std::uint64_t skipped);
  [[nodiscard]] Cursor descend(std::uint32_t place, std::size_t tail, std::uint64_t skipped);
  [[nodiscard]] std::uint64_t count(std::uint32_t first, std::uint32_t end);
  template <typename Function>
  void for_each_match(std::uint32_t first, std::uint32_t end, Function function);
  void sort_tail();
  /// Where the document `i` of tail_ would stand in the base; it is near `hint`, or is looked for.
  [[nodiscard]] std::uint32_t place_of_tail(std::size_t i, std::uint32_t hint);

  IndexSession& session_;
  const OrderKind kind_;
  std::shared_ptr<const OrderDirectory> directory_;
  OrderPlaces places_of_order_;
  std::vector<std::uint64_t> bits_;  // of ordinals: the matches of the base
  std::vector<TailPointer> tail_;    // by key, then id
  std::uint64_t size_;
  SortOrder order_ = SortOrder::ascending;
  Cursor cursor_;
};

}  // namespace mooring
