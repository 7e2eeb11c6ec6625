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

// Marks of contents that were read once: so many as contents of this size fill the cache.
constexpr std::uint64_t kContentBytes = 16_KiB;
constexpr std::uint64_t kMarksMin = 4096, kMarksMax = 262'144;

// So many contents get another round before one is pushed out that was sent since: a call ends.
constexpr int kSparedMax = 64;

std::uint64_t pages_of(std::uint64_t size_bytes) {
  return round_up(size_bytes, kBlockBytes);
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
  const std::uint64_t wanted = pages_of(before + piece.size()) - pages_of(before);
  const FileStretch place{content_->place_.fd, content_->place_.first_byte + before, piece.size()};
  if (!cache.claim(wanted)) {
    give_up();
    return std::nullopt;
  }
  content_->appended_bytes_ += piece.size();
  if (!put_in_pages(place.fd, piece, place.first_byte)) {
    give_up();
    return std::nullopt;
  }
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

VerifiedCache::VerifiedCache(std::uint64_t bytes_max) : bytes_max_(bytes_max) {
  if (bytes_max_ == 0) return;
  Result<Fd> file = make_page_file();
  if (!file) {
    log_warning("blob", "no cache of contents: {}", describe(file.error()));
    bytes_max_ = 0;
    return;
  }
  file_ = std::move(*file);
  asked_for_.resize(std::clamp(bytes_max_ / kContentBytes, kMarksMin, kMarksMax));
}

VerifiedCache::~VerifiedCache() {
  entries_.clear();
}

CachedContent VerifiedCache::find(const BlobId& id) {
  // Faults that a test has armed lie on the long way.
  if (bytes_max_ == 0 || detail::faults_armed) return nullptr;
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
  if (wanted == 0 || wanted > bytes_max_ / 2 || detail::faults_armed) return {};
  const std::lock_guard lock(mutex_);
  if (entries_.contains(id)) return {};
  if (!was_read_before(id)) return {};
  auto content =
      std::make_shared<CachedBytes>(*this, FileStretch{file_.get(), next_byte_, size_bytes});
  next_byte_ += wanted;
  entries_.emplace(id, Entry{.content = content, .place = {}, .is_whole = false});
  return {id, std::move(content)};
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
  std::vector<FileStretch> punched;
  bool is_claimed = false;
  while (true) {
    std::shared_ptr<CachedBytes> pushed_out;  // let go after the mutex
    const std::lock_guard lock(mutex_);
    while (numbers_.bytes + bytes > bytes_max_ && !left_.empty()) {
      FileStretch& first = left_.front();
      const std::uint64_t size =
          std::min(first.size_bytes, pages_of(numbers_.bytes + bytes - bytes_max_));
      punched.push_back({first.fd, first.first_byte, size});
      first.first_byte += size;
      first.size_bytes -= size;
      if (first.size_bytes == 0) left_.pop_front();
      numbers_.bytes -= size;
    }
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
  for (const FileStretch& stretch : punched)
    punch_out(stretch.fd, stretch.first_byte, stretch.size_bytes);
  return is_claimed;
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
  const FileStretch& place = content.place_;
  const std::uint64_t used_bytes = pages_of(content.appended_bytes_);
  const bool at_once = used_bytes <= kPunchedAtOnceMax;
  if (at_once && used_bytes > 0) punch_out(place.fd, place.first_byte, used_bytes);
  const std::lock_guard lock(mutex_);
  if (at_once)
    numbers_.bytes -= used_bytes;
  else
    left_.push_back({place.fd, place.first_byte, used_bytes});
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
