#include "index_folder.h"

#include <pthread.h>

#include <chrono>
#include <memory>
#include <utility>

#include "index_tail.h"
#include "mooring/base/background.h"
#include "mooring/base/clock.h"
#include "mooring/base/log.h"
#include "mooring/catalog/codec.h"

namespace mooring {
namespace {

/// How often the thread looks for tails that are due.
constexpr std::chrono::milliseconds kLookEvery{100};
/// A tail to which nothing came for so long is folded whatever its size.
constexpr std::uint64_t kQuietNs = 1'000'000'000;
/// Changes in one fold: a bound of its memory and of its batch.
constexpr std::size_t kFoldChangesMax = 32'768;
constexpr std::size_t kDuePage = 1'024;

class InstallFold final : public Mutation {
 public:
  explicit InstallFold(const IndexFold& fold) : fold_(fold) {}
  Status apply(Transaction& transaction) override { return install_fold(transaction, fold_); }

 private:
  const IndexFold& fold_;
};

Result<std::vector<std::string>> organizations_in(const View& view, Family family) {
  std::vector<std::string> organizations;
  std::string after;
  while (true) {
    const auto entries = view.scan(
        {.family = family, .start = after, .start_key = StartKey::excluded, .limit = kDuePage});
    if (!entries) return std::unexpected(entries.error());
    for (const Entry& entry : *entries) {
      KeyReader key(entry.key);
      const std::string_view organization = key.text();
      if (key.finish("key of an organization")) organizations.emplace_back(organization);
    }
    if (entries->size() < kDuePage) return organizations;
    after = entries->back().key;
  }
}

}  // namespace

IndexFolder::IndexFolder(Database& database, Writer& writer, IndexCache& cache,
                         std::size_t tail_documents)
    : database_(database),
      writer_(writer),
      cache_(cache),
      tail_documents_(tail_documents),
      thread_([this] { work(); }) {}

IndexFolder::~IndexFolder() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    stopped_.notify_one();
  }
  thread_.join();
}

void IndexFolder::work() {
  ::pthread_setname_np(::pthread_self(), "index-folder");
  step_aside();
  std::unique_lock lock(mutex_);
  auto pause = kLookEvery;
  while (!stopped_.wait_for(lock, pause, [this] { return stopping_; })) {
    lock.unlock();
    // Where changes come as fast as they are folded the next fold is due already.
    pause = fold_due() > 0 ? kLookEvery.zero() : kLookEvery;
    cache_.settle();  // what others brought: moves of assets
    lock.lock();
  }
}

std::size_t IndexFolder::fold_due() {
  const auto due = organizations_in(database_, Family::document_due);
  if (!due) return 0;
  if (due->empty()) seen_.clear();
  std::size_t folds = 0;
  for (const std::string& organization : *due) {
    const auto state = find_index_state(database_, organization);
    if (!state || !*state || !is_ready(organization, **state)) continue;
    const auto folded = fold_once(organization);
    if (!folded && folded.error().code != Errc::stale && folded.error().code != Errc::draining)
      log_error("index", "the tail of an organization stays: {}", describe(folded.error()));
    if (folded && *folded) ++folds;
  }
  return folds;
}

bool IndexFolder::is_ready(const std::string& organization, const IndexState& state) {
  if (tail_size(state) >= tail_documents_) return true;
  Seen& seen = seen_[organization];
  const std::uint64_t now_ns = monotonic_ns();
  if (seen.next_sequence != state.next_sequence)
    seen = {.next_sequence = state.next_sequence, .since_ns = now_ns};
  return now_ns - seen.since_ns >= kQuietNs;
}

Result<bool> IndexFolder::fold_once(const std::string& organization) {
  const std::scoped_lock lock(folding_);
  const Snapshot view(database_);
  const auto state = find_index_state(view, organization);
  if (!state) return std::unexpected(state.error());
  if (!*state || tail_size(**state) == 0) return false;
  const auto session = std::make_unique<IndexSession>(view, cache_, **state);
  const auto fold = prepare_fold(*session, organization, kFoldChangesMax);
  if (!fold) return std::unexpected(fold.error());
  const std::uint32_t number = (*state)->number;
  cache_.announce(number, {.from = fold->made_from.base_version,
                           .folded_sequence = fold->folded_sequence,
                           .replaced = fold->replaced});
  InstallFold install(*fold);
  const Status installed = writer_.commit_and_wait(install);
  if (installed) show_to_cache(organization);
  cache_.forget_announced(number);
  if (!installed) {
    if (installed.error().code == Errc::stale) stale_.fetch_add(1, std::memory_order_relaxed);
    return std::unexpected(installed.error());
  }
  cache_.settle();
  folds_.fetch_add(1, std::memory_order_relaxed);
  changes_.fetch_add(fold->folded_sequence - (*state)->folded_sequence, std::memory_order_relaxed);
  return true;
}

/// Lets the cache go to the new base here, so that no query has to. What cannot be read now, the
/// next query will report.
void IndexFolder::show_to_cache(const std::string& organization) {
  const Snapshot view(database_);
  const auto state = find_index_state(view, organization);
  if (!state || !*state) return;
  const auto session = std::make_unique<IndexSession>(view, cache_, **state);
  if (!session->status()) return;
  [[maybe_unused]] const auto tail = read_tail(cache_, view, **state);
}

Status IndexFolder::fold_all() {
  const auto organizations = organizations_in(database_, Family::document_state);
  if (!organizations) return std::unexpected(organizations.error());
  for (const std::string& organization : *organizations) {
    while (true) {
      const auto folded = fold_once(organization);
      if (!folded && folded.error().code != Errc::stale) return std::unexpected(folded.error());
      if (folded && !*folded) break;
    }
  }
  return {};
}

IndexFolderMetrics IndexFolder::metrics() const {
  return {.folds = folds_.load(std::memory_order_relaxed),
          .stale = stale_.load(std::memory_order_relaxed),
          .changes = changes_.load(std::memory_order_relaxed)};
}

}  // namespace mooring
