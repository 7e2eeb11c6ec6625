// Every multipart case of tests/data/wire-cases.json against the parser: whole, byte by byte, and
// cut in two. Parts, bytes and errors must be the expected ones and must not depend on the cut.

#include <gtest/gtest.h>

#include <map>

#include "mooring/base/utf8.h"
#include "mooring/http/response_head.h"
#include "wire_cases.h"
#include "wire_connection.h"
#include "wire_form.h"

namespace mooring {
namespace {

int status_of_form(const WireForm& form) {
  return form.error ? status_of(*form.error) : 201;
}

std::string repeat(std::string_view unit, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += unit;
  return text;
}

// The content that the cases of group 1 must deliver byte for byte; "hello" where none is named.
const std::map<std::string, std::string> kContent = {
    {"M03", ""},
    {"M05", "x"},
    {"M06", "x"},
    {"M13", "a\r"},
    {"M14", "a\n"},
    {"M15", "a\r\n"},
    {"M16", "\r\n\r\n"},
    {"M19", "x--B--y"},
    {"M20", "\r\r\n--\r\n-B"},
    {"M21", std::string("\0\xff\x1a\0", 4)},
    {"M74", "x"},
    {"M23", repeat("\r\n-", 1048576)},
};

const std::map<std::string, std::string> kFilename = {
    {"M05", "a\"b.png"},
    {"M06", "na\xc3\xafve \xe2\x82\xac.png"},
    {"M76", "boot.ini"},
    {"M77", "passwd"},
    {"M78", "a.png"},
    {"M79", "x"},
    {"M80", "%2e%2e%2fx"},
    {"M81", ""},
    {"M83", ".htaccess"},
    {"M84", "CON.png"},
    {"M86", "agpj.exe"},
    {"M87", "a.php.jpg"},
    {"M90", "x\"; filename=\"evil.html"},
    {"M91", "<img src=x onerror=alert(1)>.png"},
    {"M92", std::string(255, 'a')},
};

bool allows(const std::string& expect, int status) {
  if (expect.find(std::to_string(status)) != std::string::npos) return true;
  return status == 201 && expect.starts_with("safe name");
}

void expect_safe(const std::string& id, const std::string& filename) {
  EXPECT_LE(filename.size(), 255u) << id;
  EXPECT_TRUE(valid_utf8(filename)) << id;
  EXPECT_EQ(filename.find_first_of(std::string_view("/\\\r\n\0", 5)), std::string::npos) << id;
  EXPECT_TRUE(filename != "." && filename != "..") << id;
}

TEST(WireMultipart, EveryCaseHasItsExpectedOutcome) {
  const auto cases = load_wire_cases("multipart");
  ASSERT_GE(cases.size(), 57u);
  for (const WireCase& one : cases) {
    const WireForm form = read_form(one.content_type, one.bytes, {});
    const int status = status_of_form(form);
    EXPECT_TRUE(allows(one.expect, status))
        << one.id << " expects " << one.expect << ", got " << status;
    if (status != 201) continue;
    ASSERT_EQ(form.parts.size(), 1u) << one.id;
    EXPECT_EQ(form.parts[0].name, "file") << one.id;
    ASSERT_TRUE(form.parts[0].filename) << one.id;
    expect_safe(one.id, *form.parts[0].filename);
    if (const auto name = kFilename.find(one.id); name != kFilename.end())
      EXPECT_EQ(*form.parts[0].filename, name->second) << one.id;
    const auto content = kContent.find(one.id);
    if (content != kContent.end())
      EXPECT_TRUE(form.parts[0].data == content->second) << one.id;
    else if (one.id < "M55")
      EXPECT_EQ(form.parts[0].data, "hello") << one.id;
  }
}

TEST(WireMultipart, MissingDelimiterIsFoundWithinThePreambleLimit) {
  for (const WireCase& one : load_wire_cases("multipart")) {
    if (one.id != "M40") continue;
    std::vector<std::size_t> ends;
    for (std::size_t end = 1024; end < one.bytes.size(); end += 1024) ends.push_back(end);
    const WireForm form = read_form(one.content_type, one.bytes, ends);
    EXPECT_EQ(form.error, Errc::invalid);
    EXPECT_LE(form.arrived_bytes, 64_KiB);
    return;
  }
  FAIL() << "M40 is gone";
}

TEST(WireMultipart, OneByteAtATimeGivesTheSameParts) {
  for (const WireCase& one : load_wire_cases("multipart")) {
    std::vector<std::size_t> ends;
    for (std::size_t end = 1; end < one.bytes.size(); ++end) ends.push_back(end);
    const WireForm form = read_form(one.content_type, one.bytes, ends);
    EXPECT_TRUE(form == read_form(one.content_type, one.bytes, {})) << one.id;
  }
}

TEST(WireMultipart, EveryCutInTwoGivesTheSameParts) {
  for (const WireCase& one : load_wire_cases("multipart")) {
    const WireForm whole = read_form(one.content_type, one.bytes, {});
    for (const std::size_t cut : cuts_of(one.bytes.size()))
      ASSERT_TRUE(read_form(one.content_type, one.bytes, {cut}) == whole)
          << one.id << " cut at " << cut;
  }
}

}  // namespace
}  // namespace mooring
