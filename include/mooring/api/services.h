// CoreServices: what a family reaches from the core it runs on.
//
// One per core, made by the server, used on that core's thread; the objects behind the references
// outlive every request.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "mooring/api/admission.h"
#include "mooring/api/documents/document_settings.h"
#include "mooring/auth/refresh_token.h"
#include "mooring/base/bytes.h"
#include "mooring/base/counter.h"
#include "mooring/core/core.h"
#include "mooring/core/workers.h"

namespace mooring {

class Collector;
class CoreBlobs;
class DocumentIndex;
class Reader;
class Renditions;
class Writer;

/// The limits and names that families look at; from the configuration, const while the server runs.
struct ApiSettings {
  std::uint64_t body_bytes_max = 5_GiB;
  std::uint64_t json_bytes_max = 1_MiB;
  std::uint64_t picture_bytes_max = 10_MiB;
  std::uint64_t attachment_bytes_max = 5_GiB;
  std::uint64_t partner_bytes_max = 100_MiB;
  std::uint64_t images_bytes_max = 10_MiB;
  DocumentSettings documents = {};
  std::uint64_t segment_threshold_bytes = 512_KiB;  ///< smaller content goes to segments
  std::uint64_t reserve_bytes = 1_GiB;        ///< uploads are refused with 507 when less is free
  std::uint64_t receive_bytes_max = 256_KiB;  ///< of a large body, received and hashed at once
  AdmissionOptions admission = {};            ///< when uploads are refused with 503
  /// What a body in a chunk must keep to, once the grace is over, while others wait for chunks.
  std::uint64_t contended_bytes_per_second_min = 64_KiB;
  std::uint64_t contended_grace_ns = 5'000'000'000;
  std::string base_url = {};        ///< for absolute URLs; empty: from the Host field
  TokenClients token_clients = {};  ///< who may refresh access tokens
};

/// Counters of one core's uploads; written by its thread, read by anyone.
struct IngestCounters {
  Counter uploads;       ///< received whole
  Counter upload_bytes;  ///< of file content received whole
  Counter copied_bytes;  ///< of them, copied in user space (vow V3)
  Counter shared;        ///< content that was already stored
  Counter collisions;    ///< different content under one hash
  AdmissionCounters admission;
};

/// Where the time of an upload goes on this floor. The histograms are kept above (app/metrics.h).
enum class IngestStage : std::uint8_t { receive, hash, store_bytes, commit };

class IngestStages {
 public:
  /// The core's thread. Allocates nothing and never waits.
  virtual void took(IngestStage stage, std::uint64_t duration_ns) noexcept = 0;

 protected:
  ~IngestStages() = default;
};

struct CoreServices {
  Core& core;
  Reader& reader;  ///< of the catalogue
  Writer& writer;
  const DocumentIndex& documents;  ///< queries block: on workers only
  CoreBlobs& blobs;
  Collector& collector;
  Renditions& renditions;
  const ApiSettings& settings;
  IngestCounters& counters;
  IngestStages& stages;
  /// Set by the server's watch over the disk: uploads are refused from the head (507).
  const std::atomic<bool>& space_is_short;
  Admission& admission;
  std::atomic<std::uint64_t>& zips_in_flight;
};

}  // namespace mooring
