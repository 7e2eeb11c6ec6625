// DocumentSettings: what the operator decides about documents ([documents] in the configuration).
#pragma once

#include <cstdint>

#include "mooring/api/documents/document_type.h"
#include "mooring/api/documents/zip_reader.h"
#include "mooring/base/bytes.h"

namespace mooring {

struct DocumentSettings {
  std::uint64_t file_bytes_max = 100_MiB;  ///< of one document
  AllowedTypes types = {};                 ///< of one document's content
  std::uint64_t zip_bytes_max = 512_MiB;   ///< of an archive whose files become documents
  ZipLimits zip = {};                      ///< of what is in it
  std::uint64_t zips_in_flight_max = 2;    ///< of the whole server; further ones get 503
};

}  // namespace mooring
