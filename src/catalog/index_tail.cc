#include "index_tail.h"

#include <algorithm>

#include "mooring/base/case_fold.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::size_t kEntriesPerRead = 4'096;
/// What an entry costs besides its texts: nodes, pointers, the fixed fields.
constexpr std::size_t kEntryBytes = 640;
/// Chains of more assets than this are not taken over: those that are asked for are read again.
constexpr std::size_t kChainsKept = 65'536;

std::size_t bytes_of(const TailDocument& document) {
  return kEntryBytes + 2 * document.folded.size() + 24 * document.below.size();
}

std::string tail_cache_key(std::uint32_t number) {
  return "tail " + std::to_string(number);
}

}  // namespace

TailDocument::TailDocument(const TailDocument& other)
    : ordinal(other.ordinal),
      hides_base(other.hides_base),
      now(other.now),
      folded(other.folded),
      spelling(other.spelling),
      below(other.below),
      sequence(other.sequence),
      superseded(other.superseded) {}

ColumnRow TailDocument::row() const {
  ColumnRow row{.id = now->id,
                .updated_ms = now->updated_ms,
                .folded = folded,
                .spelling = spelling,
                .category = std::nullopt};
  if (now->category) row.category = *now->category;
  return row;
}

IndexTail::IndexTail(const IndexState& state, const IndexTail* former)
    : base_version_(state.base_version),
      tree_version_(state.tree_version),
      next_sequence_(state.folded_sequence + 1) {
  if (former != nullptr && former->tree_version_ == tree_version_) take_over(*former, state);
}

/// What was hidden in the former base may stay hidden in this one: its newest state is in the tail.
void IndexTail::take_over(const IndexTail& former, const IndexState& state) {
  const std::unique_lock lock(former.mutex_);
  if (former.chains_.size() <= kChainsKept) std::swap(chains_, former.chains_);
  bytes_ += kEntryBytes * chains_.size();
  next_sequence_ = std::max(next_sequence_, former.next_sequence_);
  for (const TailPointer& entry : former.entries_) {
    if (entry->sequence <= state.folded_sequence) continue;
    newest_of_[entry->ordinal] = entries_.size();
    add(std::make_shared<const TailDocument>(*entry));
  }
}

void IndexTail::add(TailPointer entry) const {
  const auto index = static_cast<std::uint32_t>(entries_.size());
  for (const Uuid& asset : entry->below) below_[asset].push_back(index);
  if (entry->hides_base) hiding_.push_back(index);
  bytes_ += bytes_of(*entry);
  entries_.push_back(std::move(entry));
}

std::size_t IndexTail::AssetHash::operator()(const Uuid& asset) const noexcept {
  return std::hash<std::string_view>()(
      {reinterpret_cast<const char*>(asset.bytes.data()), asset.bytes.size()});
}

std::vector<std::uint32_t> IndexTail::below_any(std::span<const Uuid> assets) const {
  std::vector<std::uint32_t> indexes;
  for (const Uuid& asset : assets)
    if (const auto found = below_.find(asset); found != below_.end())
      indexes.insert(indexes.end(), found->second.begin(), found->second.end());
  if (assets.size() <= 1) return indexes;
  std::ranges::sort(indexes);
  indexes.erase(std::ranges::unique(indexes).begin(), indexes.end());
  return indexes;
}

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
      const std::size_t chains_before = chains_.size();
      const auto above = chains_.of(view, asset);
      if (!above) return std::unexpected(above.error());
      bytes_ += kEntryBytes * (chains_.size() - chains_before);
      document->below.insert(document->below.end(), (*above)->begin(), (*above)->end());
    }
    std::ranges::sort(document->below);
    document->below.erase(std::ranges::unique(document->below).begin(), document->below.end());
    document->now = std::move(entry.after);
  }
  const auto [known, is_new] = newest_of_.try_emplace(entry.ordinal, entries_.size());
  if (!is_new) {
    const TailPointer& former = entries_[known->second];
    former->superseded = sequence;
    document->hides_base |= former->hides_base;
    known->second = entries_.size();
  }
  add(std::move(document));
  return {};
}

std::size_t IndexTail::memory_bytes() const noexcept {
  const std::shared_lock lock(mutex_);
  return sizeof(IndexTail) + bytes_;
}

Result<std::shared_ptr<const IndexTail>> read_tail(IndexCache& cache, const View& view,
                                                   const IndexState& state) {
  const std::string key = tail_cache_key(state.number);
  auto tail =
      std::static_pointer_cast<const IndexTail>(cache.find(state.number, state.base_version, key));
  const bool is_new = !tail || !tail->is_of(state);
  if (is_new) tail = std::make_shared<const IndexTail>(state, tail.get());
  const std::size_t bytes_before = tail->memory_bytes();
  if (auto read = tail->catch_up(view, state); !read) return std::unexpected(read.error());
  // The cache learns what a tail costs when it has grown.
  if (is_new || tail->memory_bytes() > bytes_before)
    cache.insert(state.number, state.base_version, key, tail);
  return tail;
}

}  // namespace mooring
