"""Clients of all families at once, and the look at everything they were told."""

import concurrent.futures
import random
import threading

from families import FAMILIES, Unanswered, make_keys
from oracle import digest, pick_content
from store import Violation

CLIENTS = 6
THINGS_MAX = 36  # of one client: then more goes than comes, and the store stays small


def told(family, content):
    """The state that a reader finds once `content` is stored."""
    seen = getattr(family, "seen", None)
    return digest(seen(content) if seen else content)


def state_of(family, key):
    found = family.read(key)
    return None if found is None else digest(found)


class Client:
    """One thread of changes. Its things are nobody else's."""

    def __init__(self, world, number):
        self.world, self.number = world, number
        self.families = {name: make(world.server, world.keys) for name, make in FAMILIES.items()}
        for name, family in self.families.items():
            family.name = name
        self.things = []
        self.rng = random.Random(0)

    def begin(self, seed):
        self.rng = random.Random(f"{seed}/{self.number}")

    def close(self):
        """Ends the connections; the next change opens them again."""
        for family in self.families.values():
            family.close()

    def run(self, stop):
        """Changes things until the server is gone or `stop` is set."""
        while not stop.is_set():
            families = list(self.families.values())
            family = self.rng.choices(families, [one.weight for one in families])[0]
            try:
                self.step(family)
            except Unanswered as error:
                if error.status == 500 and not (self.world.is_faulty or family.may_fail):
                    raise Violation(str(error)) from error
                if not self.world.server.is_alive():
                    return
            if self.world.think_seconds:
                stop.wait(self.world.think_seconds)

    def step(self, family):
        draw = self.rng.random()
        mine = [thing for thing in self.things if thing.is_settled
                and thing.family == family.name]
        if not mine or draw < 0.4 and len(self.things) < THINGS_MAX:
            self.make(family)
            return
        thing = self.rng.choice(mine)
        if draw < 0.6:
            self.expect(family, thing)
        elif draw < 0.7 and thing.exists:
            family.touch(thing.key)
        elif draw < 0.85 and family.can_replace and (thing.exists or family.is_prepared):
            self.put(family, thing)
        elif thing.exists:
            self.remove(family, thing)
        else:
            self.things.remove(thing)

    def make(self, family, recipe=None):
        key = family.prepare()
        if key is not None:
            thing = self.world.oracle.add(family.name, key, None)
            self.things.append(thing)
            self.put(family, thing, recipe)
            return
        content = (recipe or pick_content(self.rng)).bytes(family.head)
        with self.world.oracle.creation(family.name):
            key = family.create(content)
            thing = self.world.oracle.add(family.name, key, told(family, content))
        self.things.append(thing)

    def put(self, family, thing, recipe=None):
        content = (recipe or pick_content(self.rng)).bytes(family.head)
        with self.world.oracle.change(thing, told(family, content)):
            family.put(thing.key, content)

    def remove(self, family, thing):
        with self.world.oracle.change(thing, None):
            family.remove(thing.key)

    def expect(self, family, thing):
        thing.settle(state_of(family, thing.key))

    def verify(self):
        """Everything this client was told; how many things."""
        for thing in self.things:
            family = self.families[thing.family]
            try:
                self.expect(family, thing)
                if thing.exists and self.rng.random() < 0.1 and not family.may_fail:
                    family.touch(thing.key)
            except Unanswered as error:
                raise Violation(f"{thing.family} {thing.key}, told {thing.allowed}: "
                                f"{error}") from error
        looked = len(self.things)
        self.things = [thing for thing in self.things if thing.exists]
        return looked


class World:
    """The clients of one store, through all its lives."""

    def __init__(self, server, oracle, clients=CLIENTS, keys=None):
        self.server, self.oracle = server, oracle
        self.keys = keys or make_keys(server)
        self.clients = [Client(self, number) for number in range(clients)]
        self.unasked = {}  # family: things that are there although nobody was told so
        self.think_seconds = 0.0  # of a client between two changes
        self.is_faulty = False  # I/O is made to fail: 500 is an honest answer

    def in_parallel(self, verb, *arguments):
        with concurrent.futures.ThreadPoolExecutor(len(self.clients)) as pool:
            waiting = [pool.submit(getattr(client, verb), *arguments) for client in self.clients]
        return [one.result() for one in waiting]

    def load(self, seed):
        """Starts the clients; `finish` of what is returned waits for them."""
        return Load(self, seed)

    def verify(self):
        looked = sum(self.in_parallel("verify"))
        for name, family in self.clients[0].families.items():
            self.count(name, family)
        return looked

    def count(self, name, family):
        """What is listed: the things that were acknowledged, and at most those left open."""
        total = family.count()
        if total is None:
            return
        known = sum(thing.family == name and thing.exists
                    for client in self.clients for thing in client.things)
        found, least = total - known, self.unasked.get(name, 0)
        if not least <= found <= least + self.oracle.open_creations.get(name, 0):
            raise Violation(f"{total} {name} are listed, {known} were acknowledged, {least} more "
                            f"were there before, {self.oracle.open_creations.get(name)} are open")
        self.unasked[name] = found
        self.oracle.open_creations[name] = 0


class Load:
    def __init__(self, world, seed):
        self.world, self.stop = world, threading.Event()
        self.before = world.oracle.acknowledged
        for client in world.clients:
            client.begin(seed)
        self.pool = concurrent.futures.ThreadPoolExecutor(len(world.clients))
        self.waiting = [self.pool.submit(client.run, self.stop) for client in world.clients]

    def finish(self):
        """How many changes were acknowledged."""
        self.stop.set()
        self.pool.shutdown()
        for one in self.waiting:
            one.result()
        return self.world.oracle.acknowledged - self.before
