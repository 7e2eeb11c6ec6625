"""A server that is meant to die: the Server of the black-box tests, with faults armed."""

import re
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "api"))

import harness  # noqa: E402  the path is set above
from harness import BINARY, READY, START_SECONDS_MAX, Server  # noqa: E402

# Small segments and buffers: what rolls over once an hour elsewhere does so many times a minute.
# Compaction and scrub are at work all the time.
CONFIG = """
[data]
segment_bytes = "4MiB"
[rocksdb]
write_buffer_bytes = "4MiB"
[limits]
chunks_per_core = 24
[renditions]
workers = 1
[compaction]
live_percent_min = 90
interval = "20ms"
[scrub]
rate = "64MiB"
cycle = "1s"
"""
DAMAGE = re.compile(r"(\d+) segments are damaged, (\d+) names are not ours")


class Violation(Exception):
    """A promise that was not kept."""


class DeadlyServer(Server):
    made = []  # all of this run
    prefix = ()  # what runs it

    def __init__(self, directory, data=None, config=""):
        super().__init__(directory, harness.merge_config(CONFIG, config), arguments=())
        self.made.append(self)
        if data is not None:
            self.data = Path(data)
        self.was_killed = False  # since its last clean stop

    def start(self, *faults):
        """Whether it became ready; if not, it died at a crash point. Everything else is wrong."""
        assert self.process is None
        with open(self.errors_path, "ab") as errors:
            self._errors_before = errors.tell()
            self.process = subprocess.Popen(
                [*self.prefix, BINARY, *faults, "serve", "--config", self.config_path,
                 "--data", self.data, "--listen", "127.0.0.1:0"],
                stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL, text=True)
        killer = threading.Timer(START_SECONDS_MAX, self.process.terminate)
        killer.start()
        line = self.process.stdout.readline().rstrip("\n")
        killer.cancel()
        ready = READY.match(line)
        if not ready:
            code = self.reap()
            if code == -9 and "--crash-at" in faults:
                self.was_killed = True
                return False
            raise Violation(f"does not start, exit code {code}: {self.errors()[-3000:]}")
        self.url, self.port = ready[1], int(ready[2])
        self.look_at_recovery()
        return True

    def look_at_recovery(self):
        """A start after a crash knows that it is one, and has nothing to complain about."""
        told = self.errors()
        if self.was_killed and "unclean stop" not in told:
            raise Violation(f"takes a crash for a clean stop: {told[-2000:]}")
        damage = DAMAGE.search(told)
        if damage and damage.groups() != ("0", "0"):
            raise Violation(f"recovery found damage: {told[-3000:]}")
        self.was_killed = True  # until it stops in order

    def look_at_scrub(self):
        """Nothing was found damaged in this life, and old marks of what is sound go."""
        def metric(name):
            page = self.anonymous().get("/metrics").text
            return int(re.search(rf"^{name} (\d+)", page, re.MULTILINE)[1])
        for name in ("mooring_damage_found_total", "mooring_compaction_damaged_total"):
            if metric(name) != 0:
                raise Violation(f"{name} {metric(name)}: {self.errors()[-3000:]}")
        harness.eventually(lambda: metric("mooring_blobs_damaged") == 0, 20, "no marks of damage")

    def stop(self):
        super().stop()
        self.was_killed = False

    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def reap(self):
        """Waits for the end of a process that is dying; its exit code."""
        process, self.process = self.process, None
        code = process.wait(harness.STOP_SECONDS_MAX)
        process.stdout.close()
        if harness.SANITIZER.search(self.errors()):
            raise Violation(self.errors()[-6000:])
        return code

    def die(self):
        """kill -9, or the end that a crash point has made already."""
        if self.process.poll() is None:
            self.process.kill()
        code = self.reap()
        if code != -9:
            raise Violation(f"ended by itself with {code}: {self.errors()[-3000:]}")

    def end(self):
        """Without a word, whatever it is doing."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None

    def back_up(self, target):
        """Whether `mooring backup`, beside this server, said that it has made one."""
        done = harness.mooring("backup", "--data", self.data, target, seconds=120)
        if done.returncode not in (0, 70, 75):
            raise Violation(f"backup: exit code {done.returncode}: {done.stdout} {done.stderr}")
        return done.returncode == 0

    def prove(self):
        """Stopped in order, every byte of the store is owned and whole (V8)."""
        if self.process is not None:
            self.look_at_scrub()
        try:
            self.stop()
        except AssertionError as error:
            raise Violation(f"does not stop: {error}") from error
        checked = self.check("--deep")
        if checked.returncode != 0:
            raise Violation("check --deep: " + (checked.stdout + checked.stderr)[-3000:])


def judge_copy(directory, is_done):
    """A backup or a restored store: whole, or it says that it is not. Done: whole."""
    if not is_done and not directory.exists():
        return
    checked = harness.mooring("check", "--deep", "--data", directory, seconds=120)
    if checked.returncode == 0:
        return
    text = f"{directory}: check --deep: {checked.returncode} {checked.stdout} {checked.stderr}"
    if is_done:
        raise Violation(text[-3000:])
    marked = (directory / "INCOMPLETE").exists()
    empty = not any(name.name not in ("INCOMPLETE", "INCOMPLETE.new")
                    for name in directory.iterdir())
    if not marked and not empty:
        raise Violation("neither whole nor marked as incomplete: " + text[-3000:])


def fault_names(what):
    """The names of `mooring faults`: [(name, phase)] of points, [name] of syncs and kinds."""
    done = harness.mooring("faults")
    if done.returncode != 0:
        raise SystemExit(f"{BINARY}: {done.stderr.strip()}; build with ./dev build debug")
    rows = [line.split() for line in done.stdout.splitlines()]
    return [tuple(row[1:]) if len(row) > 2 else row[1] for row in rows if row[0] == what]
