// The handlers of the documents family, one per route (documents/family.h), what they share, and
// the statuses of their successes, which no source gives where nothing else is said [D].
//
// Each runs on the connection's core, checks in the order of rule X2 and answers every error in the
// SweetConnect envelope.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mooring/api/documents/document_fields.h"
#include "mooring/api/documents/document_json.h"
#include "mooring/api/sweetconnect.h"
#include "mooring/api/upload.h"

namespace mooring {

inline constexpr int kDocumentReadStatus = 200;
inline constexpr int kDocumentUploadedStatus = 201;   ///< what NestJS answers to a POST, as P1 [I]
inline constexpr int kDocumentDuplicateStatus = 200;  ///< the vendor's first success body [I]
inline constexpr int kDocumentChangedStatus = 200;    ///< also if there was nothing to change
inline constexpr int kDocumentRemovedStatus = 204;
inline constexpr int kSupplierSetStatus = 201;     ///< what NestJS answers to a POST
inline constexpr int kDocumentLinkedStatus = 201;  ///< a second link of one kind is a conflict
inline constexpr int kDocumentUnlinkedStatus = 204;
inline constexpr int kDocumentAssignedStatus = 200;
inline constexpr int kCategoryReadStatus = 200;
inline constexpr int kCategoryPutStatus = 200;  ///< also if it is new
inline constexpr int kCategoryRemovedStatus = 204;

[[nodiscard]] Task<Response> handle_list_documents(Exchange& exchange);
[[nodiscard]] Task<Response> handle_get_document(Exchange& exchange);
[[nodiscard]] Task<Response> handle_get_document_preview(Exchange& exchange);
[[nodiscard]] Task<Response> handle_get_document_download(Exchange& exchange);
[[nodiscard]] Task<Response> handle_upload_document(Exchange& exchange);
[[nodiscard]] Task<Response> handle_upload_archive(Exchange& exchange);
[[nodiscard]] Task<Response> handle_patch_document(Exchange& exchange);
[[nodiscard]] Task<Response> handle_delete_document(Exchange& exchange);
[[nodiscard]] Task<Response> handle_set_supplier(Exchange& exchange);
[[nodiscard]] Task<Response> handle_link_document(Exchange& exchange);
[[nodiscard]] Task<Response> handle_unlink_document(Exchange& exchange);
[[nodiscard]] Task<Response> handle_assign_document(Exchange& exchange);
[[nodiscard]] Task<Response> handle_list_categories(Exchange& exchange);
[[nodiscard]] Task<Response> handle_get_category(Exchange& exchange);
[[nodiscard]] Task<Response> handle_put_category(Exchange& exchange);
[[nodiscard]] Task<Response> handle_delete_category(Exchange& exchange);

/// Rule P12 for a document.
[[nodiscard]] inline Ownership ownership_of(const DocumentRecord& document) {
  return {document.organization_id, document.manufacturer_id};
}

/// A document with its category, as one moment saw them.
[[nodiscard]] Result<ShownDocument> show(const View& view, DocumentRecord document);

/// The document whose id is segment `index` behind the prefix: 404, then 403.
[[nodiscard]] Task<Result<ShownDocument>> document_of_path(Exchange& exchange, std::size_t index);

/// Rule D23: what the caller wants to read, most wanted first.
[[nodiscard]] std::vector<std::string> languages_of(const Exchange& exchange);

/// Which field of a form, a query or a body is wrong: 400, a bad language with its own code.
[[nodiscard]] Response refuse_document_field(const BadField& bad);

// ---- uploads (receive_document.cc) ----

/// What a body brought, checked as far as no record is needed.
struct DocumentBody {
  DocumentFields fields;
  std::optional<ReceivedFile> file;  ///< not empty; ends in store_file or drop_received
  std::string media_type;            ///< of the file
};

enum class FileField : std::uint8_t { required, optional };

struct DocumentBodyRules {
  FileField file = FileField::required;
  std::uint64_t file_bytes_max = 0;
};

/// Receives a form, or the file alone where the head names it (Content-Disposition or ?filename=),
/// with its fields in the query. The answer if it is refused: everything was dropped then.
[[nodiscard]] Task<std::expected<DocumentBody, Response>> receive_document(
    Exchange& exchange, const DocumentBodyRules& rules);

/// Whether the operator allows documents of this type; else the answer.
[[nodiscard]] std::optional<Response> refuse_type(const Exchange& exchange,
                                                  std::string_view media_type);

/// A new document of `asset` by the caller, as `fields` say; file and type are still empty.
/// Nothing required may be missing in `fields`.
[[nodiscard]] DocumentRecord new_document(const AssetRecord& asset, const Identity& caller);

/// The name under which a document is stored: what rule X8 has left, or, if that is nothing,
/// "document" [D].
[[nodiscard]] std::string document_filename(std::string_view filename);

/// organizationId of a form against the asset it is for (P12), then whether the category exists.
[[nodiscard]] Task<std::optional<Response>> refuse_target(Exchange& exchange,
                                                          const DocumentFields& fields,
                                                          const AssetRecord& asset);

}  // namespace mooring
