// The parts of `check` share one context: what is checked, what was found so far.
#pragma once

#include <fmt/format.h>

#include <string>

#include "mooring/app/check.h"

namespace mooring {

struct StoreCheck {
  const DataDirectory& directory;
  const Database& database;
  CheckDepth depth;
  const ProblemSink& on_problem;
  CheckReport report = {};

  void problem(const std::string& text) {
    ++report.problems;
    on_problem(text);
  }

  /// What nobody owns: after a crash the next start takes it away, after a clean stop it must not
  /// be there.
  void unowned(const std::string& text) {
    if (database.last_stop() == LastStop::unclean)
      ++report.leftovers;
    else
      problem(text);
  }
};

/// K1.
[[nodiscard]] Status check_files(StoreCheck& check);
/// K2.
[[nodiscard]] Status check_segments(StoreCheck& check);
/// K5.
[[nodiscard]] Status check_owners(StoreCheck& check);

/// Calls `visit(entry)`, which answers a Status, for every entry of `family`, in key order.
template <typename Visit>
[[nodiscard]] Status for_each_entry(const View& view, Family family, Visit visit) {
  std::string last;
  while (true) {
    const Result<std::vector<Entry>> page = view.scan(
        {.family = family, .start = last, .start_key = StartKey::excluded, .limit = 1000});
    if (!page) return std::unexpected(page.error());
    for (const Entry& entry : *page)
      if (const Status visited = visit(entry); !visited) return visited;
    if (page->size() < 1000) return {};
    last = page->back().key;
  }
}

}  // namespace mooring
