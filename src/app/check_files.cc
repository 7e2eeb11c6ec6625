#include "store_check.h"

#include "mooring/catalog/blobs.h"
#include "mooring/catalog/codec.h"

namespace mooring {

namespace {

// Names that a crash can leave behind: unfinished landings, the probe of the file system, a file
// that was about to replace a leftover.
bool is_unfinished(std::string_view name) {
  return name.starts_with("landing-") || name == "probe" || name.ends_with(".new");
}

// Whether the catalogue names a file for `id`: a record, or a mark whose unlink is still to come.
Result<bool> is_owned(const View& view, const BlobId& id) {
  const Result<std::optional<BlobRecord>> record = find_blob(view, id);
  if (!record) return std::unexpected(record.error());
  if (*record) return (*record)->location.tier == Tier::file;
  const Result<Value> mark = view.get(Family::gc, Key().blob(id));
  if (!mark) return std::unexpected(mark.error());
  return mark->has_value();
}

Status check_name(StoreCheck& check, unsigned shard, const std::string& name) {
  const std::string path = fmt::format("blobs/{:02x}/{}", shard, name);
  ++check.report.files;
  if (is_unfinished(name)) {
    check.unowned(path + ": an unfinished upload");
    return {};
  }
  const std::optional<BlobId> id = parse_blob_id(name);
  if (!id || DataDirectory::shard_of(id->hash) != shard) {
    check.problem(path + ": no name of ours at this place");
    return {};
  }
  const Result<bool> owned = is_owned(check.database, *id);
  // An unreadable record has been told where the records were read.
  if (!owned && owned.error().code == Errc::corrupt) return {};
  if (!owned) return std::unexpected(owned.error());
  if (!*owned) check.unowned(path + ": no record names it");
  return {};
}

Status check_shard(StoreCheck& check, unsigned shard) {
  const Result<std::vector<std::string>> names = list_directory(check.directory.shard_fd(shard));
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names)
    if (const Status checked = check_name(check, shard, name); !checked) return checked;
  return {};
}

bool is_shard_name(std::string_view name) {
  return name.size() == 2 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Status check_files(StoreCheck& check) {
  const Result<std::vector<std::string>> names = list_directory(check.directory.blobs_fd());
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    if (is_shard_name(name)) continue;
    ++check.report.files;
    if (is_unfinished(name))
      check.unowned("blobs/" + name + ": an unfinished upload");
    else
      check.problem("blobs/" + name + ": no name of ours at this place");
  }
  for (unsigned shard = 0; shard < kBlobShards; ++shard)
    if (const Status checked = check_shard(check, shard); !checked) return checked;
  return {};
}

}  // namespace mooring
