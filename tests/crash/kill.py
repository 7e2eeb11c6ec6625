"""kill -9, at any moment and at every named step: nothing acknowledged is lost."""

import dataclasses
import random
import shutil
import time

from load import World
from oracle import Oracle
import harness
from store import DeadlyServer, Violation, fault_names, judge_copy

LOAD_SECONDS_MAX = 1.0  # until a random kill
POINT_SECONDS_MAX = 3.0  # until a crash point that is not passed is given up
PROVE_EVERY = 8
NEW_STORE_EVERY = 100
KINDS = {"random": 36, "load": 38, "start": 9, "stop": 5, "fresh": 4, "backup": 6, "restore": 2}
FRESH = ("format_", "replacement_", "superblock_", "secret_")  # passed only by a new store


@dataclasses.dataclass(frozen=True)
class Plan:
    """What one cycle does: follows from the seed and the number of the cycle alone."""

    seed: str
    kind: str  # random, load, start, stop, fresh, backup, restore
    point: str = ""
    seconds: float = 0.0


class Planner:
    """Every point gets its turn; the count at which it strikes follows how often it is passed."""

    def __init__(self, seed):
        self.seed = seed
        self.points = fault_names("point")
        self.reach = {name: 6 for name, _ in self.points}
        self.died_at = dict.fromkeys(self.reach, 0)

    def names(self, phase):
        return [name for name, when in self.points
                if (when == "start" and name.startswith(FRESH)) == (phase == "fresh")
                and (when == phase or phase == "fresh")]

    def plan(self, number):
        rng = random.Random(f"{self.seed}/{number}")
        kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
        names = self.names(kind) if kind != "random" else [""]
        return Plan(f"{self.seed}/{number}", kind, rng.choice(names),
                    rng.uniform(0.0, LOAD_SECONDS_MAX))

    def strike(self, plan):
        count = random.Random(plan.seed).randint(1, self.reach[plan.point])
        return ["--crash-at", f"{plan.point}:{count}"]

    def struck(self, point):
        self.died_at[point] += 1
        self.reach[point] = min(2 * self.reach[point], 200)

    def missed(self, point):
        self.reach[point] = max(self.reach[point] // 2, 1)


class KillRig:
    def __init__(self, directory, seed, tell):
        self.directory, self.tell = directory, tell
        self.planner = Planner(seed)
        self.stores = 0
        self.world = self.oracle = self.server = None
        self.acknowledged = self.verified = self.proofs = self.deaths = 0
        self.missed = 0

    def new_store(self):
        self.end_store()
        self.stores += 1
        place = self.directory / f"store-{self.stores}"
        self.server = DeadlyServer(place)
        self.oracle = Oracle(self.directory / f"oracle-{self.stores}.jsonl")
        self.server.start()
        self.world = World(self.server, self.oracle)

    def end_store(self):
        if self.server is None:
            return
        self.look()
        self.server.prove()
        self.proofs += 1
        self.acknowledged += self.oracle.acknowledged
        self.oracle.close()
        shutil.rmtree(self.server.directory)
        (self.directory / f"oracle-{self.stores}.jsonl").unlink()
        self.server = None

    def look(self):
        """Everything is as it was told, on a running server."""
        if not self.server.is_alive():
            self.server.start()
        found = self.world.verify()
        self.verified += found
        return found

    def cycle(self, number):
        if self.server is None or number % NEW_STORE_EVERY == 0:
            self.new_store()
        plan = self.planner.plan(number)
        changes, died = getattr(self, "do_" + plan.kind)(plan)
        self.deaths += died
        found = self.look()
        if number % PROVE_EVERY == PROVE_EVERY - 1:
            self.server.prove()
            self.proofs += 1
            self.server.start()
        where = plan.point or f"after {plan.seconds:.2f} s"
        self.tell(f"cycle {number}: {plan.kind} {where}{'' if died else ' (not passed)'}, "
                  f"{changes} acknowledged, {found} looked at")

    # ---- the kinds of cycles: (changes acknowledged, processes that died) ----
    def do_random(self, plan):
        load = self.world.load(plan.seed)
        time.sleep(plan.seconds)  # the moment of the crash is the point: anywhere in the stream
        self.server.die()
        return load.finish(), 1

    def do_load(self, plan):
        self.server.die()
        self.server.start(*self.planner.strike(plan))
        load = self.world.load(plan.seed)
        died = self.wait_for_death(POINT_SECONDS_MAX)
        self.note(plan.point, died)
        self.server.die()
        return load.finish(), 2

    def do_start(self, plan):
        """Dies while it recovers from a death under load, up to three deep."""
        changes, deaths = self.do_random(plan)
        for _ in range(3):
            if self.server.start(*self.planner.strike(plan)):
                self.note(plan.point, False)
                self.server.die()
                break
            self.note(plan.point, True)
            deaths += 1
        return changes, deaths

    def do_stop(self, plan):
        self.server.die()
        self.server.start("--crash-at", f"{plan.point}:1")
        load = self.world.load(plan.seed)
        time.sleep(plan.seconds)
        self.server.process.terminate()
        changes = load.finish()
        self.note(plan.point, self.wait_for_death(30))
        self.server.die()
        self.server.was_killed = plan.point != "clean_mark_put"  # else it stopped in order
        return changes, 2

    def do_fresh(self, plan):
        """A store that dies while it is made, and is made all the same by the next start."""
        server = DeadlyServer(self.directory / "fresh")
        # The SUPERBLOCK is written twice: before the catalogue is made, and after.
        count = random.Random(plan.seed).randint(1, 1 + plan.point.startswith("replacement_"))
        died = not server.start("--crash-at", f"{plan.point}:{count}")
        self.note(plan.point, died)
        if not died:
            raise Violation(f"{plan.point} is not passed by a new store")
        server.was_killed = False  # how a store ended that never began is nobody's concern
        server.start()
        oracle = Oracle(self.directory / "fresh" / "oracle.jsonl")
        world = World(server, oracle, clients=1)
        world.clients[0].begin(plan.seed)
        for family in world.clients[0].families.values():
            world.clients[0].make(family)
        server.die()
        server.start()
        world.verify()
        server.prove()
        oracle.close()
        shutil.rmtree(server.directory)
        return oracle.acknowledged, 2

    def do_backup(self, plan):
        """A server that dies while it backs itself up under load; then the backup begins anew."""
        self.server.die()
        self.server.start("--crash-at", f"{plan.point}:1")
        load = self.world.load(plan.seed)
        time.sleep(plan.seconds)
        target = self.server.directory / "backup"
        done = self.server.back_up(target)
        died = self.wait_for_death(POINT_SECONDS_MAX)
        self.note(plan.point, died)
        if done or not died:
            raise Violation(f"{plan.point} is not passed by a backup")
        self.server.die()
        judge_copy(target, False)
        shutil.rmtree(target, ignore_errors=True)
        return load.finish(), 2

    def do_restore(self, plan):
        """A backup under load is whole; so is what is made of it, or it says that it is not."""
        load = self.world.load(plan.seed)
        time.sleep(plan.seconds)
        target, restored = (self.server.directory / name for name in ("backup", "restored"))
        judge_copy(target, self.server.back_up(target))
        self.server.die()
        changes = load.finish()
        words = ("restore", "--data", restored, target)
        died = harness.mooring("--crash-at", f"{plan.point}:1", *words).returncode == -9
        self.note(plan.point, died)
        judge_copy(restored, False)
        shutil.rmtree(restored)
        if harness.mooring(*words, seconds=120).returncode != 0:
            raise Violation("a backup cannot be restored")
        judge_copy(restored, True)
        shutil.rmtree(restored)
        shutil.rmtree(target)
        return changes, 1 + died

    def wait_for_death(self, seconds):
        deadline = time.monotonic() + seconds
        while self.server.is_alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        return not self.server.is_alive()

    def note(self, point, died):
        if died:
            self.planner.struck(point)
        else:
            self.planner.missed(point)
            self.missed += 1

    def summary(self):
        died_at = self.planner.died_at
        never = [name for name, count in died_at.items() if count == 0]
        return (f"{self.deaths} deaths, {sum(died_at.values())} of them at "
                f"{sum(count > 0 for count in died_at.values())} of {len(died_at)} named points "
                f"({self.missed} not passed in time), {self.stores} stores, "
                f"{self.acknowledged} changes acknowledged, {self.verified} things looked at, "
                f"{self.proofs} times check --deep\n"
                + (f"never died at: {' '.join(never)}" if never else "died at every point"))


def run(directory, cycles, seed, first, tell):
    rig = KillRig(directory, seed, tell)
    for number in range(first, first + cycles):
        rig.cycle(number)
    rig.end_store()
    return rig.summary()
