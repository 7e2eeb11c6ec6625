#include "mooring/app/metrics.h"

#include <algorithm>

#include "mooring/base/check.h"

namespace mooring {

std::string_view name_of(Stage stage) noexcept {
  constexpr std::array<std::string_view, kStages> kNames = {
      "head", "authorise", "receive", "hash", "store_bytes", "commit", "respond", "whole"};
  return kNames[static_cast<std::size_t>(stage)];
}

std::string_view name_of(Timeout timeout) noexcept {
  constexpr std::array<std::string_view, kTimeouts> kNames = {"idle", "head", "body", "send"};
  return kNames[static_cast<std::size_t>(timeout)];
}

std::string_view name_of(ConnectionRefusal refusal) noexcept {
  constexpr std::array<std::string_view, kConnectionRefusals> kNames = {
      "too_many", "too_many_of_address", "no_descriptors", "draining"};
  return kNames[static_cast<std::size_t>(refusal)];
}

CoreSample sample(Core& core) noexcept {
  const RingCounters& ring = core.ring().counters();
  const ChunkPool& chunks = core.chunks();
  return {.ring_enters = ring.enters,
          .ring_submissions = ring.submissions,
          .ring_completions = ring.completions,
          .chunks_leased = chunks.leased(),
          .chunks_registered = chunks.registered(),
          .chunks_max = chunks.chunks_max()};
}

CoreMetrics::CoreMetrics(std::span<const std::string_view> families)
    : family_count_(families.size()) {
  MOORING_CHECK(families.size() < kFamilyRows, "one row is left for the server itself");
  std::ranges::copy(families, families_.begin());
}

void CoreMetrics::took(IngestStage stage, std::uint64_t duration_ns) noexcept {
  switch (stage) {
    case IngestStage::receive:
      return stage_took(Stage::receive, duration_ns);
    case IngestStage::hash:
      return stage_took(Stage::hash, duration_ns);
    case IngestStage::store_bytes:
      return stage_took(Stage::store_bytes, duration_ns);
    case IngestStage::commit:
      return stage_took(Stage::commit, duration_ns);
  }
}

void CoreMetrics::request_answered(std::string_view family, int status) noexcept {
  std::size_t row = 0;
  while (row < family_count_ && families_[row] != family) ++row;
  const auto status_class = static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1);
  ++requests[row < family_count_ ? row : kServerRow][status_class];
}

void CoreMetrics::publish(const CoreSample& now) noexcept {
  ring_enters.set(now.ring_enters);
  ring_submissions.set(now.ring_submissions);
  ring_completions.set(now.ring_completions);
  chunks_leased.set(now.chunks_leased);
  chunks_registered.set(now.chunks_registered);
  chunks_max.set(now.chunks_max);
}

}  // namespace mooring
