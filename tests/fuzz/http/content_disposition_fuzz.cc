// Names that are read are safe, and what we write is one header line that reads back as the same
// name.

#include <string>

#include "fuzz/fuzz.h"
#include "mooring/base/utf8.h"
#include "mooring/http/content_disposition.h"
#include "mooring/http/limits.h"
#include "mooring/http/media_type.h"
#include "mooring/http/multipart.h"

namespace {

using namespace mooring;

void check_filename(const std::string& name) {
  MOORING_CHECK(name.size() <= kFilenameBytesMax && valid_utf8(name), "length or text");
  MOORING_CHECK(name.find_first_of(std::string_view("/\\\r\n\0\x7f", 6)) == name.npos, "unsafe");
  const auto again = sanitise_filename(name);
  MOORING_CHECK(again && *again == name, "sanitising twice differs");
  const std::string written = format_content_disposition(DispositionType::attachment, name);
  for (const char c : written)
    MOORING_CHECK(c >= 0x20 && c < 0x7f, "not one printable header line");
  const auto read = parse_content_disposition(written, DispositionDialect::header);
  MOORING_CHECK(read && read->filename.value_or("") == name, "does not read back");
}

void check_boundary(std::string_view input) {
  const auto boundary = boundary_of(input);
  if (!boundary) return;
  const std::string_view text = boundary->view();
  MOORING_CHECK(!text.empty() && text.size() <= kBoundaryBytesMax, "length of a boundary");
  MOORING_CHECK(text.find('\r') == text.npos && text.find('\n') == text.npos, "boundary");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz_text(data, size);
  for (const auto dialect : {DispositionDialect::form_data, DispositionDialect::header})
    if (const auto parsed = parse_content_disposition(input, dialect); parsed && parsed->filename)
      check_filename(*parsed->filename);
  if (const auto name = sanitise_filename(input)) check_filename(*name);
  check_boundary(input);
  return 0;
}
