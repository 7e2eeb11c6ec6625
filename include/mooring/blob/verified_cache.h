// VerifiedCache: contents that were read whole and matched their digest, kept where they can be
// sent without being read, hashed and copied again.
//
// Process-wide, in memory that belongs to no disk (uring/page_file.h): what lies here is what was
// verified, whatever happens to the disk or to the page cache after it. Any thread; the mutex is
// held for a few instructions, never over a call of the kernel.
//
//   if (CachedContent hit = cache.find(id)) … send hit->stretch() …
//   CacheFill fill = cache.begin(id, size);   // under the shared guard of the hash; may be empty
//   while: if (fill) fill.append(piece);      // gives up by itself when there is no room
//   if (fill && the digest matched) fill.finish();
//
// Small contents (up to `copied_bytes_max`) lie in the file where they can also be read, because a
// copy of them costs less than a send by reference. Large ones (over 16 MiB) lie in page memory.
//
// What enters: a content up to half of the cache, when it is read for the second time, not long
// after the first: what is read once pays nothing, and a scan over the store pushes nothing out.
// What leaves: what was not sent for long. Memory comes back piece by piece, as much as the next
// piece needs, so that no call is long because a content was large.
//
// I1  What find answers was appended whole and finished, and its bytes never change: it is given
//     back when the last who holds it has let go. What is sent by reference may still wait in a
//     socket then, so its pages are never written again: its place in the file is used once, and
//     page memory that was given back gets new pages. What is copied waits nowhere. Should the file
//     ever have more memory than was written (page_file.h: huge pages), nothing is found or taken
//     in from then on, and nothing of the file given back: what waits in a socket stays whole.
// I2  The pages in use, of whatever is held here, being filled, or still being sent, are never more
//     than `bytes_max`.
// I3  After `drop` nothing of that id is found, and no fill that had begun before is. Called under
//     the exclusive guard when a content is collected: another may get its name.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "mooring/base/blob_id.h"
#include "mooring/base/bytes.h"
#include "mooring/uring/fd.h"
#include "mooring/uring/page_file.h"

namespace mooring {

class VerifiedCache;

/// One content in the cache, for as long as somebody holds it.
class CachedBytes {
 public:
  CachedBytes(VerifiedCache& cache, const FileStretch& place, const std::byte* memory) noexcept
      : cache_(cache), place_(place), memory_(memory) {}
  ~CachedBytes();
  CachedBytes(const CachedBytes&) = delete;
  CachedBytes& operator=(const CachedBytes&) = delete;

  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return place_.size_bytes; }
  /// All of it, if it is to be sent by a copy; else nothing.
  [[nodiscard]] Bytes memory() const noexcept {
    return memory_ == nullptr ? Bytes() : Bytes(memory_, place_.size_bytes);
  }
  /// Where it lies, to be sent by reference if it has no `memory`.
  [[nodiscard]] const FileStretch& stretch() const noexcept { return place_; }

 private:
  friend class CacheFill;
  friend class VerifiedCache;
  VerifiedCache& cache_;
  FileStretch place_;
  const std::byte* memory_;
  std::uint64_t appended_bytes_ = 0;  // its filler's
};
using CachedContent = std::shared_ptr<const CachedBytes>;

/// A content on its way into the cache; given up in the destructor unless it was finished.
/// Move-only, of one thread at a time.
class CacheFill {
 public:
  CacheFill() noexcept = default;
  ~CacheFill() { give_up(); }
  CacheFill(CacheFill&&) noexcept = default;
  CacheFill& operator=(CacheFill&& other) noexcept;

  [[nodiscard]] explicit operator bool() const noexcept { return content_ != nullptr; }
  /// The next bytes of the content, and where they lie now to be sent by reference: valid while
  /// this holds the content, or `content` is held. Nothing if it is to be sent by a copy; nothing,
  /// and the fill is given up, if there is no room.
  std::optional<FileStretch> append(Bytes piece);
  /// All of it was appended and is what it should be: it can be found.
  void finish();
  /// Nothing of it will be found.
  void give_up() noexcept;
  /// What was appended so far stays where it is as long as this is held.
  [[nodiscard]] CachedContent content() const noexcept { return content_; }

 private:
  friend class VerifiedCache;
  CacheFill(const BlobId& id, std::shared_ptr<CachedBytes> content) noexcept
      : id_(id), content_(std::move(content)) {}

  BlobId id_;
  std::shared_ptr<CachedBytes> content_;
};

struct VerifiedCacheNumbers {
  std::uint64_t bytes_max = 0;
  std::uint64_t bytes = 0;     ///< pages in use
  std::uint64_t contents = 0;  ///< that can be found
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t entered = 0;
  std::uint64_t pushed_out = 0;
};

class VerifiedCache {
 public:
  /// 0: holds nothing, ever. So it is where the kernel gives no memory file (logged). What is
  /// larger than `copied_bytes_max` (0 to 1 MiB) is sent by reference; so is all where addresses
  /// are short.
  explicit VerifiedCache(std::uint64_t bytes_max, std::uint64_t copied_bytes_max = 32_KiB);
  ~VerifiedCache();
  VerifiedCache(const VerifiedCache&) = delete;
  VerifiedCache& operator=(const VerifiedCache&) = delete;

  /// Null: not here.
  [[nodiscard]] CachedContent find(const BlobId& id);
  /// Empty: not to be taken in, or not yet, or somebody else is at it.
  [[nodiscard]] CacheFill begin(const BlobId& id, std::uint64_t size_bytes);
  void drop(const BlobId& id);

  [[nodiscard]] std::uint64_t copied_bytes_max() const noexcept { return copied_bytes_max_; }
  [[nodiscard]] VerifiedCacheNumbers numbers() const;

 private:
  friend class CachedBytes;
  friend class CacheFill;
  struct Entry {
    std::shared_ptr<CachedBytes> content;
    std::list<BlobId>::iterator place;  // in by_age_, once it can be found
    bool is_whole = false;
    bool was_sent = false;  // since its last round
  };
  // Slots of one size, for contents over half of it up to it.
  struct Lane {
    std::uint64_t slot_bytes = 0;
    std::uint64_t next_byte = 0, end_byte = 0;  // not used yet
    std::vector<std::uint64_t> free = {};       // first bytes of slots that were
  };
  struct KeyHash {
    std::size_t operator()(const BlobId& id) const noexcept { return id.hash.lo + id.ordinal; }
  };

  // Memory of a content that nobody holds any more, not given back yet.
  struct Left {
    FileStretch stretch;
    std::optional<std::uint64_t> freed_slot;  // its first byte, when all of it is given back
    std::uint64_t content_bytes = 0;
  };
  void make_lanes();
  [[nodiscard]] std::uint64_t add_lane(std::vector<Lane>& lanes, std::uint64_t slot_bytes,
                                       std::uint64_t first_byte) const;
  [[nodiscard]] Left take_of_left(std::uint64_t wanted_bytes);
  void give_back(const FileStretch& stretch) noexcept;
  void free_slot(std::uint64_t first_byte, std::uint64_t content_bytes);
  [[nodiscard]] bool put_in_file(Bytes piece, std::uint64_t first_byte, std::uint64_t more_bytes);
  [[nodiscard]] bool is_of_single_pages() const noexcept;
  [[nodiscard]] Lane* lane_of(std::uint64_t size_bytes) noexcept;
  [[nodiscard]] std::shared_ptr<CachedBytes> place_for(std::uint64_t size_bytes);
  [[nodiscard]] bool claim(std::uint64_t bytes);
  [[nodiscard]] const BlobId& longest_not_sent();
  [[nodiscard]] bool was_read_before(const BlobId& id) noexcept;
  void let_go(const CachedBytes& content) noexcept;
  [[nodiscard]] bool is_of(const BlobId& id, const std::shared_ptr<CachedBytes>& content) const;

  std::uint64_t bytes_max_;
  std::uint64_t copied_bytes_max_;
  Fd file_;
  std::atomic<std::uint64_t> file_bytes_ = 0;  // never less than the kernel has given to it
  std::atomic<bool> is_stopped_ = false;       // the kernel has given more
  std::vector<Lane> copied_;                   // at the beginning of the file, smallest slots first
  PageView view_;                              // of these
  std::vector<Lane> in_memory_;                // as copied_, for what is large
  PageMemory large_;
  mutable std::mutex mutex_;
  std::unordered_map<BlobId, Entry, KeyHash> entries_;
  std::list<BlobId> by_age_;              // youngest first
  std::deque<Left> left_;                 // nobody's, to be given back when room is needed
  std::vector<std::uint64_t> asked_for_;  // marks of what was read once
  std::uint64_t next_byte_ = 0;           // of the file: never used yet
  VerifiedCacheNumbers numbers_;
};

}  // namespace mooring
