// What the tests of `mooring check` share: a store made through the contracts of the floors below,
// closed before it is checked, and ways to damage it.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "mooring/app/check.h"
#include "mooring/app/commands.h"
#include "mooring/app/exit_code.h"
#include "mooring/base/check.h"
#include "mooring/blob/segment_format.h"
#include "mooring/catalog/assets.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/pictures.h"
#include "mooring/catalog/transaction.h"
#include "unit/support/temporary_directory.h"

namespace mooring {

namespace fs = std::filesystem;

template <typename T>
T must(Result<T> result) {
  EXPECT_TRUE(result) << describe(result.error());
  MOORING_CHECK(result.has_value(), "the set-up of a test succeeds");
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

inline BlobId id_of(std::string_view content) {
  return {xxh3_128(as_bytes(content)), 0};
}

/// The fixture.
class CheckTest : public ::testing::Test {
 protected:
  CheckTest() {
    directory_ = must(DataDirectory::open(data()));
    database_ = must(Database::open(directory_->catalog_path(), {.mode = OpenMode::create}));
  }
  ~CheckTest() override {
    database_.reset();
    directory_.reset();
  }

  [[nodiscard]] std::string data() const { return (root_ / "data").string(); }
  [[nodiscard]] fs::path file_of(const BlobId& id) const {
    const std::string name = to_string(id);
    return fs::path(data()) / "blobs" / name.substr(0, 2) / name;
  }
  [[nodiscard]] fs::path segment() const { return fs::path(data()) / "segments" / "0-1"; }

  template <typename Function>
  void change(Function function) {
    Transaction transaction(*database_);
    transaction.begin_mutation();
    must(function(transaction));
    transaction.keep();
    must(transaction.write(Durability::relaxed));
  }

  /// An asset with a picture of `content`, whose bytes lie at `location`.
  void add_picture(std::string_view content, const BlobLocation& location) {
    change([&](Transaction& transaction) -> Status {
      AssetRecord asset;
      asset.id = new_uuid();
      asset.organization_id = "org-a";
      must(create_asset(transaction, asset));
      must(put_blob(transaction, id_of(content), {content.size(), location}));
      PictureRecord picture;
      picture.id = new_uuid();
      picture.asset_id = asset_ = asset.id;
      picture.organization_id = "org-a";
      picture.blob = id_of(content);
      picture.size_bytes = content.size();
      return create_picture(transaction, picture);
    });
  }

  void add_file(std::string_view content) {
    write(file_of(id_of(content)), content);
    add_picture(content, {});
  }

  /// A segment of one batch with these contents; the last one is dead.
  void add_segment(const std::vector<std::string>& contents) {
    std::string bytes;
    for (const std::string& content : contents) {
      if (&content != &contents.back()) add_small_picture(content, bytes.size());
      bytes += record_at(bytes.size(), content);
    }
    bytes.resize(round_up(bytes.size(), kBlockBytes));
    write(segment(), bytes);
  }

  /// The record of a content in the segment.
  static std::string record_at(std::uint64_t offset, const std::string& content) {
    SegmentHeader header;
    header.id = id_of(content);
    header.segment = {0, 1};
    header.record_offset = offset;
    header.content_bytes = static_cast<std::uint32_t>(content.size());
    std::array<std::byte, kSegmentHeaderBytes> head{};
    encode_header(header, head);
    std::string record = std::string(as_text(head)) + content;
    record.resize(segment_record_bytes(content.size()));
    return record;
  }

  /// A picture whose content has its record at `offset` of the segment.
  void add_small_picture(const std::string& content, std::uint64_t offset) {
    add_picture(content, {.tier = Tier::segment,
                          .segment_core = 0,
                          .segment_number = 1,
                          .segment_offset = offset + kSegmentHeaderBytes});
  }

  /// Two files, and a segment with two live contents and a dead one.
  void fill() {
    add_file(large_);
    add_file(larger_);
    add_segment({std::string(100, 'a'), std::string(5000, 'b'), std::string(3000, 'c')});
  }

  static void write(const fs::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  static void append(const fs::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary | std::ios::app) << bytes;
  }
  static void flip_byte(const fs::path& path, std::streamoff offset) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(offset);
    const int byte = file.get();
    file.seekp(offset);
    file.put(static_cast<char>(byte ^ 1));
  }

  void stop_cleanly() {
    must(database_->close());
    stop_uncleanly();
  }
  void stop_uncleanly() {
    database_.reset();
    directory_.reset();
  }

  struct Outcome {
    int exit_code;
    std::string output;
    [[nodiscard]] bool says(std::string_view text) const {
      return output.find(text) != std::string::npos;
    }
  };
  Outcome check(CheckDepth depth = CheckDepth::names) {
    ::testing::internal::CaptureStdout();
    const int exit_code = run_check({.data_dir = data(), .depth = depth});
    return {exit_code, ::testing::internal::GetCapturedStdout()};
  }

  /// The one problem that was planted is found and named, and nothing else is.
  void expect_problem(std::string_view name, CheckDepth depth = CheckDepth::names) {
    const Outcome found = check(depth);
    EXPECT_EQ(found.exit_code, kExitDamaged);
    EXPECT_TRUE(found.says(name)) << found.output;
    EXPECT_TRUE(found.says("\n1 problems\n")) << found.output;
  }

  TemporaryDirectory directory_of_test_;
  const fs::path root_ = directory_of_test_.path();
  std::unique_ptr<DataDirectory> directory_;
  std::unique_ptr<Database> database_;
  Uuid asset_;
  std::string large_ = std::string(700'000, 'l');
  std::string larger_ = std::string(2'000'001, 'm');
};

}  // namespace mooring
