// TermEdit: rewrites the sets of the terms that a fold touches.
//
// A document has some forty terms, and thousands of documents share most of them: a term becomes a
// number when it is first seen, a change a pair of numbers. Pairs are then gathered by term, so
// that each set is read and written once, in the order of the keys.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "index_fold.h"
#include "index_terms.h"

namespace mooring {

class TermEdit {
 public:
  /// The session outlives it.
  explicit TermEdit(IndexSession& session) : session_(session) {}

  /// A document and its folded name.
  struct Named {
    const IndexedDocument& document;
    std::string_view folded;
  };
  /// What the base says of `ordinal` and what it shall say; nothing: it has no document. Ordinals
  /// ascend from call to call.
  [[nodiscard]] Status change(std::uint32_t ordinal, const std::optional<Named>& before,
                              const std::optional<Named>& after);
  /// Appends the changed sets.
  [[nodiscard]] Status finish(std::vector<FoldChange>& changes);

 private:
  using TermNumber = std::uint32_t;
  struct Event {
    TermNumber term = 0;
    std::uint32_t ordinal = 0;
  };
  /// Ordinals by term, ascending for each.
  struct Grouped {
    std::vector<std::uint32_t> ordinals;
    std::vector<std::size_t> starts;
    [[nodiscard]] std::span<const std::uint32_t> of(TermNumber term) const {
      return std::span(ordinals).subspan(starts[term], starts[term + 1] - starts[term]);
    }
  };
  [[nodiscard]] TermNumber number_of(TermKind kind, std::string_view text);
  [[nodiscard]] Result<const std::vector<TermNumber>*> terms_of_link(const Uuid& asset);
  /// With repeats.
  [[nodiscard]] Status list_terms(const Named& named, std::vector<TermNumber>& terms);
  [[nodiscard]] Grouped group(const std::vector<Event>& events) const;
  [[nodiscard]] Status edit(std::string_view term, std::uint32_t chunk,
                            std::span<const std::uint16_t> removed,
                            std::span<const std::uint16_t> added, std::vector<FoldChange>& changes);

  IndexSession& session_;
  std::unordered_map<std::string, TermNumber> numbers_;  // by term_key
  std::vector<std::string_view> keys_;                   // of numbers_, by number
  AncestorChains chains_;
  std::map<Uuid, std::vector<TermNumber>> links_;
  std::vector<Event> removed_;
  std::vector<Event> added_;
};

}  // namespace mooring
