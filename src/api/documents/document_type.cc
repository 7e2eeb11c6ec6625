#include "mooring/api/documents/document_type.h"

#include <magic.h>

#include <algorithm>
#include <array>
#include <memory>

#include "mooring/api/documents/language.h"
#include "mooring/api/documents/type_signs.h"
#include "mooring/base/log.h"
#include "mooring/http/media_type.h"

namespace mooring {
namespace {

constexpr std::string_view kSomeBytes = "application/octet-stream";
constexpr std::string_view kZip = "application/zip";
constexpr std::size_t kTypeTextBytesMax = 127;  // RFC 6838 section 4.2

struct CloseMagic {
  void operator()(magic_t magic) const noexcept { ::magic_close(magic); }
};
using Magic = std::unique_ptr<std::remove_pointer_t<magic_t>, CloseMagic>;

/// Loaded once per thread: a cookie serves one thread at a time.
Magic load_magic() {
  // Neither devices nor other programs nor the insides of compressed files are looked at.
  constexpr int kFlags = MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF;
  Magic magic(::magic_open(kFlags));
  if (magic && ::magic_load(magic.get(), nullptr) == 0) return magic;
  log_warning("documents", "libmagic has no database: types are told by signatures alone");
  return nullptr;
}

/// Types whose content shows them: they are not believed where it does not.
bool shows_in_its_bytes(std::string_view type) {
  return type.starts_with("image/") || type.starts_with("audio/") || type.starts_with("video/") ||
         type == "application/pdf" || type == "text/html" || is_archive_type(type);
}

/// What clients declare when they do not know.
bool says_nothing(std::string_view type) {
  return type == kSomeBytes || type == "application/x-www-form-urlencoded" ||
         type.starts_with("multipart/");
}

/// Whether bytes that are `detected` can well be a `declared`.
bool may_be(std::string_view detected, std::string_view declared) {
  if (detected == kSomeBytes || detected == "text/plain")
    return !says_nothing(declared) && !shows_in_its_bytes(declared);
  // Office formats are ZIP archives inside.
  if (detected == kZip)
    return declared.starts_with("application/vnd.") || declared.ends_with("+zip");
  return false;
}

SniffedType sniffed(Bytes beginning) {
  return sniff(beginning.first(std::min(beginning.size(), kSniffBytes)));
}

/// "type/subtype" or "type/*"; a star anywhere else would mean nothing.
bool is_type_or_range(std::string_view text) {
  std::string essence(text);
  if (essence.ends_with("/*")) essence.back() = 'x';
  return essence.find('*') == essence.npos && parse_media_type(essence).has_value();
}

}  // namespace

std::string detect_media_type(Bytes beginning) {
  const SniffedType by_signature = sniffed(beginning);
  if (by_signature != SniffedType::unknown) return std::string(mime_of(by_signature));
  thread_local const Magic magic = load_magic();
  if (!magic) return std::string(kSomeBytes);
  const Bytes looked_at = beginning.first(std::min(beginning.size(), kTypeBytes));
  const char* found = ::magic_buffer(magic.get(), looked_at.data(), looked_at.size());
  const Result<MediaType> type = parse_media_type(found != nullptr ? found : "");
  return type ? type->essence : std::string(kSomeBytes);
}

std::string document_media_type(std::string_view detected,
                                const std::optional<std::string>& declared) {
  if (declared) {
    const Result<MediaType> type = parse_media_type(*declared);
    if (type && type->essence.size() <= kTypeTextBytesMax && may_be(detected, type->essence))
      return type->essence;
  }
  return std::string(detected.size() <= kTypeTextBytesMax ? detected : kSomeBytes);
}

std::optional<std::string> obvious_media_type(Bytes beginning,
                                              const std::optional<std::string>& declared) {
  const SniffedType by_signature = sniffed(beginning);
  if (by_signature != SniffedType::unknown) return std::string(mime_of(by_signature));
  if (!declared) return {};
  std::string believed = document_media_type(kSomeBytes, declared);
  if (believed == kSomeBytes || shows_type_signs(beginning)) return {};
  return believed;
}

bool is_archive_type(std::string_view media_type) noexcept {
  constexpr std::array kArchives = std::to_array<std::string_view>(
      {kZip, "application/gzip", "application/x-7z-compressed", "application/x-bzip2",
       "application/x-rar", "application/vnd.rar", "application/x-tar", "application/x-xz",
       "application/zstd", "application/java-archive", "application/x-iso9660-image"});
  return std::ranges::find(kArchives, media_type) != kArchives.end();
}

Result<AllowedTypes> AllowedTypes::parse(std::string_view text) {
  constexpr std::string_view kSeparators = " ,\t\n";
  AllowedTypes allowed;
  while (true) {
    const std::size_t first = text.find_first_not_of(kSeparators);
    if (first == text.npos) return allowed;
    text.remove_prefix(first);
    const std::size_t end = std::min(text.find_first_of(kSeparators), text.size());
    std::string type = lower_ascii(text.substr(0, end));
    if (!is_type_or_range(type)) return fail(Errc::invalid, "a media type");
    allowed.types_.push_back(std::move(type));
    text.remove_prefix(end);
  }
}

bool AllowedTypes::allows(std::string_view media_type) const noexcept {
  if (types_.empty()) return true;
  return std::ranges::any_of(types_, [media_type](std::string_view type) {
    if (type.ends_with("/*")) return media_type.starts_with(type.substr(0, type.size() - 1));
    return type == media_type;
  });
}

std::vector<std::string_view> AllowedTypes::list() const {
  return {types_.begin(), types_.end()};
}

}  // namespace mooring
