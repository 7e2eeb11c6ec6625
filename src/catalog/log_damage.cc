#include "log_damage.h"

#if defined(__SSE4_2__)
#include <nmmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

namespace mooring {
namespace {

constexpr std::size_t kBlockBytes = 32'768;
constexpr std::size_t kHeaderBytes = 7;            // checksum 4, size 2, type 1
constexpr char kWhole = 1, kFirst = 2;             // types of records that begin an entry
constexpr std::uint32_t kCastagnoli = 0x82f63b78;  // CRC-32C, reflected
constexpr std::uint32_t kMask = 0xa282ead8;

constexpr std::array<std::uint32_t, 256> kTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = (rest >> 1) ^ ((rest & 1) != 0 ? kCastagnoli : 0);
    table[byte] = rest;
  }
  return table;
}();

std::uint32_t crc32c(std::string_view bytes) noexcept {
  std::uint32_t rest = ~std::uint32_t{0};
#if defined(__SSE4_2__)  // a log may have hundreds of megabytes, and a start waits for it
  for (; bytes.size() >= sizeof(std::uint64_t); bytes.remove_prefix(sizeof(std::uint64_t))) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof word);
    rest = static_cast<std::uint32_t>(_mm_crc32_u64(rest, word));
  }
#endif
  for (const char byte : bytes)
    rest = kTable[(rest ^ static_cast<std::uint8_t>(byte)) & 0xff] ^ (rest >> 8);
  return ~rest;
}

/// As RocksDB keeps a checksum, so that one of bytes that hold checksums is none of theirs.
std::uint32_t masked(std::uint32_t crc) noexcept {
  return ((crc >> 15) | (crc << 17)) + kMask;
}

std::uint32_t little_endian(std::string_view bytes) noexcept {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  return value;
}

/// A record of a block: its size with its header, 0 if it cannot be one; and whether it is whole.
struct Record {
  std::size_t size_bytes = 0;
  char type = 0;
  bool is_whole = false;
};

Record record_at(std::string_view block) noexcept {
  const std::size_t size_bytes = kHeaderBytes + little_endian(block.substr(4, 2));
  const char type = block[6];
  if (type == 0 || size_bytes > block.size()) return {};
  const std::string_view checked = block.substr(6, size_bytes - 6);  // the type and what follows
  return {size_bytes, type, little_endian(block.substr(0, 4)) == masked(crc32c(checked))};
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

// Behind a record that is not whole the next one is where its size says, or, where that cannot be,
// at the beginning of the next block. Nothing is looked for at any other place: the bytes of a
// client could look like anything.
std::optional<std::uint64_t> damage_before_an_entry(std::string_view log) {
  std::optional<std::uint64_t> damaged;
  for (std::size_t begin = 0; begin < log.size(); begin += kBlockBytes) {
    std::string_view block = log.substr(begin, kBlockBytes);
    while (block.size() >= kHeaderBytes) {
      const Record record = record_at(block);
      if (record.is_whole && damaged && (record.type == kWhole || record.type == kFirst))
        return damaged;
      if (!record.is_whole && !damaged)
        damaged = begin + std::min(kBlockBytes, log.size() - begin) - block.size();
      if (record.size_bytes == 0) break;
      block.remove_prefix(record.size_bytes);
    }
  }
  return std::nullopt;
}

std::optional<DamagedLog> find_damaged_log(const std::filesystem::path& directory) {
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(directory, unreadable)) {
    if (entry.path().extension() != ".log") continue;
    const auto damaged = damage_before_an_entry(text_of(entry.path()));
    if (damaged) return DamagedLog{entry.path(), *damaged};
  }
  return std::nullopt;
}

}  // namespace mooring
