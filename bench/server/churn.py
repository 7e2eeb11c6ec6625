"""Space that comes back, and what that costs others: `./dev bench churn [runs] [turns] [MiB]`.

A store of so many MiB of small pictures is replaced over and over, one picture after the other in
an order of its own each turn, until `turns` times its size was written. Runs alternate: compaction
off (it looks once an hour) and on (as shipped, but that it looks ten times a second). The table
shows the latency of the replacements, which are the foreground, and the most and the last that the
store took on the disk. In the end every picture is read back. Writes bench/results/churn.md.
"""

import http.client
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BINARY = os.environ.get("MOORING_BINARY", str(ROOT / "build" / "release" / "src" / "mooring"))
BOUNDARY = "churn"
PICTURE_BYTES = 32 * 1024
CONNECTIONS = 4
SEGMENT_MIB = 16
SETTLE_SECONDS = 60
CONFIG = """
[data]
segment_bytes = "{segment}MiB"
reserve_bytes = "64MiB"
[log]
level = "warning"
[scrub]
rate = 0
[compaction]
interval = "{interval}"
"""


def content_of(number, turn):
    return b"\xff\xd8\xff" + random.Random(f"{number}/{turn}").randbytes(PICTURE_BYTES - 3)


class Store:
    """One server over an empty directory."""

    def __init__(self, directory, interval):
        self.data = Path(directory) / "data"
        config = Path(directory) / "mooring.toml"
        config.write_text(CONFIG.format(segment=SEGMENT_MIB, interval=interval))
        self.process = subprocess.Popen(
            [BINARY, "serve", "--config", config, "--data", self.data, "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])
        done = subprocess.run([BINARY, "token", "--data", self.data, "--subject", "bench",
                               "--organization", "bench", "--role", "admin"],
                              check=True, capture_output=True, text=True)
        self.authorization = {"Authorization": f"Bearer {done.stdout.strip()}"}

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port)

    def disk_bytes(self):
        total = 0
        for path in (self.data / "segments").iterdir():
            try:
                total += path.stat().st_blocks * 512
            except FileNotFoundError:
                pass  # dropped meanwhile
        return total

    def metric(self, name):
        connection = self.connect()
        connection.request("GET", "/metrics")
        page = connection.getresponse().read().decode()
        return int(float(next(line for line in page.splitlines()
                              if line.startswith(name + " ")).split()[1]))

    def end(self):
        self.process.terminate()
        if self.process.wait(60) != 0:
            sys.exit("the server did not end well")


class Client(threading.Thread):
    """Owns its share of the pictures; one request at a time."""

    def __init__(self, store, numbers, turns):
        super().__init__()
        self.store, self.numbers, self.turns = store, numbers, turns
        self.assets, self.latencies = {}, []

    def ask(self, connection, method, path, body=None, **headers):
        connection.request(method, path, body, {**self.store.authorization, **headers})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:200]}")
        return content

    def put(self, connection, method, path, number, turn):
        body = (f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; "
                "filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n").encode() + \
            content_of(number, turn) + f"\r\n--{BOUNDARY}--\r\n".encode()
        began = time.perf_counter()
        self.ask(connection, method, path, body,
                 **{"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"})
        self.latencies.append(time.perf_counter() - began)

    def run(self):
        connection = self.store.connect()
        prefix = "/api/storage/v1/pictures/asset/"
        for number in self.numbers:
            made = self.ask(connection, "POST", "/api/asset/v1/assets",
                            b'{"assetType":"machine","name":"m"}',
                            **{"Content-Type": "application/json"}).decode()
            asset = made.split('"id":"')[1].split('"')[0]
            self.assets[number] = asset
            self.put(connection, "POST", f"{prefix}{asset}/bench", number, 0)
        self.latencies.clear()
        for turn in range(1, self.turns):
            for number in random.Random(turn).sample(self.numbers, len(self.numbers)):
                self.put(connection, "PATCH", f"{prefix}{self.assets[number]}", number, turn)

    def read_back(self):
        connection = self.store.connect()
        for number, asset in self.assets.items():
            content = self.ask(connection, "GET",
                               f"/api/storage/v1/pictures/asset/{asset}/preview")
            if content != content_of(number, self.turns - 1):
                raise RuntimeError(f"picture {number} is not what was stored")


def run_once(interval, turns, mib):
    with tempfile.TemporaryDirectory(dir=os.environ.get("MOORING_BENCH_DIR")) as directory:
        store = Store(directory, interval)
        count = mib * 1024 * 1024 // PICTURE_BYTES
        clients = [Client(store, list(range(first, count, CONNECTIONS)), turns)
                   for first in range(CONNECTIONS)]
        for client in clients:
            client.start()
        most = 0
        while any(client.is_alive() for client in clients):
            most = max(most, store.disk_bytes())
            time.sleep(0.1)
        if any(len(client.latencies) != len(client.numbers) * (turns - 1) for client in clients):
            sys.exit("a client failed")
        # What is left to do when the writing stops.
        last, deadline = store.disk_bytes(), time.monotonic() + SETTLE_SECONDS
        settled = 0
        while interval != "1h" and settled < 20 and time.monotonic() < deadline:
            time.sleep(0.1)
            now = store.disk_bytes()
            settled = settled + 1 if now == last else 0
            last = now
        for client in clients:
            client.read_back()
        moved = store.metric("mooring_compaction_moved_bytes_total")
        store.end()
        latencies = sorted(one for client in clients for one in client.latencies)
        return {"p50": latencies[len(latencies) // 2] * 1e3,
                "p99": latencies[len(latencies) * 99 // 100] * 1e3,
                "most": most / (mib << 20), "last": last / (mib << 20),
                "moved": moved / (mib << 20)}


def cell(values, unit):
    return f"{statistics.median(values):.2f} {unit} ({min(values):.2f}–{max(values):.2f})"


def main():
    words = sys.argv[1:] + ["3", "10", "64"][len(sys.argv) - 1:]
    runs, turns, mib = map(int, words)
    results = {"off": [], "on": []}
    for _ in range(runs):
        for name, interval in (("off", "1h"), ("on", "100ms")):
            results[name].append(run_once(interval, turns, mib))
    units = {"p50": "ms", "p99": "ms", "most": "x", "last": "x", "moved": "x"}
    lines = [f"Linux {platform.release()}, {os.cpu_count()} CPUs. {mib} MiB in pictures of "
             f"{PICTURE_BYTES >> 10} KiB, written {turns} times over by {CONNECTIONS} clients on "
             f"the same CPUs, durable; segments of {SEGMENT_MIB} MiB. Latencies are those of the "
             "replacements; most, last and moved are multiples of what is alive: the most and the "
             "last that segments took on the disk, and the bytes that compaction copied. Median of "
             f"{runs} alternating runs (range).", "",
             "| compaction | p50 | p99 | most | last | moved |", "|---|---|---|---|---|---|"]
    for name, all_runs in results.items():
        cells = [cell([run[key] for run in all_runs], unit) for key, unit in units.items()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    ratio = statistics.median(run["p99"] for run in results["on"]) / \
        statistics.median(run["p99"] for run in results["off"])
    lines += ["", f"p99 with compaction is **{ratio:.2f}** x that without."]
    print("\n".join(lines))
    if turns >= 10:  # what was asked for; less is for trying
        folder = ROOT / "bench" / "results"
        folder.mkdir(exist_ok=True)
        (folder / "churn.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
