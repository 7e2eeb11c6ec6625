#include <fmt/format.h>
#include <time.h>

#include <expected>
#include <memory>
#include <span>

#include "mooring/app/admin_socket.h"
#include "mooring/app/commands.h"
#include "mooring/app/exit_code.h"
#include "mooring/app/key_admin.h"
#include "mooring/base/clock.h"
#include "mooring/base/json_reader.h"
#include "mooring/base/json_writer.h"
#include "mooring/blob/data_directory.h"

namespace mooring {

namespace {

// A server that starts or stops holds the store for a moment without answering.
constexpr std::uint64_t kServerPatienceMs = 10'000;
constexpr timespec kBetweenAttempts{0, 50'000'000};

int exit_code_of(Errc code) {
  switch (code) {
    case Errc::conflict:
    case Errc::timed_out:
    case Errc::peer_closed:
      return kExitAlreadyRunning;
    case Errc::corrupt:
      return kExitDamaged;
    case Errc::not_found:
    case Errc::forbidden:
    case Errc::invalid:
    case Errc::not_implemented:
      return kExitConfiguration;
    default:
      return kExitIoError;
  }
}

std::string request_of(const KeyOptions& options, const std::string& after) {
  using Verb = KeyOptions::Verb;
  JsonWriter json;
  json.begin_object();
  json.field("command", options.verb == Verb::create   ? "key.create"
                        : options.verb == Verb::revoke ? "key.revoke"
                                                       : "key.list");
  if (options.verb == Verb::revoke) json.field("id", options.id);
  if (options.kind) json.field("kind", *options.kind);
  if (options.owner) json.field("owner", *options.owner);
  if (options.company_id) json.field("company", *options.company_id);
  if (options.name) json.field("name", *options.name);
  if (!after.empty()) json.field("after", after);
  json.end_object();
  return json.take();
}

// Without a server. Errc::conflict: there is one after all.
Result<std::string> answer_from_store(const std::string& data_dir, std::string_view request) {
  // Buffered, named: what the file system can do is not tried, so that nothing is written.
  const Result<std::unique_ptr<DataDirectory>> directory = DataDirectory::open(
      data_dir,
      {.if_absent = IfAbsent::refuse, .caching = Caching::buffered, .naming = Naming::temporary});
  if (!directory) return std::unexpected(directory.error());
  const Result<std::unique_ptr<Database>> database =
      Database::open((*directory)->catalog_path(), {.mode = OpenMode::existing});
  if (!database) return std::unexpected(database.error());
  std::string answer;
  {
    Writer writer(**database, {});
    answer = answer_key_request(request, writer, **database);
    writer.stop();
  }
  // After an unclean stop the mark stays away, so that the next start looks at what was recent.
  if ((*database)->last_stop() == LastStop::clean)
    if (const Status closed = (*database)->close(); !closed) return std::unexpected(closed.error());
  return answer;
}

// Whoever holds the store answers. Only "nobody serves" lets it be asked another way: a request
// that may have been heard is never sent twice.
Result<std::string> answer_from_anyone(const std::string& data_dir, std::string_view request) {
  const std::uint64_t deadline_ms = monotonic_ms() + kServerPatienceMs;
  while (true) {
    Result<std::string> answer = ask_admin(data_dir, request);
    if (answer || answer.error().code != Errc::not_found) return answer;
    answer = answer_from_store(data_dir, request);
    if (answer || answer.error().code != Errc::conflict || monotonic_ms() > deadline_ms)
      return answer;
    ::nanosleep(&kBetweenAttempts, nullptr);
  }
}

int refuse(const JsonValue& answer) {
  const std::string* error = answer.find_string("error");
  const std::string* message = answer.find_string("message");
  fmt::print(stderr, "mooring key: {}\n", message != nullptr ? *message : *error);
  if (*error == name_of(Errc::invalid) || *error == name_of(Errc::not_found)) return kExitUsage;
  return *error == name_of(Errc::corrupt) ? kExitDamaged : kExitIoError;
}

void print_keys(std::span<const JsonValue> keys) {
  for (const JsonValue& key : keys) {
    const char* separator = "";
    for (const char* name :
         {"id", "prefix", "kind", "owner", "company", "name", "created", "lastAccess"}) {
      const std::string* text = key.find_string(name);
      fmt::print("{}{}", separator, text != nullptr && !text->empty() ? *text : "-");
      separator = "\t";
    }
    fmt::print("\n");
  }
}

// The answer as JSON, or the exit code after the reason was told.
std::expected<JsonValue, int> ask(const KeyOptions& options, const std::string& after) {
  const Result<std::string> text = answer_from_anyone(options.data_dir, request_of(options, after));
  if (!text) {
    const char* hint =
        text.error().code == Errc::not_found ? " (the first `mooring serve` makes it)" : "";
    fmt::print(stderr, "mooring key: {}: {}{}\n", options.data_dir, describe(text.error()), hint);
    return std::unexpected(exit_code_of(text.error().code));
  }
  Result<JsonValue> answer = parse_json(*text);
  if (!answer || !answer->is(JsonKind::object)) {
    fmt::print(stderr, "mooring key: the server's answer cannot be read\n");
    return std::unexpected(kExitIoError);
  }
  if (answer->find_string("error") != nullptr) return std::unexpected(refuse(*answer));
  return *std::move(answer);
}

int list(const KeyOptions& options) {
  std::string after;
  do {
    const std::expected<JsonValue, int> answer = ask(options, after);
    if (!answer) return answer.error();
    if (after.empty()) fmt::print("ID\tPREFIX\tKIND\tOWNER\tCOMPANY\tNAME\tCREATED\tLAST ACCESS\n");
    if (const JsonValue* keys = answer->find("keys")) print_keys(keys->items());
    const std::string* next = answer->find_string("next");
    after = next != nullptr ? *next : std::string();
  } while (!after.empty());
  return kExitOk;
}

}  // namespace

int run_key(const KeyOptions& options) {
  if (options.verb == KeyOptions::Verb::list) return list(options);
  const std::expected<JsonValue, int> answer = ask(options, "");
  if (!answer) return answer.error();
  if (const std::string* key = answer->find_string("key")) fmt::print("{}\n", *key);
  return kExitOk;
}

}  // namespace mooring
