// Check: the offline proof that every byte of the store is owned, and every record has its bytes
// (vow V8).
//
// Reads the catalogue and the data directory of a store that no server uses; changes neither. What
// it holds against what:
//   K1  every file below blobs/ is named by a record of the file tier, or by a garbage mark whose
//       unlink is still to come; nothing else lies there;
//   K2  every byte of a segment lies in a record that describes itself (live, or dead and waiting
//       for compaction) or is padding between batches;
//   K3  every blob record has its bytes, in the right size; with CheckDepth::contents also with the
//       right digest, read from the disk;
//   K4  a blob has references or a garbage mark, never both and never neither; a reference has its
//       blob (catalog/blobs.h, I1 and I2);
//   K5  every reference's owner exists and names that blob, and every owner's reference exists;
//   K6  a segment's account is the sum of its live blobs (catalog/blobs.h, I4);
//   K7  the document index agrees with the documents (catalog/document_index_check.h).
//
// After an unclean stop the next start takes some leftovers away (blob/recovery.h): what breaks
// only K1 or K2 is then counted as a leftover, not as a problem.
//
// Memory is bounded: records are read a page at a time, problems are handed out as they are found.
// One thread; blocks for as long as the disk takes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "mooring/base/result.h"
#include "mooring/blob/data_directory.h"
#include "mooring/catalog/database.h"

namespace mooring {

enum class CheckDepth : std::uint8_t {
  names,     ///< names, sizes, headers
  contents,  ///< every byte of every blob, and every table of the catalogue
};

struct CheckReport {
  std::uint64_t blobs = 0;       ///< records
  std::uint64_t blob_bytes = 0;  ///< of their content
  std::uint64_t references = 0;  ///< keys
  std::uint64_t garbage = 0;     ///< marks: content that waits for its collection
  std::uint64_t files = 0;       ///< below blobs/
  std::uint64_t segments = 0;    ///< files below segments/
  std::uint64_t dead_bytes = 0;  ///< of records in segments that nothing names any more
  std::uint64_t owners = 0;      ///< records that refer to blobs
  std::uint64_t documents = 0;   ///< held against their index
  std::uint64_t leftovers = 0;   ///< what the next start takes away after an unclean stop
  std::uint64_t problems = 0;    ///< found and handed out
};

/// One sentence that names the file or the record.
using ProblemSink = std::function<void(const std::string& problem)>;

/// Fails only where it cannot go on reading: io_error, or corrupt when the catalogue itself is
/// unreadable.
[[nodiscard]] Result<CheckReport> check_store(const DataDirectory& directory,
                                              const Database& database, CheckDepth depth,
                                              const ProblemSink& on_problem);

}  // namespace mooring
