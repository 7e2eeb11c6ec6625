"""What runs out: disk, inodes, descriptors. Refused, still readable, healed without restart.

With less than data.reserve_bytes free, uploads are refused and deletes go on. Below the catalogue's
own reserve nothing is changed any more, and nothing breaks. Needs root for file systems of its own.
"""

import contextlib
import os
import resource
import shutil
import socket
import subprocess
import time

from families import Unanswered
from harness import eventually
from load import World
from oracle import KIB, Content, Oracle
from store import DeadlyServer, Violation
from volumes import Volume, call, why_not

CONFIG = '[data]\nreserve_bytes = "192MiB"\nreserve_inodes = 500\n'
BETWEEN_RESERVES = 128 << 20
CONTENT = Content("full", 700 * KIB)


def free_bytes(place):
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


def fill(place, left_bytes):
    """A file beside the data directory that leaves `left_bytes`, or nothing at all."""
    with open(place / "ballast", "wb") as ballast, contextlib.suppress(OSError):
        wanted = free_bytes(place) - left_bytes
        os.posix_fallocate(ballast.fileno(), 0, max(wanted, 1))
    with open(place / "more", "wb", buffering=0) as more, contextlib.suppress(OSError):
        while left_bytes == 0:
            more.write(bytes(64 * KIB))


def fill_inodes(place):
    (place / "many").mkdir()
    while os.statvfs(place).f_favail > 200:
        (place / "many" / f"{time.monotonic_ns()}").touch()


def empty(place):
    for path in [place / "ballast", place / "more", *(place / "many").glob("*")]:
        path.unlink(missing_ok=True)


def refusal(verb, *arguments):
    """The status of a refusal; 0 if it was taken."""
    try:
        verb(*arguments)
        return 0
    except Unanswered as error:
        return error.status


class Shop:
    """A server, its one client and a few things, on a volume of their own or not."""

    def __init__(self, directory, name, place=None):
        self.server = DeadlyServer(directory / name, place and place / "data", CONFIG)
        self.server.start()
        self.oracle = Oracle(directory / f"{name}.jsonl")
        self.world = World(self.server, self.oracle, clients=1)
        self.client = self.world.clients[0]
        self.pictures = self.client.families["pictures"]
        for number in range(4):
            self.client.make(self.pictures, Content(f"full/{number}", 300 * KIB * (number + 1)))

    def upload(self):
        return refusal(self.client.make, self.pictures, CONTENT)

    def delete(self):
        thing = next(thing for thing in self.client.things if thing.exists and thing.is_settled)
        return refusal(self.client.remove, self.pictures, thing)

    def expect(self, what, condition):
        """Comes true within two looks of the server at its disk."""
        try:
            eventually(condition, 10, what)
        except AssertionError as error:
            raise Violation(f"{error}\n{self.server.errors()[-2000:]}") from error

    def read_all(self):
        for thing in self.client.things:
            if thing.is_settled:
                self.client.expect(self.pictures, thing)

    def end(self):
        self.world.verify()
        self.server.prove()
        self.oracle.close()


def disk(directory, kind, exhaust, deletes_work):
    volume = Volume(directory, kind, f"full-{kind}")
    shop = Shop(directory, f"shop-{kind}-{exhaust.__name__}", volume.place)
    try:
        starve(shop, volume.place, exhaust, deletes_work)
    finally:
        shop.server.end()
        volume.remove()


def starve(shop, place, exhaust, deletes_work):
    exhaust(place)
    shop.expect("507 for uploads", lambda: shop.upload() == 507)
    shop.read_all()
    found = shop.delete()
    if found not in ((0,) if deletes_work else (0, 507)):
        raise Violation(f"a delete is answered with {found}: {shop.server.errors()[-2000:]}")
    empty(place)
    shop.expect("uploads once there is room", lambda: shop.upload() == 0)
    if shop.delete() != 0:
        raise Violation("deletes do not work once there is room")
    shop.end()


def catalog_disk(directory, kind, exhaust, deletes_work):
    """The catalogue has a disk of its own, and that is the full one."""
    volume = Volume(directory, kind, "full-catalog")
    server = DeadlyServer(directory / f"made-{exhaust.__name__}", None, CONFIG)
    server.start()
    server.stop()
    catalog, moved = server.data / "catalog", volume.place / "catalog"
    shutil.copytree(catalog, moved)
    shutil.rmtree(catalog)
    catalog.symlink_to(moved)
    shop = Shop(directory, f"shop-catalog-{exhaust.__name__}", server.data.parent)
    try:
        starve(shop, volume.place, exhaust, deletes_work)
    finally:
        shop.server.end()
        volume.remove()


def read_only(directory):
    """ext4 takes itself away from writers after an error: nothing more is acknowledged, reads go on
    or the process stops with 70; mended and mounted anew, everything acknowledged is there."""
    volume = Volume(directory, "ext4", "read-only")
    call("mount", "-o", "remount,errors=remount-ro", volume.place)
    shop = Shop(directory, "shop-read-only", volume.place)
    shop.world.is_faulty = True
    try:
        trigger = f"/sys/fs/ext4/{os.path.basename(volume.device)}/trigger_fs_error"
        if not os.access(trigger, os.W_OK):
            return f"read-only after an error: not tried, {trigger} cannot be written"
        with open(trigger, "w", encoding="ascii") as switch:
            switch.write("1")
        with contextlib.suppress(Unanswered):
            shop.client.make(shop.pictures, CONTENT)
            raise Violation("acknowledged on a file system that takes nothing")
        if shop.server.is_alive():
            shop.read_all()
            shop.server.process.terminate()
        code = shop.server.reap()
        if code not in (0, 70):
            raise Violation(f"ended with {code}: {shop.server.errors()[-3000:]}")
        volume.unmount()
        subprocess.run(["e2fsck", "-p", "-f", volume.device], check=False, capture_output=True)
        volume.mount()
        shop.server.start()
        shop.end()
        return f"read-only after an error: nothing acknowledged, exit code {code}"
    finally:
        shop.server.end()
        volume.remove()


def between_reserves(place):
    fill(place, BETWEEN_RESERVES)


def nothing_left(place):
    fill(place, 0)


def descriptors(directory):
    """accept without a descriptor to give: paused, not spinning, and taken up again."""
    shop = Shop(directory, "shop-descriptors")
    pid = shop.server.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    used = len(os.listdir(f"/proc/{pid}/fd"))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, before[1]))
    waiting = [socket.create_connection(("127.0.0.1", shop.server.port)) for _ in range(20)]
    for one in waiting:
        one.settimeout(20)
        one.sendall(b"GET /healthz HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    began = cpu_seconds(pid)
    time.sleep(1)  # the time in which it must not spin
    spent = cpu_seconds(pid) - began
    if spent > 0.5:
        raise Violation(f"accept spins: {spent:.2f} s of CPU in one second without descriptors")
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    for one in waiting:
        if not one.recv(100).startswith(b"HTTP/1.1 200"):
            raise Violation("a connection that waited for a descriptor is not answered")
        one.close()
    shop.end()


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(directory, tell):
    """What was shown, one line each."""
    done = []
    descriptors(directory)
    done.append("no descriptors: accept pauses and goes on")
    missing = why_not()
    if missing:
        return [*done, f"full disks SKIPPED: {missing}"]
    done.append(read_only(directory))
    for kind in ("ext4", "xfs"):
        for exhaust, deletes in ((between_reserves, True), (nothing_left, False),
                                 (fill_inodes, True)):
            if exhaust is fill_inodes and kind == "xfs":
                continue  # makes its inodes from free space
            disk(directory, kind, exhaust, deletes)
            done.append(f"{kind} {exhaust.__name__}: 507, reads"
                        f"{' and deletes' if deletes else ''} go on, healed without restart")
            tell(done[-1])
    for exhaust, deletes in ((between_reserves, True), (nothing_left, False)):
        catalog_disk(directory, "ext4", exhaust, deletes)
        done.append(f"catalogue alone, {exhaust.__name__}: 507, reads"
                    f"{' and deletes' if deletes else ''} go on, healed without restart")
        tell(done[-1])
    return done
