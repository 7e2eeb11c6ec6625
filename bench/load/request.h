// Requests as bytes: what is the same for all requests of an operation is made once, and the rest
// is put together from pieces that stay where they are.
//
// A RequestBuilder writes the few hundred bytes of a head into strings that are used again; a
// WireCursor then walks over head, part heads, content and framing, and hands out slices that are
// sent by one gathered send each. Nothing copies content.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "load/content.h"
#include "load/scenario.h"

namespace mooring {

/// One request, ready to be sent. Used again from request to request.
struct OutgoingRequest {
  std::string head;        ///< request line to empty line
  std::string before;      ///< of the entity, in front of the content
  std::string_view after;  ///< of the entity, behind the content
  Content content;
  BodyForm body = BodyForm::none;
  BodyFraming framing = BodyFraming::length;
  std::uint64_t chunk_bytes = 0;

  /// Part heads and content.
  [[nodiscard]] std::uint64_t entity_bytes() const noexcept {
    return body == BodyForm::none ? 0 : before.size() + content.size_bytes + after.size();
  }
};

/// A part of a download: from here on, if the content has still this ETag.
struct ResumeFrom {
  std::uint64_t offset_bytes = 0;
  std::string_view etag = {};
};

class RequestBuilder {
 public:
  /// `operation` outlives this.
  RequestBuilder(const LoadOperation& operation, std::string_view host, ConnectionUse use);

  /// `values.path` is the path, rendered. A body takes `content`.
  void build(OutgoingRequest& out, const TemplateValues& values, const Content& content) const;
  /// A GET of `path` with the same headers: for reading back, and for what a resumed download still
  /// needs.
  void build_get(OutgoingRequest& out, std::string_view path, const ResumeFrom& from) const;

 private:
  void begin(OutgoingRequest& out, std::string_view method, std::string_view path) const;

  const LoadOperation& operation_;
  std::string lines_;    // Host and the header lines of the operation
  std::string ending_;   // Content-Type and Connection lines, as far as they are always the same
  std::string fields_;   // the text parts of a form and the beginning of the file's part
  std::string closing_;  // the end of a form
};

class WireCursor {
 public:
  static constexpr std::size_t kPiecesMax = 12;

  /// Pieces to be sent in one go.
  struct Slice {
    std::array<iovec, kPiecesMax> pieces;
    std::size_t count = 0;
    std::uint64_t size_bytes = 0;
  };

  /// `request` and `pattern` stay put as long as slices are used.
  WireCursor(const OutgoingRequest& request, const ContentPattern& pattern) noexcept
      : request_(request), pattern_(pattern), entity_bytes_(request.entity_bytes()) {}

  [[nodiscard]] bool done() const noexcept { return done_; }
  /// The next bytes: the head with the first of them, then at least one and up to about
  /// `size_bytes_max` of the entity. Not when done. Valid until the next call.
  [[nodiscard]] Slice next(std::uint64_t size_bytes_max) noexcept;
  /// How much of the entity has been handed out.
  [[nodiscard]] std::uint64_t entity_sent() const noexcept { return entity_at_; }

 private:
  void add_entity(Slice& slice, std::uint64_t size_bytes_max) noexcept;
  [[nodiscard]] Bytes entity_piece() const noexcept;

  const OutgoingRequest& request_;
  const ContentPattern& pattern_;
  std::uint64_t entity_bytes_;
  std::uint64_t entity_at_ = 0;
  bool head_sent_ = false;
  bool done_ = false;
  std::array<char, 24> chunk_line_;
};

}  // namespace mooring
