#include "mooring/api/documents/zip_reader.h"

#include <sys/stat.h>
#include <zip.h>

#include <algorithm>
#include <cstring>

#include "mooring/http/content_disposition.h"
#include "mooring/uring/file.h"

namespace mooring {
namespace {

constexpr std::size_t kWindowBytes = 256_KiB;

// The end of an archive, as libzip looks for it: a record of 22 bytes and a comment behind it.
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kCommentBytesMax = 65'535;
constexpr std::size_t kLocatorBytes = 20;  // of ZIP64, before the record
constexpr std::string_view kEndMark{"PK\x05\x06", 4};
constexpr std::string_view kLocatorMark{"PK\x06\x07", 4};

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;)
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

/// Z3, before libzip allocates what the directory asks for. Whichever of several end records is
/// taken, its directory is small.
Status check_directory_size(ZipSource& source, const ZipLimits& limits) {
  const std::uint64_t size_bytes = source.size_bytes();
  if (size_bytes < kEndBytes) return fail(Errc::invalid, "shorter than an archive");
  std::string tail(
      std::min<std::uint64_t>(size_bytes, kEndBytes + kCommentBytesMax + kLocatorBytes), '\0');
  if (Status read = source.read(std::as_writable_bytes(std::span(tail)), size_bytes - tail.size());
      !read)
    return read;
  const std::string_view text = tail;
  if (text.find(kLocatorMark) != text.npos) return fail(Errc::unprocessable, "a ZIP64 directory");
  bool found = false;
  for (std::size_t at = text.find(kEndMark); at != text.npos; at = text.find(kEndMark, at + 1)) {
    if (text.size() - at < kEndBytes) break;
    const std::string_view record = text.substr(at, kEndBytes);
    const std::uint64_t count = little_endian(record.substr(10, 2));
    const std::uint64_t directory_bytes = little_endian(record.substr(12, 4));
    // Directories count as entries there; they are skipped later, so twice as many may be.
    if (count > 2 * limits.entries_max ||
        directory_bytes > 2 * limits.entries_max * kDirectoryBytesPerEntry)
      return fail(Errc::unprocessable, "an archive with too many entries");
    found = true;
  }
  if (!found) return fail(Errc::invalid, "no archive");
  return {};
}

/// What libzip asks of a source; the state lives as long as the archive.
struct SourceState {
  ZipSource& source;
  std::uint64_t position = 0;
  zip_error_t error = {};
};

zip_int64_t answer_read(SourceState& state, void* data, zip_uint64_t length) {
  const std::uint64_t left = state.source.size_bytes() - state.position;
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(length, left));
  const MutableBytes into(static_cast<std::byte*>(data), wanted);
  if (const Status read = state.source.read(into, state.position); !read) {
    zip_error_set(&state.error, ZIP_ER_READ, read.error().os_error);
    return -1;
  }
  state.position += wanted;
  return static_cast<zip_int64_t>(wanted);
}

zip_int64_t answer_seek(SourceState& state, void* data, zip_uint64_t length) {
  const zip_int64_t position = zip_source_seek_compute_offset(
      state.position, state.source.size_bytes(), data, length, &state.error);
  if (position < 0) return -1;
  state.position = static_cast<std::uint64_t>(position);
  return 0;
}

zip_int64_t answer_stat(const SourceState& state, void* data) {
  auto* stat = static_cast<zip_stat_t*>(data);
  zip_stat_init(stat);
  stat->size = state.source.size_bytes();
  stat->valid = ZIP_STAT_SIZE;
  return sizeof(zip_stat_t);
}

zip_int64_t answer(void* user, void* data, zip_uint64_t length, zip_source_cmd_t command) {
  SourceState& state = *static_cast<SourceState*>(user);
  switch (command) {
    case ZIP_SOURCE_OPEN:
      state.position = 0;
      return 0;
    case ZIP_SOURCE_READ:
      return answer_read(state, data, length);
    case ZIP_SOURCE_SEEK:
      return answer_seek(state, data, length);
    case ZIP_SOURCE_TELL:
      return static_cast<zip_int64_t>(state.position);
    case ZIP_SOURCE_STAT:
      return answer_stat(state, data);
    case ZIP_SOURCE_ERROR:
      return zip_error_to_data(&state.error, data, length);
    case ZIP_SOURCE_SUPPORTS:
      return zip_source_make_command_bitmap(
          ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE, ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR,
          ZIP_SOURCE_FREE, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_SUPPORTS, -1);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
      return 0;
    default:
      zip_error_set(&state.error, ZIP_ER_OPNOTSUPP, 0);
      return -1;
  }
}

/// Added by a Mac beside the files, for itself.
bool is_litter(std::string_view name) {
  constexpr std::string_view kStore = ".DS_Store";
  return name.starts_with("__MACOSX/") || name == kStore ||
         (name.ends_with(kStore) && name[name.size() - kStore.size() - 1] == '/');
}

/// Whether the archive says that an entry is something else than a file: a link, a device.
bool is_special(zip_t* archive, std::uint64_t index) {
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  if (zip_file_get_external_attributes(archive, index, 0, &system, &attributes) != 0) return true;
  if (system != ZIP_OPSYS_UNIX && system != ZIP_OPSYS_OS_X) return false;
  const std::uint32_t type = (attributes >> 16) & S_IFMT;
  return type != 0 && type != S_IFREG;
}

Error error_of(const zip_error_t& error) {
  if (zip_error_code_zip(&error) == ZIP_ER_READ || zip_error_code_zip(&error) == ZIP_ER_SEEK)
    return {Errc::io_error, zip_error_code_system(&error), "reading an archive"};
  return {Errc::invalid, 0, "a broken archive"};
}

}  // namespace

struct ZipReader::Archive {
  explicit Archive(ZipSource& source) : state{source} { zip_error_init(&state.error); }
  ~Archive() {
    if (zip != nullptr) zip_discard(zip);
    zip_error_fini(&state.error);
  }
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  [[nodiscard]] Status open();
  [[nodiscard]] Result<std::optional<ZipEntry>> look_at(std::uint64_t index,
                                                        const ZipLimits& limits);

  SourceState state;
  zip_t* zip = nullptr;
  std::uint64_t packed_bytes = 0;  // of the entries looked at
  std::uint64_t total_bytes = 0;
};

Status ZipMemory::read(MutableBytes into, std::uint64_t offset_bytes) {
  if (!into.empty()) std::memcpy(into.data(), content_.data() + offset_bytes, into.size());
  return {};
}

ZipFile::ZipFile(int fd, std::uint64_t size_bytes) noexcept
    : fd_(fd), size_bytes_(size_bytes), window_(kWindowBytes) {}

Status ZipFile::read(MutableBytes into, std::uint64_t offset_bytes) {
  while (!into.empty()) {
    const bool is_here =
        offset_bytes >= window_offset_ && offset_bytes < window_offset_ + window_bytes_;
    if (!is_here) {
      window_offset_ = offset_bytes / kWindowBytes * kWindowBytes;
      window_bytes_ = 0;
      const Result<std::size_t> filled = read_up_to(fd_, window_.bytes(), window_offset_);
      if (!filled) return std::unexpected(filled.error());
      window_bytes_ = *filled;
      if (offset_bytes >= window_offset_ + window_bytes_)
        return fail(Errc::io_error, "a received archive is too short");
    }
    const std::size_t skip = static_cast<std::size_t>(offset_bytes - window_offset_);
    const std::size_t count = std::min(into.size(), window_bytes_ - skip);
    std::memcpy(into.data(), window_.bytes().data() + skip, count);
    into = into.subspan(count);
    offset_bytes += count;
  }
  return {};
}

Status ZipReader::Archive::open() {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_function_create(answer, &state, &error);
  if (source == nullptr) return fail(Errc::internal, "a source of libzip");
  zip = zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, &error);
  if (zip != nullptr) return {};
  zip_source_free(source);
  const Error reason = error_of(error);
  zip_error_fini(&error);
  return std::unexpected(reason);
}

// Nothing: an entry that is no file and does no harm.
Result<std::optional<ZipEntry>> ZipReader::Archive::look_at(std::uint64_t index,
                                                            const ZipLimits& limits) {
  zip_stat_t stat;
  zip_stat_init(&stat);
  constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
                                   ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if (zip_stat_index(zip, index, ZIP_FL_ENC_GUESS, &stat) != 0 || (stat.valid & kNeeded) != kNeeded)
    return fail(Errc::invalid, "an entry of an archive");
  packed_bytes += stat.comp_size;
  if (packed_bytes > state.source.size_bytes())
    return fail(Errc::unprocessable, "entries that share their bytes");
  const std::string_view name = stat.name;
  if (is_litter(name) || name.ends_with('/')) return std::nullopt;
  if (stat.encryption_method != ZIP_EM_NONE) return fail(Errc::unprocessable, "an encrypted entry");
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)
    return fail(Errc::unprocessable, "a method of compression");
  if (is_special(zip, index)) return fail(Errc::unprocessable, "an entry that is no file");
  if (stat.size > limits.entry_bytes_max) return fail(Errc::unprocessable, "too large an entry");
  if (stat.size > kRatioFreeBytes && stat.size / limits.ratio_max > stat.comp_size)
    return fail(Errc::unprocessable, "an entry that inflates too much");
  total_bytes += stat.size;
  if (total_bytes > limits.total_bytes_max)
    return fail(Errc::unprocessable, "entries too large together");
  Result<std::string> filename = sanitise_filename(name);
  if (!filename) return std::unexpected(filename.error());
  return ZipEntry{*std::move(filename), stat.size, index};
}

Result<ZipReader> ZipReader::open(ZipSource& source, const ZipLimits& limits) {
  if (const Status small = check_directory_size(source, limits); !small)
    return std::unexpected(small.error());
  auto archive = std::make_unique<Archive>(source);
  if (const Status opened = archive->open(); !opened) return std::unexpected(opened.error());
  std::vector<ZipEntry> entries;
  const zip_int64_t count = zip_get_num_entries(archive->zip, 0);
  for (std::uint64_t index = 0; index < static_cast<std::uint64_t>(count); ++index) {
    auto entry = archive->look_at(index, limits);
    if (!entry) return std::unexpected(entry.error());
    if (*entry) entries.push_back(**std::move(entry));
    if (entries.size() > limits.entries_max)
      return fail(Errc::unprocessable, "an archive with too many entries");
  }
  if (entries.empty()) return fail(Errc::unprocessable, "an archive without files");
  return ZipReader(std::move(archive), std::move(entries));
}

ZipReader::ZipReader(std::unique_ptr<Archive> archive, std::vector<ZipEntry> entries) noexcept
    : archive_(std::move(archive)), entries_(std::move(entries)) {}
ZipReader::ZipReader(ZipReader&&) noexcept = default;
ZipReader::~ZipReader() = default;

Result<std::vector<std::byte>> ZipReader::read(const ZipEntry& entry) {
  zip_file_t* file = zip_fopen_index(archive_->zip, entry.index, 0);
  if (file == nullptr) return std::unexpected(error_of(*zip_get_error(archive_->zip)));
  std::vector<std::byte> content(entry.size_bytes);
  std::size_t done = 0;
  zip_int64_t got = 1;
  while (done < content.size() && got > 0) {
    got = zip_fread(file, content.data() + done, content.size() - done);
    if (got > 0) done += static_cast<std::size_t>(got);
  }
  // The end is asked for: it is there that libzip compares the checksum.
  std::byte more{};
  const bool is_whole = done == content.size() && zip_fread(file, &more, 1) == 0;
  const Error error = error_of(*zip_file_get_error(file));
  zip_fclose(file);
  if (!is_whole) return std::unexpected(error);
  return content;
}

}  // namespace mooring
