#include "mooring/blob/verified_cache.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "mooring/base/check.h"
#include "mooring/base/fault.h"
#include "mooring/base/log.h"

namespace mooring {

namespace {

// What is let go is punched out at once up to here; of more, as much as room is needed for.
constexpr std::uint64_t kPunchedAtOnceMax = 1_MiB;

// From here on a content lies in page memory. It may leave a page of it half empty.
constexpr std::uint64_t kLargeBytes = 16_MiB;

// Marks of contents that were read once: so many as contents of this size fill the cache.
constexpr std::uint64_t kContentBytes = 16_KiB;
constexpr std::uint64_t kMarksMin = 4096, kMarksMax = 262'144;

// So many contents get another round before one is pushed out that was sent since: a call ends.
constexpr int kSparedMax = 64;

// So often the file has to have more memory than was written until that is believed.
constexpr int kLooks = 16;

std::uint64_t pages_of(std::uint64_t size_bytes) {
  return round_up(size_bytes, kBlockBytes);
}

// The memory that the first `size_bytes` of what lies at `place` take.
std::uint64_t memory_of(const FileStretch& place, std::uint64_t size_bytes) {
  return place.memory != nullptr ? round_up(size_bytes, PageMemory::kPageBytes)
                                 : pages_of(size_bytes);
}

}  // namespace

CachedBytes::~CachedBytes() {
  cache_.let_go(*this);
}

CacheFill& CacheFill::operator=(CacheFill&& other) noexcept {
  if (this != &other) {
    give_up();
    id_ = other.id_;
    content_ = std::move(other.content_);
  }
  return *this;
}

// Pages are claimed before they are written, and the last piece's page is claimed whole: pieces
// before the last end with a page, or go on in the page of the one before.
std::optional<FileStretch> CacheFill::append(Bytes piece) {
  MOORING_CHECK(content_ && piece.size() <= content_->place_.size_bytes - content_->appended_bytes_,
                "more than the content goes into the cache");
  VerifiedCache& cache = content_->cache_;
  const std::uint64_t before = content_->appended_bytes_;
  FileStretch place = content_->place_;
  const std::uint64_t wanted = memory_of(place, before + piece.size()) - memory_of(place, before);
  place.first_byte += before;
  place.size_bytes = piece.size();
  const bool is_copied = content_->memory_ != nullptr;
  if (!cache.claim(wanted)) {
    give_up();
    return std::nullopt;
  }
  content_->appended_bytes_ += piece.size();
  if (place.memory != nullptr) {
    cache.large_.put(piece, place.first_byte);
  } else if (!cache.put_in_file(piece, place.first_byte, wanted)) {
    give_up();
    return std::nullopt;
  }
  if (is_copied) return std::nullopt;
  return place;
}

void CacheFill::finish() {
  MOORING_CHECK(content_ && content_->appended_bytes_ == content_->place_.size_bytes,
                "a content in the cache with a hole");
  VerifiedCache& cache = content_->cache_;
  // Let go after the mutex: the entry, or who sends it, holds it.
  const std::shared_ptr<CachedBytes> held = std::move(content_);
  const std::lock_guard lock(cache.mutex_);
  if (cache.is_of(id_, held)) {
    VerifiedCache::Entry& entry = cache.entries_.find(id_)->second;
    entry.is_whole = true;
    cache.by_age_.push_front(id_);
    entry.place = cache.by_age_.begin();
    ++cache.numbers_.entered;
  }
}

void CacheFill::give_up() noexcept {
  if (!content_) return;
  VerifiedCache& cache = content_->cache_;
  const std::shared_ptr<CachedBytes> held = std::move(content_);
  const std::lock_guard lock(cache.mutex_);
  if (cache.is_of(id_, held)) cache.entries_.erase(id_);
}

VerifiedCache::VerifiedCache(std::uint64_t bytes_max, std::uint64_t copied_bytes_max)
    : bytes_max_(bytes_max), copied_bytes_max_(copied_bytes_max) {
  if (bytes_max_ == 0) return;
  Result<Fd> file = make_page_file();
  if (!file) {
    log_warning("blob", "no cache of contents: {}", describe(file.error()));
    bytes_max_ = 0;
    return;
  }
  file_ = std::move(*file);
  asked_for_.resize(std::clamp(bytes_max_ / kContentBytes, kMarksMin, kMarksMax));
  make_lanes();
}

// Lanes take addresses, not memory. A content takes more than half of its slot, and so a lane that
// is twice as long as the cache is large never runs short of slots for what is in the cache.
void VerifiedCache::make_lanes() {
  for (std::uint64_t slot = kBlockBytes; slot / 2 < copied_bytes_max_; slot *= 2)
    next_byte_ = add_lane(copied_, slot, next_byte_);
  Result<PageView> view = PageView::of(file_.get(), next_byte_);
  if (view) {
    view_ = std::move(*view);
  } else {
    log_warning("blob", "no contents are sent by a copy: {}", describe(view.error()));
    copied_.clear();
  }
  std::uint64_t large_bytes = 0;
  for (std::uint64_t slot = 2 * kLargeBytes; slot / 2 < bytes_max_ / 2; slot *= 2)
    large_bytes = add_lane(in_memory_, slot, large_bytes);
  Result<PageMemory> memory = PageMemory::of(large_bytes);
  if (memory) {
    large_ = std::move(*memory);
  } else {
    log_warning("blob", "no huge pages for contents: {}", describe(memory.error()));
    in_memory_.clear();
  }
}

// Returns where it ends. One more slot, for a content of which only a part was given back yet.
std::uint64_t VerifiedCache::add_lane(std::vector<Lane>& lanes, std::uint64_t slot_bytes,
                                      std::uint64_t first_byte) const {
  const std::uint64_t end = first_byte + (2 * bytes_max_ / slot_bytes + 1) * slot_bytes;
  lanes.push_back({.slot_bytes = slot_bytes, .next_byte = first_byte, .end_byte = end});
  return end;
}

VerifiedCache::~VerifiedCache() {
  entries_.clear();
}

CachedContent VerifiedCache::find(const BlobId& id) {
  // Faults that a test has armed lie on the long way.
  if (bytes_max_ == 0 || is_stopped_ || detail::faults_armed) return nullptr;
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end() || !found->second.is_whole) {
    ++numbers_.misses;
    return nullptr;
  }
  ++numbers_.hits;
  found->second.was_sent = true;
  return found->second.content;
}

CacheFill VerifiedCache::begin(const BlobId& id, std::uint64_t size_bytes) {
  const std::uint64_t wanted = pages_of(size_bytes);
  if (wanted == 0 || wanted > bytes_max_ / 2 || is_stopped_ || detail::faults_armed) return {};
  const std::lock_guard lock(mutex_);
  if (entries_.contains(id)) return {};
  if (!was_read_before(id)) return {};
  std::shared_ptr<CachedBytes> content = place_for(size_bytes);
  if (!content) return {};
  entries_.emplace(id, Entry{.content = content, .place = {}, .is_whole = false});
  return {id, std::move(content)};
}

// Null: what lies in the file, each time at another place.
VerifiedCache::Lane* VerifiedCache::lane_of(std::uint64_t size_bytes) noexcept {
  const bool is_copied = size_bytes <= copied_bytes_max_;
  if (!is_copied && size_bytes <= kLargeBytes) return nullptr;
  for (Lane& lane : is_copied ? copied_ : in_memory_)
    if (size_bytes <= lane.slot_bytes) return &lane;
  return nullptr;
}

// Null: so many fills of this size are under way that their places are used up.
std::shared_ptr<CachedBytes> VerifiedCache::place_for(std::uint64_t size_bytes) {
  FileStretch place{.fd = file_.get(), .first_byte = next_byte_, .size_bytes = size_bytes};
  Lane* const lane = lane_of(size_bytes);
  if (lane == nullptr) {
    next_byte_ += pages_of(size_bytes);
    return std::make_shared<CachedBytes>(*this, place, nullptr);
  }
  if (!lane->free.empty()) {
    place.first_byte = lane->free.back();
    lane->free.pop_back();
  } else {
    if (lane->next_byte == lane->end_byte) return nullptr;
    place.first_byte = lane->next_byte;
    lane->next_byte += lane->slot_bytes;
  }
  if (size_bytes <= copied_bytes_max_)
    return std::make_shared<CachedBytes>(*this, place, view_.at(place.first_byte));
  place.fd = -1;
  place.memory = large_.begin();
  return std::make_shared<CachedBytes>(*this, place, nullptr);
}

void VerifiedCache::drop(const BlobId& id) {
  std::shared_ptr<CachedBytes> dropped;  // let go after the mutex
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  if (found->second.is_whole) by_age_.erase(found->second.place);
  dropped = std::move(found->second.content);
  entries_.erase(found);
}

// Takes pages for a piece of a fill: free ones, then those that nobody wants any more, then those
// of what was not sent for longest.
bool VerifiedCache::claim(std::uint64_t bytes) {
  std::vector<Left> given_back;
  bool is_claimed = false;
  while (true) {
    std::shared_ptr<CachedBytes> pushed_out;  // let go after the mutex
    const std::lock_guard lock(mutex_);
    while (numbers_.bytes + bytes > bytes_max_ && !left_.empty())
      given_back.push_back(take_of_left(numbers_.bytes + bytes - bytes_max_));
    if (numbers_.bytes + bytes <= bytes_max_) {
      numbers_.bytes += bytes;
      is_claimed = true;
      break;
    }
    if (by_age_.empty()) break;
    const auto oldest = entries_.find(longest_not_sent());
    pushed_out = std::move(oldest->second.content);
    by_age_.erase(oldest->second.place);
    entries_.erase(oldest);
    ++numbers_.pushed_out;
  }
  for (const Left& left : given_back) give_back(left.stretch);
  if (given_back.empty()) return is_claimed;
  const std::lock_guard lock(mutex_);
  for (const Left& left : given_back)
    if (left.freed_slot) free_slot(*left.freed_slot, left.content_bytes);
  return is_claimed;
}

// As much of the first of them as is wanted, in whole pages; with the last of it goes its slot.
VerifiedCache::Left VerifiedCache::take_of_left(std::uint64_t wanted_bytes) {
  Left& first = left_.front();
  Left taken = first;
  taken.stretch.size_bytes =
      std::min(first.stretch.size_bytes, memory_of(first.stretch, wanted_bytes));
  first.stretch.first_byte += taken.stretch.size_bytes;
  first.stretch.size_bytes -= taken.stretch.size_bytes;
  numbers_.bytes -= taken.stretch.size_bytes;
  if (first.stretch.size_bytes == 0)
    left_.pop_front();
  else
    taken.freed_slot.reset();
  return taken;
}

void VerifiedCache::give_back(const FileStretch& stretch) noexcept {
  if (stretch.memory != nullptr) {
    large_.give_back(stretch.first_byte, stretch.size_bytes);
  } else if (!is_stopped_) {
    punch_out(stretch.fd, stretch.first_byte, stretch.size_bytes);
    file_bytes_ -= stretch.size_bytes;
  }
}

// `more_bytes`: of memory, for the pages of the piece that are new.
bool VerifiedCache::put_in_file(Bytes piece, std::uint64_t first_byte, std::uint64_t more_bytes) {
  file_bytes_ += more_bytes;
  if (!put_in_pages(file_.get(), piece, first_byte)) return false;
  if (is_of_single_pages()) return true;
  if (!is_stopped_.exchange(true))
    log_warning("blob",
                "no cache of contents until the next start: the kernel began to give huge pages to "
                "memory files (transparent_hugepage/shmem_enabled)");
  return false;
}

// Others write and give back meanwhile: what is wrong stays wrong, what only looks so does not.
bool VerifiedCache::is_of_single_pages() const noexcept {
  for (int look = 0; look < kLooks; ++look) {
    const std::uint64_t before = file_bytes_;
    const std::uint64_t found = page_file_bytes(file_.get());
    if (found <= std::max(before, file_bytes_.load())) return true;
  }
  return false;
}

void VerifiedCache::free_slot(std::uint64_t first_byte, std::uint64_t content_bytes) {
  if (Lane* const lane = lane_of(content_bytes)) lane->free.push_back(first_byte);
}

// What was sent since this looked at it last gets another round. A hit only sets a flag for that: a
// list in the order of use would cost it three more lines of memory.
const BlobId& VerifiedCache::longest_not_sent() {
  for (int round = 0; round < kSparedMax; ++round) {
    Entry& oldest = entries_.find(by_age_.back())->second;
    if (!std::exchange(oldest.was_sent, false)) break;
    by_age_.splice(by_age_.begin(), by_age_, oldest.place);
  }
  return by_age_.back();
}

// A mark stays until another takes its place: about as many contents later as there are marks.
bool VerifiedCache::was_read_before(const BlobId& id) noexcept {
  std::uint64_t& mark = asked_for_[id.hash.lo % asked_for_.size()];
  const bool was = mark == id.hash.hi;
  mark = was ? 0 : id.hash.hi;
  return was;
}

// Nobody holds it any more.
void VerifiedCache::let_go(const CachedBytes& content) noexcept {
  FileStretch place = content.place_;
  place.size_bytes = memory_of(place, content.appended_bytes_);
  const bool at_once = place.size_bytes <= kPunchedAtOnceMax;
  if (at_once && place.size_bytes > 0) give_back(place);
  const std::lock_guard lock(mutex_);
  if (at_once) {
    numbers_.bytes -= place.size_bytes;
    free_slot(place.first_byte, content.size_bytes());
  } else {
    left_.push_back({place, place.first_byte, content.size_bytes()});
  }
}

bool VerifiedCache::is_of(const BlobId& id, const std::shared_ptr<CachedBytes>& content) const {
  const auto found = entries_.find(id);
  return found != entries_.end() && found->second.content == content;
}

VerifiedCacheNumbers VerifiedCache::numbers() const {
  const std::lock_guard lock(mutex_);
  VerifiedCacheNumbers numbers = numbers_;
  numbers.bytes_max = bytes_max_;
  numbers.contents = by_age_.size();
  return numbers;
}

}  // namespace mooring
