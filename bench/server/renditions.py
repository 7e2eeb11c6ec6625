"""Uploads while renditions are made, and how fast those are: `./dev bench renditions [runs] [s]`.

The server has core 0 and the clients core 1. "full": as many renditions are asked for as the queue
and the workers hold, and one more as soon as one is answered, so that the queue is full all the
time and the flood itself costs next to nothing. Idle and full alternate; the tables show medians of
the runs with the spread. Workers once share the server's core, once the clients' core.
"""

import concurrent.futures
import contextlib
import ctypes
import itertools
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BINARY = Path(os.environ.get("MOORING_BINARY",
                             ROOT / "build" / "release" / "src" / "mooring"))
PHOTO = ROOT / "tests" / "data" / "photo.jpg"
NOISE = 8.0  # of 255: that of a camera at little light
CONNECTIONS, UPLOAD_BYTES = 8, 4096
SERVER_CPU, CLIENT_CPU = 0, 1
WORKERS, QUEUE = 2, 8
CONFIG = f"""
[limits]
images_bytes_max = "50MiB"
[log]
level = "warning"
[renditions]
workers = {WORKERS}
queue_max = {QUEUE}
timeout = "5m"
"""
# How workers may yield: (name, policy, niceness); None: as the server starts them.
POLICIES = {"nice 10": (os.SCHED_OTHER, 10), "nice 19": (os.SCHED_OTHER, 19),
            "batch, nice 19": (os.SCHED_BATCH, 19), "idle": (os.SCHED_IDLE, 19)}


class Pictures:
    """Large pictures as dense as a photograph: that of the tests beside itself, and noise."""

    def __init__(self):
        self.vips = ctypes.CDLL("libvips.so.42")
        self.vips.vips_image_new_from_file.restype = ctypes.c_void_p
        if self.vips.vips_init(b"bench") != 0:
            sys.exit("libvips does not start")

    def made(self, width, height, suffix):
        vips = self.vips
        out, cut, noise, noisy, cast = (ctypes.c_void_p() for _ in range(5))
        photo = ctypes.c_void_p(vips.vips_image_new_from_file(str(PHOTO).encode(), None))
        across = width // vips.vips_image_get_width(photo) + 1
        down = height // vips.vips_image_get_height(photo) + 1
        data, size = ctypes.c_void_p(), ctypes.c_size_t()
        failed = (vips.vips_replicate(photo, ctypes.byref(out), across, down, None)
                  or vips.vips_crop(out, ctypes.byref(cut), 0, 0, width, height, None)
                  or vips.vips_gaussnoise(ctypes.byref(noise), width, height, b"sigma",
                                          ctypes.c_double(NOISE), None)
                  or vips.vips_add(cut, noise, ctypes.byref(noisy), None)
                  or vips.vips_cast_uchar(noisy, ctypes.byref(cast), None)
                  or vips.vips_image_write_to_buffer(cast, suffix.encode(), ctypes.byref(data),
                                                     ctypes.byref(size), None))
        if failed:
            sys.exit("a picture of the benchmark cannot be made")
        return ctypes.string_at(data, size.value)


class Server:
    """A server of one core, pinned or not, with the clients that this file needs."""

    def __init__(self, folder, pinned):
        self.folder = folder
        (folder / "mooring.toml").write_text(CONFIG)
        pin = ["taskset", "-c", str(SERVER_CPU)] if pinned else []
        self.process = subprocess.Popen(
            [*pin, BINARY, "serve", "--config", folder / "mooring.toml", "--data", folder / "data",
             "--cores", "1", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        self.admin = self.token("--role", "admin")
        self.images = self.token("--scope", "images")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def token(self, *rights):
        return subprocess.run(
            [BINARY, "token", "--data", self.folder / "data", "--subject", "bench",
             "--organization", "org", "--ttl", "10h", *rights],
            check=True, capture_output=True, text=True).stdout.strip()

    def asset(self, number):
        request = urllib.request.Request(
            self.url + "/v1/assets", f'{{"assetType":"machine","name":"{number}"}}'.encode(),
            {"Authorization": f"Bearer {self.admin}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return re.search(rb'"id":"([^"]+)', answer.read())[1].decode()

    def image(self, content):
        """The addresses of an image's renditions. Bytes behind the end make each a new content."""
        boundary = uuid.uuid4().hex
        part = f"--{boundary}\r\nContent-Disposition: form-data; name="
        body = (f'{part}"image"; filename="a"\r\n\r\n'.encode() + content + boundary.encode()
                + f'\r\n{part}"type"\r\n\r\nproduct\r\n--{boundary}--\r\n'.encode())
        request = urllib.request.Request(
            self.url + "/api/images/", body,
            {"Authorization": f"Bearer {self.images}",
             "Content-Type": f"multipart/form-data; boundary={boundary}"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["urls"]

    def queued(self):
        with urllib.request.urlopen(self.url + "/metrics") as answer:
            return int(re.search(r'queue_length{lane="renditions"} (\d+)',
                                 answer.read().decode())[1])

    def workers(self):
        """Of renditions: the threads of each process, which are nicer than those of checks."""
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit():
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                    if int(fields[1]) == self.process.pid and fields[16] != "5":
                        yield from (int(thread.name) for thread in (entry / "task").iterdir())


def fetch(url):
    with urllib.request.urlopen(url, timeout=300) as answer:
        return len(answer.read())


class Flood:
    """Keeps the queue of renditions full while it runs, with renditions nobody asked for before."""

    def __init__(self, urls):
        self.urls, self.lock = iter(urls), threading.Lock()
        self.made, self.is_dry, self.running = 0, False, False
        self.threads = []

    def start(self):
        self.running = True
        self.threads = [threading.Thread(target=self.ask) for _ in range(WORKERS + QUEUE)]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.running = False
        for thread in self.threads:
            thread.join()

    def ask(self):
        while self.running:
            with self.lock:
                url = next(self.urls, None)
            if url is None:
                self.is_dry = True
                return
            try:
                fetch(url)
                self.made += 1
            except urllib.error.HTTPError as error:
                sys.exit(f"a rendition failed: {error}")


def measure_uploads(server, assets, seconds):
    """(uploads/s, p50 in ms, p99 in ms) of pictures that replace pictures."""
    told = subprocess.run(
        ["taskset", "-c", str(CLIENT_CPU), "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s",
         HERE / "upload.lua", server.url, "--", "mooring", str(UPLOAD_BYTES), server.admin,
         *assets], check=True, capture_output=True, text=True).stdout
    rate, bad, p50, p99 = re.search(r"RESULT (\S+) (\d+) (\d+) (\d+)", told).groups()
    if int(bad):
        sys.exit(f"{bad} uploads failed\n{told}")
    return float(rate), float(p50) / 1000, float(p99) / 1000


def pin_workers(server, cpu, policy):
    for thread in server.workers():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(thread, {cpu})
            if policy is not None:
                os.sched_setscheduler(thread, policy[0], os.sched_param(0))
                os.setpriority(os.PRIO_PROCESS, thread, policy[1])


def idle_and_full(folder, picture, cpu, policy, runs, seconds):
    """The runs of both kinds, and how many renditions were made per second meanwhile."""
    results, made, full_s = {"idle": [], "full": []}, 0, 0.0
    with Server(folder, pinned=True) as server:
        assets = [server.asset(number) for number in range(64)]
        images = [server.image(picture) for _ in range(20 + 10 * runs)]
        for url in (images[0]["thumb"], images[1]["thumb"]):
            fetch(url)
        pin_workers(server, cpu, policy)
        flood = Flood(image[name] for name, image in
                      itertools.product(("ipad", "ebay", "thumb_retina", "ipad_retina"), images))
        for _ in range(runs):
            results["idle"].append(measure_uploads(server, assets, seconds))
            before, begun = flood.made, time.monotonic()
            flood.start()
            while server.queued() < QUEUE - 1:
                time.sleep(0.01)
            pin_workers(server, cpu, policy)  # those that were started meanwhile
            results["full"].append(measure_uploads(server, assets, seconds))
            made, full_s = made + flood.made - before, full_s + time.monotonic() - begun
            if flood.is_dry or server.queued() < QUEUE - WORKERS:
                sys.exit("the queue was not full to the end")
            flood.stop()
    return results, made / full_s


def cell(values, form=",.0f", unit=""):
    return (f"{statistics.median(values):{form}}{unit} "
            f"({min(values):{form}}–{max(values):{form}})")


def row(name, results, rate):
    cells = []
    for index, form, unit in ((0, ",.0f", ""), (1, ".2f", " ms"), (2, ".2f", " ms")):
        for kind in ("idle", "full"):
            cells.append(cell([run[index] for run in results[kind]], form, unit))
    ratio = statistics.median(full[2] / idle[2]
                              for idle, full in zip(results["idle"], results["full"]))
    return f"| {name} | {' | '.join(cells)} | **{ratio:.2f}** | {rate:.1f}/s |"


def throughput(folder, pictures, runs):
    """Renditions per second of large pictures, and how long one of a small picture takes."""
    lines = ["| of | to | made |", "|---|---|---|"]
    with Server(folder, pinned=False) as server:
        for name, content in pictures.items():
            for rendition in ("thumb", "ipad"):
                rates = []
                for _ in range(runs):
                    urls = [server.image(content)[rendition] for _ in range(8)]
                    begun = time.monotonic()
                    with concurrent.futures.ThreadPoolExecutor(WORKERS + 1) as pool:
                        list(pool.map(fetch, urls))
                    rates.append(len(urls) / (time.monotonic() - begun))
                lines.append(f"| {name}, {len(content) / 1e6:.1f} MB | {rendition} | "
                             f"{cell(rates, '.1f')} /s |")
        took = []
        photo = PHOTO.read_bytes()
        for _ in range(200):
            url = server.image(photo)["thumb"]
            begun = time.monotonic()
            fetch(url)
            took.append((time.monotonic() - begun) * 1000)
        took.sort()
        median, p95 = statistics.median(took), took[len(took) * 95 // 100]
        lines.append(f"| tests/data/photo.jpg, one after the other | thumb | "
                     f"median {median:.1f} ms, p95 {p95:.1f} ms |")
    return lines


def main():
    arguments = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    runs = int(arguments[0]) if arguments else 5
    seconds = int(arguments[1]) if len(arguments) > 1 else 3
    policies = POLICIES if "--policies" in sys.argv else {"as started": None}
    maker = Pictures()
    pictures = {"JPEG of 12 Mpx": maker.made(4000, 3000, ".jpg[Q=85]"),
                "PNG of 6 Mpx": maker.made(3000, 2000, ".png")}
    lines = [
        f"{platform.system()} {platform.release()}. Uploads of {UPLOAD_BYTES:,} B that replace "
        f"pictures, durable, {CONNECTIONS} connections, with the queue of renditions empty and "
        f"full ({WORKERS} workers, {QUEUE} waiting, of a 12-Mpx JPEG). Server on core "
        f"{SERVER_CPU}, clients on core {CLIENT_CPU}; median of {runs} alternating runs of "
        f"{seconds} s (range).",
        "",
        "| workers on | uploads/s idle | full | p50 idle | full | p99 idle | full | p99 ratio | "
        "renditions |", "|---|---|---|---|---|---|---|---|---|"]
    places = (("the server's core", SERVER_CPU), ("the clients' core", CLIENT_CPU))
    for (name, policy), (place, cpu) in itertools.product(policies.items(), places):
        with tempfile.TemporaryDirectory(prefix="mooring-bench-",
                                         dir=os.environ.get("BENCH_DIR")) as folder:
            results, rate = idle_and_full(Path(folder), pictures["JPEG of 12 Mpx"], cpu, policy,
                                          runs, seconds)
        title = place if policy is None else f"{place}, {name}"
        lines.append(row(title, results, rate))
        print(lines[-1], file=sys.stderr, flush=True)
    if "--policies" not in sys.argv:
        with tempfile.TemporaryDirectory(prefix="mooring-bench-",
                                         dir=os.environ.get("BENCH_DIR")) as folder:
            lines += ["", f"Renditions alone, {WORKERS} workers, both cores free; median of {runs} "
                          "runs (range).", "", *throughput(Path(folder), pictures, runs)]
        results_folder = ROOT / "bench" / "results"
        results_folder.mkdir(exist_ok=True)
        (results_folder / "renditions.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
