#include <atomic>
#include <optional>
#include <utility>

#include "image_handlers.h"
#include "mooring/api/base_url.h"
#include "mooring/api/renditions.h"
#include "mooring/api/store.h"
#include "mooring/api/upload.h"
#include "mooring/base/clock.h"

namespace mooring {
namespace {

constexpr std::string_view kTypeField = "type";

/// Writes the record of a received image, which gets its numbers here, where nothing can come
/// between.
class PutImage final : public StoreMutation {
 public:
  explicit PutImage(ImageRecord image) : image(std::move(image)) {}

  Status apply_records(Transaction& transaction, const StoredContent& content) override {
    ImageRecord record = image;
    record.blob = content.id;
    record.size_bytes = content.record.size_bytes;
    Result<ImageRecord> created = create_image(transaction, std::move(record));
    if (!created) return std::unexpected(created.error());
    image = *std::move(created);
    return {};
  }

  ImageRecord image;  ///< once stored, as it is now
};

/// The value of a text field; of several the last, as the vendor's framework does [A].
std::optional<std::string_view> find_field(const Upload& upload, std::string_view name) {
  std::optional<std::string_view> value;
  for (const TextField& field : upload.fields)
    if (field.name == name) value = field.value;
  return value;
}

/// One upload, from its head to its answer.
class ImageUpload {
 public:
  ImageUpload(Exchange& exchange, const ImageCaller& caller)
      : exchange_(exchange),
        caller_(caller),
        file_bytes_max_(exchange.services.settings.images_bytes_max),
        is_raw_(raw_if_image(exchange.head) == RawUploads::accepted) {}

  [[nodiscard]] Task<Response> run();

 private:
  [[nodiscard]] std::optional<Response> refuse_by_head() const;
  [[nodiscard]] Task<Response> judge();
  [[nodiscard]] Task<Result<ImageFile>> judge_file();
  [[nodiscard]] Task<Response> store(ImageType type);
  [[nodiscard]] Response refuse_reception(const Error& error) const;
  [[nodiscard]] std::optional<std::string_view> type_text() const;

  Exchange& exchange_;
  const ImageCaller& caller_;
  const std::uint64_t file_bytes_max_;
  const bool is_raw_;
  Upload upload_;
};

Task<Response> ImageUpload::run() {
  std::optional<Response> refused = refuse_by_head();
  if (refused) co_return *std::move(refused);
  const UploadRules rules{.file_field = file_field_of(caller_.version),
                          .raw = is_raw_ ? RawUploads::accepted : RawUploads::refused,
                          .file_bytes_max = file_bytes_max_,
                          .body_bytes_max = file_bytes_max_ + kImageFormBytesMax};
  Status received = co_await receive_upload(exchange_, rules, upload_);
  if (!received) co_return refuse_reception(received.error());
  Response response = co_await judge();
  if (upload_.file) co_await drop_received(*upload_.file);  // nothing is left of it once stored
  co_return response;
}

std::optional<Response> ImageUpload::refuse_by_head() const {
  const CoreServices& services = exchange_.services;
  if (exchange_.body.declared_bytes().value_or(0) > file_bytes_max_ + kImageFormBytesMax)
    return refuse_fields(
        {*judge_image_file(caller_.version, ImageFile::oversized, file_bytes_max_)});
  if (services.space_is_short.load(std::memory_order_relaxed)) return refuse_images(Errc::no_space);
  return {};
}

/// I12 where the file was too large: of a type only what came before it is known. X9 where the body
/// is no form: 400 in this API's shape.
Response ImageUpload::refuse_reception(const Error& error) const {
  if (error.code == Errc::unsupported_media) return refuse_images(Errc::invalid);
  if (error.code != Errc::too_large || upload_.file_bytes_seen <= file_bytes_max_)
    return refuse_images(error);
  std::vector<FieldError> errors{
      *judge_image_file(caller_.version, ImageFile::oversized, file_bytes_max_)};
  if (const auto text = type_text())
    if (auto type = choose_image_type(caller_.version, text); !type)
      errors.push_back(std::move(type.error()));
  return refuse_fields(errors);
}

std::optional<std::string_view> ImageUpload::type_text() const {
  return is_raw_ ? exchange_.query.find(kTypeField) : find_field(upload_, kTypeField);
}

/// I7: whatever is wrong is told at once. An image that is refused for its type anyway is decoded
/// all the same, so that it is told too.
Task<Response> ImageUpload::judge() {
  Result<ImageFile> file = co_await judge_file();
  if (!file) co_return refuse_images(file.error());
  std::vector<FieldError> errors;
  if (auto wrong = judge_image_file(caller_.version, *file, file_bytes_max_))
    errors.push_back(*std::move(wrong));
  auto type = choose_image_type(caller_.version, type_text());
  if (!type) errors.push_back(std::move(type.error()));
  if (!errors.empty()) co_return refuse_fields(errors);
  co_return co_await store(*type);
}

Task<Result<ImageFile>> ImageUpload::judge_file() {
  if (!upload_.file) {
    const auto text = find_field(upload_, file_field_of(caller_.version));
    co_return text && !text->empty() ? ImageFile::text : ImageFile::absent;
  }
  ReceivedFile& file = *upload_.file;
  // A browser sends a file input that nobody filled without a name and without a byte.
  if (file.size_bytes == 0)
    co_return !is_raw_ && file.filename.empty() ? ImageFile::absent : ImageFile::empty;
  if (!is_image(file.sniffed)) co_return ImageFile::not_an_image;
  Result<ImageInfo> checked = co_await check_image(exchange_.services, file);
  if (!checked && checked.error().code == Errc::unprocessable) co_return ImageFile::not_an_image;
  if (!checked) co_return std::unexpected(checked.error());
  co_return ImageFile::good;
}

Task<Response> ImageUpload::store(ImageType type) {
  ReceivedFile& file = *upload_.file;
  const SniffedType sniffed = file.sniffed;
  ImageRecord image;
  image.type = type;
  image.organization_id = caller_.identity.organization;
  image.filename = file.filename;
  image.media_type = mime_of(sniffed);
  image.created_ms = wall_ms();
  image.created_by = caller_.identity.user;

  PutImage mutation(std::move(image));
  Status stored = co_await store_file(exchange_.services, file, mutation);
  if (!stored) co_return refuse_images(stored.error());
  make_renditions_later(exchange_.services, mutation.image.blob, sniffed, image_rendition_specs());
  co_return json_response(kImageUploadedStatus,
                          image_body(mutation.image, caller_.version, base_url_of(exchange_)));
}

}  // namespace

Task<Response> handle_post_image(Exchange& exchange) {
  auto caller = admit_image_caller(exchange);
  if (!caller) co_return std::move(caller.error());
  ImageUpload upload(exchange, *caller);
  co_return co_await upload.run();
}

}  // namespace mooring
