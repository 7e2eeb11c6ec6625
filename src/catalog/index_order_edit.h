// OrderEdit: rewrites the blocks of one order that a fold touches.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "index_fold.h"
#include "index_place.h"

namespace mooring {

class OrderEdit {
 public:
  /// The session outlives it.
  OrderEdit(IndexSession& session, OrderKind kind);

  /// `row`, as the base has it, goes. The texts of all rows stay alive until `finish`.
  void remove(const ColumnRow& row) { going_rows_.push_back(row); }
  void insert(std::uint32_t ordinal, const ColumnRow& row) { coming_.push_back({0, ordinal, row}); }
  /// Appends the changed blocks and the directory.
  void finish(std::vector<FoldChange>& changes);

 private:
  struct Coming {
    std::uint32_t place = 0;
    std::uint32_t ordinal = 0;
    ColumnRow row;
  };
  /// A block of the new order; `ordinals` only if it differs from the one of that number.
  struct Piece {
    std::uint32_t block = 0;
    std::size_t size = 0;
    std::optional<std::vector<std::uint32_t>> ordinals;
  };

  void find_places();
  [[nodiscard]] std::vector<std::uint32_t> edited(std::size_t index);
  [[nodiscard]] bool is_touched(std::size_t index) const;
  void append(std::uint32_t block, std::vector<std::uint32_t> ordinals,
              std::vector<FoldChange>& changes);
  void write(std::vector<FoldChange>& changes);

  IndexSession& session_;
  const OrderKind kind_;
  std::shared_ptr<const OrderDirectory> directory_;
  OrderPlaces places_;
  std::vector<ColumnRow> going_rows_;
  std::vector<std::uint32_t> going_;  // their places, ascending
  std::vector<Coming> coming_;        // in the order, once their places are found
  std::uint32_t next_block_;
  std::vector<Piece> pieces_;
};

}  // namespace mooring
