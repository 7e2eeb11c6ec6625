"""Documents: queries over one organization, as a client sees them, beside PostgreSQL.

    run.py [--sizes N,...] [--queries N] [--seconds S] [--no-postgres] [--no-writes] [--no-kill]
           [--no-deletes] [--directory DIR] [--plan] [--record]

For each size the data set (dataset.py) is imported into a new store and asked random questions
(questions.py) over one connection, warm: p50 and p99 of each class, which shows how cost grows. One
size, 1,000,000 if it is among them, else the largest, goes through the other stages too: the same
questions while the processors are kept from sleeping (awake.py); the same to PostgreSQL, every
answer compared; questions while documents are uploaded; SIGKILL meanwhile and the start after it;
questions after half of the documents were deleted. It begins by printing what it will do and about
how long that takes (`--plan`: only that). `--record` writes bench/results/documents.md.
"""

import argparse
import datetime
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import dataset as data_set
from awake import awake
from dataset import Dataset
from plan import print_plan
from questions import CLASSES, Asker, Question
from server import ROOT, Connection, Server, Writers, load

WRITES_PER_SECOND = 2_000
RESULTS = ROOT / "bench" / "results" / "documents.md"


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def milliseconds(values):
    if not values:
        return "-"
    return f"{quantile(values, 0.5) * 1e3:.2f} / {quantile(values, 0.99) * 1e3:.2f}"


def say(text):
    print(f"[{datetime.datetime.now():%H:%M:%S}] {text}", file=sys.stderr, flush=True)


def write_lines(dataset, path, postgres):
    """The NDJSON file, and PostgreSQL's tables on the way; returns codes for rare searches."""
    codes, rows, links = [], [], []
    if postgres:
        from postgres import document_row, path_rows
        postgres.copy("asset_path", path_rows(dataset))
    with open(path, "w", encoding="ascii") as file:
        for line in data_set.head_lines(dataset):
            file.write(line + "\n")
        for number, document in enumerate(dataset.documents()):
            file.write(data_set.document_line(document) + "\n")
            if number % 97 == 0:
                codes.append(document["displayname"].rsplit(" ", 1)[1])
            if postgres:
                rows.append(document_row(document))
                links.append(f"{document['id']}\t{document['asset']}")
                if len(rows) == 100_000:
                    postgres.copy("document", rows)
                    postgres.copy("link", links)
                    rows, links = [], []
    if rows:
        postgres.copy("document", rows)
        postgres.copy("link", links)
    return codes


def measure(connection, ask, count, warm=30):
    """Seconds of each question."""
    for _ in range(warm):
        connection.ask(ask())
    return [connection.ask(ask())[2] for _ in range(count)]


def compare(connection, postgres, ask, count, seconds):
    """Seconds of PostgreSQL's answers, each of which must be the server's."""
    took = []
    deadline = time.monotonic() + seconds
    while len(took) < count and time.monotonic() < deadline:
        question = ask()
        began = time.perf_counter()
        expected = postgres.ask(question)
        took.append(time.perf_counter() - began)
        found = connection.ask(question)[:2]
        if found != expected:
            raise SystemExit(f"{question}: {found}, PostgreSQL says {expected}")
    return took


def directory_bytes(path):
    return sum(file.stat().st_size for file in Path(path).rglob("*") if file.is_file())


class Table:
    """A row per class, a column per measurement."""

    def __init__(self):
        self.columns = []
        self.rows = {name: [name, str(target)] for name, _, target in CLASSES}

    def add(self, column, values):
        self.columns.append(column)
        for name, _, _ in CLASSES:
            self.rows[name].append(values.get(name, "-"))

    def lines(self):
        return ["| class | target p99 | " + " | ".join(self.columns) + " |",
                "|---" * (len(self.columns) + 2) + "|",
                *("| " + " | ".join(row) + " |" for row in self.rows.values()), ""]


class Report:
    def __init__(self, options):
        self.options = options
        self.growth = Table()
        self.full = Table()
        self.facts = []

    def text(self):
        lines = ["# Documents", "",
                 "`./dev bench documents`: p50 / p99 in milliseconds of "
                 f"{self.options.queries:,} random queries per class, as a client sees them.", ""]
        if self.full.columns:
            lines += [f"{self.options.full:,} documents:", "", *self.full.lines()]
        if len(self.growth.columns) > 1:
            lines += ["How cost grows with the number of documents:", "", *self.growth.lines()]
        return "\n".join([*lines, *(f"* {fact}" for fact in self.facts), ""])


def warm_machines(connection, dataset):
    """Every machine once; seconds of each: what is asked for the first time comes from the disk."""
    return [connection.ask(Question(leaf))[2] for leaf in dataset.leaves]


def ask_all(connection, options, codes, dataset, seed):
    own = {}
    for name, method, _ in CLASSES:
        ask = getattr(Asker(dataset, codes, seed=seed), method)
        own[name] = milliseconds(measure(connection, ask, options.queries))
        say(f"    {name}: {own[name]}")
    return own


def ask_awake(connection, options, codes, dataset, report):
    say("other questions of the same kinds, processors kept awake")
    with awake():
        idle = [connection.exchange("GET", "/healthz")[2] for _ in range(2_000)]
        values = ask_all(connection, options, codes, dataset, seed=16)
    report.facts.append("kept awake: no processor sleeps between the threads that a "
                        f"question passes through; `GET /healthz` then: {milliseconds(idle)} ms")
    return values


def ask_postgres(connection, options, codes, dataset, postgres):
    others = {}
    for name, method, _ in CLASSES:
        ask = getattr(Asker(dataset, codes, seed=12), method)
        took = compare(connection, postgres, ask, options.queries, options.seconds)
        others[name] = milliseconds(took) + ("" if len(took) == options.queries
                                             else f" ({len(took)} queries)")
        say(f"    {name}, PostgreSQL: {others[name]}")
    return others


def ask_under_writes(server, options, codes, dataset, directory, report):
    """Leaves the server killed, if that is to be measured: while documents are being written."""
    connection = Connection(server.port, server.token())
    before, _, _ = connection.ask(Question(dataset.root))
    writers = Writers(server, server.token(), dataset.leaves, WRITES_PER_SECOND, directory)
    began = time.monotonic()
    say(f"questions while {WRITES_PER_SECOND:,} documents per second are uploaded")
    values = ask_all(connection, options, codes, dataset, seed=13)
    beside = [connection.exchange("GET", "/healthz")[2] for _ in range(2_000)]
    after, _, _ = connection.ask(Question(dataset.root))
    rate = (after - before) / (time.monotonic() - began)
    connection.close()
    if not options.no_kill:
        server.stop(signal.SIGKILL)
    writers.stop()
    report.facts.append(f"under writes: {rate:,.0f} documents were uploaded per second meanwhile, "
                        "each durable before its 201, by a client on the same machine; "
                        f"`GET /healthz` beside them: {milliseconds(beside)} ms")
    say(report.facts[-1])
    report.full.add(f"at {WRITES_PER_SECOND:,} writes/s", values)


def start_after_kill(server, dataset, report):
    server = Server(server.data)
    connection = Connection(server.port, server.token())
    total, _, took = connection.ask(Question(dataset.root))
    connection.close()
    report.facts.append(f"start after SIGKILL: ready after {server.start_seconds:.2f} s; the first "
                        f"question, over {total:,} documents, took {took * 1e3:.1f} ms")
    say(report.facts[-1])
    return server


def delete_half(server, dataset):
    """Half of the leaves' documents, by deleting whole branches."""
    connection = Connection(server.port, server.token())
    below = {}
    for asset, parent, _ in dataset.assets:
        below.setdefault(parent, []).append(asset)
    for line in dataset.lines[:len(dataset.lines) // 2]:
        for cell in below[line]:
            status = 503  # the index is behind, and says so
            while status == 503:
                status, body, _ = connection.exchange("DELETE", f"/v1/assets/{cell}?recursive=true")
                if status == 503:
                    time.sleep(0.1)
            if status != 204:
                raise SystemExit(f"{status} for a deletion: {body[:300]}")
    connection.close()
    gone = set(dataset.lines[:len(dataset.lines) // 2])
    parents = {asset: parent for asset, parent, _ in dataset.assets}

    def is_left(leaf):
        while parents[leaf] != dataset.root:
            leaf = parents[leaf]
        return leaf not in gone
    dataset.leaves = list(filter(is_left, dataset.leaves))
    dataset.fixed = list(filter(is_left, dataset.fixed))
    dataset.lines = [line for line in dataset.lines if line not in gone]


def finish_full(server, options, codes, dataset, postgres, directory, report):
    """The stages after the first questions; returns the server that runs then, if one does."""
    if postgres:
        say("the same questions to PostgreSQL")
        connection = Connection(server.port, server.token())
        report.full.add(f"PostgreSQL {postgres.version}",
                        ask_postgres(connection, options, codes, dataset, postgres))
        connection.close()
        postgres.stop()
    report.facts.append(f"memory of the server after the questions: "
                        f"{server.resident_bytes() / 2**20:,.0f} MiB")
    if not options.no_writes:
        ask_under_writes(server, options, codes, dataset, directory, report)
    elif not options.no_kill:
        server.stop(signal.SIGKILL)
    if not options.no_kill:
        server = start_after_kill(server, dataset, report)
    if not options.no_deletes:
        say("deleting half of the documents")
        delete_half(server, dataset)
        report.facts.append("half deleted: whole branches, by `DELETE /v1/assets/{assetId}`")
        connection = Connection(server.port, server.token())
        warm_machines(connection, dataset)
        report.full.add("half deleted", ask_all(connection, options, codes, dataset, seed=14))
        with awake():
            report.full.add("half deleted, awake",
                            ask_all(connection, options, codes, dataset, seed=17))
        connection.close()
    return server


def run_size(options, documents, directory, report):
    is_full = documents == options.full
    dataset = Dataset(documents)
    postgres = None
    if is_full and not options.no_postgres:
        from postgres import Postgres
        postgres = Postgres(directory / "postgres")
    say(f"making {documents:,} documents")
    codes = write_lines(dataset, directory / "lines.ndjson", postgres)
    say(loaded := load(directory / "data", directory / "lines.ndjson"))
    report.facts.append(f"`mooring import`: {loaded}")
    catalog_bytes = directory_bytes(directory / "data" / "catalog")
    report.facts.append(f"on disk: {catalog_bytes / 2**20:,.0f} MiB of catalogue for {documents:,} "
                        "documents")
    if postgres:
        say(f"PostgreSQL: indexes made in {postgres.finish():.0f} s")
        report.facts.append(f"on disk: {postgres.bytes() / 2**20:,.0f} MiB of PostgreSQL's tables "
                            "and indexes")
    server = Server(directory / "data")
    connection = Connection(server.port, server.token())
    first = warm_machines(connection, dataset)
    report.facts.append(f"every machine once, right after the start with {documents:,} documents: "
                        f"{milliseconds(first)} ms")
    say(report.facts[-1])
    if is_full:
        idle = [connection.exchange("GET", "/healthz")[2] for _ in range(2_000)]
        report.facts.append(f"`GET /healthz` over the same connection: {milliseconds(idle)} ms; it "
                            "is in every figure of the server")
    values = ask_all(connection, options, codes, dataset, seed=11)
    kept_awake = {}
    if is_full:
        kept_awake = ask_awake(connection, options, codes, dataset, report)
        hostile = measure(connection, Asker(dataset, codes, seed=15).hostile, options.queries // 5)
        report.facts.append(
            "hostile questions (50 assets with the root among them, three sorts, 1,000 values in "
            "two filters, searches that match much or of 255 letters): "
            f"{milliseconds(hostile)} ms")
        say(report.facts[-1])
    connection.close()
    report.growth.add(f"{documents:,}", values)
    if is_full:
        report.full.add("Mooring", values)
        report.full.add("kept awake", kept_awake)
        server = finish_full(server, options, codes, dataset, postgres, directory, report)
    server.stop()


def run(options, parent):
    report = Report(options)
    for documents in options.sizes:
        directory = Path(tempfile.mkdtemp(prefix=f"{documents}-", dir=parent))
        directory.chmod(0o755)  # PostgreSQL has a user of its own
        run_size(options, documents, directory, report)
        shutil.rmtree(directory, ignore_errors=True)
    report.facts.append(f"{data_set.ASSETS:,} assets five deep, names of three words and a code; "
                        "one core for the server; " + (
                            "" if options.no_postgres else
                            "one connection without parallel workers for PostgreSQL, same "
                            "questions, every answer compared; ") +
                        f"{os.cpu_count()} CPUs ({platform.machine()}), Linux "
                        f"{platform.release().split('-')[0]}")
    return report.text()


def parse():
    parser = argparse.ArgumentParser(prog="./dev bench documents")
    parser.add_argument("--sizes", default="100000,1000000,3000000",
                        type=lambda text: sorted({int(size) for size in text.split(",")}))
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=20, help="for PostgreSQL, of each class")
    for stage in ("postgres", "writes", "kill", "deletes"):
        parser.add_argument(f"--no-{stage}", action="store_true")
    parser.add_argument("--directory", type=Path, default=None, help="on the disk to be measured")
    parser.add_argument("--plan", action="store_true", help="only say what would be done")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    options.full = 1_000_000 if 1_000_000 in options.sizes else options.sizes[-1]
    return options


def main():
    options = parse()
    print_plan(options, len(CLASSES))
    if options.plan:
        return
    directory = Path(tempfile.mkdtemp(prefix="mooring-bench-", dir=options.directory))
    directory.chmod(0o755)
    try:
        text = run(options, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(text)
    if options.record:
        RESULTS.write_text(text)


if __name__ == "__main__":
    main()
