#include "log_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <rocksdb/file_system.h>

namespace mooring {
namespace {

using rocksdb::FileOptions;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

constexpr std::string_view kLogSuffix = ".log";

/// A file that tells of its first failure on the spot: RocksDB marks the file and goes on, and
/// where it is built with assertions, as Debian does, the next use of the file may end the process
/// before the failure has come to anybody.
class ToldOf final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  ToldOf(std::unique_ptr<FSWritableFile> file, const ReportFailure& report)
      : FSWritableFileOwnerWrapper(std::move(file)), report_(report) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* context) override {
    return told(FSWritableFileOwnerWrapper::Append(data, options, context));
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* context) override {
    return told(FSWritableFileOwnerWrapper::Append(data, options, verification, context));
  }
  IOStatus Truncate(std::uint64_t size_bytes, const IOOptions& options,
                    IODebugContext* context) override {
    return told(FSWritableFileOwnerWrapper::Truncate(size_bytes, options, context));
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* context) override {
    return told(FSWritableFileOwnerWrapper::Flush(options, context));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    return told(FSWritableFileOwnerWrapper::Sync(options, context));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    return told(FSWritableFileOwnerWrapper::Fsync(options, context));
  }
  IOStatus RangeSync(std::uint64_t offset, std::uint64_t size_bytes, const IOOptions& options,
                     IODebugContext* context) override {
    return told(FSWritableFileOwnerWrapper::RangeSync(offset, size_bytes, options, context));
  }
  IOStatus Close(const IOOptions& options, IODebugContext* context) override {
    return told(FSWritableFileOwnerWrapper::Close(options, context));
  }

 private:
  IOStatus told(IOStatus done) {
    if (!done.ok() && !done.IsNoSpace() && report_) report_(done);
    return done;
  }

  const ReportFailure& report_;  // of the environment
};

/// What was written to a log that is being written, without the zeros behind.
using WrittenBytes = std::atomic<std::uint64_t>;

/// A log as RocksDB writes it. Zeros go through a descriptor of their own: a hint that may fail,
/// for the write that follows tells whether there is room.
class LogAhead final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  LogAhead(std::unique_ptr<FSWritableFile> file, int fd, std::uint64_t ahead_bytes,
           std::shared_ptr<WrittenBytes> written, const ReportFailure& report)
      : FSWritableFileOwnerWrapper(std::move(file)),
        fd_(fd),
        zeros_(ahead_bytes),
        written_(std::move(written)),
        report_(report) {}
  ~LogAhead() override { ::close(fd_); }
  LogAhead(const LogAhead&) = delete;
  LogAhead& operator=(const LogAhead&) = delete;

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* context) override {
    extend_for(data.size());
    return note(FSWritableFileOwnerWrapper::Append(data, options, context));
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* context) override {
    extend_for(data.size());
    return note(FSWritableFileOwnerWrapper::Append(data, options, verification, context));
  }
  // What RocksDB has appended ends before the zeros: its own file cuts them off while closing only
  // if it has preallocated.
  IOStatus Close(const IOOptions& options, IODebugContext* context) override {
    IOStatus closed = FSWritableFileOwnerWrapper::Close(options, context);
    if (closed.ok() && ::ftruncate(fd_, static_cast<off_t>(end_bytes_)) != 0) {
      closed = IOStatus::IOError("cannot cut a log to its length");
      if (report_) report_(closed);  // the file below, which tells of its failures, knows nothing
      return closed;
    }
    written_.reset();  // from here on the file tells
    return closed;
  }

 private:
  IOStatus note(IOStatus appended) {
    if (appended.ok() && written_) written_->store(end_bytes_, std::memory_order_release);
    return appended;
  }

  void extend_for(std::size_t size_bytes) {
    end_bytes_ += size_bytes;
    while (size_bytes_ < end_bytes_ && !given_up_) {
      const ssize_t written =
          ::pwrite(fd_, zeros_.data(), zeros_.size(), static_cast<off_t>(size_bytes_));
      given_up_ = written <= 0;
      if (!given_up_) size_bytes_ += static_cast<std::uint64_t>(written);
    }
  }

  int fd_;
  std::vector<char> zeros_;
  std::shared_ptr<WrittenBytes> written_;
  const ReportFailure& report_;   // of the environment
  std::uint64_t end_bytes_ = 0;   // of what RocksDB has appended
  std::uint64_t size_bytes_ = 0;  // of the file
  bool given_up_ = false;
};

class CatalogFiles final : public rocksdb::FileSystemWrapper {
 public:
  CatalogFiles(std::uint64_t ahead_bytes, ReportFailure report)
      : FileSystemWrapper(rocksdb::FileSystem::Default()),
        ahead_bytes_(ahead_bytes),
        report_(std::move(report)) {}

  const char* Name() const override { return "CatalogFiles"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* result,
                           IODebugContext* context) override {
    const IOStatus made = FileSystemWrapper::NewWritableFile(name, options, result, context);
    if (!made.ok()) return made;
    *result = std::make_unique<ToldOf>(std::move(*result), report_);
    if (ahead_bytes_ == 0 || !name.ends_with(kLogSuffix)) return made;
    const int fd = ::open(name.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd < 0) return made;
    auto written = std::make_shared<WrittenBytes>(0);
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(written_, [](const auto& log) { return log.second.expired(); });
      written_[name] = written;
    }
    *result = std::make_unique<LogAhead>(std::move(*result), fd, ahead_bytes_, std::move(written),
                                         report_);
    return made;
  }

  // A checkpoint copies a log as far as it is told: not into zeros that a commit is overwriting.
  IOStatus GetFileSize(const std::string& name, const IOOptions& options, std::uint64_t* size_bytes,
                       IODebugContext* context) override {
    {
      const std::lock_guard lock(mutex_);
      const auto found = written_.find(name);
      const auto written = found == written_.end() ? nullptr : found->second.lock();
      if (written) {
        *size_bytes = written->load(std::memory_order_acquire);
        return IOStatus::OK();
      }
    }
    return FileSystemWrapper::GetFileSize(name, options, size_bytes, context);
  }

 private:
  const std::uint64_t ahead_bytes_;
  const ReportFailure report_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<WrittenBytes>> written_;  // by name, while they are written
};

}  // namespace

std::unique_ptr<rocksdb::Env> catalog_environment(std::uint64_t log_ahead_bytes,
                                                  ReportFailure report) {
  return rocksdb::NewCompositeEnv(
      std::make_shared<CatalogFiles>(log_ahead_bytes, std::move(report)));
}

}  // namespace mooring
