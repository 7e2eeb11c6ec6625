// POST of an archive: every file in it becomes a document, or none does.
//
// Two steps, so that all records come in one batch while only one file's content is in memory:
//   1  each file is inflated and stored as content that nothing refers to (its garbage mark
//   stands); 2  one mutation writes all records, whose references take the marks away.
// Whatever ends the request in between, what was stored is garbage and is collected. A collector
// that comes between the steps makes the second one `stale`: then both are done again.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "document_handlers.h"
#include "mooring/api/documents/document_type.h"
#include "mooring/api/documents/zip_reader.h"
#include "mooring/api/made_content.h"
#include "mooring/api/store.h"
#include "mooring/base/clock.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/writer.h"
#include "mooring/core/workers.h"

namespace mooring {
namespace {

constexpr std::string_view kArchiveEntity = "Archive";
constexpr std::array<std::string_view, 1> kArchiveTypes = {"application/zip"};
constexpr int kAttemptsMax = 3;  // if the collector is that quick, the client may try again

/// A place among the archives of the whole server: each may take as much memory as its largest
/// file.
class ArchiveSlot {
 public:
  explicit ArchiveSlot(CoreServices& services) noexcept
      : count_(services.zips_in_flight),
        granted_(count_.fetch_add(1, std::memory_order_relaxed) <
                 services.settings.documents.zips_in_flight_max) {}
  ArchiveSlot(const ArchiveSlot&) = delete;
  ArchiveSlot& operator=(const ArchiveSlot&) = delete;
  ~ArchiveSlot() { count_.fetch_sub(1, std::memory_order_relaxed); }
  [[nodiscard]] bool granted() const noexcept { return granted_; }

 private:
  std::atomic<std::uint64_t>& count_;
  bool granted_;
};

/// Step 1 for one file: a reference comes and goes, so that the blob is there and marked.
class StageContent final : public StoreMutation {
 public:
  explicit StageContent(DocumentRecord& document) : document_(document) {}

  Status apply_records(Transaction& transaction, const StoredContent& content) override {
    const std::string owner = document_owner(document_.id);
    if (Status added = add_reference(transaction, content.id, owner); !added) return added;
    document_.blob = content.id;
    document_.size_bytes = content.record.size_bytes;
    return drop_reference(transaction, content.id, owner, wall_ms());
  }

 private:
  DocumentRecord& document_;
};

/// Step 2.
class CreateDocuments final : public Mutation {
 public:
  CreateDocuments(const std::vector<DocumentRecord>& documents, const Identity& caller)
      : documents_(documents), caller_(caller) {}

  Status apply(Transaction& transaction) override {
    for (const DocumentRecord& document : documents_)
      if (Status added = add(transaction, document); !added) return added;
    return {};
  }

  std::vector<ShownDocument> created;
  std::vector<ShownDocument> existing;  ///< for each file that was there already

 private:
  // As for a single upload, files of one archive included.
  Status add(Transaction& transaction, const DocumentRecord& document) {
    auto found = find_document_of_content(transaction, document.organization_id, document.blob);
    if (!found) return std::unexpected(found.error());
    const bool is_duplicate = *found && check_ownership(caller_, ownership_of(**found)).has_value();
    if (is_duplicate) {
      const auto linked = link_document(transaction, (*found)->id, document.asset_ids.front());
      if (!linked) return std::unexpected(linked.error());
      return show_in(existing, transaction, **std::move(found));
    }
    Result<DocumentRecord> stored = create_document(transaction, document);
    if (!stored) return std::unexpected(stored.error());
    return show_in(created, transaction, *std::move(stored));
  }

  static Status show_in(std::vector<ShownDocument>& list, const View& view,
                        DocumentRecord document) {
    Result<ShownDocument> shown = show(view, std::move(document));
    if (!shown) return std::unexpected(shown.error());
    list.push_back(*std::move(shown));
    return {};
  }

  const std::vector<DocumentRecord>& documents_;
  const Identity& caller_;
};

/// One file of an archive, in memory.
struct Inflated {
  std::vector<std::byte> content;
  Hash128 hash;
  std::string media_type;
};

Result<Inflated> inflate(ZipReader& archive, const ZipEntry& entry) {
  Result<std::vector<std::byte>> content = archive.read(entry);
  if (!content) return std::unexpected(content.error());
  Inflated inflated{.content = *std::move(content)};
  inflated.hash = xxh3_128(inflated.content);
  inflated.media_type = document_media_type(detect_media_type(inflated.content), {});
  if (inflated.content.empty()) return fail(Errc::unprocessable, "an empty file in an archive");
  if (is_archive_type(inflated.media_type))
    return fail(Errc::unprocessable, "an archive in an archive");
  return inflated;
}

/// [D] The name of the file, after the name that was given for all of them.
std::string displayname_of(const std::optional<std::string>& given, std::string_view filename) {
  std::string name = given ? *given + " " : std::string();
  name += filename;
  std::size_t points = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const bool is_first = (static_cast<unsigned char>(name[i]) & 0xC0) != 0x80;
    if (is_first && ++points > kDisplaynameMax) return name.substr(0, i);
  }
  return name;
}

/// An archive that was received, on its way to documents.
class ArchiveUpload {
 public:
  ArchiveUpload(Exchange& exchange, const AssetRecord& asset, DocumentBody& body)
      : exchange_(exchange), services_(exchange.services), asset_(asset), body_(body) {}

  [[nodiscard]] Task<Response> run();

 private:
  [[nodiscard]] Task<Status> open();
  [[nodiscard]] Task<Status> stage_all();
  [[nodiscard]] Task<Status> stage(const ZipEntry& entry);
  [[nodiscard]] Response refuse_archive(const Error& error) const;

  Exchange& exchange_;
  CoreServices& services_;
  const AssetRecord& asset_;
  DocumentBody& body_;
  std::unique_ptr<ZipSource> source_;
  std::optional<ZipReader> archive_;
  std::vector<DocumentRecord> documents_;
  std::optional<Response> refused_;  // of a type that the operator does not allow
};

Task<Status> ArchiveUpload::open() {
  ReceivedFile& file = *body_.file;
  give_back_chunks(file);
  if (Landing* landing = file.landing())
    source_ = std::make_unique<ZipFile>(landing->fd(), file.size_bytes);
  else
    source_ = std::make_unique<ZipMemory>(*file.content());
  const auto read_directory = [this] {
    return ZipReader::open(*source_, services_.settings.documents.zip);
  };
  Result<ZipReader> archive = co_await services_.core.workers().run(services_.core, read_directory);
  if (!archive) co_return std::unexpected(archive.error());
  archive_.emplace(*std::move(archive));
  co_return Status{};
}

Task<Status> ArchiveUpload::stage(const ZipEntry& entry) {
  const auto read_entry = [this, &entry] { return inflate(*archive_, entry); };
  Result<Inflated> inflated = co_await services_.core.workers().compute(services_.core, read_entry);
  if (!inflated) co_return std::unexpected(inflated.error());
  refused_ = refuse_type(exchange_, inflated->media_type);
  if (refused_) co_return fail(Errc::invalid, "a type that is not allowed");

  DocumentRecord document = new_document(asset_, caller_of(exchange_));
  (void)apply_fields(body_.fields, document);  // was tried before
  document.filename = document_filename(entry.filename);
  document.displayname = displayname_of(body_.fields.displayname, document.filename);
  document.mimetype = inflated->media_type;

  ReceivedFile file;
  Status taken = co_await take_made_content(services_, inflated->content, inflated->hash, file);
  if (!taken) co_return taken;
  StageContent mutation(document);
  Status stored = co_await store_file(services_, file, mutation);
  if (!stored) co_return stored;
  documents_.push_back(std::move(document));
  co_return Status{};
}

Task<Status> ArchiveUpload::stage_all() {
  documents_.clear();
  for (const ZipEntry& entry : archive_->entries()) {
    Status staged = co_await stage(entry);
    if (!staged) co_return staged;
  }
  co_return Status{};
}

Response ArchiveUpload::refuse_archive(const Error& error) const {
  if (error.code == Errc::invalid) return refuse_field("file");
  if (error.code == Errc::unprocessable) return refuse_entity(kArchiveEntity);
  return refuse(error);
}

Task<Response> ArchiveUpload::run() {
  Status opened = co_await open();
  if (!opened) co_return refuse_archive(opened.error());
  Status committed;
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    Status staged = co_await stage_all();
    if (!staged) {
      collect_later(services_);
      if (refused_) co_return *std::move(refused_);
      co_return refuse_archive(staged.error());
    }
    CreateDocuments mutation(documents_, caller_of(exchange_));
    committed = co_await services_.writer.commit(services_.core, mutation);
    if (committed) {
      const bool is_new = !mutation.created.empty();
      co_return json_response(
          is_new ? kDocumentUploadedStatus : kDocumentDuplicateStatus,
          archive_body(mutation.created, mutation.existing, asset_.id, languages_of(exchange_)));
    }
    if (committed.error().code != Errc::stale) break;
  }
  collect_later(services_);
  co_return refuse(committed.error());
}

/// Whether a file begins as an archive with something in it does, or an empty one.
bool looks_like_zip(Bytes beginning) {
  const std::string_view text = as_text(beginning);
  return text.starts_with("PK\x03\x04") || text.starts_with("PK\x05\x06");
}

/// What can be said against an upload before its archive is opened.
Task<std::optional<Response>> refuse_body(Exchange& exchange, const DocumentBody& body,
                                          const AssetRecord& asset) {
  if (!body.fields.organization_id) co_return refuse_field("organizationId");
  if (!body.fields.category_id) co_return refuse_field("categoryId");
  std::optional<Response> refused = co_await refuse_target(exchange, body.fields, asset);
  if (refused) co_return refused;
  DocumentRecord trial;
  if (const auto applied = apply_fields(body.fields, trial); !applied)
    co_return refuse_document_field(applied.error());
  if (!looks_like_zip(body.file->beginning())) co_return refuse_mime_type(kArchiveTypes);
  co_return std::nullopt;
}

}  // namespace

Task<Response> handle_upload_archive(Exchange& exchange) {
  Result<AssetRecord> asset =
      co_await owned_asset(exchange, segment_after_prefix(exchange.path, 3));
  if (!asset) co_return refuse(asset.error());
  const ArchiveSlot slot(exchange.services);
  if (!slot.granted()) co_return refuse(Errc::overloaded);
  auto body = co_await receive_document(
      exchange, {.file_bytes_max = exchange.services.settings.documents.zip_bytes_max});
  if (!body) co_return std::move(body.error());
  std::optional<Response> refused = co_await refuse_body(exchange, *body, *asset);
  if (refused) {
    co_await drop_received(*body->file);
    co_return *std::move(refused);
  }
  ArchiveUpload upload(exchange, *asset, *body);
  Response response = co_await upload.run();
  co_await drop_received(*body->file);
  co_return response;
}

}  // namespace mooring
