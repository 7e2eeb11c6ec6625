"""Contents that are sent from memory after they were verified: the same answers, never a lie."""

import itertools
import time

import pytest

import wire
from harness import eventually
from partner import BASE, Partner
from payloads import KIB, MIB, noise

# By a copy, by reference from pages of a file, and from huge pages.
SIZES = (1, 5000, 64 * KIB, 700_000, MIB, 3 * MIB + 17, 17 * MIB + 5)
CONFIG = """
[timeouts]
send_grace = "1s"
send_window = "1s"
[data]
collect_gather = "0s"
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    from harness import Server
    one = Server(tmp_path_factory.mktemp("cached"), CONFIG).start()
    yield one
    one.discard()


@pytest.fixture(scope="module")
def partner(server):
    return Partner(server, "cached")


SEEDS = itertools.count()


def fresh(size):
    """A content that no other test stores."""
    return noise(size, f"cached {next(SEEDS)}")


def numbers(server):
    """The metrics of the cache by their names' ends."""
    page = server.anonymous().get("/metrics").text
    start = "mooring_download_cache_"
    return {name[len(start):]: float(value) for name, value in
            (line.rsplit(" ", 1) for line in page.splitlines() if line.startswith(start))}


def hits(server):
    return numbers(server)['lookups_total{found="memory"}']


def cached(partner, server, content):
    """The key of an asset whose content is in the cache: it enters with the second answer."""
    key = partner.new(content)["key"]
    assert partner.asset(key).content == partner.asset(key).content == content
    before = hits(server)
    assert partner.asset(key).content == content
    assert hits(server) == before + 1
    return key


def get(key, fields=()):
    return wire.head("GET", f"{BASE}/{key}", fields)


@pytest.mark.parametrize("size", SIZES)
def test_the_third_answer_is_the_first_one(partner, server, size):
    content = fresh(size)
    key = partner.new(content)["key"]
    before = hits(server)
    first, second = partner.asset(key), partner.asset(key)
    assert hits(server) == before
    third = partner.asset(key)
    assert hits(server) == before + 1
    assert first.content == second.content == third.content == content
    unlike = {name for name in first.headers if first.headers[name] != third.headers[name]}
    assert unlike <= {"Date"}


@pytest.mark.parametrize("size", SIZES[1:])
def test_x10_ranges_conditions_and_heads_of_what_is_in_the_cache(partner, server, size):
    content = fresh(size)
    key = cached(partner, server, content)
    for first, last in ((0, 0), (0, size - 1), (1, size - 1), (4095, 4096), (size - 1, size - 1)):
        part = partner.asset(key, headers={"Range": f"bytes={first}-{last}"})
        assert part.status_code == 206
        assert part.content == content[first:last + 1]
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
    assert partner.asset(key, headers={"Range": f"bytes={size}-"}).status_code == 416
    etag = partner.asset(key).headers["ETag"]
    assert partner.asset(key, headers={"If-None-Match": etag}).status_code == 304
    assert partner.asset(key, headers={"If-Match": '"other"'}).status_code == 412
    told = partner.head(f"{BASE}/{key}")
    assert told.headers["Content-Length"] == str(size) and not told.content


def test_answers_to_pipelined_requests_come_whole_and_in_order(partner, server):
    contents = [fresh(size) for size in (5000, 3 * MIB, 70_000, 1)]
    keys = [cached(partner, server, content) for content in contents]
    with wire.Connection(server) as connection:
        connection.send(b"".join(get(key) for key in keys * 3))
        for content in contents * 3:
            assert connection.response().content == content


@pytest.mark.parametrize("size", [3 * MIB, 20 * MIB])
def test_a_reader_that_is_slow_gets_all_of_it(partner, server, size):
    content = fresh(size)
    key = cached(partner, server, content)
    with wire.Connection(server, receive_bytes=4096) as connection:
        connection.send(get(key))
        for _ in range(25):  # longer than grace and window together
            connection.received += connection.socket.recv(16 * KIB)
            time.sleep(0.1)  # the slowness is what is tested
        assert connection.response().content == content


def test_t4_a_reader_that_stops_is_cut_off(partner, server):
    key = cached(partner, server, fresh(20 * MIB))
    partner.session.close()
    before = eventually(lambda: server.fds(), what="descriptors")
    with wire.Connection(server, receive_bytes=4096) as connection:
        connection.send(get(key))
        connection.socket.recv(1)
        eventually(lambda: len(server.fds()) <= len(before), 6, "the connection is given up")


@pytest.mark.parametrize("size", [3 * MIB, 20 * MIB])
def test_readers_that_go_away_leave_nothing_behind(partner, server, size):
    content = fresh(size)
    key = cached(partner, server, content)
    for _ in range(5):
        with wire.Connection(server, receive_bytes=4096) as connection:
            connection.send(get(key))
            connection.socket.recv(1)
            connection.reset()
    assert partner.asset(key).content == content


@pytest.mark.parametrize("size", SIZES[1:])
def test_what_is_deleted_leaves_the_cache(partner, server, size):
    key = cached(partner, server, fresh(size))
    before = numbers(server)
    assert partner.delete(f"{BASE}/{key}").status_code == 200
    assert partner.asset(key).status_code == 404
    eventually(lambda: numbers(server)["contents"] == before["contents"] - 1, what="the collection")
    assert size > MIB or numbers(server)["bytes"] < before["bytes"]


def damage(server, content):
    """Flips a bit in the middle of `content`, in the file where it lies, in place."""
    for folder in ("blobs", "segments"):
        for path in (server.data / folder).rglob("*"):
            place = path.read_bytes().find(content[:64]) if path.is_file() else -1
            if place >= 0:
                with open(path, "r+b") as file:
                    file.seek(place + len(content) // 2)
                    file.write(bytes([content[len(content) // 2] ^ 1]))
                return
    raise AssertionError("the content is nowhere")


def assert_never_sent(server, key, content):
    """Status 500, or an answer that ends before its length."""
    with wire.Connection(server) as connection:
        received = connection.send(get(key, [("Connection", "close")])).until_closed()
    status = int(received[9:12])
    assert status == 500 if len(content) <= MIB else status in (200, 500)
    assert status == 500 or len(received) < len(content)


@pytest.mark.parametrize("size", [5000, 700_000, 3 * MIB, 17 * MIB])
def test_v7_damage_on_the_disk_is_not_sent_while_the_content_is_in_memory(make_server, size):
    server = make_server("[scrub]\nrate = 0\n")
    partner, content = Partner(server, "c"), fresh(size)
    key = cached(partner, server, content)
    damage(server, content)
    assert partner.asset(key).content == content
    half = partner.asset(key, headers={"Range": f"bytes={size // 2}-"})
    assert half.content == content[size // 2:]
    server.restart()  # what was in memory is gone
    assert_never_sent(server, key, content)
    assert_never_sent(server, key, content)
    assert numbers(server)["contents"] == 0


def test_nothing_is_copied_where_the_operator_says_so(make_server):
    one = make_server("[downloads]\ncopied_bytes_max = 0\n")
    partner, content = Partner(one, "c"), fresh(5000)
    key = cached(partner, one, content)
    assert partner.asset(key).content == content


@pytest.mark.parametrize("size", [5000, 700_000, 3 * MIB])
def test_v7_without_a_cache_every_answer_is_verified(make_server, size):
    server = make_server("[downloads]\ncache_bytes = 0\n[scrub]\nrate = 0\n")
    partner, content = Partner(server, "c"), fresh(size)
    key = partner.new(content)["key"]
    assert partner.asset(key).content == partner.asset(key).content == content
    assert numbers(server)["bytes"] == numbers(server)["bytes_max"] == hits(server) == 0
    damage(server, content)
    assert_never_sent(server, key, content)


def test_more_than_the_cache_holds_is_answered_all_the_same(make_server):
    one = make_server('[downloads]\ncache_bytes = "1MiB"\n')
    partner = Partner(one, "c")
    contents = [fresh(size) for size in (5000, 200_000, 300_000, 400_000, 524_288, 600_000, MIB)]
    keys = [partner.new(content)["key"] for content in contents]
    for _ in range(6):
        for key, content in zip(keys, contents):
            assert partner.asset(key).content == content
            assert numbers(one)["bytes"] <= MIB
    assert numbers(one)["pushed_out_total"] > 0
    assert numbers(one)["bytes_max"] == MIB
