"""Crash rigs: `./dev crash kill|power|mutants|faults|soak …` ends here.

Everything printed about a cycle follows from the seed and its number; --from repeats one. After a
violation the directory of the run stays, with the store, its log and the client's journal.
"""

import argparse
import importlib
import os
import random
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from store import DeadlyServer
from volumes import Volume

SUMMARY_OK = "0 lost"
MEMORY_BYTES_MIN = 4 << 30
RIGS = {"kill": ("kill", "run"), "power": ("power", "run"), "mutants": ("mutants", "run"),
        "mutants-short": ("mutants", "run_short"), "ledger": ("ledger", "run"),
        "faults": ("faults", "run"),
        "faults-short": ("faults", "run_short"), "soak": ("soak", "run")}


def arguments():
    parser = argparse.ArgumentParser(prog="./dev crash")
    parser.add_argument("rig", choices=list(RIGS))
    parser.add_argument("cycles", type=int, nargs="?", default=30,
                        help="deaths; of mutants per sync, of faults calls of a kind and effect, "
                             "of soak minutes")
    parser.add_argument("--seed", default=None, help="repeats a run")
    parser.add_argument("--from", dest="first", type=int, default=0, help="number of the first")
    parser.add_argument("--scratch", default=None, help="where stores and journals lie")
    parser.add_argument("--think", type=float, default=None,
                        help="of soak: seconds between two changes of a client")
    parser.add_argument("--quiet", action="store_true", help="only the summary")
    return parser.parse_args()


def scratch_of(options):
    """Volumes lie in memory where there is room: their syncs then cost nothing but themselves."""
    memory = Path("/dev/shm")
    if options.scratch or options.rig in ("kill", "mutants", "soak") or not memory.is_dir():
        return options.scratch
    room = os.statvfs(memory)
    return memory if room.f_bavail * room.f_frsize >= MEMORY_BYTES_MIN else None


def main():
    options = arguments()
    module, verb = RIGS[options.rig]
    module = importlib.import_module(module)
    run = getattr(module, verb)
    if options.think is not None:
        module.THINK_SECONDS = options.think
    seed = options.seed or f"{random.SystemRandom().getrandbits(32):08x}"
    directory = Path(tempfile.mkdtemp(prefix="mooring-crash-", dir=scratch_of(options)))
    began = time.monotonic()
    kernel = os.uname().release
    print(f"crash {options.rig}: {options.cycles} cycles, --seed {seed}, kernel {kernel}, "
          f"{directory}", flush=True)

    def tell(line):
        if not options.quiet:
            print(line, flush=True)

    try:
        summary = run(directory, options.cycles, seed, options.first, tell)
    except BaseException:
        traceback.print_exc()
        for server in DeadlyServer.made:
            server.end()
        for volume in list(Volume.made):
            volume.detach()
        print(f"FAILED, --seed {seed}; what is left: {directory}", flush=True)
        return 1
    shutil.rmtree(directory)
    print(f"{summary}\n{options.cycles} cycles in {time.monotonic() - began:.0f} s, --seed {seed}: "
          f"{SUMMARY_OK}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
