"""A first whole-server figure: uploads of new content, durable, beside nginx's PUT as it comes.

Both servers get one core, the client (wrk) the other; runs alternate; the table shows medians of
the runs with the spread. `./dev bench server [runs] [seconds]`. The full instrument is a later
work: this one says where we stand.
"""

import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BINARY = ROOT / "build" / "release" / "src" / "mooring"
SIZES = (1024, 4096, 65536, 1 << 20)
CONNECTIONS = 32
SERVER_CPU, CLIENT_CPU = "0", "1"

NGINX = """
user root; daemon off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {dir}/tmp; client_max_body_size 2g;
  server {{ listen 127.0.0.1:{port}; root {dir}/files;
    location /up/ {{ dav_methods PUT; create_full_put_path on; }} }}
}}
"""


def start_mooring(folder):
    server = subprocess.Popen(
        ["taskset", "-c", SERVER_CPU, BINARY, "serve", "--data", folder / "data", "--cores", "1",
         "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    url = server.stdout.readline().split()[-1]
    token = subprocess.run([BINARY, "token", "--data", folder / "data", "--subject", "bench",
                            "--organization", "org", "--role", "admin", "--ttl", "10h"],
                           check=True, capture_output=True, text=True).stdout.strip()
    assets = []
    for number in range(256):
        request = urllib.request.Request(
            url + "/v1/assets", f'{{"assetType":"machine","name":"{number}"}}'.encode(),
            {"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            assets.append(re.search(rb'"id":"([^"]+)', answer.read())[1].decode())
    return server, url, [token, *assets]


def start_nginx(folder, port=18089):
    for number in range(256):
        (folder / "files" / "up" / str(number)).mkdir(parents=True)
    os.chmod(folder, 0o755)
    (folder / "nginx.conf").write_text(NGINX.format(dir=folder, port=port))
    server = subprocess.Popen(["taskset", "-c", SERVER_CPU, "nginx", "-c", folder / "nginx.conf"])
    time.sleep(0.5)
    return server, f"http://127.0.0.1:{port}", ["-"]


def measure(target, url, size, arguments, seconds):
    told = subprocess.run(
        ["taskset", "-c", CLIENT_CPU, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s",
         HERE / "upload.lua", url, "--", target, str(size), *arguments],
        check=True, capture_output=True, text=True).stdout
    rate, bad, p50, p99 = re.search(r"RESULT (\S+) (\d+) (\d+) (\d+)", told).groups()
    if int(bad):
        sys.exit(f"{target}: {bad} requests failed\n{told}")
    return float(rate), float(p50), float(p99)


def row(size, runs):
    def cell(values, unit=""):
        return (f"{statistics.median(values):,.0f}{unit} "
                f"({min(values):,.0f}–{max(values):,.0f})")
    ours, theirs = ([run[0] for run in runs[name]] for name in ("mooring", "nginx"))
    ratio = statistics.median(a / b for a, b in zip(ours, theirs))
    return (f"| {size:,} B | {cell(ours)} | {cell(theirs)} | **{ratio:.2f}** | "
            f"{cell([run[2] / 1000 for run in runs['mooring']], ' ms')} | "
            f"{cell([run[2] / 1000 for run in runs['nginx']], ' ms')} |")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 4
    folder = Path(tempfile.mkdtemp(prefix="mooring-bench-", dir=os.environ.get("BENCH_DIR")))
    servers = {}
    try:
        (folder / "mooring").mkdir()
        (folder / "nginx").mkdir()
        os.chmod(folder, 0o755)
        servers["mooring"] = start_mooring(folder / "mooring")
        servers["nginx"] = start_nginx(folder / "nginx")
        lines = [
            f"{platform.system()} {platform.release()}, {CONNECTIONS} connections, one core each "
            f"for server and client, median of {count} alternating runs of {seconds} s (range).",
            "Mooring durable: every 2xx is synced. nginx as it comes: nothing is synced.", "",
            "| upload | Mooring /s | nginx PUT /s | ratio | Mooring p99 | nginx p99 |",
            "|---|---|---|---|---|---|"]
        for size in SIZES:
            runs = {name: [] for name in servers}
            for _ in range(count):
                for name, (_, url, arguments) in servers.items():
                    runs[name].append(measure(name, url, size, arguments, seconds))
            lines.append(row(size, runs))
            print(lines[-1], file=sys.stderr, flush=True)
        results = ROOT / "bench" / "results"
        results.mkdir(exist_ok=True)
        (results / "uploads.md").write_text("\n".join(lines) + "\n")
        print("\n".join(lines))
    finally:
        for server, _, _ in servers.values():
            server.terminate()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
