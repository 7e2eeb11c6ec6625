// Receiving an upload: from the body's first byte to a file whose size and digest are known.
//
// This is the first half of an upload's life (DESIGN 5); api/store.h is the second. Nothing is
// visible to anybody before the second half commits, and dropping what was received leaves nothing
// behind.
//
// The bytes take one of two ways, chosen by what the head promises:
//   small  the whole body fits into the buffer it arrived in, or one receive buffer: content stays
//   in
//          memory until it is stored;
//   large  content goes through 1 MiB chunks straight to the disk while it arrives
//   (blob/landing.h).
// Content is never copied on the large way but for the part of the first buffer that came with the
// head, and at most 4 KiB per chunk where a multipart delimiter had to be seen first (vow V3).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mooring/api/admission.h"
#include "mooring/api/exchange.h"
#include "mooring/base/blob_id.h"
#include "mooring/base/digest.h"
#include "mooring/blob/landing.h"
#include "mooring/core/semaphore.h"
#include "mooring/http/media_type.h"
#include "mooring/uring/chunk_pool.h"

namespace mooring {

/// A file that was received whole and is not stored yet.
class ReceivedFile {
 public:
  std::string filename;                      ///< by rule X8; may be empty
  std::optional<std::string> declared_type;  ///< the part's Content-Type, as sent
  std::uint64_t size_bytes = 0;
  Hash128 hash;
  SniffedType sniffed = SniffedType::unknown;    ///< by the first bytes
  std::optional<std::array<std::byte, 16>> md5;  ///< if the rules asked for it

  /// The first bytes of the content: all of it while it is in memory, else as many as the rules
  /// asked for.
  [[nodiscard]] Bytes beginning() const noexcept { return landing_ ? Bytes(beginning_) : content_; }

  /// The content while it is in memory: a view into the buffer below or into what came with the
  /// head.
  [[nodiscard]] std::optional<Bytes> content() const noexcept {
    if (landing_) return std::nullopt;
    return content_;
  }
  [[nodiscard]] Landing* landing() noexcept { return landing_.get(); }

 private:
  friend class UploadReceiver;
  Bytes content_;
  std::vector<std::byte> beginning_;
  std::unique_ptr<std::byte[]> buffer_;  ///< bodies up to 64 KiB that did not come with the head
  Permits permits_;                      ///< of the core's chunks; given back after the chunks
  ChunkLease chunk_;                     ///< bodies up to a chunk
  std::unique_ptr<Landing> landing_;

  friend Task<Status> take_made_content(CoreServices& services, Bytes content, const Hash128& hash,
                                        ReceivedFile& file);
  friend Task<void> drop_received(ReceivedFile& file);
  friend void give_back_chunks(ReceivedFile& file);
  friend Task<Status> land_received(CoreServices& services, ReceivedFile& file);
  friend Task<Status> publish_received(CoreServices& services, ReceivedFile& file,
                                       const BlobId& id);
};

struct TextField {
  std::string name;
  std::string value;
};

/// Whether the body may be the file itself, with its name in Content-Disposition or in the query
/// parameter `filename`, instead of a form: the fastest and simplest form for machines. Fields then
/// come as query parameters, which the family reads from the exchange.
enum class RawUploads : std::uint8_t { refused, accepted };

/// Accepted if the declared type says that the body is a picture itself: image/* or
/// application/octet-stream [D]. A form stays a form, and anything else is refused by rule X9.
[[nodiscard]] RawUploads raw_if_image(const RequestHead& head);

struct UploadRules {
  std::string_view file_field = "file";  ///< the multipart name of the file
  RawUploads raw = RawUploads::refused;
  bool wants_md5 = false;            ///< ReceivedFile::md5 is wanted
  std::size_t beginning_bytes = 0;   ///< of a large file, kept in memory: ReceivedFile::beginning
  std::uint64_t file_bytes_max = 0;  ///< inclusive
  std::uint64_t body_bytes_max = 0;  ///< file, other parts and framing together, inclusive
};

struct Upload {
  UploadPlace place = {};  ///< among the uploads in flight, until the answer is made
  std::vector<TextField> fields;
  std::optional<ReceivedFile> file;
  /// With Errc::too_large: the file's bytes, as far as they are known (Content-Length, else seen;
  /// P5).
  std::uint64_t file_bytes_seen = 0;
};

/// Receives the body of `exchange` into `upload`. Files under other names than rules.file_field are
/// read over and dropped. Repr-Digest and Content-Digest (sha-256) and Content-MD5 of the request
/// are verified before anything becomes visible: a digest that is malformed or does not match is
/// `invalid`. After an error `upload` holds no file, and nothing is left behind. Errors, beside
/// those of BodyReader: unsupported_media (not multipart/form-data), invalid (multipart grammar,
/// the file twice, a bad field), too_large (file or body over its limit, too many parts), no_space,
/// io_error.
[[nodiscard]] Task<Status> receive_upload(Exchange& exchange, const UploadRules& rules,
                                          Upload& upload);

/// Gives content that is in memory, but not small enough for a segment, the chunk it can be written
/// from. No guard may be held: it may have to wait for a permit.
[[nodiscard]] Task<Status> land_received(CoreServices& services, ReceivedFile& file);
/// Makes a received file the blob `id` of the file tier; under the exclusive guard of its hash.
[[nodiscard]] Task<Status> publish_received(CoreServices& services, ReceivedFile& file,
                                            const BlobId& id);

/// For a file that is worked on before it is dropped: content in a chunk moves to memory of its
/// own, and chunks and permits are given back, so that whoever works on it may wait for others.
void give_back_chunks(ReceivedFile& file);

/// Gives back what a received file holds. Every received file ends here or in store_file.
[[nodiscard]] Task<void> drop_received(ReceivedFile& file);

}  // namespace mooring
