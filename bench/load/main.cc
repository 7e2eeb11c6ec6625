// mooring-load: reads the command line, runs a scenario, writes its results. README.md shows it.
//
// Exit codes: 0 every request was good, 1 something failed (it is counted in the results), 64
// usage, 70 the run itself was not possible.
#include <fmt/format.h>

#include <cstdio>

#include "load/command_line.h"
#include "load/limit_server.h"
#include "load/report.h"
#include "load/runner.h"

namespace mooring {

namespace {

constexpr int kExitFailed = 1;
constexpr int kExitImpossible = 70;

int impossible(const Error& error) {
  fmt::print(stderr, "mooring-load: {}\n", describe(error));
  return kExitImpossible;
}

// Whether `text` is in the file now.
bool write_file(const std::string& name, const std::string& text) {
  if (name.empty()) return true;
  std::FILE* file = name == "-" ? stdout : std::fopen(name.c_str(), "w");
  bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr) written &= (file == stdout ? std::fflush(file) : std::fclose(file)) == 0;
  if (!written) fmt::print(stderr, "mooring-load: cannot write {}\n", name);
  return written;
}

int run_load(const CommandLine& command) {
  const Result<Results> results =
      run_scenario(command.scenario, command.quiet ? Progress::silent : Progress::live);
  if (!results) return impossible(results.error());
  if (!command.quiet) fmt::print("{}", report_text(command.scenario, *results));
  bool written = true;
  if (!command.json_file.empty())
    written &= write_file(command.json_file, report_json(command.scenario, *results) + "\n");
  if (!command.svg_file.empty())
    written &= write_file(command.svg_file, report_svg(command.scenario, *results));
  if (!written) return kExitImpossible;
  return results->failed() == 0 ? 0 : kExitFailed;
}

int run(int argument_count, char** arguments) {
  const std::expected<CommandLine, int> command = parse_command_line(argument_count, arguments);
  if (!command) return command.error();
  Status served;
  switch (command->mode) {
    case LoadMode::load:
      return run_load(*command);
    case LoadMode::serve_discard:
      served = serve_discard(command->serve);
      break;
    case LoadMode::serve_limit:
      served = serve_limit(command->serve);
      break;
  }
  return served ? 0 : impossible(served.error());
}

}  // namespace

}  // namespace mooring

int main(int argument_count, char** arguments) {
  return mooring::run(argument_count, arguments);
}
