// Scenarios from files and from the command line.
#include "load/scenario.h"

#include <gtest/gtest.h>

#include "load/command_line.h"
#include "load/scenario_file.h"

namespace mooring {
namespace {

constexpr std::string_view kWhole = R"(
title = "a mix"
target = "http://127.0.0.1:8080"
host = "example.com"
warmup = "1s"
duration = "30s"
drain = "5s"
timeout = "20s"
cores = 2
cpus = "1,3"
seed = 42
ids = ["a", "b"]

[[group]]
name = "small"
connections = 64
think = "uniform 0ms 10ms"

[[group.operation]]
name = "upload"
weight = 3
method = "POST"
path = "/up/{run}/{n%256}"
headers = { x-api-key = "k" }
body = "multipart chunked"
chunk = "16KiB"
size = "4KiB*70 1MiB*30"
prefix = "ffd8"
duplicates = 0.25
distinct = 10
field = "f"
filename = "{n}.jpg"
content_type = "image/jpeg"
fields = { name = "x" }
send_bytes_per_second = "1MiB"
statuses = [200, 201]
json = { "data.id" = "*", type = "Document", len = "{size}" }
etag = "content"
address = "{json:publicURL}"
read_back = true

[[group.operation]]
name = "download"
path = "{stored}"
verify = true
resume_parts = 4

[[group]]
name = "steady"
connections = 100
rate = 500.5
spacing = "poisson"
requests = 1000
connection = "one-request"

[[group.operation]]
path = "/x/{id}"
answer_size = "64KiB"
)";

TEST(Scenario, SaysWhatItsFileSays) {
  const auto parsed = parse_scenario(kWhole, "mix.toml");
  ASSERT_TRUE(parsed.has_value()) << parsed.error();
  EXPECT_EQ(contradiction(*parsed), std::nullopt);
  EXPECT_EQ(parsed->target, (Endpoint{"127.0.0.1", 8080}));
  EXPECT_EQ(parsed->warmup_ms, 1000u);
  EXPECT_EQ(parsed->duration_ms, 30'000u);
  EXPECT_EQ(parsed->cpus, (std::vector<unsigned>{1, 3}));
  EXPECT_EQ(parsed->seed, 42u);
  EXPECT_EQ(parsed->ids, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(parsed->groups.size(), 2u);
  const LoadGroup& small = parsed->groups[0];
  ASSERT_EQ(small.operations.size(), 2u);
  EXPECT_EQ(small.connections, 64u);
  EXPECT_EQ(small.think_ms.largest(), 10u);
  const LoadOperation& upload = small.operations[0];
  EXPECT_EQ(upload.weight, 3);
  EXPECT_EQ(upload.headers, (std::vector<NamedText>{{"x-api-key", "k"}}));
  EXPECT_EQ(upload.body, BodyForm::multipart);
  EXPECT_EQ(upload.framing, BodyFraming::chunked);
  EXPECT_EQ(upload.chunk_bytes, 16'384u);
  EXPECT_EQ(upload.size.largest(), 1u << 20);
  EXPECT_EQ(upload.content_prefix, "\xff\xd8");
  EXPECT_EQ(upload.duplicates, 0.25);
  EXPECT_EQ(upload.duplicates_distinct, 10u);
  EXPECT_EQ(upload.send_bytes_per_second, 1u << 20);
  EXPECT_EQ(upload.statuses, (std::vector<int>{200, 201}));
  EXPECT_EQ(upload.json.size(), 3u);
  EXPECT_EQ(upload.etag, EtagExpectation::content);
  EXPECT_TRUE(upload.read_back);
  EXPECT_EQ(small.operations[1].resume_parts, 4u);
  const LoadGroup& steady = parsed->groups[1];
  EXPECT_EQ(steady.rate_per_second, 500.5);
  EXPECT_EQ(steady.spacing, ArrivalSpacing::poisson);
  EXPECT_EQ(steady.requests_max, 1000u);
  EXPECT_EQ(steady.use, ConnectionUse::one_request);
  EXPECT_EQ(steady.operations[0].answer_bytes, 65'536u);
}

TEST(Scenario, ErrorsNameTheirPlace) {
  const auto error_of = [](std::string_view text) {
    const auto parsed = parse_scenario(text, "x.toml");
    return parsed ? "no error" : parsed.error();
  };
  EXPECT_EQ(error_of("\nsurprise = 1"), "x.toml:2: 'surprise' is no key here");
  EXPECT_EQ(error_of("[[group]]\nconnections = -1"),
            "x.toml:2: connections must be an integer that is not negative");
  EXPECT_EQ(error_of("[[group]]\n[[group.operation]]\npath = \"/{what}\""),
            "x.toml:3: path '{what}' is nothing that can be filled in");
  EXPECT_EQ(error_of("duration = 10"), "x.toml:1: duration must be a duration such as \"10s\"");
  EXPECT_EQ(error_of("target = \"http://localhost\"").substr(0, 9), "x.toml:1:");
  EXPECT_EQ(error_of("group = 1"), "x.toml:1: group must be tables");
  EXPECT_EQ(error_of("= 1").substr(0, 9), "x.toml:1:");
}

TEST(Scenario, WhatDoesNotGoTogetherIsRefused) {
  const auto refusal_of = [](auto change) {
    Scenario scenario = *parse_scenario(kWhole, "mix.toml");
    change(scenario);
    return contradiction(scenario).value_or("none");
  };
  EXPECT_EQ(refusal_of([](Scenario& s) { s.target = {}; }), "there is no target");
  EXPECT_EQ(refusal_of([](Scenario& s) { s.groups.clear(); }), "there is nothing to do");
  EXPECT_EQ(refusal_of([](Scenario& s) { s.ids.clear(); }),
            "steady: requests: path needs ids, there are none");
  EXPECT_EQ(refusal_of([](Scenario& s) { s.groups[0].connections = 1; }),
            "small: connections must be at least one per core, and not above a million");
  EXPECT_EQ(refusal_of([](Scenario& s) { s.groups[0].operations[0].address = {}; }),
            "small: upload: read_back needs a body and an address");
  EXPECT_EQ(refusal_of([](Scenario& s) { s.groups[0].operations[0].duplicates = 1.1; }),
            "small: upload: duplicates must be from 0 to 1");
  EXPECT_EQ(
      refusal_of([](Scenario& s) { s.groups[0].operations.erase(s.groups[0].operations.begin()); }),
      "small: download: nothing is uploaded to be read");
}

std::expected<CommandLine, int> command_of(std::vector<std::string> words) {
  words.insert(words.begin(), "mooring-load");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

TEST(CommandLine, MakesAScenarioOfOneOperation) {
  const auto command =
      command_of({"http://127.0.0.1:8080", "--path", "/up/{n}", "--body", "raw", "--size", "1MiB",
                  "--connections", "8", "-H", "x-api-key: k", "--duration", "3s", "--cpus", "1",
                  "--expect-json", "len={size}", "--json", "-"});
  ASSERT_TRUE(command.has_value());
  const Scenario& scenario = command->scenario;
  EXPECT_EQ(scenario.duration_ms, 3000u);
  ASSERT_EQ(scenario.groups.size(), 1u);
  EXPECT_EQ(scenario.groups[0].connections, 8u);
  ASSERT_EQ(scenario.groups[0].operations.size(), 1u);
  const LoadOperation& operation = scenario.groups[0].operations[0];
  EXPECT_EQ(operation.method, "POST");
  EXPECT_EQ(operation.headers, (std::vector<NamedText>{{"x-api-key", "k"}}));
  EXPECT_EQ(operation.json.size(), 1u);
  EXPECT_EQ(command->json_file, "-");
}

TEST(CommandLine, RefusesWhatItDoesNotUnderstand) {
  const std::vector<std::vector<std::string>> bad_ones = {
      std::vector<std::string>{},
      {"http://127.0.0.1:1"},
      {"nonsense", "--path", "/"},
      {"http://127.0.0.1:1", "--path", "/", "--size", "big"},
      {"http://127.0.0.1:1", "--path", "/", "--cpus", "1,"},
      {"http://127.0.0.1:1", "--path", "/", "-H", "no colon"},
      {"http://127.0.0.1:1", "--path", "/", "--no-such-option"},
      {"http://127.0.0.1:1", "--scenario", "x.toml", "--size", "4KiB"}};
  for (const std::vector<std::string>& bad : bad_ones) {
    const auto command = command_of(bad);
    ASSERT_FALSE(command.has_value());
    EXPECT_EQ(command.error(), 64);
  }
}

TEST(CommandLine, StartsTheServersToMeasureAgainst) {
  const auto command = command_of({"--serve-limit", "/tmp", "--listen", "127.0.0.1:0"});
  ASSERT_TRUE(command.has_value());
  EXPECT_EQ(command->mode, LoadMode::serve_limit);
  EXPECT_EQ(command->serve.directory, "/tmp");
}

}  // namespace
}  // namespace mooring
