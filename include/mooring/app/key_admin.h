// What an operator may do with API keys, as one line of JSON in and one out. The admin socket of a
// running server and the command line beside a stopped one answer with the same function.
//
//   {"command":"key.create","kind":"attachments","owner":…,"company":…,"name":…}
//       -> {"id":…,"key":…}              the key's text: shown here and never again
//   {"command":"key.list","kind":…,"owner":…,"company":…,"after":…}     each is optional
//       -> {"keys":[{"id","prefix","kind","owner","company","name","created","lastAccess"},…],
//           "next":…}                    oldest first, kKeysPerAnswer at most; if there are more,
//                                        "next" is what the next request gives as "after"
//   {"command":"key.revoke","id":…}
//       -> {"id":…}
//   else -> {"error":"invalid","message":"…"}                  a name of base/result.h's list
//
// Answering blocks. A `create` and a `revoke` that are answered without an error are as durable as
// the writer's mode, and a revoked key is refused by every core from then on.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "mooring/catalog/view.h"
#include "mooring/catalog/writer.h"

namespace mooring {

/// Keeps an answer within what the JSON reader takes.
inline constexpr std::size_t kKeysPerAnswer = 256;

/// Any thread that may block. `line` and the answer are without the newline at the end.
[[nodiscard]] std::string answer_key_request(std::string_view line, Writer& writer,
                                             const View& catalogue);

}  // namespace mooring
