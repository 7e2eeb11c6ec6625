#include "document_state.h"

#include <limits>

#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::uint8_t kStateFormat = 1;

/// Counts the organizations. No organization has a key of two bytes 0xff: that is the length of a
/// name longer than any record can hold.
std::string count_key() {
  return Key().u16(0xffff).take();
}

std::string free_key(const IndexState& state, std::uint32_t i) {
  return Key().u32(state.number).u32(i).take();
}

}  // namespace

std::string encode(const IndexState& state) {
  return Encoder(kStateFormat)
      .number(state.number)
      .number(state.next_ordinal)
      .number(state.free_ordinals)
      .number(state.next_sequence)
      .number(state.folded_sequence)
      .number(state.base_version)
      .number(state.tree_version)
      .take();
}

Result<IndexState> decode_index_state(std::string_view bytes) {
  Decoder in(bytes, kStateFormat);
  IndexState state;
  state.number = in.number_as<std::uint32_t>();
  state.next_ordinal = in.number_as<std::uint32_t>();
  state.free_ordinals = in.number_as<std::uint32_t>();
  state.next_sequence = in.number();
  state.folded_sequence = in.number();
  state.base_version = in.number();
  state.tree_version = in.number();
  if (auto read = in.finish("state of a document index"); !read)
    return std::unexpected(read.error());
  return state;
}

Result<std::optional<IndexState>> find_index_state(const View& view,
                                                   std::string_view organization) {
  const auto value = view.get(Family::document_state, Key().text(organization));
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  return decode_index_state(**value);
}

Result<IndexState> make_index_state(Transaction& transaction, std::string_view organization) {
  const auto found = find_index_state(transaction, organization);
  if (!found) return std::unexpected(found.error());
  if (*found) return **found;
  const auto count = transaction.get(Family::document_state, count_key());
  if (!count) return std::unexpected(count.error());
  IndexState state;
  if (*count) state.number = KeyReader(**count).u32();
  transaction.put(Family::document_state, count_key(), Key().u32(state.number + 1));
  put_index_state(transaction, organization, state);
  return state;
}

void put_index_state(Transaction& transaction, std::string_view organization,
                     const IndexState& state) {
  transaction.put(Family::document_state, Key().text(organization), encode(state));
}

Result<std::uint32_t> take_ordinal(Transaction& transaction, IndexState& state) {
  if (state.free_ordinals == 0) {
    if (state.next_ordinal == std::numeric_limits<std::uint32_t>::max())
      return fail(Errc::overloaded, "ordinal of a document");
    return state.next_ordinal++;
  }
  const std::string key = free_key(state, state.free_ordinals - 1);
  const auto value = transaction.get(Family::document_free, key);
  if (!value) return std::unexpected(value.error());
  if (!*value || (*value)->size() != 4) return fail(Errc::corrupt, "stack of free ordinals");
  transaction.erase(Family::document_free, key);
  --state.free_ordinals;
  return KeyReader(**value).u32();
}

void free_ordinal(Transaction& transaction, IndexState& state, std::uint32_t ordinal) {
  transaction.put(Family::document_free, free_key(state, state.free_ordinals), Key().u32(ordinal));
  ++state.free_ordinals;
}

}  // namespace mooring
