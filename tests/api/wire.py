"""HTTP at the level of bytes: what to send is said exactly, what comes back is parsed strictly."""

import json
import re
import socket
import struct
import time

from requests.structures import CaseInsensitiveDict

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) [ -~]*\r\n")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*\r\n")


class Response:
    def __init__(self, status, fields, content):
        self.status_code = status
        self.fields = fields
        self.headers = CaseInsensitiveDict(fields)
        self.content = content

    def __repr__(self):
        return f"<{self.status_code} {self.content[:80]!r}>"

    def json(self):
        return json.loads(self.content)

    @property
    def closes(self):
        return self.headers.get("Connection", "").lower() == "close"


def parse_one(data, head_only=False):
    """(Response, bytes used), or None if `data` does not hold a whole response yet."""
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    line = STATUS_LINE.match(data)
    assert line, f"no status line: {data[:80]!r}"
    status, place, fields = int(line[1]), line.end(), []
    while place < end + 2:
        field = FIELD.match(data, place)
        assert field, f"bad field: {data[place:place + 80]!r}"
        fields.append((field[1].decode(), field[2].decode("latin-1")))
        place = field.end()
    place = end + 4
    headers = {name.lower(): value for name, value in fields}
    assert len(headers) == len(fields), f"a field twice: {fields}"
    if head_only or status in (204, 304) or status < 200:
        assert status >= 200 or "content-length" not in headers
        return Response(status, fields, b""), place
    length = int(headers["content-length"])  # every answer of ours says how long it is
    assert "transfer-encoding" not in headers
    if len(data) < place + length:
        return None
    return Response(status, fields, data[place:place + length]), place + length


def parse_all(data, head_only=False):
    """Every whole response in `data`, and what is left over."""
    responses = []
    while data:
        parsed = parse_one(data, head_only)
        if parsed is None:
            break
        responses.append(parsed[0])
        data = data[parsed[1]:]
    return responses, data


def exchange(server, data, seconds=20):
    """The answer to `data`, also if the server answers and closes before it has read all of it."""
    with Connection(server, seconds) as connection:
        try:
            connection.send(data)
        except OSError:
            pass  # it has heard enough
        return connection.response()


class Connection:
    """One socket; closed on leaving the with block."""

    def __init__(self, server, seconds=10, receive_bytes=None, address=None):
        self.socket = socket.socket()
        if address:
            self.socket.bind((address, 0))
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.settimeout(seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect(("127.0.0.1", server.port))
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def half_close(self):
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def reset(self):
        """Closes with RST, as a client that crashed."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def response(self, head_only=False):
        """The next response, 1xx included."""
        while True:
            parsed = parse_one(self.received, head_only)
            if parsed:
                self.received = self.received[parsed[1]:]
                return parsed[0]
            chunk = self.socket.recv(1 << 16)
            assert chunk, f"closed after {self.received[:200]!r}"
            self.received += chunk

    def until_closed(self):
        """All bytes up to the end of the connection; a reset counts as an end."""
        try:
            while chunk := self.socket.recv(1 << 16):
                self.received += chunk
        except ConnectionResetError:
            pass
        return self.received

    def seconds_until_closed(self):
        started = time.monotonic()
        self.until_closed()
        return time.monotonic() - started


def head(method, path, fields=(), token=None):
    lines = [f"{method} {path} HTTP/1.1", "Host: h"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    lines += [f"{name}: {value}" for name, value in fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def upload_head(asset_id, length, token, organization="org-a", more=(), boundary="B"):
    """The head of a picture upload that announces `length` bytes (None: chunked)."""
    framing = ("Transfer-Encoding", "chunked") if length is None else ("Content-Length", length)
    return head("POST", f"/api/storage/v1/pictures/asset/{asset_id}/{organization}",
                [framing, ("Content-Type", f"multipart/form-data; boundary={boundary}"), *more],
                token)


def chunked(data, size):
    """`data` in chunks of `size` bytes, with the last one."""
    pieces = []
    for place in range(0, len(data), size):
        piece = data[place:place + size]
        pieces += [b"%x\r\n" % len(piece), piece, b"\r\n"]
    return b"".join(pieces) + b"0\r\n\r\n"
