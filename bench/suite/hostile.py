"""The scenario of hostile clients: what a good one feels of thousands that are slow."""

import errno
import resource
import socket
import threading
import time

import downloads
import load
import machine
from servers import Mooring
from table import markdown, ratio, spread
from uploads import notes

KIB = 1 << 10
SLOW_CONNECTIONS = 2000
GOOD_CONNECTIONS = 8
BEAT_SECONDS = 1.0
LARGE = 4 << 20


class SlowClients:
    """Connections that say a byte a second, of a head or of a body, or read one of a large answer.

    The server ends them by its timeouts; each is made anew then, so that there are always as many.
    """

    def __init__(self, server, count, path):
        self.port, self.over = int(server.url.rsplit(":", 1)[1]), threading.Event()
        fields = "".join(f"{name}: {value}\r\n" for name, value in server.headers.items())
        head = b"GET / HTTP/1.1\r\nHost: h\r\nX: "
        body = (f"POST /api/v1/partner/asset/upload/public?filename=f.bin HTTP/1.1\r\nHost: h\r\n"
                f"{fields}Content-Length: 1000000\r\n\r\n").encode()
        read = f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode()
        self.openings = [(head, read, body)[number % 3] for number in range(count)]
        self.sockets, self.made = [None] * count, 0
        self.thread = threading.Thread(target=self.run, daemon=True)

    def open(self, number):
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect(("127.0.0.1", self.port))
        one.setblocking(False)
        one.send(self.openings[number])
        self.sockets[number], self.made = one, self.made + 1

    def beat(self, number):
        """Another byte; whether the server still listens."""
        one, opening = self.sockets[number], self.openings[number]
        try:
            if opening.startswith(b"POST") or opening.endswith(b"X: "):
                one.send(b"a")
            return bool(one.recv(1))
        except BlockingIOError:
            return True
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.ECONNRESET):
                raise
            return False

    def run(self):
        while not self.over.is_set():
            began = time.monotonic()
            for number in range(len(self.sockets)):
                if not self.beat(number):
                    self.sockets[number].close()
                    self.open(number)
            self.over.wait(max(0.0, BEAT_SECONDS - (time.monotonic() - began)))

    def __enter__(self):
        for number in range(len(self.sockets)):
            self.open(number)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        for one in self.sockets:
            one.close()


def stored_path(server):
    """The path of a large file that anyone may read."""
    return downloads.addresses_in(server, LARGE, 1)[0]


def hostile(bench):
    """The p99 of a good client's uploads and downloads, alone and beside slow connections."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    rows, reconnects = [], []
    with bench.turn(), Mooring(bench.folder) as server:
        large = stored_path(server)
        server.ids = downloads.addresses_in(server, 4 * KIB, 500)
        for name, operation in (("upload", server.upload(4 * KIB)),
                                ("download", downloads.get(4 * KIB))):
            alone, beside = [], []
            for _ in range(bench.runs):
                group = load.closed(operation, GOOD_CONNECTIONS)
                alone.append(load.run(server, group, seconds=bench.seconds, warmup="300ms"))
                machine.settle()
                with SlowClients(server, SLOW_CONNECTIONS, large) as slow:
                    beside.append(load.run(server, group, seconds=bench.seconds, warmup="1s"))
                    reconnects.append(slow.made - SLOW_CONNECTIONS)
            quiet = [run.latency_ms("p99") for run in alone]
            loud = [run.latency_ms("p99") for run in beside]
            rows.append([f"{name}, 4 KiB", spread(quiet, "{:,.2f}", "ms"),
                         spread(loud, "{:,.2f}", "ms"), f"**{ratio(loud, quiet):.2f}**",
                         spread([run.rate() for run in alone]),
                         spread([run.rate() for run in beside])])
            bench.say(" | ".join(rows[-1]))
    return [*notes(Mooring), f"* a good client: {GOOD_CONNECTIONS} connections; beside it "
            f"{SLOW_CONNECTIONS:,} slow ones, a third each in a head, in a body and reading: one "
            f"byte a second each, made anew when the server ends them ({max(reconnects)} times in "
            "a run at most); they share CPU 1 with the load",
            "", *markdown(["operation", "p99 alone", "p99 beside", "ratio", "rate alone",
                           "rate beside"], rows)]
