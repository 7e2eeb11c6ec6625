// The small words of the ground floor: digest, clock, log escaping, errors, JSON out.
#include <gtest/gtest.h>

#include <cerrno>

#include "mooring/base/blob_id.h"
#include "mooring/base/bytes.h"
#include "mooring/base/clock.h"
#include "mooring/base/digest.h"
#include "mooring/base/json_writer.h"
#include "mooring/base/log.h"
#include "mooring/base/result.h"

namespace mooring {
namespace {

TEST(Digest, IsWhatXxh128sumPrints) {
  EXPECT_EQ(to_hex(xxh3_128(as_bytes(""))), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(to_hex(xxh3_128(as_bytes("hello"))), "b5e9c1ad071b3e7fc779cfaa5e523818");
}

TEST(Digest, OfAStreamDoesNotDependOnItsPieces) {
  const std::string text(100'000, 'x');
  for (const std::size_t piece : {1u, 7u, 255u, 4096u, 99'999u}) {
    StreamHash hash;
    for (std::size_t at = 0; at < text.size(); at += piece)
      hash.update(as_bytes(std::string_view(text).substr(at, piece)));
    EXPECT_EQ(hash.finish(), xxh3_128(as_bytes(text))) << piece;
  }
}

TEST(BlobId, NamesItsFile) {
  const Hash128 hash{1, 0xabc};
  EXPECT_EQ(to_string(BlobId{hash, 0}), "00000000000000010000000000000abc");
  EXPECT_EQ(to_string(BlobId{hash, 3}), "00000000000000010000000000000abc-3");
}

TEST(Clock, PrintsThreeFractionDigitsInUtc) {
  EXPECT_EQ(iso8601(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(iso8601(1'740'657'600'007), "2025-02-27T12:00:00.007Z");
}

TEST(Log, EscapesControlBytesQuotesAndBackslashes) {
  std::string out;
  append_escaped(out, "a\"b\\c\nd\x7f");
  EXPECT_EQ(out, "a\\\"b\\\\c\\u000ad\\u007f");
}

TEST(Error, ComesFromErrno) {
  EXPECT_EQ(error_from_errno(ENOSPC, "write").code, Errc::no_space);
  EXPECT_EQ(error_from_errno(EDQUOT, "write").code, Errc::no_space);
  EXPECT_EQ(error_from_errno(ECONNRESET, "recv").code, Errc::peer_closed);
  EXPECT_EQ(error_from_errno(EMFILE, "accept").code, Errc::overloaded);
  EXPECT_EQ(error_from_errno(EIO, "read").code, Errc::io_error);
  EXPECT_EQ(describe(error_from_errno(EIO, "read")), "io_error: read: Input/output error");
}

TEST(JsonWriter, KeepsTheOrderOfTheCalls) {
  JsonWriter json;
  json.begin_object().field("b", 1).field("a", "x\"y").field("n", std::optional<std::string>());
  json.key("list").begin_array().value(true).raw(R"({"k":2})").end_array().end_object();
  EXPECT_EQ(json.take(), R"({"b":1,"a":"x\"y","n":null,"list":[true,{"k":2}]})");
}

}  // namespace
}  // namespace mooring
