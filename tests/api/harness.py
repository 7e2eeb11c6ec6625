"""A server under test: started as an operator starts it, watched from outside.

Server owns one process and one data directory. Everything else in these tests speaks to it over
TCP or through the command line; nothing looks into the program.
"""

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
BINARY = os.environ.get("MOORING_BINARY", str(ROOT / "build" / "debug" / "src" / "mooring"))

START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 40
READY = re.compile(r"^mooring ready on (http://(?:127\.0\.0\.1|\[::1\]):(\d+))$")
SANITIZER = re.compile(r"(Address|Leak|Thread)Sanitizer|runtime error:|CHECK failed")

# Small enough for many servers side by side; everything else stays as shipped.
CONFIG = """
[server]
cores = 2
[data]
segment_bytes = "16MiB"
reserve_bytes = "16MiB"
[limits]
chunks_per_core = 32
[rocksdb]
block_cache_bytes = "16MiB"
"""


def eventually(condition, seconds=20.0, what="condition"):
    """Polls `condition` until it is true, and returns what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        assert time.monotonic() < deadline, f"{what} did not come true in {seconds} s"
        time.sleep(0.02)


def mooring(*arguments, seconds=30, **options):
    """Runs the binary to its end; returns the finished process with its output as text."""
    return subprocess.run([BINARY, *map(str, arguments)], check=False, capture_output=True,
                          text=True, timeout=seconds, stdin=subprocess.DEVNULL, **options)


class Server:
    def __init__(self, directory, config="", arguments=("--debug-routes",)):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.data = self.directory / "data"
        self.config_path = self.directory / "mooring.toml"
        self.config_path.write_text(merge_config(CONFIG, config))
        self.errors_path = self.directory / "stderr"
        self.arguments = [str(argument) for argument in arguments]
        self.process = None
        self.url = self.port = None
        self._tokens = {}
        self._errors_before = 0  # what earlier lives of this server wrote

    # ---- life ----
    def start(self):
        assert self.process is None
        with open(self.errors_path, "ab") as errors:
            self._errors_before = errors.tell()
            self.process = subprocess.Popen(
                [BINARY, "serve", "--config", self.config_path, "--data", self.data,
                 "--listen", "127.0.0.1:0", *self.arguments],
                stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL, text=True)
        killer = threading.Timer(START_SECONDS_MAX, self.process.kill)
        killer.start()
        line = self.process.stdout.readline().rstrip("\n")
        killer.cancel()
        ready = READY.match(line)
        if not ready:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"not ready: {line!r}\n{self.errors()[-3000:]}")
        self.url, self.port = ready[1], int(ready[2])
        return self

    def errors(self):
        """What this life of the server has written to standard error."""
        return self.errors_path.read_bytes()[self._errors_before:].decode(errors="replace")

    def stop(self):
        """SIGTERM; the server drains, says nothing bad and exits 0."""
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError("did not drain\n" + self.errors()[-3000:]) from None
        finally:
            process.stdout.close()
        assert not SANITIZER.search(self.errors()), self.errors()[-6000:]
        assert code == 0, f"exit code {code}\n{self.errors()[-3000:]}"

    def kill9(self):
        process, self.process = self.process, None
        process.kill()
        process.wait()
        process.stdout.close()
        assert not SANITIZER.search(self.errors()), self.errors()[-6000:]

    def restart(self):
        self.stop()
        return self.start()

    def discard(self):
        """For fixtures: ends what still runs, whatever the test did."""
        if self.process is not None:
            if self.process.poll() is None:
                self.stop()
            else:
                code = self.process.returncode
                self.process = None
                raise AssertionError(f"ended by itself with {code}\n{self.errors()[-6000:]}")

    # ---- what can be seen from outside ----
    @property
    def pid(self):
        return self.process.pid

    def fds(self):
        """Open descriptors that come and go with requests: sockets and files of blobs."""
        found = []
        for entry in os.listdir(f"/proc/{self.pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                found.append(os.readlink(f"/proc/{self.pid}/fd/{entry}"))
        wanted = ("socket:", str(self.data / "blobs"))
        return sorted(name for name in found if name.startswith(wanted))

    def blobs(self):
        """{name: bytes} of every file of the blob store: one per larger content."""
        folder = self.data / "blobs"
        sizes = {}
        for path in folder.rglob("*"):
            with contextlib.suppress(FileNotFoundError):  # collected while we look
                if path.is_file():
                    sizes[path.relative_to(folder).as_posix()] = path.stat().st_size
        return sizes

    def files(self):
        """Files under data/ other than those RocksDB and the segments make by themselves."""
        return sorted(path.relative_to(self.data).as_posix() for path in self.data.rglob("*")
                      if path.is_file() and path.relative_to(self.data).parts[0] not in
                      ("catalog", "segments"))

    def check(self, *arguments):
        assert self.process is None, "check is for a stopped store"
        return mooring("check", "--data", self.data, *arguments, seconds=60)

    # ---- callers ----
    def token(self, organization="org-a", role="admin", subject="user-a", *more):
        key = (organization, role, subject, more)
        if key not in self._tokens:
            roles = ["--role", role] if role else []
            done = mooring("token", "--data", self.data, "--subject", subject, "--organization",
                           organization, *roles, *more)
            assert done.returncode == 0, done.stderr
            self._tokens[key] = done.stdout.strip()
        return self._tokens[key]

    def client(self, organization="org-a", role="admin", subject="user-a"):
        return Client(self, self.token(organization, role, subject))

    def anonymous(self):
        return Client(self, None)

    def metric(self, name):
        """The value of one series, named with its labels."""
        page = self.anonymous().get("/metrics").text
        return float(next(line for line in page.splitlines()
                          if line.startswith(name + " ")).split()[1])


def merge_config(base, more):
    """`more` wins over `base`, table by table, so that a test says only what it is about."""
    tables = {}
    for text in (base, more):
        table = None
        for line in text.strip().splitlines():
            if line.startswith("["):
                table = tables.setdefault(line.strip(), {})
            elif line.strip():
                table[line.split("=")[0].strip()] = line
    return "".join(f"{name}\n" + "\n".join(lines.values()) + "\n" for name, lines in tables.items())


class Client:
    """One caller: requests with its token, and the few verbs that every test needs."""

    def __init__(self, server, token):
        self.server = server
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers.clear()
        if token:
            self.session.headers["Authorization"] = f"Bearer {token}"

    def request(self, method, path, **options):
        options.setdefault("timeout", 30)
        options.setdefault("allow_redirects", False)
        return self.session.request(method, self.server.url + path, **options)

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def head(self, path, **options):
        return self.request("HEAD", path, **options)

    def post(self, path, **options):
        return self.request("POST", path, **options)

    def patch(self, path, **options):
        return self.request("PATCH", path, **options)

    def delete(self, path, **options):
        return self.request("DELETE", path, **options)

    def new_asset(self, **fields):
        """The asset made, as the server describes it; it belongs to the caller's organization."""
        body = {"assetType": "machine", "name": "m", **fields}
        answer = self.post("/api/asset/v1/assets", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    def upload(self, asset_id, content, *, organization="org-a", filename="a.jpg",
               content_type="image/jpeg", prefix="/api/storage/v1", **options):
        body, header = form([file_part(content, filename, content_type)])
        headers = {"Content-Type": header, **options.pop("headers", {})}
        return self.post(f"{prefix}/pictures/asset/{asset_id}/{organization}", data=body,
                         headers=headers, **options)

    def replace(self, asset_id, content, *, filename="a.jpg", content_type="image/jpeg"):
        body, header = form([file_part(content, filename, content_type)])
        return self.patch(picture_path(asset_id), data=body, headers={"Content-Type": header})

    def preview(self, asset_id, **options):
        return self.get(picture_path(asset_id) + "/preview", **options)


def picture_path(asset_id):
    return f"/api/storage/v1/pictures/asset/{asset_id}"


# ---- multipart bodies, byte by byte ----
BOUNDARY = "----mooring-test-boundary"


def file_part(content, filename="a.jpg", content_type="image/jpeg", name="file"):
    head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"'
    if content_type is not None:
        head += f"\r\nContent-Type: {content_type}"
    return head.encode(), content


def text_part(name, text):
    return f'Content-Disposition: form-data; name="{name}"'.encode(), text


def form(parts, boundary=BOUNDARY, preamble=b"", epilogue=b""):
    """(body, Content-Type) of (head, content) pairs."""
    mark = boundary.encode()
    pieces = [preamble]
    for head, content in parts:
        pieces += [b"--", mark, b"\r\n", head, b"\r\n\r\n", content, b"\r\n"]
    pieces += [b"--", mark, b"--\r\n", epilogue]
    return b"".join(pieces), f"multipart/form-data; boundary={boundary}"
