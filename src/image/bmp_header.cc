#include "bmp_header.h"

#include <cstdlib>

namespace mooring {

namespace {

constexpr std::size_t kFileHeaderBytes = 14;
constexpr std::size_t kInfoHeaderBytes = 40;

// Little-endian, of `size` bytes.
std::uint32_t field(Bytes file, std::size_t offset, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;)
    value = value << 8 | static_cast<std::uint32_t>(file[offset + i]);
  return value;
}

bool is_depth(std::uint32_t bits) {
  return bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
}

}  // namespace

std::optional<BmpSize> bmp_size(Bytes file) noexcept {
  if (file.size() < kFileHeaderBytes + kInfoHeaderBytes) return std::nullopt;
  if (field(file, 0, 2) != 0x4d42) return std::nullopt;  // "BM"
  const std::uint64_t pixels_at = field(file, 10, 4);
  const std::uint64_t header_bytes = field(file, 14, 4);
  const auto width = static_cast<std::int32_t>(field(file, 18, 4));
  const auto height = static_cast<std::int32_t>(field(file, 22, 4));  // negative: top row first
  const std::uint32_t planes = field(file, 26, 2);
  const std::uint32_t bits = field(file, 28, 2);
  const std::uint32_t compression = field(file, 30, 4);
  if (header_bytes < kInfoHeaderBytes || width <= 0 || height == 0 || height == INT32_MIN)
    return std::nullopt;
  if (planes != 1 || !is_depth(bits)) return std::nullopt;
  if (pixels_at < kFileHeaderBytes + header_bytes || pixels_at >= file.size()) return std::nullopt;
  const BmpSize size{static_cast<std::uint32_t>(width),
                     static_cast<std::uint32_t>(std::abs(height))};
  const bool run_length = (compression == 1 && bits == 8) || (compression == 2 && bits == 4);
  if (run_length) return size;
  const bool plain = compression == 0 || (compression == 3 && (bits == 16 || bits == 32));
  const std::uint64_t row_bytes = round_up(std::uint64_t{size.width} * bits, 32) / 8;
  if (!plain || row_bytes * size.height > file.size() - pixels_at) return std::nullopt;
  return size;
}

}  // namespace mooring
