"""The ledger: a name that somebody relies on is in a directory that was synced after the name came.

A journal writes names in the order in which they were made, so a sync of anything that is younger
brings them along: on ext4 and XFS a power cut cannot tell whether a directory was synced or not.
POSIX promises less: a name is on stable storage once its directory is synced. This rig holds the
server to that, on any file system and without root: it watches the system calls (strace), keeps for
every directory the names that came since its last sync began, and looks when a client has been told
that its change is durable. Besides, a SUPERBLOCK without which a catalogue is taken for damage has
to be there before the catalogue. Removals are not entered: nobody relies on a name being gone.
"""

import os
import re
import shutil
import time

from load import World
from oracle import KIB, Content, Oracle
from store import DeadlyServer, Violation, fault_names

# The syncs of directories: what each is there for is a name that somebody was told of.
DIRECTORIES = ("format_directories", "format_parent", "replacement_directory", "secret_directory",
               "segment_directory", "blob_directory")

CALLS = "mkdir,mkdirat,open,openat,creat,link,linkat,rename,renameat,renameat2,unlink,unlinkat," \
        "symlink,symlinkat,fsync,fdatasync,syncfs"
SYNC_SECONDS_MAX = 3.0  # from an acknowledgement to the line about the last sync in the file
# What nobody relies on: a lock, the admin socket, what lives for a moment. RocksDB keeps its own.
UNPROMISED = re.compile(r"/catalog(/|$)|/(LOCK|admin\.sock|probe)$|\.new(-\d+)?$|/landing-")
LINE = re.compile(r"^(\d+) +(.*)$")
CALL = re.compile(r"^(\w+)\((.*)\) += (-?\d+)(<.*>)?( .*)?$")
RESUMED = re.compile(r"^<\.\.\. \w+ resumed>(.*)$")
WORDS = re.compile(r'"((?:[^"\\]|\\.)*)"(?:\.\.\.)?|(AT_FDCWD|-?\d+)<([^>]*)>')


def why_not():
    """Why there can be no ledger here; None if there can."""
    return None if shutil.which("strace") else "no strace"


class Ledger:
    """Reads what strace writes; `pending`: {directory: {name: what it is}}."""

    def __init__(self, path, root):
        self.path, self.root = path, str(root)
        self.offset = 0
        self.halves = {}  # thread: the beginning of a call that is under way
        self.begun = {}  # thread: the names that its sync will have brought
        self.pending = {}
        self.broken = []  # what was done too early
        self.syncs = self.names = 0

    def read(self):
        with open(self.path, "rb") as stream:
            stream.seek(self.offset)
            text = stream.read()
        whole = text[:text.rfind(b"\n") + 1]
        self.offset += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            self.enter(line)

    def enter(self, line):
        match = LINE.match(line)
        if not match:
            return
        thread, call = match.groups()
        resumed = RESUMED.match(call)
        if resumed:
            call = self.halves.pop(thread, "") + resumed[1]
        elif call.endswith("<unfinished ...>"):
            self.halves[thread] = call.removesuffix("<unfinished ...>")
            self.begin(thread, call)
            return
        else:
            self.begin(thread, call)
        match = CALL.match(call)
        if match and int(match[3]) >= 0:
            self.apply(thread, match[1], match[2], (match[4] or "")[1:-1])

    @staticmethod
    def paths(words):
        """The paths that are named, each below the directory that stands before it."""
        found, base = [], ""
        for text, number, place in WORDS.findall(words):
            if number:
                base = place
            else:
                found.append(os.path.normpath(os.path.join(base, text)))
        return found

    def begin(self, thread, call):
        """What a sync brings is what was there when it began."""
        name, _, words = call.partition("(")
        if name in ("fsync", "fdatasync", "syncfs"):
            place = WORDS.search(words)
            directory = os.path.normpath(place[3]) if place else ""
            all_of_them = name == "syncfs"
            self.begun[thread] = [(where, entry) for where, entries in self.pending.items()
                                  for entry in entries if all_of_them or where == directory]

    def apply(self, thread, name, words, opened):
        if name in ("fsync", "fdatasync", "syncfs"):
            self.syncs += 1
            for where, entry in self.begun.pop(thread, []):
                self.pending.get(where, {}).pop(entry, None)
            return
        paths = self.paths(words)
        if name.startswith(("unlink", "rename")):
            self.forget(paths[0])
        if name.startswith(("open", "creat")):
            if "O_CREAT" in words and "O_TMPFILE" not in words:
                self.come(paths[0], "file")
        elif name.startswith("mkdir"):
            self.come(paths[0], "directory")
        elif name.startswith(("link", "rename", "symlink")):
            self.come(paths[-1], "name")

    def come(self, path, kind):
        if path == f"{self.root}/catalog" and "SUPERBLOCK" in self.pending.get(self.root, {}):
            self.broken.append("a catalogue is made before the SUPERBLOCK that announces it")
        if UNPROMISED.search(path) or not self.watches(path):
            return
        self.names += 1
        self.pending.setdefault(os.path.dirname(path), {})[os.path.basename(path)] = kind
        if kind == "directory":  # is itself to be synced: it is new
            self.pending.setdefault(path, {})["."] = kind

    def forget(self, path):
        self.pending.get(os.path.dirname(path), {}).pop(os.path.basename(path), None)

    def watches(self, path):
        return path == self.root or path.startswith(self.root + "/")

    def unsynced(self):
        return sorted(f"{where}/{entry}" for where, entries in self.pending.items()
                      for entry in entries)


class WatchedStore:
    def __init__(self, directory, faults):
        directory.mkdir()
        self.directory, self.faults = directory, faults
        self.server = DeadlyServer(directory / "server")
        trace = directory / "calls"
        # -D: the server stays our child.
        self.server.prefix = ("strace", "-D", "-f", "-y", "-qq", "-s", "4096", "-A", "-o", trace,
                              "-e", f"trace={CALLS}")
        self.ledger = Ledger(trace, os.path.realpath(self.server.data))
        self.oracle = Oracle(directory / "oracle.jsonl")

    def look(self, when):
        """Every name that was promised up to now is in a directory that was synced since."""
        deadline = time.monotonic() + SYNC_SECONDS_MAX
        while True:
            self.ledger.read()
            unsynced = self.ledger.broken or self.ledger.unsynced()
            if not unsynced:
                return
            if time.monotonic() > deadline:
                raise Violation(f"{when}, and not on stable storage: " + ", ".join(
                    place.removeprefix(str(self.directory)) for place in unsynced)[:300])
            time.sleep(0.02)  # a segment that is being made is no promise yet

    def live(self):
        """A first life with changes of every family in both tiers, and one after a crash."""
        self.server.start(*self.faults)
        self.look("a new store is ready")
        world = World(self.server, self.oracle, clients=1)
        client = world.clients[0]
        client.begin("ledger")
        for life in ("first life", "life after a crash"):
            for name, family in client.families.items():
                for size in (3 * KIB, 900 * KIB):
                    if not family.may_fail:
                        client.make(family, Content(f"{life}/{name}/{size}", size))
            self.look(f"acknowledged in the {life}")
            self.server.die()
            if life == "first life":
                self.server.start(*self.faults)
        if not self.ledger.names or not self.ledger.syncs:
            raise Violation("the ledger is empty: strace shows nothing")

    def remove(self):
        self.server.end()
        self.oracle.close()
        shutil.rmtree(self.directory)


def find(directory, sync, tell):
    """What is missing when `sync` is left out; None: nothing. Without a name: nothing is."""
    watched = WatchedStore(directory / f"ledger-{sync}", ("--skip-sync", sync) if sync else ())
    try:
        watched.live()
    except Violation as violation:
        tell(f"{sync} ledger: found: {str(violation)[:300]}")
        return str(violation)
    finally:
        watched.remove()
    tell(f"{sync or 'no sync left out'}: {watched.ledger.names} names, {watched.ledger.syncs} "
         "syncs of theirs, none is missing")
    return None


def run(directory, _cycles, _seed, _first, tell):
    missing = why_not()
    if missing:
        return f"SKIPPED: {missing}"
    found = find(directory, "", tell)
    if found:
        raise Violation(found)
    unnoticed = [sync for sync in DIRECTORIES
                 if sync in fault_names("sync") and not find(directory, sync, tell)]
    if unnoticed:
        raise Violation(f"nothing notices that these are left out: {' '.join(unnoticed)}")
    return f"every name in a synced directory; missed when left out: {' '.join(DIRECTORIES)}"
