"""A catalogue with damaged or missing files: a start says so, ends with 71 and touches nothing.

What was acknowledged is never left out without a word: mended, the store has all of it.
"""

import pytest

from harness import eventually, mooring
from payloads import KIB, jpeg

DAMAGED = 71
UPLOADS = 40  # commits of about 1.5 KiB: the log has more than one block of 32 KiB


def newest(server, pattern):
    return max((server.data / "catalog").glob(pattern))


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)


def flip_in_the_log(server):
    """In the middle of what was committed; zeros stand behind that."""
    log = newest(server, "*.log")
    flip(log, len(log.read_bytes().rstrip(b"\0")) // 2)


def cut_the_table(server):
    table = newest(server, "*.sst")
    table.write_bytes(table.read_bytes()[:-100])


HARM = {
    "a bit of the log": flip_in_the_log,
    "a bit of the MANIFEST": lambda server: flip(newest(server, "MANIFEST-*"), 100),
    "no log": lambda server: newest(server, "*.log").unlink(),
    "no table": lambda server: newest(server, "*.sst").unlink(),
    "no MANIFEST": lambda server: newest(server, "MANIFEST-*").unlink(),
    "no CURRENT": lambda server: (server.data / "catalog" / "CURRENT").unlink(),
    "a short table": cut_the_table,
}


def files_of(server):
    """What the catalogue consists of; RocksDB turns its own protocol and its options over."""
    return {path.name: path.read_bytes() for path in (server.data / "catalog").iterdir()
            if path.suffix in (".log", ".sst") or path.name.startswith(("MANIFEST", "CURRENT"))}


@pytest.mark.parametrize("harm", HARM)
def test_a_damaged_catalogue_is_refused_with_71_and_left_as_it_is(make_server, harm):
    server = make_server()
    client = server.client()
    stored = {client.new_asset()["id"]: jpeg(5 * KIB, number) for number in range(UPLOADS)}
    for number, (asset, content) in enumerate(stored.items()):
        if number == UPLOADS // 2:
            server.restart()  # what came before lies in tables
            client = server.client()
        assert client.upload(asset, content).status_code == 201
    server.kill9()
    sound = files_of(server)
    HARM[harm](server)
    harmed = files_of(server)
    assert harmed != sound
    for _ in range(2):  # the first start has not made it good, nor worse
        started = mooring("serve", "--config", server.config_path, "--data", server.data,
                          "--listen", "127.0.0.1:0")
        assert started.returncode == DAMAGED, (started.returncode, started.stderr[-2000:])
        assert "catalog" in started.stderr
        assert started.stdout == ""
        assert files_of(server) == harmed
    for name, content in sound.items():
        (server.data / "catalog" / name).write_bytes(content)
    server.start()
    client = server.client()
    for asset, content in stored.items():
        assert client.preview(asset).content == content
    server.stop()
    proof = server.check("--deep")
    assert proof.returncode == 0, proof.stdout + proof.stderr


def test_a_torn_end_of_the_log_is_what_a_power_cut_leaves(make_server):
    server = make_server()
    client = server.client()
    assets = [client.new_asset()["id"] for _ in range(10)]
    for asset in assets:
        assert client.upload(asset, jpeg(KIB, asset)).status_code == 201
    # Uses of keys and the like are noted beside: nothing more comes once the log is quiet.
    log = newest(server, "*.log")
    seen = []

    def is_quiet():
        seen.append(log.read_bytes())
        return len(seen) > 5 and len(set(seen[-5:])) == 1
    eventually(is_quiet, 20, "a quiet log")
    server.kill9()
    content = log.read_bytes()
    end = len(content.rstrip(b"\0"))
    log.write_bytes(content[:end - 20] + bytes(len(content) - end + 20))
    server.start()
    client = server.client()
    for asset in assets[:-1]:
        assert client.preview(asset).content == jpeg(KIB, asset)
    assert client.preview(assets[-1]).status_code in (200, 404)
