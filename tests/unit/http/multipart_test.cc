#include "mooring/http/multipart.h"

#include <gtest/gtest.h>

#include <string>

#include "wire_form.h"

namespace mooring {
namespace {

constexpr const char* kType = "multipart/form-data; boundary=B";

std::string part(const std::string& parameters, const std::string& content,
                 const std::string& fields = "") {
  return "--B\r\nContent-Disposition: form-data; " + parameters + "\r\n" + fields + "\r\n" +
         content + "\r\n";
}

WireForm read(const std::string& body, const MultipartLimits& limits = {}) {
  return read_form(kType, body, {}, limits);
}

TEST(Multipart, ReadsTextFieldsAndFiles) {
  const WireForm form =
      read(part("name=\"title\"", "Ship") +
           part("name=file; filename=a.png", "\x89PNG", "Content-Type: image/png\r\n") + "--B--");
  EXPECT_FALSE(form.error);
  ASSERT_EQ(form.parts.size(), 2u);
  EXPECT_EQ(form.parts[0].name, "title");
  EXPECT_FALSE(form.parts[0].filename);
  EXPECT_FALSE(form.parts[0].content_type);
  EXPECT_EQ(form.parts[0].data, "Ship");
  EXPECT_EQ(form.parts[1].filename, "a.png");
  EXPECT_EQ(form.parts[1].content_type, "image/png");
  EXPECT_EQ(form.parts[1].data, "\x89PNG");
}

TEST(Multipart, PrefersTheExtendedFilename) {
  const WireForm form =
      read(part("name=f; filename=\"x.png\"; filename*=UTF-8''%e2%82%ac.png", "") + "--B--");
  ASSERT_EQ(form.parts.size(), 1u);
  EXPECT_EQ(form.parts[0].filename, "\xe2\x82\xac.png");
}

TEST(Multipart, AnEmptyFilenameIsAFileWithoutAName) {
  const WireForm form = read(part("name=f; filename=\"\"", "") + "--B--");
  ASSERT_EQ(form.parts.size(), 1u);
  EXPECT_EQ(form.parts[0].filename, "");
}

TEST(Multipart, IgnoresPreambleAndEpilogue) {
  const std::string preamble(4094, 'p');
  EXPECT_EQ(read(preamble + "\r\n" + part("name=f", "x") + "--B--\r\nepilogue --B").parts.size(),
            1u);
  EXPECT_EQ(read(std::string(4097, 'p') + "\r\n" + part("name=f", "x") + "--B--").error,
            Errc::invalid);
}

TEST(Multipart, AFormMayBeEmpty) {
  const WireForm form = read("--B--\r\n");
  EXPECT_FALSE(form.error);
  EXPECT_TRUE(form.parts.empty());
}

TEST(Multipart, WhatFollowsTheBoundaryDecides) {
  for (const char* near : {"\r\n--BX", "\r\n--B\rX", "\r\n--B-X", "\r\n--B\n", "\r\n--", "\r\n-",
                           "\n--B", "\r\r\n--A"}) {
    const std::string content = std::string("a") + near + "z";
    const WireForm form = read(part("name=f; filename=x", content) + "--B--");
    ASSERT_EQ(form.parts.size(), 1u) << near;
    EXPECT_EQ(form.parts[0].data, content) << near;
  }
  EXPECT_EQ(read(part("name=f; filename=x", "a\r\n--B x") + "--B--").error, Errc::invalid);
  EXPECT_EQ(read("--B" + std::string(257, ' ') + "\r\n").error, Errc::invalid);
}

TEST(Multipart, ATruncatedBodyIsInvalidWhereverItEnds) {
  const std::string body = part("name=f; filename=x", "content") + "--B--";
  for (std::size_t end = 0; end < body.size(); ++end)
    EXPECT_EQ(read(body.substr(0, end)).error, Errc::invalid) << end;
}

TEST(Multipart, LimitsPartsAndTheirHeads) {
  std::string body;
  for (int i = 0; i < 100; ++i) body += part("name=f", "x");
  EXPECT_EQ(read(body + "--B--").parts.size(), 100u);
  EXPECT_EQ(read(body + part("name=f", "x") + "--B--").error, Errc::too_large);

  std::string fields;
  for (int i = 0; i < 15; ++i) fields += "X: y\r\n";
  EXPECT_FALSE(read(part("name=f", "x", fields) + "--B--").error);
  EXPECT_EQ(read(part("name=f", "x", fields + "X: y\r\n") + "--B--").error, Errc::invalid);
  EXPECT_EQ(read(part("name=f", "x", "X: " + std::string(16384, 'y') + "\r\n") + "--B--").error,
            Errc::invalid);
  EXPECT_FALSE(read(part("name=\"" + std::string(255, 'n') + "\"", "x") + "--B--").error);
  EXPECT_EQ(read(part("name=\"" + std::string(256, 'n') + "\"", "x") + "--B--").error,
            Errc::invalid);
}

TEST(Multipart, LimitsTextFieldsButNotFiles) {
  const std::string full(64_KiB, 't');
  EXPECT_FALSE(read(part("name=f", full) + "--B--").error);
  EXPECT_EQ(read(part("name=f", full + "t") + "--B--").error, Errc::too_large);
  EXPECT_FALSE(read(part("name=f; filename=x", full + "t") + "--B--").error);
  std::string body;
  for (int i = 0; i < 16; ++i) body += part("name=f", full);
  EXPECT_FALSE(read(body + "--B--").error);
  EXPECT_EQ(read(body + part("name=f", "t") + "--B--").error, Errc::too_large);
}

TEST(Multipart, RefusesDoubtfulPartHeads) {
  for (const char* parameters :
       {"", "name=\"\"", "filename=x", "name=a; name=b", "name=a; name*=b;name=c", "name=\"\xff\"",
        "name=\"%0D%0A\"", "name"})
    EXPECT_EQ(read(part(parameters, "x") + "--B--").error, Errc::invalid) << parameters;
  for (const char* fields :
       {"Content-Disposition: form-data; name=b\r\n", " folded\r\n",
        "Content-Type: a/b\r\nContent-Type: a/b\r\n",
        "Content-Type: Multipart/mixed; boundary=C\r\n", "Content-Transfer-Encoding: base64\r\n",
        "X: \x01\r\n", "X: a\nY: b\r\n"})
    EXPECT_EQ(read(part("name=f", "x", fields) + "--B--").error, Errc::invalid) << fields;
  EXPECT_FALSE(read(part("name=f", "x", "Content-Transfer-Encoding: Binary\r\n") + "--B--").error);
  EXPECT_EQ(read("--B\r\nContent-Disposition: attachment; name=f\r\n\r\nx\r\n--B--").error,
            Errc::invalid);
}

TEST(Multipart, HoldsBackNoMoreThanADelimiterCanNeed) {
  const std::string boundary(70, 'b');
  const std::string delimiter = "--" + boundary;
  std::string body = delimiter + "\r\nContent-Disposition: form-data; name=f; filename=x\r\n\r\n";
  const std::size_t content_begin = body.size();
  for (int i = 0; i < 20; ++i) body += "\r\n" + delimiter + "x" + "\r\n" + delimiter.substr(0, 40);
  body += "\r\n" + delimiter + "--";
  std::vector<std::size_t> ends;
  for (std::size_t end = 1; end < body.size(); ++end) ends.push_back(end);
  const WireForm form = read_form("multipart/form-data; boundary=" + boundary, body, ends);
  EXPECT_FALSE(form.error);
  ASSERT_EQ(form.parts.size(), 1u);
  EXPECT_EQ(form.parts[0].data,
            body.substr(content_begin, body.size() - content_begin - delimiter.size() - 4));
  EXPECT_LE(form.held_bytes_max, boundary.size() + 8);
  EXPECT_GT(form.held_bytes_max, boundary.size());
}

TEST(Multipart, ReadsBoundaries) {
  for (const char* type : {"multipart/form-data; boundary=B", "multipart/form-data;boundary=\"B\"",
                           "MULTIPART/Form-Data ; charset=x ; Boundary=B ;"}) {
    const auto boundary = boundary_of(type);
    ASSERT_TRUE(boundary) << type;
    EXPECT_EQ(boundary->view(), "B");
  }
  EXPECT_EQ(boundary_of("multipart/form-data; boundary=\"a b\"")->view(), "a b");
  EXPECT_EQ(boundary_of("multipart/form-data; boundary=" + std::string(70, 'b'))->view().size(),
            70u);
  for (const std::string& type :
       {std::string("multipart/form-data; boundary="),
        std::string("multipart/form-data; boundary=\"\""),
        "multipart/form-data; boundary=" + std::string(71, 'b'),
        std::string("multipart/form-data; boundary=a%b"), std::string("")})
    EXPECT_EQ(boundary_of(type).error().code, Errc::invalid) << type;
  EXPECT_EQ(boundary_of("text/plain; boundary=B").error().code, Errc::unsupported_media);
}

TEST(MultipartSearch, AgreesWithThePlainSearch) {
  std::uint64_t state = 42;
  const auto random = [&state](std::uint64_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % below;
  };
  for (int round = 0; round < 20'000; ++round) {
    std::string needle = "\r\n--";
    for (std::uint64_t i = random(70) + (round % 2); i > 0; --i) needle += "-B"[random(2)];
    std::string text;
    for (std::uint64_t i = random(300); i > 0; --i) text += "\r\n-B"[random(4)];
    if (random(2) == 0) text.insert(random(text.size() + 1), needle);
    ASSERT_EQ(find_delimiter(text, needle), std::string_view(text).find(needle));
  }
}

}  // namespace
}  // namespace mooring
