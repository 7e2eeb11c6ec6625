// The command line of mooring-load: what it means stands here and nowhere else.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "load/discard_server.h"
#include "load/scenario.h"

namespace mooring {

enum class LoadMode : std::uint8_t { load, serve_discard, serve_limit };

struct CommandLine {
  LoadMode mode = LoadMode::load;
  Scenario scenario;           ///< load
  std::string json_file = {};  ///< load: where JSON goes, "-" for standard output; empty: nowhere
  std::string svg_file = {};   ///< load
  bool quiet = false;          ///< load: no text and no progress line
  ServeOptions serve = {};     ///< the servers
};

/// The exit code if the process is to end here: 0 after --help, 64 after an error that was told.
[[nodiscard]] std::expected<CommandLine, int> parse_command_line(int argument_count,
                                                                 char** arguments);

}  // namespace mooring
