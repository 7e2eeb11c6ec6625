"""Power cuts under ext4 and XFS: nothing acknowledged is lost.

Layouts: `joined`, the whole data directory on one file system; `split`, the catalogue on one of its
own, so that its syncs do not happen to bring the blobs' with them; `buffered`, split and without
O_DIRECT.
"""

import dataclasses
import random
import shutil
import time

from kill import LOAD_SECONDS_MAX, POINT_SECONDS_MAX, Planner
from load import World
from oracle import KIB, MIB, Content, Oracle, pick_content
from store import DeadlyServer, Violation, judge_copy
from volumes import LOG_FLUSH, NO_LOG_FLUSH, Volume, why_not

LAYOUTS = ("joined", "split", "buffered")
CYCLES_PER_STORE = 10
LARGE = [600 * KIB, 1300 * KIB, 3 * MIB, 9 * MIB]
PROVE_EVERY = 5
KINDS = {"load": 30, "ack": 25, "point": 20, "fresh": 10, "idle": 5, "start": 10,
         "backup": 8}


@dataclasses.dataclass(frozen=True)
class Plan:
    seed: str
    kind: str
    point: str
    seconds: float
    flag: int


class PowerStore:
    """One data directory on volumes of its own, and the client that knows what must be in it."""

    def __init__(self, directory, kind, layout, faults=()):
        directory.mkdir()
        self.directory, self.layout, self.faults = directory, layout, tuple(faults)
        self.volumes = [Volume(directory, kind, "volume")]
        config = '[data]\ndirect_io = "off"\n' if layout == "buffered" else ""
        self.server = DeadlyServer(directory / "server", self.volumes[0].place / "data", config)
        self.oracle = Oracle(directory / "oracle.jsonl")
        self.world = None
        if layout != "joined":
            self.split(kind)

    def split(self, kind):
        self.start()
        self.server.stop()
        self.volumes.append(Volume(self.directory, kind, "catalog"))
        catalog = self.server.data / "catalog"
        moved = self.volumes[1].place / "catalog"
        shutil.copytree(catalog, moved)
        shutil.rmtree(catalog)
        catalog.symlink_to(moved)
        for volume in self.volumes:  # all of it is on stable storage: this was the operator's work
            volume.unmount()
            volume.mount()

    def start(self, *more):
        return self.server.start(*self.faults, *more)

    def meet(self):
        """The first clients."""
        if self.world is None:
            self.world = World(self.server, self.oracle)

    def cut(self, flag):
        """The power goes, then the process; then power is back."""
        if self.world is not None:
            self.world.is_faulty = True
        for volume in self.volumes:
            volume.cut(flag)
        if self.server.process is not None:
            self.server.process.kill()
            code = self.server.reap()
            if code not in (-9, 70):
                raise Violation(f"ended with {code}: {self.server.errors()[-3000:]}")

    def power_on(self):
        for volume in self.volumes:
            volume.unmount()
        for volume in self.volumes:
            volume.mount()
        if self.world is not None:
            self.world.is_faulty = False

    def look(self):
        if not self.server.is_alive():
            self.start()
        return self.world.verify() if self.world else 0

    def remove(self):
        self.server.end()
        for volume in self.volumes:
            volume.remove()
        self.oracle.close()
        shutil.rmtree(self.directory)


class PowerRig:
    def __init__(self, directory, kind, seed, tell, faults=(), layouts=LAYOUTS, cuts=KINDS):
        self.directory, self.kind, self.tell = directory, kind, tell
        self.faults, self.layouts, self.kinds = faults, layouts, cuts
        self.planner = Planner(f"{seed}/{kind}")
        self.store = None
        self.stores = self.acknowledged = self.verified = self.cuts = self.proofs = 0

    def plan(self, number):
        rng = random.Random(f"{self.planner.seed}/{number}")
        kind = rng.choices(list(self.kinds), list(self.kinds.values()))[0]
        phase = "start" if kind == "start" else "load"
        return Plan(f"{self.planner.seed}/{number}", kind, rng.choice(self.planner.names(phase)),
                    rng.uniform(0.05, LOAD_SECONDS_MAX),
                    rng.choices([NO_LOG_FLUSH, LOG_FLUSH], [70, 30])[0])

    def new_store(self, layout):
        self.end_store()
        self.stores += 1
        self.store = PowerStore(self.directory / f"{self.kind}-{self.stores}", self.kind, layout,
                                self.faults)

    def end_store(self):
        store, self.store = self.store, None
        if store is None:
            return
        try:
            self.verified += store.look()
            store.server.prove()
            self.proofs += 1
            self.acknowledged += store.oracle.acknowledged
        finally:
            store.remove()

    def abandon(self):
        """After a violation that was looked for."""
        store, self.store = self.store, None
        if store is not None:
            store.remove()

    def cycle(self, number):
        plan = self.plan(number)
        if self.store is None or plan.kind == "fresh" or number % CYCLES_PER_STORE == 0:
            self.new_store(self.layouts[self.stores % len(self.layouts)])
        store = self.store
        if not store.server.is_alive():
            store.start()
        changes = getattr(self, "do_" + plan.kind)(store, plan)
        store.power_on()
        self.cuts += 1
        found = store.look()
        self.verified += found
        if number % PROVE_EVERY == PROVE_EVERY - 1:
            store.server.prove()
            self.proofs += 1
        flushed = "with" if plan.flag == LOG_FLUSH else "without"
        point = f" {plan.point}" if plan.kind in ("point", "start") else ""
        self.tell(f"{self.kind} cycle {number}: {store.layout}, {plan.kind}{point}, {flushed} log "
                  f"flush, {changes} acknowledged, {found} looked at")

    def do_load(self, store, plan):
        store.meet()
        load = store.world.load(plan.seed)
        time.sleep(plan.seconds)  # the moment of the cut is the point
        store.cut(plan.flag)
        return load.finish()

    def do_ack(self, store, plan):
        """The power goes with the very acknowledgement, and nobody else's syncs help."""
        store.meet()
        client = store.world.clients[0]
        client.begin(plan.seed)
        families = [family for family in client.families.values() if not family.may_fail]
        for _ in range(client.rng.randint(1, 3)):
            large = Content(f"{client.rng.getrandbits(64):x}", client.rng.choice(LARGE))
            client.make(client.rng.choice(families),
                        client.rng.choice([large, pick_content(client.rng)]))
        store.cut(plan.flag)
        return 1

    def do_point(self, store, plan):
        """The process dies at a named step, and the power goes right behind it."""
        store.meet()
        store.server.die()
        store.start(*self.planner.strike(plan))
        load = store.world.load(plan.seed)
        deadline = time.monotonic() + POINT_SECONDS_MAX
        while store.server.is_alive() and time.monotonic() < deadline:
            time.sleep(0.001)
        died = not store.server.is_alive()
        store.cut(plan.flag)
        (self.planner.struck if died else self.planner.missed)(plan.point)
        return load.finish()

    def do_fresh(self, store, plan):
        """The first life of a store: a token and perhaps some changes, then darkness."""
        store.server.token("org-a", "admin", "user-a", "--ttl", "12h")
        if random.Random(plan.seed).random() < 0.5:
            store.meet()
            client = store.world.clients[0]
            client.begin(plan.seed)
            for family in client.families.values():
                if not family.may_fail:
                    client.make(family)
        store.cut(plan.flag)
        store.power_on()
        store.start()
        store.meet()
        assets = store.world.clients[0].families["assets"]
        store.world.clients[0].make(assets)  # with the token of before
        store.cut(plan.flag)
        return store.oracle.acknowledged

    def do_idle(self, store, plan):
        """After an orderly stop the next life begins and ends without a change."""
        store.meet()
        store.server.stop()
        store.start()
        store.cut(plan.flag)
        return 0

    def do_backup(self, store, plan):
        """The power goes when a backup beside the load has just been said to be made."""
        store.meet()
        load = store.world.load(plan.seed)
        target = store.volumes[0].place / "backup"
        done = store.server.back_up(target)
        store.cut(plan.flag)
        changes = load.finish()
        store.power_on()
        judge_copy(target, done)
        if target.exists():
            shutil.rmtree(target)
        return changes

    def do_start(self, store, plan):
        """A cut under load, and another one while the next start recovers."""
        changes = self.do_load(store, plan)
        store.power_on()
        died = not store.start("--crash-at", f"{plan.point}:1")
        (self.planner.struck if died else self.planner.missed)(plan.point)
        store.cut(plan.flag)
        return changes

    def summary(self):
        return (f"{self.kind}: {self.cuts} cuts, {self.stores} stores, {self.acknowledged} changes "
                f"acknowledged, {self.verified} things looked at, {self.proofs} times check --deep")


def run(directory, cycles, seed, first, tell):
    missing = why_not()
    if missing:
        return f"SKIPPED: {missing}"
    told = []
    for kind in ("ext4", "xfs"):
        rig = PowerRig(directory, kind, seed, tell)
        for number in range(first, first + cycles):
            rig.cycle(number)
        rig.end_store()
        told.append(rig.summary())
    return "\n".join(told)
