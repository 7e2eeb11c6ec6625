// GarbageQueue: the blobs that the latest batches marked as garbage.
//
// The marks in the catalogue (blobs.h) decide; this saves looking for them. A transaction notes
// what it has marked once the batch is written, a collector takes it. What does not fit is left to
// a search of the catalogue, as is what a stop has left: `take_search` says when there is something
// to search for, which at the start there is.
//
// Owned by the database. Any thread; never waits for longer than a copy takes.
#pragma once

#include <cstddef>
#include <mutex>
#include <vector>

#include "mooring/base/blob_id.h"

namespace mooring {

class GarbageQueue {
 public:
  /// Noted and not yet taken. A mass delete of more is found by a search.
  static constexpr std::size_t kMarksMax = 65'536;

  void note(const BlobId& id);

  /// The next collector has to search the catalogue.
  void ask_for_search();

  /// Whether to search the catalogue; asked for again only from here on.
  [[nodiscard]] bool take_search();

  /// Up to `limit` blobs, those first that were noted last.
  [[nodiscard]] std::vector<BlobId> take(std::size_t limit);

 private:
  std::mutex mutex_;
  std::vector<BlobId> marked_;
  bool search_ = true;
};

}  // namespace mooring
