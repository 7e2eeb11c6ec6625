"""The rules of the house that a machine can check: `./dev test tidy`, or run it from anywhere.

Each check is a function from a Tree to the lines that break it; the last line counts the checks.
tests/tidy_test.py plants violations, so that none of them passes because it looks at nothing.
"""

import ast
import re
import sys
from pathlib import Path

import tidy_cpp

FILE_LINES_MAX = 500
FILE_LINES_AIM = 400
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100

# Who may include whom. The five wings of floor 3 see what lies below them and never each other.
BELOW = {
    "base": set(),
    "uring": {"base"},
    "core": {"base", "uring"},
    "http": {"base"},
    "auth": {"base"},
    "blob": {"base", "uring", "core"},
    "catalog": {"base", "uring", "core"},
    "image": {"base", "uring", "core"},
}
BELOW["api"] = set(BELOW)
BELOW["app"] = set(BELOW)

# Third-party headers and the one place of each. A test or a benchmark stands where its floor does.
PLACES = [
    (r"liburing\.h|linux/io_uring\.h", {"uring", "tests/fuzz/uring/simulated_kernel.cc"}),
    (r"llhttp\.h", {"http"}),
    (r"rocksdb/", {"catalog"}),
    (r"roaring/", {"catalog"}),
    (r"vips/", {"image"}),
    (r"openssl/|jwt\.h", {"auth"}),
    (r"simdjson\.h", {"base/json_reader.cc", "base/utf8.cc"}),
    (r"rapidjson/", {"base/json_writer.cc"}),
    (r"xxhash\.h|xxh3\.h", {"base/digest.cc"}),
    (r"spdlog/", {"base/log.cc"}),
    (r"magic\.h", {"api/documents/document_type.cc"}),
    (r"zip\.h", {"api/documents/zip_reader.cc"}),
    (r"toml\+\+/|CLI/", {"app", "main.cc", "bench"}),
    (r"prometheus/", {"app"}),
    (r"gtest/|gmock/", {"tests"}),
    (r"benchmark/", {"bench"}),
]

MACHINE_PATHS = re.compile(r"(?<![\w.])/(work|home|root|Users|farm)/\w")
MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Tree:
    """The files of the repository which the rules are about, read once."""

    def __init__(self, root):
        self.root = Path(root)
        self.texts = {}
        for folder in ("include", "src", "tests", "bench", "conf", "subprojects", ".ci"):
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    self._read(path)
        for path in sorted(self.root.iterdir()) if self.root.exists() else []:
            if path.is_file() and path.name != ".git":  # a file where the work tree is a linked one
                self._read(path)

    def _read(self, path):
        try:
            self.texts[path.relative_to(self.root).as_posix()] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            pass  # a photograph, a corpus file: no text, no rules

    def named(self, *suffixes, under=("",)):
        return {name: text for name, text in self.texts.items()
                if name.endswith(suffixes) and name.startswith(tuple(under))}


def floor_of(name):
    """The floor a file belongs to, or None: main.cc, fuzz targets and the like see all floors."""
    found = re.match(r"(?:include/mooring|src|tests/unit|bench/micro)/(\w+)/", name)
    return found[1] if found and found[1] in BELOW else None


def includes(text):
    for number, line in enumerate(text.splitlines(), 1):
        found = INCLUDE.match(line)
        if found:
            yield number, found[1], found[2]


def is_private(tree, name, header):
    """Whether `header`, included by `name` in quotes, lies beside it or in its floor under src/."""
    beside = name.rpartition("/")[0] + "/" + header
    of_floor = header.split("/")[0] == floor_of(name) and "src/" + header in tree.texts
    of_tests = name.startswith("tests/") and (
        "tests/" + header in tree.texts or "tests/" + header + ".in" in tree.texts)
    # The load generator stands on no floor; it and its tests call its headers load/x.h.
    of_load = (name.startswith(("bench/load/", "tests/unit/load/"))
               and header.startswith("load/") and "bench/" + header in tree.texts)
    return ".." not in header and (beside in tree.texts or of_floor or of_tests or of_load)


def check_floors(tree):
    """A floor includes only floors below it; wings never see each other."""
    for name, text in tree.named(".h", ".cc").items():
        floor = floor_of(name)
        for number, quote, header in includes(text):
            where = f"{name}:{number}"
            if header.startswith("mooring/"):
                other = header.split("/")[1]
                if other not in BELOW:
                    yield f"{where}: {header} is on no floor"
                elif floor and other != floor and other not in BELOW[floor]:
                    yield f"{where}: {floor} must not see {other} ({header})"
                elif "include/" + header not in tree.texts:
                    yield f"{where}: {header} does not exist"
            elif quote == '"' and not is_private(tree, name, header):
                yield f"{where}: {header} is neither a contract nor a private header of this floor"


def check_third_party(tree):
    """Each third-party header stays in its one place."""
    for name, text in tree.named(".h", ".cc").items():
        short = re.sub(r"^(include/mooring|src)/", "", name)
        standing = {short, short.split("/")[0], name.split("/")[0], floor_of(name)}
        # A file's own test stands where the file stands.
        standing.add(re.sub(r"^(?:tests/unit|bench/micro)/(.*)_(?:test|bench)\.cc$", r"\1.cc",
                            name))
        for number, _, header in includes(text):
            for pattern, places in PLACES:
                if re.match(pattern, header) and not standing & places:
                    yield f"{name}:{number}: {header} belongs into {', '.join(sorted(places))}"


def check_file_length(tree):
    """No file over 500 lines."""
    for name, text in tree.named(".h", ".cc", ".py", ".build", "dev").items():
        lines = len(text.splitlines())
        if lines > FILE_LINES_MAX:
            yield f"{name}: {lines} lines, limit {FILE_LINES_MAX}"


def check_function_length(tree):
    """No function over 70 lines."""
    for name, text in tree.named(".h", ".cc").items():
        for function, first, last in tidy_cpp.functions(text):
            if last - first + 1 > FUNCTION_LINES_MAX:
                yield f"{name}:{first}: {function} has {last - first + 1} lines"
    for name, text in tree.named(".py").items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                if node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX:
                    yield f"{name}:{node.lineno}: {node.name} is too long"


def check_pragma_once(tree):
    """Every header says #pragma once, and no include guard."""
    for name, text in tree.named(".h").items():
        if len(re.findall(r"^#pragma once$", text, re.M)) != 1:
            yield f"{name}: one #pragma once, please"
        if re.search(r"^#ifndef \w+_H_?$", text, re.M):
            yield f"{name}: an include guard beside #pragma once"


def check_namespace(tree):
    """One namespace, mooring; file-locals are anonymous; headers pull in no other."""
    for name, text in tree.named(".h", ".cc").items():
        code = tidy_cpp.blank(text)
        for found in re.finditer(r"(?<!using )\bnamespace\s+([\w:]*)\s*\{", code):
            if found[1] not in ("", "mooring", "literals", "detail"):
                yield f"{name}:{code.count(chr(10), 0, found.start()) + 1}: namespace {found[1]}"
        if name.startswith("include/") and not re.search(r"\bnamespace mooring\s*\{", code):
            if code.strip():
                yield f"{name}: declares nothing in namespace mooring"
        if name.endswith(".h") and re.search(r"\busing namespace\b", code):
            yield f"{name}: using namespace in a header"


def check_machine_paths(tree):
    """Nothing names a path of the machine it was written on."""
    for name, text in tree.texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATHS.search(line) and not name.startswith("tests/tidy"):
                yield f"{name}:{number}: {line.strip()[:80]}"


def check_marks(tree):
    """Nothing is unfinished by its own words."""
    for name, text in tree.named(".h", ".cc", ".py", ".build", ".toml", ".md", "dev").items():
        for number, line in enumerate(text.splitlines(), 1):
            if MARKS.search(line):
                yield f"{name}:{number}: {line.strip()[:80]}"


def check_layout(tree):
    """No tabs, no trailing blanks, 100 columns, a newline at the end."""
    for name, text in tree.named(".h", ".cc", ".py", "dev").items():
        for number, line in enumerate(text.splitlines(), 1):
            if "\t" in line:
                yield f"{name}:{number}: tab"
            if line != line.rstrip():
                yield f"{name}:{number}: trailing blank"
            if len(line) > COLUMNS_MAX:
                yield f"{name}:{number}: {len(line)} columns"
        if text and not text.endswith("\n"):
            yield f"{name}: no newline at the end"


def check_pairs(tree):
    """A source has its contract, or a private header beside it; a test has what it tests."""
    for name in tree.named(".cc", under=("src/",)):
        contract = re.sub(r"^src/(.*)\.cc$", r"include/mooring/\1.h", name)
        if floor_of(name) and contract not in tree.texts and name[:-3] + ".h" not in tree.texts:
            # Several sources may share a contract: then it is among what they include.
            shared = [header for _, quote, header in includes(tree.texts[name]) if quote == '"'
                      and (header.startswith(f"mooring/{floor_of(name)}/")
                           or is_private(tree, name, header))]
            if not shared:
                yield f"{name}: neither {contract} nor a private header"
    for name in tree.named(".h", under=("include/",)):
        if not floor_of(name):
            yield f"{name}: on no floor"


def check_listed(tree):
    """Every source, test and benchmark is built: named in the meson.build of its folder."""
    for name in tree.named(".cc", under=("src/", "tests/", "bench/")):
        parts = name.split("/")
        listed = "".join(tree.texts.get("/".join(parts[:depth]) + "/meson.build", "")
                         for depth in range(1, len(parts)))
        stem = parts[-1].removesuffix(".cc")
        if not re.search(rf"\b{re.escape(stem)}(\.cc)?'", listed):
            yield f"{name}: in no meson.build above it"


def check_map(tree):
    """src/README.md, once it exists, names every file of include/ and src/."""
    told = tree.texts.get("src/README.md")
    if told is None:
        return
    words = set(re.findall(r"[\w./+-]+", told))
    for name in tree.named(".h", ".cc", under=("include/", "src/")):
        short = re.sub(r"^(include/mooring|src)/", "", name)
        stem = short.rsplit(".", 1)[0]
        if not {short, stem, name} & words:
            yield f"src/README.md: says nothing about {name}"


CHECKS = [check_floors, check_third_party, check_file_length, check_function_length,
          check_pragma_once, check_namespace, check_machine_paths, check_marks, check_layout,
          check_pairs, check_listed, check_map]


def main():
    tree = Tree(Path(__file__).resolve().parent.parent)
    for name, text in tree.named(".h", ".cc", ".py").items():
        if FILE_LINES_AIM < len(text.splitlines()) <= FILE_LINES_MAX:
            print(f"note: {name}: {len(text.splitlines())} lines, aim under {FILE_LINES_AIM}")
    failed = 0
    for check in CHECKS:
        problems = list(check(tree))
        failed += bool(problems)
        for problem in problems:
            print(problem)
        if problems:
            print(f"  ^ {check.__doc__}")
    print(f"{len(CHECKS) - failed} checks passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
