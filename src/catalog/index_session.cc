#include "index_session.h"

#include <algorithm>
#include <iterator>

#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::uint8_t kLogFormat = 1;

/// The key in the cache of what lies under `key` in the family of `part`.
std::string cached_key(IndexPart part, std::string_view key) {
  std::string cached(1, static_cast<char>(part));
  return cached.append(part == IndexPart::term ? term_of_key(key) : key);
}

std::uint32_t page_of_key(std::string_view key) {
  return KeyReader(key.substr(4)).u32();  // after the organization's number
}

}  // namespace

/// ColumnPage as something that is cached.
struct IndexSession::CachedPage final : CachedObject {
  explicit CachedPage(ColumnPage columns) : page(std::move(columns)) {}
  ColumnPage page;
  [[nodiscard]] std::size_t memory_bytes() const noexcept override { return page.memory_bytes(); }
};

std::size_t Posting::size() const noexcept {
  std::size_t sum = 0;
  for (const Part& part : parts) sum += part.set->size();
  return sum;
}

const Container* Posting::find(std::uint32_t chunk) const noexcept {
  const auto found = std::ranges::lower_bound(parts, chunk, {}, &Part::chunk);
  return found == parts.end() || found->chunk != chunk ? nullptr : found->set.get();
}

std::size_t Posting::memory_bytes() const noexcept {
  std::size_t bytes = sizeof(Posting) + parts.capacity() * sizeof(Part);
  for (const Part& part : parts) bytes += part.set ? part.set->memory_bytes() + 32 : 0;
  return bytes;
}

std::shared_ptr<const CachedObject> Posting::without(std::span<const std::string> keys) const {
  auto left = std::make_shared<Posting>(*this);
  for (const std::string& key : keys) {
    const std::uint32_t chunk = chunk_of_key(key);
    const auto found = std::ranges::lower_bound(left->parts, chunk, {}, &Part::chunk);
    if (found != left->parts.end() && found->chunk == chunk)
      found->set.reset();
    else
      left->parts.insert(found, {chunk, nullptr});
  }
  return left;
}

IndexSession::IndexSession(const View& view, IndexCache& cache, const IndexState& state)
    : view_(view), cache_(cache), state_(state) {
  catch_up();
}

Status IndexSession::status() const {
  if (error_) return std::unexpected(*error_);
  return {};
}

void IndexSession::note(const Error& error) {
  if (!error_) error_ = error;
}

void IndexSession::catch_up() {
  const std::uint64_t known = cache_.version(state_.number);
  if (known >= state_.base_version) return;
  if (cache_.advance_to_announced(state_.number, state_.base_version, state_.folded_sequence))
    return;
  const auto replayed = replay(known);
  if (!replayed) note(replayed.error());
  if (!replayed || !*replayed) cache_.restart(state_.number, state_.base_version);
}

/// False: the log does not reach back that far.
Result<bool> IndexSession::replay(std::uint64_t from) {
  if (state_.base_version - from > kLogsKept) return false;
  std::vector<ReplacedKey> replaced;
  for (std::uint64_t version = from + 1; version <= state_.base_version; ++version) {
    const auto value = view_.get(Family::document_log, log_key(state_.number, version));
    if (!value) return std::unexpected(value.error());
    if (!*value) return false;
    auto keys = decode_replaced_keys(**value);
    if (!keys) return std::unexpected(keys.error());
    std::ranges::move(*keys, std::back_inserter(replaced));
  }
  cache_.advance(state_.number, from, state_.base_version, replaced_parts(replaced));
  return true;
}

template <typename Object, typename Load>
std::shared_ptr<const Object> IndexSession::cached(const std::string& key, Load load) {
  if (auto found = cache_.find(state_.number, state_.base_version, key))
    return std::static_pointer_cast<const Object>(found);
  auto loaded = load();
  if (!loaded) {
    note(loaded.error());
    return std::make_shared<const Object>(typename decltype(loaded)::value_type{});
  }
  auto object = std::make_shared<const Object>(*std::move(loaded));
  cache_.insert(state_.number, state_.base_version, key, object);
  return object;
}

std::shared_ptr<const Posting> IndexSession::posting(const Term& term) {
  const std::string prefix = term_key(state_.number, term);
  const std::string key = static_cast<char>(IndexPart::term) + prefix;
  auto found = cached<Posting>(key, [&] { return load_posting(prefix); });
  return complete(std::move(found), key, prefix);
}

Result<Posting> IndexSession::load_posting(const std::string& prefix) {
  const auto entries = view_.scan(
      {.family = Family::document_term, .prefix = prefix, .limit = std::size_t{1} << 16});
  if (!entries) return std::unexpected(entries.error());
  Posting posting;
  for (const Entry& entry : *entries) {
    if (entry.key.size() != prefix.size() + 4) return fail(Errc::corrupt, "key of a term");
    auto set = Container::decode(entry.value);
    if (!set) return std::unexpected(set.error());
    posting.parts.push_back(
        {chunk_of_key(entry.key), std::make_shared<const Container>(*std::move(set))});
  }
  return posting;
}

/// Reads the parts that were replaced since they were cached.
std::shared_ptr<const Posting> IndexSession::complete(std::shared_ptr<const Posting> posting,
                                                      const std::string& cached_key,
                                                      const std::string& prefix) {
  const auto is_missing = [](const Posting::Part& part) { return part.set == nullptr; };
  if (std::ranges::none_of(posting->parts, is_missing)) return posting;
  auto whole = std::make_shared<Posting>(*posting);
  for (Posting::Part& part : whole->parts) {
    if (part.set) continue;
    const auto value = view_.get(Family::document_term, Key().raw(prefix).u32(part.chunk));
    if (!value) note(value.error());
    if (!value || !*value) continue;
    auto set = Container::decode(**value);
    if (!set) note(set.error());
    if (set) part.set = std::make_shared<const Container>(*std::move(set));
  }
  std::erase_if(whole->parts, is_missing);
  if (!error_) cache_.insert(state_.number, state_.base_version, cached_key, whole);
  return whole;
}

std::shared_ptr<const ColumnPage> IndexSession::page(std::uint32_t page) {
  auto& memo = pages_[page % kMemoSlots];
  if (memo.second && memo.first == page) return memo.second;
  auto found = std::static_pointer_cast<const CachedPage>(
      cache_.find_page(state_.number, state_.base_version, page));
  if (!found) found = load_page(page);
  const ColumnPage* const columns = &found->page;
  memo = {page, std::shared_ptr<const ColumnPage>(std::move(found), columns)};
  return memo.second;
}

std::shared_ptr<const IndexSession::CachedPage> IndexSession::load_page(std::uint32_t page) {
  const auto value = view_.get(Family::document_column, column_key(state_.number, page));
  if (!value) note(value.error());
  auto decoded = value && *value ? ColumnPage::decode(**value) : Result<ColumnPage>(ColumnPage());
  if (!decoded) note(decoded.error());
  if (!value || !decoded) return std::make_shared<const CachedPage>(ColumnPage());
  auto loaded = std::make_shared<const CachedPage>(*std::move(decoded));
  // A number that is out of bounds comes from damage, and would take slots of the cache as well.
  if (page <= page_of(state_.next_ordinal))
    cache_.insert_page(state_.number, state_.base_version, page, loaded);
  return loaded;
}

std::shared_ptr<const OrderDirectory> IndexSession::directory(OrderKind kind) {
  auto& memo = directories_[static_cast<std::size_t>(kind) - 1];
  if (memo) return memo;
  const std::string stored = order_key(state_.number, kind);
  memo =
      cached<OrderDirectory>(cached_key(IndexPart::order, stored), [&]() -> Result<OrderDirectory> {
        const auto value = view_.get(Family::document_order, stored);
        if (!value) return std::unexpected(value.error());
        return *value ? decode_order_directory(**value) : OrderDirectory();
      });
  return memo;
}

std::shared_ptr<const OrderBlock> IndexSession::block(OrderKind kind, std::uint32_t block) {
  auto& memo = blocks_[static_cast<std::size_t>(kind) - 1][block % kMemoSlots];
  if (memo.second && memo.first == block) return memo.second;
  const std::string stored = order_key(state_.number, kind, block);
  memo = {block,
          cached<OrderBlock>(cached_key(IndexPart::order, stored), [&]() -> Result<OrderBlock> {
            const auto value = view_.get(Family::document_order, stored);
            if (!value) return std::unexpected(value.error());
            if (!*value) return fail(Errc::corrupt, "missing block of an order");
            return decode_order_block(**value);
          })};
  return memo.second;
}

std::uint32_t IndexSession::ordinal_at(OrderKind kind, std::uint32_t position) {
  const auto order = directory(kind);
  const std::size_t i = order->block_of(position);
  const auto found = block(kind, order->blocks[i]);
  const std::size_t at = position - order->starts[i];
  if (at < found->ordinals.size()) return found->ordinals[at];
  note({Errc::corrupt, 0, "short block of an order"});
  return 0;
}

std::string encode(const std::vector<ReplacedKey>& keys) {
  Encoder out(kLogFormat);
  out.number(keys.size());
  for (const ReplacedKey& key : keys) out.one_of(key.part).text(key.key);
  return out.take();
}

Result<std::vector<ReplacedKey>> decode_replaced_keys(std::string_view bytes) {
  Decoder in(bytes, kLogFormat);
  std::vector<ReplacedKey> keys;
  for (std::uint64_t i = std::min<std::uint64_t>(in.number(), bytes.size()); i > 0; --i) {
    const auto part = in.one_of(IndexPart::term, IndexPart::order);
    keys.push_back({part, in.text()});
  }
  if (auto read = in.finish("log of the document index"); !read)
    return std::unexpected(read.error());
  for (const ReplacedKey& key : keys)
    if (key.key.size() < 5) return fail(Errc::corrupt, "log of the document index");
  return keys;
}

std::shared_ptr<const ReplacedParts> replaced_parts(std::span<const ReplacedKey> keys) {
  auto parts = std::make_shared<ReplacedParts>();
  for (const ReplacedKey& key : keys) {
    if (key.part == IndexPart::column)
      parts->pages.push_back(page_of_key(key.key));
    else
      parts->keys[cached_key(key.part, key.key)].push_back(key.key);
  }
  std::ranges::sort(parts->pages);
  return parts;
}

std::string log_key(std::uint32_t number, std::uint64_t version) {
  return Key().u32(number).u64(version).take();
}

}  // namespace mooring
