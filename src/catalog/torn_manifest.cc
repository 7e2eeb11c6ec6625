#include "torn_manifest.h"

#include <fcntl.h>

#include <fstream>
#include <iterator>

#include "mooring/base/bytes.h"
#include "mooring/uring/fd.h"
#include "mooring/uring/file.h"

namespace mooring {
namespace {

constexpr std::size_t kBlockBytesOfLog = 32'768;
constexpr std::size_t kHeaderBytes = 7;  // checksum 4, size 2, type 1
constexpr std::size_t kSectorBytes = 512;
constexpr char kWhole = 1, kFirst = 2;  // types of records that begin an entry

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<Fd> open_for_change(const std::filesystem::path& path) {
  Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return std::unexpected(error_from_errno(errno, "open of the MANIFEST"));
  return file;
}

}  // namespace

std::optional<std::uint64_t> end_of_whole_records(std::string_view log) {
  const std::size_t last = log.find_last_not_of('\0');
  if (last == std::string_view::npos) return std::nullopt;
  const std::size_t unwritten = round_up(last + 1, kSectorBytes);
  std::size_t entry = 0;
  for (std::size_t at = 0; at < unwritten && at + kHeaderBytes <= log.size();) {
    const std::size_t left = kBlockBytesOfLog - at % kBlockBytesOfLog;
    if (left < kHeaderBytes) {
      at += left;
      continue;
    }
    const auto low = static_cast<std::uint8_t>(log[at + 4]);
    const auto high = static_cast<std::uint8_t>(log[at + 5]);
    const char type = log[at + 6];
    if (type == kWhole || type == kFirst) entry = at;
    const std::size_t end = at + kHeaderBytes + low + std::size_t{256} * high;
    if (end > unwritten && unwritten < log.size()) return entry;
    at = end;
  }
  return std::nullopt;
}

std::optional<TornManifest> find_torn_manifest(const std::filesystem::path& directory) {
  std::string name = text_of(directory / "CURRENT");
  while (!name.empty() && name.back() == '\n') name.pop_back();
  if (!name.starts_with("MANIFEST-") || name.contains('/')) return std::nullopt;
  const std::string log = text_of(directory / name);
  const auto end = end_of_whole_records(log);
  if (!end) return std::nullopt;
  return TornManifest{directory / name, *end, log.substr(*end)};
}

Status cut_off(const TornManifest& manifest) {
  Result<Fd> file = open_for_change(manifest.path);
  if (!file) return std::unexpected(file.error());
  if (Status cut = truncate_file(file->get(), manifest.whole_bytes); !cut) return cut;
  return sync_data(file->get());
}

Status put_back(const TornManifest& manifest) {
  Result<Fd> file = open_for_change(manifest.path);
  if (!file) return std::unexpected(file.error());
  Status written = write_all(file->get(), as_bytes(manifest.torn), manifest.whole_bytes);
  if (!written) return written;
  return sync_data(file->get());
}

}  // namespace mooring
