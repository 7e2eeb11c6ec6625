// What a question about documents costs, class by class, and what it costs to load them.
//
// The data set: one organization, 10,000 assets in a tree five deep, MOORING_BENCH_DOCUMENTS
// documents (default 100,000; the figures of the design are for 1,000,000) linked to its leaves,
// names of three words and a code, 60 categories, 6 types, 10 languages, 200 suppliers. It is made
// once, before the first class, below MOORING_BENCH_DIRECTORY or the temporary directory. Every
// class asks 1,000 random questions and tells its percentiles. MOORING_BENCH_INDEX_MEMORY: bytes of
// cache.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "mooring/base/check.h"
#include "mooring/base/clock.h"
#include "mooring/catalog/assets.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/categories.h"
#include "mooring/catalog/document_index.h"
#include "mooring/catalog/writer.h"

namespace mooring {
namespace {

constexpr std::string_view kOrganization = "org-5678";
constexpr BlobId kBlob{{5, 5}, 0};
constexpr std::size_t kDocumentsPerMutation = 250;
constexpr std::int64_t kQueriesPerClass = 1'000;
constexpr std::int64_t kFirstInstantMs = 1'700'000'000'000;

std::size_t size_from(const char* variable, std::size_t otherwise) {
  const char* const text = std::getenv(variable);
  if (text == nullptr) return otherwise;
  const std::string_view view(text);
  std::size_t value = otherwise;
  (void)std::from_chars(view.data(), view.data() + view.size(), value);
  return value;
}

double seconds_since(std::uint64_t began_ns) {
  return static_cast<double>(monotonic_ns() - began_ns) / 1e9;
}

template <typename Function>
class Change final : public Mutation {
 public:
  explicit Change(Function function) : function_(std::move(function)) {}
  Status apply(Transaction& transaction) override { return function_(transaction); }

 private:
  Function function_;
};

class DataSet {
 public:
  static DataSet& get() {
    static DataSet set;
    return set;
  }

  DataSet() : documents_(size_from("MOORING_BENCH_DOCUMENTS", 100'000)) {
    const char* wanted = std::getenv("MOORING_BENCH_DIRECTORY");
    const std::filesystem::path parent =
        wanted != nullptr ? wanted : std::filesystem::temp_directory_path().c_str();
    std::string name = (parent / "mooring-bench-XXXXXX").string();
    MOORING_CHECK(::mkdtemp(name.data()) != nullptr, "no directory for the benchmark");
    directory_ = name;
    make_words();
    open(OpenMode::create);
    make_ground();
    load();
  }
  ~DataSet() {
    close();
    std::filesystem::remove_all(directory_);
  }

  DocumentIndex& index() { return *index_; }
  std::size_t pick(std::size_t below) {
    thread_local std::mt19937_64 random{20'261'121};
    return random() % below;
  }
  const std::string& word() { return words_[pick(words_.size())]; }
  const Uuid& root() const { return root_; }
  const Uuid& line() { return lines_[pick(lines_.size())]; }
  const Uuid& machine() { return leaves_[pick(leaves_.size())]; }
  std::size_t documents() const { return documents_; }
  static std::string category(std::size_t i) { return "C" + std::to_string(10 + i); }
  static std::string type(std::size_t i) {
    static const char* const kTypes[] = {"application/pdf", "image/png", "image/jpeg",
                                         "text/plain",      "text/csv",  "application/zip"};
    return kTypes[i];
  }
  static std::string language(std::size_t i) {
    static const char* const kLanguages[] = {"de", "en", "fr", "it", "es",
                                             "nl", "pl", "sv", "da", "fi"};
    return kLanguages[i];
  }
  static std::string supplier(std::size_t i) { return "Supplier " + std::to_string(i) + " AG"; }

  DocumentRecord any_document() {
    DocumentRecord record{.id = new_uuid(),
                          .filename = "document.pdf",
                          .displayname = word() + " " + word() + " " + word() + " " + code(),
                          .owner_id = std::string(kOrganization),
                          .organization_id = std::string(kOrganization),
                          .mimetype = type(pick(6)),
                          .category_id = category(pick(60)),
                          .languages = {language(pick(10))},
                          .updated_ms = kFirstInstantMs + static_cast<std::int64_t>(pick(1U << 30)),
                          .updated_by = "user-1",
                          .created_ms = kFirstInstantMs,
                          .created_by = "user-1",
                          .supplier_document = pick(2) == 0,
                          .supplier_name = supplier(pick(200)),
                          .blob = kBlob,
                          .size_bytes = 1};
    record.asset_ids.push_back(machine());
    return record;
  }

  /// Waits for the fold when the tail is full, as a client that is told 503 does.
  void add(std::size_t count) {
    Change change([&](Transaction& transaction) -> Status {
      for (std::size_t i = 0; i < count; ++i)
        if (auto made = create_document(transaction, any_document()); !made)
          return std::unexpected(made.error());
      return {};
    });
    Status added = writer_->commit_and_wait(change);
    while (!added && added.error().code == Errc::overloaded) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      added = writer_->commit_and_wait(change);
    }
    MOORING_CHECK(added.has_value(), "documents are added");
  }

  /// As after a kill: nothing is closed in good order.
  double reopen_unclean() {
    close();
    const std::uint64_t began_ns = monotonic_ns();
    open(OpenMode::existing);
    const auto page = index_->query({.scopes = {{std::string(kOrganization), {root_}}}});
    MOORING_CHECK(page.has_value() && page->total >= documents_, "the store answers again");
    return seconds_since(began_ns);
  }

 private:
  void open(OpenMode mode) {
    auto opened = Database::open(directory_, {.mode = mode});
    MOORING_CHECK(opened.has_value(), "the store opens");
    database_ = *std::move(opened);
    writer_.emplace(*database_, WriterOptions{.durability = Durability::relaxed});
    index_.emplace(*database_, *writer_,
                   DocumentIndexOptions{.memory_bytes = size_from("MOORING_BENCH_INDEX_MEMORY",
                                                                  std::size_t{512} << 20)});
  }
  void close() {
    index_.reset();
    writer_.reset();
    database_.reset();
  }

  void make_words() {
    static const char* const kHeads[] = {"Pump", "Valve", "Motor",  "Filter", "Gear",
                                         "Belt", "Tank",  "Sensor", "Heater", "Mixer"};
    static const char* const kTails[] = {"",     "s",    "ing",  "plan", "list", "test", "data",
                                         "form", "note", "unit", "log",  "code", "part", "kit",
                                         "map",  "head", "line", "box",  "base", "work"};
    for (const char* head : kHeads)
      for (const char* tail : kTails) words_.push_back(std::string(head) + tail);
  }
  std::string code() {
    return std::string(1, static_cast<char>('A' + pick(26))) + "-" +
           std::to_string(100'000 + pick(900'000));
  }

  Uuid make_asset(Transaction& transaction, const std::optional<Uuid>& parent) {
    const Uuid id = new_uuid();
    const auto made = create_asset(
        transaction,
        {.id = id, .organization_id = std::string(kOrganization), .parent_id = parent});
    MOORING_CHECK(made.has_value(), "an asset is made");
    return id;
  }

  // 1 root, 10 lines, 100 cells, 1,000 machines, 8,889 components: 10,000 assets, five deep.
  void make_ground() {
    Change change([&](Transaction& transaction) -> Status {
      if (auto put = put_blob(transaction, kBlob, {1, {.tier = Tier::file}}); !put) return put;
      for (std::size_t i = 0; i < 60; ++i)
        if (auto put = put_category(transaction, {category(i), {{"en", category(i)}}}); !put)
          return put;
      root_ = make_asset(transaction, {});
      std::vector<Uuid> cells;
      for (int i = 0; i < 10; ++i) lines_.push_back(make_asset(transaction, root_));
      for (std::size_t i = 0; i < 100; ++i)
        cells.push_back(make_asset(transaction, lines_[i % 10]));
      std::vector<Uuid> machines;
      for (std::size_t i = 0; i < 1'000; ++i)
        machines.push_back(make_asset(transaction, cells[i % 100]));
      for (std::size_t i = 0; i < 8'889; ++i)
        leaves_.push_back(make_asset(transaction, machines[i % 1'000]));
      return {};
    });
    MOORING_CHECK(writer_->commit_and_wait(change).has_value(), "the assets are made");
  }

  void load() {
    const std::uint64_t began_ns = monotonic_ns();
    for (std::size_t made = 0; made < documents_; made += kDocumentsPerMutation)
      add(kDocumentsPerMutation);
    const double seconds = seconds_since(began_ns);
    std::printf("loaded %zu documents in %.1f s: %.0f/s\n", documents_, seconds,
                static_cast<double>(documents_) / seconds);
    MOORING_CHECK(index_->fold().has_value(), "the tail is folded");
    const DocumentIndexMetrics metrics = index_->metrics();
    std::printf("folded after %.1f s, %llu folds\n", seconds_since(began_ns),
                static_cast<unsigned long long>(metrics.folds));
    std::size_t index_bytes = 0;
    for (const Family family :
         {Family::document_term, Family::document_column, Family::document_order}) {
      const std::size_t bytes = stored_bytes(family);
      index_bytes += bytes;
      std::printf("%s: %.1f bytes per document before compression\n",
                  std::string(kFamilyTable[index_of(family)].name).c_str(),
                  static_cast<double>(bytes) / static_cast<double>(documents_));
    }
    std::printf("index: %.1f bytes per document; opened in %.2f s after an unclean stop\n",
                static_cast<double>(index_bytes) / static_cast<double>(documents_),
                reopen_unclean());
    std::fflush(stdout);
  }

  std::size_t stored_bytes(Family family) {
    std::size_t bytes = 0;
    std::string after;
    while (true) {
      const auto page = database_->scan(
          {.family = family, .start = after, .start_key = StartKey::excluded, .limit = 1'000});
      MOORING_CHECK(page.has_value(), "the index is read");
      for (const Entry& entry : *page) bytes += entry.key.size() + entry.value.size();
      if (page->size() < 1'000) return bytes;
      after = page->back().key;
    }
  }

  const std::size_t documents_;
  std::filesystem::path directory_;
  std::unique_ptr<Database> database_;
  std::optional<Writer> writer_;
  std::optional<DocumentIndex> index_;
  std::vector<std::string> words_;
  Uuid root_;
  std::vector<Uuid> lines_;
  std::vector<Uuid> leaves_;
};

DocumentQuery query_of(const Uuid& root) {
  return {.scopes = {{std::string(kOrganization), {root}}}};
}
DocumentQuery with_sort(DocumentQuery query, DocumentSortKey key, SortOrder order) {
  query.sorts = {{key, order}};
  return query;
}
SortOrder either(DataSet& set) {
  return set.pick(2) == 0 ? SortOrder::ascending : SortOrder::descending;
}

using QueryMaker = DocumentQuery (*)(DataSet&);

DocumentQuery machine_newest(DataSet& set) {
  return query_of(set.machine());
}
DocumentQuery line_three_filters(DataSet& set) {
  DocumentQuery query = with_sort(query_of(set.line()), DocumentSortKey::name, either(set));
  for (std::size_t i = set.pick(10); i < 60; i += 10) query.categories.push_back(set.category(i));
  query.mimetypes = {set.type(set.pick(6)), set.type(set.pick(6))};
  query.languages = {set.language(set.pick(10)), set.language(set.pick(10))};
  return query;
}
DocumentQuery root_first_page(DataSet& set) {
  return query_of(set.root());
}
DocumentQuery root_page_10000(DataSet& set) {
  DocumentQuery query = query_of(set.root());
  query.offset = 9'999 * query.limit;
  return query;
}
DocumentQuery search(DataSet& set, std::string text) {
  DocumentQuery query = with_sort(query_of(set.root()), DocumentSortKey::name, either(set));
  query.search = std::move(text);
  return query;
}
DocumentQuery search_rare(DataSet& set) {
  return search(set, "-" + std::to_string(1'000 + set.pick(9'000)));
}
DocumentQuery search_common(DataSet& set) {
  return search(set, set.word());
}
DocumentQuery search_three(DataSet& set) {
  const std::string& word = set.word();
  return search(set, word.substr(set.pick(word.size() - 2), 3));
}
DocumentQuery search_and_all_filters(DataSet& set) {
  DocumentQuery query =
      with_sort(query_of(set.root()), DocumentSortKey::updated, SortOrder::descending);
  query.search = set.word();
  query.categories = {set.category(set.pick(60))};
  query.mimetypes = {set.type(set.pick(6))};
  query.languages = {set.language(set.pick(10))};
  query.supplier_document = set.pick(2) == 0;
  return query;
}
DocumentQuery hostile(DataSet& set) {
  DocumentQuery query = with_sort(query_of(set.root()), DocumentSortKey::category, either(set));
  while (query.scopes.front().roots.size() < kQueryRootsMax)
    query.scopes.front().roots.push_back(set.machine());
  while (query.search.size() < 250) query.search += set.word();
  for (int i = 0; i < 1'000; ++i) query.supplier_names.push_back(set.supplier(set.pick(2'000)));
  return query;
}

void ask(benchmark::State& state, QueryMaker make) {
  DataSet& set = DataSet::get();
  for (int i = 0; i < 50; ++i)
    MOORING_CHECK(set.index().query(make(set)).has_value(), "a question is answered");
  std::vector<std::uint64_t> took_ns;
  std::uint64_t total = 0;
  for (auto _ : state) {
    const DocumentQuery query = make(set);
    const std::uint64_t began_ns = monotonic_ns();
    const auto page = set.index().query(query);
    took_ns.push_back(monotonic_ns() - began_ns);
    MOORING_CHECK(page.has_value(), "a question is answered");
    total += page->total;
    state.SetIterationTime(static_cast<double>(took_ns.back()) / 1e9);
  }
  std::ranges::sort(took_ns);
  const auto percentile = [&](std::size_t hundredth) {
    return static_cast<double>(took_ns[(took_ns.size() - 1) * hundredth / 100]) / 1'000;
  };
  state.counters["p50_us"] = percentile(50);
  state.counters["p99_us"] = percentile(99);
  state.counters["max_us"] = percentile(100);
  state.counters["matches"] = static_cast<double>(total) / static_cast<double>(took_ns.size());
  state.counters["cache_MB"] = static_cast<double>(set.index().metrics().memory_bytes) / 1e6;
}

/// As ask, while 2,000 documents per second are written.
void ask_while_writing(benchmark::State& state, QueryMaker make) {
  DataSet& set = DataSet::get();
  std::atomic<bool> stop{false};
  std::thread author([&] {
    auto next = std::chrono::steady_clock::now();
    while (!stop.load(std::memory_order_relaxed)) {
      set.add(20);
      next += std::chrono::milliseconds(10);
      std::this_thread::sleep_until(next);
    }
  });
  ask(state, make);
  stop.store(true, std::memory_order_relaxed);
  author.join();
}

#define MOORING_CLASS(name)                                                          \
  BENCHMARK_CAPTURE(ask, name, name)->UseManualTime()->Iterations(kQueriesPerClass); \
  BENCHMARK_CAPTURE(ask_while_writing, name, name)->UseManualTime()->Iterations(kQueriesPerClass)

MOORING_CLASS(machine_newest);
MOORING_CLASS(line_three_filters);
MOORING_CLASS(root_first_page);
MOORING_CLASS(root_page_10000);
MOORING_CLASS(search_rare);
MOORING_CLASS(search_common);
MOORING_CLASS(search_three);
MOORING_CLASS(search_and_all_filters);
MOORING_CLASS(hostile);

}  // namespace
}  // namespace mooring
