"""Every I/O of a small workload fails in turn, once and from then on.

A first run counts the calls of every kind. Then, for each kind, call and effect, a fresh copy of
one store is started with that fault. Whatever happens: nothing is acknowledged that is not there
afterwards, nothing hangs, no descriptor stays, and the next start without a fault finds the store
sound. A failed sync ends the process with 70; a call that is short or late changes nothing at all.
"""

import random
import re
import shutil
import time
from pathlib import Path

import full
import store
from families import Unanswered
from load import World
from oracle import KIB, Content, Oracle
from store import DeadlyServer, Violation
from harness import eventually

EFFECTS = {
    "open": ("EIO", "EMFILE", "ENOSPC"), "make_directory": ("EIO", "ENOSPC"), "list": ("EIO",),
    "allocate": ("EIO", "ENOSPC"), "truncate": ("EIO",), "sync": ("EIO", "ENOSPC", "delay"),
    "name": ("EIO", "ENOSPC"), "remove": ("EIO",), "read": ("EIO", "short", "delay"),
    "write": ("EIO", "ENOSPC", "short", "delay"),
    "ring_read": ("EIO", "ECANCELED", "short", "delay"),
    "ring_write": ("EIO", "ENOSPC", "ECANCELED", "short", "delay"),
    "ring_receive": ("EIO", "ECANCELED", "delay"), "ring_send": ("EIO", "ECANCELED", "delay"),
    "ring_accept": ("EMFILE", "ECANCELED", "delay"), "catalog_write": ("EIO", "ENOSPC"),
}
HARMLESS = ("short", "delay")
ONCE_ONLY = ("ring_accept",)  # for good, it would only keep every client waiting
# Exit codes of a start that cannot go on: an I/O error, damage, the configuration (a full disk).
REFUSALS = (70, 71, 78)
UPLOAD = re.compile(r"/blobs/(?!..$)")  # a descriptor below blobs/ that is no shard
COUNTS = re.compile(r"passed (.*)")
LOOKED = re.compile(r"looked at (\d+) of the (\d+) contents stored last, (\d+) are damaged")
SMALL, LARGE, HUGE = 5000, 600 * KIB, 2200 * KIB


def workload(world):
    """Small and large content made, shared, replaced, read and removed; goes on after refusals."""
    client = world.clients[0]
    families = client.families

    def attempt(verb, *arguments):
        if world.server.is_alive():
            try:
                verb(*arguments)
            except Unanswered as error:
                world.refused.append(error)

    for size in (SMALL, LARGE, HUGE):
        for name in ("pictures", "partner", "partner", "attachments", "documents"):
            attempt(client.make, families[name], Content(f"fault/{size}", size))
    attempt(client.make, families["keys"])
    attempt(client.make, families["assets"])
    things = [thing for thing in client.things if thing.is_settled]
    for thing in things:
        attempt(client.expect, families[thing.family], thing)
    for thing in things:
        if thing.family == "pictures":
            attempt(client.put, families["pictures"], thing, Content("fault/other", SMALL))
    for thing in things[::2]:
        if thing.exists and thing.is_settled:
            attempt(client.remove, families[thing.family], thing)


class FaultRig:
    def __init__(self, directory, seed, tell):
        self.directory, self.seed, self.tell = directory, seed, tell
        self.runs = self.hits = self.stopped = self.refused_starts = 0
        server = DeadlyServer(directory / "template")
        server.start()
        world = World(server, Oracle(directory / "template.jsonl"), clients=1)
        workload_of_template(world)
        server.die()  # the copies begin with a recovery
        self.template, self.keys = server, world.keys
        self.things = world.clients[0].things

    def copy(self):
        """A server on a copy of the template, and a client that knows what is in it."""
        place = self.directory / "copy"
        server = DeadlyServer(place)
        shutil.copytree(self.template.data, server.data, symlinks=True,
                        ignore=shutil.ignore_patterns("admin.sock"))
        server.was_killed = True
        server._tokens = dict(self.template._tokens)
        oracle = Oracle(self.directory / "copy.jsonl")
        world = World(server, oracle, clients=1, keys=self.keys)
        world.is_faulty = True
        world.refused = []
        for thing in self.things:
            known = oracle.add(thing.family, thing.key, thing.allowed[0])
            world.clients[0].things.append(known)
        return world

    def count(self, load):
        """{kind: calls} of a run without a fault, idle or with a load."""
        world = self.copy()
        world.server.start("--count-faults")
        load(world)
        if world.refused:
            raise Violation(f"refused without a fault: {world.refused}")
        world.server.stop()
        told = COUNTS.search(world.server.errors())[1]
        self.discard(world)
        counts = dict(word.split("=") for word in told.split())
        return {kind: int(counts[kind]) for kind in EFFECTS if kind in counts}

    def discard(self, world):
        world.server.end()
        world.oracle.close()
        shutil.rmtree(world.server.directory)
        (self.directory / "copy.jsonl").unlink()

    def strike(self, kind, call, effect, lasting):
        """One run with one fault."""
        words = f"{kind}:{call}:{effect}" + (":always" if lasting else "")
        world = self.copy()
        try:
            code = self.live(world, words)
        except Violation as violation:
            raise Violation(f"--fail-io {words}: {violation}") from violation
        hit = self.was_hit(world.server, kind, call, code)
        self.hits += hit
        if kind == "sync" and effect == "EIO" and hit and code != 70:
            raise Violation(f"--fail-io {words}: goes on after a failed sync, exit code {code}")
        if effect in HARMLESS and (world.refused or code != 0):
            raise Violation(f"--fail-io {words}: exit code {code}, {world.refused}")
        self.prove_afterwards(world, words)
        self.discard(world)
        self.runs += 1
        self.stopped += code == 70
        self.tell(f"{words}: exit code {code}, {len(world.refused)} refused")

    def live(self, world, words):
        """A life with a fault, to its end; the exit code."""
        server = world.server
        try:
            server.start("--fail-io", words)
        except Violation as violation:
            code = re.search(r"exit code (-?\d+)", str(violation))
            if not code or int(code[1]) not in REFUSALS:
                raise
            self.refused_starts += 1
            return int(code[1])
        workload(world)
        if not server.is_alive():
            code = server.reap()
            if code != 70:
                raise Violation(f"ended with {code}: {server.errors()[-2000:]}")
            return code
        for family in world.clients[0].families.values():
            (getattr(family, "client", None) or family.pocket).session.close()
        if "ring_" not in words or ":always" not in words:
            self.expect_no_leak(server)
        process = server.process
        process.terminate()
        code = process.wait(60)
        server.process = None
        process.stdout.close()
        if code not in (0, 70):
            raise Violation(f"stopped with {code}: {server.errors()[-2000:]}")
        return code

    @staticmethod
    def expect_no_leak(server):
        """Connections and files of uploads are closed once their clients have gone."""
        def leaked():
            return [name for name in server.fds() if UPLOAD.search(name)]
        eventually(lambda: not server.is_alive() or not leaked(), 10, "descriptors given back")

    @staticmethod
    def was_hit(server, kind, call, code):
        told = COUNTS.search(server.errors())
        if not told:
            return code != 0
        return int(dict(word.split("=") for word in told[1].split()).get(kind, 0)) >= call

    def prove_afterwards(self, world, words):
        """The next start, on sound hardware, has everything that was acknowledged."""
        server = world.server
        server.was_killed = False
        try:
            server.start()
            world.verify()
            world.is_faulty = False
            world.clients[0].make(world.clients[0].families["pictures"],
                                  Content("fault/after", LARGE + 1))
            server.prove()
        except (Violation, Unanswered) as violation:
            raise Violation(f"after --fail-io {words}: {violation}") from violation


    def prove_the_look_at_what_was_recent(self):
        """A sync fails, the process stops with 70; what was stored last is damaged before the next
        start, and that finds it by itself, although its scrub is off."""
        world = self.copy()
        server = world.server
        text = Path(server.config_path).read_text()
        Path(server.config_path).write_text(text.replace('rate = "64MiB"', "rate = 0"))
        server.start("--fail-io", "sync:12:EIO")
        workload(world)
        eventually(lambda: not server.is_alive(), 10, "the end after a failed sync")
        code = server.reap()
        if code != 70:
            raise Violation(f"ended with {code} after a failed sync")
        for path in (server.data / "blobs").glob("??/*"):  # some of them are nobody's by now
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
        server.was_killed = False
        server.start()
        eventually(lambda: LOOKED.search(server.errors()), 20, "the look at what was stored last")
        looked, of_them, damaged = map(int, LOOKED.search(server.errors()).groups())
        self.discard(world)
        if not damaged or looked != of_them or damaged >= looked:
            raise Violation(f"{looked} of {of_them} looked at, {damaged} found damaged")
        self.tell(f"after 70: {looked} contents looked at, {damaged} damaged ones were found")


def workload_of_template(world):
    client = world.clients[0]
    client.begin("template")
    for name in ("pictures", "partner", "attachments"):
        for size in (SMALL, LARGE):
            client.make(client.families[name], Content(f"template/{name}/{size}", size))
    client.remove(client.families["partner"], client.things[2])


def calls_of(idle, busy, seed, limit):
    """Which calls are struck: of start and stop (`idle`) a few, of the load as many as allowed."""
    rng = random.Random(seed)
    first = range(1, min(idle, busy) + 1)
    rest = range(idle + 1, busy + 1)
    few = rng.sample(first, min(len(first), max(limit // 4, 1)))
    return sorted(few + rng.sample(rest, min(len(rest), limit - len(few))))


def strikes_of(idle, counts, seed, calls_max):
    """(kind, call, effect, lasting) of all that is to fail."""
    for kind, effects in EFFECTS.items():
        for effect in effects:
            for call in calls_of(idle.get(kind, 0), counts.get(kind, 0),
                                 f"{seed}/{kind}/{effect}", calls_max):
                for lasting in (False, True):
                    if lasting and (kind in ONCE_ONLY or effect in HARMLESS and call > 1):
                        continue
                    yield kind, call, effect, lasting


def run(directory, calls_max, seed, _, tell):
    return strike(directory, seed, tell, calls_max, None) + "\n" + "\n".join(
        full.run(directory, tell))


def run_short(directory, strikes_max, seed, _, tell):
    """Some of them, of one call of each kind and effect, and no disk that runs out."""
    return strike(directory, seed, tell, 1, strikes_max)


def strike(directory, seed, tell, calls_max, strikes_max):
    rig = FaultRig(directory, seed, tell)
    idle, counts = rig.count(lambda world: None), rig.count(workload)
    tell(f"calls of start and stop: {idle}; with the workload: {counts}")
    began = time.monotonic()
    strikes = list(strikes_of(idle, counts, seed, calls_max))
    if strikes_max:
        strikes = random.Random(seed).sample(strikes, min(strikes_max, len(strikes)))
    for kind, call, effect, lasting in strikes:
        rig.strike(kind, call, effect, lasting)
    rig.prove_the_look_at_what_was_recent()
    missing = [kind for kind in store.fault_names("io") if kind not in counts]
    return (f"{rig.runs} faults in {time.monotonic() - began:.0f} s, {rig.hits} of them met, "
            f"{rig.stopped} processes stopped with 70, {rig.refused_starts} starts refused; calls "
            f"of the workload: {counts}; kinds it does not make: {' '.join(missing) or 'none'}")
