#include "key_buckets.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace mooring {
namespace {

using rocksdb::KeyHandle;
using rocksdb::MemTableRep;
using rocksdb::Slice;

// A node has one level more than another with a chance of one in four: 4^3 keys on one path.
constexpr std::size_t kLevels = 4;
constexpr std::size_t kTagBytes = 8;  // what RocksDB puts behind a user key: sequence and type
constexpr std::size_t kHeadsBytesMin = 512;

struct Node;
using Link = std::atomic<Node*>;

// Followed by its links, one a level, and by the entry: RocksDB's key and value.
struct Node {
  std::uint64_t first_bits;
  std::uint64_t levels;

  [[nodiscard]] Link* links() noexcept { return reinterpret_cast<Link*>(this + 1); }
  [[nodiscard]] char* entry() noexcept { return reinterpret_cast<char*>(links() + levels); }
  [[nodiscard]] Node* next() noexcept { return links()[0].load(std::memory_order_acquire); }
};
static_assert(sizeof(Node) % alignof(Link) == 0);

/// The first eight bytes, so that numbers are ordered as keys are; missing ones are zeros.
std::uint64_t first_bits(const Slice& user_key) noexcept {
  std::array<unsigned char, 8> bytes{};
  std::copy_n(user_key.data(), std::min(user_key.size(), bytes.size()), bytes.data());
  return __builtin_bswap64(std::bit_cast<std::uint64_t>(bytes));
}

Slice user_key_of(const Slice& internal_key) {
  return {internal_key.data(), internal_key.size() - kTagBytes};
}

/// What says which thread this is, for as long as it runs.
const void* this_thread() noexcept {
  thread_local char place;
  return &place;
}

class KeyBuckets final : public MemTableRep {
 public:
  KeyBuckets(const KeyComparator& compare, rocksdb::Allocator* allocator, unsigned bucket_bits);
  ~KeyBuckets() override;

  KeyHandle Allocate(std::size_t size_bytes, char** entry) override;
  void Insert(KeyHandle handle) override;
  bool Contains(const char* entry) const override;
  std::size_t ApproximateMemoryUsage() override { return 0; }  // all of it is the allocator's
  Iterator* GetIterator(rocksdb::Arena* arena) override;
  Iterator* GetDynamicPrefixIterator(rocksdb::Arena* arena) override;

  class Cursor;
  class Lookup;

 private:
  // Where an iterator of an arena lies (I3).
  struct Place;

  [[nodiscard]] void* allocate_aligned(std::size_t size_bytes);
  [[nodiscard]] std::size_t random_levels() noexcept;
  [[nodiscard]] Place& take_place();

  [[nodiscard]] std::size_t buckets() const noexcept { return std::size_t{1} << bucket_bits_; }
  [[nodiscard]] std::size_t bucket_of(std::uint64_t bits) const noexcept {
    return static_cast<std::size_t>(bits >> (64 - bucket_bits_));
  }
  [[nodiscard]] Link* head(std::size_t bucket) const noexcept { return heads_ + bucket * kLevels; }
  [[nodiscard]] static std::size_t word_of(std::size_t bucket) noexcept { return bucket / 64; }

  template <typename Key>
  [[nodiscard]] bool is_before(Node& node, std::uint64_t bits, const Key& key) const {
    if (node.first_bits != bits) return node.first_bits < bits;
    return compare_(node.entry(), key) < 0;
  }
  /// Where a key belongs on a level: behind `before`, in front of `next`, as both were seen at
  /// once.
  struct Gap {
    Link* before;
    Node* next;
  };
  template <typename Key>
  [[nodiscard]] Gap gap_of(Link* from, std::size_t level, std::uint64_t bits, const Key& key) const;
  [[nodiscard]] Node* first_not_before(const Slice& internal_key) const;
  [[nodiscard]] Node* last_before(Node& node) const;
  [[nodiscard]] Node* first_from(std::size_t bucket) const noexcept;
  [[nodiscard]] Node* last_until(std::size_t bucket) const noexcept;

  const KeyComparator& compare_;
  const unsigned bucket_bits_;
  Link* heads_;  // kLevels of each bucket
  // A bit for each bucket that is not empty, so that a walk over a table of few keys is short.
  std::atomic<std::uint64_t>* occupied_;
  std::uint64_t random_ = 0x9e3779b97f4a7c15;
  std::atomic<Place*> places_{nullptr};
};

class KeyBuckets::Cursor : public MemTableRep::Iterator {
 public:
  explicit Cursor(const KeyBuckets& table, Place* place = nullptr) noexcept
      : table_(table), place_(place) {}
  ~Cursor() override;

  bool Valid() const override { return node_ != nullptr; }
  const char* key() const override { return node_->entry(); }
  void Next() override {
    Node* const next = node_->next();
    node_ = next ? next : table_.first_from(table_.bucket_of(node_->first_bits) + 1);
  }
  void Prev() override { node_ = table_.last_before(*node_); }
  void Seek(const Slice& internal_key, const char* /*entry*/) override {
    node_ = table_.first_not_before(internal_key);
  }
  void SeekForPrev(const Slice& internal_key, const char* /*entry*/) override {
    node_ = table_.first_not_before(internal_key);
    if (node_ == nullptr) SeekToLast();
    // More than one step back, if keys have come in between since.
    while (node_ != nullptr && table_.compare_(node_->entry(), internal_key) > 0) Prev();
  }
  void SeekToFirst() override { node_ = table_.first_from(0); }
  void SeekToLast() override { node_ = table_.last_until(table_.buckets()); }

 private:
  const KeyBuckets& table_;
  Place* const place_;
  Node* node_ = nullptr;
};

// Lies in memory of its thread, which nobody frees (I4).
class KeyBuckets::Lookup final : public Cursor {
 public:
  using Cursor::Cursor;
  static void operator delete(void* /*memory*/) noexcept {}
};

struct KeyBuckets::Place {
  alignas(Cursor) std::array<std::byte, sizeof(Cursor)> memory{};
  const void* thread = nullptr;
  bool is_taken = false;  // looked at and changed by its thread only
  Place* next = nullptr;
};

KeyBuckets::KeyBuckets(const KeyComparator& compare, rocksdb::Allocator* allocator,
                       unsigned bucket_bits)
    : MemTableRep(allocator), compare_(compare), bucket_bits_(bucket_bits) {
  const std::size_t links = buckets() * kLevels;
  heads_ = static_cast<Link*>(allocate_aligned(links * sizeof(Link)));
  std::uninitialized_value_construct_n(heads_, links);
  const std::size_t words = word_of(buckets() - 1) + 1;
  occupied_ = static_cast<std::atomic<std::uint64_t>*>(allocate_aligned(words * sizeof *occupied_));
  std::uninitialized_value_construct_n(occupied_, words);
}

KeyBuckets::~KeyBuckets() {
  for (Place* place = places_.load(std::memory_order_acquire); place != nullptr;)
    delete std::exchange(place, place->next);
}

void* KeyBuckets::allocate_aligned(std::size_t size_bytes) {
  std::size_t room_bytes = size_bytes + alignof(Node) - 1;
  char* memory = nullptr;
  (void)MemTableRep::Allocate(room_bytes, &memory);
  void* start = memory;
  return std::align(alignof(Node), size_bytes, start, room_bytes);
}

// A random number of Marsaglia's xorshift; two of its bits decide about a level.
std::size_t KeyBuckets::random_levels() noexcept {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  std::size_t levels = 1;
  for (std::uint64_t bits = random_ >> 32; levels < kLevels && bits % 4 == 0; bits /= 4) ++levels;
  return levels;
}

KeyHandle KeyBuckets::Allocate(std::size_t size_bytes, char** entry) {
  const std::size_t levels = random_levels();
  void* const memory = allocate_aligned(sizeof(Node) + levels * sizeof(Link) + size_bytes);
  Node* const node = new (memory) Node{.first_bits = 0, .levels = levels};
  std::uninitialized_value_construct_n(node->links(), levels);
  *entry = node->entry();
  return node;
}

void KeyBuckets::Insert(KeyHandle handle) {
  Node& node = *static_cast<Node*>(handle);
  const char* const entry = node.entry();
  node.first_bits = first_bits(UserKey(entry));
  std::array<Link*, kLevels> places;
  Link* before = head(bucket_of(node.first_bits));
  for (std::size_t level = kLevels; level-- > 0;) {
    before = gap_of(before, level, node.first_bits, entry).before;
    places[level] = &before[level];
  }
  // Seen by whoever may see the key: RocksDB tells of it only afterwards.
  const std::size_t bucket = bucket_of(node.first_bits);
  occupied_[word_of(bucket)].fetch_or(std::uint64_t{1} << bucket % 64, std::memory_order_relaxed);
  for (std::size_t level = 0; level < node.levels; ++level) {
    node.links()[level].store(places[level]->load(std::memory_order_relaxed),
                              std::memory_order_relaxed);
    places[level]->store(&node, std::memory_order_release);  // I1
  }
}

bool KeyBuckets::Contains(const char* entry) const {
  Node* const node = first_not_before(compare_.decode_key(entry));
  return node != nullptr && compare_(node->entry(), entry) == 0;
}

// `next` is the node that was compared. A look at the link again could find one that has come
// since, a newer version of the key, which whoever asks may not see yet.
template <typename Key>
KeyBuckets::Gap KeyBuckets::gap_of(Link* from, std::size_t level, std::uint64_t bits,
                                   const Key& key) const {
  while (true) {
    Node* const next = from[level].load(std::memory_order_acquire);
    if (next == nullptr || !is_before(*next, bits, key)) return {from, next};
    from = next->links();
  }
}

Node* KeyBuckets::first_not_before(const Slice& internal_key) const {
  const std::uint64_t bits = first_bits(user_key_of(internal_key));
  const std::size_t bucket = bucket_of(bits);
  Gap gap{.before = head(bucket), .next = nullptr};
  for (std::size_t level = kLevels; level-- > 0;)
    gap = gap_of(gap.before, level, bits, internal_key);
  return gap.next != nullptr ? gap.next : first_from(bucket + 1);
}

Node* KeyBuckets::last_before(Node& node) const {
  const std::size_t bucket = bucket_of(node.first_bits);
  const char* const entry = node.entry();
  Link* const first = head(bucket);
  Link* before = first;
  for (std::size_t level = kLevels; level-- > 0;)
    before = gap_of(before, level, node.first_bits, entry).before;
  return before == first ? last_until(bucket) : reinterpret_cast<Node*>(before) - 1;
}

/// The first node of `bucket` or of one behind it.
Node* KeyBuckets::first_from(std::size_t bucket) const noexcept {
  while (bucket < buckets()) {
    const std::uint64_t mask = ~std::uint64_t{0} << bucket % 64;
    const std::uint64_t word = occupied_[word_of(bucket)].load(std::memory_order_relaxed) & mask;
    if (word == 0) {
      bucket = (word_of(bucket) + 1) * 64;
      continue;
    }
    bucket = word_of(bucket) * 64 + static_cast<std::size_t>(std::countr_zero(word));
    if (Node* const first = head(bucket)[0].load(std::memory_order_acquire)) return first;
    ++bucket;  // the bit of a key that is being inserted was seen before the key
  }
  return nullptr;
}

/// The last node before `bucket`.
Node* KeyBuckets::last_until(std::size_t bucket) const noexcept {
  while (bucket > 0) {
    const std::size_t word_index = word_of(bucket - 1);
    const std::uint64_t mask = ~std::uint64_t{0} >> (63 - (bucket - 1) % 64);
    const std::uint64_t word = occupied_[word_index].load(std::memory_order_relaxed) & mask;
    bucket = word_index * 64;
    if (word == 0) continue;
    bucket += static_cast<std::size_t>(63 - std::countl_zero(word));
    Link* last = head(bucket);
    if (last[0].load(std::memory_order_acquire) == nullptr) continue;
    for (std::size_t level = kLevels; level-- > 0;)
      while (Node* const next = last[level].load(std::memory_order_acquire)) last = next->links();
    return reinterpret_cast<Node*>(last) - 1;
  }
  return nullptr;
}

MemTableRep::Iterator* KeyBuckets::GetIterator(rocksdb::Arena* arena) {
  if (arena == nullptr) return new Cursor(*this);
  Place& place = take_place();
  return new (place.memory.data()) Cursor(*this, &place);
}

MemTableRep::Iterator* KeyBuckets::GetDynamicPrefixIterator(rocksdb::Arena* arena) {
  if (arena != nullptr) return GetIterator(arena);
  alignas(Lookup) thread_local std::array<std::byte, sizeof(Lookup)> memory;
  return new (memory.data()) Lookup(*this);
}

KeyBuckets::Place& KeyBuckets::take_place() {
  const void* const thread = this_thread();
  Place* const newest = places_.load(std::memory_order_acquire);
  for (Place* place = newest; place != nullptr; place = place->next) {
    if (place->thread != thread || place->is_taken) continue;
    place->is_taken = true;
    return *place;
  }
  auto* const place = new Place{.thread = thread, .is_taken = true, .next = newest};
  while (!places_.compare_exchange_weak(place->next, place, std::memory_order_acq_rel)) {
  }
  return *place;
}

KeyBuckets::Cursor::~Cursor() {
  if (place_ != nullptr && place_->thread == this_thread()) place_->is_taken = false;
}

class KeyBucketsFactory final : public rocksdb::MemTableRepFactory {
 public:
  explicit KeyBucketsFactory(std::size_t heads_bytes)
      : bucket_bits_(static_cast<unsigned>(
            std::bit_width(std::max(heads_bytes, kHeadsBytesMin) / (kLevels * sizeof(Link))) - 1)) {
  }

  const char* Name() const override { return "mooring.KeyBuckets"; }
  using MemTableRepFactory::CreateMemTableRep;
  MemTableRep* CreateMemTableRep(const MemTableRep::KeyComparator& compare,
                                 rocksdb::Allocator* allocator, const rocksdb::SliceTransform*,
                                 rocksdb::Logger*) override {
    return new KeyBuckets(compare, allocator, bucket_bits_);
  }

 private:
  const unsigned bucket_bits_;
};

}  // namespace

std::shared_ptr<rocksdb::MemTableRepFactory> key_buckets(std::size_t heads_bytes) {
  return std::make_shared<KeyBucketsFactory>(heads_bytes);
}

}  // namespace mooring
