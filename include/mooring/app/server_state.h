// ServerState: what all cores of the server share.
//
// Made by start-up before the first core and destroyed after the last. Const, or atomic, or safe
// for any thread by its own contract.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "mooring/api/renditions.h"
#include "mooring/api/services.h"
#include "mooring/app/access_log.h"
#include "mooring/app/config.h"
#include "mooring/app/connection.h"
#include "mooring/app/metrics.h"
#include "mooring/app/router.h"
#include "mooring/app/throttle.h"
#include "mooring/auth/jwt.h"
#include "mooring/blob/store.h"
#include "mooring/catalog/database.h"
#include "mooring/catalog/document_index.h"
#include "mooring/catalog/writer.h"
#include "mooring/core/workers.h"

namespace mooring {

class ServerCore;

/// How many connections there are, and how many of one address.
class ConnectionCounts {
 public:
  ConnectionCounts(std::uint64_t all_max, std::uint64_t of_address_max) noexcept
      : all_max_(all_max), of_address_max_(of_address_max) {}

  enum class Verdict : std::uint8_t { admitted, too_many, too_many_of_address };
  /// Any thread. `admitted` has to be given back by `leave`.
  [[nodiscard]] Verdict enter(const std::string& address);
  void leave(const std::string& address) noexcept;

 private:
  std::uint64_t all_max_;
  std::uint64_t of_address_max_;  // 0: not counted
  std::atomic<std::uint64_t> all_{0};
  std::mutex mutex_;
  std::unordered_map<std::string, std::uint64_t> by_address_;
};

enum class Phase : std::uint8_t { starting, ready, draining };

struct ServerState {
  const Config& config;
  ApiSettings api;
  ConnectionSettings connections;
  WorkerPool& workers;
  BlobStore& store;
  Database& database;
  Writer& writer;
  const DocumentIndex& documents;
  RenditionWorks renditions;
  const Router& router;
  const TokenVerifier& verifier;
  AccessLogWriter* access_log;  ///< null: off
  ConnectionCounts counts;
  Throttles throttles;
  std::vector<std::unique_ptr<CoreMetrics>> metrics = {};  ///< by core
  std::vector<std::unique_ptr<ServerCore>> cores = {};
  std::atomic<Phase> phase{Phase::starting};
  std::atomic<bool> space_is_short{false};
  std::atomic<std::uint64_t> uploads_in_flight{0};
  std::atomic<std::uint64_t> zips_in_flight{0};
};

/// The services of a core as the server's own routes see them.
struct ServerServices : CoreServices {
  ServerState& server;
};

}  // namespace mooring
