// Keys: the records of API keys. No text of a key and no secret is here, only hashes.
//
//   Family::key   0 | id 12                                  -> KeyRecord
//                 1 | owner text | kind 1 | id 12             -> (empty): an owner's keys
//                 2 | company text | kind 1 | id 12           -> (empty): a company's keys
//
// A revoked key is gone: its record is erased, so that no reader can forget to look at a mark (K3),
// and because every core reads the catalogue itself, the revocation holds on all cores as soon as
// it is committed.
//
//   I1 a record and its entries come and go together; an empty owner or company has no entry.
//   I2 `last_access_ms` only grows, in steps of at least kKeyAccessStepMs.
//
// Functions that take a Transaction run on the writer; those that take a View run anywhere. All may
// fail with io_error or corrupt besides what is said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/key_kind.h"
#include "mooring/base/result.h"
#include "mooring/catalog/transaction.h"
#include "mooring/catalog/view.h"

namespace mooring {

/// How coarse `last_access_ms` is: a key in use costs at most one small commit per minute.
inline constexpr std::int64_t kKeyAccessStepMs = 60'000;

/// Bounds of what people may write into a record; longer is Errc::invalid.
inline constexpr std::size_t kKeyFieldBytesMax = 255;

struct KeyRecord {
  KeyId id = {};
  KeyKind kind = KeyKind::attachments;
  KeySecretHash secret_hash = {};
  std::string prefix = {};      ///< the key's first five characters, for lists
  std::string owner = {};       ///< an e-mail address; empty only for partner keys
  std::string company_id = {};  ///< never empty for developer keys
  std::string name = {};        ///< what its owner calls it; may be empty
  std::int64_t created_ms = 0;
  std::optional<std::int64_t> last_access_ms = {};  ///< none: never used
  friend bool operator==(const KeyRecord&, const KeyRecord&) = default;
};

[[nodiscard]] std::string encode(const KeyRecord& record);
/// `id` is the record's key, which its value does not repeat.
[[nodiscard]] Result<KeyRecord> decode_key(const KeyId& id, std::string_view bytes);

/// 24 lower-case hex digits, and back; nothing for any other text.
[[nodiscard]] std::string to_string(const KeyId& id);
[[nodiscard]] std::optional<KeyId> key_id_from(std::string_view text) noexcept;

/// One point read.
[[nodiscard]] Result<std::optional<KeyRecord>> find_key(const View& view, const KeyId& id);

/// Which keys a list shows: all conditions that are given.
struct KeyFilter {
  std::optional<KeyKind> kind = {};
  std::optional<std::string> owner = {};       ///< exactly
  std::optional<std::string> company_id = {};  ///< exactly
};

/// Oldest first. Walks only the owner's or the company's keys where one is given, else all.
[[nodiscard]] Result<std::vector<KeyRecord>> list_keys(const View& view, const KeyFilter& filter);

/// Whether `record` may be created: an attachments key needs an owner, a developer key an owner and
/// a company; fields are valid UTF-8 without control characters and at most kKeyFieldBytesMax.
/// Errc::invalid, with a sentence for the operator.
[[nodiscard]] Status check_key(const KeyRecord& record);

/// Fails as check_key; conflict: there is a key of this id (make another one).
[[nodiscard]] Status create_key(Transaction& transaction, const KeyRecord& record);

/// Revokes: the record and its entries go. Returns what it was; nothing if there was none.
[[nodiscard]] Result<std::optional<KeyRecord>> remove_key(Transaction& transaction,
                                                          const KeyId& id);

/// Whether a use at `now_ms` is worth a commit (I2).
[[nodiscard]] bool access_is_due(const KeyRecord& record, std::int64_t now_ms) noexcept;

/// Notes the use of a key; does nothing if it is gone, or was noted within the step.
[[nodiscard]] Status touch_key(Transaction& transaction, const KeyId& id, std::int64_t now_ms);

}  // namespace mooring
