// Whatever an archive holds, it is read within its limits or refused.

#include "fuzz/fuzz.h"
#include "mooring/api/documents/zip_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mooring;
  constexpr ZipLimits kLimits{
      .entries_max = 20, .entry_bytes_max = 64_KiB, .total_bytes_max = 256_KiB, .ratio_max = 100};
  ZipMemory source(as_bytes(fuzz_text(data, size)));
  Result<ZipReader> reader = ZipReader::open(source, kLimits);
  if (!reader) return 0;
  MOORING_CHECK(!reader->entries().empty(), "an archive without files");
  MOORING_CHECK(reader->entries().size() <= kLimits.entries_max, "too many entries");
  std::uint64_t total = 0;
  for (const ZipEntry& entry : reader->entries()) {
    MOORING_CHECK(entry.filename.find('/') == std::string::npos, "a path");
    const auto content = reader->read(entry);
    if (!content) continue;
    MOORING_CHECK(content->size() == entry.size_bytes, "a size that was not stated");
    MOORING_CHECK(content->size() <= kLimits.entry_bytes_max, "an entry over its limit");
    total += content->size();
  }
  MOORING_CHECK(total <= kLimits.total_bytes_max, "entries over their limit");
  return 0;
}
