// Pictures of the tests: made byte by byte where a good encoder would refuse, else by libvips.
//
// The library is started in this process for that, which the server never does.
#pragma once

#include <vips/vips.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/bytes.h"
#include "mooring/base/check.h"

namespace mooring {

inline std::string big_endian(std::uint32_t value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 0xff);
  return text;
}

inline std::uint32_t crc32_of(std::string_view bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

inline std::string png_chunk(std::string_view type, std::string_view data) {
  const std::string body = std::string(type) + std::string(data);
  return big_endian(static_cast<std::uint32_t>(data.size())) + body + big_endian(crc32_of(body));
}

/// A zlib stream of `size_bytes` zeros in fixed Huffman codes: about a bit per 258 of them and
/// less.
inline std::string deflated_zeros(std::uint64_t size_bytes) {
  std::string out = "\x78\x01";
  unsigned held = 0;
  int bits = 0;
  const auto put = [&](unsigned value, int count) {  // low bit first
    held |= value << bits;
    bits += count;
    for (; bits >= 8; bits -= 8, held >>= 8) out += static_cast<char>(held & 0xff);
  };
  const auto put_code = [&](unsigned code, int count) {  // Huffman codes: high bit first
    for (int i = count - 1; i >= 0; --i) put(code >> i & 1, 1);
  };
  put(0b011, 3);      // the last block, fixed codes
  put_code(0x30, 8);  // one zero
  std::uint64_t left = size_bytes - 1;
  for (; left >= 258; left -= 258) {
    put_code(0xc5, 8);  // length 258
    put_code(0, 5);     // distance 1
  }
  for (; left > 0; --left) put_code(0x30, 8);
  put_code(0, 7);  // end of block
  if (bits > 0) put(0, 8 - bits);
  const auto adler = static_cast<std::uint32_t>(size_bytes % 65'521) << 16 | 1;
  return out + big_endian(adler);
}

constexpr std::string_view kPngMagic = "\x89PNG\r\n\x1a\n";

inline std::string png_header(std::uint32_t width, std::uint32_t height, std::uint8_t depth,
                              std::uint8_t color) {
  std::string data = big_endian(width) + big_endian(height);
  for (const std::uint8_t byte : {depth, color, std::uint8_t{0}, std::uint8_t{0}, std::uint8_t{0}})
    data += static_cast<char>(byte);
  return std::string(kPngMagic) + png_chunk("IHDR", data);
}

/// A black PNG of one bit per pixel: a bomb if it is large.
inline std::string black_png(std::uint32_t width, std::uint32_t height) {
  const std::uint64_t row_bytes = 1 + (std::uint64_t{width} + 7) / 8;
  return png_header(width, height, 1, 0) + png_chunk("IDAT", deflated_zeros(row_bytes * height)) +
         png_chunk("IEND", "");
}

/// The header of a JPEG of this size, and nothing behind it.
inline std::string jpeg_of_size(std::uint16_t width, std::uint16_t height) {
  std::string jpeg("\xff\xd8\xff\xdb\x00\x43\x00", 7);
  jpeg.append(64, '\x01');
  jpeg += std::string("\xff\xc0\x00\x0b\x08", 5) + big_endian(height).substr(2) +
          big_endian(width).substr(2) + std::string("\x01\x01\x11\x00", 4);
  return jpeg + std::string("\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00", 10);
}

inline void start_library() {
  static const bool started = vips_init("unit_image") == 0;
  MOORING_CHECK(started, "libvips does not start");
}

inline std::string taken(void* data, std::size_t size) {
  std::string text(static_cast<const char*>(data), size);
  g_free(data);
  return text;
}

/// A smooth colour picture, red growing to the right and green downwards, in the format that
/// `suffix` (".jpg", ".webp[lossless]", …) names.
inline std::string colored(int width, int height, const char* suffix) {
  start_library();
  std::vector<std::uint8_t> pixels;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      for (const int value : {x * 255 / width, y * 255 / height, 40})
        pixels.push_back(static_cast<std::uint8_t>(value));
  VipsImage* image = vips_image_new_from_memory_copy(pixels.data(), pixels.size(), width, height, 3,
                                                     VIPS_FORMAT_UCHAR);
  MOORING_CHECK(image != nullptr, "a test's picture");
  image->Type = VIPS_INTERPRETATION_sRGB;
  void* data = nullptr;
  std::size_t size = 0;
  MOORING_CHECK(vips_image_write_to_buffer(image, suffix, &data, &size, nullptr) == 0,
                "a test's encoder");
  g_object_unref(image);
  return taken(data, size);
}

/// `jpeg` with an EXIF segment: the orientation, and a place on earth.
inline std::string with_exif(const std::string& jpeg, std::uint8_t orientation) {
  const auto entry = [](std::string_view tag, char type, char count, std::string_view value) {
    return std::string(tag) + std::string("\0", 1) + type + std::string("\0\0\0", 3) + count +
           std::string(value);
  };
  std::string tiff("MM\0\x2a\0\0\0\x08", 8);
  tiff += std::string("\0\x02", 2);  // two entries
  tiff += entry(std::string_view("\x01\x12", 2), 3, 1,
                std::string("\0", 1) + static_cast<char>(orientation) + std::string("\0\0", 2));
  tiff += entry(std::string_view("\x88\x25", 2), 4, 1, big_endian(38));  // where the GPS part is
  tiff += big_endian(0);
  tiff += std::string("\0\x01", 2);
  tiff += entry(std::string_view("\0\x01", 2), 2, 2, std::string_view("N\0\0\0", 4));
  tiff += big_endian(0);
  const std::string body = std::string("Exif\0\0", 6) + tiff + "SECRET-PLACE";
  return jpeg.substr(0, 2) + "\xff\xe1" +
         big_endian(static_cast<std::uint32_t>(body.size() + 2)).substr(2) + body + jpeg.substr(2);
}

/// What a picture looks like to somebody who decodes it.
struct Seen {
  int width = 0;
  int height = 0;
  std::vector<std::uint8_t> pixels;  ///< three bytes each
  bool has_metadata = false;         ///< EXIF, XMP, IPTC or a profile

  [[nodiscard]] int at(int x, int y, int band) const {
    return pixels[static_cast<std::size_t>((y * width + x) * 3 + band)];
  }
};

inline Seen look_at(Bytes picture) {
  start_library();
  VipsImage* image = vips_image_new_from_buffer(picture.data(), picture.size(), "", nullptr);
  MOORING_CHECK(image != nullptr, "a rendition does not decode");
  Seen seen{.width = vips_image_get_width(image), .height = vips_image_get_height(image)};
  for (const char* const name : {VIPS_META_EXIF_NAME, VIPS_META_XMP_NAME, VIPS_META_IPTC_NAME,
                                 VIPS_META_ICC_NAME, VIPS_META_ORIENTATION})
    seen.has_metadata = seen.has_metadata || vips_image_get_typeof(image, name) != 0;
  VipsImage* rgb = nullptr;
  MOORING_CHECK(vips_colourspace(image, &rgb, VIPS_INTERPRETATION_sRGB, nullptr) == 0, "colours");
  VipsImage* three = nullptr;
  MOORING_CHECK(vips_extract_band(rgb, &three, 0, "n", 3, nullptr) == 0, "bands");
  std::size_t size = 0;
  void* const data = vips_image_write_to_memory(three, &size);
  MOORING_CHECK(data != nullptr, "pixels");
  const std::string bytes = taken(data, size);
  seen.pixels.assign(bytes.begin(), bytes.end());
  g_object_unref(three);
  g_object_unref(rgb);
  g_object_unref(image);
  return seen;
}

}  // namespace mooring
