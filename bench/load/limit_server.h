// LimitServer: what no server of durable uploads on this machine can beat: receive, hash, write.
//
// The same client sends the same requests, and here is what any server must do with their bytes and
// nothing else: find the end of the head and its Content-Length by two searches, receive the body
// into aligned chunks of 1 MiB, XXH3-128 each while it is hot, write it with O_DIRECT into
// preallocated space that was never written before, up to three writes under way per body, and
// answer 201. No parser, no routing, no catalogue, no file per upload, no sync.
//
// Bodies are rounded up to blocks of 4 KiB on disk. One file per core, replaced by a new one when
// it is full, so that the disk does not fill up.
#pragma once

#include "load/discard_server.h"

namespace mooring {

/// Prints "mooring-load at the limit on http://ADDR:PORT" and serves until the process is ended.
/// `options.directory` is where the files are; they have no names and go with the process.
[[nodiscard]] Status serve_limit(const ServeOptions& options);

}  // namespace mooring
