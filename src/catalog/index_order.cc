#include "index_order.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::uint8_t kDirectoryFormat = 1;

}  // namespace

std::size_t OrderDirectory::block_of(std::uint32_t position) const noexcept {
  return static_cast<std::size_t>(std::ranges::upper_bound(starts, position) - starts.begin()) - 1;
}

void OrderDirectory::append(std::uint32_t block, std::size_t ordinals) {
  blocks.push_back(block);
  starts.push_back(starts.back() + static_cast<std::uint32_t>(ordinals));
}

std::size_t OrderDirectory::memory_bytes() const noexcept {
  return sizeof(OrderDirectory) + (blocks.capacity() + starts.capacity()) * 4;
}

std::string encode(const OrderDirectory& directory) {
  Encoder out(kDirectoryFormat);
  out.number(directory.next_block).number(directory.blocks.size());
  for (std::size_t i = 0; i < directory.blocks.size(); ++i)
    out.number(directory.blocks[i]).number(directory.starts[i + 1] - directory.starts[i]);
  return out.take();
}

Result<OrderDirectory> decode_order_directory(std::string_view bytes) {
  Decoder in(bytes, kDirectoryFormat);
  OrderDirectory directory;
  directory.next_block = in.number_as<std::uint32_t>();
  for (std::uint64_t i = std::min<std::uint64_t>(in.number(), bytes.size()); i > 0; --i) {
    const auto block = in.number_as<std::uint32_t>();
    const auto size = in.number_as<std::uint16_t>();
    if (size == 0 || size > kBlockOrdinalsMax)
      return fail(Errc::corrupt, "directory of an order of the document index");
    directory.append(block, size);
  }
  if (auto read = in.finish("directory of an order of the document index"); !read)
    return std::unexpected(read.error());
  return directory;
}

std::size_t OrderBlock::memory_bytes() const noexcept {
  return sizeof(OrderBlock) + ordinals.capacity() * 4;
}

std::string encode(const OrderBlock& block) {
  static_assert(std::endian::native == std::endian::little);
  return std::string(reinterpret_cast<const char*>(block.ordinals.data()),
                     block.ordinals.size() * 4);
}

Result<OrderBlock> decode_order_block(std::string_view bytes) {
  if (bytes.size() % 4 != 0 || bytes.size() > kBlockOrdinalsMax * 4)
    return fail(Errc::corrupt, "block of an order of the document index");
  OrderBlock block;
  block.ordinals.resize(bytes.size() / 4);
  if (!bytes.empty()) std::memcpy(block.ordinals.data(), bytes.data(), bytes.size());
  return block;
}

std::string order_key(std::uint32_t number, OrderKind kind) {
  const char kind_byte = static_cast<char>(kind);
  return Key().u32(number).raw({&kind_byte, 1}).take();
}

std::string order_key(std::uint32_t number, OrderKind kind, std::uint32_t block) {
  return Key().raw(order_key(number, kind)).u32(block).take();
}

}  // namespace mooring
