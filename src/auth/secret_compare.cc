#include "mooring/auth/secret_compare.h"

#include <openssl/crypto.h>

namespace mooring {

bool secret_equal(Bytes a, Bytes b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace mooring
