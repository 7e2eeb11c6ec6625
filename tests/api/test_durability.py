"""V1, V2, V7, V8: what was acknowledged survives, what was not leaves nothing, damage is found."""

import concurrent.futures
import itertools
import signal
import threading
import time

import pytest
import requests

import wire
from harness import eventually, file_part, form, picture_path
from payloads import MIB, jpeg

SIZES = [50, 3000, 60_000, 400_000, 700_000, 1_300_000]


def fill(client, count, seed=""):
    """Uploads `count` pictures of all tiers; {asset: content}."""
    stored = {}
    for i in range(count):
        asset, content = client.new_asset()["id"], jpeg(SIZES[i % len(SIZES)], f"{seed}{i}")
        assert client.upload(asset, content).status_code == 201
        stored[asset] = content
    return stored


def assert_all_there(client, stored):
    for asset, content in stored.items():
        answer = client.preview(asset)
        assert answer.status_code == 200, (asset, len(content), answer.text)
        assert answer.content == content, (asset, len(content))


def assert_sound(server):
    """The store, stopped, proves that every byte is owned and whole (V8)."""
    checked = server.check("--deep")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_restart_keeps_everything(make_server):
    server = make_server()
    stored = fill(server.client(), 18)
    metadata = {asset: server.client().get(picture_path(asset)).json() for asset in stored}
    for _ in range(2):
        server.restart()
        client = server.client()
        assert_all_there(client, stored)
        assert {asset: client.get(picture_path(asset)).json() for asset in stored} == metadata
    server.stop()
    assert_sound(server)


def test_a_token_outlives_a_restart(make_server):
    server = make_server()
    token, asset = server.token(), server.client().new_asset()["id"]
    server.restart()
    assert server.token() == token
    assert server.client().get(f"/api/asset/v1/assets/{asset}").status_code == 200


def upload_until_dead(server, number, acknowledged, stop):
    """Uploads and deletes until the server is gone; notes what was acknowledged."""
    client = server.client()
    try:
        for i in itertools.count():
            if stop.is_set():
                return
            asset = client.new_asset()["id"]
            content = jpeg(SIZES[(i + number) % len(SIZES)], f"{number}/{i}")
            if client.upload(asset, content).status_code != 201:
                return
            acknowledged[asset] = content
            if i % 4 == 3:
                # From here on either outcome is right until the answer says which.
                del acknowledged[asset]
                if client.delete(picture_path(asset)).status_code == 204:
                    acknowledged[asset] = None
    except requests.RequestException:
        return


def kill_under_load(server, seconds):
    acknowledged, stop = {}, threading.Event()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for number in range(8):
            pool.submit(upload_until_dead, server, number, acknowledged, stop)
        eventually(lambda: len(acknowledged) > 20, 30, "some uploads")
        time.sleep(seconds)  # the moment of the crash is the point: anywhere in the stream
        server.kill9()
        stop.set()
    return acknowledged


@pytest.mark.parametrize("seconds", [0, 0.05, 0.2, 0.5])
def test_v1_everything_acknowledged_survives_kill_9(make_server, seconds):
    server = make_server()
    everything = {}
    for _ in range(2):
        everything.update(kill_under_load(server, seconds))
        server.start()
        client = server.client()
        for asset, content in everything.items():
            answer = client.preview(asset)
            if content is None:
                assert answer.status_code == 404, "a deleted picture came back"
            else:
                assert answer.status_code == 200 and answer.content == content, len(content)
    server.stop()
    assert_sound(server)


def test_v1_kill_9_right_after_the_status_line(make_server):
    server = make_server()
    for size in SIZES:
        asset, content = server.client().new_asset()["id"], jpeg(size, "now")
        body, _ = form([file_part(content)], boundary="B")
        with wire.Connection(server) as connection:
            connection.send(wire.upload_head(asset, len(body), server.token()) + body)
            assert connection.socket.recv(12) == b"HTTP/1.1 201"
            server.kill9()
        server.start()
        assert server.client().preview(asset).content == content


# ---- V2: aborted uploads leave nothing ----
@pytest.mark.parametrize("end", ["close", "reset", "half close"])
@pytest.mark.parametrize("sent", [0, 60, 200, 5000, 600_000, 2 * MIB])
def test_v2_an_aborted_upload_leaves_no_file_and_no_descriptor(make_server, end, sent):
    server = make_server()
    client = server.client()
    asset = client.new_asset()["id"]
    client.session.close()
    files, descriptors = server.files(), len(server.fds())
    body, _ = form([file_part(jpeg(3 * MIB))], boundary="B")
    connections = [wire.Connection(server) for _ in range(4)]
    for connection in connections:
        connection.send(wire.upload_head(asset, len(body), server.token()) + body[:sent])
    eventually(lambda: len(server.fds()) > descriptors, what="connections")
    for connection in connections:
        {"close": connection.socket.close, "reset": connection.reset,
         "half close": connection.half_close}[end]()
    eventually(lambda: server.files() == files, what="no file stays")
    eventually(lambda: len(server.fds()) <= descriptors, what="descriptors come back")
    for connection in connections:
        connection.socket.close()
    again = server.client()
    assert again.get(picture_path(asset)).status_code == 404
    assert again.upload(asset, jpeg(3 * MIB)).status_code == 201


def test_v2_kill_9_in_the_middle_of_uploads_leaves_nothing_behind(make_server):
    server = make_server()
    client = server.client()
    asset = client.new_asset()["id"]
    body, _ = form([file_part(jpeg(3 * MIB))], boundary="B")
    connections = [wire.Connection(server) for _ in range(8)]
    for connection in connections:
        connection.send(wire.upload_head(asset, len(body), server.token()) + body[:2 * MIB])
    server.kill9()
    for connection in connections:
        connection.socket.close()
    server.start()
    eventually(lambda: server.blobs() == {}, 30, "no half of an upload stays")
    assert server.client().get(picture_path(asset)).status_code == 404
    server.stop()
    assert_sound(server)


# ---- T9: SIGTERM with uploads in flight ----
def test_t9_sigterm_drains_uploads_in_flight(make_server):
    server = make_server()
    client = server.client()
    assets = [client.new_asset()["id"] for _ in range(20)]
    half = threading.Barrier(len(assets) + 1)

    def one(asset):
        body, _ = form([file_part(jpeg(700_000, asset))], boundary="B")
        with wire.Connection(server, seconds=30) as connection:
            connection.send(wire.upload_head(asset, len(body), server.token()) + body[:300_000])
            half.wait()
            half.wait()
            try:
                return connection.send(body[300_000:]).response().status_code
            except (OSError, AssertionError):
                return None

    server.token()
    with concurrent.futures.ThreadPoolExecutor(len(assets)) as pool:
        answers = [pool.submit(one, asset) for asset in assets]
        half.wait()
        server.process.send_signal(signal.SIGTERM)
        half.wait()
        outcomes = {asset: answer.result() for asset, answer in zip(assets, answers)}
    server.stop()
    assert 201 in outcomes.values(), "draining lets uploads finish"
    assert set(outcomes.values()) <= {201, 503, None}
    server.start()
    for asset, outcome in outcomes.items():
        answer = server.client().preview(asset)
        if outcome == 201:
            assert answer.content == jpeg(700_000, asset)


# ---- V7, V8: damage ----
def damage(path, content, offset):
    """Flips one bit of `content`, `offset` bytes into it, where it lies in the file."""
    data = bytearray(path.read_bytes())
    place = data.find(content[:64])
    assert place >= 0, "the content is not where it was expected"
    data[place + offset] ^= 1
    path.write_bytes(data)


def find_file(server, content):
    for folder in ("blobs", "segments"):
        for path in (server.data / folder).rglob("*"):
            if path.is_file() and content[:64] in path.read_bytes():
                return path
    raise AssertionError("the content is nowhere")


@pytest.mark.parametrize("size, offset", [(5000, 4000), (700_000, 100), (3 * MIB, 3 * MIB - 1),
                                          (3 * MIB, 1_500_000)])
def test_v7_a_damaged_blob_is_found_by_check_and_never_sent_as_a_whole(make_server, size, offset):
    server = make_server()
    client = server.client()
    asset, sound = client.new_asset()["id"], client.new_asset()["id"]
    content = jpeg(size)
    client.upload(asset, content)
    client.upload(sound, jpeg(size, "sound"))
    server.stop()
    damage(find_file(server, content), content, offset)
    found = server.check("--deep")
    assert found.returncode != 0
    assert found.stdout + found.stderr
    server.start()
    try:
        answer = server.client().preview(asset)
        whole = len(answer.content) == int(answer.headers["Content-Length"])
        assert answer.status_code >= 500 or not whole
        assert size > MIB or answer.status_code >= 500  # one piece is verified before the status
    except requests.RequestException:
        pass  # cut off before its end: the reader knows that it is not whole
    assert server.client().preview(sound).content == jpeg(size, "sound")


def test_v7_a_blob_whose_file_is_missing_is_an_error_of_ours(make_server):
    server = make_server()
    client = server.client()
    asset = client.new_asset()["id"]
    client.upload(asset, jpeg(700_000))
    (name,) = server.blobs()
    (server.data / "blobs" / name).unlink()
    assert client.preview(asset).status_code == 500
    assert client.preview(client.new_asset()["id"]).status_code == 404


@pytest.mark.parametrize("mode, tells", [("none", False), ("names", False), ("contents", True)])
def test_v7_a_start_looks_as_deep_as_it_is_told(make_server, mode, tells):
    server = make_server(f'[data]\nverify_at_start = "{mode}"\n[scrub]\nrate = 0\n')
    client = server.client()
    content = jpeg(700_000)
    client.upload(client.new_asset()["id"], content)
    (name,) = server.blobs()
    server.stop()
    damage(find_file(server, content), content, 100)
    server.start()
    assert (f"blob {name.split('/')[-1]} is damaged" in server.errors()) is tells


def test_v7_after_an_unclean_stop_what_was_stored_last_is_looked_at(make_server):
    server = make_server("[scrub]\nrate = 0\n")  # nothing else looks for damage
    client = server.client()
    contents = [jpeg(size, name) for name in ("older", "newer") for size in (5000, 700_000)]
    assets = [client.new_asset()["id"] for _ in contents]
    for asset, content in zip(assets, contents):
        assert client.upload(asset, content).status_code == 201
    server.restart()
    assert "unclean stop" not in server.errors()
    server.kill9()
    for content in contents[2:]:
        damage(find_file(server, content), content, 4000)
    server.start()
    eventually(lambda: "looked at 4 of the 4 contents stored last, 2 are damaged"
               in server.errors(), 20, "the end of the look")
    page = server.anonymous().get("/metrics").text
    assert "\nmooring_blobs_damaged 2\n" in page and "\nmooring_damage_found_total 2\n" in page
    assert [server.client().preview(asset).status_code for asset in assets] == [200, 200, 500, 500]


def test_v8_check_reports_a_file_that_nobody_owns(make_server):
    server = make_server()
    fill(server.client(), 6)
    server.stop()
    assert_sound(server)
    name = "00112233445566778899aabbccddeeff"
    (server.data / "blobs" / "00" / name).write_bytes(b"nobody's")
    found = server.check()
    assert found.returncode != 0
    assert name in found.stdout + found.stderr


def test_v8_check_reports_a_missing_file(make_server):
    server = make_server()
    client = server.client()
    client.upload(client.new_asset()["id"], jpeg(700_000))
    (name,) = server.blobs()
    server.stop()
    (server.data / "blobs" / name).unlink()
    found = server.check()
    assert found.returncode != 0
    assert name.split("/")[1] in found.stdout + found.stderr
