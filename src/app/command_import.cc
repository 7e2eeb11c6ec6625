// `mooring import`: assets, categories and documents from NDJSON straight into a store that no
// server uses.
//
// Lines are parsed on the main thread while the batch before them is written: the writer is never
// idle while there are lines. Documents that come so have no content of their own: all of an import
// refer to one small blob that says so, until somebody uploads the file (PATCH). What was imported
// is on stable storage when the command has ended well: batches are not synced one by one, the
// store is written to tables and synced when it is closed.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <semaphore>
#include <utility>
#include <vector>

#include "mooring/api/documents/default_categories.h"
#include "mooring/app/commands.h"
#include "mooring/app/exit_code.h"
#include "mooring/app/import_line.h"
#include "mooring/app/open_store.h"
#include "mooring/base/clock.h"
#include "mooring/base/digest.h"
#include "mooring/base/log.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/document_index.h"
#include "mooring/uring/file.h"

namespace mooring {

namespace {

constexpr std::string_view kPlaceholder =
    "This document was imported without its file: upload the file to it.\n";

constexpr std::size_t kBatchLines = 1'000;
constexpr std::size_t kLineBytesMax = 1_MiB;
constexpr std::uint64_t kReportMs = 200;   // between two pictures of the progress bar
constexpr std::uint64_t kPatienceMs = 20;  // while the index catches up
constexpr int kBarCells = 30;

// No query asks meanwhile and no server shares the memory: what is gathered before it is sorted in
// is as much as one fold takes, and tables are written large.
constexpr std::size_t kTailDocuments = 32'768;
constexpr std::uint64_t kWriteBufferBytes = 256_MiB;
constexpr std::uint64_t kLogBytesMax = 1_GiB;

/// The blob that stands for the files that did not come, on stable storage.
struct Placeholder {
  BlobId id{xxh3_128(as_bytes(kPlaceholder)), 0};
  BlobRecord record{.size_bytes = kPlaceholder.size(), .location = {.tier = Tier::file}};
};

Status write_placeholder(const DataDirectory& directory, const Placeholder& placeholder) {
  const int shard = directory.shard_fd(DataDirectory::shard_of(placeholder.id.hash));
  return replace_file(shard, to_string(placeholder.id), kPlaceholder);
}

struct ImportCounts {
  std::uint64_t assets = 0;
  std::uint64_t categories = 0;
  std::uint64_t documents = 0;
};

/// Some lines as one change, all or nothing.
class Batch final : public Mutation, public CommitRequest {
 public:
  Batch(const ImportOptions& options, const Placeholder& placeholder)
      : CommitRequest(*this, nullptr), options_(options), placeholder_(placeholder) {}

  void add(ImportLine line, std::uint64_t number) {
    lines_.push_back(std::move(line));
    numbers_.push_back(number);
  }
  [[nodiscard]] std::size_t size() const noexcept { return lines_.size(); }

  Status apply(Transaction& transaction) override {
    counts = {};
    has_placeholder_ = false;
    const std::int64_t now_ms = wall_ms();
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      failed_line = numbers_[i];
      const Status done = std::visit(
          [&](const auto& record) { return store(transaction, record, now_ms); }, lines_[i]);
      if (!done) return done;
    }
    return {};
  }

  /// Blocks until the writer has answered.
  [[nodiscard]] Status wait() {
    done_.acquire();
    return status();
  }

  ImportCounts counts;
  std::uint64_t failed_line = 0;  ///< if it was refused: where

 private:
  void deliver() noexcept override { done_.release(); }

  Status store(Transaction& transaction, AssetRecord asset, std::int64_t now_ms) {
    asset.organization_id = options_.organization;
    asset.created_ms = asset.updated_ms = now_ms;
    asset.created_by = asset.updated_by = options_.subject;
    const auto created = create_asset(transaction, std::move(asset));
    if (!created) return std::unexpected(created.error());
    ++counts.assets;
    return {};
  }

  Status store(Transaction& transaction, const CategoryRecord& category, std::int64_t) {
    ++counts.categories;
    return put_category(transaction, category);
  }

  Status store(Transaction& transaction, DocumentRecord document, std::int64_t now_ms) {
    if (Status there = ensure_placeholder(transaction); !there) return there;
    document.owner_id = document.organization_id = options_.organization;
    document.created_by = document.updated_by = options_.subject;
    if (document.created_ms == 0) document.created_ms = now_ms;
    if (document.updated_ms == 0) document.updated_ms = document.created_ms;
    document.blob = placeholder_.id;
    document.size_bytes = placeholder_.record.size_bytes;
    const auto created = create_document(transaction, std::move(document));
    if (!created) return std::unexpected(created.error());
    ++counts.documents;
    return {};
  }

  Status ensure_placeholder(Transaction& transaction) {
    if (has_placeholder_) return {};
    const auto found = find_blob(transaction, placeholder_.id);
    if (!found) return std::unexpected(found.error());
    if (!*found)
      if (Status put = put_blob(transaction, placeholder_.id, placeholder_.record); !put)
        return put;
    has_placeholder_ = true;
    return {};
  }

  const ImportOptions& options_;
  const Placeholder& placeholder_;
  std::vector<ImportLine> lines_;
  std::vector<std::uint64_t> numbers_;
  bool has_placeholder_ = false;
  std::binary_semaphore done_{0};
};

/// Reads lines of a file or of standard input.
class LineReader {
 public:
  explicit LineReader(std::FILE* file) : file_(file) {}
  ~LineReader() { std::free(line_); }
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// The next line without its end, blank ones left out; nothing at the end.
  [[nodiscard]] std::optional<std::string_view> next() {
    while (true) {
      const ssize_t got = ::getline(&line_, &capacity_, file_);
      if (got < 0) return std::nullopt;
      ++number_;
      bytes_ += static_cast<std::uint64_t>(got);
      std::string_view line(line_, static_cast<std::size_t>(got));
      while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
      if (!line.empty()) return line;
    }
  }
  [[nodiscard]] std::uint64_t number() const noexcept { return number_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] bool failed() const noexcept { return std::ferror(file_) != 0; }

 private:
  std::FILE* file_;
  char* line_ = nullptr;
  std::size_t capacity_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t bytes_ = 0;
};

std::uint64_t size_of(std::FILE* file) {
  const Result<std::uint64_t> size = file_size(::fileno(file));
  return size.value_or(0);
}

/// A line that is drawn again and again, on a terminal only.
class ProgressBar {
 public:
  explicit ProgressBar(std::uint64_t bytes_total)
      : bytes_total_(bytes_total), is_shown_(::isatty(STDERR_FILENO) != 0) {}

  void show(std::uint64_t bytes, const ImportCounts& counts, std::uint64_t began_ms) {
    const std::uint64_t now_ms = monotonic_ms();
    if (!is_shown_ || now_ms < shown_ms_ + kReportMs) return;
    shown_ms_ = now_ms;
    const double share =
        bytes_total_ == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(bytes_total_);
    const int cells = static_cast<int>(share * kBarCells);
    fmt::print(stderr, "\r[{:=<{}}{:{}}] {:3.0f}% {} documents, {} of them a second ", "", cells,
               "", kBarCells - cells, share * 100, counts.documents,
               counts.documents * 1000 / (now_ms - began_ms + 1));
    std::fflush(stderr);
  }
  void end() const {
    if (is_shown_ && shown_ms_ != 0) fmt::print(stderr, "\n");
  }

 private:
  std::uint64_t bytes_total_;
  bool is_shown_;
  std::uint64_t shown_ms_ = 0;
};

class Import {
 public:
  Import(const ImportOptions& options, Writer& writer, DocumentIndex& index, std::FILE* file)
      : options_(options), writer_(writer), index_(index), lines_(file), bar_(size_of(file)) {}

  /// The time it prints includes the index: what was imported is found as fast as anything else.
  [[nodiscard]] int run() {
    int exit_code = import_all();
    if (const Status folded = index_.fold(); !folded && exit_code == kExitOk) {
      fmt::print(stderr, "mooring import: {}\n", describe(folded.error()));
      exit_code = kExitIoError;
    }
    bar_.end();
    const std::uint64_t took_ms = monotonic_ms() - began_ms_ + 1;
    fmt::print("{} assets, {} categories, {} documents in {:.1f} s: {} documents/s\n",
               counts_.assets, counts_.categories, counts_.documents,
               static_cast<double>(took_ms) / 1000, counts_.documents * 1000 / took_ms);
    return exit_code;
  }

 private:
  int import_all() {
    auto batch = std::make_unique<Batch>(options_, placeholder_);
    while (const auto line = lines_.next()) {
      Checked<ImportLine> parsed = line->size() <= kLineBytesMax
                                       ? parse_import_line(*line)
                                       : Checked<ImportLine>(std::unexpected(BadField{}));
      if (!parsed) {
        const int before = finish();
        return before != kExitOk ? before : refuse_line(lines_.number(), parsed.error().name);
      }
      batch->add(*std::move(parsed), lines_.number());
      if (batch->size() < kBatchLines) continue;
      if (const int failed = hand_over(batch); failed != kExitOk) return failed;
      bar_.show(lines_.bytes(), counts_, began_ms_);
    }
    if (lines_.failed()) {
      fmt::print(stderr, "mooring import: the lines cannot be read\n");
      return kExitIoError;
    }
    if (batch->size() > 0)
      if (const int failed = hand_over(batch); failed != kExitOk) return failed;
    return finish();
  }

  /// Waits for the batch under way, then starts `batch` and makes a new one.
  int hand_over(std::unique_ptr<Batch>& batch) {
    if (const int failed = finish(); failed != kExitOk) return failed;
    under_way_ = std::exchange(batch, std::make_unique<Batch>(options_, placeholder_));
    (void)writer_.submit(*under_way_);  // the writer stops after us
    return kExitOk;
  }

  int finish() {
    if (!under_way_) return kExitOk;
    const std::unique_ptr<Batch> batch = std::move(under_way_);
    Status committed = batch->wait();
    while (!committed && committed.error().code == Errc::overloaded) {
      ::usleep(kPatienceMs * 1000);
      committed = writer_.commit_and_wait(*batch);
    }
    if (committed) {
      counts_.assets += batch->counts.assets;
      counts_.categories += batch->counts.categories;
      counts_.documents += batch->counts.documents;
      return kExitOk;
    }
    if (committed.error().code == Errc::no_space || committed.error().code == Errc::sync_failed ||
        committed.error().code == Errc::io_error) {
      fmt::print(stderr, "mooring import: {}\n", describe(committed.error()));
      return kExitIoError;
    }
    return refuse_line(batch->failed_line, name_of(committed.error().code));
  }

  static int refuse_line(std::uint64_t number, std::string_view what) {
    fmt::print(stderr, "mooring import: line {}: {}; what came before it may be stored\n", number,
               what.empty() ? "no asset, category or document" : what);
    return kExitUsage;
  }

  const ImportOptions& options_;
  Writer& writer_;
  DocumentIndex& index_;
  LineReader lines_;
  ProgressBar bar_;
  Placeholder placeholder_;
  ImportCounts counts_;
  std::unique_ptr<Batch> under_way_;
  std::uint64_t began_ms_ = monotonic_ms();
};

struct CloseFile {
  void operator()(std::FILE* file) const noexcept {
    if (file != stdin) std::fclose(file);
  }
};

int import_into(const ImportOptions& options, std::FILE* file, OpenedStore& store) {
  if (const Status written = write_placeholder(store.blobs->directory(), Placeholder{}); !written) {
    fmt::print(stderr, "mooring import: {}\n", describe(written.error()));
    return kExitIoError;
  }
  Writer writer(*store.database, {.durability = Durability::relaxed});
  DocumentIndex index(*store.database, writer, {.tail_documents = kTailDocuments});
  if (const Status loaded = load_default_categories(writer); !loaded) {
    fmt::print(stderr, "mooring import: {}\n", describe(loaded.error()));
    return kExitIoError;
  }
  Import import(options, writer, index, file);
  return import.run();
}

}  // namespace

int run_import(const ImportOptions& options) {
  init_log(LogLevel::warning, LogFormat::text);
  const std::unique_ptr<std::FILE, CloseFile> file(
      options.file == "-" ? stdin : std::fopen(options.file.c_str(), "re"));
  if (!file) {
    fmt::print(stderr, "mooring import: cannot open {}\n", options.file);
    return kExitUsage;
  }
  Config config;
  config.data.dir = options.data_dir;
  config.data.durability = Durability::relaxed;
  config.rocksdb.write_buffer_bytes = kWriteBufferBytes;
  config.rocksdb.log_bytes_max = kLogBytesMax;
  const auto stop = [](const Error& error) {
    fmt::print(stderr, "mooring import: {}\n", describe(error));
    ::_exit(kExitIoError);
  };
  std::expected<OpenedStore, StartError> store = open_store(config, stop);
  if (!store) {
    fmt::print(stderr, "mooring import: {}\n", store.error().message);
    return store.error().exit_code;
  }
  const int exit_code = import_into(options, file.get(), *store);
  if (const Status closed = store->database->close(); !closed) {
    fmt::print(stderr, "mooring import: {}\n", describe(closed.error()));
    return kExitIoError;
  }
  return exit_code;
}

}  // namespace mooring
