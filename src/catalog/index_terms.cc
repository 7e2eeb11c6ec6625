#include "index_terms.h"

#include <algorithm>
#include <ranges>
#include <utility>

#include "mooring/catalog/assets.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::uint8_t kTailFormat = 1;
constexpr std::size_t kChunkBytes = 4;

template <typename T>
void sort_and_unite(std::vector<T>& values) {
  std::ranges::sort(values);
  values.erase(std::ranges::unique(values).begin(), values.end());
}

void put(Encoder& out, const std::optional<IndexedDocument>& document) {
  out.flag(document.has_value());
  if (!document) return;
  out.uuid(document->id)
      .text(document->name)
      .signed_number(document->updated_ms)
      .option(document->category)
      .text(document->type)
      .number(document->languages.size());
  for (const std::string& language : document->languages) out.text(language);
  out.flag(document->supplier_document).option(document->supplier_name);
  out.number(document->assets.size());
  for (const Uuid& asset : document->assets) out.uuid(asset);
}

/// A list that claims more than the bytes can hold ends in a failed read, not in an allocation.
std::optional<IndexedDocument> take(Decoder& in, std::size_t size_max) {
  if (!in.flag()) return std::nullopt;
  IndexedDocument document;
  document.id = in.uuid();
  document.name = in.text();
  document.updated_ms = in.signed_number();
  document.category = in.optional_text();
  document.type = in.text();
  for (std::uint64_t i = std::min<std::uint64_t>(in.number(), size_max + 1); i > 0; --i)
    document.languages.push_back(in.text());
  document.supplier_document = in.flag();
  document.supplier_name = in.optional_text();
  for (std::uint64_t i = std::min<std::uint64_t>(in.number(), size_max + 1); i > 0; --i)
    document.assets.push_back(in.uuid());
  return document;
}

}  // namespace

IndexedDocument indexed(const DocumentRecord& record) {
  IndexedDocument document{.id = record.id,
                           .name = record.displayname,
                           .updated_ms = record.updated_ms,
                           .category = record.category_id,
                           .type = plain_type(record.mimetype),
                           .languages = {},
                           .supplier_document = record.supplier_document,
                           .supplier_name = record.supplier_name,
                           .assets = record.asset_ids};
  for (const std::string& language : record.languages)
    document.languages.push_back(fold_case(language));
  sort_and_unite(document.languages);
  return document;
}

std::string plain_type(std::string_view mimetype) {
  mimetype = mimetype.substr(0, mimetype.find(';'));
  while (mimetype.ends_with(' ')) mimetype.remove_suffix(1);
  return fold_case(mimetype);
}

std::vector<std::string> trigrams_of(std::string_view folded) {
  std::vector<std::string> trigrams;
  for_each_trigram(folded, [&](std::string_view text) { trigrams.emplace_back(text); });
  sort_and_unite(trigrams);
  return trigrams;
}

Result<Ancestors> read_ancestors(const View& view, const Uuid& asset) {
  Ancestors ancestors;
  for (std::optional<Uuid> next = asset; next && ancestors.size() <= kAssetDepthMax;) {
    const auto record = find_asset(view, *next);
    if (!record) return std::unexpected(record.error());
    if (!*record) return ancestors;
    ancestors.push_back(*next);
    next = (*record)->parent_id;
  }
  return ancestors;
}

// An asset's chain is itself and the chain of its parent: read upwards to one that is known, then
// written downwards.
Result<const Ancestors*> AncestorChains::of(const View& view, const Uuid& asset) {
  std::vector<Uuid> unknown;
  const Ancestors* above = nullptr;
  for (std::optional<Uuid> next = asset; next && unknown.size() <= kAssetDepthMax;) {
    if (const auto known = chains_.find(*next); known != chains_.end()) {
      above = &known->second;
      break;
    }
    const auto record = find_asset(view, *next);
    if (!record) return std::unexpected(record.error());
    if (!*record) break;
    unknown.push_back(*next);
    next = (*record)->parent_id;
  }
  if (above == nullptr && unknown.empty()) return &chains_[asset];
  for (const Uuid& below : unknown | std::views::reverse) {
    Ancestors chain{below};
    if (above != nullptr) chain.insert(chain.end(), above->begin(), above->end());
    above = &chains_.emplace(below, std::move(chain)).first->second;
  }
  return above;
}

void append_link_terms(const Uuid& asset, const Ancestors& ancestors, std::vector<Term>& terms) {
  if (ancestors.empty()) return;
  terms.push_back(asset_term(TermKind::linked, asset));
  for (const Uuid& above : ancestors) terms.push_back(asset_term(TermKind::subtree, above));
}

Result<std::vector<Term>> terms_of(const IndexedDocument& document,
                                   const AncestorsOf& ancestors_of) {
  std::vector<Term> terms;
  for_each_own_term(document, fold_case(document.name), [&](TermKind kind, std::string_view text) {
    terms.push_back({kind, std::string(text)});
  });
  for (const Uuid& asset : document.assets) {
    const auto ancestors = ancestors_of(asset);
    if (!ancestors) return std::unexpected(ancestors.error());
    append_link_terms(asset, *ancestors, terms);
  }
  sort_and_unite(terms);
  return terms;
}

std::string term_key(std::uint32_t number, TermKind kind, std::string_view text) {
  const char kind_byte = static_cast<char>(kind);
  return Key().u32(number).raw({&kind_byte, 1}).text(text).take();
}

std::string term_key(std::uint32_t number, const Term& term) {
  return term_key(number, term.kind, term.text);
}

std::string term_key(std::uint32_t number, const Term& term, std::uint32_t chunk) {
  return Key().raw(term_key(number, term)).u32(chunk).take();
}

std::uint32_t chunk_of_key(std::string_view key) noexcept {
  return KeyReader(key.substr(key.size() - kChunkBytes)).u32();
}

std::string_view term_of_key(std::string_view key) noexcept {
  return key.substr(0, key.size() - kChunkBytes);
}

Term asset_term(TermKind kind, const Uuid& asset) {
  return {kind, std::string(reinterpret_cast<const char*>(asset.bytes.data()), 16)};
}

std::string encode(const TailEntry& entry) {
  Encoder out(kTailFormat);
  out.number(entry.ordinal);
  put(out, entry.before);
  put(out, entry.after);
  return out.take();
}

Result<TailEntry> decode_tail_entry(std::string_view bytes) {
  Decoder in(bytes, kTailFormat);
  TailEntry entry;
  entry.ordinal = in.number_as<std::uint32_t>();
  entry.before = take(in, bytes.size());
  entry.after = take(in, bytes.size());
  if (auto read = in.finish("entry of the index's tail"); !read)
    return std::unexpected(read.error());
  return entry;
}

std::string tail_key(std::uint32_t number, std::uint64_t sequence) {
  return Key().u32(number).u64(sequence).take();
}

}  // namespace mooring
