#include "mooring/catalog/keys.h"

#include <algorithm>
#include <cstring>

#include "mooring/base/utf8.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr char kByOwner = 1;
constexpr char kByCompany = 2;

std::string_view raw(const KeyId& id) noexcept {
  return {reinterpret_cast<const char*>(id.data()), id.size()};
}

std::string record_key(const KeyId& id) {
  return Key().raw(std::string_view("\0", 1)).raw(raw(id)).take();
}

// The beginning of all entries of one owner or one company, and of one kind if that is given.
std::string list_prefix(char list, std::string_view of, std::optional<KeyKind> kind) {
  Key key;
  key.raw(std::string_view(&list, 1)).text(of);
  if (kind) {
    const char byte = static_cast<char>(*kind);
    key.raw(std::string_view(&byte, 1));
  }
  return key.take();
}

std::string list_key(char list, std::string_view of, const KeyRecord& record) {
  return list_prefix(list, of, record.kind).append(raw(record.id));
}

// Every key of Family::key ends in the id.
Result<KeyId> id_at_end(std::string_view key) {
  KeyId id;
  if (key.size() < id.size() + 1) return fail(Errc::corrupt, "key of a key record");
  std::memcpy(id.data(), key.data() + key.size() - id.size(), id.size());
  return id;
}

bool matches(const KeyRecord& record, const KeyFilter& filter) {
  return (!filter.kind || record.kind == *filter.kind) &&
         (!filter.owner || record.owner == *filter.owner) &&
         (!filter.company_id || record.company_id == *filter.company_id);
}

std::string prefix_of(const KeyFilter& filter) {
  if (filter.owner) return list_prefix(kByOwner, *filter.owner, filter.kind);
  if (filter.company_id) return list_prefix(kByCompany, *filter.company_id, filter.kind);
  return std::string(1, '\0');
}

// The record that an entry of a list, or of the records themselves, stands for.
Result<std::optional<KeyRecord>> record_of(const View& view, const Entry& entry) {
  const Result<KeyId> id = id_at_end(entry.key);
  if (!id) return std::unexpected(id.error());
  if (entry.key.front() != '\0') return find_key(view, *id);
  return decode_key(*id, entry.value);
}

bool is_plain(std::string_view text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  return text.size() <= kKeyFieldBytesMax && valid_utf8(text) &&
         std::ranges::none_of(text, is_control);
}

}  // namespace

Result<std::optional<KeyRecord>> find_key(const View& view, const KeyId& id) {
  const auto value = view.get(Family::key, record_key(id));
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  return decode_key(id, **value);
}

Result<std::vector<KeyRecord>> list_keys(const View& view, const KeyFilter& filter) {
  std::vector<KeyRecord> records;
  const std::string prefix = prefix_of(filter);
  ScanRange range{.family = Family::key, .prefix = prefix};
  std::string last;
  while (true) {
    const auto page = view.scan(range);
    if (!page) return std::unexpected(page.error());
    for (const Entry& entry : *page) {
      auto record = record_of(view, entry);
      if (!record) return std::unexpected(record.error());
      if (*record && matches(**record, filter)) records.push_back(**std::move(record));
    }
    if (page->size() < range.limit) break;
    last = page->back().key;
    range.start = last;
    range.start_key = StartKey::excluded;
  }
  std::ranges::sort(records, [](const KeyRecord& a, const KeyRecord& b) {
    return std::pair(a.created_ms, a.id) < std::pair(b.created_ms, b.id);
  });
  return records;
}

Status check_key(const KeyRecord& record) {
  if (record.kind != KeyKind::partner && record.owner.empty())
    return fail(Errc::invalid, "a key of this kind needs an owner");
  if (record.kind == KeyKind::developer && record.company_id.empty())
    return fail(Errc::invalid, "a developer key needs a company");
  if (!is_plain(record.owner) || !is_plain(record.company_id) || !is_plain(record.name))
    return fail(Errc::invalid,
                "owner, company and name: UTF-8 without control characters, 255 bytes at most");
  return {};
}

Status create_key(Transaction& transaction, const KeyRecord& record) {
  if (Status checked = check_key(record); !checked) return checked;
  const auto present = find_key(transaction, record.id);
  if (!present) return std::unexpected(present.error());
  if (*present) return fail(Errc::conflict, "a key of this id");
  transaction.put(Family::key, record_key(record.id), encode(record));
  if (!record.owner.empty())
    transaction.put(Family::key, list_key(kByOwner, record.owner, record), "");
  if (!record.company_id.empty())
    transaction.put(Family::key, list_key(kByCompany, record.company_id, record), "");
  return {};
}

Result<std::optional<KeyRecord>> remove_key(Transaction& transaction, const KeyId& id) {
  auto present = find_key(transaction, id);
  if (!present || !*present) return present;
  transaction.erase(Family::key, record_key(id));
  if (!(*present)->owner.empty())
    transaction.erase(Family::key, list_key(kByOwner, (*present)->owner, **present));
  if (!(*present)->company_id.empty())
    transaction.erase(Family::key, list_key(kByCompany, (*present)->company_id, **present));
  return present;
}

bool access_is_due(const KeyRecord& record, std::int64_t now_ms) noexcept {
  return !record.last_access_ms || now_ms - *record.last_access_ms >= kKeyAccessStepMs;
}

Status touch_key(Transaction& transaction, const KeyId& id, std::int64_t now_ms) {
  auto present = find_key(transaction, id);
  if (!present) return std::unexpected(present.error());
  if (!*present || !access_is_due(**present, now_ms)) return {};
  (*present)->last_access_ms = now_ms;
  transaction.put(Family::key, record_key(id), encode(**present));
  return {};
}

}  // namespace mooring
