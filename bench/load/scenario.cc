#include "load/scenario.h"

#include <fmt/format.h>

#include <algorithm>

#include "load/content.h"

namespace mooring {

namespace {

constexpr std::uint32_t kConnectionsMax = 1'000'000;

std::optional<std::string> contradiction_of(const LoadOperation& operation,
                                            const Scenario& scenario) {
  const bool has_body = operation.body != BodyForm::none;
  if (operation.path.empty()) return "needs a path";
  if (operation.path.needs_answer()) return "path cannot be made from the answer to itself";
  if (operation.path.needs_ids() && scenario.ids.empty()) return "path needs ids, there are none";
  if (!(operation.weight > 0)) return "weight must be above 0";
  if (!(operation.duplicates >= 0 && operation.duplicates <= 1))
    return "duplicates must be from 0 to 1";
  if (operation.duplicates_distinct == 0) return "distinct must be above 0";
  if (operation.content_prefix.size() > kContentPrefixBytesMax)
    return fmt::format("prefix must not be longer than {} bytes", kContentPrefixBytesMax);
  if (operation.chunk_bytes == 0 || operation.chunk_bytes > 1_MiB)
    return "chunk must be from 1 byte to 1MiB";
  if (operation.resume_parts == 0) return "resume must be 1 or more";
  if (operation.read_back && (!has_body || operation.address.empty()))
    return "read_back needs a body and an address";
  if (operation.verify && !operation.path.needs_stored())
    return "verify is for downloads of {stored}";
  if (operation.resume_parts > 1 && (has_body || operation.method != "GET"))
    return "resume is for GET";
  return std::nullopt;
}

std::optional<std::string> contradiction_of(const LoadGroup& group, const Scenario& scenario) {
  if (group.operations.empty()) return "has no operation";
  if (group.connections < scenario.cores || group.connections > kConnectionsMax)
    return "connections must be at least one per core, and not above a million";
  if (!(group.rate_per_second >= 0)) return "rate must not be below 0";
  bool stores = false;
  for (const LoadGroup& other : scenario.groups)
    for (const LoadOperation& operation : other.operations) stores |= !operation.address.empty();
  for (const LoadOperation& operation : group.operations) {
    if (const auto why = contradiction_of(operation, scenario))
      return fmt::format("{}: {}", operation.name, *why);
    if (operation.path.needs_stored() && !stores)
      return fmt::format("{}: nothing is uploaded to be read", operation.name);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> contradiction(const Scenario& scenario) {
  if (scenario.target.empty()) return "there is no target";
  if (scenario.cores == 0 || scenario.cores > 1024) return "cores must be from 1 to 1024";
  if (scenario.duration_ms == 0) return "duration must be above 0";
  if (scenario.groups.empty()) return "there is nothing to do";
  for (const LoadGroup& group : scenario.groups)
    if (const auto why = contradiction_of(group, scenario))
      return fmt::format("{}: {}", group.name, *why);
  return std::nullopt;
}

}  // namespace mooring
