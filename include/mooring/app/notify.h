// notify: tells the service manager how the server is doing (sd_notify(3), without its library).
//
// One datagram to $NOTIFY_SOCKET. Without that variable nothing happens, so that a server started
// by hand behaves the same. Any thread; at start and at stop only.
#pragma once

#include <string_view>

#include "mooring/base/result.h"

namespace mooring {

/// Sends "READY=1": the server answers.
Status notify_ready();

/// Sends "STOPPING=1": the server drains.
Status notify_stopping();

/// Sends `state`, lines as in sd_notify(3). Errc::io_error when there is a socket that does not
/// take it.
Status notify_service_manager(std::string_view state);

}  // namespace mooring
