"""Scenarios of uploads."""

import load
import machine
from servers import Discard, Express, Limit, Mooring, MooringPictures, Nginx
from table import markdown, ratio, size_name, spread

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
SIZES = (KIB, 4 * KIB, 64 * KIB, MIB)
CONNECTIONS = 32
LIMIT_SIZES = (64 * KIB, MIB)
LARGE_BYTES = 4 * GIB


def notes(*servers):
    return [f"* {server.name}: {server.durability}" for server in servers]


def measure_upload(bench, size):
    def measure(server):
        return load.run(server, load.closed(server.upload(size), CONNECTIONS),
                        seconds=bench.seconds, warmup="300ms")
    return measure


def compare(bench, classes, size):
    """{name: [Result…]} of uploads of one size; fresh servers."""
    with bench.turn():
        with AllServers(one(bench.folder) for one in classes) as compared:
            return bench.alternate(compared, measure_upload(bench, size))


class AllServers:
    """Enters many servers, and leaves them all whatever happens."""

    def __init__(self, servers):
        self.servers, self.entered = servers, []

    def __enter__(self):
        try:
            for server in self.servers:
                self.entered.append(server.__enter__())
        except BaseException:
            self.__exit__()
            raise
        return self.entered

    def __exit__(self, *_):
        for server in reversed(self.entered):
            server.__exit__()


def rates(results):
    return [result.rate() for result in results]


def latencies(results):
    return [result.latency_ms("p99") for result in results]


def side_by_side(bench, ours, theirs, sizes, more=()):
    """Rows of a table that compares uploads to two servers, and to a limit."""
    rows = []
    for size in sizes:
        limits = [one for one in more if size in LIMIT_SIZES]
        values = compare(bench, [ours, theirs, *limits], size)
        first, second = values[ours.name], values[theirs.name]
        row = [size_name(size), spread(rates(first)), spread(rates(second)),
               f"**{ratio(rates(first), rates(second)):.2f}**",
               spread(latencies(first), "{:,.1f}", "ms"),
               spread(latencies(second), "{:,.1f}", "ms")]
        for one in more:
            row.append(f"{spread(rates(values[one.name]))}, "
                       f"{ratio(rates(first), rates(values[one.name])):.0%}" if one in limits
                       else "")
        rows.append(row)
        bench.say(" | ".join(row))
    head = ["upload", f"{ours.name} /s", f"{theirs.name} /s", "ratio", f"{ours.name} p99",
            f"{theirs.name} p99", *(f"{one.name} /s, our share" for one in more)]
    return [*notes(ours, theirs, *more), f"* {CONNECTIONS} connections, closed loop, contents all "
            "different, every answer verified", "", *markdown(head, rows)]


def uploads(bench):
    """New content, small to 1 MiB."""
    return side_by_side(bench, Mooring, Nginx, SIZES, (Limit,))


def pictures(bench):
    """Forms that replace pictures, so that each upload collects the one before."""
    return side_by_side(bench, MooringPictures, Nginx, SIZES)


def express(bench):
    return side_by_side(bench, Mooring, Express, SIZES)


def generator(bench):
    """How fast the generator is when the server costs next to nothing."""
    rows = []
    for size in SIZES:
        results = compare(bench, [Discard], size)[Discard.name]
        busy = [one.json["generator_busy_share"] * 100 for one in results]
        rows.append([size_name(size), spread(rates(results)),
                     spread([one.mebibytes_per_second() for one in results]),
                     spread(latencies(results), "{:,.1f}", "ms"), spread(busy, "{:.0f}", "%")])
        bench.say(" | ".join(rows[-1]))
    return [*notes(Discard), "", *markdown(
        ["upload", "discard /s", "MiB/s", "p99", "generator busy"], rows)]


def large(bench):
    """One body of 4 GiB: throughput against the limit, and what it costs the server."""
    def measure(one):
        with bench.turn(), one(bench.folder) as server:
            before = machine.cpu_seconds(server.pid)
            result = load.run(server, load.closed(server.upload(LARGE_BYTES), 1, requests=1),
                              seconds=120)
            cpu = machine.cpu_seconds(server.pid) - before
            copied = server.metric("mooring_body_copied_bytes_total") if one is Mooring else 0
        # A request that is the whole run has no window that is longer than itself.
        seconds = result.json["operations"][0]["latency"]["max_us"] / 1e6
        return LARGE_BYTES / MIB / seconds, cpu / (LARGE_BYTES / 1e9), copied / LARGE_BYTES

    values = {one: [] for one in (Mooring, Limit, Nginx)}
    for _ in range(bench.runs):
        for one, list_of in values.items():
            machine.settle()
            list_of.append(measure(one))
            bench.say(f"{one.name}: {list_of[-1]}")
    limit = [speed for speed, _, _ in values[Limit]]
    rows = []
    for one, list_of in values.items():
        speeds = [speed for speed, _, _ in list_of]
        rows.append([one.name, spread(speeds), f"{ratio(speeds, limit):.0%}",
                     spread([cpu for _, cpu, _ in list_of], "{:.2f}"),
                     spread([share * 100 for _, _, share in list_of], "{:.2f}", "%")
                     if one is Mooring else ""])
    return [*notes(*values), "* one connection, one body", "", *markdown(
        [f"one body of {size_name(LARGE_BYTES)}", "MiB/s", "of the limit",
         "server CPU s per GB (10⁹ bytes)", "copied in user space"], rows)]


def duplicates(bench):
    """Content that the store already has, beside new content."""
    distinct = 64
    fresh, again = [], []
    with bench.turn(), Mooring(bench.folder) as server:
        known = server.upload(MIB, duplicates=1.0, distinct=distinct)
        # With one seed, duplicates are the same contents in every run: after this they are stored.
        load.run(server, load.closed(known, CONNECTIONS, requests=distinct * 16), seconds=30,
                 seed=7)
        growth = []
        for _ in range(bench.runs):
            machine.settle()
            fresh.append(measure_upload(bench, MIB)(server))
            machine.settle()
            before = machine.disk_mib(server.folder / "data" / "blobs")
            again.append(load.run(server, load.closed(known, CONNECTIONS), seconds=bench.seconds,
                                  warmup="300ms", seed=7))
            growth.append(machine.disk_mib(server.folder / "data" / "blobs") - before)
    row = [size_name(MIB), spread(rates(fresh)), spread(rates(again)),
           f"**{ratio(rates(again), rates(fresh)):.2f}**", spread(growth, "{:,.1f}", "MiB")]
    return [*notes(Mooring), f"* {distinct} contents, all stored before", "", *markdown(
        ["upload", "new content /s", "known content /s", "ratio", "growth of blobs on disk"],
        [row])]
