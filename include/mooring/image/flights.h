// ImageFlights: however many ask for one rendition at one time, it is made once.
//
// Process-wide; a table under one mutex that is held for a few instructions. The first who boards a
// key leads: it makes the rendition and lands with the answer, good or bad, which everybody who
// boarded meanwhile gets as a message to their own core. Nothing is remembered here: what was made
// is in the catalogue, and what failed by its own doing is in image/failures.h.
//
//   std::optional<FlightAnswer> answer = co_await flights.board(core, key);
//   if (answer) co_return *answer;                  // somebody else made it
//   …make it…
//   flights.land(key, made);                        // always, exactly once, by who leads
#pragma once

#include <compare>
#include <coroutine>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "mooring/base/blob_id.h"
#include "mooring/base/result.h"
#include "mooring/core/core.h"
#include "mooring/core/mailbox.h"

namespace mooring {

struct FlightKey {
  BlobId original;
  std::uint16_t width_max = 0;
  std::uint16_t height_max = 0;
  std::uint8_t format = 0;
  friend auto operator<=>(const FlightKey&, const FlightKey&) = default;
};

/// The blob of the rendition.
using FlightAnswer = Result<BlobId>;

class ImageFlights {
 public:
  ImageFlights() = default;
  /// Every flight has landed.
  ~ImageFlights();
  ImageFlights(const ImageFlights&) = delete;
  ImageFlights& operator=(const ImageFlights&) = delete;

  class [[nodiscard]] Board final : private Message {
   public:
    Board(ImageFlights& flights, Core& core, const FlightKey& key) noexcept
        : flights_(flights), core_(core), key_(key) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    /// False: the caller leads and goes on at once.
    [[nodiscard]] bool await_suspend(std::coroutine_handle<> waiter);
    [[nodiscard]] std::optional<FlightAnswer> await_resume() const { return answer_; }

   private:
    friend class ImageFlights;
    void deliver() noexcept override { core_.resume_later(waiter_); }

    ImageFlights& flights_;
    Core& core_;
    FlightKey key_;
    std::optional<FlightAnswer> answer_;
    std::coroutine_handle<> waiter_;
    Board* next_ = nullptr;
  };

  /// On `core`'s thread. Nothing: the caller leads and owes a land.
  [[nodiscard]] Board board(Core& core, const FlightKey& key) noexcept {
    return {*this, core, key};
  }
  /// Any thread.
  void land(const FlightKey& key, const FlightAnswer& answer) noexcept;

  /// Flights under way.
  [[nodiscard]] std::size_t size() const;

 private:
  mutable std::mutex mutex_;
  std::map<FlightKey, Board*> aboard_;  // those who wait, newest first; null: nobody but the leader
};

}  // namespace mooring
