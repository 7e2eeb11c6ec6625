// Every interleaving of a few coroutines, one after the other, on a real core.
//
// An actor is a coroutine that awaits `turn()` before each of its steps. Between two turns it runs
// alone: the scheduler lets one actor go and waits until that one asks for its next turn, waits for
// a guard, or has ended. Which one goes is chosen by a path; `explore` walks over all paths, depth
// first. A run is repeated from its beginning for each path (stateless search), so actors are made
// anew each time.
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "mooring/base/check.h"
#include "mooring/blob/guard.h"
#include "mooring/core/core.h"
#include "mooring/core/gate.h"
#include "mooring/core/mailbox.h"

namespace mooring {

/// Where an actor stands.
enum class ActorState : std::uint8_t { running, waits_for_turn, waits_for_guard, ended };

class Actor;

class Interleaving {
 public:
  explicit Interleaving(Core& core);
  ~Interleaving();
  Interleaving(const Interleaving&) = delete;
  Interleaving& operator=(const Interleaving&) = delete;

  /// Adds an actor; runs when all are there.
  using Body = std::function<Task<void>(Actor&)>;
  void add(Body body);

  /// Runs the actors to their ends. Of `path` the first choices are followed; what is chosen beyond
  /// is the first that can go, and is added to it with the number of choices there were.
  struct Choice {
    std::size_t taken = 0;
    std::size_t possible = 0;
  };
  [[nodiscard]] Task<void> run(std::vector<Choice>& path);

 private:
  friend class Actor;
  Task<void> run_actor(Actor& actor);
  void changed() noexcept {
    if (waiter_) core_.resume_later(std::exchange(waiter_, nullptr));
  }

  struct Change {
    Interleaving& all;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { all.waiter_ = waiter; }
    void await_resume() const noexcept {}
  };
  // Everything that was posted to the core before has been delivered, and what it woke has run.
  struct Delivery final : Message {
    explicit Delivery(Core& on) noexcept : core(on) {}
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) noexcept {
      waiter = handle;
      core.mailbox().post(*this);
    }
    void await_resume() const noexcept {}
    void deliver() noexcept override { core.resume_later(waiter); }
    Core& core;
    std::coroutine_handle<> waiter;
  };

  Core& core_;
  Gate gate_;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::coroutine_handle<> waiter_;
};

class Actor {
 public:
  Actor(Interleaving& all, Interleaving::Body body) : all_(all), body_(std::move(body)) {}

  struct Turn {
    Actor& actor;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) noexcept {
      actor.waiter_ = handle;
      actor.set(ActorState::waits_for_turn);
    }
    void await_resume() const noexcept {}
  };
  [[nodiscard]] Turn turn() noexcept { return {*this}; }

  /// Takes a guard; others go on while it has to wait.
  Task<HashGuard> lock(HashGuards& guards, Hash128 hash, GuardMode mode) {
    set(ActorState::waits_for_guard);
    HashGuard guard = co_await guards.lock(all_.core_, hash, mode);
    state_ = ActorState::running;
    co_return guard;
  }

 private:
  friend class Interleaving;
  void set(ActorState state) noexcept {
    state_ = state;
    all_.changed();
  }

  Interleaving& all_;
  Interleaving::Body body_;
  ActorState state_ = ActorState::running;
  std::coroutine_handle<> waiter_;
};

inline Interleaving::Interleaving(Core& core) : core_(core), gate_(core) {}
inline Interleaving::~Interleaving() = default;

inline void Interleaving::add(Body body) {
  actors_.push_back(std::make_unique<Actor>(*this, std::move(body)));
}

inline Task<void> Interleaving::run_actor(Actor& actor) {
  co_await actor.turn();
  co_await actor.body_(actor);
  actor.set(ActorState::ended);
}

inline Task<void> Interleaving::run(std::vector<Choice>& path) {
  for (const auto& actor : actors_) gate_.spawn(run_actor(*actor));
  for (std::size_t depth = 0;; ++depth) {
    // Until nobody runs, twice: what the last step did it may have done after the first delivery
    // was posted, and a guard that it gave back wakes somebody.
    for (unsigned quiet = 0; quiet < 2;) {
      Delivery delivered(core_);
      co_await delivered;
      bool somebody_runs = false;
      for (const auto& actor : actors_) somebody_runs |= actor->state_ == ActorState::running;
      quiet = somebody_runs ? 0 : quiet + 1;
      if (!somebody_runs) continue;
      Change change{*this};
      co_await change;
    }
    std::vector<Actor*> ready;
    bool all_ended = true;
    for (const auto& actor : actors_) {
      if (actor->state_ == ActorState::waits_for_turn) ready.push_back(actor.get());
      all_ended &= actor->state_ == ActorState::ended;
    }
    if (all_ended) break;
    MOORING_CHECK(!ready.empty(), "a deadlock: everybody waits for a guard");
    if (depth == path.size()) path.push_back({});
    path[depth].possible = ready.size();
    Actor& chosen = *ready[path[depth].taken];
    chosen.state_ = ActorState::running;
    core_.resume_later(std::exchange(chosen.waiter_, nullptr));
  }
  co_await gate_.empty();
}

/// The path after `path` in depth-first order; empty after the last.
[[nodiscard]] inline std::vector<Interleaving::Choice> next_path(
    std::vector<Interleaving::Choice> path) {
  while (!path.empty() && path.back().taken + 1 == path.back().possible) path.pop_back();
  if (!path.empty()) ++path.back().taken;
  return path;
}

}  // namespace mooring
