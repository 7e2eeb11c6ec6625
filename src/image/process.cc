#include "mooring/image/process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>

#include "mooring/image/worker.h"

namespace mooring {

namespace {

constexpr std::uint64_t kStartMs = 10'000;

// Nothing of the server's environment. One arena, and addresses that go back with their memory, so
// that the limit of the address space is spent on pictures (the first for the C library's heap, the
// second for jemalloc); no picture ever goes to a temporary file.
char* const kEnvironment[] = {const_cast<char*>("MALLOC_ARENA_MAX=1"),
                              const_cast<char*>("MALLOC_CONF=narenas:1,retain:false"),
                              const_cast<char*>("VIPS_DISC_THRESHOLD=1000g"), nullptr};

// The socket becomes descriptor 3, the standard ones lead nowhere, all others are closed.
class FileActions {
 public:
  explicit FileActions(int socket) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, socket, kWorkerSocket);
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, 0, 1);
    ::posix_spawn_file_actions_adddup2(&actions_, 0, 2);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, kWorkerSocket + 1);
  }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
};

// Signals as in a fresh process, and a process group of its own: a ^C at the terminal is for the
// server, which drains.
class Attributes {
 public:
  Attributes() {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

Result<pid_t> spawn(const WorkerCommand& command, int socket) {
  std::vector<char*> arguments = {const_cast<char*>("mooring")};
  for (const std::string& argument : command.arguments)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const FileActions actions(socket);
  const Attributes attributes;
  pid_t pid = 0;
  const int failed = ::posix_spawn(&pid, command.executable.c_str(), actions.get(),
                                   attributes.get(), arguments.data(), kEnvironment);
  if (failed != 0) return std::unexpected(error_from_errno(failed, "start of an image worker"));
  return pid;
}

}  // namespace

Result<WorkerProcess> WorkerProcess::start(const WorkerCommand& command,
                                           const WorkerGreeting& greeting, int cancel_fd) {
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return std::unexpected(error_from_errno(errno, "socketpair"));
  const Fd theirs(ends[1]);
  WorkerProcess process;
  process.socket_ = Fd(ends[0]);
  const Result<pid_t> pid = spawn(command, theirs.get());
  if (!pid) return std::unexpected(pid.error());
  process.pid_ = *pid;
  if (Status sent = send_message(process.socket_.get(), bytes_of(greeting)); !sent)
    return fail(Errc::internal, "greeting of an image worker");
  WorkerReady ready;
  std::array<Fd, 2> none;
  const auto received = receive_message(process.socket_.get(), writable_bytes_of(ready), none,
                                        static_cast<int>(kStartMs), cancel_fd);
  if (!received && received.error().code == Errc::cancelled)
    return std::unexpected(received.error());
  if (!received || ready.magic != kWorkerReadyMagic)
    return fail(Errc::internal, "an image worker that does not get ready");
  return process;
}

Status WorkerProcess::send(const WorkerRequest& request, std::span<const int> files) {
  return send_message(socket_.get(), bytes_of(request), files);
}

Result<WorkerAnswer> WorkerProcess::receive(std::uint64_t timeout_ms, int cancel_fd) {
  WorkerAnswer answer;
  std::array<Fd, 2> none;
  const auto received = receive_message(socket_.get(), writable_bytes_of(answer), none,
                                        static_cast<int>(timeout_ms), cancel_fd);
  if (!received) return std::unexpected(received.error());
  answer.reason.back() = '\0';
  return answer;
}

std::uint64_t WorkerProcess::processor_ns() const noexcept {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return 0;
  return static_cast<std::uint64_t>(used.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(used.tv_nsec);
}

bool WorkerProcess::is_ready_to_run() const {
  std::error_code gone;
  const std::filesystem::path threads("/proc/" + std::to_string(pid_) + "/task");
  for (const auto& thread : std::filesystem::directory_iterator(threads, gone)) {
    std::ifstream file(thread.path() / "stat");
    const std::string line{std::istreambuf_iterator<char>(file), {}};
    const std::size_t name_end = line.rfind(") ");  // the name may hold anything, see proc(5)
    if (name_end != std::string::npos && line.substr(name_end + 2, 1) == "R") return true;
  }
  return false;
}

void WorkerProcess::kill() noexcept {
  socket_.reset();
  if (pid_ == 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = 0;
}

}  // namespace mooring
