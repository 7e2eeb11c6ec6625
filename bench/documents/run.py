"""Documents: queries over one organization, as a client sees them, beside PostgreSQL.

    run.py [--documents N] [--queries N] [--seconds S] [--without-postgres] [--without-deletes]
           [--directory DIR] [--record]

Loads the data set (dataset.py) into a new store and a new PostgreSQL cluster, asks both the same
random questions (questions.py) over one connection each, compares every answer, and prints p50 and
p99 of each class. `--record` writes bench/results/documents.md.
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
from dataset import Dataset
from questions import CLASSES, Asker
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


class Report:
    def __init__(self, options):
        self.options = options
        self.rows = {name: [name, str(target)] for name, _, target in CLASSES}
        self.facts = []

    def column(self, values):
        for name, _, _ in CLASSES:
            self.rows[name].append(values.get(name, "-"))

    def text(self, columns):
        lines = ["# Documents", "",
                 f"`./dev bench documents --documents {self.options.documents}`: p50 / p99 in "
                 f"milliseconds of {self.options.queries} random queries per class.", "",
                 "| class | target p99 | " + " | ".join(columns) + " |",
                 "|---" * (len(columns) + 2) + "|"]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows.values()]
        lines += ["", *(f"* {fact}" for fact in self.facts), ""]
        return "\n".join(lines)


def ask_all(server, options, codes, dataset, postgres, report):
    """One column of the report for the server, one for PostgreSQL."""
    connection = Connection(server.port, server.token())
    idle = [connection.exchange("GET", "/healthz")[2] for _ in range(2_000)]
    report.facts.append(f"`GET /healthz` over the same connection: {milliseconds(idle)} ms; it is "
                        "in every figure of the server")
    own, others = {}, {}
    for name, method, _ in CLASSES:
        asker = Asker(dataset, codes)
        own[name] = milliseconds(measure(connection, getattr(asker, method), options.queries))
        say(f"{name}: {own[name]}")
        if postgres:
            took = compare(connection, postgres, getattr(Asker(dataset, codes, seed=12), method),
                           options.queries, options.seconds)
            others[name] = milliseconds(took) + ("" if len(took) == options.queries
                                                 else f" ({len(took)} queries)")
            say(f"    PostgreSQL: {others[name]}")
    connection.close()
    report.column(own)
    if postgres:
        report.column(others)


def ask_under_writes(server, options, codes, dataset, report):
    writers = Writers(server, server.token(), dataset.leaves, WRITES_PER_SECOND)
    connection = Connection(server.port, server.token())
    values = {}
    for name, method, _ in CLASSES:
        ask = getattr(Asker(dataset, codes, seed=13), method)
        values[name] = milliseconds(measure(connection, ask, options.queries))
        say(f"{name} under writes: {values[name]}")
    connection.close()
    rate = writers.stop()
    report.facts.append(f"under writes: {rate:,.0f} documents were uploaded per second meanwhile, "
                        "each durable before its 201, by a client on the same machine")
    report.column(values)


def delete_half(server, dataset):
    """Half of the leaves' documents, by deleting whole branches."""
    connection = Connection(server.port, server.token())
    below = {}
    for asset, parent, _ in dataset.assets:
        below.setdefault(parent, []).append(asset)
    for line in dataset.lines[:len(dataset.lines) // 2]:
        for cell in below[line]:
            status, body, _ = connection.exchange("DELETE", f"/v1/assets/{cell}?recursive=true")
            if status != 204:
                raise SystemExit(f"{status} for a deletion: {body[:300]}")
    connection.close()
    gone = set(dataset.lines[:len(dataset.lines) // 2])
    parents = {asset: parent for asset, parent, _ in dataset.assets}

    def line_of(leaf):
        while parents[leaf] != dataset.root:
            leaf = parents[leaf]
        return leaf
    dataset.leaves = [leaf for leaf in dataset.leaves if line_of(leaf) not in gone]
    dataset.lines = [line for line in dataset.lines if line not in gone]


def run(options, directory):
    dataset = Dataset(options.documents)
    report = Report(options)
    columns = ["Mooring"]
    postgres = None
    if not options.without_postgres:
        from postgres import Postgres
        postgres = Postgres(directory / "postgres")
        columns.append(f"PostgreSQL {postgres.version}")
    say("making the data set")
    codes = write_lines(dataset, directory / "lines.ndjson", postgres)
    say(loaded := load(directory / "data", directory / "lines.ndjson"))
    report.facts.append(f"`mooring import`: {loaded}")
    if postgres:
        say(f"PostgreSQL: indexes made in {postgres.finish():.0f} s")
        catalog_bytes = directory_bytes(directory / "data" / "catalog")
        report.facts.append(f"on disk: {catalog_bytes / 2**20:,.0f} MiB of catalogue, "
                            f"{postgres.bytes() / 2**20:,.0f} MiB of PostgreSQL's tables and "
                            "indexes")
    server = Server(directory / "data")
    ask_all(server, options, codes, dataset, postgres, report)
    report.facts.append(f"memory of the server after all of it: "
                        f"{server.resident_bytes() / 2**20:,.0f} MiB")
    if postgres:
        postgres.stop()
    ask_under_writes(server, options, codes, dataset, report)
    columns.append(f"at {WRITES_PER_SECOND:,} writes/s")
    server.stop(signal.SIGKILL)
    server = Server(directory / "data")
    report.facts.append(f"start after SIGKILL: {server.start_seconds:.2f} s")
    if not options.without_deletes:
        delete_half(server, dataset)
        report.facts.append("half deleted: whole branches, by `DELETE /v1/assets/{assetId}`")
        connection = Connection(server.port, server.token())
        report.column({name: milliseconds(measure(
            connection, getattr(Asker(dataset, codes, seed=14), method), options.queries))
            for name, method, _ in CLASSES})
        connection.close()
        columns.append("half deleted")
    server.stop()
    report.facts.append(f"{options.documents:,} documents, {data_set.ASSETS:,} assets five deep; "
                        f"one core for the server, one connection without parallel workers for "
                        f"PostgreSQL, same questions, every answer compared; "
                        f"{os.cpu_count()} CPUs ({platform.machine()}), Linux "
                        f"{platform.release().split('-')[0]}")
    return report.text(columns)


def main():
    parser = argparse.ArgumentParser(prog="./dev bench documents")
    parser.add_argument("--documents", type=int, default=1_000_000)
    parser.add_argument("--queries", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=20, help="for PostgreSQL, of each class")
    parser.add_argument("--without-postgres", action="store_true")
    parser.add_argument("--without-deletes", action="store_true")
    parser.add_argument("--directory", type=Path, default=None, help="on the disk to be measured")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="mooring-bench-", dir=options.directory))
    directory.chmod(0o755)  # PostgreSQL has a user of its own
    try:
        text = run(options, directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(text)
    if options.record:
        RESULTS.write_text(text)


if __name__ == "__main__":
    main()
