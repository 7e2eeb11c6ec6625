// What a document looks like on disk, and how one is found. Its rules are in documents.cc.
#include "mooring/catalog/codec.h"
#include "mooring/catalog/documents.h"

namespace mooring {
namespace {

constexpr std::uint8_t kDocumentFormat = 1;

template <typename List, typename Read>
void read_list(Decoder& in, List& list, std::size_t size_max, Read read) {
  const std::uint64_t size = in.number();
  // A list that claims more than a record can hold ends in a failed read, not in a huge allocation.
  for (std::uint64_t i = 0; i < size && i < size_max + 1; ++i) list.push_back(read());
}

}  // namespace

std::string encode(const DocumentRecord& record) {
  Encoder out(kDocumentFormat);
  out.uuid(record.id)
      .text(record.filename)
      .text(record.displayname)
      .text(record.owner_id)
      .text(record.organization_id)
      .option(record.manufacturer_id)
      .text(record.mimetype)
      .option(record.category_id)
      .number(record.languages.size());
  for (const std::string& language : record.languages) out.text(language);
  out.signed_number(record.updated_ms)
      .text(record.updated_by)
      .signed_number(record.created_ms)
      .text(record.created_by)
      .flag(record.supplier_document)
      .option(record.supplier_name)
      .one_of(record.ai_injected)
      .flag(record.ai_injected_updated_ms.has_value());
  if (record.ai_injected_updated_ms) out.signed_number(*record.ai_injected_updated_ms);
  out.blob(record.blob).number(record.size_bytes).number(record.asset_ids.size());
  for (const Uuid& asset : record.asset_ids) out.uuid(asset);
  return out.number(record.ordinal).take();
}

Result<DocumentRecord> decode_document(std::string_view bytes) {
  Decoder in(bytes, kDocumentFormat);
  DocumentRecord record;
  record.id = in.uuid();
  record.filename = in.text();
  record.displayname = in.text();
  record.owner_id = in.text();
  record.organization_id = in.text();
  record.manufacturer_id = in.optional_text();
  record.mimetype = in.text();
  record.category_id = in.optional_text();
  read_list(in, record.languages, bytes.size(), [&in] { return in.text(); });
  record.updated_ms = in.signed_number();
  record.updated_by = in.text();
  record.created_ms = in.signed_number();
  record.created_by = in.text();
  record.supplier_document = in.flag();
  record.supplier_name = in.optional_text();
  record.ai_injected = in.one_of(AiInjected::uninjected, AiInjected::uninjected);
  if (in.flag()) record.ai_injected_updated_ms = in.signed_number();
  record.blob = in.blob();
  record.size_bytes = in.number();
  read_list(in, record.asset_ids, bytes.size(), [&in] { return in.uuid(); });
  record.ordinal = in.number_as<std::uint32_t>();
  if (auto read = in.finish("document record"); !read) return std::unexpected(read.error());
  return record;
}

std::string document_owner(const Uuid& id) {
  return "document/" + to_string(id);
}

Result<std::optional<DocumentRecord>> find_document(const View& view, const Uuid& id) {
  const auto value = view.get(Family::document, Key().uuid(id));
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  return decode_document(**value);
}

Result<DocumentRecord> get_document(const View& view, const Uuid& id) {
  auto found = find_document(view, id);
  if (!found) return std::unexpected(found.error());
  if (!*found) return fail(Errc::not_found, "document");
  return **std::move(found);
}

Result<std::optional<DocumentRecord>> find_document_of_content(const View& view,
                                                               std::string_view organization,
                                                               const BlobId& blob) {
  const std::string prefix = Key().blob(blob).text(organization).take();
  const auto first = view.scan({.family = Family::document_content, .prefix = prefix, .limit = 1});
  if (!first) return std::unexpected(first.error());
  if (first->empty()) return std::nullopt;
  KeyReader key(std::string_view(first->front().key).substr(prefix.size()));
  const Uuid id = key.uuid();
  if (auto read = key.finish("key of a content"); !read) return std::unexpected(read.error());
  return find_document(view, id);
}

Result<std::vector<Uuid>> list_documents_of_asset(const View& view, const Uuid& asset,
                                                  std::size_t limit,
                                                  const std::optional<Uuid>& after) {
  const std::string prefix = Key().uuid(asset).take();
  const std::string start = after ? Key().uuid(asset).uuid(*after).take() : std::string();
  const auto entries = view.scan({.family = Family::document_link,
                                  .prefix = prefix,
                                  .start = start,
                                  .start_key = StartKey::excluded,
                                  .limit = limit});
  if (!entries) return std::unexpected(entries.error());
  std::vector<Uuid> ids;
  for (const Entry& entry : *entries) {
    KeyReader key(std::string_view(entry.key).substr(prefix.size()));
    ids.push_back(key.uuid());
    if (auto read = key.finish("key of a link"); !read) return std::unexpected(read.error());
  }
  return ids;
}

}  // namespace mooring
