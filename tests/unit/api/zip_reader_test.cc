// Archives of strangers: what is read, what is refused. Archives that zipfile can make are tested
// from outside (tests/api/test_document_archives.py); here stand those that are built by hand.
#include "mooring/api/documents/zip_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "mooring/base/bytes.h"

namespace mooring {
namespace {

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int i = 0; i < 8; ++i) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

struct File {
  std::string name;
  std::string content;
  std::uint32_t lie_bytes = 0;  ///< added to the stated size
};

/// A stored (not compressed) archive, byte by byte.
std::string archive_of(const std::vector<File>& files, std::string_view comment = {}) {
  std::string out;
  std::string directory;
  for (const File& file : files) {
    const std::size_t offset = out.size();
    const std::size_t size = file.content.size() + file.lie_bytes;
    std::string common;
    put(common, 20, 2);
    put(common, 0, 2);
    put(common, 0, 2);
    put(common, 0, 4);
    put(common, crc32(file.content), 4);
    put(common, size, 4);
    put(common, size, 4);
    put(common, file.name.size(), 2);
    put(common, 0, 2);
    out += "PK\x03\x04" + common + file.name + file.content;
    directory += std::string("PK\x01\x02") + std::string("\x14\0", 2) + common;
    put(directory, 0, 2);
    put(directory, 0, 2);
    put(directory, 0, 2);
    put(directory, 0, 4);
    put(directory, offset, 4);
    directory += file.name;
  }
  const std::size_t start = out.size();
  out += directory + "PK\x05\x06";
  put(out, 0, 4);
  put(out, files.size(), 2);
  put(out, files.size(), 2);
  put(out, directory.size(), 4);
  put(out, start, 4);
  put(out, comment.size(), 2);
  return out + std::string(comment);
}

Errc refusal(std::string_view archive, const ZipLimits& limits = {}) {
  ZipMemory source(as_bytes(archive));
  const auto reader = ZipReader::open(source, limits);
  EXPECT_FALSE(reader.has_value());
  return reader ? Errc::internal : reader.error().code;
}

std::string text_of(const std::vector<std::byte>& content) {
  return std::string(as_text(Bytes(content)));
}

TEST(ZipReader, FilesAreReadInTheirOrder) {
  const std::string archive = archive_of({{"a/x.txt", "first"}, {"folder/", ""}, {"y", "second"}});
  ZipMemory source(as_bytes(archive));
  auto reader = ZipReader::open(source, {});
  ASSERT_TRUE(reader) << describe(reader.error());
  ASSERT_EQ(reader->entries().size(), 2u);
  EXPECT_EQ(reader->entries()[0].filename, "x.txt");
  EXPECT_EQ(reader->entries()[1].size_bytes, 6u);
  EXPECT_EQ(text_of(*reader->read(reader->entries()[1])), "second");
  EXPECT_EQ(text_of(*reader->read(reader->entries()[0])), "first");
  EXPECT_EQ(text_of(*reader->read(reader->entries()[0])), "first");
}

TEST(ZipReader, AFileIsReadThroughItsWindow) {
  std::string large;
  for (int i = 0; i < 300'000; ++i) large += static_cast<char>('a' + i * 7 % 26);
  const std::string archive = archive_of({{"a", large}, {"b", "behind it"}});
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(std::fwrite(archive.data(), 1, archive.size(), file), archive.size());
  ASSERT_EQ(std::fflush(file), 0);
  ZipFile source(fileno(file), archive.size());
  auto reader = ZipReader::open(source, {});
  ASSERT_TRUE(reader) << describe(reader.error());
  EXPECT_EQ(text_of(*reader->read(reader->entries()[0])), large);
  EXPECT_EQ(text_of(*reader->read(reader->entries()[1])), "behind it");
  std::fclose(file);
}

TEST(ZipReader, Z1WhatIsNoArchiveIsInvalid) {
  const std::string good = archive_of({{"a", "content"}});
  EXPECT_EQ(refusal(""), Errc::invalid);
  EXPECT_EQ(refusal("not an archive, but long enough to be one"), Errc::invalid);
  EXPECT_EQ(refusal(good.substr(0, good.size() - 1)), Errc::invalid);
  EXPECT_EQ(refusal(good.substr(1)), Errc::invalid);
  std::string other_name = good;
  other_name[30] = 'b';  // in the local header only
  EXPECT_EQ(refusal(other_name), Errc::invalid);
}

TEST(ZipReader, Z3EntriesAndDirectoriesAreBoundedBeforeTheyAreRead) {
  const std::string three = archive_of({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  ZipMemory source(as_bytes(three));
  EXPECT_TRUE(ZipReader::open(source, {.entries_max = 3}));
  EXPECT_EQ(refusal(three, {.entries_max = 2}), Errc::unprocessable);
  EXPECT_EQ(refusal(archive_of({{"a", "1"}}, "PK\x06\x07 in a comment")), Errc::unprocessable);
  // A second end record, in the comment of the first, that claims a directory of gigabytes.
  std::string second = "PK\x05\x06";
  put(second, 0, 4);
  put(second, 1, 2);
  put(second, 1, 2);
  put(second, 0x7FFFFFFF, 4);
  put(second, 0, 4);
  put(second, 0, 2);
  EXPECT_EQ(refusal(archive_of({{"a", "1"}}, second)), Errc::unprocessable);
}

TEST(ZipReader, Z4SizesAreBoundedOnBothSides) {
  const std::string archive = archive_of({{"a", "12345"}, {"b", "123"}});
  ZipMemory source(as_bytes(archive));
  EXPECT_TRUE(ZipReader::open(source, {.entry_bytes_max = 5, .total_bytes_max = 8}));
  EXPECT_EQ(refusal(archive, {.entry_bytes_max = 4}), Errc::unprocessable);
  EXPECT_EQ(refusal(archive, {.total_bytes_max = 7}), Errc::unprocessable);
}

TEST(ZipReader, Z5WhatIsNotAsItSaysIsInvalid) {
  std::string damaged = archive_of({{"a", "a needle in it"}, {"b", "well"}});
  damaged[damaged.find("needle")] = 'N';
  ZipMemory source(as_bytes(damaged));
  auto reader = ZipReader::open(source, {});
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->read(reader->entries()[0]).error().code, Errc::invalid);
  EXPECT_EQ(text_of(*reader->read(reader->entries()[1])), "well");
}

TEST(ZipReader, ANameThatIsNothingIsLeftToTheCaller) {
  const std::string archive = archive_of({{"..", "content"}});
  ZipMemory source(as_bytes(archive));
  const auto reader = ZipReader::open(source, {});
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->entries()[0].filename, "");
}

TEST(ZipReader, AnArchiveWithoutFilesIsRefused) {
  EXPECT_EQ(refusal(archive_of({})), Errc::unprocessable);
  EXPECT_EQ(refusal(archive_of({{"folder/", ""}})), Errc::unprocessable);
}

}  // namespace
}  // namespace mooring
