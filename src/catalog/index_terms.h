// What the index knows of a document, and the terms under which it can be found.
//
// A term is a kind and a text. Every document has one for its category, its type without
// parameters, each of its languages (or for having none), its supplier flag, its supplier's name,
// every three code points in a row of its folded name, each asset it is linked to, and each asset
// that one of these lies below, which is how a query for a whole subtree is one lookup.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/case_fold.h"
#include "mooring/base/result.h"
#include "mooring/base/uuid.h"
#include "mooring/catalog/documents.h"

namespace mooring {

enum class TermKind : std::uint8_t {
  category = 1,
  type = 2,
  language = 3,
  no_language = 4,
  supplier_document = 5,  ///< text "1" or "0"
  supplier_name = 6,
  trigram = 7,
  linked = 8,    ///< asset 16: linked to this asset itself
  subtree = 9,   ///< asset 16: linked to this asset or to one below it
  several = 10,  ///< linked to more than one asset
};

struct Term {
  TermKind kind = TermKind::category;
  std::string text;
  friend auto operator<=>(const Term&, const Term&) = default;
};

/// The fields of a document that are searched, filtered and sorted by.
struct IndexedDocument {
  Uuid id;
  std::string name;  ///< as it stands
  std::int64_t updated_ms = 0;
  std::optional<std::string> category;
  std::string type;                    ///< plain_type of the record's
  std::vector<std::string> languages;  ///< folded, ascending, each once
  bool supplier_document = false;
  std::optional<std::string> supplier_name;
  std::vector<Uuid> assets;  ///< ascending
  friend bool operator==(const IndexedDocument&, const IndexedDocument&) = default;
};

[[nodiscard]] IndexedDocument indexed(const DocumentRecord& record);

/// A media type without its parameters, in lower case (D3).
[[nodiscard]] std::string plain_type(std::string_view mimetype);

/// `function(text)` for every three code points in a row of `folded`, as often as they come.
template <typename Function>
void for_each_trigram(std::string_view folded, Function function) {
  std::size_t first = 0;
  std::size_t second = 0;
  std::size_t third = 0;
  std::size_t points = 0;
  for (std::size_t at = 0; at < folded.size();) {
    first = second;
    second = third;
    third = at;
    at += code_point_bytes(folded[at]);
    if (++points >= 3) function(folded.substr(first, at - first));
  }
}
/// Each once, ascending.
[[nodiscard]] std::vector<std::string> trigrams_of(std::string_view folded);

/// `function(kind, text)` for every term that does not depend on the tree and not on the links;
/// trigrams as often as they come. `folded` is the folded name.
template <typename Function>
void for_each_own_term(const IndexedDocument& document, std::string_view folded,
                       Function function) {
  using std::string_view;
  if (document.category) function(TermKind::category, string_view(*document.category));
  function(TermKind::type, string_view(document.type));
  for (const std::string& language : document.languages)
    function(TermKind::language, string_view(language));
  if (document.languages.empty()) function(TermKind::no_language, string_view());
  function(TermKind::supplier_document, string_view(document.supplier_document ? "1" : "0"));
  if (document.supplier_name)
    function(TermKind::supplier_name, string_view(*document.supplier_name));
  if (document.assets.size() > 1) function(TermKind::several, string_view());
  for_each_trigram(folded, [&](string_view text) { function(TermKind::trigram, text); });
}

/// An asset and those above it, up to its root, itself first. Empty: there is no such asset.
using Ancestors = std::vector<Uuid>;
using AncestorsOf = std::function<Result<Ancestors>(const Uuid&)>;
/// Reads the chain from the records of assets.
[[nodiscard]] Result<Ancestors> read_ancestors(const View& view, const Uuid& asset);

/// The chains of many assets of one tree: the record of each asset is read once.
class AncestorChains {
 public:
  /// As read_ancestors. Valid as long as this is.
  [[nodiscard]] Result<const Ancestors*> of(const View& view, const Uuid& asset);
  [[nodiscard]] std::size_t size() const noexcept { return chains_.size(); }

 private:
  std::map<Uuid, Ancestors> chains_;
};

/// The terms of a link to `asset`, whose chain is `ancestors`; none if the asset is gone, as then
/// its sets went with it.
void append_link_terms(const Uuid& asset, const Ancestors& ancestors, std::vector<Term>& terms);

/// All terms, ascending, each once.
[[nodiscard]] Result<std::vector<Term>> terms_of(const IndexedDocument& document,
                                                 const AncestorsOf& ancestors_of);

/// Keys of Family::document_term: organization number 4 | kind 1 | text | chunk 4 -> Container.
[[nodiscard]] std::string term_key(std::uint32_t number, TermKind kind, std::string_view text);
[[nodiscard]] std::string term_key(std::uint32_t number, const Term& term);
[[nodiscard]] std::string term_key(std::uint32_t number, const Term& term, std::uint32_t chunk);
[[nodiscard]] std::uint32_t chunk_of_key(std::string_view key) noexcept;
/// A key without its chunk.
[[nodiscard]] std::string_view term_of_key(std::string_view key) noexcept;
[[nodiscard]] Term asset_term(TermKind kind, const Uuid& asset);

/// A change of a document that is not in the base yet.
/// Keys of Family::document_tail: organization number 4 | sequence 8 -> TailEntry.
struct TailEntry {
  std::uint32_t ordinal = 0;
  std::optional<IndexedDocument> before;
  std::optional<IndexedDocument> after;
  friend bool operator==(const TailEntry&, const TailEntry&) = default;
};

[[nodiscard]] std::string encode(const TailEntry& entry);
[[nodiscard]] Result<TailEntry> decode_tail_entry(std::string_view bytes);
[[nodiscard]] std::string tail_key(std::uint32_t number, std::uint64_t sequence);

}  // namespace mooring
