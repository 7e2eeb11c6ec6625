// What the worker makes of good, damaged and hostile pictures, through the pool as the server does.
#include <fmt/format.h>

#include <array>
#include <fstream>
#include <iterator>
#include <random>

#include "test_data.h"
#include "unit/image/harness.h"
#include "unit/image/pictures.h"

namespace mooring {
namespace {

std::string photo() {
  std::ifstream file(std::string(MOORING_TEST_DATA) + "/photo.jpg", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::uint64_t resident_bytes(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/statm", pid));
  std::uint64_t pages = 0, resident = 0;
  file >> pages >> resident;
  return resident * 4096;
}

class Decode : public ::testing::Test {
 protected:
  Result<MadeImage> check(const std::string& picture, ImageFormat format) {
    return fulfil(pool_, order_of(as_bytes(picture), format));
  }
  Result<MadeImage> render(const std::string& picture, ImageFormat format, std::uint16_t width,
                           std::uint16_t height, ImageFormat wanted) {
    return fulfil(pool_, rendition_order(as_bytes(picture), format, width, height, wanted));
  }
  // Refused as a picture by both tasks, by a worker that lives on.
  void expect_refused(const std::string& picture, ImageFormat format, const std::string& what) {
    const Result<MadeImage> checked = check(picture, format);
    ASSERT_FALSE(checked) << what;
    EXPECT_EQ(checked.error().code, Errc::unprocessable) << what;
    const Result<MadeImage> made = render(picture, format, 100, 100, ImageFormat::png);
    ASSERT_FALSE(made) << what;
    EXPECT_EQ(made.error().code, Errc::unprocessable) << what;
    EXPECT_EQ(pool_.metrics().crashed + pool_.metrics().timed_out, 0u) << what;
  }

  ImagePool pool_{pool_options()};
};

TEST_F(Decode, FitsIntoTheBoxAndNeverEnlarges) {
  const std::string picture = colored(300, 100, ".png");
  struct Case {
    std::uint16_t width, height, made_width, made_height;
  };
  for (const Case& one : {Case{150, 150, 150, 50}, Case{150, 20, 60, 20}, Case{300, 100, 300, 100},
                          Case{1600, 1600, 300, 100}, Case{1, 1, 1, 1}}) {
    const Result<MadeImage> made =
        render(picture, ImageFormat::png, one.width, one.height, ImageFormat::png);
    ASSERT_TRUE(made) << describe(made.error());
    EXPECT_EQ(made->width, one.made_width);
    EXPECT_EQ(made->height, one.made_height);
    const Seen seen = look_at(made->content.bytes());
    EXPECT_EQ(seen.width, one.made_width);
    EXPECT_EQ(seen.height, one.made_height);
  }
}

TEST_F(Decode, EveryFormatBecomesEveryOther) {
  struct Source {
    const char* suffix;
    ImageFormat format;
  };
  for (const Source& source :
       {Source{".jpg", ImageFormat::jpeg}, Source{".png", ImageFormat::png},
        Source{".webp", ImageFormat::webp}, Source{".gif", ImageFormat::gif}}) {
    const std::string picture = colored(120, 90, source.suffix);
    for (const ImageFormat wanted : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp}) {
      const Result<MadeImage> made = render(picture, source.format, 60, 60, wanted);
      ASSERT_TRUE(made) << source.suffix << describe(made.error());
      const Seen seen = look_at(made->content.bytes());
      EXPECT_EQ(seen.width, 60);
      EXPECT_EQ(seen.height, 45);
      EXPECT_GT(seen.at(55, 20, 0), 200) << "red grows to the right";
      EXPECT_LT(seen.at(4, 20, 0), 60);
      EXPECT_FALSE(seen.has_metadata) << source.suffix;
    }
  }
}

TEST_F(Decode, EqualInputGivesEqualBytes) {
  for (const ImageFormat wanted : {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp}) {
    const Result<MadeImage> first = render(photo(), ImageFormat::jpeg, 80, 80, wanted);
    const Result<MadeImage> second = render(photo(), ImageFormat::jpeg, 80, 80, wanted);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(first->hash, second->hash);
  }
}

TEST_F(Decode, AppliesOrientationAndDropsTheRest) {
  const std::string plain = colored(80, 40, ".jpg[Q=100]");
  // Where the right edge of the picture, which is red, has gone: x and y in quarters.
  struct Case {
    std::uint8_t orientation;
    bool sideways;
    int red_x, red_y;
  };
  for (const Case& one :
       {Case{1, false, 3, 2}, Case{2, false, 0, 2}, Case{3, false, 0, 2}, Case{4, false, 3, 2},
        Case{5, true, 2, 3}, Case{6, true, 2, 3}, Case{7, true, 2, 0}, Case{8, true, 2, 0}}) {
    const std::string turned = with_exif(plain, one.orientation);
    const Result<MadeImage> checked = check(turned, ImageFormat::jpeg);
    ASSERT_TRUE(checked) << int{one.orientation};
    EXPECT_EQ(checked->width, one.sideways ? 40u : 80u) << "as shown";
    const Result<MadeImage> made = render(turned, ImageFormat::jpeg, 200, 200, ImageFormat::jpeg);
    ASSERT_TRUE(made);
    const Seen seen = look_at(made->content.bytes());
    ASSERT_EQ(seen.width, one.sideways ? 40 : 80) << int{one.orientation};
    const auto at = [&](int quarter_x, int quarter_y) {
      return seen.at(quarter_x * (seen.width - 1) / 3, quarter_y * (seen.height - 1) / 3, 0);
    };
    EXPECT_GT(at(one.red_x, one.red_y), 215) << int{one.orientation};
    EXPECT_FALSE(seen.has_metadata);
    const std::string_view bytes = as_text(made->content.bytes());
    EXPECT_EQ(bytes.find("SECRET-PLACE"), bytes.npos);
    EXPECT_EQ(bytes.find("Exif"), bytes.npos);
  }
}

TEST_F(Decode, TransparencyBecomesWhiteWhereThereIsNone) {
  const std::string clear = png_header(8, 8, 8, 6) +
                            png_chunk("IDAT", deflated_zeros(8 * (1 + 8 * 4))) +
                            png_chunk("IEND", "");
  const Result<MadeImage> made = render(clear, ImageFormat::png, 8, 8, ImageFormat::jpeg);
  ASSERT_TRUE(made) << describe(made.error());
  EXPECT_GT(look_at(made->content.bytes()).at(4, 4, 1), 250);
}

TEST_F(Decode, RefusesBombsFromTheHeader) {
  const std::string bomb = black_png(30'000, 30'000);
  EXPECT_LT(bomb.size(), 1u << 20);
  const std::string small = colored(10, 10, ".png");
  ASSERT_TRUE(check(small, ImageFormat::png));
  ASSERT_TRUE(render(small, ImageFormat::png, 5, 5, ImageFormat::png));
  const std::array workers = {pool_.pids(ImageTask::check).front(),
                              pool_.pids(ImageTask::render).front()};
  const std::array before = {resident_bytes(workers[0]), resident_bytes(workers[1])};
  expect_refused(bomb, ImageFormat::png, "30,000 squared");
  expect_refused(jpeg_of_size(64'250, 64'250), ImageFormat::jpeg, "lottapixel");
  expect_refused(png_header(1, 0x7fffffff, 1, 0), ImageFormat::png, "one column");
  expect_refused(png_header(0x7fffffff, 1, 1, 0), ImageFormat::png, "one row");
  expect_refused(png_header(0, 0, 1, 0), ImageFormat::png, "nothing");
  expect_refused(png_header(0xffffffff, 0xffffffff, 1, 0), ImageFormat::png, "everything");
  expect_refused(black_png(16'385, 1), ImageFormat::png, "one side over the limit");
  EXPECT_TRUE(check(black_png(16'384, 1), ImageFormat::png)) << "the limit is allowed";
  EXPECT_EQ(pool_.metrics().processes_started, 2u) << "the same two saw them all";
  for (std::size_t i = 0; i < workers.size(); ++i)
    EXPECT_LT(resident_bytes(workers[i]), before[i] + 64_MiB);
}

TEST_F(Decode, TheLargestLegalPictureStaysInTheLimits) {
  const std::string large = black_png(10'000, 5'000);
  const Result<MadeImage> checked = check(large, ImageFormat::png);
  ASSERT_TRUE(checked) << describe(checked.error());
  const Result<MadeImage> made = render(large, ImageFormat::png, 800, 800, ImageFormat::png);
  ASSERT_TRUE(made) << describe(made.error());
  for (const ImageTask task : {ImageTask::check, ImageTask::render})
    EXPECT_LT(resident_bytes(pool_.pids(task).front()), 512_MiB);
}

TEST_F(Decode, RefusesWhatIsCutOff) {
  struct Source {
    const char* suffix;
    ImageFormat format;
  };
  for (const Source& source : {Source{".jpg", ImageFormat::jpeg}, Source{".png", ImageFormat::png},
                               Source{".webp", ImageFormat::webp}}) {
    const std::string whole = colored(200, 200, source.suffix);
    ASSERT_TRUE(check(whole, source.format)) << source.suffix;
    for (const std::size_t eighths : {1, 2, 4, 6})
      expect_refused(whole.substr(0, whole.size() * eighths / 8), source.format,
                     fmt::format("{} cut at {}/8", source.suffix, eighths));
  }
}

TEST_F(Decode, RefusesWhatIsNoPicture) {
  for (const ImageFormat format :
       {ImageFormat::jpeg, ImageFormat::png, ImageFormat::webp, ImageFormat::gif}) {
    expect_refused("x", format, "a byte");
    expect_refused("just some text, again and again and again", format, "text");
    expect_refused("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", format, "SVG");
    expect_refused("push graphic-context\nviewbox 0 0 9 9\n", format, "MVG");
    expect_refused("%PDF-1.4\n", format, "PDF");
  }
  expect_refused("\xff\xd8\xff", ImageFormat::jpeg, "magic only");
  expect_refused(std::string(kPngMagic), ImageFormat::png, "magic only");
  expect_refused("GIF89a", ImageFormat::gif, "magic only");
}

TEST_F(Decode, OneFormatIsNotTakenForAnother) {
  expect_refused(colored(10, 10, ".png"), ImageFormat::jpeg, "a PNG called JPEG");
  expect_refused(colored(10, 10, ".jpg"), ImageFormat::webp, "a JPEG called WebP");
  expect_refused(colored(10, 10, ".tif"), ImageFormat::png, "a TIFF");
}

TEST_F(Decode, WhatHangsBehindAPictureIsDropped) {
  const std::string picture = photo() + "PK\x03\x04 and a whole archive <script>alert(1)</script>";
  const Result<MadeImage> made = render(picture, ImageFormat::jpeg, 50, 50, ImageFormat::jpeg);
  ASSERT_TRUE(made) << describe(made.error());
  EXPECT_EQ(as_text(made->content.bytes()).find("script"), std::string_view::npos);
}

TEST_F(Decode, OnlyTheFirstFrameOfAnAnimation) {
  start_library();
  const std::string strip = colored(40, 120, ".png");  // three frames of 40 by 40
  for (const auto& [suffix, format] :
       {std::pair{".gif", ImageFormat::gif}, std::pair{".webp", ImageFormat::webp}}) {
    VipsImage* image = vips_image_new_from_buffer(strip.data(), strip.size(), "", nullptr);
    VipsImage* own = nullptr;
    ASSERT_EQ(vips_copy(image, &own, nullptr), 0);
    vips_image_set_int(own, VIPS_META_PAGE_HEIGHT, 40);
    void* data = nullptr;
    std::size_t size = 0;
    ASSERT_EQ(vips_image_write_to_buffer(own, suffix, &data, &size, nullptr), 0);
    const std::string animation = taken(data, size);
    g_object_unref(own);
    g_object_unref(image);
    const Result<MadeImage> made = render(animation, format, 100, 100, ImageFormat::png);
    ASSERT_TRUE(made) << suffix << describe(made.error());
    EXPECT_EQ(made->width, 40u);
    EXPECT_EQ(made->height, 40u) << suffix;
    EXPECT_LT(look_at(made->content.bytes()).at(20, 38, 1), 110) << "green grows downwards";
  }
}

TEST_F(Decode, BmpIsCheckedByItsHeader) {
  const auto little = [](std::uint32_t value) {
    std::string text = big_endian(value);
    return std::string(text.rbegin(), text.rend());
  };
  const auto bmp = [&](std::uint32_t width, std::uint32_t height, std::size_t pixel_bytes) {
    return "BM" + little(0) + little(0) + little(54) + little(40) + little(width) + little(height) +
           std::string("\x01\0\x18\0", 4) + std::string(24, '\0') +
           std::string(pixel_bytes, '\x55');
  };
  const Result<MadeImage> checked = check(bmp(3, 2, 24), ImageFormat::bmp);
  ASSERT_TRUE(checked) << describe(checked.error());
  EXPECT_EQ(checked->width, 3u);
  EXPECT_EQ(checked->height, 2u);
  EXPECT_TRUE(check(bmp(3, 0xfffffffe, 24), ImageFormat::bmp)) << "top row first";
  for (const std::string& bad : {bmp(3, 2, 23), bmp(0, 2, 24), bmp(3, 0, 24),
                                 bmp(0x7fffffff, 0x7fffffff, 24), bmp(3, 0x80000000, 24)}) {
    const Result<MadeImage> refused = check(bad, ImageFormat::bmp);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::unprocessable);
  }
}

TEST_F(Decode, NoDamageKillsTheWorker) {
  std::mt19937 random(7);
  const std::vector<std::pair<std::string, ImageFormat>> sources = {
      {photo(), ImageFormat::jpeg},
      {colored(60, 60, ".png"), ImageFormat::png},
      {colored(60, 60, ".webp"), ImageFormat::webp},
      {colored(60, 60, ".gif"), ImageFormat::gif}};
  std::vector<std::string> damaged;
  std::vector<ImageOrder> orders;
  damaged.reserve(400);
  for (int i = 0; i < 400; ++i) {
    const auto& [picture, format] = sources[static_cast<std::size_t>(i) % sources.size()];
    damaged.push_back(picture);
    for (int j = 0; j < 8; ++j)
      damaged.back()[random() % picture.size()] = static_cast<char>(random());
    orders.push_back(rendition_order(as_bytes(damaged.back()), format, 30, 30, ImageFormat::png));
  }
  for (const Result<MadeImage>& made : fulfil(pool_, orders))
    if (!made) EXPECT_EQ(made.error().code, Errc::unprocessable);
  EXPECT_EQ(pool_.metrics().crashed, 0u);
  EXPECT_EQ(pool_.metrics().processes_started, 1u);
}

}  // namespace
}  // namespace mooring
