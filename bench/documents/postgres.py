"""PostgreSQL with the data set: a cluster of its own in a temporary directory, indexed as one would
index it for these questions, analysed, on a local socket. One connection, no parallel workers: what
one core of the machine does.
"""

import glob
import io
import os
import shutil
import subprocess
import time

import psycopg2

from questions import LIMIT

SETTINGS = ("shared_buffers=2GB", "work_mem=128MB", "maintenance_work_mem=1GB",
            "effective_cache_size=8GB", "random_page_cost=1.1", "jit=off", "max_wal_size=8GB",
            "max_parallel_workers_per_gather=0", "max_parallel_maintenance_workers=0",
            "listen_addresses=''")

TABLES = """
create extension pg_trgm;
create table asset_path (ancestor uuid, descendant uuid);
create table document (id uuid, name text collate "C", folded text collate "C", category text,
  type text, languages text[], supplier_document boolean, supplier text, updated_ms bigint);
create table link (document uuid, asset uuid);
"""
INDEXES = """
alter table asset_path add primary key (ancestor, descendant);
alter table document add primary key (id);
alter table link add primary key (document, asset);
create index on link (asset, document);
create index on document (updated_ms desc, id);
create index on document (folded, name, id);
create index on document (category, id);
create index on document (supplier);
create index on document using gin (languages);
create index on document using gin (folded gin_trgm_ops);
analyze;
"""
ORDERS = {"": "updated_ms desc, id", "updated desc": "updated_ms desc, id",
          "updated asc": "updated_ms, id", "name asc": "folded, name, id",
          "name desc": "folded desc, name desc, id"}


def as_postgres(*command):
    """initdb and the server refuse to run as root."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    return [*prefix, *command]


class Postgres:
    def __init__(self, directory):
        self.directory = str(directory)
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        os.makedirs(self.directory)
        if os.getuid() == 0:
            shutil.chown(self.directory, "postgres")
        self._run("initdb", "-D", self.directory + "/data", "-A", "trust", "-U", "bench",
                  "--no-sync")
        options = " ".join(f"-c {setting}" for setting in
                           (*SETTINGS, f"unix_socket_directories={self.directory}"))
        self._run("pg_ctl", "-D", self.directory + "/data", "-w", "-l",
                  self.directory + "/log", "-o", options, "start")
        self.connection = psycopg2.connect(host=self.directory, user="bench", dbname="postgres")
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.cursor.execute(TABLES)
        self.version = self.connection.server_version // 10_000

    def _run(self, name, *arguments):
        subprocess.run(as_postgres(f"{self.bin}/{name}", *arguments), check=True,
                       stdout=subprocess.DEVNULL, cwd="/")

    def copy(self, table, rows):
        """rows: texts of columns with tabs between them."""
        text = io.StringIO("\n".join(rows) + "\n")
        self.cursor.copy_expert(f"copy {table} from stdin", text)

    def finish(self):
        began = time.monotonic()
        self.cursor.execute(INDEXES)
        self.cursor.execute("vacuum")
        return time.monotonic() - began

    def ask(self, question):
        """(total, ids of the page): two statements, as a client would send them."""
        where = ["d.id in (select l.document from link l join asset_path p "
                 "on p.descendant = l.asset where p.ancestor = %(asset)s)"]
        if question.search:
            where.append("folded like %(like)s")
        if question.category:
            where.append("category = %(category)s")
        if question.type:
            where.append("type = %(type)s")
        if question.language:
            where.append("languages @> array[%(language)s]")
        if question.supplier:
            where.append("supplier = %(supplier)s")
        matching = "from document d where " + " and ".join(where)
        values = {**vars(question), "like": f"%{question.search.lower()}%",
                  "offset": (question.page - 1) * LIMIT, "limit": LIMIT}
        self.cursor.execute("select count(*) " + matching, values)
        (total,) = self.cursor.fetchone()
        self.cursor.execute(f"select d.* {matching} order by {ORDERS[question.sort]} "
                            "limit %(limit)s offset %(offset)s", values)
        return total, [row[0] for row in self.cursor.fetchall()]

    def bytes(self):
        self.cursor.execute("select sum(pg_total_relation_size(oid)) from pg_class where relkind = "
                            "'r' and relname in ('document', 'link', 'asset_path')")
        return int(self.cursor.fetchone()[0])

    def stop(self):
        self.connection.close()
        self._run("pg_ctl", "-D", self.directory + "/data", "-m", "immediate", "stop")
        shutil.rmtree(self.directory)


def document_row(document):
    name = document["displayname"]
    languages = "{" + ",".join(document["languageCodes"]) + "}"
    return "\t".join((document["id"], name, name.lower(), document["categoryId"],
                      document["mimetype"], languages,
                      "t" if document["supplierDocument"] else "f",
                      document["supplierName"] or "\\N", str(document["updated_ms"])))


def path_rows(dataset):
    """Every asset below each of its ancestors, itself included."""
    parents = {asset: parent for asset, parent, _ in dataset.assets}
    for asset in parents:
        ancestor = asset
        while ancestor is not None:
            yield f"{ancestor}\t{asset}"
            ancestor = parents[ancestor]
