"""The two servers side by side, and how one of them takes a request."""

import asyncio
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "api"))
from harness import Server  # noqa: E402

START_SECONDS_MAX = 20
ANSWER_SECONDS_MAX = 20

# A proxy that reads a request to its end before it is passed on; what stands behind says 200, and
# to the canary what the canary says. Its limits are as wide as ours, its methods the same.
NGINX_CONFIG = """
daemon off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/error.log crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy;
  fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
  client_max_body_size 0; large_client_header_buffers 8 32k; lingering_timeout 1s;
  server {{
    listen 127.0.0.1:{port};
    if ($request_method !~ "^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$") {{ return 501; }}
    location / {{ proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1;
      proxy_ignore_client_abort on; }}
  }}
  server {{
    listen 127.0.0.1:{behind};
    location = /__canary {{ return 200 canary; }}
    location / {{ return 200 taken; }}
  }}
}}
"""
# 4xx and 5xx that say something about the resource, not about the message.
ABOUT_THE_RESOURCE = (401, 403, 404, 405, 416)


def free_ports(count):
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class Nginx:
    """As a context; `port` answers, to the canary with `canary`."""

    canary = b"canary"

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="mooring-differential-"))
        self.port, behind = free_ports(2)
        (self.folder / "nginx.conf").write_text(
            NGINX_CONFIG.format(dir=self.folder, port=self.port, behind=behind))
        self.process = subprocess.Popen(["nginx", "-c", self.folder / "nginx.conf"],
                                        stderr=(self.folder / "stderr").open("wb"))
        deadline = time.monotonic() + START_SECONDS_MAX
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise RuntimeError((self.folder / "stderr").read_text()) from None
                time.sleep(0.02)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class Mooring:
    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="mooring-differential-"))
        self.server = Server(self.folder / "server").start()
        self.port = self.server.port
        self.canary = asyncio.run(ask(self.port, CANARY))[0][1]
        return self

    def __exit__(self, *_):
        self.server.discard()
        shutil.rmtree(self.folder, ignore_errors=True)


STATUS = re.compile(rb"HTTP/1\.[01] (\d\d\d)[ \r]")
CANARY = b"GET /__canary HTTP/1.1\r\nHost: h\r\n\r\n"


def answers_of(received):
    """[(status, body)] of whole answers, one after the other, 1xx left out."""
    found = []
    while line := STATUS.match(received):
        end = received.find(b"\r\n\r\n")
        if end < 0:
            break
        status, place = int(line[1]), end + 4
        fields = received[line.end():end].lower()
        length = re.search(rb"content-length: *(\d+)", fields)
        if length and status not in (204, 304):
            place += int(length[1])
        if b"transfer-encoding: chunked" in fields:
            place = received.find(b"0\r\n\r\n", end) + 5
        if status >= 200:
            found.append((status, received[end + 4:place]))
        received = received[place:]
    return found


async def ask(port, data):
    """The answers to `data`, to the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received = b""
    try:
        writer.write(data)
        writer.write_eof()
        while chunk := await asyncio.wait_for(reader.read(1 << 16), ANSWER_SECONDS_MAX):
            received += chunk
    except ConnectionError:
        pass  # it has said what it had to say
    finally:
        writer.transport.abort()
    return answers_of(received)


async def outcome(peer, data):
    """(messages taken, whether the canary behind `data` was answered)."""
    answers = await ask(peer.port, data + CANARY)
    is_canary = [body == peer.canary for _, body in answers]
    taken = sum(status < 400 or status in ABOUT_THE_RESOURCE
                for (status, _), canary in zip(answers, is_canary) if not canary)
    return taken, any(is_canary)
