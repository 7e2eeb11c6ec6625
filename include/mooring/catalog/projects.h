// Projects of Media Pocket (API 4.2): what assets, attachments and other projects are put into.
//
//   Family::pocket_project   project 20                                           -> PocketProject
// Child and external keys: attachments.h.
//
//   I1 the project that holds a project exists; the chain is at most kPocketDepthMax long.
//   I2 for every project in a project there is exactly one child key.
//   I3 an external id belongs to at most one project; assets have theirs apart [D].
//
// Functions that take a Transaction run on the writer; those that take a View run anywhere. All may
// fail with io_error or corrupt besides what is said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mooring/base/result.h"
#include "mooring/catalog/attachments.h"

namespace mooring {

struct PocketProject {
  PocketId id;
  std::optional<PocketId> holder = {};  ///< the project it is in
  std::uint32_t sequence = 0;           ///< as of PocketAsset; set by create_pocket_project
  std::string owner;
  PocketText text;
  bool is_public = false;
  std::int64_t created_ms = 0;
  std::int64_t modified_ms = 0;
  friend bool operator==(const PocketProject&, const PocketProject&) = default;
};

[[nodiscard]] std::string encode(const PocketProject& project);
[[nodiscard]] Result<PocketProject> decode_pocket_project(std::string_view bytes);

[[nodiscard]] Result<std::optional<PocketProject>> find_pocket_project(const View& view,
                                                                       const PocketId& id);
/// As find; not_found if there is none.
[[nodiscard]] Result<PocketProject> get_pocket_project(const View& view, const PocketId& id);

/// Stores a new project. Fails with not_found if the project that holds it is gone, conflict if its
/// external id is taken, unprocessable if it would stand too deep.
[[nodiscard]] Result<PocketProject> create_pocket_project(Transaction& transaction,
                                                          PocketProject project);

/// Removes a project and all it holds: projects, assets, attachments and theirs. Fails with
/// not_found; with unprocessable, and nothing is gone, above kPocketRemovalMax.
[[nodiscard]] Status remove_pocket_project(Transaction& transaction, const PocketId& id,
                                           std::int64_t now_ms);

}  // namespace mooring
