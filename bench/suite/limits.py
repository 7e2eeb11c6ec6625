"""Scenarios of limits: what small uploads feel of large ones, memory, cores, saturation."""

import threading
import time

import load
import machine
from servers import Mooring, Nginx
from table import markdown, ratio, spread
from uploads import AllServers, notes

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
IDLE_CONNECTIONS = 10_000
OPEN_LOOP_CONNECTIONS = 4000
BOUND_MIB, BOUND_PER_UPLOAD_MIB = 96, 3


class Watch:
    """The largest resident memory of a process while something runs."""

    def __init__(self, server):
        self.server, self.most, self.over = server, 0.0, threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()
        return self

    def watch(self):
        while not self.over.wait(0.05):
            self.most = max(self.most, machine.memory_mib(self.server.pid))

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def mixed(bench):
    """The p99 of 4 KiB uploads, alone and while 8 connections upload bodies of 1 GiB."""
    rows = []
    for one in (Mooring, Nginx):
        alone, beside = [], []
        with bench.turn():
            for _ in range(bench.runs):
                with one(bench.folder) as server:
                    small = load.closed(server.upload(4 * KIB, name="small"), 32)
                    big = load.closed(server.upload(GIB, name="large"), 8)
                    alone.append(load.run(server, small, seconds=bench.seconds, warmup="300ms"))
                    machine.settle()
                    # What is large is cut off at the end: only the small ones are looked at.
                    beside.append(load.run(server, [small, big], seconds=bench.seconds,
                                           warmup="1s", drain="100ms"))
        quiet = [run.latency_ms("p99", "small") for run in alone]
        loud = [run.latency_ms("p99", "small") for run in beside]
        rows.append([one.name, spread(quiet, "{:,.1f}", "ms"), spread(loud, "{:,.1f}", "ms"),
                     f"**{ratio(loud, quiet):.1f}**",
                     spread([run.rate("small") for run in alone]),
                     spread([run.rate("small") for run in beside])])
        bench.say(" | ".join(rows[-1]))
    return [*notes(Mooring, Nginx), "* 4 KiB: 32 connections; beside them 8 connections with "
            "bodies of 1 GiB", "", *markdown(
                ["4 KiB uploads", "p99 alone", "p99 beside large ones", "ratio", "alone /s",
                 "beside /s"], rows)]


def memory(bench):
    """Resident memory: at rest, with large uploads in flight, with idle connections."""
    at_rest, in_flight, idle = [], {8: [], 32: []}, []
    for _ in range(bench.runs):
        with bench.turn(), Mooring(bench.folder) as server:
            at_rest.append(machine.memory_mib(server.pid))
            for count, values in in_flight.items():
                with Watch(server) as watch:
                    load.run(server, load.closed(server.upload(256 * MIB), count),
                             seconds=bench.seconds, drain="100ms")
                values.append(watch.most)
        with bench.turn(), Mooring(bench.folder) as server:
            health = {"name": "health", "path": "/healthz", "statuses": [200]}
            before = machine.memory_mib(server.pid)
            with Watch(server) as watch:
                load.run(server, load.closed(health, IDLE_CONNECTIONS, think="60s"),
                         seconds=bench.seconds + 2)
            idle.append(watch.most - before)
    rows = [["at rest", spread(at_rest, unit="MiB"), ""]]
    rows += [[f"{count} uploads of 256 MiB in flight", spread(values, unit="MiB"),
              f"{BOUND_MIB + BOUND_PER_UPLOAD_MIB * count} MiB"]
             for count, values in in_flight.items()]
    rows.append([f"{IDLE_CONNECTIONS:,} idle keep-alive connections, beyond what was there before",
                 spread(idle, unit="MiB"), "100 MiB"])
    return [*notes(Mooring), "", *markdown(["Mooring", "resident memory, most", "wanted"], rows)]


def cores(bench):
    """Two cores against one, the load on the same two."""
    rows = []
    for size in (4 * KIB, MIB):
        one_core, two_cores = Mooring(bench.folder), Mooring(bench.folder, "0,1", 2)
        one_core.name, two_cores.name = "Mooring one", "Mooring two"
        with bench.turn(), AllServers([one_core, two_cores]) as compared:
            values = bench.alternate(compared, lambda server, size=size: load.run(
                server, load.closed(server.upload(size), 64), seconds=bench.seconds,
                warmup="300ms", cpus="1"))
        one, two = ([run.rate() for run in values[server.name]] for server in compared)
        busy = [run.json["generator_busy_share"] * 100 for run in values[two_cores.name]]
        rows.append([f"{size // KIB} KiB", spread(one), spread(two), f"**{ratio(two, one):.2f}**",
                     spread(busy, "{:.0f}", "%")])
        bench.say(" | ".join(rows[-1]))
    return [*notes(Mooring), "* 64 connections; the load has CPU 1 to itself beside one core of "
            "the server and shares it with the second", "", *markdown(
                ["upload", "one core /s", "two cores /s", "ratio", "CPU 1 taken by the load"],
                rows)]


def open_loop(server, size, rate, seconds):
    group = load.closed(server.upload(size), OPEN_LOOP_CONNECTIONS, rate=float(rate))
    return load.run(server, group, seconds=seconds, warmup="500ms", drain="2s",
                    allow_failures=True)


def sustainable(bench, server, size):
    """The highest rate of an open loop that is met: 99 % of it, and p99 under 100 ms."""
    peak = load.run(server, load.closed(server.upload(size), 64), seconds=bench.seconds,
                    warmup="500ms").rate()
    best = 0.0
    for share in (0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        result = open_loop(server, size, peak * share, bench.seconds)
        if result.failed or result.rate() < 0.99 * peak * share or result.latency_ms("p99") > 100:
            break
        best = peak * share
        time.sleep(0.5)
    if best == 0.0:
        raise RuntimeError(f"{server.name}: not even a tenth of {peak:,.0f}/s is sustained")
    return peak, best


def saturation(bench):
    """Twice the sustainable rate: what is still answered in time, what is shed, what it takes."""
    rows = []
    for size, name in ((4 * KIB, "4 KiB"), (MIB, "1 MiB")):
        peaks, rates, goodputs, shed, lost, latency, most = ([] for _ in range(7))
        for _ in range(bench.runs):
            with bench.turn(), Mooring(bench.folder) as server:
                peak, rate = sustainable(bench, server, size)
                machine.settle()
                with Watch(server) as watch:
                    result = open_loop(server, size, 2 * rate, bench.seconds + 2)
                failures = result.operation()["failures"]
                peaks.append(peak)
                rates.append(rate)
                goodputs.append(result.rate())
                shed.append(failures.get("shed", 0) / result.seconds)
                lost.append(sum(failures.values()) - failures.get("shed", 0))
                latency.append(result.latency_ms("p99"))
                most.append(watch.most)
        rows.append([name, spread(peaks), spread(rates), spread(goodputs),
                     f"**{ratio(goodputs, peaks):.0%}**", spread(shed), spread(lost),
                     spread(latency, "{:,.0f}", "ms"), spread(most, unit="MiB")])
        bench.say(" | ".join(rows[-1]))
    return [*notes(Mooring), "* sustainable: the highest tried rate of an open loop of which 99 % "
            "is answered, p99 under 100 ms", f"* at twice that rate, up to "
            f"{OPEN_LOOP_CONNECTIONS} connections, latency from the intended start", "", *markdown(
                ["upload", "peak, closed loop /s", "sustainable /s", "goodput at 2 × /s",
                 "of the peak", "503 /s", "failed otherwise", "p99 of good ones", "memory, most"],
                rows)]
