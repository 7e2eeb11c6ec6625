"""The oracle: what a client has been told, so what must be there after a crash.

A Thing is one resource; one thread changes it. Its `allowed` states are what a reader may see: one
after an acknowledged change, two while a change is open. A state is the digest of its content, or
None: it is not there. The journal is written, line by line and past any buffer, before the next
change begins, in a directory of its own, so that a failure can be read up on afterwards.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import random
import threading

from store import Violation

KIB, MIB = 1024, 1024 * 1024
THRESHOLD = 512 * KIB
SIZES = [1, 50, 700, 4095, 4096, 4097, 20_000, 60_000, 130_000, 400_000, THRESHOLD - 1, THRESHOLD,
         THRESHOLD + 1, 700_000, MIB - 1, MIB, MIB + 1, 1_300_000, 3 * MIB + 17]
WEIGHTS = [4, 6, 6, 4, 4, 4, 8, 8, 4, 4, 3, 3, 3, 3, 2, 2, 2, 2, 1]
POPULAR = 12  # contents that everybody uploads: shared, and collected under others' hands


def digest(content):
    return hashlib.blake2b(content, digest_size=16).hexdigest()


@dataclasses.dataclass(frozen=True)
class Content:
    """Bytes by their recipe: `head` makes them what they claim to be, the rest is noise."""

    seed: str
    size: int

    def bytes(self, head=b""):
        return head + random.Random(self.seed).randbytes(self.size)


def pick_content(rng):
    if rng.random() < 0.35:
        number = rng.randrange(POPULAR)
        return Content(f"popular/{number}", SIZES[number * len(SIZES) // POPULAR])
    return Content(f"{rng.getrandbits(64):x}", rng.choices(SIZES, WEIGHTS)[0])


class Thing:
    def __init__(self, family, key, state):
        self.family, self.key = family, key
        self.allowed = [state]

    @property
    def exists(self):
        return self.allowed[-1] is not None

    @property
    def is_settled(self):
        return len(self.allowed) == 1

    def settle(self, found):
        """What a reader saw; from now on that and nothing else is right."""
        if found not in self.allowed:
            raise Violation(f"{self.family} {self.key}: found {found}, told {self.allowed}")
        self.allowed = [found]


class Oracle:
    def __init__(self, journal_path):
        self._journal = os.open(journal_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()
        self.open_creations = {}  # family: creations that nobody was told the end of
        self.acknowledged = 0

    def close(self):
        os.close(self._journal)

    def note(self, *words):
        os.write(self._journal, json.dumps(words).encode() + b"\n")

    def add(self, family, key, state):
        """A thing whose creation was acknowledged."""
        self.note("created", family, key, state)
        thing = Thing(family, key, state)
        with self._lock:
            self.acknowledged += 1
        return thing

    @contextlib.contextmanager
    def creation(self, family):
        """A creation is under way; it stays open unless the block ends in order."""
        with self._lock:
            self.open_creations[family] = self.open_creations.get(family, 0) + 1
        yield
        with self._lock:
            self.open_creations[family] -= 1

    @contextlib.contextmanager
    def change(self, thing, state):
        """`thing` becomes `state` if the block ends in order; otherwise either is right."""
        self.note("change", thing.family, thing.key, state)
        thing.allowed = [thing.allowed[0], state]
        yield
        self.note("acknowledged", thing.family, thing.key, state)
        thing.allowed = [state]
        with self._lock:
            self.acknowledged += 1
