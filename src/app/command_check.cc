#include <fmt/format.h>

#include "mooring/app/commands.h"
#include "mooring/app/exit_code.h"

namespace mooring {

namespace {

int fail_with(const Error& error, const std::string& what) {
  fmt::print(stderr, "mooring check: {}: {}\n", what, describe(error));
  return exit_code_of(error);
}

void print(const CheckReport& report) {
  fmt::print(
      "{} blobs, {} bytes, {} files, {} segments with {} dead bytes\n"
      "{} owners, {} references, {} waiting for collection, {} leftovers of an unclean stop\n"
      "{} problems\n",
      report.blobs, report.blob_bytes, report.files, report.segments, report.dead_bytes,
      report.owners, report.references, report.garbage, report.leftovers, report.problems);
}

}  // namespace

int run_check(const CheckOptions& options) {
  // Buffered, named: what the file system can do is not tried, so that nothing is written.
  const DataDirectoryOptions without_probes{
      .if_absent = IfAbsent::refuse, .caching = Caching::buffered, .naming = Naming::temporary};
  const Result<std::unique_ptr<DataDirectory>> directory =
      DataDirectory::open(options.data_dir, without_probes);
  if (!directory) return fail_with(directory.error(), options.data_dir);
  const Result<std::unique_ptr<Database>> database =
      Database::open((*directory)->catalog_path(), {.mode = OpenMode::existing});
  if (!database) return fail_with(database.error(), (*directory)->catalog_path());

  const Result<CheckReport> report =
      check_store(**directory, **database, options.depth,
                  [](const std::string& problem) { fmt::print("{}\n", problem); });
  // The mark of a clean stop was taken by opening and is put back; after an unclean one it must
  // stay away, so that the next start looks at what was recent.
  if ((*database)->last_stop() == LastStop::clean)
    if (const Status closed = (*database)->close(); !closed)
      return fail_with(closed.error(), "close of the catalogue");
  if (!report) return fail_with(report.error(), "cannot go on");
  print(*report);
  return report->problems == 0 ? kExitOk : kExitDamaged;
}

}  // namespace mooring
