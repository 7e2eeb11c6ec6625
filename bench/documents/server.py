"""The server under measurement, and a client that costs little: a socket, a request at a time."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("MOORING_BINARY", str(ROOT / "build" / "release" / "mooring"))
LOAD = ROOT / "build" / "release" / "bench" / "load" / "mooring-load"
ORGANIZATION = "bench"


class Server:
    """One core; everything else as shipped."""

    def __init__(self, data):
        self.data = str(data)
        began = time.monotonic()
        self.process = subprocess.Popen(
            [BINARY, "serve", "--data", self.data, "--listen", "127.0.0.1:0", "--cores", "1",
             "--log-level", "warning"], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.start_seconds = time.monotonic() - began
        ready = re.search(r"127\.0\.0\.1:(\d+)", line)
        if not ready:
            raise SystemExit(f"the server did not start: {line!r}")
        self.port = int(ready[1])

    def token(self):
        done = subprocess.run([BINARY, "token", "--data", self.data, "--subject", "bench",
                               "--organization", ORGANIZATION, "--role", "admin", "--ttl", "24h"],
                              check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def resident_bytes(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(60)
        self.process.stdout.close()


class Connection:
    def __init__(self, port, token):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.fields = f" HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n".encode()

    def _receive(self):
        received = self.socket.recv(262_144)
        if not received:
            raise ConnectionResetError("the server is gone")
        return received

    def exchange(self, method, target, body=b"", more=b""):
        """(status, body, seconds from the first byte sent to the last received)."""
        head = method.encode() + b" " + target.encode() + self.fields + more
        if method not in ("GET", "DELETE"):
            head += b"Content-Length: %d\r\n" % len(body)
        request = head + b"\r\n" + body
        began = time.perf_counter()
        self.socket.sendall(request)
        answer = self._receive()
        split = answer.find(b"\r\n\r\n")
        while split < 0:
            answer += self._receive()
            split = answer.find(b"\r\n\r\n")
        found = re.search(rb"(?i)content-length: (\d+)", answer[:split])
        total = split + 4 + (int(found[1]) if found else 0)
        while len(answer) < total:
            answer += self._receive()
        took = time.perf_counter() - began
        return int(answer[9:12]), answer[split + 4:], took

    def ask(self, question):
        """(total, ids of the page, seconds)."""
        target = "/v1/documents?" + urlencode(question.parameters(), safe=",")
        status, body, took = self.exchange("GET", target)
        if status != 200:
            raise SystemExit(f"{status} for {target}: {body[:300]}")
        page = json.loads(body)
        return page["meta"]["totalItems"], [one["id"] for one in page["data"]], took

    def close(self):
        self.socket.close()


class Writers:
    """Uploads of small documents at a steady rate, by the load generator."""

    CONNECTIONS = 16

    def __init__(self, server, token, assets, per_second, directory):
        names = Path(directory) / "assets"
        names.write_text("\n".join(assets) + "\n")
        query = "displayname=Written-{n}&categoryId=K01&filename=w.txt"
        self.process = subprocess.Popen(
            [LOAD, f"http://127.0.0.1:{server.port}", "--method", "PUT", "--ids", names, "--path",
             f"/v1/documents/assets/{{id}}?{query}&organizationId={ORGANIZATION}", "--body", "raw",
             "--content-type", "text/plain", "--size", "64", "--rate", str(per_second),
             "--connections", str(self.CONNECTIONS), "--duration", "1h", "--header",
             f"Authorization: Bearer {token}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        self.process.kill()
        self.process.wait()


def load(data, lines):
    """What `mooring import` says about its work."""
    done = subprocess.run([BINARY, "import", "--data", str(data), "--organization", ORGANIZATION,
                           str(lines)], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()
