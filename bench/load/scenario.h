// Scenario: what is asked of a server, by how many, how fast and for how long.
//
// Plain data, read from a TOML file (scenario_file.h) or made of the options of the command line
// (command_line.h), checked once, and only read by the cores then.
//
// A scenario has groups; each is a number of connections with a pace of its own and a mix of
// operations, so that "32 connections upload 4 KiB while 8 upload 1 GiB" is two groups, and their
// latencies are told apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "load/distribution.h"
#include "load/text_template.h"
#include "mooring/base/bytes.h"
#include "mooring/uring/socket.h"

namespace mooring {

using NamedText = std::pair<std::string, std::string>;

enum class BodyForm : std::uint8_t {
  none,
  raw,        ///< the content is the body
  multipart,  ///< the content is a file of a multipart/form-data body
};

enum class BodyFraming : std::uint8_t { length, chunked };

/// What a good answer's JSON has under a key.
struct JsonExpectation {
  enum class Kind : std::uint8_t { present, text, content_size };
  std::vector<std::string> keys;
  Kind kind = Kind::present;
  std::string text;  ///< Kind::text: a string, or a number as it is written
};

enum class EtagExpectation : std::uint8_t {
  any,
  present,
  content,  ///< the XXH3-128 of the content in hex, as Mooring's are
};

/// One kind of request.
struct LoadOperation {
  std::string name = "requests";
  double weight = 1;  ///< share among the operations of its group
  std::string method = "GET";
  TextTemplate path;
  std::vector<NamedText> headers;

  // The body.
  BodyForm body = BodyForm::none;
  BodyFraming framing = BodyFraming::length;
  std::uint64_t chunk_bytes = 64_KiB;  ///< of a chunked body; at most 1 MiB
  Distribution size;
  std::string content_prefix;              ///< bytes with which every content begins
  double duplicates = 0;                   ///< share of contents that are not new, 0 to 1
  std::uint64_t duplicates_distinct = 64;  ///< how many different ones those are
  std::string field = "file";              ///< multipart: the name of the file's part
  TextTemplate filename;                   ///< multipart
  std::string content_type = "application/octet-stream";
  std::vector<NamedText> fields;            ///< multipart: text parts in front of the file
  std::uint64_t send_bytes_per_second = 0;  ///< of one connection; 0: as fast as it goes

  // Its answer.
  std::vector<int> statuses;  ///< good ones; empty: every 2xx
  std::vector<JsonExpectation> json;
  EtagExpectation etag = EtagExpectation::any;
  std::optional<std::uint64_t> answer_bytes;  ///< the length a body must have

  // Reading back what was uploaded.
  TextTemplate address;            ///< under which it can be read
  bool read_back = false;          ///< at once, on the same connection, every byte compared
  bool verify = false;             ///< downloads of {stored}: every byte compared
  std::uint32_t resume_parts = 1;  ///< downloads: broken off and resumed so many times less one
};

enum class ArrivalSpacing : std::uint8_t { even, poisson };
enum class ConnectionUse : std::uint8_t { keep_alive, one_request };

struct LoadGroup {
  std::string name = "load";
  std::uint32_t connections = 32;  ///< of all cores together
  double rate_per_second = 0;      ///< 0: a closed loop; else arrivals, whatever the server does
  ArrivalSpacing spacing = ArrivalSpacing::even;
  std::uint64_t requests_max = 0;  ///< of all cores together; 0: until the time is over
  ConnectionUse use = ConnectionUse::keep_alive;
  Distribution think_ms;  ///< closed loop: between an answer and the next request
  std::vector<LoadOperation> operations;
};

struct Scenario {
  std::string title = "load";
  Endpoint target;
  std::string host;             ///< of the Host header; empty: the target
  std::uint64_t warmup_ms = 0;  ///< before anything counts
  std::uint64_t duration_ms = 10'000;
  std::uint64_t drain_ms = 10'000;  ///< what is under way at the end gets this long
  std::uint64_t request_timeout_ms = 60'000;
  std::uint32_t cores = 1;
  std::vector<unsigned> cpus;    ///< to which the cores are pinned, in turn; empty: not at all
  std::uint64_t seed = 0;        ///< 0: from the system's randomness, so that no content repeats
  std::vector<std::string> ids;  ///< for {id}
  std::vector<LoadGroup> groups;
};

/// What does not go together, for people; nothing if the scenario can be run.
[[nodiscard]] std::optional<std::string> contradiction(const Scenario& scenario);

}  // namespace mooring
