#include "mooring/auth/checksum.h"

#include <openssl/evp.h>

#include "mooring/base/check.h"

namespace mooring {

std::size_t size_of(ChecksumKind kind) noexcept {
  return kind == ChecksumKind::sha256 ? 32 : 16;
}

void Checksum::Free::operator()(evp_md_ctx_st* context) const noexcept {
  EVP_MD_CTX_free(context);
}

Checksum::Checksum(ChecksumKind kind) : context_(EVP_MD_CTX_new()) {
  const EVP_MD* const type = kind == ChecksumKind::sha256 ? EVP_sha256() : EVP_md5();
  const bool ready = context_ && EVP_DigestInit_ex(context_.get(), type, nullptr) == 1;
  MOORING_CHECK(ready, "OpenSSL has no such digest");
}

Checksum::~Checksum() = default;
Checksum::Checksum(Checksum&&) noexcept = default;
Checksum& Checksum::operator=(Checksum&&) noexcept = default;

void Checksum::update(Bytes data) {
  MOORING_CHECK(EVP_DigestUpdate(context_.get(), data.data(), data.size()) == 1, "digest update");
}

std::vector<std::byte> Checksum::finish() {
  std::vector<std::byte> sum(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  auto* const out = reinterpret_cast<unsigned char*>(sum.data());
  MOORING_CHECK(EVP_DigestFinal_ex(context_.get(), out, &size) == 1, "digest end");
  sum.resize(size);
  return sum;
}

std::optional<std::vector<std::byte>> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > 1024) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  std::vector<std::byte> bytes(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0 || text.substr(0, text.size() - padding).find('=') != std::string_view::npos)
    return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

}  // namespace mooring
