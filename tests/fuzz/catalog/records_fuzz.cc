// Bytes that decode as a record or as a key are exactly what encoding that record gives; everything
// else is corrupt, and nothing is read past the end.

#include "fuzz/fuzz.h"
#include "mooring/catalog/assets.h"
#include "mooring/catalog/attachments.h"
#include "mooring/catalog/blobs.h"
#include "mooring/catalog/categories.h"
#include "mooring/catalog/codec.h"
#include "mooring/catalog/documents.h"
#include "mooring/catalog/images.h"
#include "mooring/catalog/partner_assets.h"
#include "mooring/catalog/pictures.h"
#include "mooring/catalog/projects.h"
#include "mooring/catalog/refresh.h"
#include "mooring/catalog/renditions.h"

namespace {

using namespace mooring;

template <typename Record>
void check_exact(std::string_view bytes, const Result<Record>& record) {
  if (record)
    MOORING_CHECK(encode(*record) == bytes, "two encodings of one record");
  else
    MOORING_CHECK(record.error().code == Errc::corrupt, "a decoder fails with corrupt only");
}

void check_key(std::string_view bytes) {
  KeyReader in(bytes);
  const std::uint16_t number = in.u16();
  const BlobId blob = in.blob();
  const std::string_view text = in.text();
  const Uuid id = in.uuid();
  const std::string_view rest = in.rest();
  if (in.finish("fuzzed key"))
    MOORING_CHECK(Key().u16(number).blob(blob).text(text).uuid(id).raw(rest).take() == bytes,
                  "two encodings of one key");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input = fuzz_text(data, size);
  switch (take_fuzz_seed(input) % 13) {
    case 0:
      check_exact(input, decode_asset(input));
      break;
    case 1:
      check_exact(input, decode_picture(input));
      break;
    case 2:
      check_exact(input, decode_blob_entry(input));
      break;
    case 3:
      check_exact(input, decode_segment(input));
      break;
    case 5:
      check_exact(input, decode_image(input));
      break;
    case 6:
      check_exact(input, decode_refresh(input));
      break;
    case 7:
      check_exact(input, decode_rendition(input));
      break;
    case 8:
      check_exact(input, decode_partner_asset(input));
      break;
    case 9:
      check_exact(input, decode_pocket_asset(input));
      break;
    case 10:
      check_exact(input, decode_pocket_project(input));
      break;
    case 11:
      check_exact(input, decode_document(input));
      break;
    case 12:
      check_exact(input, decode_category(input));
      break;
    default:
      check_key(input);
  }
  return 0;
}
