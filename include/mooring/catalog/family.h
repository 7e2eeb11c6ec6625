// The column families of the catalogue: one per access pattern, one line each.
//
// A new family is one enumerator and one row of kFamilyTable, in the same order; the database makes
// it when it opens. The name and the prefix length are part of the format on disk: neither changes
// once a store has been written. Who owns a key layout documents it (the header named in the row).
//
// A prefix length lets RocksDB answer "is there any key with this prefix" from a Bloom filter. It
// is given where keys are found by a fixed-length prefix, and every key of such a family is at
// least that long.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mooring {

enum class Family : std::uint8_t {
  blob,    ///< blobs.h     hash 16 | ordinal 2                      -> BlobEntry
  ref,     ///< blobs.h     blob key 18 | owner text                 -> (empty)
  damage,  ///< damage.h    blob key 18                              -> when it was found
  gc,      ///< blobs.h     blob key 18                              -> when the last reference went
  segment,          ///< blobs.h     core 2 | number 4                        -> SegmentRecord
  asset,            ///< assets.h    asset 16                                 -> AssetRecord
  child,            ///< assets.h    parent 16 | organization | position 4 | asset 16 -> (empty)
  picture,          ///< pictures.h  asset 16                                 -> PictureRecord
  key,              ///< keys.h      0 | id 12; and lists by owner and company -> KeyRecord
  image,            ///< images.h    id 8                                     -> ImageRecord
  image_upload,     ///< images.h    upload number 8                          -> id 8
  image_of,         ///< images.h    organization | id 8                      -> (empty)
  pocket_asset,     ///< attachments.h  asset 20                       -> PocketAsset
  pocket_project,   ///< projects.h     project 20                     -> PocketProject
  pocket_child,     ///< attachments.h  holder 20 | place 1 | created 8 | sequence 4 -> id 20
  pocket_external,  ///< attachments.h  type 1 | external id           -> id 20
  pocket_trash,     ///< attachments.h  deleted 8 | asset 20           -> (empty)
  partner_asset,    ///< partner_assets.h  id 16                            -> PartnerAssetRecord
  company_asset,    ///< partner_assets.h  company | created 8 | id 16      -> (empty); and a count
  refresh,          ///< refresh.h   family 16                                -> RefreshRecord
  rendition,      ///< renditions.h  original's blob key 18 | width 2 | height 2 | format 2 -> blob
  document,       ///< documents.h  document 16                             -> DocumentRecord
  document_link,  ///< documents.h  asset 16 | document 16              -> (empty)
  document_content,  ///< documents.h  blob key 18 | organization | document 16 -> (empty)
  document_state,    ///< document_index.h  organization -> the numbers of its index
  document_free,     ///< document_index.h  number 4 | i 4 -> ordinal 4
  document_tail,     ///< document_index.h  number 4 | sequence 8 -> a change not in the base yet
  document_due,      ///< document_index.h  organization -> (empty): a fold is due
  document_term,     ///< document_index.h  number 4 | kind 1 | text | chunk 4 -> Container
  document_column,   ///< document_index.h  number 4 | page 4 -> ColumnPage
  document_order,    ///< document_index.h  number 4 | kind 1 [| block 4] -> directory, ordinals
  document_log,      ///< document_index.h  number 4 | version 8 -> keys replaced by it
  category,          ///< categories.h  code                               -> CategoryRecord
  category_use,      ///< documents.h  category | document 16              -> (empty)
  meta,  ///< database.h  a name                                   -> the store's own marks
};

struct FamilyRow {
  Family family;
  std::string_view name;     ///< of the column family on disk
  std::size_t prefix_bytes;  ///< of every key, for the prefix filter; 0: found by whole key only
};

inline constexpr std::array kFamilyTable = std::to_array<FamilyRow>({
    {Family::blob, "blob", 16},
    {Family::ref, "ref", 18},
    {Family::damage, "damage", 0},
    {Family::gc, "gc", 0},
    {Family::segment, "segment", 0},
    {Family::asset, "asset", 0},
    {Family::child, "child", 16},
    {Family::picture, "picture", 0},
    {Family::key, "key", 0},
    {Family::image, "image", 0},
    {Family::image_upload, "image_upload", 0},
    {Family::image_of, "image_of", 0},
    {Family::pocket_asset, "pocket_asset", 0},
    {Family::pocket_project, "pocket_project", 0},
    {Family::pocket_child, "pocket_child", 20},
    {Family::pocket_external, "pocket_external", 0},
    {Family::pocket_trash, "pocket_trash", 0},
    {Family::partner_asset, "partner_asset", 0},
    {Family::company_asset, "company_asset", 0},
    {Family::refresh, "refresh", 0},
    {Family::rendition, "rendition", 18},
    {Family::document, "document", 0},
    {Family::document_link, "document_link", 16},
    {Family::document_content, "document_content", 18},
    {Family::document_state, "document_state", 0},
    {Family::document_free, "document_free", 0},
    {Family::document_tail, "document_tail", 0},
    {Family::document_due, "document_due", 0},
    {Family::document_term, "document_term", 0},
    {Family::document_column, "document_column", 0},
    {Family::document_order, "document_order", 0},
    {Family::document_log, "document_log", 0},
    {Family::category, "category", 0},
    {Family::category_use, "category_use", 0},
    {Family::meta, "meta", 0},
});

inline constexpr std::size_t kFamilies = kFamilyTable.size();

/// Whether each row stands at the index of its enumerator, so that the table can be indexed.
consteval bool family_table_is_in_order() {
  for (std::size_t i = 0; i < kFamilies; ++i)
    if (static_cast<std::size_t>(kFamilyTable[i].family) != i) return false;
  return true;
}
static_assert(family_table_is_in_order());

[[nodiscard]] constexpr std::size_t index_of(Family family) noexcept {
  return static_cast<std::size_t>(family);
}

}  // namespace mooring
