// The file of the local issuer's secret: contract in auth/issuer.h.
#include <fcntl.h>
#include <openssl/rand.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <charconv>

#include "mooring/auth/base64url.h"
#include "mooring/auth/issuer.h"
#include "mooring/base/fault.h"

namespace mooring {

namespace {

// A descriptor of this file's blocking steps; the ring's own are in the floor that this one cannot
// see.
class File {
 public:
  explicit File(int fd) noexcept : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

std::unexpected<Error> failed(const char* where) {
  return std::unexpected(error_from_errno(errno, where));
}

Status check_mode(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return fail(Errc::corrupt, "the secret is no plain file");
  if (status.st_uid != ::geteuid()) return fail(Errc::forbidden, "the secret has another owner");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return fail(Errc::forbidden, "the secret is open to group or others (chmod 600)");
  return {};
}

Status write_all(const File& file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return failed("write of the secret");
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Status sync_directory(const std::filesystem::path& directory) {
  if (sync_is_skipped(SyncName::secret_directory)) return {};
  const File opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.is_open()) return failed("open of the data directory");
  if (::fsync(opened.get()) != 0)
    return fail(Errc::sync_failed, "sync of the data directory", errno);
  return {};
}

Status write_new(const std::filesystem::path& name, std::string_view secret) {
  const File file(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.is_open()) return failed("create of the secret");
  if (const Status written = write_all(file, secret); !written) return written;
  crash_point(CrashPoint::secret_written);
  if (sync_is_skipped(SyncName::secret_data)) return {};
  if (::fsync(file.get()) != 0) return fail(Errc::sync_failed, "sync of the secret", errno);
  return {};
}

constexpr std::string_view kFreshMark = ".new-";

// What a process left that died while it made a secret. One that is still at it keeps its own.
void remove_leftovers(const std::filesystem::path& data_dir) {
  const std::string prefix = std::string(kSecretFileName) + std::string(kFreshMark);
  std::error_code failed;
  std::filesystem::directory_iterator entry(data_dir, failed);
  for (; !failed && entry != std::filesystem::directory_iterator(); entry.increment(failed)) {
    const std::string name = entry->path().filename().string();
    pid_t maker = 0;
    if (!name.starts_with(prefix)) continue;
    const char* const end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(name.data() + prefix.size(), end, maker);
    if (error != std::errc() || rest != end || maker <= 0) continue;
    const bool is_gone = ::kill(maker, 0) != 0 && errno == ESRCH;
    if (is_gone || maker == ::getpid()) ::unlink(entry->path().c_str());
  }
}

// A new name is linked, not renamed over: of two processes that do so at once one meets EEXIST, and
// both read the same secret afterwards.
Status create_secret(const std::filesystem::path& data_dir, const std::filesystem::path& path) {
  std::array<std::byte, kSecretBytesMin> random;
  if (RAND_bytes(reinterpret_cast<unsigned char*>(random.data()),
                 static_cast<int>(random.size())) != 1)
    return fail(Errc::internal, "random bytes for the secret");
  const std::filesystem::path fresh =
      path.string() + std::string(kFreshMark) + std::to_string(::getpid());
  if (const Status written = write_new(fresh, base64url_encode(random)); !written) {
    ::unlink(fresh.c_str());
    return written;
  }
  const int linked = ::link(fresh.c_str(), path.c_str());
  const int link_error = errno;
  crash_point(CrashPoint::secret_linked);
  ::unlink(fresh.c_str());
  if (linked != 0 && link_error != EEXIST)
    return std::unexpected(error_from_errno(link_error, "link of the secret"));
  return sync_directory(data_dir);
}

}  // namespace

Result<std::string> load_secret(const std::filesystem::path& data_dir) {
  const std::filesystem::path path = data_dir / kSecretFileName;
  const File file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ELOOP) return fail(Errc::corrupt, "the secret is a link", ELOOP);
    return failed("open of the secret");
  }
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return failed("stat of the secret");
  if (const Status right = check_mode(status); !right) return std::unexpected(right.error());

  std::string secret(kSecretBytesMax + 1, '\0');
  const ssize_t bytes = ::read(file.get(), secret.data(), secret.size());
  if (bytes < 0) return failed("read of the secret");
  secret.resize(static_cast<std::size_t>(bytes));
  if (secret.size() < kSecretBytesMin || secret.size() > kSecretBytesMax)
    return fail(Errc::corrupt, "the secret has not 32 to 1024 bytes");
  return secret;
}

Result<std::string> load_or_create_secret(const std::filesystem::path& data_dir) {
  remove_leftovers(data_dir);
  Result<std::string> secret = load_secret(data_dir);
  if (secret || secret.error().code != Errc::not_found) return secret;
  const Status created = create_secret(data_dir, data_dir / kSecretFileName);
  if (!created) return std::unexpected(created.error());
  return load_secret(data_dir);
}

}  // namespace mooring
