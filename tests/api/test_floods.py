"""Floods of clients that stall, stop reading or go away: what they held comes back.

Descriptors of sockets and of files under way, what is below the data directory, and memory. Nothing
here is timed: the server has as long as it needs, and good clients are served throughout.
"""

import asyncio
import re
import socket
import struct

import pytest

import wire
from harness import Server, eventually, file_part, form, picture_path
from payloads import KIB, MIB, jpeg

CONFIG = """
[timeouts]
idle = "1s"
head = "1s"
body_grace = "1s"
body_window = "1s"
send_grace = "1s"
send_window = "1s"
linger = "500ms"
[limits]
connections_max = 400
"""
SECONDS_MAX = 60  # until everything is given back, on a machine that is busy
CROWD = 300
CONNECTIONS_MAX = 400
UPLOADS = 60
GROWTH_BYTES_MAX = 16 * MIB
SHADOW_BYTES_MIN = 1 << 40  # of address space: the build has the address sanitizer


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("floods"), CONFIG).start()
    one.fds_of_nobody = one.fds()
    yield one
    one.discard()


@pytest.fixture
def asset(crowded):
    return crowded.client().new_asset()["id"]


def memory(server, name):
    with open(f"/proc/{server.pid}/status", encoding="ascii") as status:
        return int(re.search(rf"{name}:\s+(\d+) kB", status.read())[1]) * KIB


class Base:
    """What a server holds when nobody is there; `back` waits until that is all again."""

    def __init__(self, server):
        self.server = server
        self.is_idle()
        self.files = server.files()

    def is_idle(self):
        """Waits until those who came before are gone."""
        eventually(lambda: self.server.fds() == self.server.fds_of_nobody, SECONDS_MAX,
                   "no socket and no blob open")

    def back(self):
        self.is_idle()
        assert self.server.files() == self.files


def still_serves(server):
    with wire.Connection(server, SECONDS_MAX) as connection:
        answer = connection.send(wire.head("GET", "/__canary")).response()
    assert answer.status_code == 200


def connect_all(server, count, data):
    """Connections that have said `data`; a server that has closed one is no error."""
    connections = [wire.Connection(server, SECONDS_MAX) for _ in range(count)]
    for connection in connections:
        try:
            connection.send(data)
        except OSError:
            pass
    return connections


def close_all(connections):
    for connection in connections:
        connection.socket.close()


def upload_request(server, asset, size):
    body, _ = form([file_part(jpeg(size))], boundary="B")
    return wire.upload_head(asset, len(body), server.token()) + body


def stall_in_heads(server, _):
    return connect_all(server, CROWD, b"GET / HTTP/1.1\r\nHost: h\r\nX: ")


def stall_in_bodies(server, asset):
    return connect_all(server, UPLOADS, upload_request(server, asset, MIB)[:700 * KIB])


def preview_request(server, asset):
    return wire.head("GET", picture_path(asset) + "/preview", token=server.token())


def slow_readers(server, asset, count):
    """Connections that have asked for a content and read nothing of it."""
    request = preview_request(server, asset)
    connections = [wire.Connection(server, SECONDS_MAX, receive_bytes=4096) for _ in range(count)]
    for connection in connections:
        connection.send(request)
    return connections


def stall_while_reading(server, asset):
    client = server.client()
    assert client.upload(asset, jpeg(8 * MIB)).status_code in (201, 409)  # 409: it has it already
    client.session.close()
    return slow_readers(server, asset, UPLOADS)


def say_nothing(server, _):
    return connect_all(server, CROWD, b"")


FLOODS = [stall_in_heads, stall_in_bodies, stall_while_reading, say_nothing]


@pytest.mark.parametrize("flood", FLOODS, ids=lambda flood: flood.__name__)
def test_all_that_a_flood_held_comes_back(crowded, asset, flood):
    close_all(flood(crowded, asset))  # what it stores is there from now on
    base = Base(crowded)
    connections = flood(crowded, asset)
    still_serves(crowded)
    base.back()  # by the server's own doing: the clients are still there
    close_all(connections)
    still_serves(crowded)


def test_a_flood_of_resets_leaves_nothing(crowded, asset):
    base = Base(crowded)
    for flood in (stall_in_heads, stall_in_bodies):
        for connection in flood(crowded, asset):
            connection.reset()
    base.back()
    still_serves(crowded)


def test_connections_beyond_the_limit_take_nothing_from_those_within(crowded):
    base = Base(crowded)
    connections = connect_all(crowded, CONNECTIONS_MAX + 200, b"GET / HTTP/1.1\r\nHost: ")
    within = len(crowded.fds_of_nobody) + CONNECTIONS_MAX
    eventually(lambda: len(crowded.fds()) <= within, SECONDS_MAX, "the others are closed")
    close_all(connections)
    base.back()
    still_serves(crowded)


def test_memory_does_not_grow_with_floods(crowded, asset):
    assert crowded.client().upload(asset, jpeg(8 * MIB)).status_code == 201

    def round_of_floods():
        base = Base(crowded)
        for flood in FLOODS:
            close_all(flood(crowded, asset))
        base.back()

    round_of_floods()  # buffers that are made once
    if memory(crowded, "VmSize") > SHADOW_BYTES_MIN:
        pytest.skip("the address sanitizer keeps freed memory")
    before = memory(crowded, "VmRSS")
    for _ in range(3):
        round_of_floods()
    assert memory(crowded, "VmRSS") - before < GROWTH_BYTES_MAX


# ---- going away at every byte ----
async def leave(port, data, how):
    """Sends `data` and is gone: by a reset, or by a close that reads no answer."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    await writer.drain()
    if how == "reset":
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                                   struct.pack("ii", 1, 0))
        writer.transport.abort()
    writer.close()


async def leave_at_all(port, pieces, how):
    gate = asyncio.Semaphore(64)

    async def one(data):
        async with gate:
            await leave(port, data, how)

    await asyncio.gather(*[one(data) for data in pieces])


@pytest.mark.parametrize("how", ["reset", "close"])
@pytest.mark.parametrize("size, step", [(64, 1), (700 * KIB, 9973)], ids=["small", "large"])
def test_a_client_that_leaves_at_any_byte_of_an_upload_leaves_nothing(crowded, asset, size, step,
                                                                    how):
    request = upload_request(crowded, asset, size)
    base = Base(crowded)
    places = range(1, len(request), step)
    assert len(places) >= 70
    asyncio.run(leave_at_all(crowded.port, [request[:place] for place in places], how))
    base.back()
    assert crowded.client().get(picture_path(asset)).status_code == 404
    with wire.Connection(crowded, SECONDS_MAX) as connection:
        assert connection.send(request).response().status_code == 201
    assert crowded.client().preview(asset).content == jpeg(size)


def test_the_store_is_sound_after_all_of_it(crowded):
    crowded.stop()
    proof = crowded.check("--deep")
    assert proof.returncode == 0, proof.stdout + proof.stderr
    crowded.start()


@pytest.mark.parametrize("opening", ["head", "body", "pipelined"])
def test_slow_requests_leave_the_head_buffers_to_others(make_server, opening):
    """Many more of them than there are buffers; none is cut off before the others are served."""
    server = make_server("""
[server]
cores = 1
[limits]
head_buffers_per_core = 16
[timeouts]
head = "300s"
body_grace = "300s"
""")
    client = server.client()
    asset = client.new_asset()["id"]
    whole = upload_request(server, asset, 5000)
    part = {"head": b"GET / HTTP/1.1\r\nHost: ", "body": whole[:-1],
            "pipelined": wire.head("GET", "/__canary") + b"GET / HT"}[opening]
    slow = connect_all(server, 100, part)
    for _ in range(50):
        still_serves(server)
    assert client.upload(asset, jpeg(5000)).status_code == 201
    if opening == "head":  # and those who end their head are served, too
        for connection in slow:
            connection.send(b"h\r\n\r\n")
            assert connection.response().status_code == 200
    close_all(slow)


FEW_CHUNKS = """
[server]
cores = 1
[limits]
chunks_per_core = 8
[timeouts]
send_grace = "300s"
send_window = "300s"
[downloads]
cache_bytes = """


def test_slow_readers_of_large_contents_leave_small_ones_to_others(make_server):
    """They hold every chunk there is, and more of them wait; small contents need none."""
    server = make_server(FEW_CHUNKS + "0")
    client = server.client()
    small, large = (client.new_asset()["id"] for _ in range(2))
    assert client.upload(small, jpeg(5 * KIB)).status_code == 201
    assert client.upload(large, jpeg(8 * MIB)).status_code == 201
    slow = slow_readers(server, large, 20)
    for connection in slow[:2]:
        connection.socket.recv(1)
    with wire.Connection(server, SECONDS_MAX) as connection:
        answer = connection.send(preview_request(server, small)).response()
    assert answer.content == jpeg(5 * KIB)
    close_all(slow)


@pytest.mark.parametrize("cache_bytes", ["0", '"256MiB"'], ids=["from chunks", "by reference"])
def test_slow_readers_of_large_contents_leave_large_ones_to_others(make_server, cache_bytes):
    """They hold every chunk there is until others come, and get all they asked for in the end.

    Each has a content of its own, which was read before: so that the cache takes it in now, and it
    is sent by reference while it is read.
    """
    server = make_server(FEW_CHUNKS + cache_bytes)
    client = server.client()
    assets = [client.new_asset()["id"] for _ in range(12)]
    contents = [jpeg(8 * MIB, str(number)) for number in range(len(assets))]
    for asset, content in zip(assets[:-1], contents):
        assert client.upload(asset, content).status_code == 201
        assert client.preview(asset).content == content
    slow = [one for asset in assets[:-2] for one in slow_readers(server, asset, 1)]
    slow[0].socket.recv(1, socket.MSG_PEEK)
    with wire.Connection(server, SECONDS_MAX) as connection:
        answer = connection.send(preview_request(server, assets[-2])).response()
    assert answer.content == contents[-2]
    assert client.upload(assets[-1], contents[-1]).status_code == 201
    for connection, content in zip(slow, contents):
        assert connection.response().content == content
    assert server.metric("mooring_blob_read_pauses_total") > 0
    close_all(slow)
