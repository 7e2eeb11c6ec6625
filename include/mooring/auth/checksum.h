// Checksums that clients know: SHA-256 and MD5 of a stream (OpenSSL).
//
// For digests that a client sends along (RFC 9530, RFC 1864) and for md5_sum of attachments; what
// names stored content is XXH3 (base/digest.h). About 0.5 to 2 GB/s, so long pieces belong on a
// worker. One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/bytes.h"

struct evp_md_ctx_st;

namespace mooring {

enum class ChecksumKind : std::uint8_t { sha256, md5 };

/// Bytes of a finished checksum: 32 or 16.
[[nodiscard]] std::size_t size_of(ChecksumKind kind) noexcept;

class Checksum {
 public:
  explicit Checksum(ChecksumKind kind);
  ~Checksum();
  Checksum(Checksum&&) noexcept;
  Checksum& operator=(Checksum&&) noexcept;

  void update(Bytes data);
  /// Once, at the end.
  [[nodiscard]] std::vector<std::byte> finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// The bytes of padded base64 (RFC 4648 section 4), or nothing.
[[nodiscard]] std::optional<std::vector<std::byte>> decode_base64(std::string_view text);

}  // namespace mooring
