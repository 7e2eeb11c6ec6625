// What holds of every conversation with the server, whatever was sent: each answer is one, to one
// request, and nothing follows where the framing ends.
#pragma once

#include "fuzz/uring/simulated_kernel.h"

namespace mooring {

/// CHECKs, with the rule's number:
///   R1  what the server sends is whole responses: a status line, fields, exactly one length, and
///       that many bytes; only a client that reset may see less;
///   R2  the n-th answer belongs to the n-th request, and there is none without a request;
///   R3  after an answer that closes there is nothing; one that does not follows a request whose
///       message is whole and sound;
///   R4  a head that is none gets one refusal that closes;
///   R5  every whole and sound request before the close is answered (not if the client reset);
///   R6  nothing that is broken or cut off makes something (201), and nothing makes a 500;
///   R7  a 100 comes before the final answer, once, and only if it was asked for.
void check_conversation(const Script& script, const Conversation& conversation);

}  // namespace mooring
