// Subtrees that survive moves: what an asset's move or removal does to the base of the index.
//
// Only the sets of ancestors change, chunk by chunk, never document by document. Whoever comes
// above the asset gains its set. Whoever is above no longer loses it, except for documents that are
// linked to several assets: those it keeps of which it, or another child of its, still has a link.
// Bottom up, so that the children are right when their parent asks.
//
// Documents in the tail name their assets and no ancestors; a new version of the tree makes queries
// read the tail anew.
#include <algorithm>
#include <map>
#include <utility>

#include "document_changes.h"
#include "document_state.h"
#include "index_container.h"
#include "index_fold.h"
#include "index_terms.h"

namespace mooring {
namespace {

constexpr std::size_t kChildrenMax = std::size_t{1} << 32;
constexpr std::size_t kChunksMax = std::size_t{1} << 16;

class BaseEdit {
 public:
  BaseEdit(Transaction& transaction, const IndexState& state)
      : transaction_(transaction), state_(state) {}

  /// `ancestors`, from the parent upwards, lose the subtree of `asset`.
  Status detach(const Uuid& asset, const Ancestors& ancestors) {
    if (ancestors.empty()) return {};
    const auto chunks = chunks_of(asset_term(TermKind::subtree, asset));
    if (!chunks) return std::unexpected(chunks.error());
    for (const std::uint32_t chunk : *chunks)
      for (const Uuid& above : ancestors)
        if (auto lost = lose(above, asset, chunk); !lost) return lost;
    return {};
  }

  /// `ancestors` gain the subtree of `asset`.
  Status attach(const Uuid& asset, const Ancestors& ancestors) {
    if (ancestors.empty()) return {};
    const auto chunks = chunks_of(asset_term(TermKind::subtree, asset));
    if (!chunks) return std::unexpected(chunks.error());
    for (const std::uint32_t chunk : *chunks) {
      const auto moved = read(asset_term(TermKind::subtree, asset), chunk);
      if (!moved) return std::unexpected(moved.error());
      for (const Uuid& above : ancestors) {
        const Term term = asset_term(TermKind::subtree, above);
        const auto had = read(term, chunk);
        if (!had) return std::unexpected(had.error());
        const Container* const both[] = {&*had, &*moved};
        write(term, chunk, unite(both));
      }
    }
    return {};
  }

  /// Every set of `term` goes.
  Status erase(const Term& term) {
    const auto chunks = chunks_of(term);
    if (!chunks) return std::unexpected(chunks.error());
    for (const std::uint32_t chunk : *chunks) write(term, chunk, Container());
    return {};
  }

  void finish(std::string_view organization) {
    if (!replaced_.empty()) log_replaced(transaction_, state_, encode(replaced_));
    put_index_state(transaction_, organization, state_);
  }

 private:
  Result<std::vector<std::uint32_t>> chunks_of(const Term& term) {
    const auto entries = transaction_.scan({.family = Family::document_term,
                                            .prefix = term_key(state_.number, term),
                                            .limit = kChunksMax});
    if (!entries) return std::unexpected(entries.error());
    std::vector<std::uint32_t> chunks;
    for (const Entry& entry : *entries) chunks.push_back(chunk_of_key(entry.key));
    return chunks;
  }

  Result<Container> read(const Term& term, std::uint32_t chunk) {
    const auto value =
        transaction_.get(Family::document_term, term_key(state_.number, term, chunk));
    if (!value) return std::unexpected(value.error());
    return *value ? Container::decode(**value) : Container();
  }

  void write(const Term& term, std::uint32_t chunk, const Container& set) {
    const std::string key = term_key(state_.number, term, chunk);
    if (set.empty())
      transaction_.erase(Family::document_term, key);
    else
      transaction_.put(Family::document_term, key, set.encode());
    replaced_.push_back({IndexPart::term, key});
  }

  Status lose(const Uuid& above, const Uuid& asset, std::uint32_t chunk) {
    const auto moved = read(asset_term(TermKind::subtree, asset), chunk);
    if (!moved) return std::unexpected(moved.error());
    auto several = read({TermKind::several, ""}, chunk);
    if (!several) return std::unexpected(several.error());
    const Container* const moved_set[] = {&*moved};
    const Container of_several = intersect(*std::move(several), moved_set);
    const Term term = asset_term(TermKind::subtree, above);
    auto had = read(term, chunk);
    if (!had) return std::unexpected(had.error());
    Container left = subtract(*std::move(had), moved_set);
    if (!of_several.empty()) {
      auto kept = keep(above, asset, chunk, of_several);
      if (!kept) return std::unexpected(kept.error());
      const Container* const both[] = {&left, &*kept};
      left = unite(both);
    }
    write(term, chunk, left);
    return {};
  }

  /// Those of `candidates` that `above` has without `asset`.
  Result<Container> keep(const Uuid& above, const Uuid& asset, std::uint32_t chunk,
                         const Container& candidates) {
    std::vector<Container> others;
    auto own = read(asset_term(TermKind::linked, above), chunk);
    if (!own) return own;
    others.push_back(*std::move(own));
    const auto children = children_of(above);
    if (!children) return std::unexpected(children.error());
    for (const Uuid& child : **children) {
      if (child == asset) continue;
      auto set = read(asset_term(TermKind::subtree, child), chunk);
      if (!set) return set;
      if (!set->empty()) others.push_back(*std::move(set));
    }
    std::vector<const Container*> sets;
    for (const Container& set : others) sets.push_back(&set);
    const Container* const whole[] = {&candidates};
    return intersect(unite(whole), sets);
  }

  Result<const std::vector<Uuid>*> children_of(const Uuid& asset) {
    const auto known = children_.find(asset);
    if (known != children_.end()) return &known->second;
    auto children = list_children(transaction_, asset, kChildrenMax);
    if (!children) return std::unexpected(children.error());
    return &children_.emplace(asset, *std::move(children)).first->second;
  }

  Transaction& transaction_;
  IndexState state_;
  std::map<Uuid, std::vector<Uuid>> children_;
  std::vector<ReplacedKey> replaced_;
};

Result<Ancestors> ancestors_from(const View& view, const std::optional<Uuid>& parent) {
  return parent ? read_ancestors(view, *parent) : Ancestors();
}

/// What is in `a` and not in `b`, in the order of `a`.
Ancestors without(const Ancestors& a, const Ancestors& b) {
  Ancestors left;
  for (const Uuid& asset : a)
    if (std::ranges::find(b, asset) == b.end()) left.push_back(asset);
  return left;
}

}  // namespace

Status asset_moved(Transaction& transaction, const AssetRecord& asset,
                   const std::optional<Uuid>& old_parent) {
  auto state = find_index_state(transaction, asset.organization_id);
  if (!state) return std::unexpected(state.error());
  if (!*state) return {};
  const auto old_ancestors = ancestors_from(transaction, old_parent);
  if (!old_ancestors) return std::unexpected(old_ancestors.error());
  const auto new_ancestors = ancestors_from(transaction, asset.parent_id);
  if (!new_ancestors) return std::unexpected(new_ancestors.error());
  ++(*state)->tree_version;
  BaseEdit edit(transaction, **state);
  if (auto done = edit.detach(asset.id, without(*old_ancestors, *new_ancestors)); !done)
    return done;
  if (auto done = edit.attach(asset.id, without(*new_ancestors, *old_ancestors)); !done)
    return done;
  edit.finish(asset.organization_id);
  return {};
}

Status assets_removed(Transaction& transaction, const std::vector<AssetRecord>& assets) {
  const AssetRecord& root = assets.front();
  auto state = find_index_state(transaction, root.organization_id);
  if (!state) return std::unexpected(state.error());
  if (!*state) return {};
  const auto ancestors = ancestors_from(transaction, root.parent_id);
  if (!ancestors) return std::unexpected(ancestors.error());
  // Also where the base stays as it is: a fold that is being prepared knows assets that are gone.
  ++(*state)->tree_version;
  BaseEdit edit(transaction, **state);
  if (auto done = edit.detach(root.id, *ancestors); !done) return done;
  for (const AssetRecord& asset : assets)
    for (const TermKind kind : {TermKind::linked, TermKind::subtree})
      if (auto done = edit.erase(asset_term(kind, asset.id)); !done) return done;
  edit.finish(root.organization_id);
  return {};
}

}  // namespace mooring
