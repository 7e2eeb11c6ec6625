"""`./dev lint [prefix…]`: formatting, headers that stand alone, clang-tidy.

All of it takes most of an hour of a processor; with prefixes, such as src/http and
include/mooring/http, only what lies below them is looked at. Needs build/debug configured: the
flags of the compiler come from its compile_commands.json.
"""

import concurrent.futures
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ROOT / "build" / "debug" / "compile_commands.json"


def tracked(*suffixes):
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True,
                            text=True)
    return [name for name in listed.stdout.splitlines()
            if name.endswith(suffixes) and name.startswith(tuple(sys.argv[1:]) or "")]


def run_all(label, commands):
    """Runs (name, command) pairs side by side; returns how many failed, having printed why."""
    def one(pair):
        name, command = pair
        done = subprocess.run(command, cwd=ROOT / "build" / "debug", check=False,
                              capture_output=True, text=True)
        return name, done.returncode, done.stdout + done.stderr

    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, code, output in pool.map(one, commands):
            if code != 0:
                failed += 1
                print(f"{label}: {name}\n{output}")
    print(f"{label}: {len(commands) - failed} passed, {failed} failed", flush=True)
    return failed


def flags_of(entry):
    """The flags of one compilation, without its file and its output."""
    words = shlex.split(entry["command"])
    words = words[[i for i, word in enumerate(words) if "clang" in word][0] + 1:]
    kept, skip = [], 0
    for i, word in enumerate(words):
        if skip:
            skip -= 1
        elif word in ("-o", "-MF", "-MQ"):
            skip = 1
        elif word not in ("-c", "-MD") and not word.endswith((".cc", ".c")):
            kept.append(word)
    return kept


def main():
    formatted = [(name, ["clang-format-19", "--dry-run", "-Werror", str(ROOT / name)])
                 for name in tracked(".h", ".cc")]
    failed = run_all("format", formatted)

    entries = {os.path.relpath(os.path.join(entry["directory"], entry["file"]), ROOT): entry
               for entry in json.loads(COMMANDS.read_text())}
    flags = flags_of(next(entry for name, entry in entries.items() if name.startswith("src/app/")
                          or name == "src/main.cc"))
    alone = [(name, ["clang++-19", *flags, "-fsyntax-only", "-Wno-unused-command-line-argument",
                     "-Wno-pragma-once-outside-header", "-x", "c++", str(ROOT / name)])
             for name in tracked(".h") if name.startswith("include/")]
    failed += run_all("header alone", alone)

    if (ROOT / ".clang-tidy").exists():
        checked = [(name, ["clang-tidy-19", "--quiet", "-p", ".", str(ROOT / name)])
                   for name in tracked(".cc") if name.startswith("src/") and name in entries]
        failed += run_all("clang-tidy", checked)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
