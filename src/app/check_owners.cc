#include "store_check.h"

#include <array>
#include <optional>

#include "mooring/catalog/assets.h"
#include "mooring/catalog/attachments.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/codec.h"
#include "mooring/catalog/documents.h"
#include "mooring/catalog/images.h"
#include "mooring/catalog/partner_assets.h"
#include "mooring/catalog/pictures.h"
#include "mooring/catalog/renditions.h"

namespace mooring {

namespace {

/// What a record says about its content.
struct OwnedContent {
  std::string owner;  ///< as it stands in the reference
  BlobId blob;
  std::uint64_t size_bytes = 0;
};

/// The key of the record that an owner names; nothing if it names none.
using KeyOfOwner = std::optional<std::string> (*)(std::string_view owner);

/// A kind of record that refers to blobs. A new family that stores content adds a row.
struct OwnerKind {
  std::string_view prefix;  ///< of its owners
  Family family;
  /// Nothing: a record that holds no content, or no longer. Every record is read once with its
  /// family and once for each reference it is said to have, so this reports no problem.
  Result<std::optional<OwnedContent>> (*read)(const View& view, const Entry& entry);
  KeyOfOwner key_of;
  /// Besides the reference: whether what the record belongs to exists; called once for each record
  /// that read took.
  Status (*look_at_holder)(StoreCheck& check, const Entry& entry) = nullptr;
};

std::optional<std::string> key_of_uuid_owner(std::string_view owner) {
  const std::optional<Uuid> id = parse_uuid(owner.substr(owner.rfind('/') + 1));
  if (!id) return {};
  return Key().uuid(*id).take();
}

Result<std::optional<OwnedContent>> read_document(const View&, const Entry& entry) {
  const Result<DocumentRecord> document = decode_document(entry.value);
  if (!document) return std::unexpected(document.error());
  return OwnedContent{document_owner(document->id), document->blob, document->size_bytes};
}

// The assets a document is linked to.
Status look_at_linked_assets(StoreCheck& check, const Entry& entry) {
  const Result<DocumentRecord> document = decode_document(entry.value);
  if (!document) return std::unexpected(document.error());
  for (const Uuid& id : document->asset_ids) {
    const Result<Value> asset = check.database.get(Family::asset, Key().uuid(id));
    if (!asset) return std::unexpected(asset.error());
    if (!*asset)
      check.problem(fmt::format("document {}: its asset {} does not exist", to_string(document->id),
                                to_string(id)));
  }
  return {};
}

Result<std::optional<OwnedContent>> read_picture(const View&, const Entry& entry) {
  const Result<PictureRecord> picture = decode_picture(entry.value);
  if (!picture) return std::unexpected(picture.error());
  return OwnedContent{picture_owner(picture->asset_id), picture->blob, picture->size_bytes};
}

// The asset a picture belongs to.
Status look_at_asset(StoreCheck& check, const Entry& entry) {
  const Result<PictureRecord> picture = decode_picture(entry.value);
  if (!picture) return std::unexpected(picture.error());
  const Result<std::optional<AssetRecord>> asset = find_asset(check.database, picture->asset_id);
  const bool is_unreadable = !asset && asset.error().code == Errc::corrupt;
  if (!asset && !is_unreadable) return std::unexpected(asset.error());
  if (is_unreadable || !*asset)
    check.problem(fmt::format("picture {}: its asset {} {}", to_string(picture->id),
                              to_string(picture->asset_id),
                              is_unreadable ? "is unreadable" : "does not exist"));
  return {};
}

// A deleted asset is remembered without its content.
Result<std::optional<OwnedContent>> read_partner_asset(const View&, const Entry& entry) {
  const Result<PartnerAssetRecord> asset = decode_partner_asset(entry.value);
  if (!asset) return std::unexpected(asset.error());
  if (asset->deleted) return std::nullopt;
  return OwnedContent{partner_asset_owner(asset->id), asset->blob, asset->size_bytes};
}

Result<std::optional<OwnedContent>> read_image(const View&, const Entry& entry) {
  const Result<ImageRecord> image = decode_image(entry.value);
  if (!image) return std::unexpected(image.error());
  return OwnedContent{image_owner(image->id), image->blob, image->size_bytes};
}

Result<std::optional<OwnedContent>> read_attachment(const View&, const Entry& entry) {
  const Result<PocketAsset> asset = decode_pocket_asset(entry.value);
  if (!asset) return std::unexpected(asset.error());
  if (!asset->content) return std::nullopt;
  return OwnedContent{attachment_owner(asset->id), asset->content->blob,
                      asset->content->size_bytes};
}

// The asset or the project that an attachment hangs on.
Status look_at_holder(StoreCheck& check, const Entry& entry) {
  const Result<PocketAsset> asset = decode_pocket_asset(entry.value);
  if (!asset) return std::unexpected(asset.error());
  if (asset->place == PocketPlace::root) return {};
  const Family family =
      asset->place == PocketPlace::asset_attachment ? Family::pocket_asset : Family::pocket_project;
  const Result<Value> holder = check.database.get(family, asset->holder.view());
  if (!holder) return std::unexpected(holder.error());
  if (!*holder)
    check.problem(fmt::format("attachment {}: its holder {} does not exist", asset->id.view(),
                              asset->holder.view()));
  return {};
}

std::optional<std::string> key_of_attachment_owner(std::string_view owner) {
  const std::optional<PocketId> id = parse_pocket_id(owner.substr(owner.find('/') + 1));
  if (!id) return {};
  return to_string(*id);
}

// A rendition that keeps nothing alive refers to nothing.
Result<std::optional<OwnedContent>> read_rendition(const View& view, const Entry& entry) {
  const Result<RenditionKey> key = decode_rendition_key(entry.key);
  if (!key) return std::unexpected(key.error());
  const Result<RenditionRecord> rendition = decode_rendition(entry.value);
  if (!rendition) return std::unexpected(rendition.error());
  if (rendition->hold == RenditionHold::none) return std::nullopt;
  const Result<std::optional<BlobRecord>> blob = find_blob(view, rendition->blob);
  if (!blob) return std::unexpected(blob.error());
  return OwnedContent{rendition_owner(*key), rendition->blob, *blob ? (*blob)->size_bytes : 0};
}

// The original a rendition was made of.
Status look_at_original(StoreCheck& check, const Entry& entry) {
  const Result<RenditionKey> key = decode_rendition_key(entry.key);
  if (!key) return std::unexpected(key.error());
  const Result<std::optional<BlobRecord>> original = find_blob(check.database, key->original);
  if (!original && original.error().code == Errc::corrupt) return {};  // told with the records
  if (!original) return std::unexpected(original.error());
  if (!*original)
    check.problem(fmt::format("{}: its original does not exist", rendition_owner(*key)));
  return {};
}

std::optional<std::string> key_of_rendition_owner(std::string_view owner) {
  const std::optional<RenditionKey> key = parse_rendition_owner(owner);
  if (!key) return {};
  return rendition_key(*key);
}

constexpr std::array kOwnerKinds = std::to_array<OwnerKind>({
    {"picture/", Family::picture, read_picture, key_of_uuid_owner, look_at_asset},
    {"document/", Family::document, read_document, key_of_uuid_owner, look_at_linked_assets},
    {"attachment/", Family::pocket_asset, read_attachment, key_of_attachment_owner, look_at_holder},
    {"partner/", Family::partner_asset, read_partner_asset, key_of_uuid_owner},
    {"rendition/", Family::rendition, read_rendition, key_of_rendition_owner, look_at_original},
    {"image/", Family::image, read_image, image_key_of_owner},
});

// From the record to its reference and its blob.
Status check_content(StoreCheck& check, const OwnedContent& content) {
  ++check.report.owners;
  const Result<Value> value = check.database.get(Family::blob, Key().blob(content.blob));
  if (!value) return std::unexpected(value.error());
  if (!*value) {
    check.problem(
        fmt::format("{}: its blob {} has no record", content.owner, to_string(content.blob)));
    return {};
  }
  const Result<BlobEntry> blob = decode_blob_entry(**value);
  if (!blob) return {};  // told with the records
  const Result<bool> reference =
      is_referred_to_by(check.database, content.blob, *blob, content.owner);
  if (!reference) return std::unexpected(reference.error());
  if (!*reference)
    check.problem(fmt::format("{}: its reference to blob {} is missing", content.owner,
                              to_string(content.blob)));
  if (blob->record.size_bytes != content.size_bytes)
    check.problem(fmt::format("{}: says {} bytes, its blob {} has {}", content.owner,
                              content.size_bytes, to_string(content.blob),
                              blob->record.size_bytes));
  return {};
}

Status check_records(StoreCheck& check, const OwnerKind& kind) {
  return for_each_entry(check.database, kind.family, [&](const Entry& entry) -> Status {
    const Result<std::optional<OwnedContent>> content = kind.read(check.database, entry);
    if (!content && content.error().code != Errc::corrupt) return std::unexpected(content.error());
    if (!content) {
      check.problem(fmt::format("a record of {} is unreadable", kind.prefix));
      return {};
    }
    if (kind.look_at_holder != nullptr)
      if (const Status looked = kind.look_at_holder(check, entry); !looked) return looked;
    return *content ? check_content(check, **content) : Status{};
  });
}

// Whether the record `owner` names exists and names `blob`.
Result<bool> is_owner_of(StoreCheck& check, std::string_view owner, const BlobId& blob) {
  for (const OwnerKind& kind : kOwnerKinds) {
    if (!owner.starts_with(kind.prefix)) continue;
    const std::optional<std::string> key = kind.key_of(owner);
    if (!key) return false;
    const Result<Value> value = check.database.get(kind.family, *key);
    if (!value) return std::unexpected(value.error());
    if (!*value) return false;
    const Result<std::optional<OwnedContent>> content = kind.read(check.database, {*key, **value});
    if (!content && content.error().code == Errc::corrupt) return true;  // told with its record
    if (!content) return std::unexpected(content.error());
    return *content && (*content)->blob == blob && (*content)->owner == owner;
  }
  return false;
}

// From the reference to its owner.
Status check_reference(StoreCheck& check, const BlobId& blob, std::string_view owner) {
  ++check.report.references;
  const Result<bool> owned = is_owner_of(check, owner, blob);
  if (!owned) return std::unexpected(owned.error());
  if (!*owned)
    check.problem(fmt::format("blob {}: referred to by {}, which does not exist or names another",
                              to_string(blob), owner));
  return {};
}

// The reference that stands in the record of its blob.
Status check_first_reference(StoreCheck& check, const Entry& entry) {
  const Result<BlobEntry> blob = decode_blob_entry(entry.value);
  if (!blob || blob->owner.empty()) return {};  // unreadable: told with the records
  const BlobId id = KeyReader(entry.key).blob();
  const Result<bool> stands = is_referred_to_by(check.database, id, *blob, blob->owner);
  if (!stands) return std::unexpected(stands.error());
  return *stands ? check_reference(check, id, blob->owner) : Status{};
}

// A reference that is a key of its own: its blob, and that this says so.
Status check_further_reference(StoreCheck& check, const Entry& entry) {
  KeyReader key(entry.key);
  const BlobId id = key.blob();
  const std::string_view owner = key.rest();
  const Result<Value> value = check.database.get(Family::blob, Key().blob(id));
  if (!value) return std::unexpected(value.error());
  const Result<BlobEntry> blob = decode_blob_entry(value->value_or(""));
  if (!*value)
    check.problem(fmt::format("{}: refers to blob {}, which has no record", owner, to_string(id)));
  else if (blob && (!blob->is_shared || blob->owner == owner))
    check.problem(
        fmt::format("{}: refers to blob {}, which does not know it", owner, to_string(id)));
  return check_reference(check, id, owner);
}

// The number of its public addresses leads back to each image.
Status check_image_addresses(StoreCheck& check) {
  return for_each_entry(check.database, Family::image, [&check](const Entry& entry) -> Status {
    const Result<ImageRecord> image = decode_image(entry.value);
    if (!image) return {};  // told with the owners
    const auto of_upload = find_image_of_upload(check.database, image->upload);
    if (!of_upload && of_upload.error().code != Errc::corrupt)
      return std::unexpected(of_upload.error());
    if (!of_upload || *of_upload != *image)
      check.problem(
          fmt::format("image {}: its upload number {} names another", image->id, image->upload));
    return {};
  });
}

}  // namespace

Status check_owners(StoreCheck& check) {
  for (const OwnerKind& kind : kOwnerKinds)
    if (const Status checked = check_records(check, kind); !checked) return checked;
  if (const Status checked = check_image_addresses(check); !checked) return checked;
  const Status checked = for_each_entry(check.database, Family::blob, [&check](const Entry& entry) {
    return check_first_reference(check, entry);
  });
  if (!checked) return checked;
  return for_each_entry(check.database, Family::ref, [&check](const Entry& entry) {
    return check_further_reference(check, entry);
  });
}

}  // namespace mooring
