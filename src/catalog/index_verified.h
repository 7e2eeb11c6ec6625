// VerifiedNames: which documents have a text in their names, as far as queries have found out.
//
// One per query with a search of more than one trigram. To verify a common search means to read the
// names of most documents; and who searches turns pages, sorts the other way, adds a filter. So a
// chunk whose candidates were all verified, whatever the scope, is kept in the cache under the
// search, and good until a page of its names is replaced (IndexCache::replaced_at).
//
// Used on one thread, as the session that it belongs to.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "index_session.h"

namespace mooring {

class VerifiedNames {
 public:
  /// Fewer candidates in a chunk are verified again: that costs less than to keep them.
  static constexpr std::size_t kKeptMin = 1'024;

  /// `search` is folded. Looks up what others have found.
  VerifiedNames(IndexSession& session, const std::string& search);

  /// Every document of the chunk with the search in its name; null: not known.
  [[nodiscard]] const Container* find(std::uint32_t chunk) const noexcept;
  /// Those of `candidates` with the search in their names.
  [[nodiscard]] Container verify(std::uint32_t chunk, const Container& candidates);
  /// `verified` is every document of the chunk with the search in its name: kept, by finish().
  void learn(std::uint32_t chunk, Container verified);
  /// Gives the cache what was learned. What failed to be read must not be: the session knows.
  void finish();

 private:
  struct Part {
    std::uint32_t chunk = 0;
    std::uint64_t version = 0;  // of the base in which it was verified
    std::shared_ptr<const Container> set;
  };
  struct Kept;

  IndexSession& session_;
  const std::string& search_;
  const std::string key_;
  std::vector<Part> parts_;  // ascending chunks; all of them good
  bool has_learned_ = false;
};

}  // namespace mooring
