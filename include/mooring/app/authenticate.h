// Authenticator: from the credentials in a head to an identity, in the way that the route takes.
//
//   Caller::bearer        Authorization: Bearer <JWT>          auth/bearer.h
//   Caller::api_key       X-API-Key: <attachments key>
//   Caller::partner_keys  X-API-Key: <partner key>  and  Authorization: <developer key>, raw or
//                         after "Bearer "; identifies the developer key's owner and company
//
// One per core, used on its thread; what it refers to outlives it. Keys are looked up by the core's
// Reader and remembered only while no batch has changed any key record (auth/key_cache.h), so that
// a key is dead on all cores from the moment its revocation is committed.
//
// What a completed call means: the credentials were proved at some moment during the call.
//
// Invariants:
//   I1  a text that is no key of the wanted kind is refused without a look-up (K1);
//   I2  an unknown key and a wrong secret take the same steps: one read, one compare (K5);
//   I3  no credential, nor a part of its secret, reaches a log or an error (K7);
//   I4  a use is noted off the response's path, at most once per minute and key, and is never what
//       a request fails for;
//   I5  good credentials pass, however many bad ones came before them (K6): bad ones are counted by
//       address and by the key that they name, and only they are answered with 429.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "mooring/app/throttle.h"
#include "mooring/auth/identity.h"
#include "mooring/auth/jwt.h"
#include "mooring/auth/key_cache.h"
#include "mooring/auth/policy.h"
#include "mooring/auth/token_cache.h"
#include "mooring/base/key_kind.h"
#include "mooring/base/result.h"
#include "mooring/catalog/keys.h"
#include "mooring/core/core.h"
#include "mooring/core/gate.h"
#include "mooring/core/task.h"
#include "mooring/http/request_head.h"

namespace mooring {

class Reader;
class Writer;

/// Uses waiting to be noted, of one core; further ones are noted by a later request.
inline constexpr std::size_t kNotedUsesMax = 64;

class Authenticator {
 public:
  Authenticator(Core& core, Reader& reader, Writer& writer, const TokenVerifier& verifier,
                TokenCache& tokens, KeyCache& keys, Throttle& guesses) noexcept
      : core_(core),
        reader_(reader),
        writer_(writer),
        verifier_(verifier),
        tokens_(tokens),
        keys_(keys),
        guesses_(guesses),
        gate_(core) {}
  Authenticator(const Authenticator&) = delete;
  Authenticator& operator=(const Authenticator&) = delete;

  /// The caller of `head`, which came from the address `peer`; both stay in place until this is
  /// answered. Null where the policy takes nobody's credentials, and where it is optional and they
  /// are absent or bad. Errors: unauthenticated; throttled: so many bad ones before (I5); invalid:
  /// a key and a bearer token at once on a route that takes one of them (K8); io_error, corrupt:
  /// the catalogue.
  [[nodiscard]] Task<Result<IdentityPtr>> authenticate(const RequestHead& head,
                                                       const Policy& policy, std::string_view peer);

  /// Waits until the uses under way are noted; later ones are not.
  [[nodiscard]] Task<void> stop();

 private:
  struct ProvedKeys {
    IdentityPtr identity;
    std::int64_t due_ms = 0;  // when the next use of one of them is to be noted
  };

  [[nodiscard]] Task<Result<IdentityPtr>> from_keys(const RequestHead& head, Caller caller);
  [[nodiscard]] Task<Result<ProvedKeys>> prove_api_key(std::string_view text);
  [[nodiscard]] Task<Result<ProvedKeys>> prove_partner_keys(const KeyCredentials& shown);
  [[nodiscard]] Task<Result<KeyRecord>> prove(std::string_view text, KeyKind kind);
  [[nodiscard]] bool may_guess(const RequestHead& head, Caller caller, std::string_view peer);
  void note_use(const KeyRecord& record);
  [[nodiscard]] Task<void> commit_use(KeyId id, std::int64_t now_ms);

  Core& core_;
  Reader& reader_;
  Writer& writer_;
  const TokenVerifier& verifier_;
  TokenCache& tokens_;
  KeyCache& keys_;
  Throttle& guesses_;
  Gate gate_;
  std::vector<KeyId> noting_;
};

}  // namespace mooring
