#include "index_tail.h"

#include <algorithm>

#include "mooring/base/case_fold.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::size_t kEntriesPerRead = 4'096;
/// What an entry costs besides its texts: nodes, pointers, the fixed fields.
constexpr std::size_t kEntryBytes = 512;

}  // namespace

ColumnRow TailDocument::row() const {
  ColumnRow row{.id = now->id,
                .updated_ms = now->updated_ms,
                .folded = folded,
                .spelling = spelling,
                .category = std::nullopt};
  if (now->category) row.category = *now->category;
  return row;
}

IndexTail::IndexTail(const IndexState& state)
    : base_version_(state.base_version),
      tree_version_(state.tree_version),
      next_sequence_(state.folded_sequence + 1) {}

Status IndexTail::catch_up(const View& view, const IndexState& state) const {
  const std::unique_lock lock(mutex_);
  const std::string prefix = Key().u32(state.number).take();
  while (next_sequence_ < state.next_sequence) {
    const std::string start = tail_key(state.number, next_sequence_);
    const auto entries = view.scan({.family = Family::document_tail,
                                    .prefix = prefix,
                                    .start = start,
                                    .limit = kEntriesPerRead});
    if (!entries) return std::unexpected(entries.error());
    for (const Entry& entry : *entries) {
      const std::uint64_t sequence =
          KeyReader(std::string_view(entry.key).substr(prefix.size())).u64();
      if (sequence >= state.next_sequence) break;
      auto decoded = decode_tail_entry(entry.value);
      if (!decoded) return std::unexpected(decoded.error());
      if (auto appended = append(view, sequence, *std::move(decoded)); !appended) return appended;
      next_sequence_ = sequence + 1;
    }
    if (entries->size() < kEntriesPerRead) next_sequence_ = state.next_sequence;
  }
  return {};
}

Status IndexTail::append(const View& view, std::uint64_t sequence, TailEntry entry) const {
  auto document = std::make_shared<TailDocument>();
  document->ordinal = entry.ordinal;
  document->sequence = sequence;
  document->hides_base = entry.before.has_value();
  if (entry.after) {
    document->folded = fold_case(entry.after->name);
    document->spelling = spelling_of(entry.after->name, document->folded);
    for (const Uuid& asset : entry.after->assets) {
      const auto above = ancestors(view, asset);
      if (!above) return std::unexpected(above.error());
      document->below.insert(document->below.end(), (*above)->begin(), (*above)->end());
    }
    std::ranges::sort(document->below);
    document->below.erase(std::ranges::unique(document->below).begin(), document->below.end());
    bytes_ += 2 * entry.after->name.size() + 16 * document->below.size();
    document->now = std::move(entry.after);
  }
  bytes_ += kEntryBytes;
  const auto [known, is_new] = newest_of_.try_emplace(entry.ordinal, entries_.size());
  if (!is_new) {
    const auto& former = entries_[known->second];
    former->superseded = sequence;
    document->hides_base |= former->hides_base;
    known->second = entries_.size();
  }
  entries_.push_back(std::move(document));
  return {};
}

Result<const Ancestors*> IndexTail::ancestors(const View& view, const Uuid& asset) const {
  const auto known = ancestors_.find(asset);
  if (known != ancestors_.end()) return &known->second;
  auto above = read_ancestors(view, asset);
  if (!above) return std::unexpected(above.error());
  bytes_ += kEntryBytes;
  return &ancestors_.emplace(asset, *std::move(above)).first->second;
}

std::size_t IndexTail::memory_bytes() const noexcept {
  const std::shared_lock lock(mutex_);
  return sizeof(IndexTail) + bytes_;
}

}  // namespace mooring
