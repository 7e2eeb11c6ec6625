"""Compaction and scrub beside a working server: space comes back, damage is found and told."""

import itertools
import os
import random
import threading

import pytest
import requests

from harness import eventually
from payloads import KIB, MIB, jpeg
from test_durability import damage, find_file

SEGMENT = 4 * MIB


def disk_use(server):
    """Bytes that segments and blobs take on the disk."""
    return sum(path.stat().st_blocks * 512 for folder in ("segments", "blobs")
               for path in (server.data / folder).rglob("*") if path.is_file())


def is_complete(client, asset):
    """Whether a download ends as one that is whole does; requests does not mind a short one."""
    try:
        answer = client.preview(asset)
    except requests.RequestException:
        return False
    return answer.status_code == 200 and \
        len(answer.content) == int(answer.headers["Content-Length"])


class Reader(threading.Thread):
    """Reads whatever is there, all the time; a picture is whole, or it is an error of this test."""

    def __init__(self, server, contents):
        super().__init__()
        self.client, self.contents, self.stopping = server.client(), contents, False
        self.coming = {}  # asset: what a change under way makes of it
        self.wrong, self.reads = [], 0

    def run(self):
        choose = random.Random(1)
        while not self.stopping:
            asset = choose.choice(list(self.contents))
            allowed = [self.contents[asset]]
            answer = self.client.preview(asset)
            allowed += [self.coming.get(asset, allowed[0]), self.contents[asset]]
            self.reads += 1
            if answer.status_code != 200 or answer.content not in [jpeg(*one) for one in allowed]:
                self.wrong.append((asset, answer.status_code, len(answer.content)))


def test_v8_space_of_replaced_small_contents_comes_back_while_they_are_read(make_server):
    server = make_server(f"""
[server]
cores = 1
[data]
segment_bytes = {SEGMENT}
[compaction]
interval = "50ms"
rate = "1GiB"
""")
    client, size, count, rounds = server.client(), 100 * KIB, 40, 10
    assets = [client.new_asset()["id"] for _ in range(count)]
    contents = {}
    for asset in assets:
        contents[asset] = (size, f"{asset}/0")
        assert client.upload(asset, jpeg(*contents[asset])).status_code == 201
    reader = Reader(server, contents)
    reader.start()
    try:
        for turn in range(1, rounds):
            # In another order each time, so that what lives lies among what is dead.
            for asset in random.Random(turn).sample(assets, count):
                new = reader.coming[asset] = (size, f"{asset}/{turn}")
                answer = client.replace(asset, jpeg(*new))
                assert answer.status_code == 200, answer.text
                contents[asset] = new
        live = count * size
        # The open segment and the one that is prepared behind it are preallocated; the others are
        # at least half alive.
        bound = 2 * live + 2 * SEGMENT
        eventually(lambda: disk_use(server) <= bound, 30,
                   f"{bound} bytes on the disk for {live} bytes alive")
        eventually(lambda: server.metric("mooring_segments_dropped_total") >= 5, 30, "drops")
    finally:
        reader.stopping = True
        reader.join()
    assert reader.reads > 100
    assert not reader.wrong, reader.wrong[:5]
    for asset, content in contents.items():
        assert client.preview(asset).content == jpeg(*content)
    server.stop()
    checked = server.check("--deep")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    server.start()
    for asset, content in contents.items():
        assert server.client().preview(asset).content == jpeg(*content)


def test_v7_the_scrub_finds_damage_in_both_tiers_and_knows_it_after_a_restart(make_server):
    server = make_server('[scrub]\nrate = "1GiB"\ncycle = "1s"\n')
    client = server.client()
    contents = {size: jpeg(size, "scrub") for size in (5000, 3 * MIB)}
    assets = {size: client.new_asset()["id"] for size in contents}
    sound = client.new_asset()["id"]
    for size, content in contents.items():
        assert client.upload(assets[size], content).status_code == 201
    assert client.upload(sound, jpeg(9000, "sound")).status_code == 201
    eventually(lambda: server.metric("mooring_scrub_cycles_total") >= 1, 20, "a cycle")
    assert server.metric("mooring_blobs_damaged") == 0
    server.stop()
    for size, content in contents.items():
        damage(find_file(server, content), content, size - 1)
    server.start()
    eventually(lambda: server.metric("mooring_blobs_damaged") == 2, 20, "the marks")
    assert server.metric("mooring_damage_found_total") == 2
    assert "restore it from a backup" in server.errors()
    for size in contents:
        assert not is_complete(server.client(), assets[size])
    assert is_complete(server.client(), sound)
    server.restart()
    eventually(lambda: server.metric("mooring_blobs_damaged") == 2, 20, "the marks")
    assert server.metric("mooring_damage_found_total") == 0, "known before, not found anew"
    for size in contents:
        assert server.client().delete(f"/api/storage/v1/pictures/asset/{assets[size]}") \
            .status_code in (200, 204)
    eventually(lambda: server.metric("mooring_blobs_damaged") == 0, 20, "the end of the marks")


def test_scrub_rate_0_reads_nothing_but_marks_what_a_read_stumbled_over(make_server):
    server = make_server('[scrub]\nrate = 0\n')
    client = server.client()
    asset, content = client.new_asset()["id"], jpeg(5000)
    client.upload(asset, content)
    server.stop()
    damage(find_file(server, content), content, 4000)
    server.start()
    assert server.metric("mooring_blobs_damaged") == 0
    assert server.client().preview(asset).status_code == 500
    eventually(lambda: server.metric("mooring_blobs_damaged") == 1, 10, "the mark")
    assert server.metric("mooring_scrub_bytes_total") == 0


# ---- damage while the server is busy ----
def flip_bit(server, content, offset):
    """In place, one bit of `content`, in a file that a server has open."""
    path = find_file(server, content)
    place = path.read_bytes().find(content[:64]) + offset
    with open(path, "r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ 4]))
        file.flush()
        os.fsync(file.fileno())


class Uploader(threading.Thread):
    """New content of both tiers, all the time."""

    def __init__(self, server):
        super().__init__()
        self.client, self.stopping, self.statuses = server.client(), False, set()

    def run(self):
        for number in itertools.count():
            if self.stopping:
                return
            size = (6000, 700_000)[number % 2]
            asset = self.client.new_asset()["id"]
            self.statuses.add(self.client.upload(asset, jpeg(size, f"load {number}")).status_code)


@pytest.mark.parametrize("found_by", ["scrub", "read"])
def test_v7_bits_flipped_under_load_are_found_in_both_tiers(make_server, found_by):
    rate = '"1GiB"' if found_by == "scrub" else 0
    server = make_server(f'[scrub]\nrate = {rate}\ncycle = "1s"\n')
    client = server.client()
    contents = {}
    for number in range(16):
        asset = client.new_asset()["id"]
        contents[asset] = ((5000, 60_000, 700_000, 3 * MIB)[number % 4], f"flip {number}")
        assert client.upload(asset, jpeg(*contents[asset])).status_code == 201
    damaged, sound = list(contents)[:8], list(contents)[8:]
    load = [Reader(server, {asset: contents[asset] for asset in sound}), Uploader(server)]
    for one in load:
        one.start()
    try:
        for number, asset in enumerate(damaged):
            size = contents[asset][0]
            flip_bit(server, jpeg(*contents[asset]), 100 + number * (size - 200) // len(damaged))
        if found_by == "read":
            assert not [asset for asset in damaged if is_complete(client, asset)]
        eventually(lambda: server.metric("mooring_blobs_damaged") == len(damaged), 30, "the marks")
        assert not [asset for asset in damaged if is_complete(server.client(), asset)]
    finally:
        for one in load:
            one.stopping = True
        for one in load:
            one.join()
    assert server.metric("mooring_damage_found_total") == len(damaged)
    assert load[0].reads > 0 and not load[0].wrong
    assert load[1].statuses == {201}
    assert all(is_complete(server.client(), asset) for asset in sound)
