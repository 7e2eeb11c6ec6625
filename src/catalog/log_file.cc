#include "log_file.h"

#include <fcntl.h>
#include <unistd.h>

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

/// A log as RocksDB writes it. Zeros go through a descriptor of their own: a hint that may fail,
/// for the write that follows tells whether there is room.
class LogAhead final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  LogAhead(std::unique_ptr<FSWritableFile> file, int fd, std::uint64_t ahead_bytes)
      : FSWritableFileOwnerWrapper(std::move(file)), fd_(fd), zeros_(ahead_bytes) {}
  ~LogAhead() override { ::close(fd_); }
  LogAhead(const LogAhead&) = delete;
  LogAhead& operator=(const LogAhead&) = delete;

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* context) override {
    extend_for(data.size());
    return FSWritableFileOwnerWrapper::Append(data, options, context);
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* context) override {
    extend_for(data.size());
    return FSWritableFileOwnerWrapper::Append(data, options, verification, context);
  }
  // What RocksDB has appended ends before the zeros: its own file cuts them off while closing only
  // if it has preallocated.
  IOStatus Close(const IOOptions& options, IODebugContext* context) override {
    const IOStatus closed = FSWritableFileOwnerWrapper::Close(options, context);
    if (closed.ok() && ::ftruncate(fd_, static_cast<off_t>(end_bytes_)) != 0)
      return IOStatus::IOError("cannot cut a log to its length");
    return closed;
  }

 private:
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
  std::uint64_t end_bytes_ = 0;   // of what RocksDB has appended
  std::uint64_t size_bytes_ = 0;  // of the file
  bool given_up_ = false;
};

class LogsAhead final : public rocksdb::FileSystemWrapper {
 public:
  explicit LogsAhead(std::uint64_t ahead_bytes)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), ahead_bytes_(ahead_bytes) {}

  const char* Name() const override { return "LogsAhead"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* result,
                           IODebugContext* context) override {
    const IOStatus made = FileSystemWrapper::NewWritableFile(name, options, result, context);
    if (!made.ok() || !name.ends_with(kLogSuffix)) return made;
    const int fd = ::open(name.c_str(), O_WRONLY | O_CLOEXEC);
    if (fd >= 0) *result = std::make_unique<LogAhead>(std::move(*result), fd, ahead_bytes_);
    return made;
  }

 private:
  std::uint64_t ahead_bytes_;
};

}  // namespace

std::unique_ptr<rocksdb::Env> environment_with_logs_ahead(std::uint64_t ahead_bytes) {
  return rocksdb::NewCompositeEnv(std::make_shared<LogsAhead>(ahead_bytes));
}

}  // namespace mooring
