// Renditions: smaller pictures of a stored picture, and whether an upload is a picture at all.
//
// A rendition is named by its original blob and a specification, and belongs to that blob: it is
// made once (api and image wing together), stored as a blob of its own, referred to by
// "rendition/<original>/<specification>" and found through the catalogue
// (catalog/renditions.h). When the original is collected its renditions are dropped in the same
// batch. So a family keeps no list of renditions: it asks by original and specification.
//
// Decoding happens in sandboxed worker processes (image/pool.h), never here. What they are not
// given: anything but JPEG, PNG, WebP and GIF by its first bytes. A BMP is checked by its header
// only and has no renditions: serve the original.
//
// Renditions is a core's half, used on its thread; RenditionWorks is what the cores share: the
// workers, the table that lets one rendition be made once however many ask for it, and what failed.
//
// What a completed rendition_of means: the rendition is stored as durably as an upload, and its
// record is visible.
//
// Errors that callers tell apart:
//   unsupported_media  the original is of a type without renditions: serve it as it is
//   unprocessable      it does not decode, or its picture is over a limit ([renditions])
//   overloaded         the bounded queue of the workers is full, or none can be started: 503 with
//                      Retry-After
//   not_found          the original is not there (any more)
//   internal           the worker crashed, hung or ate its memory; the next order gets a new one
// unprocessable and internal are remembered (image/failures.h): the same rendition of the same
// content, or the same check, gets the same answer at once and costs no worker for a while.
// Further errors are those of storing: no_space, io_error, sync_failed; corrupt if the original is
// damaged.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "mooring/api/rendition_mode.h"
#include "mooring/api/services.h"
#include "mooring/api/upload.h"
#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/core/gate.h"
#include "mooring/core/task.h"
#include "mooring/http/media_type.h"

namespace mooring {

class ImageFailures;
class ImageFlights;
class ImagePool;

/// What a rendition is encoded as. as_source: JPEG, PNG and WebP stay what they are, GIF becomes
/// PNG. The number is part of the key on disk.
enum class RenditionFormat : std::uint8_t { as_source = 0, jpeg = 1, png = 2, webp = 3 };

/// Fitted into the box with its proportions kept, never made larger than the original. Both sides
/// are from 1 to kRenditionSideMax; families use a fixed list of these.
struct RenditionSpec {
  std::uint16_t width_max = 0;
  std::uint16_t height_max = 0;
  RenditionFormat format = RenditionFormat::as_source;
  friend bool operator==(const RenditionSpec&, const RenditionSpec&) = default;
};

inline constexpr std::uint16_t kRenditionSideMax = 4096;

/// A stored rendition; `type` says what it was encoded as (mime_of(type) for Content-Type).
struct Rendition {
  BlobId blob;
  SniffedType type = SniffedType::unknown;
};

/// Whether rendition_of can answer anything but unsupported_media for an original of `type`.
[[nodiscard]] bool has_renditions(SniffedType type) noexcept;

/// The rendition of `original` (whose first bytes are of `type`), made if it is not there. The
/// caller has found `original` in a record of its own, so that it is not collected meanwhile, or
/// takes not_found for an answer.
[[nodiscard]] Task<Result<Rendition>> rendition_of(CoreServices& services, BlobId original,
                                                   SniffedType type, RenditionSpec spec);

/// Call after the commit of an original. With renditions.mode = "eager" they are made now, detached
/// and one after the other; with "lazy" this does nothing. What fails here is made when asked for.
void make_renditions_later(CoreServices& services, const BlobId& original, SniffedType type,
                           std::span<const RenditionSpec> specs);

struct ImageInfo {
  SniffedType type = SniffedType::unknown;
  std::uint32_t width = 0;  ///< as shown, orientation applied
  std::uint32_t height = 0;
};

/// Whether a received file is a picture that decodes from its first to its last row (BMP: whose
/// header is sound). Waits for no rendition: checks have workers of their own. The file stays the
/// caller's. Errors: unprocessable (no picture, of another
/// type, damaged, or over a limit), overloaded, internal, io_error.
[[nodiscard]] Task<Result<ImageInfo>> check_image(CoreServices& services, ReceivedFile& file);

/// What the cores of a server share. Made before the first core, destroyed after the last.
struct RenditionWorks {
  ImagePool& pool;
  ImageFlights& flights;
  ImageFailures& failures;
  RenditionMode mode = RenditionMode::lazy;
};

/// A core's half: the detached work of eager renditions.
class Renditions {
 public:
  Renditions(Core& core, RenditionWorks works) noexcept : works_(works), gate_(core) {}
  Renditions(const Renditions&) = delete;
  Renditions& operator=(const Renditions&) = delete;

  [[nodiscard]] const RenditionWorks& works() const noexcept { return works_; }
  [[nodiscard]] Gate& gate() noexcept { return gate_; }
  /// After the last request has ended: lets the detached work end after its present rendition.
  [[nodiscard]] Task<void> stop();

 private:
  RenditionWorks works_;
  Gate gate_;
};

}  // namespace mooring
