// A view: something the catalogue can be read through.
//
// Functions that read records take a View, so that one function serves everywhere: the database
// itself (workers and tools; blocks), what is in memory (cores; never blocks), and the writer's
// batch, which shows what the mutations before it have changed. A View owns nothing it returns and
// is used on one thread at a time unless its own header says more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/result.h"
#include "mooring/catalog/family.h"

namespace mooring {

/// The value under a key, or nothing. An absent key is an answer, not an error.
using Value = std::optional<std::string>;

struct Entry {
  std::string key;
  std::string value;
  friend bool operator==(const Entry&, const Entry&) = default;
};

enum class Direction : std::uint8_t { forward, backward };
enum class StartKey : std::uint8_t { included, excluded };

/// Which keys an ordered scan visits. The texts are only read during the call.
struct ScanRange {
  Family family;
  std::string_view prefix = {};  ///< every key returned begins with it
  /// Where to begin, a whole key; empty: at the prefix's first key, or at its last one backward.
  std::string_view start = {};
  StartKey start_key = StartKey::included;  ///< excluded: go on after the last key of a page
  std::size_t limit = 1000;                 ///< entries at most
  Direction direction = Direction::forward;
};

class View {
 public:
  /// The value under `key`. Fails with io_error or corrupt.
  [[nodiscard]] virtual Result<Value> get(Family family, std::string_view key) const = 0;

  /// Entries in key order (or in reverse). Fewer than `limit` means that the range ended.
  /// Fails with io_error or corrupt.
  [[nodiscard]] virtual Result<std::vector<Entry>> scan(const ScanRange& range) const = 0;

 protected:
  ~View() = default;
};

/// The least key above every key with `prefix`; empty if there is none.
[[nodiscard]] std::string upper_bound_of(std::string_view prefix);

/// Whether any key begins with `prefix`.
[[nodiscard]] Result<bool> any_key(const View& view, Family family, std::string_view prefix);

}  // namespace mooring
