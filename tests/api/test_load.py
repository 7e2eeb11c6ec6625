"""mooring-load from outside: against the server, where nothing may fail, and against servers that
lie, where everything that is wrong must be counted."""

import contextlib
import http.server
import json
import os
import subprocess
import threading
from pathlib import Path

import pytest

from harness import BINARY
from partner import BASE, Partner

LOAD = os.environ.get("MOORING_LOAD_BINARY",
                      str(Path(BINARY).resolve().parents[1] / "bench" / "load" / "mooring-load"))
SECONDS_MAX = 60


def run_load(*arguments):
    """(exit code, results) of a run."""
    done = subprocess.run([LOAD, "--quiet", "--json", "-", "--drain", "5s", *map(str, arguments)],
                          check=False, capture_output=True, text=True, timeout=SECONDS_MAX,
                          stdin=subprocess.DEVNULL)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def partner(shared_server):
    return Partner(shared_server, "load")


def uploading(partner, *arguments):
    """The arguments of creations by `partner`, read back and compared."""
    return [partner.server.url, "--duration", "30s", "--connections", 8, "--address",
            "{json:publicURL}", "--read-back", "--expect-json", "publicURL", "--expect-json",
            "type=Document", "-H", f"x-api-key: {partner.partner_key}", "-H",
            f"Authorization: {partner.developer_key}", *arguments]


RAW = ["--path", BASE + "/upload/public?filename=f-{n}.bin", "--body", "raw"]
FORM = ["--path", BASE + "/upload/public", "--body", "multipart"]


@pytest.mark.parametrize("how", [
    [*RAW, "--size", "4KiB"],
    [*RAW, "--size", "1KiB*5 700KiB*2 3MiB"],
    [*FORM, "--size", "uniform 1 200KiB"],
    [*FORM, "--size", "1300KiB"],
    [*RAW[:-1], "chunked", "--size", "uniform 1 2MiB", "--chunk", "100KiB"],
    [*RAW[:-1], "multipart chunked", "--size", "lognormal 8KiB 1 1MiB"],
    [*RAW, "--size", "2KiB", "--one-request"],
    [*RAW, "--size", "300KiB", "--duplicates", "0.5", "--distinct", "3"],
    [*RAW, "--size", "16KiB", "--rate", "200", "--poisson"],
    [*RAW, "--size", "256KiB", "--send-rate", "2MiB"],
    [*RAW, "--size", "8KiB", "--cores", "2"],
], ids=["small", "sizes", "form", "large form", "chunked", "chunked form", "one request",
        "duplicates", "open loop", "slow", "two cores"])
def test_every_upload_is_good_and_comes_back(partner, how):
    code, told = run_load(*uploading(partner, "--requests", 80, *how))
    operation = told["operations"][0]
    assert code == 0 and told["failed"] == 0
    assert operation["good"] == operation["read_back"] == 80
    assert operation["sent_bytes"] == operation["read_back_bytes"] > 0
    assert sum(count for _, count in operation["histogram"]) == 80
    assert sum(second["good"] for second in told["timeline"]) == 80


def test_contents_are_different_unless_they_are_to_be_the_same(partner):
    def shared():
        return int(next(line.split()[1] for line in partner.get("/metrics").text.splitlines()
                        if line.startswith("mooring_uploads_shared_total ")))

    before = shared()
    run_load(*uploading(partner, *RAW, "--size", "4KiB", "--requests", 100))
    assert shared() == before
    run_load(*uploading(partner, *RAW, "--size", "4KiB", "--requests", 100, "--duplicates", "1",
                        "--distinct", "4"))
    assert shared() == before + 96


def test_a_mix_downloads_what_it_uploaded_whole_and_in_parts(partner, tmp_path):
    scenario = tmp_path / "mix.toml"
    scenario.write_text(f"""
target = "{partner.server.url}"
duration = "20s"
[[group]]
connections = 4
requests = 200
think = "uniform 0ms 5ms"
[[group.operation]]
name = "upload"
method = "POST"
path = "{BASE}/upload/public?filename=f-{{n}}.bin"
headers = {{ x-api-key = "{partner.partner_key}", Authorization = "{partner.developer_key}" }}
body = "raw"
size = "100KiB*3 2MiB*1"
address = "{{json:publicURL}}"
[[group.operation]]
name = "download"
path = "{{stored}}"
verify = true
etag = "content"
[[group.operation]]
name = "resume"
path = "{{stored}}"
verify = true
resume_parts = 5
""")
    code, told = run_load("--scenario", scenario)
    good = {one["name"]: one["good"] for one in told["operations"]}
    assert code == 0 and told["failed"] == 0
    assert min(good.values()) > 20


# ---- servers that lie ----

class Liar(http.server.BaseHTTPRequestHandler):
    """Takes uploads and answers as `lie` says."""

    protocol_version = "HTTP/1.1"
    lie = ""
    kept = {}

    def answer(self, status, body, headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.lie == "lost":
            self.close_connection = True
        elif self.lie == "status":
            self.answer(500, b"")
        elif self.lie == "shed":
            self.answer(503, b"", [("Retry-After", "1")])
        elif self.lie == "json":
            self.answer(201, json.dumps({"len": len(body) + 1}).encode())
        elif self.lie == "framing":
            self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: 1\r\n"
                             b"Content-Length: 2\r\n\r\nxx")
        else:
            self.kept[self.path] = body
            self.answer(201, json.dumps({"len": len(body)}).encode(), [("ETag", '"x"')])

    def do_GET(self):
        body = self.kept.pop(self.path)
        if self.lie == "content":
            body = body[:-1] + bytes([body[-1] ^ 1])
        if self.lie == "length":
            body = body[:-1]
        self.answer(200, body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def liar(lie):
    handler = type("ThisLiar", (Liar,), {"lie": lie, "kept": {}})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def lied_to(url, *more, address="{path}"):
    return run_load(url, "--method", "PUT", "--path", "/{run}-{n}", "--body", "raw", "--size",
                    "2KiB", "--requests", 20, "--connections", 4, "--expect-json", "len={size}",
                    "--address", address, "--read-back", *more)


def test_an_honest_server_passes():
    with liar("") as url:
        code, told = lied_to(url)
    assert code == 0 and told["operations"][0]["good"] == 20


@pytest.mark.parametrize("lie", ["lost", "status", "shed", "json", "framing", "content", "length"])
def test_every_lie_is_counted_as_what_it_is(lie):
    with liar(lie) as url:
        code, told = lied_to(url)
    operation = told["operations"][0]
    assert code == 1 and operation["good"] == 0
    assert operation["failures"] == {lie: 20}


def test_a_wrong_etag_and_a_missing_address_are_counted():
    with liar("") as url:
        _, told = lied_to(url, "--etag", "content")
        assert told["operations"][0]["failures"] == {"etag": 20}
        _, told = lied_to(url, address="{location}")
        assert told["operations"][0]["failures"] == {"address": 20}


def test_nobody_there_is_a_failure_to_connect():
    with liar("") as url:
        pass
    code, told = run_load(url, "--path", "/", "--requests", 4, "--connections", 4)
    assert code == 1 and told["operations"][0]["failures"] == {"connect": 4}


def test_text_and_plot_are_written(tmp_path):
    plot = tmp_path / "plot.svg"
    with liar("") as url:
        done = subprocess.run(
            [LOAD, url, "--method", "PUT", "--path", "/{n}", "--body", "raw", "--requests", "50",
             "--svg", plot], check=True, capture_output=True, text=True, timeout=SECONDS_MAX)
    assert "p99.99" in done.stdout and "0 failed" in done.stdout
    assert plot.read_text().startswith("<svg ")


def test_a_wrong_command_line_ends_with_64():
    for arguments in ([], ["http://localhost:1", "--path", "/"],
                      ["http://127.0.0.1:1", "--path", "/{x}"]):
        done = subprocess.run([LOAD, *arguments], check=False, capture_output=True, text=True)
        assert done.returncode == 64 and done.stderr
