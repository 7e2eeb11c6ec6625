"""The servers that are measured: how each is started, what an upload to it is, how it is cleaned.

Every server has a folder of its own on one file system. A server is a context: it is started on
entry and ended on exit. Its folder is kept until the end of the whole bench where there is room:
ext4 without a journal steps over every inode that was deleted in the last minutes, one by one,
when it looks for a free one, so that whoever creates files after a clean-up would pay for it (a
small PUT of nginx took ten times as long).
"""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
import zlib
from pathlib import Path

import machine

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("MOORING_BUILD", ROOT / "build" / "release"))
MOORING = BUILD / "src" / "mooring"
LOAD = BUILD / "bench" / "load" / "mooring-load"
PEERS = ROOT / "bench" / "peers"
START_SECONDS_MAX = 20
ROOM_BYTES_MIN = 24 << 30  # for what the next servers write

MOORING_CONFIG = """
[limits]
connections_max = 20000
partner_bytes_max = "8GiB"
body_bytes_max = "8GiB"
"""

# As the documentation of nginx recommends for uploads: the temporary files on the file system of
# the files, so that they are renamed and not copied; no limit of its own; long keep-alive.
NGINX_CONFIG = """
user root; daemon off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log;
worker_rlimit_nofile 65536;
events {{ worker_connections 16384; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; keepalive_timeout 600s;
  client_body_temp_path {dir}/tmp; client_max_body_size 0;
  server {{
    listen 127.0.0.1:{port} backlog=4096; root {dir}/files;
    location /up/ {{ dav_methods PUT; create_full_put_path on; }}
  }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One process under measurement, pinned to `cpus`."""

    name = ""
    durability = ""

    def __init__(self, parent, cpus="0"):
        self.parent, self.cpus = Path(parent), cpus
        self.folder = self.process = self.url = None

    def command(self):
        raise NotImplementedError

    def prepare(self):
        """Makes what the command needs in the folder."""

    def ready(self):
        """Waits for the first answer; sets `url`."""
        self.url = self.process.stdout.readline().split()[-1]

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.name.split()[0].lower()}-",
                                            dir=self.parent))
        self.folder.chmod(0o755)
        self.prepare()
        self.start()
        return self

    def start(self):
        self.process = subprocess.Popen(
            ["taskset", "-c", self.cpus, *map(str, self.command())], stdout=subprocess.PIPE,
            stderr=(self.folder / "stderr").open("ab"), stdin=subprocess.DEVNULL, text=True)
        self.ready()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __exit__(self, *_):
        self.stop()
        if shutil.disk_usage(self.parent).free < ROOM_BYTES_MIN:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self):
        """Of the process that does the work."""
        return self.process.pid

    def get(self, path):
        with urllib.request.urlopen(self.url + path) as answer:
            return answer.read()

    def upload(self, size, **more):
        """The operation of a scenario that creates something new of `size`."""
        raise NotImplementedError


class Mooring(Server):
    """The default upload is a creation in the partner family, raw; `form` makes it a form."""

    name, durability = "Mooring", "durable: every 2xx is synced"

    def __init__(self, parent, cpus="0", cores=1, durability="durable"):
        super().__init__(parent, cpus)
        self.cores, self.mode = cores, durability
        self.headers = None

    def command(self):
        return [MOORING, "serve", "--config", self.folder / "mooring.toml", "--data",
                self.folder / "data", "--cores", self.cores, "--listen", "127.0.0.1:0",
                "--durability", self.mode]

    def prepare(self):
        (self.folder / "mooring.toml").write_text(MOORING_CONFIG)

    def ready(self):
        super().ready()
        if self.headers is None:
            self.headers = {"x-api-key": self.key("partner"),
                            "Authorization": self.key("developer", "--owner", "bench@example.com")}

    def key(self, kind, *more):
        return self.run("key", "create", "--kind", kind, "--company", "bench", "--name", "bench",
                        *more)

    def run(self, *arguments):
        command = [MOORING, *arguments, "--data", self.folder / "data"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def upload(self, size, form=False, **more):
        path = "/api/v1/partner/asset/upload/public"
        return {"name": "upload", "method": "POST", "headers": self.headers, "size": size,
                "path": path if form else path + "?filename=f-{n}.bin", "filename": "f-{n}.bin",
                "body": "multipart" if form else "raw", "json": {"publicURL": "*"},
                "address": "{json:publicURL}", **more}

    def metric(self, name):
        for line in self.get("/metrics").decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
        raise KeyError(name)


class MooringPictures(Mooring):
    """Pictures: a form that replaces the picture of one of 256 assets."""

    name = "Mooring pictures"

    def ready(self):
        super().ready()
        token = self.run("token", "--subject", "bench", "--organization", "org", "--role", "admin",
                         "--ttl", "10h")
        self.headers = {"Authorization": f"Bearer {token}"}
        self.ids = []
        for number in range(256):
            request = urllib.request.Request(
                self.url + "/v1/assets", f'{{"assetType":"machine","name":"{number}"}}'.encode(),
                {**self.headers, "Content-Type": "application/json"})
            with urllib.request.urlopen(request) as answer:
                self.ids.append(answer.read().decode().split('"id":"')[1].split('"')[0])

    def upload(self, size, **more):
        return {"name": "replace", "method": "PATCH", "path": "/v1/pictures/asset/{id}",
                "headers": self.headers, "body": "multipart", "size": size, "prefix": "ffd8ffe0",
                "filename": "a.jpg", "content_type": "image/jpeg", "json": {"data.id": "*"}, **more}


class Nginx(Server):
    name, durability = "nginx PUT", "as it comes: nothing is synced"

    def __init__(self, parent, cpus="0"):
        super().__init__(parent, cpus)
        self.port = free_port()

    def command(self):
        return ["nginx", "-c", self.folder / "nginx.conf"]

    def prepare(self):
        (self.folder / "files").mkdir()
        (self.folder / "nginx.conf").write_text(
            NGINX_CONFIG.format(dir=self.folder, port=self.port))

    def ready(self):
        self.url = f"http://127.0.0.1:{self.port}"
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            if time.monotonic() > deadline:
                raise RuntimeError((self.folder / "stderr").read_text())
            time.sleep(0.02)

    @property
    def pid(self):  # the worker, not the master
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return int(children.split()[0])

    def upload(self, size, **more):
        return {"name": "upload", "method": "PUT", "path": "/up/{n%256}/{run}-{n}", "body": "raw",
                "size": size, "statuses": [201], "address": "{path}", **more}


class Express(Server):
    name, durability = "Express + multer", "as it comes: nothing is synced"

    def prepare(self):
        cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "mooring-bench"
        pinned = (PEERS / "express" / "package.json").read_bytes()
        self.program = cache / f"express-{zlib.crc32(pinned):08x}"
        self.program.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "server.js"):
            shutil.copy(PEERS / "express" / name, self.program)
        if not (self.program / "node_modules" / "multer").exists():
            subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--omit=dev"],
                           cwd=self.program, check=True, capture_output=True)
        (self.folder / "files").mkdir()

    def command(self):
        return ["env", "NODE_ENV=production", "node", self.program / "server.js",
                self.folder / "files", 0]

    def upload(self, size, **more):
        return {"name": "upload", "method": "POST", "path": "/upload", "body": "multipart",
                "size": size, "filename": "f-{n}.bin", "statuses": [201],
                "json": {"size": "{size}"}, **more}


class Discard(Server):
    """Receives and drops: shows what the generator can do."""

    name, durability = "discard", "stores nothing"

    def command(self):
        return [LOAD, "--serve-discard"]

    def upload(self, size, **more):
        return {"name": "upload", "method": "POST", "path": "/up/{n}", "body": "raw", "size": size,
                **more}


class Limit(Discard):
    """Receives, hashes, writes with O_DIRECT, and nothing else: the limit of this machine."""

    name, durability = "limit", "written past the page cache, never synced"

    def command(self):
        return [LOAD, "--serve-limit", self.folder]


def versions():
    """Lines of Markdown."""
    express = (PEERS / "express" / "package.json").read_text()
    pinned = [line.strip().strip(",").replace('"', "") for line in express.splitlines()
              if '"express"' in line or '"multer"' in line]
    return [f"* Mooring: {machine.output(MOORING, 'version')}",
            f"* {machine.output('nginx', '-v')}",
            f"* node {machine.output('node', '--version')}, {', '.join(pinned)}"]
