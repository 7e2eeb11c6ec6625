"""mooring backup and restore: consistent beside a working server, refused where they must be."""

import random
import resource
import shutil
import threading

import pytest

from harness import Server, eventually, mooring
from payloads import KIB, MIB, jpeg

DAMAGED, USAGE, CONFIGURATION = 71, 64, 78


def backup(server, target, **options):
    return mooring("backup", "--data", server.data, target, seconds=60, **options)


def fill(client, count, sizes=(5000, 700_000)):
    """{asset: content} of so many pictures of each size."""
    made = {}
    for number in range(count):
        for size in sizes:
            asset = client.new_asset()["id"]
            made[asset] = jpeg(size, f"{number}")
            assert client.upload(asset, made[asset]).status_code == 201
    return made


def assert_whole(directory):
    checked = mooring("check", "--deep", "--data", directory, seconds=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def restore_beside(server, target, tmp_path):
    """A server, not started, whose data directory was restored from `target`."""
    restored = Server(tmp_path / "restored", server.config_path.read_text())
    done = mooring("restore", "--data", restored.data, target, seconds=60)
    assert done.returncode == 0, done.stderr
    return restored


class Load(threading.Thread):
    """Uploads, replaces and deletes until it is told to stop; knows what was acknowledged when."""

    def __init__(self, server, seed):
        super().__init__()
        self.client, self.random, self.stopping = server.client(), random.Random(seed), False
        self.stored, self.lock, self.problems, self.steps = {}, threading.Lock(), [], 0

    def snapshot(self):
        with self.lock:
            return dict(self.stored)

    def run(self):
        while not self.stopping:
            with self.lock:
                known = list(self.stored)
            if len(known) > 30:
                victim = self.random.choice(known)
                self.forget(victim)
                path = f"/api/storage/v1/pictures/asset/{victim}"
                self.expect(self.client.delete(path), (200, 204))
            asset = self.client.new_asset()["id"]
            content = jpeg(self.random.choice((3000, 60_000, 700_000)), self.random.random())
            if self.expect(self.client.upload(asset, content), (201,)):
                with self.lock:
                    self.stored[asset] = content
            self.steps += 1

    def forget(self, asset):
        with self.lock:
            del self.stored[asset]

    def expect(self, answer, statuses):
        if answer.status_code not in statuses:
            self.problems.append((answer.status_code, answer.text))
        return answer.status_code in statuses


def test_a_backup_beside_a_working_server_holds_all_that_was_acknowledged_before(make_server,
                                                                                 tmp_path):
    server = make_server("""
[data]
segment_bytes = "4MiB"
[compaction]
interval = "20ms"
live_percent_min = 90
""")
    loads = [Load(server, seed) for seed in range(3)]
    for load in loads:
        load.start()
    try:
        eventually(lambda: all(load.steps > 40 for load in loads), 60, "some load")
        before = [load.snapshot() for load in loads]
        done = backup(server, tmp_path / "backup")
        assert done.returncode == 0, done.stderr
        after = [load.snapshot() for load in loads]
    finally:
        for load in loads:
            load.stopping = True
            load.join()
    assert not any(load.problems for load in loads), [load.problems for load in loads]
    assert_whole(tmp_path / "backup")
    restored = restore_beside(server, tmp_path / "backup", tmp_path)
    assert_whole(restored.data)
    restored.start()
    try:
        client = restored.client()
        # What was there before and still is now was there in between.
        kept = [(asset, content) for earlier, later in zip(before, after)
                for asset, content in earlier.items() if asset in later]
        assert len(kept) > 10
        for asset, content in kept:
            assert client.preview(asset).content == content
        assert client.upload(client.new_asset()["id"], jpeg(5000, "new")).status_code == 201
    finally:
        restored.discard()
    server.stop()
    assert_whole(server.data)


def test_a_backup_of_a_stopped_store_shares_its_files_and_restores(make_server, tmp_path):
    server = make_server()
    contents = fill(server.client(), 4)
    server.stop()
    done = backup(server, tmp_path / "backup")
    assert done.returncode == 0, done.stderr
    assert "8 blobs" in done.stdout
    linked = next(path for path in (tmp_path / "backup" / "blobs").rglob("*") if path.is_file())
    assert linked.stat().st_nlink == 2
    assert_whole(tmp_path / "backup")
    shutil.rmtree(server.data)
    done = mooring("restore", "--data", server.data, tmp_path / "backup")
    assert done.returncode == 0, done.stderr
    server.start()
    for asset, content in contents.items():
        assert server.client().preview(asset).content == content


def test_what_the_store_loses_later_the_backup_keeps(make_server, tmp_path):
    server = make_server()
    contents = fill(server.client(), 4, sizes=(5000, 60_000, 700_000))
    server.restart()  # closes the segments, so that they are linked
    assert backup(server, tmp_path / "backup").returncode == 0
    # The first content keeps its segment, of which recovery would cut all that lies behind it.
    for asset in list(contents)[1:]:
        assert server.client().delete(f"/api/storage/v1/pictures/asset/{asset}").status_code < 300
    server.client().upload(server.client().new_asset()["id"], jpeg(7000, "later"))
    eventually(lambda: not server.blobs(), 10, "collection")
    server.kill9()
    server.start()  # recovery
    server.stop()
    assert_whole(server.data)
    assert_whole(tmp_path / "backup")
    restored = restore_beside(server, tmp_path / "backup", tmp_path).start()
    try:
        for asset, content in contents.items():
            assert restored.client().preview(asset).content == content
    finally:
        restored.discard()


def test_an_interrupted_backup_says_so_and_nothing_opens_it(make_server, tmp_path):
    server = make_server()
    fill(server.client(), 8, sizes=(400 * KIB,))
    server.kill9()  # so that the segments count as open, and are copied
    target = tmp_path / "backup"
    # The kernel ends the command at the first file that grows over this: a segment.
    done = backup(server, target, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE,
                                                                        (MIB, MIB)))
    assert done.returncode != 0
    assert "never ended" in (target / "INCOMPLETE").read_text()
    assert mooring("check", "--data", target).returncode == DAMAGED
    assert mooring("restore", "--data", tmp_path / "new", target).returncode == DAMAGED
    assert not (tmp_path / "new").exists()
    started = mooring("serve", "--data", target, "--listen", "127.0.0.1:0")
    assert started.returncode == DAMAGED
    assert "never ended" in started.stderr
    server.start()
    assert backup(server, target).returncode == USAGE, "it is not taken up again"


def test_nothing_is_overwritten(make_server, tmp_path):
    server = make_server()
    fill(server.client(), 1)
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "thesis").write_text("precious")
    assert backup(server, taken).returncode == USAGE
    server.stop()
    assert backup(server, taken).returncode == USAGE
    assert [path.name for path in taken.iterdir()] == ["thesis"]
    assert backup(server, tmp_path / "backup").returncode == 0
    assert mooring("restore", "--data", taken, tmp_path / "backup").returncode == USAGE
    assert mooring("restore", "--data", server.data, tmp_path / "backup").returncode == USAGE
    assert [path.name for path in taken.iterdir()] == ["thesis"]


@pytest.mark.parametrize("what", ["absent", "empty", "other"])
def test_what_is_no_backup_is_not_restored(tmp_path, what):
    source = tmp_path / "source"
    if what != "absent":
        source.mkdir()
    if what == "other":
        (source / "file").write_text("x")
    done = mooring("restore", "--data", tmp_path / "data", source)
    assert done.returncode == CONFIGURATION
    assert not (tmp_path / "data").exists()


def test_the_files_of_a_large_content_are_not_copied_in_the_same_file_system(make_server, tmp_path):
    server = make_server()
    fill(server.client(), 3, sizes=(3 * MIB,))
    done = backup(server, tmp_path / "backup")
    assert done.returncode == 0, done.stderr
    assert "3 blobs" in done.stdout
    copied = int(done.stdout.split("(")[1].split()[0])
    assert copied < MIB, done.stdout
