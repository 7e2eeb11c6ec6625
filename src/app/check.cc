#include "mooring/app/check.h"

#include <map>

#include "mooring/blob/recovery.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/codec.h"
#include "mooring/catalog/document_index_check.h"
#include "store_check.h"

namespace mooring {

namespace {

using Accounts = std::map<SegmentName, SegmentRecord>;

std::string hex_of(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

Result<bool> has_mark(const View& view, const BlobId& id) {
  const Result<Value> mark = view.get(Family::gc, Key().blob(id));
  if (!mark) return std::unexpected(mark.error());
  return mark->has_value();
}

// K3 and K4 of one record.
Status check_blob(StoreCheck& check, const BlobId& id, const BlobRecord& record) {
  const VerifyDepth depth =
      check.depth == CheckDepth::contents ? VerifyDepth::contents : VerifyDepth::names;
  if (const Status verified = verify_blob(check.directory, id, record, depth); !verified)
    check.problem(fmt::format("blob {}: {}", to_string(id), describe(verified.error())));

  const Result<bool> is_referred_to = has_references(check.database, id);
  if (!is_referred_to) return std::unexpected(is_referred_to.error());
  const Result<bool> is_marked = has_mark(check.database, id);
  if (!is_marked) return std::unexpected(is_marked.error());
  if (*is_referred_to && *is_marked)
    check.problem(
        fmt::format("blob {}: marked as garbage, though it has references", to_string(id)));
  if (!*is_referred_to && !*is_marked)
    check.problem(
        fmt::format("blob {}: nothing refers to it, and nothing marks it", to_string(id)));
  return {};
}

Result<Accounts> check_blobs(StoreCheck& check) {
  Accounts accounts;
  const Status visited =
      for_each_entry(check.database, Family::blob, [&](const Entry& entry) -> Status {
        KeyReader key(entry.key);
        const BlobId id = key.blob();
        const Result<BlobRecord> record = decode_blob(entry.value);
        if (!key.finish("key of a blob") || !record) {
          check.problem(fmt::format("record of blob {} is unreadable", hex_of(entry.key)));
          return {};
        }
        ++check.report.blobs;
        check.report.blob_bytes += record->size_bytes;
        if (record->location.tier == Tier::segment) {
          SegmentRecord& account =
              accounts[{record->location.segment_core, record->location.segment_number}];
          account.live_bytes += record->size_bytes;
          ++account.live_count;
        }
        return check_blob(check, id, *record);
      });
  if (!visited) return std::unexpected(visited.error());
  return accounts;
}

// K6. `sums` is what the blob records add up to.
Status check_accounts(StoreCheck& check, Accounts sums) {
  const Status visited =
      for_each_entry(check.database, Family::segment, [&](const Entry& entry) -> Status {
        KeyReader key(entry.key);
        const std::uint16_t core = key.u16();
        const SegmentName name{core, key.u32()};
        const Result<SegmentRecord> account = decode_segment(entry.value);
        if (!key.finish("key of a segment") || !account) {
          check.problem(fmt::format("record of segment {} is unreadable", hex_of(entry.key)));
          return {};
        }
        const SegmentRecord sum = sums[name];
        sums.erase(name);
        if (sum.live_bytes != account->live_bytes || sum.live_count != account->live_count)
          check.problem(fmt::format(
              "segment {}-{}: its account says {} bytes in {} blobs, its blobs are {} bytes in {}",
              name.core, name.number, account->live_bytes, account->live_count, sum.live_bytes,
              sum.live_count));
        return {};
      });
  for (const auto& [name, sum] : sums)
    check.problem(fmt::format("segment {}-{}: {} blobs lie in it, and it has no account", name.core,
                              name.number, sum.live_count));
  return visited;
}

// K7.
Status check_documents(StoreCheck& check) {
  const Result<DocumentIndexReport> report = check_document_index(
      check.database, [&check](const std::string& problem) { check.problem(problem); });
  if (!report) return std::unexpected(report.error());
  check.report.documents = report->documents;
  return {};
}

Status count_garbage(StoreCheck& check) {
  return for_each_entry(check.database, Family::gc, [&](const Entry&) -> Status {
    ++check.report.garbage;
    return {};
  });
}

}  // namespace

Result<CheckReport> check_store(const DataDirectory& directory, const Database& database,
                                CheckDepth depth, const ProblemSink& on_problem) {
  StoreCheck check{directory, database, depth, on_problem};
  if (depth == CheckDepth::contents)
    if (const Status verified = database.verify_checksums(); !verified)
      check.problem(fmt::format("catalogue: {}", describe(verified.error())));

  Result<Accounts> sums = check_blobs(check);
  if (!sums) return std::unexpected(sums.error());
  Status status = check_accounts(check, std::move(*sums));
  if (status) status = check_files(check);
  if (status) status = check_segments(check);
  if (status) status = check_owners(check);
  if (status) status = check_documents(check);
  if (status) status = count_garbage(check);
  if (!status) return std::unexpected(status.error());
  return check.report;
}

}  // namespace mooring
