// Removals: whether names may be taken away from the store now.
//
// A backup names what it copies by the catalogue of one moment (app/backup.h). What that catalogue
// names must not be unlinked before it was copied, so a backup holds removals back; collection and
// compaction ask before each of their steps and wait if they may not. Uploads never ask: what they
// take away again no catalogue has named.
//
// One per store, any thread. Holding blocks until the steps under way have ended.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>

namespace mooring {

class Removals {
 public:
  Removals() = default;
  Removals(const Removals&) = delete;
  Removals& operator=(const Removals&) = delete;

  /// The right to one step of removal: from before the record goes until the name has gone.
  class [[nodiscard]] Step {
   public:
    Step() noexcept = default;
    Step(Step&& other) noexcept : removals_(std::exchange(other.removals_, nullptr)) {}
    Step& operator=(Step&& other) noexcept {
      if (this != &other) {
        reset();
        removals_ = std::exchange(other.removals_, nullptr);
      }
      return *this;
    }
    ~Step() { reset(); }
    void reset() noexcept {
      if (removals_ != nullptr) std::exchange(removals_, nullptr)->end();
    }
    [[nodiscard]] explicit operator bool() const noexcept { return removals_ != nullptr; }

   private:
    friend class Removals;
    explicit Step(Removals* removals) noexcept : removals_(removals) {}
    Removals* removals_ = nullptr;
  };
  /// Empty while somebody holds removals back. Never blocks.
  [[nodiscard]] Step try_begin();

  /// Holds removals back for its life. The constructor blocks; not on a core's thread.
  class [[nodiscard]] Hold {
   public:
    explicit Hold(Removals& removals);
    ~Hold();
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

   private:
    Removals& removals_;
  };

 private:
  void end() noexcept;

  std::mutex mutex_;
  std::condition_variable ended_;
  std::size_t steps_ = 0;
  std::size_t holds_ = 0;
};

}  // namespace mooring
