"""Scenarios of downloads: files from Mooring by their public URL, from nginx by sendfile.

Warm: every file has just been read twice from each server, which is when Mooring has it in its
cache of contents. Cold: the page cache was dropped and the servers are fresh, and every file is
read once.
"""

import os
import urllib.request

import load
import machine
from servers import Mooring, Nginx
from table import markdown, ratio, size_name, spread
from uploads import AllServers, notes

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
# Size, how many files, connections.
FILES = ((4 * KIB, 4000, 32), (64 * KIB, 2000, 32), (MIB, 400, 32), (GIB, 2, 2))


def addresses_in(server, size, count):
    """Stores `count` files of `size` in `server`; their paths."""
    if isinstance(server, Nginx):
        folder = server.folder / "files" / "get"
        folder.mkdir(parents=True, exist_ok=True)
        block = os.urandom(min(size, MIB))
        for number in range(count):
            with open(folder / str(number), "wb") as file:
                file.write(number.to_bytes(8, "big") + block[8:])
                for _ in range(size // len(block) - 1):
                    file.write(block)
        return [f"/get/{number}" for number in range(count)]
    paths = []
    block = os.urandom(min(size, MIB))
    for number in range(count):
        body = Repeated(number.to_bytes(8, "big") + block[8:], block, size)
        request = urllib.request.Request(
            f"{server.url}/api/v1/partner/asset/upload/public?filename=f.bin", body,
            {**server.headers, "Content-Type": "application/octet-stream",
             "Content-Length": str(size)}, method="POST")
        with urllib.request.urlopen(request) as answer:
            told = answer.read().decode()
        paths.append("/" + told.split('"publicURL":"http://')[1].split('"')[0].split("/", 1)[1])
    return paths


class Repeated:
    """A body of `size` bytes: `first`, then `block` again and again."""

    def __init__(self, first, block, size):
        self.first, self.block, self.left = first, block, size

    def read(self, _=-1):
        piece = (self.first or self.block)[:self.left]
        self.first = None
        self.left -= len(piece)
        return piece


def get(size):
    return {"name": "download", "method": "GET", "path": "{id}", "statuses": [200],
            "answer_size": str(size)}


def cold_run(bench, servers, paths, size, count, connections):
    """Every file once, from the disk: one value for each server."""
    values = {}
    for server in servers:
        server.stop()
        if not machine.drop_caches():
            return None
        server.start()
        server.ids = paths[server.name]
        values[server.name] = load.run(
            server, load.closed(get(size), connections, requests=count), seconds=60)
    return values


def measure_size(bench, size, count, connections):
    """({name: warm results}, {name: cold results})."""
    warm, cold = {}, {}
    with bench.turn(), AllServers([Mooring(bench.folder), Nginx(bench.folder)]) as compared:
        paths = {server.name: addresses_in(server, size, count) for server in compared}
        for server in compared:
            server.ids = paths[server.name]
            warm[server.name], cold[server.name] = [], []
        for _ in range(bench.runs):
            once = cold_run(bench, compared, paths, size, count, connections)
            for name, result in (once or {}).items():
                cold[name].append(result)
            for server in compared:
                load.run(server, load.closed(get(size), connections, requests=2 * count),
                         seconds=60)
                warm[server.name].append(load.run(
                    server, load.closed(get(size), connections), seconds=bench.seconds,
                    warmup="300ms"))
    return warm, cold


def downloads(bench):
    rows = []
    for size, count, connections in FILES:
        for name, results in zip(("warm", "cold"), measure_size(bench, size, count, connections)):
            if not results[Mooring.name]:
                continue  # only root can drop caches
            # Large ones are compared by bytes: a run of seconds holds few of them.
            rate = ((lambda one: one.mebibytes_per_second()) if size >= MIB
                    else (lambda one: one.rate()))
            ours = [rate(one) for one in results[Mooring.name]]
            theirs = [rate(one) for one in results[Nginx.name]]
            unit = "MiB/s" if size >= MIB else "/s"
            p99 = [spread([one.latency_ms("p99") for one in results[server.name]], "{:,.1f}", "ms")
                   for server in (Mooring, Nginx)]
            rows.append([f"{size_name(size)}, {name}", spread(ours, unit=unit),
                         spread(theirs, unit=unit), f"**{ratio(ours, theirs):.2f}**", *p99])
            bench.say(" | ".join(rows[-1]))
    return [*notes(Mooring), "* nginx: GET with sendfile",
            "* 32 connections (1 GiB: 2); warm: every file read twice before; cold: caches "
            "dropped, servers started anew, every file once",
            "", *markdown(["download", "Mooring", "nginx", "ratio", "Mooring p99",
                          "nginx p99"], rows)]
