#include "mooring/catalog/view.h"

#include <utility>

#include "mooring/catalog/database.h"

namespace mooring {

std::string upper_bound_of(std::string_view prefix) {
  std::string bound(prefix);
  while (!bound.empty() && static_cast<std::uint8_t>(bound.back()) == 0xff) bound.pop_back();
  if (!bound.empty()) bound.back() = static_cast<char>(static_cast<std::uint8_t>(bound.back()) + 1);
  return bound;
}

Result<bool> any_key(const View& view, Family family, std::string_view prefix) {
  const auto entries = view.scan({.family = family, .prefix = prefix, .limit = 1});
  if (!entries) return std::unexpected(entries.error());
  return !entries->empty();
}

Result<Value> MemoryView::get(Family family, std::string_view key) const {
  RecordPrint print{.family = family, .key = key, .hash = record_hash(family, key)};
  print.stamp = database_.stamps().of(print.hash);
  if (const auto known = cache_.find(print)) return std::string(*known);
  auto answer = database_.try_get(family, key);
  if (answer && *answer && **answer) cache_.keep(print, ***answer);
  if (answer) return *std::move(answer);
  would_block_ = true;
  return fail(Errc::stale, "read of a record that is not in memory");
}

Result<std::vector<Entry>> MemoryView::scan(const ScanRange& range) const {
  auto answer = database_.try_scan(range);
  if (answer) return *std::move(answer);
  would_block_ = true;
  return fail(Errc::stale, "scan of records that are not in memory");
}

}  // namespace mooring
