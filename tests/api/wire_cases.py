"""The cases of tests/data/wire-cases.json, and how one is played: bytes, cuts, what came back."""

import asyncio
import json

import wire
from harness import DATA

CASES = json.loads((DATA / "wire-cases.json").read_text())
CANARY = b"GET /__canary HTTP/1.1\r\nHost: h\r\n\r\n"
SECONDS_MAX = 15
AT_ONCE = 96
SPLIT_BYTES_MAX = 300
SINGLE_BYTES_MAX = 2000
PAUSE_SECONDS = 0.003


def bytes_of(segments):
    return b"".join((part[0] * part[1] if isinstance(part, list) else part).encode("latin-1")
                    for part in segments)


def variants(data):
    """(name, pieces): how to cut `data`."""
    yield "whole", [data]
    if len(data) <= SINGLE_BYTES_MAX:
        yield "byte by byte", [data[i:i + 1] for i in range(len(data))]
    else:
        yield "997 by 997", [data[i:i + 997] for i in range(0, len(data), 997)]
    if len(data) <= SPLIT_BYTES_MAX:
        for place in range(1, len(data)):
            yield f"split at {place}", [data[:place], data[place:]]


async def play(port, pieces, canary_body=None, half_close=False, answers=None):
    """Sends `pieces`, a moment apart, and reads until the canary's answer, `answers` responses or
    the end of the connection. Returns (final responses, whether the canary was answered)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    received, found = b"", []

    async def send():
        try:
            for i, piece in enumerate(pieces):
                if i and len(pieces) <= 3:
                    await asyncio.sleep(PAUSE_SECONDS)
                writer.write(piece)
                await writer.drain()
                if len(pieces) > 3:
                    await asyncio.sleep(0)
            if half_close:
                writer.write_eof()
        except OSError:
            pass  # the server has said what it had to say and closed

    sender = asyncio.ensure_future(send())
    try:
        while True:
            responses, received = wire.parse_all(received)
            found += [response for response in responses if response.status_code >= 200]
            if canary_body and found and found[-1].content == canary_body:
                return found[:-1], True
            if answers and len(found) >= answers:
                return found, False
            try:
                chunk = await reader.read(1 << 16)
            except OSError:
                chunk = b""
            if not chunk:
                assert not received, f"cut off inside a response: {received[:200]!r}"
                return found, False
            received += chunk
    finally:
        sender.cancel()
        writer.transport.abort()


async def play_all(jobs, judge):
    """Runs coroutine functions AT_ONCE at a time; returns what `judge` finds wrong."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(name, job):
        async with gate:
            try:
                outcome = await asyncio.wait_for(job(), SECONDS_MAX)
            except asyncio.TimeoutError:
                return f"{name}: still open after {SECONDS_MAX} s"
            except AssertionError as error:
                return f"{name}: {error}"
        wrong = judge(outcome)
        return f"{name}: {wrong}" if wrong else None

    return [wrong for wrong in await asyncio.gather(*[one(*job) for job in jobs]) if wrong]
