// The corpus of hostile pictures (research/reliability.md 5.2): whatever a stranger sends costs at
// most its own request, and neither the workers nor this process more memory than they may have.
#include <fmt/format.h>

#include <fstream>
#include <iterator>

#include "unit/image/harness.h"
#include "unit/image/hostile_pictures.h"

namespace mooring {
namespace {

enum class Fate : std::uint8_t { made, refused, failed };

Fate fate_of(const Result<MadeImage>& made) {
  if (made) return Fate::made;
  EXPECT_TRUE(made.error().code == Errc::unprocessable || made.error().code == Errc::internal)
      << describe(made.error());
  return made.error().code == Errc::unprocessable ? Fate::refused : Fate::failed;
}

// A sanitizer keeps what was freed and shadows the rest.
constexpr bool kMemoryIsItsOwn =
#if defined(__has_feature)
    !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer);
#else
    true;
#endif

std::uint64_t peak_bytes(const std::string& process) {
  std::ifstream file("/proc/" + process + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) * 1024;
  return 0;
}

class Corpus : public ::testing::Test {
 protected:
  ~Corpus() override {
    const ImageMetrics metrics = pool_.metrics();
    EXPECT_EQ(metrics.crashed + metrics.timed_out + metrics.misbehaved, 0u);
    for (const ImageTask task : {ImageTask::check, ImageTask::render}) {
      EXPECT_EQ(pool_.pids(task).size(), 1u) << "all were seen by one worker";
      for (const pid_t pid : pool_.pids(task)) {
        const std::uint64_t bytes = peak_bytes(std::to_string(pid));
        EXPECT_GT(bytes, 0u);
        if (kMemoryIsItsOwn) EXPECT_LT(bytes, worker_bytes_max_);
      }
    }
  }

  // Both tasks on one picture, which come to the same end.
  Fate fate(const std::string& picture, ImageFormat format, std::string_view what) {
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
    const std::uint64_t before = peak_bytes("self");
    const Fate checked = fate_of(fulfil(pool_, order_of(as_bytes(picture), format)));
    const Result<MadeImage> made =
        fulfil(pool_, rendition_order(as_bytes(picture), format, 100, 100, ImageFormat::png));
    EXPECT_EQ(fate_of(made), checked) << what;
    if (made) rendition_ = std::string(as_text(made->content.bytes()));
    if (kMemoryIsItsOwn) EXPECT_LT(peak_bytes("self") - before, 32_MiB) << what;
    return checked;
  }
  void expect(Fate wanted, const std::string& picture, ImageFormat format, std::string_view what) {
    EXPECT_EQ(fate(picture, format, what), wanted) << what;
  }

  std::uint64_t worker_bytes_max_ = 192_MiB;
  std::string rendition_;  // the last one made
  ImagePool pool_{pool_options()};
};

TEST_F(Corpus, OfAnAnimationOnlyTheFirstFrameCosts) {
  expect(Fate::made, gif_of_frames(1, 50'000), ImageFormat::gif, "50,000 frames of a pixel");
  expect(Fate::made, webp_of_frames(64, 10'000), ImageFormat::webp, "10,000 frames of a pixel");
  expect(Fate::made, apng_of_frames(10'000), ImageFormat::png, "10,000 frames out of order");
}

TEST_F(Corpus, AnimationsWithTooLargeACanvasAreRefused) {
  expect(Fate::refused, webp_of_frames(16'383, 10'000), ImageFormat::webp, "16,383 squared");
  expect(Fate::refused, webp_of_frames(1 << 24, 1), ImageFormat::webp, "the largest there is");
}

TEST_F(Corpus, ACanvasThatNoFrameFillsIsNotBelieved) {
  expect(Fate::made, gif_of_frames(65'535, 1), ImageFormat::gif, "65,535 squared");
  expect(Fate::made, gif_of_frames(16'000, 1000), ImageFormat::gif, "16,000 squared");
}

TEST_F(Corpus, GifsThatLieStayInTheirLimits) {
  fate(gif_head(10, 10) + gif_frame(60'000, 60'000) + ";", ImageFormat::gif,
       "a frame larger than its canvas");
  fate(gif_that_never_clears(2000), ImageFormat::gif, "codes that never clear");
  fate(gif_head(10, 10), ImageFormat::gif, "a head alone");
  fate(gif_head(10, 10) + repeated("!\xff", 1'000'000), ImageFormat::gif, "extensions only");
}

TEST_F(Corpus, WhatInflatesBesideThePixelsIsBounded) {
  const std::string zeros = deflated_zeros(1_GiB);
  const auto unpacked = [&](std::string_view type, std::string_view head) {
    const std::string chunk = png_chunk(type, std::string(head) + zeros);
    fate(png_with(chunk), ImageFormat::png, type);
  };
  unpacked("iCCP", std::string_view("profile\0\0", 9));
  unpacked("zTXt", std::string_view("Comment\0\0", 9));
  unpacked("iTXt", std::string_view("Comment\0\x01\0\0\0", 12));
}

TEST_F(Corpus, ManySmallPiecesAreNoLargePicture) {
  const std::string texts = repeated(png_chunk("tEXt", std::string_view("k\0v", 3)), 100'000);
  fate(png_with(texts), ImageFormat::png, "100,000 texts");
  fate(png_with(repeated(png_chunk("IDAT", ""), 1'000'000)), ImageFormat::png,
       "a million empty pieces of pixels");
  fate(png_with(repeated(png_chunk("prVt", "x"), 100'000)), ImageFormat::png, "unknown pieces");
  expect(Fate::made, png_with("") + std::string(40_MiB, '\0'), ImageFormat::png,
         "40 MiB behind the end");
}

TEST_F(Corpus, JpegsWithThousandsOfScansEnd) {
  EXPECT_NE(fate(jpeg_of_scans(64, 10'000), ImageFormat::jpeg, "small"), Fate::failed);
  EXPECT_NE(fate(jpeg_of_scans(2000, 10'000), ImageFormat::jpeg, "large"), Fate::failed);
}

TEST_F(Corpus, SizesThatLieAreRefused) {
  const std::string jpeg = colored(64, 64, ".jpg[strip]");
  expect(Fate::refused, jpeg_that_claims(jpeg, 65'535), ImageFormat::jpeg, "one over the limit");
  expect(Fate::refused, jpeg_that_claims(jpeg, 0), ImageFormat::jpeg, "height told later");
  // The rows that are not there come out grey, as in a browser: there is an end, and no damage.
  expect(Fate::made, jpeg_that_claims(jpeg, 16'000), ImageFormat::jpeg, "a taller JPEG");
  expect(Fate::made, jpeg_that_claims(jpeg, 8), ImageFormat::jpeg, "a lower JPEG");
  const std::size_t frame = find_jpeg_segment(jpeg, '\xc0');
  const std::string twice = jpeg.substr(0, frame) + jpeg.substr(frame, 19) + jpeg.substr(frame);
  expect(Fate::refused, twice, ImageFormat::jpeg, "two frames");

  const std::string pixels = png_chunk("IDAT", deflated_zeros(8 * (1 + 8 * 3)));
  const std::string end = png_chunk("IEND", "");
  expect(Fate::refused, png_header(4000, 4000, 8, 2) + pixels + end, ImageFormat::png,
         "a larger PNG");
  fate(png_header(2, 2, 8, 2) + pixels + end, ImageFormat::png, "a smaller PNG");
  expect(Fate::refused, png_header(8, 8, 8, 2) + end, ImageFormat::png, "no pixels");
  std::string damaged = png_header(8, 8, 8, 2) + pixels + end;
  damaged[damaged.size() - end.size() - 1] ^= 1;
  expect(Fate::refused, damaged, ImageFormat::png, "a wrong checksum");

  const std::string still = webp_pixels(colored(64, 64, ".webp[lossless]"));
  const std::string canvas = std::string(4, '\0') + little_endian(4000, 3) + little_endian(4000, 3);
  expect(Fate::refused, webp_file(webp_chunk("VP8X", canvas) + still), ImageFormat::webp,
         "a canvas of another size than the picture");
}

TEST_F(Corpus, WhereverAFileIsCutOffItIsAnsweredAndNoWorkerDies) {
  struct Source {
    const char* suffix;
    ImageFormat format;
  };
  for (const Source& source : {Source{".jpg", ImageFormat::jpeg}, Source{".png", ImageFormat::png},
                               Source{".webp", ImageFormat::webp}, Source{".gif", ImageFormat::gif},
                               Source{".jpg[interlace]", ImageFormat::jpeg},
                               Source{".webp[lossless]", ImageFormat::webp}}) {
    const std::string whole = colored(200, 200, source.suffix);
    std::vector<ImageOrder> orders;
    for (std::size_t size = 64; size < whole.size(); size += 64) {
      const Bytes cut = as_bytes(whole).first(size);
      orders.push_back(rendition_order(cut, source.format, 20, 20, ImageFormat::png));
      orders.push_back(order_of(cut, source.format));
    }
    ASSERT_FALSE(orders.empty()) << source.suffix;
    std::size_t made = 0;
    for (const Result<MadeImage>& one : fulfil(pool_, orders)) {
      const Fate end = fate_of(one);
      EXPECT_NE(end, Fate::failed) << source.suffix;
      made += end == Fate::made ? 1 : 0;
    }
    // A GIF that ends early is a smaller GIF; of the others at most the last bytes are no pixels.
    if (source.format != ImageFormat::gif) EXPECT_LE(made, 2u) << source.suffix;
  }
}

TEST_F(Corpus, OfAFileThatIsTwoThingsOnlyThePictureIsMade) {
  const std::string script = "<html><script>alert(1)</script>";
  const std::string archive = "PK\x03\x04 a whole archive PK\x05\x06";
  const std::string jpeg = colored(64, 64, ".jpg[strip]");
  const auto expect_clean = [&](const std::string& picture, ImageFormat format,
                                std::string_view what) {
    rendition_.clear();
    expect(Fate::made, picture, format, what);
    EXPECT_FALSE(rendition_.empty()) << what;
    EXPECT_EQ(rendition_.find("script"), rendition_.npos) << what;
    EXPECT_EQ(rendition_.find("PK\x03\x04"), rendition_.npos) << what;
  };
  expect_clean(png_with(png_chunk("tEXt", "Comment" + std::string(1, '\0') + script)) + script,
               ImageFormat::png, "PNG and HTML");
  expect_clean(jpeg_with(jpeg, jpeg_segment('\xfe', archive)) + archive, ImageFormat::jpeg,
               "JPEG and ZIP");
  expect_clean(jpeg_with(jpeg, jpeg_segment('\xe1', script)), ImageFormat::jpeg, "JPEG and HTML");
  expect_clean(
      gif_head(1, 1) + "!\xfe\x1f" + script + std::string(1, '\0') + gif_frame(1, 1) + ";" + script,
      ImageFormat::gif, "GIF and HTML");
  const std::string webp = webp_pixels(colored(64, 64, ".webp[lossless]"));
  expect_clean(webp_file(webp + webp_chunk("EXIF", script)) + archive, ImageFormat::webp,
               "WebP, HTML and ZIP");
}

TEST(CorpusMemory, APictureOverTheMemoryOfItsWorkerCostsItsOwnRequestOnly) {
  if (!kMemoryIsItsOwn) GTEST_SKIP() << "a sanitizer's shadow is larger than any limit of memory";
  const std::string large = interlaced_png(7000);  // 392 MB of pixels, inside all other limits
  const std::string small = colored(10, 10, ".png");
  for (const ImageTask task : {ImageTask::check, ImageTask::render}) {
    ImageOrder order = rendition_order(as_bytes(large), ImageFormat::png, 50, 50, ImageFormat::png);
    order.task = task;
    ImageOrder next = rendition_order(as_bytes(small), ImageFormat::png, 50, 50, ImageFormat::png);
    next.task = task;

    ImagePool pool(pool_options({.memory_bytes_max = 512_MiB}));
    const Result<MadeImage> made = fulfil(pool, order);
    ASSERT_FALSE(made) << "the limit holds";
    EXPECT_EQ(made.error().code, Errc::internal);
    EXPECT_EQ(pool.metrics().failed + pool.metrics().crashed, 1u);
    for (const pid_t pid : pool.pids(task)) EXPECT_LT(peak_bytes(std::to_string(pid)), 512_MiB);
    EXPECT_TRUE(fulfil(pool, next)) << "the pool goes on";

    ImagePool roomy(pool_options({.memory_bytes_max = 2_GiB}));
    EXPECT_TRUE(fulfil(roomy, order)) << "it was the limit and nothing else";
  }
}

TEST(CorpusMemory, AWorkerThatTakesMemoryWithoutEndIsStoppedByItsLimit) {
  if (!kMemoryIsItsOwn) GTEST_SKIP() << "a sanitizer's shadow is larger than any limit of memory";
  ImagePoolOptions options = pool_options({.memory_bytes_max = 512_MiB, .timeout_ms = 60'000});
  options.command.arguments = {"bad-worker:eats memory"};
  ImagePool pool(options);
  const std::string small = colored(10, 10, ".png");
  for (std::uint64_t i = 1; i <= 2; ++i) {
    const Result<MadeImage> made = fulfil(pool, order_of(as_bytes(small), ImageFormat::png));
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Errc::internal);
    EXPECT_EQ(pool.metrics().crashed, i) << "an allocation failed, so it died";
  }
  EXPECT_EQ(pool.metrics().processes_started, 2u);
}

}  // namespace
}  // namespace mooring
