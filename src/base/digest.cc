#include "mooring/base/digest.h"

#include <fmt/format.h>
// Inlined, so that XXH3 is compiled for the CPU of the build (AVX2); the shared library has SSE2
// only.
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace mooring {

namespace {

Hash128 from_xxh(XXH128_hash_t hash) {
  return {hash.high64, hash.low64};
}

}  // namespace

std::string to_hex(const Hash128& hash) {
  return fmt::format("{:016x}{:016x}", hash.hi, hash.lo);
}

Hash128 xxh3_128(Bytes data) noexcept {
  return from_xxh(XXH3_128bits(data.data(), data.size()));
}

std::uint64_t xxh3_64(Bytes data) noexcept {
  return XXH3_64bits(data.data(), data.size());
}

struct StreamHash::State {
  XXH3_state_t xxh;  // 64-byte aligned, which operator new respects
};

StreamHash::StreamHash() : state_(std::make_unique<State>()) {
  reset();
}

StreamHash::~StreamHash() = default;
StreamHash::StreamHash(StreamHash&&) noexcept = default;
StreamHash& StreamHash::operator=(StreamHash&&) noexcept = default;

void StreamHash::reset() noexcept {
  XXH3_128bits_reset(&state_->xxh);
}

void StreamHash::update(Bytes data) noexcept {
  XXH3_128bits_update(&state_->xxh, data.data(), data.size());
}

Hash128 StreamHash::finish() const noexcept {
  return from_xxh(XXH3_128bits_digest(&state_->xxh));
}

}  // namespace mooring
