"""Runs the suites and adds them up: `./dev test [suite…]` ends here.

A suite never stops another: what fails to build, crashes or hangs counts as one failure and the
rest goes on. Unit and fuzz executables are found by asking Meson, so that no list is kept twice.
The last line is `N passed, N failed`; the exit code is 0 if nothing failed.
"""

import concurrent.futures
import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTEST = ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
UNIT_SECONDS_MAX = 1500
PYTEST_SECONDS_MAX = 2700
CRASH_SECONDS_MAX = 900
# Cycles of each. Whether a sync that is left out loses something within a few cuts is a matter of
# chance, so `./dev crash mutants` stays a command.
CRASH_RIGS = {"kill": 30, "power": 10, "ledger": 7, "faults-short": 16}

# A report of a sanitizer ends the process with a code of its own, so that no test mistakes it.
SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1:exitcode=99",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=99",
    "TSAN_OPTIONS": "halt_on_error=1:exitcode=99",
}


@dataclasses.dataclass
class Tally:
    """What passed and failed so far, and the names of what failed."""

    passed: int = 0
    failures: list = dataclasses.field(default_factory=list)
    started: float = dataclasses.field(default_factory=time.monotonic)

    def add(self, name, passed, failed, seconds, detail=""):
        self.passed += passed
        self.failures += [name] * failed
        verdict = "ok  " if failed == 0 else "FAIL"
        print(f"{verdict} {name:<28} {passed:>5} passed {failed:>3} failed "
              f"{seconds:>7.1f} s  {detail}", flush=True)


def call(command, seconds_max, output=None, environment=None):
    """The exit code of `command` (124: it took too long), run at the top of the tree."""
    environment = {**os.environ, **SANITIZER_ENVIRONMENT, **(environment or {})}
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, timeout=seconds_max, check=False,
                              stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        return done.returncode
    except subprocess.TimeoutExpired:
        return 124


def heading(text):
    print(f"\n== {text}", flush=True)


def build(tally, build_type, targets):
    """Whether `targets` of build/<type> are built now."""
    started = time.monotonic()
    log_path = ROOT / "build" / f"{build_type}.log"
    log_path.parent.mkdir(exist_ok=True)
    with open(log_path, "wb") as log:
        code = call(["./dev", "build", build_type, *targets], None, log)
    seconds = time.monotonic() - started
    if code == 0:
        print(f"     built {build_type:<22} {len(targets):>5} targets {seconds:>19.1f} s",
              flush=True)
        return True
    tail = log_path.read_text(errors="replace").splitlines()[-40:]
    print("\n".join(tail))
    tally.add(f"build {build_type}", 0, 1, seconds, f"see {log_path.relative_to(ROOT)}")
    return False


def meson_tests(tally, build_type, suite):
    """(name, ninja target, command) of every Meson test of `suite`; none if configuring fails."""
    if call(["./dev", "configure", build_type], None) != 0:
        tally.add(f"configure {build_type}", 0, 1, 0.0)
        return []
    told = subprocess.run(["meson", "introspect", "--tests", f"build/{build_type}"], cwd=ROOT,
                          check=True, capture_output=True, text=True)
    found = []
    for test in json.loads(told.stdout):
        if any(name.split(":")[-1] == suite for name in test["suite"]):
            target = os.path.relpath(test["cmd"][0], ROOT / "build" / build_type)
            found.append((test["name"], target, test["cmd"]))
    return found


def run_shard(command, shard, shards):
    """(tests, failures, exit code, output) of one of `shards` parts of a GoogleTest executable."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        output = Path(scratch) / "output"
        with open(output, "wb") as stream:
            code = call([*command, f"--gtest_output=json:{report}", "--gtest_brief=1"],
                        UNIT_SECONDS_MAX, stream,
                        {"GTEST_TOTAL_SHARDS": str(shards), "GTEST_SHARD_INDEX": str(shard)})
        total = failed = 0
        if report.exists():
            told = json.loads(report.read_text())
            total, failed = told["tests"] - told.get("disabled", 0), told["failures"]
        # A crash leaves no report; a leak report comes after a clean one.
        if code != 0 and failed == 0:
            failed = 1
        return total, failed, code, output.read_text(errors="replace")


def run_gtest(tally, build_type, name, command):
    """A part for each processor: what waits for a disk leaves room for what computes."""
    started = time.monotonic()
    shards = os.cpu_count() or 1
    with concurrent.futures.ThreadPoolExecutor(shards) as pool:
        parts = list(pool.map(lambda shard: run_shard(command, shard, shards), range(shards)))
    total, failed = (sum(part[i] for part in parts) for i in (0, 1))
    codes = [str(code) for _, _, code, _ in parts if code != 0]
    for _, part_failed, _, output in parts:
        if part_failed:
            print("\n".join(output.splitlines()[-60:]))
    tally.add(f"unit {name} ({build_type})", max(total - failed, 0), failed,
              time.monotonic() - started, f"exit code {' '.join(codes)}" if codes else "")


def run_pytest(tally, name, paths, environment=None):
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        code = call([*PYTEST, f"--junitxml={report}", *paths], PYTEST_SECONDS_MAX,
                    environment=environment)
        total = failed = skipped = 0
        if report.exists():
            told = xml.etree.ElementTree.parse(report).getroot().find("testsuite")
            total, skipped = int(told.get("tests")), int(told.get("skipped"))
            failed = int(told.get("failures")) + int(told.get("errors"))
        if code != 0 and failed == 0:
            failed = 1
    detail = f"{skipped} skipped" if skipped else ""
    tally.add(name, max(total - failed - skipped, 0), failed, time.monotonic() - started, detail)


def suite_tidy(tally):
    heading("tidy: the rules of the house")
    started = time.monotonic()
    done = subprocess.run(["/usr/bin/python3", "tests/tidy.py"], cwd=ROOT, check=False,
                          capture_output=True, text=True)
    print(done.stdout + done.stderr, end="")
    told = re.search(r"(\d+) checks passed, (\d+) failed", done.stdout)
    passed, failed = (int(told[1]), int(told[2])) if told else (0, 1)
    tally.add("tidy", passed, failed, time.monotonic() - started)
    run_pytest(tally, "tidy's own tests", ["tests/tidy_test.py"])


def suite_unit(tally):
    # Address and undefined behaviour everywhere; threads where threads meet (the thread sanitizer
    # does not understand the kernel's ring itself); confinement as it is without a sanitizer's own
    # system calls. Elsewhere a build without sanitizers shows nothing more.
    for build_type, floors in (("asan", None), ("tsan", {"core"}), ("release", {"image"})):
        heading(f"unit tests, {build_type}")
        tests = [test for test in meson_tests(tally, build_type, "unit")
                 if floors is None or test[0] in floors]
        if tests and build(tally, build_type, [target for _, target, _ in tests]):
            for name, _, command in tests:
                run_gtest(tally, build_type, name, command)


def suite_fuzz(tally):
    heading("fuzz targets on their corpus, asan")
    tests = meson_tests(tally, "asan", "fuzz")
    if tests and build(tally, "asan", [target for _, target, _ in tests]):
        for name, _, command in tests:
            started = time.monotonic()
            code = call(command, UNIT_SECONDS_MAX)
            tally.add(f"fuzz {name}", int(code == 0), int(code != 0), time.monotonic() - started,
                      "" if code == 0 else f"exit code {code}")


def suite_api(tally):
    for build_type in ("asan", "release"):
        heading(f"black-box tests, {build_type}")
        if build(tally, build_type, ["src/mooring", "bench/load/mooring-load"]):
            binary = str(ROOT / "build" / build_type / "src" / "mooring")
            run_pytest(tally, f"api ({build_type})", ["tests/api"], {"MOORING_BINARY": binary})


def suite_crash(tally):
    """Short forms of `./dev crash`: a new seed each time, printed, so that a failure repeats."""
    heading("crash rigs, asan")
    run_pytest(tally, "the rigs' own tests", ["tests/crash/oracle_test.py"])
    if not build(tally, "asan", ["src/mooring"]):
        return
    binary = str(ROOT / "build" / "asan" / "src" / "mooring")
    for rig, cycles in CRASH_RIGS.items():
        started = time.monotonic()
        with tempfile.TemporaryFile() as output:
            code = call(["/usr/bin/python3", "tests/crash/rig.py", rig, str(cycles), "--quiet"],
                        CRASH_SECONDS_MAX, output, {"MOORING_BINARY": binary})
            output.seek(0)
            told = output.read().decode(errors="replace")
        print(told, end="", flush=True)
        skipped = code == 0 and "SKIPPED" in told
        tally.add(f"crash {rig}", cycles if code == 0 and not skipped else 0, int(code != 0),
                  time.monotonic() - started, "skipped" if skipped else "")


SUITES = {"tidy": suite_tidy, "unit": suite_unit, "fuzz": suite_fuzz, "api": suite_api,
          "crash": suite_crash}


def main():
    names = sys.argv[1:] or list(SUITES)
    unknown = [name for name in names if name not in SUITES]
    if unknown:
        print(f"unknown suite {' '.join(unknown)}; there are: {' '.join(SUITES)}", file=sys.stderr)
        return 64
    tally = Tally()
    for name in names:
        try:
            SUITES[name](tally)
        except Exception as error:  # a broken suite is a failure, not the end
            tally.add(name, 0, 1, 0.0, f"{type(error).__name__}: {error}")
    print(f"\n{time.monotonic() - tally.started:.0f} s in all")
    for name in dict.fromkeys(tally.failures):
        print(f"failed: {name}")
    print(f"{tally.passed} passed, {len(tally.failures)} failed")
    return 0 if tally.passed and not tally.failures else 1


if __name__ == "__main__":
    sys.exit(main())
