#include "mooring/catalog/partner_assets.h"

#include <algorithm>

#include "mooring/base/check.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

constexpr std::uint8_t kPartnerAssetFormat = 1;
constexpr std::uint8_t kCountFormat = 1;
constexpr std::size_t kSkippedAtOnce = 1'000;  // entries of a walk to the start of a page

std::string record_key(const Uuid& id) {
  return Key().uuid(id).take();
}

/// The key of a company's count, which begins the keys of its entries and so stands before them.
std::string company_key(std::string_view company_id) {
  return Key().text(company_id).take();
}

std::string entry_key(const PartnerAssetRecord& record) {
  return Key()
      .text(record.company_id)
      .u64(static_cast<std::uint64_t>(record.created_ms))
      .uuid(record.id)
      .take();
}

Result<Uuid> id_of_entry(std::string_view key) {
  KeyReader in(key);
  (void)in.text();
  (void)in.u64();
  const Uuid id = in.uuid();
  if (auto read = in.finish("partner asset entry"); !read) return std::unexpected(read.error());
  return id;
}

Result<std::uint64_t> count_of(const View& view, std::string_view company_id) {
  const auto value = view.get(Family::company_asset, company_key(company_id));
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::uint64_t{0};
  Decoder in(**value, kCountFormat);
  const std::uint64_t count = in.number();
  if (auto read = in.finish("partner asset count"); !read) return std::unexpected(read.error());
  return count;
}

void put_count(Transaction& transaction, std::string_view company_id, std::uint64_t count) {
  if (count == 0)
    transaction.erase(Family::company_asset, company_key(company_id));
  else
    transaction.put(Family::company_asset, company_key(company_id),
                    Encoder(kCountFormat).number(count).take());
}

/// The last key before the page that begins after `start` entries; nothing if there is no page.
Result<std::optional<std::string>> key_before_page(const View& view, const std::string& company,
                                                   std::uint64_t start) {
  std::string last = company;
  while (start > 0) {
    const auto limit = static_cast<std::size_t>(std::min<std::uint64_t>(start, kSkippedAtOnce));
    const auto skipped = view.scan({.family = Family::company_asset,
                                    .prefix = company,
                                    .start = last,
                                    .start_key = StartKey::excluded,
                                    .limit = limit});
    if (!skipped) return std::unexpected(skipped.error());
    if (skipped->size() < limit) return std::nullopt;
    last = skipped->back().key;
    start -= limit;
  }
  return last;
}

}  // namespace

std::string encode(const PartnerAssetRecord& record) {
  return Encoder(kPartnerAssetFormat)
      .uuid(record.id)
      .text(record.company_id)
      .signed_number(record.created_ms)
      .signed_number(record.modified_ms)
      .flag(record.deleted)
      .text(record.name)
      .text(record.extension)
      .one_of(record.type)
      .one_of(record.access)
      .text(record.filename)
      .text(record.media_type)
      .blob(record.blob)
      .number(record.size_bytes)
      .take();
}

Result<PartnerAssetRecord> decode_partner_asset(std::string_view bytes) {
  Decoder in(bytes, kPartnerAssetFormat);
  PartnerAssetRecord record;
  record.id = in.uuid();
  record.company_id = in.text();
  record.created_ms = in.signed_number();
  record.modified_ms = in.signed_number();
  record.deleted = in.flag();
  record.name = in.text();
  record.extension = in.text();
  record.type = in.one_of(PartnerAssetType::photo, PartnerAssetType::kml);
  record.access = in.one_of(PartnerAccess::open, PartnerAccess::secured);
  record.filename = in.text();
  record.media_type = in.text();
  record.blob = in.blob();
  record.size_bytes = in.number();
  if (auto read = in.finish("partner asset record"); !read) return std::unexpected(read.error());
  return record;
}

std::string partner_asset_owner(const Uuid& id) {
  return "partner/" + to_string(id);
}

Result<std::optional<PartnerAssetRecord>> find_partner_asset(const View& view, const Uuid& id) {
  const auto value = view.get(Family::partner_asset, record_key(id));
  if (!value) return std::unexpected(value.error());
  if (!*value) return std::nullopt;
  return decode_partner_asset(**value);
}

Result<PartnerAssetPage> list_partner_assets(const View& view, std::string_view company_id,
                                             std::uint64_t start, std::size_t limit) {
  const Result<std::uint64_t> total = count_of(view, company_id);
  if (!total) return std::unexpected(total.error());
  PartnerAssetPage page{.total = *total, .assets = {}};
  if (start >= page.total) return page;

  const std::string company = company_key(company_id);
  const auto before = key_before_page(view, company, start);
  if (!before) return std::unexpected(before.error());
  if (!*before) return page;
  const auto entries = view.scan({.family = Family::company_asset,
                                  .prefix = company,
                                  .start = **before,
                                  .start_key = StartKey::excluded,
                                  .limit = limit});
  if (!entries) return std::unexpected(entries.error());
  for (const Entry& entry : *entries) {
    const Result<Uuid> id = id_of_entry(entry.key);
    if (!id) return std::unexpected(id.error());
    auto asset = find_partner_asset(view, *id);
    if (!asset) return std::unexpected(asset.error());
    // Two reads are two moments: what was deleted between them is not on the page.
    if (*asset && !(*asset)->deleted) page.assets.push_back(**std::move(asset));
  }
  return page;
}

Status create_partner_asset(Transaction& transaction, const PartnerAssetRecord& record) {
  MOORING_CHECK(!record.deleted, "what is created is not deleted");
  const auto present = find_partner_asset(transaction, record.id);
  if (!present) return std::unexpected(present.error());
  if (*present) return fail(Errc::exists, "partner asset under an id that is taken");
  const Result<std::uint64_t> count = count_of(transaction, record.company_id);
  if (!count) return std::unexpected(count.error());
  transaction.put(Family::partner_asset, record_key(record.id), encode(record));
  transaction.put(Family::company_asset, entry_key(record), {});
  put_count(transaction, record.company_id, *count + 1);
  return add_reference(transaction, record.blob, partner_asset_owner(record.id));
}

Result<PartnerAssetRecord> delete_partner_asset(Transaction& transaction, const Uuid& id,
                                                std::int64_t now_ms) {
  auto present = find_partner_asset(transaction, id);
  if (!present) return std::unexpected(present.error());
  if (!*present || (*present)->deleted) return fail(Errc::not_found, "partner asset to delete");
  PartnerAssetRecord record = **std::move(present);
  const Result<std::uint64_t> count = count_of(transaction, record.company_id);
  if (!count) return std::unexpected(count.error());
  if (*count == 0) return fail(Errc::corrupt, "count of a company's assets");
  record.deleted = true;
  record.modified_ms = std::max(now_ms, record.modified_ms);  // the wall clock may go back
  transaction.put(Family::partner_asset, record_key(id), encode(record));
  transaction.erase(Family::company_asset, entry_key(record));
  put_count(transaction, record.company_id, *count - 1);
  const Status dropped = drop_reference(transaction, record.blob, partner_asset_owner(id), now_ms);
  if (!dropped) return std::unexpected(dropped.error());
  return record;
}

}  // namespace mooring
