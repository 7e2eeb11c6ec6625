// Scenarios as TOML files: README.md lists the keys.
#pragma once

#include <expected>
#include <string>

#include "load/scenario.h"

namespace mooring {

/// Reads a scenario. A key that is not known is an error, and so is a value of the wrong kind; the
/// error names the place, for people. What does not go together is not looked at here.
[[nodiscard]] std::expected<Scenario, std::string> parse_scenario(std::string_view text,
                                                                  const std::string& file_name);
/// As parse_scenario; relative paths in the file (ids) are relative to the working directory.
[[nodiscard]] std::expected<Scenario, std::string> load_scenario(const std::string& file_name);

// ---- values that the command line knows as well; the errors are for people ----

/// "127.0.0.1:8080" or "http://127.0.0.1:8080".
[[nodiscard]] std::expected<Endpoint, std::string> parse_target(std::string_view text);
/// "1,2" as {1, 2}.
[[nodiscard]] std::expected<std::vector<unsigned>, std::string> parse_cpus(std::string_view text);
/// "none", "raw", "multipart", and how it is framed: "chunked", "multipart chunked".
[[nodiscard]] std::expected<void, std::string> parse_body(std::string_view text,
                                                          LoadOperation& operation);
/// "key", "key=text", "key={size}".
[[nodiscard]] JsonExpectation parse_json_expectation(std::string_view key, std::string_view text);
/// "ffd8ffe0" as four bytes.
[[nodiscard]] std::expected<std::string, std::string> parse_hex(std::string_view text);
/// The lines of a file, without empty ones.
[[nodiscard]] std::expected<std::vector<std::string>, std::string> read_lines(
    const std::string& file_name);

}  // namespace mooring
