#include "load/client.h"

#include <algorithm>

#include "mooring/base/clock.h"

namespace mooring {

namespace {

constexpr std::size_t kBufferBytes = 16_KiB;
constexpr std::size_t kCompareBufferBytes = 256_KiB;
// After a refused connection, so that a server that is gone is not asked without a pause.
constexpr std::uint64_t kConnectPauseMs = 100;
// A download waits this long for the first upload.
constexpr std::uint64_t kNothingStoredPauseMs = 10;
// Tells stamps of duplicates from those of contents that are new.
constexpr std::uint64_t kDuplicateMark = 0x6475706c69636174u;

}  // namespace

GroupContext::GroupContext(CoreContext& context, const LoadGroup& of_scenario,
                           std::size_t group_index)
    : group(of_scenario),
      index(group_index),
      pacer(context.core, context.scenario, of_scenario, context.times, context.statistics,
            mix_bits(context.seed + group_index * 1024 + context.core.index())) {
  const std::string host =
      context.scenario.host.empty() ? to_string(context.scenario.target) : context.scenario.host;
  double total = 0;
  for (const LoadOperation& operation : group.operations) {
    builders.emplace_back(operation, host, group.use);
    weights_up_to.push_back(total += operation.weight);
    verifies |= operation.read_back || operation.verify;
  }
}

Client::Client(CoreContext& context, GroupContext& group)
    : context_(context),
      group_(group),
      deadline_(context.core),
      buffer_bytes_(group.verifies ? kCompareBufferBytes : kBufferBytes),
      buffer_(std::make_unique_for_overwrite<std::byte[]>(buffer_bytes_)) {}

Task<void> Client::run() {
  while (true) {
    Pacer::Turn turn = group_.pacer.next();
    const std::optional<std::uint64_t> due_ns = co_await turn;
    if (!due_ns) break;
    co_await perform(*due_ns);
    co_await think();
  }
  deadline_.clear();
}

// One request of an operation, with all that belongs to it, and its record.
Task<void> Client::perform(std::uint64_t due_ns) {
  operation_ = pick_operation();
  const LoadOperation& operation = group_.group.operations[operation_];
  TemplateValues values;
  values.number = context_.take_number();
  values.run = context_.run;
  values.ids = context_.scenario.ids;
  if (operation.path.needs_stored()) {
    const StoredItem* item = context_.stored.pick(context_.random);
    if (item == nullptr) {
      Sleep pause(context_.core, kNothingStoredPauseMs);
      co_await pause;
      co_return;
    }
    content_ = item->content;
    address_ = item->address;
    values.stored = address_;
  } else if (operation.body != BodyForm::none) {
    content_ = new_content(operation, values.number);
  }
  path_.clear();
  static_cast<void>(operation.path.render(path_, values));
  values.path = path_;

  answered_ = false;
  begin_deadline();
  RequestOutcome outcome;
  if (operation.resume_parts > 1)
    outcome.failure = co_await download_in_parts(operation);
  else
    outcome.failure = co_await request_once(operation, values);
  outcome.intended_ns = due_ns;
  outcome.finished_ns = monotonic_ns();
  outcome.status = answered_ ? answer_.head().status : 0;
  outcome.sent_bytes = operation.body == BodyForm::none ? 0 : content_.size_bytes;
  outcome.received_bytes = operation.body == BodyForm::none ? body_bytes_ : 0;
  if (!outcome.failure && operation.read_back) outcome.failure = co_await read_back();
  deadline_.clear();
  context_.statistics.record(group_.index, operation_, outcome);
  if (!outcome.failure && !operation.address.empty())
    context_.stored.add(address_, content_, context_.random);
  if (outcome.failure == Failure::connect) {
    Sleep pause(context_.core, kConnectPauseMs);
    co_await pause;
  }
}

Task<Client::Outcome> Client::request_once(const LoadOperation& operation,
                                           const TemplateValues& values) {
  group_.builders[operation_].build(request_, values, content_);
  Reading reading;
  if (!operation.json.empty() || operation.address.needs_json())
    reading.use = BodyUse::keep;
  else if (operation.verify)
    reading.use = BodyUse::compare;
  Outcome failure = co_await exchange(operation, reading);
  if (!failure) failure = judge(operation, values);
  if (!failure && operation.verify && body_bytes_ != content_.size_bytes) failure = Failure::length;
  co_return failure;
}

// What is left to be judged once the answer is read: its status is good.
Client::Outcome Client::judge(const LoadOperation& operation, TemplateValues values) {
  const AnswerHead& head = answer_.head();
  if (operation.answer_bytes && body_bytes_ != *operation.answer_bytes) return Failure::length;
  if (const Outcome failure = judge_etag(operation, head, content_, context_.pattern))
    return failure;
  if (operation.json.empty() && operation.address.empty()) return std::nullopt;
  Result<JsonValue> json = fail(Errc::invalid);
  if (!operation.json.empty() || operation.address.needs_json())
    json = parse_json(as_text(Bytes(buffer_.get() + body_begin_, body_bytes_)));
  values.json = json ? &*json : nullptr;
  if (const Outcome failure = judge_json(operation, values.json, content_)) return failure;
  if (operation.address.empty()) return std::nullopt;
  values.location = head.location;
  address_.clear();
  if (!operation.address.render(address_, values)) return Failure::address;
  return std::nullopt;
}

// The whole of a content in several answers, each broken off except for the last.
Task<Client::Outcome> Client::download_in_parts(const LoadOperation& operation) {
  std::uint64_t at = 0;
  std::uint64_t total = 0;
  std::string etag;
  for (std::uint32_t part = 0; part < operation.resume_parts; ++part) {
    group_.builders[operation_].build_get(request_, path_, {at, etag});
    Reading reading;
    reading.use = operation.verify ? BodyUse::compare : BodyUse::discard;
    reading.offset_bytes = at;
    reading.parts_left = operation.resume_parts - part;
    Outcome failure = co_await exchange(operation, reading);
    if (failure) co_return failure;
    const AnswerHead& head = answer_.head();
    if (part == 0) {
      total = head.content_length;
      etag = head.etag;
    } else {
      const auto range = parse_content_range(head.content_range);
      if (head.status != 206 || !range || range->first != at || range->total != total)
        co_return Failure::length;
    }
    at += body_bytes_;
  }
  body_bytes_ = at;
  if (at != total || (operation.verify && total != content_.size_bytes)) co_return Failure::length;
  co_return std::nullopt;
}

Task<Client::Outcome> Client::read_back() {
  group_.builders[operation_].build_get(request_, address_, {});
  static const LoadOperation kRead = [] {
    LoadOperation read;
    read.statuses = {200};
    return read;
  }();
  Outcome failure = co_await exchange(kRead, {.use = BodyUse::compare});
  if (!failure && body_bytes_ != content_.size_bytes) failure = Failure::length;
  if (failure) co_return failure;
  OperationCounts& counts = context_.statistics.of(group_.index, operation_);
  ++counts.read_back;
  counts.read_back_bytes += body_bytes_;
  co_return std::nullopt;
}

Task<void> Client::think() {
  const std::uint64_t think_ms = group_.group.think_ms.sample(context_.random);
  const std::uint64_t now = monotonic_ns();
  if (think_ms == 0 || now >= context_.times.end_ns) co_return;
  const std::uint64_t left_ms = (context_.times.end_ns - now) / 1'000'000 + 1;
  Sleep pause(context_.core, std::min(think_ms, left_ms));
  co_await pause;
}

std::size_t Client::pick_operation() noexcept {
  const std::vector<double>& weights = group_.weights_up_to;
  if (weights.size() == 1) return 0;
  const double at = context_.random.unit() * weights.back();
  const auto found = std::ranges::upper_bound(weights, at);
  return std::min<std::size_t>(static_cast<std::size_t>(found - weights.begin()),
                               weights.size() - 1);
}

Content Client::new_content(const LoadOperation& operation, std::uint64_t number) noexcept {
  if (operation.duplicates > 0 && context_.random.unit() < operation.duplicates) {
    // Which of the known contents; its size belongs to it.
    const std::uint64_t which = context_.random() % operation.duplicates_distinct;
    Random its_own(mix_bits(context_.seed ^ kDuplicateMark) + which);
    return make_content(operation.content_prefix, context_.seed ^ kDuplicateMark, which,
                        operation.size.sample(its_own));
  }
  return make_content(operation.content_prefix, context_.seed, number,
                      operation.size.sample(context_.random));
}

}  // namespace mooring
