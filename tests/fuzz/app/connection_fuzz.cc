// A whole connection: the whole server (run_serve, with a store of its own in a temporary
// directory) on a kernel that is simulated, so that every byte of the input is what a client sends.
//
// The first byte says how the rest is cut and how the connection ends. In the rest $TOKEN, $ASSET,
// $POCKET, $PARTNER and $DEVELOPER stand for a token, an asset and keys that are good.

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "fuzz/app/conversation_rules.h"
#include "fuzz/fuzz.h"
#include "fuzz/uring/simulated_kernel.h"
#include "mooring/app/admin_socket.h"
#include "mooring/app/server.h"
#include "mooring/auth/issuer.h"
#include "mooring/base/clock.h"
#include "mooring/image/worker.h"
#include "unit/support/temporary_directory.h"

namespace {

using namespace mooring;

constexpr std::size_t kDescriptorsSlack = 16;  // segments that were read from
constexpr unsigned kRunsPerCount = 512;

std::string value_of(std::string_view json, std::string_view name) {
  const std::string mark = "\"" + std::string(name) + "\":\"";
  const std::size_t begin = json.find(mark);
  MOORING_CHECK(begin != json.npos, "an answer without what was asked for");
  const std::size_t from = begin + mark.size();
  return std::string(json.substr(from, json.find('"', from) - from));
}

class Server {
 public:
  Server() {
    config_.server.listen = {"127.0.0.1", 0};
    config_.server.cores = 1;
    config_.server.debug_routes = true;
    config_.data.dir = directory_.path() / "data";
    config_.data.segment_bytes = 16_MiB;
    config_.data.reserve_bytes = 1_MiB;
    config_.limits.chunks_per_core = 12;
    config_.limits.head_buffers_per_core = 16;
    config_.log.level = LogLevel::error;
    config_.threads.pin = false;
    config_.rocksdb.block_cache_bytes = 16_MiB;
    thread_ = std::thread([this] { exit_code_ = run_serve(config_); });
    wait_until_accepting();
    while (!ask("GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n").starts_with("HTTP/1.1 200")) {
    }
    make_callers();
    descriptors_ = count_descriptors();
  }

  // A drain, as an operator makes it: what leaked fails a CHECK of its owner.
  ~Server() {
    ::pthread_kill(thread_.native_handle(), SIGTERM);
    thread_.join();
    MOORING_CHECK(exit_code_ == 0, "the server does not drain");
  }

  [[nodiscard]] std::string fill_in(std::string_view text) const {
    std::string filled;
    for (std::size_t place = text.find('$'); place != text.npos; place = text.find('$')) {
      filled += text.substr(0, place);
      text.remove_prefix(place);
      std::size_t used = 1;
      std::string_view value = "$";
      for (const auto& [name, stands_for] : names_)
        if (text.starts_with(name)) {
          used = name.size();
          value = stands_for;
        }
      filled += value;
      text.remove_prefix(used);
    }
    return filled += text;
  }

  void count_now_and_then() {
    if (++runs_ % kRunsPerCount == 0)
      MOORING_CHECK(count_descriptors() <= descriptors_ + kDescriptorsSlack, "descriptors leak");
  }

 private:
  static std::string ask(const std::string& request) { return converse({.bytes = request}).sent; }

  void make_callers() {
    const Result<std::string> secret = load_secret(config_.data.dir);
    MOORING_CHECK(secret.has_value(), "no secret");
    const Result<std::string> token = mint_token({.subject = "u",
                                                  .organization = "o",
                                                  .roles = {"admin"},
                                                  .scopes = {"images"},
                                                  .lifetime_seconds = 1'000'000},
                                                 *secret, wall_ms());
    MOORING_CHECK(token.has_value(), "no token");
    names_[0].second = *token;
    names_[1].second = value_of(
        ask("POST /api/asset/v1/assets HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " + *token +
            "\r\nContent-Type: application/json\r\nContent-Length: 34\r\n\r\n"
            R"({"assetType":"machine","name":"a"})"),
        "id");
    names_[2].second = make_key("attachments");
    names_[3].second = make_key("partner");
    names_[4].second = make_key("developer");
  }

  [[nodiscard]] std::string make_key(const std::string& kind) const {
    const Result<std::string> answer =
        ask_admin(config_.data.dir, R"({"command":"key.create","kind":")" + kind +
                                        R"(","owner":"o@example.org","company":"c","name":"n"})");
    MOORING_CHECK(answer.has_value(), "no admin socket");
    return value_of(*answer, "key");
  }

  // Tables of the catalogue come and go as RocksDB likes.
  static std::size_t count_descriptors() {
    std::size_t count = 0;
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
      count += !std::filesystem::read_symlink(entry, gone).string().contains("/catalog/");
    return count;
  }

  TemporaryDirectory directory_;
  Config config_;
  std::thread thread_;
  int exit_code_ = -1;
  std::array<std::pair<std::string_view, std::string>, 5> names_ = {
      {{"$TOKEN", ""}, {"$ASSET", ""}, {"$POCKET", ""}, {"$PARTNER", ""}, {"$DEVELOPER", ""}}};
  std::size_t descriptors_ = 0;
  unsigned runs_ = 0;
};

}  // namespace

// The server and its image workers are one binary, and here that is this one.
extern "C" int LLVMFuzzerInitialize(int* argument_count, char*** arguments) {
  if (*argument_count > 1 && (*arguments)[1] == kImageWorkerCommand)
    ::_exit(run_image_worker(kWorkerSocket));
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Server server;
  std::string_view input = fuzz_text(data, size);
  const std::uint8_t seed = take_fuzz_seed(input);
  Script script;
  script.bytes = server.fill_in(input);
  if ((seed & 0x40) != 0) script.cuts = fuzz_schedule(seed, script.bytes.size());
  if ((seed & 0x80) != 0) script.end = Script::End::reset;
  if ((seed & 0x20) != 0) script.send_bytes_max = 1 + (seed & 0x1f) * 97;
  check_conversation(script, converse(script));
  server.count_now_and_then();
  return 0;
}
