// Pictures that a stranger would send: bombs, lies and files that are two things at once, made byte
// by byte (research/reliability.md 5.2).
#pragma once

#include <string>
#include <string_view>

#include "unit/image/pictures.h"

namespace mooring {

inline std::string little_endian(std::uint32_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> 8 * i & 0xff);
  return text;
}

inline std::string repeated(std::string_view piece, std::size_t times) {
  std::string text;
  text.reserve(piece.size() * times);
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

// ---- GIF ----
inline std::string gif_head(std::uint16_t width, std::uint16_t height) {
  return "GIF89a" + little_endian(width, 2) + little_endian(height, 2) +
         std::string("\x80\0\0\0\0\0\xff\xff\xff", 9);
}
/// A frame of this size with the data of one pixel.
inline std::string gif_frame(std::uint16_t width, std::uint16_t height) {
  return std::string("\x2c\0\0\0\0", 5) + little_endian(width, 2) + little_endian(height, 2) +
         std::string("\0\x02\x02\x44\x01\0", 6);
}
inline std::string gif_of_frames(std::uint16_t side, std::size_t frames) {
  return gif_head(side, side) + repeated(gif_frame(1, 1), frames) + ";";
}
/// One frame whose codes go on and on without the one that empties the table.
inline std::string gif_that_never_clears(std::uint16_t side) {
  std::string blocks;
  for (int i = 0; i < 4000; ++i) blocks += '\xff' + std::string(255, '\x49');
  return gif_head(side, side) + std::string("\x2c\0\0\0\0", 5) + little_endian(side, 2) +
         little_endian(side, 2) + std::string("\0\x02", 2) + blocks + std::string("\0;", 2);
}

// ---- WebP ----
inline std::string webp_chunk(std::string_view type, std::string_view data) {
  return std::string(type) + little_endian(static_cast<std::uint32_t>(data.size()), 4) +
         std::string(data) + std::string(data.size() % 2, '\0');
}
inline std::string webp_file(std::string_view chunks) {
  return "RIFF" + little_endian(static_cast<std::uint32_t>(chunks.size() + 4), 4) + "WEBP" +
         std::string(chunks);
}
/// The chunk of a lossless WebP that holds its pixels.
inline std::string webp_pixels(const std::string& webp) {
  const std::size_t at = webp.find("VP8L");
  MOORING_CHECK(at != webp.npos, "a lossless WebP");
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i)
    size |= static_cast<std::size_t>(static_cast<std::uint8_t>(webp[at + 4 + i])) << 8 * i;
  return webp.substr(at, 8 + size + size % 2);
}
/// `frames` frames of one pixel on a canvas of `side` squared.
inline std::string webp_of_frames(std::uint32_t side, std::size_t frames) {
  const std::string frame =
      webp_chunk("ANMF", std::string(12, '\0') + little_endian(40, 3) + std::string(1, '\0') +
                             webp_pixels(colored(1, 1, ".webp[lossless]")));
  const std::string canvas =
      std::string("\x02\0\0\0", 4) + little_endian(side - 1, 3) + little_endian(side - 1, 3);
  return webp_file(webp_chunk("VP8X", canvas) + webp_chunk("ANIM", std::string(6, '\0')) +
                   repeated(frame, frames));
}

// ---- PNG ----
/// A small good PNG with these chunks before its pixels.
inline std::string png_with(std::string_view chunks) {
  return png_header(8, 8, 8, 2) + std::string(chunks) +
         png_chunk("IDAT", deflated_zeros(8 * (1 + 8 * 3))) + png_chunk("IEND", "");
}
/// All seven passes of Adam7 over black pixels of eight bytes: nothing of it can be had before
/// all of it is in memory.
inline std::string interlaced_png(std::uint32_t side) {
  struct Pass {
    std::uint32_t x, y, step_x, step_y;
  };
  std::uint64_t bytes = 0;
  for (const Pass& pass : {Pass{0, 0, 8, 8}, Pass{4, 0, 8, 8}, Pass{0, 4, 4, 8}, Pass{2, 0, 4, 4},
                           Pass{0, 2, 2, 4}, Pass{1, 0, 2, 2}, Pass{0, 1, 1, 2}}) {
    const std::uint64_t width = (side - pass.x + pass.step_x - 1) / pass.step_x;
    const std::uint64_t height = (side - pass.y + pass.step_y - 1) / pass.step_y;
    bytes += height * (1 + width * 8);
  }
  return std::string(kPngMagic) +
         png_chunk("IHDR",
                   big_endian(side) + big_endian(side) + std::string("\x10\x06\0\0\x01", 5)) +
         png_chunk("IDAT", deflated_zeros(bytes)) + png_chunk("IEND", "");
}
inline std::string apng_of_frames(std::size_t frames) {
  const std::string pixels = deflated_zeros(8 * (1 + 8 * 3));
  std::string chunks =
      png_chunk("acTL", big_endian(static_cast<std::uint32_t>(frames)) + big_endian(0));
  std::uint32_t sequence = 9;  // out of order, too
  std::string rest;
  for (std::size_t i = 0; i < frames; ++i) {
    rest +=
        png_chunk("fcTL", big_endian(sequence--) + big_endian(8) + big_endian(8) + big_endian(0) +
                              big_endian(0) + std::string("\0\x01\0\x64\0\0", 6));
    rest += png_chunk("fdAT", big_endian(sequence--) + pixels);
  }
  return png_header(8, 8, 8, 2) + chunks + png_chunk("IDAT", pixels) + rest + png_chunk("IEND", "");
}

// ---- JPEG ----
inline std::string jpeg_segment(char marker, std::string_view data) {
  return std::string("\xff") + marker +
         big_endian(static_cast<std::uint32_t>(data.size() + 2)).substr(2) + std::string(data);
}
/// `jpeg` with `segment` right behind its first marker.
inline std::string jpeg_with(const std::string& jpeg, std::string_view segment) {
  return jpeg.substr(0, 2) + std::string(segment) + jpeg.substr(2);
}
/// Where the first segment with this marker begins.
inline std::size_t find_jpeg_segment(const std::string& jpeg, char marker) {
  const std::size_t at = jpeg.find(std::string("\xff") + marker);
  MOORING_CHECK(at != jpeg.npos, "a test's JPEG has no such segment");
  return at;
}
/// Whose frame says that it has this many rows.
inline std::string jpeg_that_claims(std::string jpeg, std::uint16_t height) {
  const std::size_t frame = find_jpeg_segment(jpeg, '\xc0');
  return jpeg.replace(frame + 5, 2, big_endian(height).substr(2));
}
/// Whose last scan is there `times` over.
inline std::string jpeg_of_scans(int side, std::size_t times) {
  const std::string jpeg = colored(side, side, ".jpg[interlace,strip]");
  const std::size_t scan = jpeg.rfind("\xff\xda");
  MOORING_CHECK(scan != jpeg.npos && jpeg.ends_with("\xff\xd9"), "a progressive JPEG");
  const std::string last = jpeg.substr(scan, jpeg.size() - 2 - scan);
  return jpeg.substr(0, scan) + repeated(last, times) + "\xff\xd9";
}

}  // namespace mooring
