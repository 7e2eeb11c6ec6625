#include "load/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <vector>

#include "load/scenario_file.h"
#include "mooring/base/units.h"

namespace mooring {

namespace {

constexpr int kExitUsage = 64;

using Problem = std::optional<std::string>;

// The options as they are written; what they mean is made of them afterwards, so that errors of
// scenario files and of options read the same.
struct Words {
  std::string target, scenario_file, title, host, duration, warmup, drain, timeout, cpus, ids_file;
  std::optional<std::uint32_t> cores;
  std::optional<std::uint64_t> seed;

  std::string think = "0ms", connection_use;
  bool poisson = false, one_request = false;
  LoadGroup group;

  std::string path, body = "none", size = "4KiB", chunk = "64KiB", filename = "file-{n}.bin";
  std::string prefix, send_rate = "0", etag = "any", answer_size, address;
  std::vector<std::string> headers, fields, json;
  LoadOperation operation;

  std::string listen = "127.0.0.1:0", limit_directory;
  bool discard = false;
};

void add_run_options(CLI::App& app, Words& words) {
  const auto group = app.add_option_group("Run");
  group->add_option("target", words.target, "http://ADDR:PORT, a numeric address");
  group->add_option("--scenario", words.scenario_file, "A scenario; see README.md")
      ->type_name("FILE");
  group->add_option("--title", words.title, "Of the report");
  group->add_option("--host", words.host, "The Host header; the target if not given");
  group->add_option("--duration", words.duration, "Of the measurement: 10s");
  group->add_option("--warmup", words.warmup, "Before it: 0s");
  group->add_option("--drain", words.drain, "What is under way at the end gets this long: 10s");
  group->add_option("--timeout", words.timeout, "Of one request: 60s");
  group->add_option("--cores", words.cores, "Threads of the generator: 1");
  group->add_option("--cpus", words.cpus, "Where they are pinned: 1,2");
  group->add_option("--seed", words.seed,
                    "Of contents; the same seed makes the same duplicates. Without: new ones");
  group->add_option("--ids", words.ids_file, "Lines for {id}")->type_name("FILE");
}

void add_pace_options(CLI::App& app, Words& words, CLI::Option* scenario) {
  const auto group = app.add_option_group("Pace");
  const std::vector<CLI::Option*> options = {
      group->add_option("--connections", words.group.connections, "32 if not given"),
      group->add_option("--rate", words.group.rate_per_second,
                        "Open loop: so many requests per second, whatever the server does"),
      group->add_flag("--poisson", words.poisson, "Open loop: at random times, not evenly"),
      group->add_option("--requests", words.group.requests_max, "End after so many"),
      group->add_option("--think", words.think,
                        "Closed loop: pause between requests, a distribution: \"uniform 0ms 9ms\""),
      group->add_flag("--one-request", words.one_request, "A connection for each request"),
  };
  for (CLI::Option* option : options) option->excludes(scenario);
}

void add_request_options(CLI::App& app, Words& words, CLI::Option* scenario) {
  const auto group = app.add_option_group("Request");
  LoadOperation& operation = words.operation;
  const std::vector<CLI::Option*> options = {
      group->add_option("--method", operation.method, "GET, or POST with a body"),
      group->add_option("--path", words.path, "/up/{n%256}/{run}-{n}; see README.md"),
      group->add_option("-H,--header", words.headers, "\"Name: value\"; may be repeated"),
      group->add_option("--body", words.body,
                        "none, raw, multipart, chunked, \"multipart chunked\""),
      group->add_option("--size", words.size,
                        "Of content: 64KiB, \"uniform 1KiB 1MiB\", \"lognormal 64KiB 1.5 100MiB\", "
                        "\"4KiB*70 1MiB*30\""),
      group->add_option("--chunk", words.chunk, "Of a chunked body: 64KiB"),
      group->add_option("--field", operation.field, "Of a form: the name of the file's part"),
      group->add_option("--filename", words.filename, "Of a form: file-{n}.bin"),
      group->add_option("--content-type", operation.content_type),
      group->add_option("--form-field", words.fields, "name=text; may be repeated"),
      group->add_option("--prefix", words.prefix, "In hex: what contents begin with"),
      group->add_option("--duplicates", operation.duplicates, "Share of contents that repeat"),
      group->add_option("--distinct", operation.duplicates_distinct, "How many those are: 64"),
      group->add_option("--send-rate", words.send_rate, "Bytes per second and connection"),
      group->add_option("--resume-parts", operation.resume_parts,
                        "Break downloads off and resume them so often, less one"),
  };
  for (CLI::Option* option : options) option->excludes(scenario);
}

void add_answer_options(CLI::App& app, Words& words, CLI::Option* scenario) {
  const auto group = app.add_option_group("Answer");
  LoadOperation& operation = words.operation;
  const std::vector<CLI::Option*> options = {
      group->add_option("--status", operation.statuses, "Good ones; every 2xx if not given"),
      group->add_option("--expect-json", words.json, "data.id, type=Document, len={size}"),
      group->add_option("--etag", words.etag, "any, present, or content (its XXH3-128)")
          ->check(CLI::IsMember({"any", "present", "content"})),
      group->add_option("--answer-size", words.answer_size, "Which the body must have"),
      group->add_option("--address", words.address,
                        "Where an upload can be read: {path}, {location}, {json:publicURL}"),
      group->add_flag("--read-back", operation.read_back, "Read it at once, compare every byte"),
  };
  for (CLI::Option* option : options) option->excludes(scenario);
}

void add_other_options(CLI::App& app, Words& words, CommandLine& command) {
  const auto results = app.add_option_group("Results");
  results->add_option("--json", command.json_file, "- for standard output")->type_name("FILE");
  results->add_option("--svg", command.svg_file, "A plot")->type_name("FILE");
  results->add_flag("--quiet", command.quiet, "No text");
  const auto servers = app.add_option_group("Servers to measure against");
  CLI::Option* discard =
      servers->add_flag("--serve-discard", words.discard, "Receive and drop; GET /bytes/N");
  servers
      ->add_option("--serve-limit", words.limit_directory,
                   "Receive, hash and write into DIR with O_DIRECT, and nothing else")
      ->type_name("DIR")
      ->excludes(discard);
  servers->add_option("--listen", words.listen, "Of these servers")->type_name("ADDR:PORT");
}

// ---- from words to a scenario ----

template <typename T>
Problem take(std::expected<T, std::string> parsed, T& out) {
  if (!parsed) return parsed.error();
  out = std::move(*parsed);
  return std::nullopt;
}

Problem take_duration(const std::string& words, std::uint64_t& out_ms) {
  if (words.empty()) return std::nullopt;
  const std::optional<std::uint64_t> parsed = parse_duration_ms(words);
  if (!parsed) return fmt::format("'{}' is no duration such as 10s", words);
  out_ms = *parsed;
  return std::nullopt;
}

Problem take_size(const std::string& words, std::uint64_t& out_bytes) {
  const std::optional<std::uint64_t> parsed = parse_size_bytes(words);
  if (!parsed) return fmt::format("'{}' is no size such as 64KiB", words);
  out_bytes = *parsed;
  return std::nullopt;
}

Problem take_pairs(const std::vector<std::string>& list, char separator,
                   std::vector<NamedText>& out) {
  for (const std::string& entry : list) {
    const std::size_t at = entry.find(separator);
    if (at == std::string::npos || at == 0)
      return fmt::format("'{}' is no name{}value", entry, separator);
    const std::size_t begin = entry.find_first_not_of(' ', at + 1);
    out.emplace_back(entry.substr(0, at), begin == std::string::npos ? "" : entry.substr(begin));
  }
  return std::nullopt;
}

Problem make_operation(const Words& words, bool method_given, LoadOperation& operation) {
  operation = words.operation;
  Problem problem = take(TextTemplate::parse(words.path), operation.path);
  if (!problem) problem = take(TextTemplate::parse(words.filename), operation.filename);
  if (!problem) problem = take(TextTemplate::parse(words.address), operation.address);
  if (!problem)
    problem = take(Distribution::parse(words.size, DistributionUnit::bytes), operation.size);
  if (!problem) problem = take(parse_hex(words.prefix), operation.content_prefix);
  if (!problem) problem = take_size(words.chunk, operation.chunk_bytes);
  if (!problem) problem = take_size(words.send_rate, operation.send_bytes_per_second);
  if (!problem) problem = take_pairs(words.headers, ':', operation.headers);
  if (!problem) problem = take_pairs(words.fields, '=', operation.fields);
  if (problem) return problem;
  if (const auto body = parse_body(words.body, operation); !body) return body.error();
  if (!method_given) operation.method = operation.body == BodyForm::none ? "GET" : "POST";
  if (words.etag == "present") operation.etag = EtagExpectation::present;
  if (words.etag == "content") operation.etag = EtagExpectation::content;
  for (const std::string& entry : words.json) {
    const std::size_t equals = entry.find('=');
    operation.json.push_back(parse_json_expectation(
        entry.substr(0, equals), equals == std::string::npos ? "*" : entry.substr(equals + 1)));
  }
  if (words.answer_size.empty()) return std::nullopt;
  std::uint64_t bytes = 0;
  problem = take_size(words.answer_size, bytes);
  operation.answer_bytes = bytes;
  return problem;
}

Problem make_group(const Words& words, bool method_given, Scenario& scenario) {
  LoadGroup& group = scenario.groups.emplace_back(words.group);
  if (words.poisson) group.spacing = ArrivalSpacing::poisson;
  if (words.one_request) group.use = ConnectionUse::one_request;
  if (Problem problem =
          take(Distribution::parse(words.think, DistributionUnit::milliseconds), group.think_ms))
    return problem;
  return make_operation(words, method_given, group.operations.emplace_back());
}

Problem make_scenario(const Words& words, bool method_given, Scenario& scenario) {
  Problem problem = words.scenario_file.empty()
                        ? make_group(words, method_given, scenario)
                        : take(load_scenario(words.scenario_file), scenario);
  if (!problem && !words.target.empty())
    problem = take(parse_target(words.target), scenario.target);
  if (!problem && !words.cpus.empty()) problem = take(parse_cpus(words.cpus), scenario.cpus);
  if (!problem && !words.ids_file.empty()) problem = take(read_lines(words.ids_file), scenario.ids);
  if (!problem) problem = take_duration(words.duration, scenario.duration_ms);
  if (!problem) problem = take_duration(words.warmup, scenario.warmup_ms);
  if (!problem) problem = take_duration(words.drain, scenario.drain_ms);
  if (!problem) problem = take_duration(words.timeout, scenario.request_timeout_ms);
  if (problem) return problem;
  if (!words.title.empty()) scenario.title = words.title;
  if (!words.host.empty()) scenario.host = words.host;
  scenario.cores = words.cores.value_or(scenario.cores);
  scenario.seed = words.seed.value_or(scenario.seed);
  return contradiction(scenario);
}

Problem make_serve_options(const Words& words, ServeOptions& serve) {
  serve.cores = words.cores.value_or(1);
  serve.directory = words.limit_directory;
  if (Problem problem = take(parse_cpus(words.cpus), serve.cpus)) return problem;
  return take(parse_target(words.listen), serve.listen);
}

}  // namespace

std::expected<CommandLine, int> parse_command_line(int argument_count, char** arguments) {
  CLI::App app("Load for HTTP servers that take uploads, and what they answer, measured.",
               "mooring-load");
  Words words;
  CommandLine command;
  add_run_options(app, words);
  CLI::Option* scenario = app.get_option("--scenario");
  add_pace_options(app, words, scenario);
  add_request_options(app, words, scenario);
  add_answer_options(app, words, scenario);
  add_other_options(app, words, command);
  try {
    app.parse(argument_count, arguments);
  } catch (const CLI::ParseError& error) {
    return std::unexpected(app.exit(error) == 0 ? 0 : kExitUsage);  // --help is no error
  }
  Problem problem;
  if (words.discard || !words.limit_directory.empty()) {
    command.mode = words.discard ? LoadMode::serve_discard : LoadMode::serve_limit;
    problem = make_serve_options(words, command.serve);
  } else {
    problem = make_scenario(words, app.get_option("--method")->count() > 0, command.scenario);
  }
  if (!problem) return command;
  fmt::print(stderr, "mooring-load: {}\n", *problem);
  return std::unexpected(kExitUsage);
}

}  // namespace mooring
