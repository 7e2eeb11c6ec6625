// Attachments: the assets of Media Pocket (API 4), of which an attachment is one that has a parent.
//
//   Family::pocket_asset     asset 20                                             -> PocketAsset
//   Family::pocket_child     holder 20 | place 1 | created 8 | sequence 4         -> id 20
//   Family::pocket_external  'a' or 'p' | external id text                        -> id 20
//   Family::pocket_trash     deleted 8 | asset 20                                 -> (empty)
//
// An asset stands at one place: by itself, attached to an asset, attached to a project, or in a
// project. Children are listed by their creation, then in the order in which they came (M10).
// An asset in the trash is still there: it can be looked at by its id, restored and removed, but
// nothing else; all that is attached to it is hidden until it is restored (M11).
//
//   I1 the holder of an asset exists; its chain of holders is at most kPocketDepthMax long.
//   I2 for every asset that has a holder there is exactly one child key.
//   I3 an external id belongs to at most one asset; there is exactly one key for it.
//   I4 for every asset in the trash there is exactly one trash key.
//   I5 an asset with content holds one reference to its blob, owned by "attachment/<id>".
//
// Functions that take a Transaction run on the writer; those that take a View run anywhere. All may
// fail with io_error or corrupt besides what is said.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/catalog/pocket_id.h"
#include "mooring/catalog/transaction.h"
#include "mooring/catalog/view.h"

namespace mooring {

/// How deep attachments of attachments go, and projects in projects [D].
inline constexpr std::size_t kPocketDepthMax = 100;
/// What one removal takes along at most [D].
inline constexpr std::size_t kPocketRemovalMax = 10'000;
/// "purged after 14 days".
inline constexpr std::int64_t kPocketTrashMs = 14ll * 24 * 3'600'000;

/// Where something stands. The numbers are part of the format on disk.
enum class PocketPlace : std::uint8_t {
  root = 1,            ///< nowhere; without a holder
  asset_attachment,    ///< attached to the asset that holds it
  project_attachment,  ///< attached to the project that holds it
  project_member,      ///< an asset in a project
  project_project,     ///< a project in a project
};

/// What an asset is as long as it has no content.
enum class PocketKind : std::uint8_t { placeholder = 1, article };

/// What its content makes it.
enum class PocketMedia : std::uint8_t { image = 1, video, audio, document };

/// The words of the contract. Static storage.
[[nodiscard]] std::string_view name_of(PocketKind kind) noexcept;
[[nodiscard]] std::string_view name_of(PocketMedia media) noexcept;

struct PocketContent {
  PocketId media_id;
  PocketMedia media = PocketMedia::document;
  std::string filename;
  std::string mime_type;
  std::array<std::byte, 16> md5{};
  BlobId blob;
  std::uint64_t size_bytes = 0;
  friend bool operator==(const PocketContent&, const PocketContent&) = default;
};

/// What assets and projects have in common, as their maker describes it.
struct PocketText {
  std::string title;
  std::optional<std::string> description = {};
  std::optional<std::string> category = {};
  std::optional<std::string> external_id = {};
  std::vector<std::string> tags = {};
  friend bool operator==(const PocketText&, const PocketText&) = default;
};

struct PocketAsset {
  PocketId id;
  PocketPlace place = PocketPlace::root;
  PocketId holder;             ///< all zero for a root
  std::uint32_t sequence = 0;  ///< among siblings of one millisecond; set by create_pocket_asset
  std::string owner;
  PocketText text;
  PocketKind kind = PocketKind::placeholder;
  std::int64_t created_ms = 0;
  std::int64_t modified_ms = 0;
  std::optional<std::int64_t> deleted_ms = {};
  std::optional<PocketContent> content = {};
  friend bool operator==(const PocketAsset&, const PocketAsset&) = default;
};

[[nodiscard]] std::string encode(const PocketAsset& asset);
[[nodiscard]] Result<PocketAsset> decode_pocket_asset(std::string_view bytes);

/// "attachment/<id>": the owner of a reference to content.
[[nodiscard]] std::string attachment_owner(const PocketId& id);

/// The asset, hidden or not.
[[nodiscard]] Result<std::optional<PocketAsset>> find_pocket_asset(const View& view,
                                                                   const PocketId& id);

enum class Trashed : std::uint8_t { hidden, shown };

/// The asset, if nothing it is attached to is in the trash. Being there itself hides it too, unless
/// `itself` is shown. Else not_found.
[[nodiscard]] Result<PocketAsset> visible_pocket_asset(const View& view, const PocketId& id,
                                                       Trashed itself = Trashed::hidden);

/// The attachments of a holder that are not in the trash, up to `limit`, by rule M10.
[[nodiscard]] Result<std::vector<PocketAsset>> list_attachments(const View& view, PocketPlace place,
                                                                const PocketId& holder,
                                                                std::size_t limit);

/// Stores a new asset without content. Fails with not_found if its holder is gone or hidden,
/// conflict if its external id is taken, unprocessable if it would stand too deep.
[[nodiscard]] Result<PocketAsset> create_pocket_asset(Transaction& transaction, PocketAsset asset);

/// What a PUT asks to change; what is not there stays.
struct PocketPatch {
  std::optional<std::string> title = {};
  std::optional<std::optional<std::string>> description = {};
  std::optional<std::optional<std::string>> category = {};
  std::optional<std::optional<std::string>> external_id = {};
  std::optional<std::vector<std::string>> tags = {};
};

/// Fails with not_found (also in the trash), conflict if the external id is taken.
[[nodiscard]] Result<PocketAsset> update_pocket_asset(Transaction& transaction, const PocketId& id,
                                                      const PocketPatch& patch,
                                                      std::int64_t now_ms);

/// Into the trash and out of it. What is there already stays as it is. Both fail with not_found.
[[nodiscard]] Result<PocketAsset> trash_pocket_asset(Transaction& transaction, const PocketId& id,
                                                     std::int64_t now_ms);
[[nodiscard]] Result<PocketAsset> restore_pocket_asset(Transaction& transaction,
                                                       const PocketId& id);

/// Gives an asset content, in place of what it had. Fails with not_found (also in the trash), stale
/// if the blob is gone.
[[nodiscard]] Result<PocketAsset> put_pocket_content(Transaction& transaction, const PocketId& id,
                                                     const PocketContent& content,
                                                     std::int64_t now_ms);

struct ContentRemoval {
  PocketAsset asset;     ///< as it is now
  bool removed = false;  ///< false: there was none
};
/// Takes the content of an asset away. Fails with not_found (also in the trash).
[[nodiscard]] Result<ContentRemoval> remove_pocket_content(Transaction& transaction,
                                                           const PocketId& id, std::int64_t now_ms);

/// Removes an asset, in the trash or not, with all that is attached to it. Fails with not_found;
/// with unprocessable, and nothing is gone, above kPocketRemovalMax.
[[nodiscard]] Status remove_pocket_asset(Transaction& transaction, const PocketId& id,
                                         std::int64_t now_ms);

/// Removes what has been in the trash for kPocketTrashMs, oldest first, at most `limit` assets and
/// attachments; what is left over goes another time. Returns how many went.
[[nodiscard]] Result<std::size_t> purge_pocket_trash(Transaction& transaction, std::int64_t now_ms,
                                                     std::size_t limit);

}  // namespace mooring
