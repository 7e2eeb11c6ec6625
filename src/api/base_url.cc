#include "mooring/api/base_url.h"

namespace mooring {

std::string base_url_of(const Exchange& exchange) {
  const std::string& configured = exchange.services.settings.base_url;
  if (!configured.empty() || exchange.head.host.empty()) return configured;
  return "http://" + std::string(exchange.head.host);
}

}  // namespace mooring
