// Images: what was uploaded for products, accounts, users and categories (API 3).
//
// An image has two numbers. Its id is counted up and belongs to the one who may change it; its
// upload number is drawn at random and stands in the public URLs, so that nobody finds images by
// counting (rules I13, I17). Each record holds one reference to its blob, owned by "image/<id>".
//
//   image         id 8                                 -> ImageRecord
//   image_upload  upload number 8                      -> id 8
//   image_of      organization, with its length | id 8 -> (empty)
//   meta          "images.last_id"                     -> the id given last
//
//   I1 an image implies its keys in image_upload and image_of, and a reference to its blob.
//   I2 an id is given once, also after its image is gone; an upload number belongs to one image.
//
// Functions that take a Transaction run on the writer; those that take a View run anywhere. All may
// fail with io_error or corrupt besides what is said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/catalog/transaction.h"
#include "mooring/catalog/view.h"

namespace mooring {

/// The values are those of the answers (API 3.1).
enum class ImageType : std::uint8_t { product = 0, account = 1, user = 2, category = 3 };

struct ImageRecord {
  std::uint64_t id = 0;      ///< from 1
  std::uint64_t upload = 0;  ///< from 1, below 2^53
  ImageType type = ImageType::product;
  std::string organization_id;
  std::string filename;
  std::string media_type;  ///< by the bytes
  std::int64_t created_ms = 0;
  std::string created_by;
  BlobId blob;
  std::uint64_t size_bytes = 0;
  friend bool operator==(const ImageRecord&, const ImageRecord&) = default;
};

/// One page of an organization's images, and how many it has.
struct ImagePage {
  std::uint64_t total = 0;
  std::vector<ImageRecord> images;
};

[[nodiscard]] std::string encode(const ImageRecord& record);
[[nodiscard]] Result<ImageRecord> decode_image(std::string_view bytes);

/// "image/<id>": the owner of an image's reference to its blob.
[[nodiscard]] std::string image_owner(std::uint64_t id);
/// The key of the image that `owner`, an image_owner, names; nothing if it is none.
[[nodiscard]] std::optional<std::string> image_key_of_owner(std::string_view owner);

[[nodiscard]] Result<std::optional<ImageRecord>> find_image(const View& view, std::uint64_t id);

/// The image whose public URLs hold `upload`.
[[nodiscard]] Result<std::optional<ImageRecord>> find_image_of_upload(const View& view,
                                                                      std::uint64_t upload);

/// Up to `limit` images of an organization in the order of their ids, after the first `skip`.
/// Counts all of them: for a worker. One that goes while they are read may be counted and not be
/// listed.
[[nodiscard]] Result<ImagePage> list_images(const View& view, std::string_view organization,
                                            std::uint64_t skip, std::size_t limit);

/// Stores a new image and returns it with the two numbers it was given; what `record` says there is
/// not looked at. Fails with stale if the blob is gone.
[[nodiscard]] Result<ImageRecord> create_image(Transaction& transaction, ImageRecord record);

/// Takes an image of `organization` away, with its reference. Nothing is returned if it has none
/// with this id.
[[nodiscard]] Result<std::optional<ImageRecord>> remove_image(Transaction& transaction,
                                                              std::uint64_t id,
                                                              std::string_view organization,
                                                              std::int64_t now_ms);

}  // namespace mooring
