#include "decode.h"

#include <vips/vips.h>
// After it: this header has nothing of its own.
#include <vips/vector.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "bmp_header.h"
#include "mooring/uring/file.h"
#include "webp_metadata.h"

namespace mooring {

namespace {

constexpr int kBandsMax = 4;
constexpr std::size_t kProfileBytesMax = 4_MiB;
constexpr int kJpegQuality = 85;
constexpr int kWebpQuality = 80;
constexpr int kPngCompression = 6;
// For the loader behind a thumbnail: its own "fail_on" does not reach it.
constexpr const char* kStrict = "fail_on=error";

struct Unref {
  void operator()(VipsImage* image) const noexcept { g_object_unref(image); }
};
using Picture = std::unique_ptr<VipsImage, Unref>;

struct Free {
  void operator()(void* memory) const noexcept { g_free(memory); }
};

WorkerAnswer refusal(ImageOutcome outcome, const char* reason) {
  WorkerAnswer answer{.outcome = outcome};
  std::strncpy(answer.reason.data(), reason, answer.reason.size() - 1);
  return answer;
}

// What the library says went wrong. Its memory is the limit of the process, not a fault of the
// picture.
WorkerAnswer library_refusal() {
  const char* const words = vips_error_buffer();
  const bool no_memory = std::strstr(words, "out of memory") != nullptr;
  return refusal(no_memory ? ImageOutcome::no_memory : ImageOutcome::undecodable, words);
}

// By our own look at the first bytes: the library does not guess.
Picture open_header(ImageFormat format, Bytes content) {
  void* const data = const_cast<std::byte*>(content.data());
  const std::size_t size = content.size();
  VipsImage* image = nullptr;
  switch (format) {
    case ImageFormat::jpeg:
      (void)vips_jpegload_buffer(data, size, &image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                                 VIPS_FAIL_ON_ERROR, nullptr);
      break;
    case ImageFormat::png:
      (void)vips_pngload_buffer(data, size, &image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                                VIPS_FAIL_ON_ERROR, nullptr);
      break;
    case ImageFormat::webp:
      (void)vips_webpload_buffer(data, size, &image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                                 VIPS_FAIL_ON_ERROR, nullptr);
      break;
    case ImageFormat::gif:
      (void)vips_gifload_buffer(data, size, &image, "access", VIPS_ACCESS_SEQUENTIAL, "fail_on",
                                VIPS_FAIL_ON_ERROR, nullptr);
      break;
    case ImageFormat::bmp:
      break;
  }
  return Picture(image);
}

bool sides_are_allowed(std::uint64_t width, std::uint64_t height, const ImageLimits& limits) {
  return width <= limits.side_max && height <= limits.side_max &&
         width * height <= limits.pixels_max;
}

// Of an animation the library sets up the whole canvas before it tells its size.
bool webp_canvas_is_allowed(Bytes content, const ImageLimits& limits) {
  constexpr std::size_t kTypeAt = 12, kWidthAt = 24, kHeightAt = 27, kEnd = 30;
  if (content.size() < kEnd || as_text(content).substr(kTypeAt, 4) != "VP8X") return true;
  const auto side_at = [content](std::size_t at) {
    std::uint64_t less_one = 0;
    for (std::size_t i = 0; i < 3; ++i)
      less_one |= std::to_integer<std::uint64_t>(content[at + i]) << 8 * i;
    return less_one + 1;
  };
  return sides_are_allowed(side_at(kWidthAt), side_at(kHeightAt), limits);
}

bool has_profile(VipsImage* image) {
  return vips_image_get_typeof(image, VIPS_META_ICC_NAME) != 0;
}

const char* fault_of(VipsImage* image, const ImageLimits& limits) {
  const auto width = static_cast<std::uint64_t>(vips_image_get_width(image));
  const auto height = static_cast<std::uint64_t>(vips_image_get_height(image));
  if (!sides_are_allowed(width, height, limits)) return "too many pixels";
  if (vips_image_get_bands(image) > kBandsMax) return "too many channels";
  const VipsBandFormat format = vips_image_get_format(image);
  if (format != VIPS_FORMAT_UCHAR && format != VIPS_FORMAT_USHORT) return "too many bits";
  const void* profile = nullptr;
  std::size_t profile_bytes = 0;
  if (has_profile(image) &&
      vips_image_get_blob(image, VIPS_META_ICC_NAME, &profile, &profile_bytes) == 0 &&
      profile_bytes > kProfileBytesMax)
    return "too large a colour profile";
  return nullptr;
}

WorkerAnswer check_bmp(Bytes content, const ImageLimits& limits) {
  const std::optional<BmpSize> size = bmp_size(content);
  if (!size) return refusal(ImageOutcome::undecodable, "no BMP of a known kind");
  if (!sides_are_allowed(size->width, size->height, limits))
    return refusal(ImageOutcome::over_limit, "too many pixels");
  return {.outcome = ImageOutcome::done, .width = size->width, .height = size->height};
}

// Shrunk, turned upright, in sRGB. A profile the library cannot use is dropped.
Picture shrink(const WorkerRequest& request, Bytes content, bool use_profile) {
  void* const data = const_cast<std::byte*>(content.data());
  VipsImage* image = nullptr;
  if (use_profile)
    (void)vips_thumbnail_buffer(data, content.size(), &image, request.width_max, "height",
                                static_cast<int>(request.height_max), "size", VIPS_SIZE_DOWN,
                                "option_string", kStrict, "export_profile", "srgb", nullptr);
  else
    (void)vips_thumbnail_buffer(data, content.size(), &image, request.width_max, "height",
                                static_cast<int>(request.height_max), "size", VIPS_SIZE_DOWN,
                                "option_string", kStrict, nullptr);
  return Picture(image);
}

// Eight bits of grey or sRGB, without an alpha channel where the format has none.
Picture normalize(Picture image, ImageFormat wanted) {
  VipsImage* next = nullptr;
  const VipsInterpretation now = vips_image_get_interpretation(image.get());
  const bool plain = vips_image_get_format(image.get()) == VIPS_FORMAT_UCHAR &&
                     (now == VIPS_INTERPRETATION_sRGB || now == VIPS_INTERPRETATION_B_W);
  if (!plain) {
    const bool grey = vips_image_get_bands(image.get()) < 3;
    if (vips_colourspace(image.get(), &next,
                         grey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB, nullptr) != 0)
      return nullptr;
    image.reset(std::exchange(next, nullptr));
  }
  if (wanted == ImageFormat::jpeg && vips_image_hasalpha(image.get())) {
    const std::unique_ptr<VipsArrayDouble, void (*)(VipsArrayDouble*)> white(
        vips_array_double_newv(1, 255.0),
        [](VipsArrayDouble* area) { vips_area_unref(VIPS_AREA(area)); });
    if (vips_flatten(image.get(), &next, "background", white.get(), nullptr) != 0) return nullptr;
    image.reset(std::exchange(next, nullptr));
  }
  return image;
}

using Encoded = std::pair<std::unique_ptr<void, Free>, std::size_t>;

Encoded encode_as(VipsImage* image, ImageFormat wanted) {
  void* data = nullptr;
  std::size_t size = 0;
  int failed = -1;
  if (wanted == ImageFormat::jpeg)
    failed = vips_jpegsave_buffer(image, &data, &size, "Q", kJpegQuality, "optimize_coding", TRUE,
                                  "strip", TRUE, nullptr);
  else if (wanted == ImageFormat::png)
    failed = vips_pngsave_buffer(image, &data, &size, "compression", kPngCompression, "strip", TRUE,
                                 nullptr);
  else if (wanted == ImageFormat::webp)
    failed = vips_webpsave_buffer(image, &data, &size, "Q", kWebpQuality, "strip", TRUE, nullptr);
  if (failed != 0) return {};
  return {std::unique_ptr<void, Free>(data), size};
}

}  // namespace

Status start_image_library() {
  // What the libraries would tell a terminal tells a stranger's words to our log.
  g_log_set_writer_func(
      [](GLogLevelFlags, const GLogField*, gsize, gpointer) { return G_LOG_WRITER_HANDLED; },
      nullptr, nullptr);
  if (vips_init("mooring") != 0) return fail(Errc::internal, "libvips");
  vips_block_untrusted_set(TRUE);
  vips_operation_block_set("VipsForeignLoad", TRUE);
  for (const char* const loader :
       {"VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp", "VipsForeignLoadNsgif"})
    vips_operation_block_set(loader, FALSE);
  vips_vector_set_enabled(FALSE);  // it compiles code, which a confined process cannot
  vips_cache_set_max(0);
  vips_concurrency_set(1);
  return {};
}

WorkerAnswer check_picture(const WorkerRequest& request, Bytes content, const ImageLimits& limits) {
  if (request.format == ImageFormat::bmp) return check_bmp(content, limits);
  vips_error_clear();
  if (request.format == ImageFormat::webp && !webp_canvas_is_allowed(content, limits))
    return refusal(ImageOutcome::over_limit, "too many pixels");
  const Picture image = open_header(request.format, content);
  if (!image) return library_refusal();
  if (const char* const fault = fault_of(image.get(), limits); fault != nullptr)
    return refusal(ImageOutcome::over_limit, fault);
  double average = 0;  // of all pixels: asks for each of them
  if (vips_avg(image.get(), &average, nullptr) != 0) return library_refusal();
  WorkerAnswer answer{.outcome = ImageOutcome::done};
  answer.width = static_cast<std::uint32_t>(vips_image_get_width(image.get()));
  answer.height = static_cast<std::uint32_t>(vips_image_get_height(image.get()));
  if (vips_image_get_orientation_swap(image.get())) std::swap(answer.width, answer.height);
  return answer;
}

WorkerAnswer render_picture(const WorkerRequest& request, Bytes content, int output,
                            const ImageLimits& limits) {
  vips_error_clear();
  if (request.format == ImageFormat::webp && !webp_canvas_is_allowed(content, limits))
    return refusal(ImageOutcome::over_limit, "too many pixels");
  bool use_profile = false;
  {
    const Picture header = open_header(request.format, content);
    if (!header) return library_refusal();
    if (const char* const fault = fault_of(header.get(), limits); fault != nullptr)
      return refusal(ImageOutcome::over_limit, fault);
    use_profile = has_profile(header.get()) ||
                  vips_image_get_interpretation(header.get()) == VIPS_INTERPRETATION_CMYK;
  }
  Picture image = shrink(request, content, use_profile);
  if (!image && use_profile) image = shrink(request, content, false);
  if (image) image = normalize(std::move(image), request.wanted);
  if (!image) return library_refusal();
  const auto [data, size] = encode_as(image.get(), request.wanted);
  if (!data) return library_refusal();
  if (size > limits.output_bytes_max) return refusal(ImageOutcome::over_limit, "too large a file");
  Bytes encoded{static_cast<const std::byte*>(data.get()), size};
  std::optional<std::vector<std::byte>> stripped;
  if (request.wanted == ImageFormat::webp) {
    stripped = without_metadata(encoded);
    if (!stripped) return refusal(ImageOutcome::failed, "no whole WebP was made");
    encoded = *stripped;
  }
  if (!write_all(output, encoded, 0)) return refusal(ImageOutcome::failed, "cannot write");
  WorkerAnswer answer{.outcome = ImageOutcome::done, .output_bytes = encoded.size()};
  answer.width = static_cast<std::uint32_t>(vips_image_get_width(image.get()));
  answer.height = static_cast<std::uint32_t>(vips_image_get_height(image.get()));
  return answer;
}

}  // namespace mooring
