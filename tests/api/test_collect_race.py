"""Content that is taken away while the same content arrives: the real server, as often as it takes.

tests/unit/api/interleavings_test.cc goes through every order of the steps; this goes through the
code that makes them. Few contents, many clients: nearly every upload meets a collection of what it
brings, a compaction that moves it, or another upload of it.
"""

import concurrent.futures
import random

import pytest

from payloads import KIB, jpeg

EAGER = """
[server]
cores = 2
[data]
segment_bytes = "4MiB"
collect_gather = "0ms"
[compaction]
live_percent_min = 90
interval = "10ms"
"""
CLIENTS = 8
ROUNDS = 60
CONTENTS = 2


def come_and_go(server, number, size):
    """Stores, replaces and removes one of a few contents, and looks after each step."""
    rng = random.Random(f"{number}/{size}")
    client = server.client()
    asset = client.new_asset()["id"]
    path = f"/api/storage/v1/pictures/asset/{asset}"
    for _ in range(ROUNDS):
        for store, status in ((client.upload, 201), (client.replace, 200)):
            content = jpeg(size, rng.randrange(CONTENTS))
            answer = store(asset, content)
            assert answer.status_code == status, answer.text
            seen = client.preview(asset)
            assert seen.status_code == 200, seen.text
            assert seen.content == content
        assert client.delete(path).status_code == 204
        assert client.preview(asset).status_code == 404


@pytest.mark.parametrize("size", [5 * KIB, 600 * KIB], ids=["segment", "file"])
def test_what_is_acknowledged_is_there_however_often_its_content_goes(make_server, size):
    server = make_server(EAGER)
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        for done in [pool.submit(come_and_go, server, number, size) for number in range(CLIENTS)]:
            done.result()
    server.stop()
    proof = server.check("--deep")
    assert proof.returncode == 0, proof.stdout + proof.stderr
