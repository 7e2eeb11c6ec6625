// Documents: files with a name, a category and languages, linked to any number of assets (API 1.2,
// 1.3).
//
// A document belongs to one organization and is linked to assets of that organization, to one at
// least: the last link that goes takes the document with it. Its record holds one reference to its
// blob, owned by "document/<id>", and names its assets; a key per link leads from the asset back. A
// key per content finds what an organization has stored already.
//
// Every function that changes a document tells the index (document_index.h) in the same
// transaction, so a query that begins after the commit was answered sees it.
//
//   I1 a document implies its blob and a reference to it, its assets, which are of its
//   organization,
//      and its category if it names one.
//   I2 there is exactly one link key for each asset that a record names, and none besides.
//   I3 there is exactly one content key and, if it has a category, one category key per document.
//   I4 a document's ordinal in the index is its own as long as it exists.
//
// Functions that take a Transaction run on the writer; those that take a View run anywhere. All may
// fail with io_error or corrupt besides what is said.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/base/uuid.h"
#include "mooring/catalog/transaction.h"
#include "mooring/catalog/view.h"

namespace mooring {

/// Whether a document's text was given to an assistant. Only one word of the contract is known.
enum class AiInjected : std::uint8_t { uninjected = 1 };

struct DocumentRecord {
  Uuid id;
  std::string filename;
  std::string displayname;
  std::string owner_id;
  std::string organization_id;
  std::optional<std::string> manufacturer_id;
  std::string mimetype;
  std::optional<std::string> category_id;
  std::vector<std::string> languages;  ///< ISO 639-1 in lower case, in the order they were given
  std::int64_t updated_ms = 0;
  std::string updated_by;
  std::int64_t created_ms = 0;
  std::string created_by;
  bool supplier_document = false;
  std::optional<std::string> supplier_name;
  AiInjected ai_injected = AiInjected::uninjected;
  std::optional<std::int64_t> ai_injected_updated_ms;
  BlobId blob;
  std::uint64_t size_bytes = 0;
  std::vector<Uuid> asset_ids;  ///< ascending, each once, never empty
  std::uint32_t ordinal = 0;    ///< given by the index when the document is created
  friend bool operator==(const DocumentRecord&, const DocumentRecord&) = default;
};

/// Bounds of one document and of one mutation, so that no single request holds the writer up.
inline constexpr std::size_t kDocumentAssetsMax = 1'000;
inline constexpr std::size_t kSubtreeDocumentsMax = 100'000;
/// Texts that are searched or filtered by become keys; what is longer is refused by the API.
inline constexpr std::size_t kDocumentTextBytesMax = 1'024;

[[nodiscard]] std::string encode(const DocumentRecord& record);
[[nodiscard]] Result<DocumentRecord> decode_document(std::string_view bytes);

/// "document/<id>": the owner of a document's reference to its blob.
[[nodiscard]] std::string document_owner(const Uuid& id);

[[nodiscard]] Result<std::optional<DocumentRecord>> find_document(const View& view, const Uuid& id);

/// As find_document; an unknown document is not_found.
[[nodiscard]] Result<DocumentRecord> get_document(const View& view, const Uuid& id);

/// A document of `organization` whose content is `blob`: the one with the least id, if any.
[[nodiscard]] Result<std::optional<DocumentRecord>> find_document_of_content(
    const View& view, std::string_view organization, const BlobId& blob);

/// Up to `limit` documents linked to `asset` itself, in order of their ids, after `after`.
[[nodiscard]] Result<std::vector<Uuid>> list_documents_of_asset(
    const View& view, const Uuid& asset, std::size_t limit, const std::optional<Uuid>& after = {});

/// Stores a new document and returns it with its ordinal. `asset_ids` may come in any order. Fails
/// with exists if the id is taken; with not_found if one of its assets is gone or belongs to
/// another organization; with invalid if its category does not exist, it names no asset, or a text
/// is longer than kDocumentTextBytesMax; with unprocessable above kDocumentAssetsMax; with stale if
/// the blob is gone; with overloaded if the index has fallen too far behind (document_index.h).
[[nodiscard]] Result<DocumentRecord> create_document(Transaction& transaction,
                                                     DocumentRecord record);

/// PATCH: `record` takes the place of the document with its id, whose organization, creation,
/// assets and ordinal are kept. The reference to content that is no longer used is dropped, its
/// garbage mark dated updated_ms. Returns the document as it is now. Fails with not_found, and as
/// create_document.
[[nodiscard]] Result<DocumentRecord> replace_document(Transaction& transaction,
                                                      DocumentRecord record);

/// Removes a document with its links and its reference, and returns it. Fails with not_found.
[[nodiscard]] Result<DocumentRecord> remove_document(Transaction& transaction, const Uuid& id,
                                                     std::int64_t now_ms);

enum class LinkResult : std::uint8_t { linked, was_linked };

/// Links a document to one more asset. Its updated_ms stays: nothing of itself has changed [D].
/// Fails with not_found if the document is gone, or the asset is gone or of another organization;
/// with unprocessable above kDocumentAssetsMax.
[[nodiscard]] Result<LinkResult> link_document(Transaction& transaction, const Uuid& id,
                                               const Uuid& asset);

/// What became of a document that lost a link.
struct Unlinked {
  DocumentRecord document;  ///< as it is now, or was
  bool is_removed = false;  ///< that was its last link
};

/// Takes one link away; the last one takes the document with it. Fails with not_found if there is
/// no such document or it is not linked to `asset`.
[[nodiscard]] Result<Unlinked> unlink_document(Transaction& transaction, const Uuid& id,
                                               const Uuid& asset, std::int64_t now_ms);

struct Assigned {
  std::size_t assigned = 0;    ///< links that came
  std::size_t unassigned = 0;  ///< links that went
};

/// PATCH of assignments: `assets` are all the links the document has from now on; none at all
/// changes nothing. Fails as link_document.
[[nodiscard]] Result<Assigned> assign_document(Transaction& transaction, const Uuid& id,
                                               std::span<const Uuid> assets);

}  // namespace mooring
