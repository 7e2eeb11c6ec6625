#include "mooring/api/renditions.h"

#include <optional>
#include <vector>

#include "mooring/api/made_content.h"
#include "mooring/api/store.h"
#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "mooring/base/log.h"
#include "mooring/blob/verified_content.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/reader.h"
#include "mooring/catalog/renditions.h"
#include "mooring/image/failures.h"
#include "mooring/image/flights.h"
#include "mooring/image/pool.h"

namespace mooring {

namespace {

std::optional<ImageFormat> image_format_of(SniffedType type) {
  switch (type) {
    case SniffedType::jpeg:
      return ImageFormat::jpeg;
    case SniffedType::png:
      return ImageFormat::png;
    case SniffedType::webp:
      return ImageFormat::webp;
    case SniffedType::gif:
      return ImageFormat::gif;
    case SniffedType::bmp:
      return ImageFormat::bmp;
    case SniffedType::unknown:
    case SniffedType::pdf:
      return std::nullopt;
  }
  return std::nullopt;
}

SniffedType type_of_rendition(SniffedType original, RenditionFormat format) {
  switch (format) {
    case RenditionFormat::jpeg:
      return SniffedType::jpeg;
    case RenditionFormat::png:
      return SniffedType::png;
    case RenditionFormat::webp:
      return SniffedType::webp;
    case RenditionFormat::as_source:
      return original == SniffedType::gif ? SniffedType::png : original;
  }
  return original;
}

// Beside the formats of renditions, which share the keys of the table of failures.
constexpr std::uint8_t kCheckedFormat = 0xff;

FlightKey flight_of(const RenditionKey& key) {
  return {key.original, key.width_max, key.height_max, static_cast<std::uint8_t>(key.format)};
}

// The pool's answer, remembered if it is a failure of the picture's own.
Result<MadeImage> remembered(CoreServices& services, const FlightKey& key, Result<MadeImage> made) {
  if (!made) services.renditions.works().failures.remember(key, made.error(), monotonic_ms());
  return made;
}

std::optional<Error> recalled(CoreServices& services, const FlightKey& key) {
  return services.renditions.works().failures.recall(key, monotonic_ms());
}

// Step by step from an original to its rendition's blob, by the one that leads the flight.
class RenditionMaker {
 public:
  RenditionMaker(CoreServices& services, const RenditionKey& key, SniffedType type,
                 SniffedType wanted) noexcept
      : services_(services), key_(key), type_(type), wanted_(wanted) {}

  [[nodiscard]] Task<Result<BlobId>> make();

 private:
  [[nodiscard]] Task<Result<VerifiedContent>> load(BlobRecord original);
  [[nodiscard]] Task<Result<MadeImage>> render(const BlobRecord& original);
  [[nodiscard]] Task<Result<BlobId>> store(const MadeImage& made);

  CoreServices& services_;
  const RenditionKey& key_;
  SniffedType type_;
  SniffedType wanted_;
};

class PutRendition final : public StoreMutation {
 public:
  explicit PutRendition(const RenditionKey& key) noexcept : key_(key) {}
  [[nodiscard]] Status apply_records(Transaction& transaction,
                                     const StoredContent& content) override {
    blob_ = content.id;
    return put_rendition(transaction, key_, content.id, wall_ms());
  }
  [[nodiscard]] const BlobId& blob() const noexcept { return blob_; }

 private:
  const RenditionKey& key_;
  BlobId blob_;
};

Task<Result<std::optional<BlobId>>> look_up(CoreServices& services, const RenditionKey& key) {
  Result<std::optional<BlobId>> found =
      co_await services.reader.read([&key](const View& view) { return find_rendition(view, key); });
  co_return found;
}

Task<Result<BlobId>> make_once(CoreServices& services, const RenditionKey& key, SniffedType type,
                               SniffedType wanted) {
  ImageFlights& flights = services.renditions.works().flights;
  const FlightKey flight = flight_of(key);
  std::optional<FlightAnswer> answer = co_await flights.board(services.core, flight);
  if (answer) co_return *answer;
  RenditionMaker maker(services, key, type, wanted);
  Result<BlobId> made = co_await maker.make();
  flights.land(flight, made);
  co_return made;
}

Task<void> make_all(CoreServices& services, BlobId original, SniffedType type,
                    std::vector<RenditionSpec> specs) {
  for (const RenditionSpec& spec : specs) {
    if (services.renditions.gate().is_closed()) co_return;
    Result<Rendition> made = co_await rendition_of(services, original, type, spec);
    if (made) continue;
    // A full queue or a picture that cannot be: whoever asks later is told then.
    log_line(LogLevel::debug, "renditions", describe(made.error()));
    if (made.error().code != Errc::internal) co_return;
  }
}

}  // namespace

bool has_renditions(SniffedType type) noexcept {
  return type == SniffedType::jpeg || type == SniffedType::png || type == SniffedType::webp ||
         type == SniffedType::gif;
}

Task<Result<Rendition>> rendition_of(CoreServices& services, BlobId original, SniffedType type,
                                     RenditionSpec spec) {
  MOORING_CHECK(spec.width_max > 0 && spec.width_max <= kRenditionSideMax && spec.height_max > 0 &&
                    spec.height_max <= kRenditionSideMax,
                "a rendition's box");
  if (!has_renditions(type)) co_return fail(Errc::unsupported_media, "renditions of this type");
  const SniffedType wanted = type_of_rendition(type, spec.format);
  const RenditionKey key{original, spec.width_max, spec.height_max,
                         static_cast<std::uint16_t>(spec.format)};
  Result<std::optional<BlobId>> found = co_await look_up(services, key);
  if (!found) co_return std::unexpected(found.error());
  if (*found) co_return Rendition{**found, wanted};
  Result<BlobId> made = co_await make_once(services, key, type, wanted);
  if (!made) co_return std::unexpected(made.error());
  co_return Rendition{*made, wanted};
}

Task<Result<BlobId>> RenditionMaker::make() {
  // The flight before this one may have landed between the caller's look-up and its boarding.
  Result<std::optional<BlobId>> found = co_await look_up(services_, key_);
  if (!found) co_return std::unexpected(found.error());
  if (*found) co_return **found;
  if (const std::optional<Error> known = recalled(services_, flight_of(key_)))
    co_return std::unexpected(*known);
  Result<std::optional<BlobRecord>> original = co_await services_.reader.read(
      [this](const View& view) { return find_blob(view, key_.original); });
  if (!original) co_return std::unexpected(original.error());
  if (!*original) co_return fail(Errc::not_found, "the original of a rendition");
  Result<MadeImage> made = co_await render(**original);
  if (!made) co_return std::unexpected(made.error());
  Result<BlobId> stored = co_await store(*made);
  co_return stored;
}

// A record is older than a move if its place is gone and the catalogue says another.
Task<Result<VerifiedContent>> RenditionMaker::load(BlobRecord original) {
  while (true) {
    Result<VerifiedContent> content =
        co_await load_verified(services_.blobs, key_.original, original);
    if (content || content.error().code != Errc::not_found) co_return content;
    Result<std::optional<BlobRecord>> now = co_await services_.reader.read(
        [this](const View& view) { return find_blob(view, key_.original); });
    if (!now) co_return std::unexpected(now.error());
    if (!*now || (*now)->location == original.location) co_return content;
    original = **now;
  }
}

// The place in the queue comes first: what waits holds at most a segment's content each.
Task<Result<MadeImage>> RenditionMaker::render(const BlobRecord& original) {
  ImagePool& pool = services_.renditions.works().pool;
  if (original.size_bytes > pool.limits().file_bytes_max)
    co_return fail(Errc::unprocessable, "an original over renditions.file_bytes_max");
  std::optional<ImageAdmission> admission = pool.admit(ImageTask::render);
  if (!admission) co_return fail(Errc::overloaded, "the queue of renditions");
  Result<VerifiedContent> content = co_await load(original);
  if (!content) co_return std::unexpected(content.error());
  ImageOrder order;
  order.task = ImageTask::render;
  order.format = *image_format_of(type_);
  order.wanted = *image_format_of(wanted_);
  order.width_max = key_.width_max;
  order.height_max = key_.height_max;
  order.memory = content->content;
  order.fd = content->file.get();
  order.size_bytes = content->size_bytes;
  Result<MadeImage> made = co_await pool.run(services_.core, std::move(*admission), order);
  co_return remembered(services_, flight_of(key_), std::move(made));
}

Task<Result<BlobId>> RenditionMaker::store(const MadeImage& made) {
  if (services_.space_is_short.load(std::memory_order_relaxed))
    co_return fail(Errc::no_space, "a rendition");
  ReceivedFile file;
  Status taken = co_await take_made_content(services_, made.content.bytes(), made.hash, file);
  if (!taken) co_return std::unexpected(taken.error());
  PutRendition mutation(key_);
  Status stored = co_await store_file(services_, file, mutation);
  if (!stored) co_return std::unexpected(stored.error());
  co_return mutation.blob();
}

void make_renditions_later(CoreServices& services, const BlobId& original, SniffedType type,
                           std::span<const RenditionSpec> specs) {
  Renditions& renditions = services.renditions;
  if (renditions.works().mode != RenditionMode::eager || !has_renditions(type)) return;
  if (renditions.gate().is_closed()) return;
  renditions.gate().spawn(make_all(services, original, type, {specs.begin(), specs.end()}));
}

Task<Result<ImageInfo>> check_image(CoreServices& services, ReceivedFile& file) {
  const std::optional<ImageFormat> format = image_format_of(file.sniffed);
  if (!format) co_return fail(Errc::unprocessable, "a file that is no picture");
  // The hash alone: of two files that collide, one may answer for the other until it is forgotten.
  const FlightKey key{.original = {.hash = file.hash}, .format = kCheckedFormat};
  if (const std::optional<Error> known = recalled(services, key)) co_return std::unexpected(*known);
  ImagePool& pool = services.renditions.works().pool;
  std::optional<ImageAdmission> admission = pool.admit(ImageTask::check);
  if (!admission) co_return fail(Errc::overloaded, "the queue of checks");
  ImageOrder order;
  order.format = *format;
  order.size_bytes = file.size_bytes;
  if (const std::optional<Bytes> content = file.content())
    order.memory = *content;
  else
    order.fd = file.landing()->fd();
  Result<MadeImage> checked = co_await pool.run(services.core, std::move(*admission), order);
  checked = remembered(services, key, std::move(checked));
  if (!checked) co_return std::unexpected(checked.error());
  co_return ImageInfo{file.sniffed, checked->width, checked->height};
}

Task<void> Renditions::stop() {
  gate_.close();
  co_await gate_.empty();
}

}  // namespace mooring
