// The wire cases of tests/data/wire-cases.json, for tests at the level of the parsers.
#pragma once

#include <string>
#include <vector>

namespace mooring {

struct WireCase {
  std::string id;
  std::string content_type;  ///< multipart cases only
  std::string bytes;         ///< what is sent, without a "<FIN>" at the end
  std::string expect;        ///< "400 close", "2xx len=5", …: see the file
};

/// The cases of one list of the file: "http" or "multipart". Stops the test program if it cannot be
/// read.
[[nodiscard]] std::vector<WireCase> load_wire_cases(const std::string& list);

}  // namespace mooring
