#include "mooring/api/request_digests.h"

#include <algorithm>
#include <string_view>

#include "mooring/core/workers.h"

namespace mooring {

namespace {

// Below this a trip to a worker costs more than the sum.
constexpr std::size_t kInlineBytesMax = 16_KiB;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

Task<void> add_to_checksum(Core& core, Checksum& checksum, Bytes data) {
  if (data.size() <= kInlineBytesMax) {
    checksum.update(data);
    co_return;
  }
  const auto sum = [&checksum, data] {
    checksum.update(data);
    return true;
  };
  (void)co_await core.workers().run(core, sum);
}

Result<RequestDigests> RequestDigests::of(const RequestHead& head) {
  RequestDigests digests;
  for (const std::string_view name : {"content-digest", "repr-digest"})
    if (const auto value = head.find(name))
      if (Status parsed = digests.parse_dictionary(*value); !parsed)
        return std::unexpected(parsed.error());
  if (const auto value = head.find("content-md5"))
    if (Status wanted = want(digests.md5_, ChecksumKind::md5, trimmed(*value)); !wanted)
      return std::unexpected(wanted.error());
  return digests;
}

// A dictionary of RFC 8941 with byte sequences as values: sha-256=:BASE64:, sha-512=:BASE64:
Status RequestDigests::parse_dictionary(std::string_view value) {
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const std::string_view member = trimmed(value.substr(0, comma));
    value.remove_prefix(std::min(comma + 1, value.size()));
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos) return fail(Errc::invalid, "digest field");
    const std::string_view sequence = member.substr(equals + 1);
    if (sequence.size() < 2 || sequence.front() != ':' || sequence.back() != ':')
      return fail(Errc::invalid, "digest field");
    if (!equal_ignoring_case(member.substr(0, equals), "sha-256")) continue;
    Status wanted = want(sha256_, ChecksumKind::sha256, sequence.substr(1, sequence.size() - 2));
    if (!wanted) return wanted;
  }
  return {};
}

Status RequestDigests::want(std::optional<Wanted>& slot, ChecksumKind kind,
                            std::string_view base64) {
  std::optional<std::vector<std::byte>> expected = decode_base64(base64);
  if (!expected || expected->size() != size_of(kind)) return fail(Errc::invalid, "digest field");
  if (slot && slot->expected != *expected) return fail(Errc::invalid, "contradicting digests");
  if (!slot) slot.emplace(Checksum(kind), std::move(*expected));
  return {};
}

Task<void> RequestDigests::update(Core& core, Bytes data) {
  if (sha256_) co_await add_to_checksum(core, sha256_->checksum, data);
  if (md5_) co_await add_to_checksum(core, md5_->checksum, data);
}

Status RequestDigests::verify() {
  for (std::optional<Wanted>* wanted : {&sha256_, &md5_})
    if (*wanted && (*wanted)->checksum.finish() != (*wanted)->expected)
      return fail(Errc::invalid, "a digest that does not match the body");
  return {};
}

}  // namespace mooring
