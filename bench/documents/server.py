"""The server under measurement, and a client that costs little: a socket, a request at a time."""

import json
import multiprocessing
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
BINARY = os.environ.get("MOORING_BINARY", str(ROOT / "build" / "release" / "mooring"))
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
        target = "/v1/documents?" + urlencode(question.parameters())
        status, body, took = self.exchange("GET", target)
        if status != 200:
            raise SystemExit(f"{status} for {target}: {body[:300]}")
        page = json.loads(body)
        return page["meta"]["totalItems"], [one["id"] for one in page["data"]], took

    def close(self):
        self.socket.close()


class Writers:
    """Uploads of small documents at a steady rate, by a process of their own."""

    CONNECTIONS = 16

    def __init__(self, server, token, assets, per_second):
        self.stopping = multiprocessing.Event()
        self.written = multiprocessing.Value("L", 0)
        self.process = multiprocessing.Process(
            target=self._run, args=(server.port, token, assets, per_second), daemon=True)
        self.began = time.monotonic()
        self.process.start()

    def _run(self, port, token, assets, per_second):
        threads = [threading.Thread(target=self._write, args=(port, token, assets, number,
                                                              self.CONNECTIONS / per_second))
                   for number in range(self.CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _write(self, port, token, assets, number, pause):
        try:
            self._upload(port, token, assets, number, pause)
        except ConnectionError:  # killed while we write
            return

    def _upload(self, port, token, assets, number, pause):
        connection = Connection(port, token)
        due = time.monotonic()
        count = 0
        while not self.stopping.is_set():
            content = b"%d of connection %d at %d" % (count, number, time.time_ns())
            query = urlencode({"displayname": f"Written {number} {count}", "categoryId": "K01",
                               "organizationId": ORGANIZATION, "filename": "w.txt"})
            asset = assets[(count * 31 + number * 17) % len(assets)]
            status, body, _ = connection.exchange(
                "PUT", f"/v1/documents/assets/{asset}?{query}", content,
                b"Content-Type: text/plain\r\n")
            if status not in (201, 503):  # 503: the index is behind, and says so
                raise SystemExit(f"{status} for an upload: {body[:300]}")
            count += 1
            if status == 201:
                with self.written.get_lock():
                    self.written.value += 1
            due += pause
            time.sleep(max(0, due - time.monotonic()))

    def rate(self):
        """How many documents a second there were until now."""
        return self.written.value / (time.monotonic() - self.began)

    def stop(self):
        self.stopping.set()
        self.process.join()


def load(data, lines):
    """What `mooring import` says about its work."""
    done = subprocess.run([BINARY, "import", "--data", str(data), "--organization", ORGANIZATION,
                           str(lines)], check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()
