"""Mixed load for a long time, kills in it: what a server holds at rest does not grow.

The first third of the minutes ends in a kill -9 each; the rest is one life, in which the load
pauses once a minute and what the process holds is noted: resident memory, descriptors by their
kind, names in the data directory that are nobody's. The slope of the memory is that of a line
through the second half of those notes (Theil and Sen: the median of all slopes), so that neither
the filling of caches nor one odd minute decides.

--think tells how long a client waits between two changes: 0.2 leaves most of a processor to others,
so that an hour can go on beside them. How much of one was used is told at the end.
"""

import collections
import itertools
import os
import resource
import statistics
import time
from pathlib import Path

from load import World
from oracle import Oracle
from store import DeadlyServer, Violation

MINUTE = 60.0
THINK_SECONDS = 0.02  # of a client between two changes: other work goes on beside a soak
SETTLE_SECONDS_MAX = 20.0
REST_SECONDS = 6.0
# Compaction and scrub as they are on a machine with other work, many times as often. Caches that
# are full after minutes, and chunks that have all been in use by then: as they come they would
# still be filling after an hour, and hide a leak.
CONFIG = """
[limits]
chunks_per_core = 8
[rocksdb]
block_cache_bytes = "4MiB"
row_cache_bytes = "1MiB"
record_cache_bytes_per_core = "512KiB"
write_buffer_bytes = "4MiB"
[downloads]
cache_bytes = "8MiB"
[documents]
index_memory_bytes = "1MiB"
[compaction]
interval = "500ms"
[scrub]
rate = "8MiB"
cycle = "1m"
"""
SLOPE_MIB_PER_HOUR_MAX = 1.0
DATA_FILES_SLACK = 8
NOTES_MIN = 10  # with fewer no slope is told
TEMPORARY = (".new", ".tmp", "secret.new")


def resident_mib(pid):
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def least_resident_mib(pid):
    """Of some seconds without load: the heap gives back what was freed a second ago, and until then
    it makes a difference of megabytes."""
    least = resident_mib(pid)
    deadline = time.monotonic() + REST_SECONDS
    while time.monotonic() < deadline:
        time.sleep(0.25)
        least = min(least, resident_mib(pid))
    return least


def descriptors(pid, data):
    """How many are open, by kind. Tables and logs of the catalogue come and go by themselves."""
    kinds = collections.Counter()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(link)
        except FileNotFoundError:
            continue
        if target.startswith(f"{data}/catalog"):
            kinds["catalog"] += 1
        elif target.startswith(f"{data}/"):
            kinds["data"] += 1
        elif target.startswith("socket:"):
            kinds["sockets"] += 1
        else:
            kinds["other"] += 1
    # Image workers are started when they are first needed, with a socket each.
    kinds["sockets"] -= sum(len(task.read_text().split())
                            for task in Path(f"/proc/{pid}/task").glob("*/children"))
    return kinds


def temporaries(data):
    return [name for folder, _, names in os.walk(data) for name in names
            if name.endswith(TEMPORARY) and not folder.startswith(f"{data}/catalog")]


def slope(points):
    """Of the line through (x, y), by the median of the slopes of all pairs."""
    return statistics.median((second[1] - first[1]) / (second[0] - first[0])
                             for first, second in itertools.combinations(points, 2))


class Soak:
    def __init__(self, directory, seed, tell):
        self.directory, self.seed, self.tell = directory, seed, tell
        self.oracle = Oracle(directory / "oracle.jsonl")
        self.server = DeadlyServer(directory / "store", config=CONFIG)
        self.server.start()
        self.world = World(self.server, self.oracle)
        self.world.think_seconds = THINK_SECONDS
        self.notes, self.kills, self.verified = [], 0, 0

    def minute(self, number):
        load = self.world.load(f"{self.seed}/{number}")
        time.sleep(MINUTE)
        return load

    def kill(self, number):
        load = self.minute(number)
        self.server.die()
        changes = load.finish()
        self.kills += 1
        self.server.start()
        self.verified += self.world.verify()
        self.tell(f"minute {number}: {changes} acknowledged, killed, "
                  f"{temporaries(self.server.data)} left")

    def rest(self, number, base):
        changes = self.minute(number).finish()
        self.verified += self.world.verify()
        for client in self.world.clients:
            client.close()
        pid, data = self.server.process.pid, self.server.data
        deadline = time.monotonic() + SETTLE_SECONDS_MAX
        while True:
            held = descriptors(pid, data)
            if base is None or held["sockets"] <= base["sockets"] or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        left = temporaries(data)
        self.notes.append((number / 60, least_resident_mib(pid), held))
        allocated = self.server.metric('mooring_heap_bytes{use="allocated"}') / (1 << 20)
        self.tell(f"minute {number}: {changes} acknowledged, {self.notes[-1][1]:.1f} MiB, of them "
                  f"{allocated:.1f} allocated, {dict(held)}, {left} left")
        if left:
            raise Violation(f"left in the data directory at rest: {left}")

    def judge(self, base):
        late = self.notes[len(self.notes) // 2:]
        for kind in ("sockets", "other"):
            held = [note[2][kind] for note in late]
            if held and max(held) > base[kind]:
                raise Violation(f"descriptors of {kind}: {base[kind]} after the start, {held}")
        # Segments and files kept open for readers: their number has a limit, and stays below it.
        third, last = ([note[2]["data"] for note in part]
                       for part in (late[:len(late) // 2], late[len(late) // 2:]))
        if third and statistics.median(last) > statistics.median(third) + DATA_FILES_SLACK:
            raise Violation(f"files of the data directory that are open: {third}, then {last}")
        points = [(hours, mib) for hours, mib, _ in late]
        if len(points) < NOTES_MIN:
            return "too short for a slope of the memory"
        per_hour = slope(points)
        told = (f"resident memory {points[0][1]:.1f} to {points[-1][1]:.1f} MiB in the second "
                f"half, {per_hour:+.2f} MiB/h")
        if per_hour > SLOPE_MIB_PER_HOUR_MAX:
            raise Violation(told)
        return told


def processor_seconds():
    """Of this process and of the servers that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return [one.ru_utime + one.ru_stime for one in used]


def run(directory, minutes, seed, first, tell):
    """`minutes` of load; the kill rig repeats single cycles, this one begins where it is told."""
    began, before = time.monotonic(), processor_seconds()
    soak = Soak(directory, seed, tell)
    last = first + minutes
    alone = first + minutes // 3
    for number in range(first, alone):
        soak.kill(number)
    soak.rest(alone, None)
    base = soak.notes.pop()[2]
    for number in range(alone + 1, last):
        soak.rest(number, base)
    told = soak.judge(base)
    soak.server.prove()
    soak.oracle.close()
    seconds = time.monotonic() - began
    clients, servers = (100 * (after - at_first) / seconds
                        for after, at_first in zip(processor_seconds(), before))
    told += f"; of a processor {clients:.0f} % for the clients, {servers:.0f} % for the server"
    return (f"{soak.kills} kills, {soak.oracle.acknowledged} changes acknowledged, "
            f"{soak.verified} things looked at, descriptors at rest {dict(base)}; {told}")
