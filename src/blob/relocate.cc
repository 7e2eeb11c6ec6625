#include "mooring/blob/relocate.h"

#include "blocking_read.h"
#include "mooring/blob/store.h"
#include "mooring/core/gate.h"
#include "mooring/core/workers.h"

namespace mooring {

namespace {

Task<void> copy_one(CoreBlobs& blobs, Relocation& relocation, Bytes content) {
  relocation.copy = co_await blobs.append(relocation.id, content, &relocation.hold);
}

}  // namespace

Task<void> relocate(CoreBlobs& blobs, std::vector<Relocation>& relocations) {
  const DataDirectory& directory = blobs.store().directory();
  const std::vector<Result<LoadedRecord>> loaded =
      co_await blobs.core().workers().run(blobs.core(), [&directory, &relocations] {
        std::vector<Result<LoadedRecord>> contents;
        contents.reserve(relocations.size());
        for (const Relocation& relocation : relocations)
          contents.push_back(load_record(directory, relocation.id, relocation.record));
        return contents;
      });
  Gate copies(blobs.core());
  for (std::size_t i = 0; i < relocations.size(); ++i) {
    if (loaded[i]) {
      copies.spawn(copy_one(blobs, relocations[i], loaded[i]->content));
      continue;
    }
    relocations[i].copy = std::unexpected(loaded[i].error());
    if (loaded[i].error().code == Errc::corrupt)
      blobs.note_damage(relocations[i].id, loaded[i].error().where);
  }
  co_await copies.empty();
}

}  // namespace mooring
