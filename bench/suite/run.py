"""`./dev bench uploads|large|duplicates|express|downloads|mixed|memory|cores|saturation|hostile…`

Each name is a set of scenarios that runs every server it compares in turn, at least five times, on
this machine, in one go: the server on CPU 0, the load on CPU 1. It prints a table and writes it
with everything that is needed to judge it to bench/results/<name>.md.

  --runs N       alternating runs of each server (default 5)
  --seconds S    of each run (default 3)
  --folder DIR   where the servers keep their files (default: a temporary directory in $TMPDIR)
  --lock FILE    held while something is measured, for machines that are shared
"""

import argparse
import contextlib
import datetime
import fcntl
import sys
import tempfile
from pathlib import Path

import downloads
import hostile
import limits
import machine
import servers
import uploads

SUITES = {
    "uploads": uploads.uploads,
    "large": uploads.large,
    "duplicates": uploads.duplicates,
    "express": uploads.express,
    "pictures": uploads.pictures,
    "generator": uploads.generator,
    "downloads": downloads.downloads,
    "mixed": limits.mixed,
    "memory": limits.memory,
    "cores": limits.cores,
    "saturation": limits.saturation,
    "hostile": hostile.hostile,
}
RESULTS = servers.ROOT / "bench" / "results"


class Bench:
    """What every suite needs: how often, how long, where, and its turn on the machine."""

    def __init__(self, options, folder):
        self.runs, self.seconds, self.folder = options.runs, options.seconds, Path(folder)
        self.lock_path = options.lock

    @contextlib.contextmanager
    def turn(self):
        """The machine for ourselves, if it is shared. Entered row by row."""
        if not self.lock_path:
            yield
            return
        with open(self.lock_path, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def alternate(self, compared, measure):
        """{name: [value…]} of `measure(server)`, servers in turn, each with a settled disk."""
        values = {server.name: [] for server in compared}
        for _ in range(self.runs):
            for server in compared:
                machine.settle()
                values[server.name].append(measure(server))
        return values


def write(name, bench, lines):
    """The results with what they were measured on."""
    day = datetime.date.today().isoformat()
    text = [f"# {name}", "", f"`./dev bench {name}`, {day}. Medians of {bench.runs} alternating "
            f"runs of {bench.seconds:g} s, ranges in parentheses. The server has CPU 0, the load "
            "(`mooring-load`) CPU 1, unless told otherwise.", "",
            *machine.description(bench.folder), *servers.versions(), "", *lines]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.md").write_text("\n".join(text) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="+", choices=[*SUITES, "all"], metavar="NAME")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--folder")
    parser.add_argument("--lock")
    options = parser.parse_args()
    names = list(SUITES) if "all" in options.suites else options.suites
    with tempfile.TemporaryDirectory(prefix="mooring-bench-", dir=options.folder) as folder:
        Path(folder).chmod(0o755)
        bench = Bench(options, folder)
        machine.wait_for_inodes(folder, bench.say)
        for name in names:
            bench.say(f"== {name}")
            lines = SUITES[name](bench)
            write(name, bench, lines)
            print("\n".join([*lines, ""]), flush=True)


if __name__ == "__main__":
    main()
