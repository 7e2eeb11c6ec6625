// SweetConnect: what its families (assets, pictures, documents) share: how they refuse, and whose
// an asset is.
//
// The error envelope is rule X1 with the bodies of contract 1.0, byte for byte; what the contract
// does not list (405, 413, 507 …) follows the same style. A Response made here is complete: status,
// body and, on 401, WWW-Authenticate (rule X6). Everything is a pure function or reads the
// catalogue for one request; a core's thread.
//
// Order of the checks in every handler (rules X2 and P13):
//   1  the resource in the path exists           404   owned_asset
//   2  the caller may touch it                   403   check_ownership
//   3  the state allows it                       409   the family
//   4  the head's own limits                     400, 507
//   5  the body                                  400, 413, 415, 422
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "mooring/api/exchange.h"
#include "mooring/api/response.h"
#include "mooring/api/route.h"
#include "mooring/base/result.h"
#include "mooring/catalog/assets.h"
#include "mooring/core/task.h"

namespace mooring {

/// Below "/api/storage/v1", "/v1" and "/api/asset/v1".
extern const Envelope kSweetConnectEnvelope;

/// Statuses that another reading of the contract could change (contract section 6). 409: kConflict
/// in sweetconnect.cc, which holds the whole table.
inline constexpr int kFileTooLargeStatus = 400;     ///< [V], rule P5: not 413
inline constexpr int kInvalidMimeTypeStatus = 400;  ///< [V]

/// The response for an error: the one function from Errc to status and body.
[[nodiscard]] Response refuse(const Error& error);
[[nodiscard]] Response refuse(Errc code);

/// 400 BadRequest with `{"field":"<field>"}` as its extension [D]: which part of a body or query.
[[nodiscard]] Response refuse_field(std::string_view field);

/// 400 InvalidLanguageCode (1.3), with `{"field":"<field>"}` [D].
[[nodiscard]] Response refuse_language(std::string_view field);

/// 422 UnprocessableEntity with `{"entityType":"<entity>"}` [V]: what is named does not exist, or
/// cannot be taken for this.
[[nodiscard]] Response refuse_entity(std::string_view entity);

/// Rule P5: 400 FileTooLarge, sizes in bytes.
[[nodiscard]] Response refuse_file_too_large(std::uint64_t file_bytes,
                                             std::uint64_t file_bytes_max);

/// Rule P8: 400 InvalidMimeType, which names the types that are allowed.
[[nodiscard]] Response refuse_mime_type(std::span<const std::string_view> allowed);

/// Bytes in MB of 1,048,576 with at most two decimals, rounded half up: "10", "12.5", "0.01" (P5).
[[nodiscard]] std::string megabytes(std::uint64_t size_bytes);

/// Whose something is: of an asset, or of what hangs on it.
struct Ownership {
  std::string_view organization;
  const std::optional<std::string>& manufacturer;
};

/// Rule P12 without an organization in the path: `admin` may touch everything; others what is of
/// their own organization; the manufacturer roles also what their organization has made. Else
/// forbidden.
[[nodiscard]] Status check_ownership(const Identity& caller, const Ownership& ownership);
[[nodiscard]] Status check_ownership(const Identity& caller, const AssetRecord& asset);

/// Rule P12 with one: for `admin` an asset of another organization than `path_organization` does
/// not exist (not_found); for others it is forbidden, as is everything that check_ownership
/// forbids.
[[nodiscard]] Status check_ownership(const Identity& caller, const AssetRecord& asset,
                                     std::string_view path_organization);

/// The verified caller. A route that is open to anyone must not ask (CHECK).
[[nodiscard]] const Identity& caller_of(const Exchange& exchange);

/// Segment `index` of the path behind its prefix, from 0: the same for all prefixes of the
/// envelope, so that one handler serves "/v1/pictures/…" and "/api/storage/v1/pictures/…".
[[nodiscard]] std::string_view segment_after_prefix(const PathSegments& path, std::size_t index);

/// The asset whose id is `id_text`, read from memory or on a worker. Any text is looked for: what
/// is no UUID is not_found (1.1), and so is an unknown asset (P11); forbidden by P12; io_error,
/// corrupt.
[[nodiscard]] Task<Result<AssetRecord>> owned_asset(Exchange& exchange, std::string_view id_text);

}  // namespace mooring
