#include <atomic>
#include <utility>

#include "document_handlers.h"
#include "mooring/api/documents/document_type.h"
#include "mooring/catalog/reader.h"
#include "mooring/core/workers.h"

namespace mooring {
namespace {

constexpr std::string_view kFileField = "file";
constexpr std::string_view kUnnamed = "document";

/// What a form may add to the largest file: its fields and its framing [D], as P6.
constexpr std::uint64_t kFormBytesMax = 64_KiB;

/// A body that is the file itself is taken only where the head names the file: a form that was
/// sent under a wrong or missing Content-Type stays an error (X9) and is not stored as a file.
RawUploads raw_uploads_of(const Exchange& exchange) {
  const bool is_named =
      exchange.head.find("content-disposition") || exchange.query.find("filename");
  return is_named ? RawUploads::accepted : RawUploads::refused;
}

bool is_form(const Exchange& exchange) {
  const Result<MediaType> type = parse_media_type(exchange.head.find("content-type").value_or(""));
  return type && type->essence.starts_with("multipart/");
}

/// What the head alone tells about an upload that would be welcome.
std::optional<Response> refuse_by_head(const Exchange& exchange, const DocumentBodyRules& rules) {
  const std::uint64_t declared_bytes = exchange.body.declared_bytes().value_or(0);
  if (declared_bytes > rules.file_bytes_max + kFormBytesMax)
    return refuse_file_too_large(declared_bytes, rules.file_bytes_max);
  if (exchange.services.space_is_short.load(std::memory_order_relaxed))
    return refuse(Errc::no_space);
  return {};
}

/// P5 where the file was too large; X9 where the body is no form: 400 in this API's shape.
Response refuse_upload(const Error& error, const Upload& upload, std::uint64_t file_bytes_max) {
  if (error.code == Errc::too_large && upload.file_bytes_seen > file_bytes_max)
    return refuse_file_too_large(upload.file_bytes_seen, file_bytes_max);
  if (error.code == Errc::unsupported_media) return refuse(Errc::invalid);
  return refuse(error);
}

/// The fields of a form are its parts, those of a raw body the query's parameters.
Checked<DocumentFields> fields_of(const Exchange& exchange, const Upload& upload) {
  if (is_form(exchange)) return parse_document_fields(upload.fields);
  std::vector<TextField> fields;
  for (const QueryParameter& parameter : exchange.query.all())
    fields.push_back({parameter.name, parameter.value});
  return parse_document_fields(fields);
}

/// What is wrong with what was received whole, if anything.
std::optional<BadField> check(const Exchange& exchange, Upload& upload,
                              const DocumentBodyRules& rules, DocumentFields& into) {
  Checked<DocumentFields> fields = fields_of(exchange, upload);
  if (!fields) return fields.error();
  const bool is_missing = rules.file == FileField::required && !upload.file;
  const bool is_empty = upload.file && upload.file->size_bytes == 0;
  if (is_missing || is_empty) return BadField{kFileField};
  into = *std::move(fields);
  return {};
}

Task<std::string> media_type_of(Exchange& exchange, const ReceivedFile& file) {
  std::optional<std::string> obvious = obvious_media_type(file.beginning(), file.declared_type);
  if (obvious) co_return *std::move(obvious);
  const auto detect = [beginning = file.beginning()] { return detect_media_type(beginning); };
  Core& core = exchange.services.core;
  const std::string detected = co_await core.workers().compute(core, detect);
  co_return document_media_type(detected, file.declared_type);
}

}  // namespace

Response refuse_document_field(const BadField& bad) {
  if (bad.name.empty()) return refuse(Errc::invalid);
  if (bad.name == kLanguagesField || bad.name == "languageCode") return refuse_language(bad.name);
  return refuse_field(bad.name);
}

std::optional<Response> refuse_type(const Exchange& exchange, std::string_view media_type) {
  const AllowedTypes& allowed = exchange.services.settings.documents.types;
  if (allowed.allows(media_type)) return {};
  return refuse_mime_type(allowed.list());
}

Task<std::expected<DocumentBody, Response>> receive_document(Exchange& exchange,
                                                             const DocumentBodyRules& rules) {
  std::optional<Response> refused = refuse_by_head(exchange, rules);
  if (refused) co_return std::unexpected(*std::move(refused));
  const UploadRules upload_rules{.file_field = kFileField,
                                 .raw = raw_uploads_of(exchange),
                                 .beginning_bytes = kTypeBytes,
                                 .file_bytes_max = rules.file_bytes_max,
                                 .body_bytes_max = rules.file_bytes_max + kFormBytesMax};
  Upload upload;
  Status received = co_await receive_upload(exchange, upload_rules, upload);
  if (!received)
    co_return std::unexpected(refuse_upload(received.error(), upload, rules.file_bytes_max));

  DocumentBody body;
  const std::optional<BadField> bad = check(exchange, upload, rules, body.fields);
  if (bad) {
    if (upload.file) co_await drop_received(*upload.file);
    co_return std::unexpected(refuse_document_field(*bad));
  }
  if (!upload.file) co_return body;
  body.media_type = co_await media_type_of(exchange, *upload.file);
  body.file = std::move(upload.file);
  co_return body;
}

std::string document_filename(std::string_view filename) {
  return std::string(filename.empty() ? kUnnamed : filename);
}

Task<std::optional<Response>> refuse_target(Exchange& exchange, const DocumentFields& fields,
                                            const AssetRecord& asset) {
  const Status allowed = check_ownership(caller_of(exchange), asset, *fields.organization_id);
  if (!allowed) co_return refuse(allowed.error());
  const Result<std::optional<CategoryRecord>> category = co_await exchange.services.reader.read(
      [&id = *fields.category_id](const View& view) { return find_category(view, id); });
  if (!category) co_return refuse(category.error());
  if (!*category) co_return refuse_field("categoryId");
  co_return std::nullopt;
}

}  // namespace mooring
