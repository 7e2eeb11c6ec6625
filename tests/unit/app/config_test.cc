// The configuration: defaults, ranges, errors that tell the operator where and what.
#include "mooring/app/config.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "mooring/app/config_setting.h"
#include "test_data.h"

namespace mooring {
namespace {

Config parsed(std::string_view text) {
  auto config = parse_config(text, "test.toml");
  EXPECT_TRUE(config.has_value()) << text << "\n" << (config ? "" : describe(config.error()));
  return config.value_or(Config{});
}

std::string error_of(std::string_view text) {
  const auto config = parse_config(text, "test.toml");
  return config ? "accepted" : describe(config.error());
}

std::string shipped_file() {
  std::ifstream in(MOORING_TEST_DATA "/../../conf/mooring.toml");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// A default is commented out by a number sign without a space; prose has the space.
std::string uncommented(const std::string& text) {
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    const bool is_default = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    out += (is_default ? line.substr(1) : line) + "\n";
  }
  return out;
}

TEST(Config, AnEmptyFileIsTheDefaults) {
  EXPECT_EQ(parsed(""), Config{});
}

TEST(Config, TheShippedFileIsTheDefaults) {
  ASSERT_FALSE(shipped_file().empty());
  EXPECT_EQ(parsed(shipped_file()), Config{});
  Config config = parsed(uncommented(shipped_file()));
  ASSERT_EQ(config.auth.keys.size(), 1u);
  EXPECT_EQ(config.auth.keys[0], AuthKeyConfig{.file = "/etc/mooring/issuer.pem"});
  ASSERT_EQ(config.auth.clients.size(), 1u);
  EXPECT_EQ(config.auth.clients[0], (AuthClientConfig{.id = "example",
                                                      .secret = "change this secret",
                                                      .organization = "example",
                                                      .user = "example"}));
  config.auth.keys.clear();
  config.auth.clients.clear();
  EXPECT_EQ(config, Config{});
}

TEST(Config, TheShippedFileHasEveryKeyOnceAndNoOther) {
  std::istringstream lines(uncommented(shipped_file()));
  std::vector<std::string> written;
  std::string table;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '[')
      table =
          line.substr(line.find_first_not_of('['), line.find(']') - line.find_first_not_of('['));
    else
      written.push_back(table + "." + line.substr(0, line.find(' ')));
  }
  std::vector<std::string> known = config_keys();
  std::ranges::sort(known);
  std::ranges::sort(written);
  EXPECT_EQ(written, known);
  EXPECT_GT(known.size(), 50u);
}

TEST(Config, FillsWhatItIsTold) {
  const Config config = parsed(R"(
[server]
listen = "[::1]:0"
cores = 3
drain = "1500ms"
debug_routes = true
[data]
durability = "relaxed"
segment_bytes = 8388608
verify_at_start = "contents"
[limits]
picture_bytes_max = "3MiB"
[log]
level = "debug"
format = "json"
access = "text"
[[auth.keys]]
kid = "a"
file = "a.pem"
algorithm = "ES256"
lifetime_max = "2h"
[[auth.keys]]
file = "b"
algorithm = "HS256"
)");
  EXPECT_EQ(config.server.listen, (Endpoint{"::1", 0}));
  EXPECT_EQ(config.server.cores, 3u);
  EXPECT_EQ(config.server.drain_ms, 1'500u);
  EXPECT_TRUE(config.server.debug_routes);
  EXPECT_EQ(config.data.durability, Durability::relaxed);
  EXPECT_EQ(config.data.segment_bytes, 8_MiB);
  EXPECT_EQ(config.data.verify_at_start, VerifyAtStart::contents);
  EXPECT_EQ(config.limits.picture_bytes_max, 3_MiB);
  EXPECT_EQ(config.log, (LogConfig{LogLevel::debug, LogFormat::json, AccessLog::text}));
  ASSERT_EQ(config.auth.keys.size(), 2u);
  EXPECT_EQ(config.auth.keys[0].algorithm, TokenAlgorithm::es256);
  EXPECT_EQ(config.auth.keys[0].lifetime_ms_max, 7'200'000u);
  EXPECT_EQ(config.auth.keys[1].algorithm, TokenAlgorithm::hs256);
}

TEST(Config, EachSettingFillsAMemberOfItsOwn) {
  // Two rows of the table that share a member would both change it.
  std::vector<const void*> members;
  Config config;
  for (const auto& setting : config_settings())
    members.push_back(
        std::visit([](auto* member) -> const void* { return member; }, setting.slot(config)));
  std::ranges::sort(members);
  EXPECT_EQ(std::ranges::adjacent_find(members), members.end());
}

TEST(Config, EveryNumberIsHeldToItsRangeOnBothSides) {
  for (const auto& setting : config_settings()) {
    Config config;
    const Slot slot = setting.slot(config);
    std::uint64_t* const* const member = std::get_if<std::uint64_t*>(&slot);
    if (member == nullptr) continue;
    EXPECT_GE(**member, setting.least) << setting.key;
    EXPECT_LE(**member, setting.most) << setting.key;
    const auto assigned = [&](std::uint64_t number) {
      const SettingValue value = setting.unit == Unit::duration
                                     ? SettingValue(fmt::format("{}ms", number))
                                     : SettingValue(static_cast<std::int64_t>(number));
      return !assign(setting, config, value).has_value();
    };
    EXPECT_TRUE(assigned(setting.least)) << setting.key;
    EXPECT_EQ(**member, setting.least) << setting.key;
    EXPECT_TRUE(assigned(setting.most)) << setting.key;
    EXPECT_EQ(**member, setting.most) << setting.key;
    EXPECT_FALSE(assigned(setting.most + 1)) << setting.key;
    if (setting.least > 0) EXPECT_FALSE(assigned(setting.least - 1)) << setting.key;
    EXPECT_FALSE(assigned(static_cast<std::uint64_t>(-1))) << setting.key;
    EXPECT_EQ(**member, setting.most) << "a refused value changes nothing: " << setting.key;
  }
}

TEST(Config, UnknownNamesAreRefusedWithTheirLine) {
  EXPECT_EQ(error_of("\n\n[servr]\ncores = 1\n"), "test.toml:3: [servr] is no table of this file");
  EXPECT_EQ(error_of("[server]\ncore = 1\n"), "test.toml:2: server.core is no setting");
  EXPECT_EQ(error_of("cores = 1\n"), "test.toml:1: [cores] is no table of this file");
  EXPECT_EQ(error_of("server = 1\n"), "test.toml:1: server must be a table: [server]");
  EXPECT_EQ(error_of("[data]\nsegment_threshold = 1\n"),
            "test.toml:2: data.segment_threshold is no setting");
  EXPECT_EQ(error_of("[[auth.keys]]\nfile = \"a\"\nkey = 1\n"),
            "test.toml:3: auth.keys.key is no setting");
  EXPECT_EQ(error_of("[[auth.keys]]\nkid = \"a\"\n"), "test.toml:1: auth.keys.file is missing");
  EXPECT_EQ(error_of("[auth]\nkeys = 1\n"), "test.toml:2: auth.keys must be tables: [[auth.keys]]");
  EXPECT_EQ(error_of("[auth]\nkeys = [\n1]\n"),
            "test.toml:3: auth.keys must be tables: [[auth.keys]]");
}

TEST(Config, WrongValuesAreRefusedWithWhatIsAllowed) {
  EXPECT_EQ(error_of("[server]\ncores = 1025\n"),
            "test.toml:2: server.cores must be an integer, 0 to 1024");
  EXPECT_EQ(error_of("[server]\ncores = \"4\"\n"),
            "test.toml:2: server.cores must be an integer, 0 to 1024");
  EXPECT_EQ(error_of("[server]\ncores = 4.0\n"),
            "test.toml:2: server.cores must be an integer, 0 to 1024");
  EXPECT_EQ(error_of("[server]\ncores = -1\n"),
            "test.toml:2: server.cores must be an integer, 0 to 1024");
  EXPECT_EQ(error_of("[server]\ndebug_routes = 1\n"),
            "test.toml:2: server.debug_routes must be true or false");
  EXPECT_EQ(error_of("[data]\ndurability = \"Durable\"\n"),
            "test.toml:2: data.durability must be one of \"durable\", \"relaxed\"");
  EXPECT_EQ(error_of("[data]\ndir = \"\"\n"),
            "test.toml:2: data.dir must be a text of 1 to 4096 bytes");
  EXPECT_EQ(error_of("[data]\ndir = 1\n"),
            "test.toml:2: data.dir must be a text of 1 to 4096 bytes");
  EXPECT_EQ(
      error_of("[data]\nsegment_bytes = \"1MiB\"\n"),
      "test.toml:2: data.segment_bytes must be a size such as 4096 or \"16MiB\", 4MiB to 4GiB");
  for (const char* size : {"\"4 MiB\"", "\"4MB\"", "\"4mib\"", "\"MiB\"", "\"-4MiB\"", "\"4.5MiB\"",
                           "\"4MiB \"", "\"16777217TiB\"", "\"4194304\"", "true", "[1]"})
    EXPECT_NE(error_of(fmt::format("[data]\nsegment_bytes = {}\n", size)), "accepted") << size;
  for (const char* duration :
       {"30", "\"30\"", "\"30 s\"", "\"30sec\"", "\"1h1s\"", "\"61m\"", "\"-1s\""})
    EXPECT_EQ(error_of(fmt::format("[server]\ndrain = {}\n", duration)),
              "test.toml:2: server.drain must be a duration such as \"500ms\", \"10s\" or \"5m\", "
              "0s to 1h")
        << duration;
  for (const char* listen :
       {"\"\"", "\"8080\"", "\"localhost:8080\"", "\"127.0.0.1\"", "\"127.0.0.1:65536\"",
        "\"127.0.0.1:x\"", "\"::1\"", "8080", "\":8080\""})
    EXPECT_EQ(error_of(fmt::format("[server]\nlisten = {}\n", listen)),
              "test.toml:2: server.listen must be a numeric address and a port, "
              "\"127.0.0.1:8080\" or \"[::1]:8080\"")
        << listen;
  EXPECT_EQ(error_of("[[auth.keys]]\nfile = \"a\"\nalgorithm = \"none\"\n"),
            "test.toml:3: auth.keys.algorithm must be one of \"HS256\", \"RS256\", \"ES256\"");
}

TEST(Config, BrokenTomlIsRefusedWithItsLine) {
  EXPECT_TRUE(error_of("[server]\ncores = \n").starts_with("test.toml:2: "))
      << error_of("[server]\ncores = \n");
  EXPECT_TRUE(error_of("[server]\ncores = 1\ncores = 2\n").starts_with("test.toml:3: "));
  EXPECT_TRUE(error_of("[server]\nbase_url = \"\xff\"\n").starts_with("test.toml:2: "));
}

constexpr std::string_view kClient =
    "[[auth.clients]]\nid = \"a\"\nsecret = \"0123456789abcdef\"\norganization = \"o\"\n"
    "user = \"u\"\n";

TEST(Config, ClientsOfTokenRefreshAreRead) {
  const Config config = parsed(std::string(kClient) + "scopes = \"images x\"\n");
  ASSERT_EQ(config.auth.clients.size(), 1u);
  EXPECT_EQ(config.auth.clients[0].scopes, "images x");
}

TEST(Config, ClientsOfTokenRefreshThatCannotBeAreRefused) {
  const std::string client(kClient);
  EXPECT_EQ(error_of("[auth]\nlocal_issuer = false\n" + client),
            "test.toml: auth.clients need auth.local_issuer, which issues their tokens");
  EXPECT_EQ(error_of(client + client), "test.toml: auth.clients.id must not be the same twice");
  for (const char* key : {"id", "secret", "organization", "user"}) {
    std::string without = client;
    const std::size_t at = without.find(std::string(key) + " = ");
    without.erase(at, without.find('\n', at) + 1 - at);
    EXPECT_EQ(error_of(without), fmt::format("test.toml:1: auth.clients.{} is missing", key));
  }
  EXPECT_NE(error_of("[[auth.clients]]\nsecret = \"short\"\n"), "accepted");
  EXPECT_NE(error_of("[auth]\nclients = 1\n"), "accepted");
}

TEST(Config, SettingsThatContradictEachOtherAreRefused) {
  for (const char* text :
       {"[limits]\nhead_bytes_max = 4096\n", "[limits]\nbody_bytes_max = \"5MiB\"\n",
        "[limits]\nbody_bytes_max = \"512KiB\"\npicture_bytes_max = 4096\n"
        "images_bytes_max = 4096\n",
        "[limits]\nimages_bytes_max = \"1GiB\"\nbody_bytes_max = \"1023MiB\"\n",
        "[limits]\nhead_buffers_per_core = 100\n", "[data]\nsegment_bytes = 5000000\n",
        "[data]\nread_piece_bytes = 100000\n", "[server]\nbase_url = \"assets.example.com\"\n",
        "[server]\nbase_url = \"http://a/\"\n", "[server]\nmetrics_listen = \"127.0.0.1:8080\"\n"})
    EXPECT_NE(error_of(text), "accepted") << text;
  EXPECT_EQ(error_of("[limits]\nhead_bytes_max = 4096\nrequest_line_bytes_max = 4096\n"),
            "accepted");
  EXPECT_EQ(error_of("[server]\nbase_url = \"https://assets.example.com:8443/x\"\n"), "accepted");
  EXPECT_EQ(error_of("[server]\nlisten = \"127.0.0.1:0\"\nmetrics_listen = \"127.0.0.1:0\"\n"),
            "accepted");
}

TEST(Config, AFileThatCannotBeReadIsAnError) {
  const auto absent = load_config("/nonexistent/mooring.toml");
  ASSERT_FALSE(absent.has_value());
  EXPECT_EQ(describe(absent.error()),
            "/nonexistent/mooring.toml: cannot be read: No such file or directory");
  EXPECT_EQ(describe(load_config("/").error()), "/: cannot be read: Is a directory");
  const auto shipped = load_config(MOORING_TEST_DATA "/../../conf/mooring.toml");
  ASSERT_TRUE(shipped.has_value());
  EXPECT_EQ(*shipped, Config{});
}

TEST(ConfigOverrides, WinOverTheFileWithinTheSameRanges) {
  Config config = parsed("[server]\ncores = 2\n");
  ASSERT_TRUE(apply_overrides(config, {.listen = "0.0.0.0:81",
                                       .data_dir = "/srv",
                                       .cores = 5,
                                       .durability = "relaxed",
                                       .log_level = "error",
                                       .log_format = "json",
                                       .debug_routes = true}));
  EXPECT_EQ(config.server.listen, (Endpoint{"0.0.0.0", 81}));
  EXPECT_EQ(config.data.dir, "/srv");
  EXPECT_EQ(config.server.cores, 5u);
  EXPECT_EQ(config.data.durability, Durability::relaxed);
  EXPECT_EQ(config.log, (LogConfig{LogLevel::error, LogFormat::json, AccessLog::off}));
  EXPECT_TRUE(config.server.debug_routes);

  const Config before = config;
  const auto failed = apply_overrides(config, {.data_dir = "/other", .cores = 1025});
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(describe(failed.error()), "--cores must be an integer, 0 to 1024");
  EXPECT_FALSE(apply_overrides(config, {.cores = UINT64_MAX}).has_value());
  EXPECT_FALSE(apply_overrides(config, {.listen = ""}).has_value());
  EXPECT_FALSE(apply_overrides(config, {.durability = "none"}).has_value());
  EXPECT_FALSE(apply_overrides(config, {.metrics_listen = "0.0.0.0:81"}).has_value());
  EXPECT_EQ(config, before);
  EXPECT_TRUE(apply_overrides(config, {}));
  EXPECT_EQ(config, before);
}

}  // namespace
}  // namespace mooring
