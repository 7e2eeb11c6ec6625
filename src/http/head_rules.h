// What a well-formed head means, and which well-formed heads are refused all the same.
#pragma once

#include "mooring/base/result.h"
#include "mooring/http/request_head.h"

namespace mooring {

/// Fills path, query, host, keep_alive, expect_continue, body and content_length of `head` from its
/// method, target, minor_version and fields, by the rules of http/request_head.h.
[[nodiscard]] Status apply_head_rules(RequestHead& head);

/// The method called exactly `name`, or not_implemented.
[[nodiscard]] Result<Method> method_of(std::string_view name);

}  // namespace mooring
