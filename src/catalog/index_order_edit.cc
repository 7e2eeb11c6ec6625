#include "index_order_edit.h"

#include <algorithm>
#include <utility>

namespace mooring {
namespace {

/// Blocks that are cut are cut into pieces of about this size, with room to grow.
constexpr std::size_t kPieceOrdinals = kBlockOrdinalsMax / 2;

std::string bytes_of(const std::vector<std::uint32_t>& ordinals) {
  OrderBlock block;
  block.ordinals = ordinals;
  return encode(block);
}

}  // namespace

OrderEdit::OrderEdit(IndexSession& session, OrderKind kind)
    : session_(session),
      kind_(kind),
      directory_(session.directory(kind)),
      places_(session, kind),
      next_block_(directory_->next_block) {}

/// Of all at once, in the order: that compares with a few rows of the base each, not with twenty.
void OrderEdit::find_places() {
  const auto is_before = [this](const ColumnRow& a, const ColumnRow& b) {
    return places_.is_before(a, b);
  };
  std::ranges::sort(going_rows_, is_before);
  going_.resize(going_rows_.size());
  places_.find_places(going_rows_, going_);

  std::ranges::sort(coming_, is_before, &Coming::row);
  std::vector<ColumnRow> rows;
  rows.reserve(coming_.size());
  for (const Coming& coming : coming_) rows.push_back(coming.row);
  std::vector<std::uint32_t> places(rows.size());
  places_.find_places(rows, places);
  for (std::size_t i = 0; i < places.size(); ++i) coming_[i].place = places[i];
}

void OrderEdit::finish(std::vector<FoldChange>& changes) {
  if (going_rows_.empty() && coming_.empty()) return;
  find_places();
  if (directory_->blocks.empty()) {
    std::vector<std::uint32_t> ordinals;
    for (const Coming& coming : coming_) ordinals.push_back(coming.ordinal);
    append(next_block_++, std::move(ordinals), changes);
  }
  for (std::size_t i = 0; i < directory_->blocks.size(); ++i) {
    if (is_touched(i))
      append(directory_->blocks[i], edited(i), changes);
    else
      pieces_.push_back(
          {directory_->blocks[i], directory_->starts[i + 1] - directory_->starts[i], std::nullopt});
  }
  write(changes);
}

/// What comes at the very end belongs to the last block.
bool OrderEdit::is_touched(std::size_t index) const {
  const std::uint32_t start = directory_->starts[index];
  const bool is_last = index + 1 == directory_->blocks.size();
  const std::uint32_t end = directory_->starts[index + 1] + (is_last ? 1 : 0);
  const auto going = std::ranges::lower_bound(going_, start);
  const auto coming = std::ranges::lower_bound(coming_, start, {}, &Coming::place);
  return (going != going_.end() && *going < end) ||
         (coming != coming_.end() && coming->place < end);
}

std::vector<std::uint32_t> OrderEdit::edited(std::size_t index) {
  const std::uint32_t start = directory_->starts[index];
  const std::uint32_t end = directory_->starts[index + 1];
  const bool is_last = index + 1 == directory_->blocks.size();
  const auto block = session_.block(kind_, directory_->blocks[index]);
  std::vector<std::uint32_t> ordinals;
  auto going = std::ranges::lower_bound(going_, start);
  auto coming = std::ranges::lower_bound(coming_, start, {}, &Coming::place);
  for (std::uint32_t place = start; place < end + (is_last ? 1 : 0); ++place) {
    for (; coming != coming_.end() && coming->place == place; ++coming)
      ordinals.push_back(coming->ordinal);
    if (place == end || place - start >= block->ordinals.size()) continue;
    if (going != going_.end() && *going == place)
      ++going;
    else
      ordinals.push_back(block->ordinals[place - start]);
  }
  return ordinals;
}

/// Adds a rewritten block to the new order: cut if it is too large, joined to its neighbour below
/// if both are small.
void OrderEdit::append(std::uint32_t block, std::vector<std::uint32_t> ordinals,
                       std::vector<FoldChange>& changes) {
  if (!ordinals.empty() && !pieces_.empty() &&
      pieces_.back().size + ordinals.size() <= kBlockOrdinalsMin) {
    Piece& below = pieces_.back();
    if (!below.ordinals) below.ordinals = session_.block(kind_, below.block)->ordinals;
    below.ordinals->insert(below.ordinals->end(), ordinals.begin(), ordinals.end());
    below.size = below.ordinals->size();
    ordinals.clear();
  }
  if (ordinals.empty()) {
    changes.push_back(
        {Family::document_order, order_key(session_.state().number, kind_, block), std::nullopt});
    return;
  }
  const std::size_t pieces = ordinals.size() <= kBlockOrdinalsMax
                                 ? 1
                                 : (ordinals.size() + kPieceOrdinals - 1) / kPieceOrdinals;
  for (std::size_t i = 0; i < pieces; ++i) {
    const auto from = static_cast<std::ptrdiff_t>(ordinals.size() * i / pieces);
    const auto to = static_cast<std::ptrdiff_t>(ordinals.size() * (i + 1) / pieces);
    std::vector<std::uint32_t> piece(ordinals.begin() + from, ordinals.begin() + to);
    pieces_.push_back({i == 0 ? block : next_block_++, piece.size(), std::move(piece)});
  }
}

void OrderEdit::write(std::vector<FoldChange>& changes) {
  const std::uint32_t number = session_.state().number;
  OrderDirectory directory;
  directory.next_block = next_block_;
  for (const Piece& piece : pieces_) {
    directory.append(piece.block, piece.size);
    if (piece.ordinals)
      changes.push_back({Family::document_order, order_key(number, kind_, piece.block),
                         bytes_of(*piece.ordinals)});
  }
  changes.push_back({Family::document_order, order_key(number, kind_), encode(directory)});
}

}  // namespace mooring
