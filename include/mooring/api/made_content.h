// Content that the server made itself, on its way into the store: the counterpart of
// receive_upload for bytes that are in memory already.
//
// On the core's thread. A completed call means: `file` is as an upload would have left it, to be
// given to store_file (or dropped). Up to a chunk the content is only pointed at; beyond, it has
// gone to the disk through chunks of the core.
#pragma once

#include "mooring/api/upload.h"

namespace mooring {

/// `content` stays where it is until store_file has answered. `hash` is its digest. Errors:
/// no_space, io_error; `file` then holds nothing.
[[nodiscard]] Task<Status> take_made_content(CoreServices& services, Bytes content,
                                             const Hash128& hash, ReceivedFile& file);

}  // namespace mooring
