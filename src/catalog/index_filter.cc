#include "index_filter.h"

#include <algorithm>
#include <utility>

#include "index_search.h"
#include "index_verified.h"
#include "mooring/base/case_fold.h"
#include "mooring/base/utf8.h"

namespace mooring {
namespace {

/// Of a long search so many trigrams are looked up, spread over it, and so many of them used.
constexpr std::size_t kTrigramsProbed = 24;
constexpr std::size_t kTrigramsUsed = 4;
constexpr std::size_t kTrigramCodePoints = 3;

using PostingGroup = std::vector<std::shared_ptr<const Posting>>;

void append_terms(std::vector<std::vector<Term>>& groups, TermKind kind,
                  const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  auto& group = groups.emplace_back();
  for (const std::string& text : texts) group.push_back({kind, text});
}

std::size_t size_of(const PostingGroup& group) {
  std::size_t size = 0;
  for (const auto& posting : group) size += posting->size();
  return size;
}

/// The rarest trigrams of the search, each a group of its own.
void append_trigrams(IndexSession& session, const std::string& search,
                     std::vector<PostingGroup>& groups) {
  const std::vector<std::string> trigrams = trigrams_of(search);
  const std::size_t step = std::max<std::size_t>(1, trigrams.size() / kTrigramsProbed);
  PostingGroup found;
  for (std::size_t i = 0; i < trigrams.size(); i += step)
    found.push_back(session.posting({TermKind::trigram, trigrams[i]}));
  std::ranges::sort(found, {}, [](const auto& posting) { return posting->size(); });
  found.resize(std::min(found.size(), kTrigramsUsed));
  for (auto& posting : found) groups.push_back({std::move(posting)});
}

std::vector<PostingGroup> look_up(IndexSession& session, const IndexFilter& filter) {
  std::vector<PostingGroup> groups;
  for (const auto& terms : filter.groups()) {
    PostingGroup& group = groups.emplace_back();
    for (const Term& term : terms) {
      auto posting = session.posting(term);
      if (!posting->parts.empty()) group.push_back(std::move(posting));
    }
  }
  std::ranges::sort(groups, {}, size_of);
  return groups;
}

/// The sets of a group in one chunk.
void sets_in(const PostingGroup& group, std::uint32_t chunk, std::vector<const Container*>& sets) {
  sets.clear();
  for (const auto& posting : group)
    if (const Container* set = posting->find(chunk)) sets.push_back(set);
}

/// What is in a set of every group; `groups` are not empty, and the smallest comes first.
Container match_chunk(const std::vector<PostingGroup>& groups, std::uint32_t chunk) {
  std::vector<const Container*> sets;
  sets_in(groups.front(), chunk, sets);
  if (sets.empty()) return {};
  Container matched = unite(sets);
  for (std::size_t i = 1; i < groups.size() && !matched.empty(); ++i) {
    sets_in(groups[i], chunk, sets);
    matched = sets.empty() ? Container() : intersect(std::move(matched), sets);
  }
  return matched;
}

/// What of a chunk matches a query, by its terms and by the search.
class ChunkMatcher {
 public:
  ChunkMatcher(IndexSession& session, const IndexFilter& filter)
      : terms_(look_up(session, filter)), with_search_(terms_) {
    const std::string& search = filter.search();
    if (search.empty()) return;
    append_trigrams(session, search, trigrams_);
    with_search_.insert(with_search_.end(), trigrams_.begin(), trigrams_.end());
    std::ranges::sort(with_search_, {}, size_of);
    // One trigram is the search itself.
    if (code_points(search) != kTrigramCodePoints) names_.emplace(session, search);
  }

  [[nodiscard]] bool is_empty() const { return with_search_.front().empty(); }

  Container match(std::uint32_t chunk) {
    if (!names_) return match_chunk(with_search_, chunk);
    if (const Container* named = names_->find(chunk)) {
      const Container* const sets[] = {named};
      return intersect(match_chunk(terms_, chunk), sets);
    }
    const Container candidates = match_chunk(with_search_, chunk);
    if (candidates.empty()) return {};
    Container matched = names_->verify(chunk, candidates);
    // As many as without the terms: these are all that the chunk has.
    if (candidates.size() >= VerifiedNames::kKeptMin && !trigrams_.empty() &&
        match_chunk(trigrams_, chunk).size() == candidates.size()) {
      const Container* const sets[] = {&matched};
      names_->learn(chunk, unite(sets));
    }
    return matched;
  }

  void finish() {
    if (names_) names_->finish();
  }

 private:
  std::vector<PostingGroup> terms_;
  std::vector<PostingGroup> trigrams_;
  std::vector<PostingGroup> with_search_;  // both
  std::optional<VerifiedNames> names_;
};

bool has_any(const std::unordered_set<std::string>& wanted,
             const std::vector<std::string>& values) {
  return std::ranges::any_of(values, [&](const std::string& v) { return wanted.contains(v); });
}

}  // namespace

IndexFilter::IndexFilter(const DocumentQuery& query, const DocumentScope& scope)
    : search_(fold_case(query.search)),
      roots_(scope.roots),
      assets_(scope.assets),
      categories_(query.categories.begin(), query.categories.end()),
      supplier_document_(query.supplier_document),
      supplier_names_(query.supplier_names.begin(), query.supplier_names.end()) {
  std::ranges::sort(roots_);
  std::ranges::sort(assets_);
  auto& inside = groups_.emplace_back();
  for (const Uuid& root : roots_) inside.push_back(asset_term(TermKind::subtree, root));
  for (const Uuid& asset : assets_) inside.push_back(asset_term(TermKind::linked, asset));
  append_terms(groups_, TermKind::category, query.categories);
  for (const std::string& type : query.mimetypes) types_.insert(plain_type(type));
  append_terms(groups_, TermKind::type, {types_.begin(), types_.end()});
  for (const std::string& language : query.languages) {
    if (language == kNoLanguage)
      with_no_language_ = true;
    else
      languages_.insert(fold_case(language));
  }
  append_terms(groups_, TermKind::language, {languages_.begin(), languages_.end()});
  if (with_no_language_) {
    if (languages_.empty()) groups_.emplace_back();
    groups_.back().push_back({TermKind::no_language, ""});
  }
  if (supplier_document_)
    append_terms(groups_, TermKind::supplier_document, {*supplier_document_ ? "1" : "0"});
  append_terms(groups_, TermKind::supplier_name, query.supplier_names);
}

std::vector<Uuid> IndexFilter::scope() const {
  std::vector<Uuid> scope = roots_;
  scope.insert(scope.end(), assets_.begin(), assets_.end());
  return scope;
}

bool IndexFilter::is_in_scope(const TailDocument& document) const {
  const auto is_one_of = [](const std::vector<Uuid>& wanted) {
    return [&wanted](const Uuid& asset) { return std::ranges::binary_search(wanted, asset); };
  };
  return std::ranges::any_of(document.below, is_one_of(roots_)) ||
         std::ranges::any_of(document.now->assets, is_one_of(assets_));
}

bool IndexFilter::passes(const TailDocument& document) const {
  // Each document was found below one of the roots or assets; below an asset is not at it.
  if (!assets_.empty() && !is_in_scope(document)) return false;
  const IndexedDocument& now = *document.now;
  if (!categories_.empty() && (!now.category || !categories_.contains(*now.category))) return false;
  if (!types_.empty() && !types_.contains(now.type)) return false;
  const bool asks_languages = with_no_language_ || !languages_.empty();
  if (asks_languages && !(with_no_language_ && now.languages.empty()) &&
      !has_any(languages_, now.languages))
    return false;
  if (supplier_document_ && *supplier_document_ != now.supplier_document) return false;
  if (!supplier_names_.empty() &&
      (!now.supplier_name || !supplier_names_.contains(*now.supplier_name)))
    return false;
  return search_.empty() || find_text(document.folded, 0, search_) != std::string_view::npos;
}

IndexMatches find_matches(IndexSession& session, const IndexTail& tail, const IndexFilter& filter) {
  IndexMatches matches;
  std::vector<std::uint32_t> hidden;
  tail.for_each_hiding(session.state(),
                       [&](const TailPointer& document) { hidden.push_back(document->ordinal); });
  tail.for_each_below(filter.scope(), session.state(), [&](const TailPointer& document) {
    if (document->now && filter.passes(*document)) matches.tail.push_back(document);
  });
  std::ranges::sort(hidden);

  ChunkMatcher matcher(session, filter);
  const std::uint32_t chunks = session.state().next_ordinal / kChunkOrdinals + 1;
  auto next_hidden = hidden.begin();
  for (std::uint32_t chunk = 0; chunk < chunks && !matcher.is_empty(); ++chunk) {
    Container matched = matcher.match(chunk);
    for (; next_hidden != hidden.end() && chunk_of(*next_hidden) <= chunk; ++next_hidden)
      if (chunk_of(*next_hidden) == chunk) matched.remove(member_of(*next_hidden));
    if (matched.empty()) continue;
    matches.base_size += matched.size();
    matches.base.push_back({chunk, std::move(matched)});
  }
  matcher.finish();
  return matches;
}

}  // namespace mooring
