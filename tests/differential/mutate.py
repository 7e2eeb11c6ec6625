"""Requests that are nearly right: a few sound ones, and small changes that break parsers."""

BASES = [
    b"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /a/b?c=d HTTP/1.1\r\nHost: h:80\r\nAccept: */*\r\nRange: bytes=0-1\r\n\r\n",
    b"GET http://h/a HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\n\r\n",
    b"POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /e HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\n"
    b"hello\r\nworld",
    b"POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"POST /e HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n"
    b"5;a=b\r\nhello\r\n10;c\r\n0123456789abcdef\r\n0\r\nX: y\r\n\r\n",
    b"POST /e HTTP/1.0\r\nHost: h\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nab",
    b"POST /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
]
BYTES = [bytes([value]) for value in b"\r\n \t\0:;,=\"\\%-/+.\x7f\x80\xff0159aFxX"]
PIECES = [
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"Content-Length: 5\r\n", b"Content-Length: 0\r\n",
    b"Content-Length: +5\r\n", b"Content-Length: 5, 5\r\n", b"content-length:5\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: identity\r\n",
    b"Transfer-Encoding: chunked, chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n", b"Transfer-Encoding : chunked\r\n", b"Host: other\r\n",
    b"Host:\r\n", b"X: y\r\n z\r\n", b"X_Y: z\r\n", b"X\r\n", b": y\r\n", b"HTTP/1.0", b"HTTP/1.1",
    b"HTTP/2.0", b"0\r\n\r\n", b"ffffffffffffffff\r\n", b"0x5\r\n", b"00000005\r\n", b"5 \r\n",
]


def change(request, rng):
    """One small change of a kind that has broken parsers."""
    place = rng.randrange(len(request) + 1)
    kind = rng.randrange(7)
    if kind == 0:
        return request[:place] + rng.choice(BYTES) + request[place + 1:]
    if kind == 1:
        return request[:place] + rng.choice(BYTES) * rng.randint(1, 3) + request[place:]
    if kind == 2:
        return request[:place] + request[place + rng.randint(1, 4):]
    if kind == 3:
        other = rng.choice(BASES)
        start = rng.randrange(len(other))
        return request[:place] + other[start:start + rng.randint(1, 24)] + request[place:]
    lines = (request + b"\r\n").split(b"\r\n")
    place = rng.randrange(1, len(lines))
    if kind == 4:
        lines.insert(place, lines[rng.randrange(len(lines))])
        return b"\r\n".join(lines)
    if kind == 5:
        return b"\r\n".join(lines[:place] + lines[place + 1:])
    head = b"\r\n".join(lines[:place]) + b"\r\n"
    return head + rng.choice(PIECES) + b"\r\n".join(lines[place:])


def mutated(rng):
    request = rng.choice(BASES)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        request = change(request, rng)
    return request
