"""Peers that are slow, silent or gone (the timed cases T1 to T7), with timeouts of 1 s."""

import threading
import time

import pytest

import wire
from harness import eventually, file_part, form, picture_path
from payloads import MIB, PICTURE_BYTES_MAX, jpeg

CONFIG = """
[timeouts]
idle = "1s"
head = "1s"
body_grace = "1s"
body_window = "1s"
send_grace = "1s"
send_window = "1s"
linger = "500ms"
"""
SECONDS_MAX = 6  # twice what grace and window add up to, for a machine that is busy


@pytest.fixture(scope="module")
def slow_server(tmp_path_factory):
    from harness import Server
    one = Server(tmp_path_factory.mktemp("slow"), CONFIG).start()
    yield one
    one.discard()


@pytest.fixture
def asset(slow_server):
    return slow_server.client().new_asset()["id"]


def status_of(received):
    return int(received[9:12]) if received else None


def drip(connection, data, seconds):
    """Sends a byte every `seconds` from another thread until the peer has had enough."""
    def run():
        try:
            for i in range(len(data)):
                connection.send(data[i:i + 1])
                time.sleep(seconds)  # the slowness is what is tested
        except OSError:
            pass
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def test_t1_a_head_that_drips_ends_in_408_or_a_close(slow_server):
    with wire.Connection(slow_server, SECONDS_MAX) as connection:
        started = time.monotonic()
        drip(connection, b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 1000, 0.1)
        received = connection.until_closed()
        assert 0.7 < time.monotonic() - started < SECONDS_MAX
        assert status_of(received) in (None, 408)


def test_t2_silence_from_the_start_is_closed_without_a_word(slow_server):
    with wire.Connection(slow_server, SECONDS_MAX) as connection:
        assert 0.7 < connection.seconds_until_closed() < SECONDS_MAX
        assert connection.received == b""


@pytest.mark.parametrize("sent", [0, 100, 5000, 600_000, 2 * MIB])
def test_t3_a_body_that_stalls_is_408_and_leaves_nothing(slow_server, asset, sent):
    files = slow_server.files()
    body, _ = form([file_part(jpeg(3 * MIB))], boundary="B")
    with wire.Connection(slow_server, SECONDS_MAX) as connection:
        connection.send(wire.upload_head(asset, len(body), slow_server.token()) + body[:sent])
        received = connection.until_closed()
        assert status_of(received) == 408
        responses, _ = wire.parse_all(received)
        assert responses[0].closes
    eventually(lambda: slow_server.files() == files, what="nothing stays")
    assert slow_server.client().get(picture_path(asset)).status_code == 404


def test_t3_a_body_that_drips_below_the_rate_is_408(slow_server, asset):
    body, _ = form([file_part(jpeg(5000))], boundary="B")
    with wire.Connection(slow_server, SECONDS_MAX) as connection:
        connection.send(wire.upload_head(asset, len(body), slow_server.token()))
        drip(connection, body, 0.05)  # 20 bytes/s; 1 KiB/s is the least
        assert status_of(connection.until_closed()) == 408


def test_t3_a_slow_body_above_the_rate_is_taken(slow_server, asset):
    content = jpeg(16_000)
    body, _ = form([file_part(content)], boundary="B")
    with wire.Connection(slow_server, 20) as connection:
        connection.send(wire.upload_head(asset, len(body), slow_server.token()))
        for place in range(0, len(body), 400):
            connection.send(body[place:place + 400])
            time.sleep(0.1)  # 4 KB/s, for 4 s: longer than grace and window together
        assert connection.response().status_code == 201
    assert slow_server.client().preview(asset).content == content


def test_t4_a_reader_that_stops_is_cut_off(slow_server, asset):
    client = slow_server.client()
    assert client.upload(asset, jpeg(PICTURE_BYTES_MAX)).status_code == 201
    client.session.close()
    eventually(lambda: slow_server.fds(), what="listeners")
    before = eventually(lambda: slow_server.fds(), what="descriptors")
    with wire.Connection(slow_server, receive_bytes=4096) as connection:
        connection.send(wire.head("GET", picture_path(asset) + "/preview",
                                  token=slow_server.token()))
        connection.socket.recv(1)
        eventually(lambda: len(slow_server.fds()) <= len(before), SECONDS_MAX,
                   "the connection is given up")


def test_t5_an_idle_connection_is_closed_without_a_word(slow_server):
    with wire.Connection(slow_server, SECONDS_MAX) as connection:
        assert connection.send(wire.head("GET", "/__canary")).response().status_code == 200
        assert 0.7 < connection.seconds_until_closed() < SECONDS_MAX
        assert connection.received == b""


def test_t5_a_connection_in_use_is_not_idle(slow_server):
    with wire.Connection(slow_server, SECONDS_MAX) as connection:
        for _ in range(6):
            assert connection.send(wire.head("GET", "/__canary")).response().status_code == 200
            time.sleep(0.4)  # 2.4 s in all, never 1 s without a request


def test_t6_after_a_half_close_the_answer_is_still_sent(slow_server, asset):
    content = jpeg(700_000)
    assert slow_server.client().upload(asset, content).status_code == 201
    with wire.Connection(slow_server) as connection:
        connection.send(wire.head("GET", picture_path(asset) + "/preview",
                                  token=slow_server.token())).half_close()
        assert connection.response().content == content
        assert connection.until_closed() == b""


def test_t6_an_upload_before_a_half_close_is_stored_and_answered(slow_server, asset):
    body, _ = form([file_part(jpeg(600_000))], boundary="B")
    with wire.Connection(slow_server) as connection:
        connection.send(wire.upload_head(asset, len(body), slow_server.token()) + body).half_close()
        assert connection.response().status_code == 201


def test_t7_a_reset_in_the_middle_of_a_body_gives_everything_back_at_once(slow_server, asset):
    files, before = slow_server.files(), len(slow_server.fds())
    body, _ = form([file_part(jpeg(3 * MIB))], boundary="B")
    connections = [wire.Connection(slow_server) for _ in range(10)]
    for connection in connections:
        connection.send(wire.upload_head(asset, len(body), slow_server.token()) + body[:MIB])
    eventually(lambda: len(slow_server.fds()) >= before + 10, what="ten uploads under way")
    for connection in connections:
        connection.reset()
    eventually(lambda: len(slow_server.fds()) <= before and slow_server.files() == files,
               what="all is given back")


def test_slow_connections_do_not_hold_up_others(slow_server, asset):
    client = slow_server.client()
    client.upload(asset, jpeg(5000))
    slow = [wire.Connection(slow_server).send(b"GET / HTTP/1.1\r\nHost: ") for _ in range(200)]
    try:
        for _ in range(50):
            assert client.preview(asset).status_code == 200
    finally:
        for connection in slow:
            connection.socket.close()
