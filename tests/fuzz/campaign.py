"""A long campaign of the fuzz targets: `./dev fuzz campaign [executions]` ends here.

Rounds of half a minute of a processor, one process, always the target that has had the least:
from the corpus of the round before, with a seed that follows from --seed and the round's number.
Totals and corpora are kept in build/fuzz-campaign, so that a campaign ends and goes on as one
likes; SIGTERM or SIGINT ends it with the round that is under way counted. One round in
SANITIZED_EVERY runs the build with AddressSanitizer and UBSan, where that is built. Seconds are of
a processor. What a target fails on lies in build/fuzz-campaign/found, and the target rests until
that file is gone.
"""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PLACE = ROOT / "build" / "fuzz-campaign"
TOTALS = PLACE / "totals.json"
FAST, SANITIZED, COVER = "fuzz-fast", "fuzz", "fuzz-cover"
ROUND_SECONDS = 30
FIRST_RUNS = 5_000
INTERRUPT_SECONDS_MAX = 10
SANITIZED_EVERY = 12
# A whole server: its executions are conversations, and are not counted among those of the parsers.
WHOLE = ("connection",)
# The sources that the targets are about, for lines and regions.
PARSERS = ["src/http", "src/base/json_reader.cc", "src/base/utf8.cc", "src/auth/api_key.cc",
           "src/auth/jwt.cc", "src/auth/claims.cc", "src/catalog/codec.cc",
           "src/api/documents/zip_reader.cc", "src/api/documents/document_parameters.cc"]
DONE = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
COVERED = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)/")
EDGES = re.compile(r"Loaded \d+ modules\s+\((\d+) inline 8-bit counters\)")
NEW_TOTAL = {"executions": 0, "seconds": 0.0, "sanitized_executions": 0, "sanitized_seconds": 0.0,
             "edges": 0, "edges_of": 0, "features": 0, "inputs": 0, "rounds": 0}


def arguments():
    parser = argparse.ArgumentParser(prog="./dev fuzz")
    parser.add_argument("verb", choices=["campaign", "totals", "coverage"])
    parser.add_argument("executions", type=float, nargs="?", default=1e6,
                        help="of all targets together, in this call; 1e9 is understood")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--targets", default="", help="with commas between them; default: parsers")
    return parser.parse_args()


def names_of(build_type):
    places = (ROOT / "build" / build_type / "tests" / "fuzz").glob("fuzz_*")
    return sorted(place.name.removeprefix("fuzz_") for place in places if place.is_file())


def binary(build_type, name):
    return ROOT / "build" / build_type / "tests" / "fuzz" / f"fuzz_{name}"


def load_totals():
    return json.loads(TOTALS.read_text()) if TOTALS.exists() else {}


def keep_totals(totals):
    fresh = TOTALS.with_suffix(".new")
    fresh.write_text(json.dumps(totals, indent=1) + "\n")
    fresh.rename(TOTALS)


def found(name):
    """What it failed on. Slow units are none: a process can be stopped for a while."""
    return sorted(place for place in (PLACE / "found").glob(f"{name}_fuzz-*")
                  if "-slow-unit-" not in place.name)


class Campaign:
    def __init__(self, names, seed):
        self.names, self.seed = names, seed
        self.totals = load_totals()
        self.stopping = False
        self.child = None
        for name in names:
            self.totals[name] = {**NEW_TOTAL, **self.totals.get(name, {})}
            (PLACE / "corpus" / name).mkdir(parents=True, exist_ok=True)
        (PLACE / "found").mkdir(exist_ok=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        signal.signal(signal.SIGALRM, self.kill)

    def stop(self, *_):
        """libFuzzer tells its totals when it is interrupted, unless it is caught inside malloc."""
        self.stopping = True
        if self.child is not None and self.child.returncode is None:
            os.kill(self.child.pid, signal.SIGINT)
            signal.alarm(INTERRUPT_SECONDS_MAX)

    def kill(self, *_):
        if self.child is not None and self.child.returncode is None:
            os.kill(self.child.pid, signal.SIGKILL)

    def round(self, name, runs_max):
        """One round of one target; how many executions it was."""
        total = self.totals[name]
        kind = ""
        if total["rounds"] % SANITIZED_EVERY == SANITIZED_EVERY - 1 and \
                binary(SANITIZED, name).exists():
            kind = "sanitized_"
        done, seconds = total[kind + "executions"], total[kind + "seconds"]
        runs = int(done / seconds * ROUND_SECONDS) if done else FIRST_RUNS
        corpus = PLACE / "corpus" / name
        command = [binary(SANITIZED if kind else FAST, name),
                   f"-runs={max(1, min(runs, runs_max))}",
                   f"-seed={self.seed * 1_000_003 + total['rounds'] + 1}", "-print_final_stats=1",
                   "-timeout=300", "-rss_limit_mb=2048",
                   f"-artifact_prefix={PLACE}/found/{name}_fuzz-", corpus,
                   ROOT / "tests" / "fuzz" / "corpus" / name]
        with open(PLACE / f"{name}.log", "wb") as log:
            # In a group of its own: an interrupt at the keyboard is for this process to pass on.
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                          stderr=log, cwd=PLACE, process_group=0)
            _, status, used = os.wait4(self.child.pid, 0)
            code = self.child.returncode = os.waitstatus_to_exitcode(status)
        told = (PLACE / f"{name}.log").read_text(errors="replace")
        executions = DONE.search(told)
        executions = int(executions[1]) if executions else 0
        total[kind + "executions"] += executions
        total[kind + "seconds"] += used.ru_utime + used.ru_stime
        total["rounds"] += 1
        covered = COVERED.findall(told)
        if covered and not kind:
            total["edges"], total["features"], total["inputs"] = map(int, covered[-1])
            total["edges_of"] = int(EDGES.search(told)[1])
        keep_totals(self.totals)
        if code != 0 and not self.stopping:
            print(f"{name}: exit code {code}, {[str(place) for place in found(name)]}\n"
                  + told[-4000:], flush=True)
            if not found(name):
                raise SystemExit(f"{name} cannot be run")
        return executions

    def run(self, executions_max):
        done = 0
        while done < executions_max and not self.stopping:
            able = [name for name in self.names if not found(name)]
            if not able:
                break
            name = min(able, key=lambda name: self.totals[name]["seconds"]
                       + self.totals[name]["sanitized_seconds"])
            done += self.round(name, executions_max - done)
        return done


def table(totals):
    head = (f"{'target':<20} {'executions':>14} {'seconds':>9} {'per s':>8} {'sanitized':>12} "
            f"{'edges':>7} {'of':>7} {'features':>9} {'inputs':>7}")
    rows = []
    for name, total in sorted(totals.items()):
        speed = total["executions"] / total["seconds"] if total["seconds"] else 0
        mark = "  FAILED: " + str(found(name)[0]) if found(name) else ""
        rows.append(f"{name:<20} {total['executions']:>14,} {total['seconds']:>9,.0f} "
                    f"{speed:>8,.0f} {total['sanitized_executions']:>12,} {total['edges']:>7,} "
                    f"{total['edges_of']:>7,} {total['features']:>9,} {total['inputs']:>7,}{mark}")
    parsers = [total for name, total in totals.items() if name not in WHOLE]
    plain, sanitized, seconds = (sum(total[key] for total in parsers) for key in
                                 ("executions", "sanitized_executions", "seconds"))
    return "\n".join([head, *rows, f"parsers: {plain + sanitized:,} executions, {sanitized:,} of "
                      f"them with sanitizers; {seconds:,.0f} s without"])


def coverage(names):
    """Lines and regions of the parsers' sources that the corpora reach."""
    profiles = PLACE / "profiles"
    profiles.mkdir(parents=True, exist_ok=True)
    for name in names:
        corpora = [place for place in (PLACE / "corpus" / name,
                                       ROOT / "tests" / "fuzz" / "corpus" / name) if place.exists()]
        done = subprocess.run([binary(COVER, name), "-runs=0", "-timeout=300", *corpora],
                              env={**os.environ, "LLVM_PROFILE_FILE": f"{profiles}/{name}.profraw"},
                              stdin=subprocess.DEVNULL, capture_output=True, check=False, cwd=PLACE)
        if done.returncode != 0:
            raise SystemExit(f"{name}: {done.stderr.decode(errors='replace')[-3000:]}")
    merged = profiles / "all.profdata"
    subprocess.run(["llvm-profdata-19", "merge", "-o", merged,
                    *[profiles / f"{name}.profraw" for name in names]], check=True)
    objects = [word for name in names[1:] for word in ("-object", binary(COVER, name))]
    sources = [ROOT / place for place in PARSERS if (ROOT / place).exists()]
    report = subprocess.run(["llvm-cov-19", "report", binary(COVER, names[0]), *objects,
                             f"-instr-profile={merged}", *sources], cwd=ROOT / "build" / COVER,
                            check=True, capture_output=True, text=True).stdout
    print(report)


def main():
    options = arguments()
    PLACE.mkdir(parents=True, exist_ok=True)
    if options.verb == "totals":
        print(table(load_totals()))
        return 0
    build_type = COVER if options.verb == "coverage" else FAST
    names = options.targets.split(",") if options.targets else \
        [name for name in names_of(build_type) if name not in WHOLE]
    unknown = set(names) - set(names_of(build_type))
    if unknown or not names:
        print(f"not built in build/{build_type}: {' '.join(sorted(unknown))}", file=sys.stderr)
        return 64
    if options.verb == "coverage":
        coverage(names)
        return 0
    campaign = Campaign(names, options.seed)
    done = campaign.run(int(options.executions))
    print(f"{table(campaign.totals)}\n{done:,} executions in this call, --seed {options.seed}")
    return int(any(found(name) for name in names))


if __name__ == "__main__":
    sys.exit(main())
