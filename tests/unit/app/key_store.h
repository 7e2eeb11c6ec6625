// What the tests of API keys share: a catalogue in a directory of its own, its writer, and requests
// to the administration of keys.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "mooring/app/key_admin.h"
#include "mooring/base/check.h"
#include "mooring/base/json_reader.h"
#include "mooring/base/json_writer.h"
#include "mooring/catalog/database.h"
#include "mooring/catalog/keys.h"
#include "mooring/catalog/writer.h"
#include "unit/support/temporary_directory.h"

namespace mooring {

class KeyStore {
 public:
  KeyStore() {
    auto opened = Database::open(
        directory() / "catalog",
        {.mode = OpenMode::create, .block_cache_bytes = 8_MiB, .write_buffer_bytes = 4_MiB});
    MOORING_CHECK(opened.has_value(), "the store of a test opens");
    database_ = *std::move(opened);
    writer_ = std::make_unique<Writer>(*database_, WriterOptions{});
  }
  ~KeyStore() {
    writer_.reset();
    database_.reset();
  }
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_.path(); }
  [[nodiscard]] Database& database() { return *database_; }
  [[nodiscard]] Writer& writer() { return *writer_; }

  [[nodiscard]] std::string ask_text(std::string_view line) {
    return answer_key_request(line, *writer_, *database_);
  }
  [[nodiscard]] JsonValue ask(std::string_view line) {
    auto answer = parse_json(ask_text(line));
    MOORING_CHECK(answer.has_value(), "an answer is JSON");
    return *std::move(answer);
  }

  struct Made {
    std::string id;
    std::string text;
  };
  /// A key of `kind`; the owner is left out where it is empty.
  [[nodiscard]] Made make(KeyKind kind, std::string owner = "owner@example.org",
                          std::string company = "company-1") {
    JsonWriter json;
    json.begin_object().field("command", "key.create").field("kind", name_of(kind));
    json.field("owner", owner).field("company", company).end_object();
    const JsonValue answer = ask(json.take());
    MOORING_CHECK(answer.find_string("key") != nullptr, "a key is made");
    return {*answer.find_string("id"), *answer.find_string("key")};
  }
  void revoke(const std::string& id) {
    const JsonValue answer = ask(R"({"command":"key.revoke","id":")" + id + R"("})");
    ASSERT_EQ(answer.find("error"), nullptr);
  }
  [[nodiscard]] std::optional<KeyRecord> record(const Made& made) {
    return find_key(*database_, key_id_from(made.id).value()).value();
  }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Writer> writer_;
};

}  // namespace mooring
