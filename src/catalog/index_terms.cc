#include "index_terms.h"

#include <algorithm>
#include <utility>

#include "mooring/base/case_fold.h"
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
  std::vector<std::size_t> starts;
  for (std::size_t at = 0; at < folded.size(); at += code_point_bytes(folded[at]))
    starts.push_back(at);
  starts.push_back(folded.size());
  std::vector<std::string> trigrams;
  for (std::size_t i = 0; i + 3 < starts.size(); ++i)
    trigrams.emplace_back(folded.substr(starts[i], starts[i + 3] - starts[i]));
  sort_and_unite(trigrams);
  return trigrams;
}

void append_own_terms(const IndexedDocument& document, std::vector<Term>& terms) {
  if (document.category) terms.push_back({TermKind::category, *document.category});
  terms.push_back({TermKind::type, document.type});
  for (const std::string& language : document.languages)
    terms.push_back({TermKind::language, language});
  if (document.languages.empty()) terms.push_back({TermKind::no_language, ""});
  terms.push_back({TermKind::supplier_document, document.supplier_document ? "1" : "0"});
  if (document.supplier_name) terms.push_back({TermKind::supplier_name, *document.supplier_name});
  for (std::string& trigram : trigrams_of(fold_case(document.name)))
    terms.push_back({TermKind::trigram, std::move(trigram)});
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

Result<std::vector<Term>> terms_of(const IndexedDocument& document,
                                   const AncestorsOf& ancestors_of) {
  std::vector<Term> terms;
  append_own_terms(document, terms);
  for (const Uuid& asset : document.assets) {
    const auto ancestors = ancestors_of(asset);
    if (!ancestors) return std::unexpected(ancestors.error());
    if (ancestors->empty()) continue;  // the asset is gone, and its sets went with it
    terms.push_back(asset_term(TermKind::linked, asset));
    for (const Uuid& above : *ancestors) terms.push_back(asset_term(TermKind::subtree, above));
  }
  if (document.assets.size() > 1) terms.push_back({TermKind::several, ""});
  sort_and_unite(terms);
  return terms;
}

std::string term_key(std::uint32_t number, const Term& term) {
  const char kind = static_cast<char>(term.kind);
  return Key().u32(number).raw({&kind, 1}).text(term.text).take();
}

std::string term_key(std::uint32_t number, const Term& term, std::uint32_t chunk) {
  const char kind = static_cast<char>(term.kind);
  return Key().u32(number).raw({&kind, 1}).text(term.text).u32(chunk).take();
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
