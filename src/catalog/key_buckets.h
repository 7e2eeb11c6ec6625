// KeyBuckets: what RocksDB keeps in memory of a family whose keys begin randomly (digests, UUIDs).
//
// RocksDB's own choice is one skip list of all keys. The place of a random key in it is found by
// comparing with some forty others, each of them a miss of the processor's caches; of what a small
// upload cost, a fifth was that. Here keys lie in buckets by their first bits. The buckets stand in
// the order of the keys, so walking them one after the other is walking all keys in order: nothing
// is sorted or copied for an iterator. A bucket holds a handful of keys as a skip list of few
// levels; keys that begin alike, by chance or because somebody steered a digest, make it slower by
// the 64th part of their number, not by their number.
//
// One per memory table, owned by RocksDB. Written by one thread (DBOptions'
// allow_concurrent_memtable_write is off), read by any number beside it, never waiting.
//
// I1  A node is complete before it can be reached, and only its links change afterwards.
// I2  Of two keys whose first eight bytes differ the bytes decide, as the comparator of the family
//     would; among the others it is asked itself. So its user keys are ordered as bytes.
// I3  The iterator of an arena lies in a place of ours, for the arena's type is not public: its end
//     gives the place back to the thread that took it. What another thread ends keeps its place
//     until the table goes.
// I4  RocksDB's lookup of one key asks for an iterator without an arena, and, up to some version,
//     never ends it; it lies in memory of the thread, where the next lookup of the thread puts its
//     own.
#pragma once

#include <cstddef>
#include <memory>

#include <rocksdb/memtablerep.h>

namespace mooring {

/// Memory tables with about `heads_bytes` of buckets each (at least 512 bytes, of the write
/// buffer), which is best for eight keys a bucket, 32 bytes each, when the table is full.
[[nodiscard]] std::shared_ptr<rocksdb::MemTableRepFactory> key_buckets(std::size_t heads_bytes);

}  // namespace mooring
