"""`mooring import`: assets, categories and documents from NDJSON into a stopped store."""

import json
import subprocess

import pytest

from documents import documents_of
from harness import BINARY, Server, file_part, mooring

ROOT = "0223327b-9270-4478-b11a-597b8885440d"
BELOW = "51df6794-32c2-40dc-9f9b-43a1c9bd914d"
ASSETS = [{"asset": {"id": ROOT, "assetType": "production-line", "name": "Line 1"}},
          {"asset": {"id": BELOW, "assetType": "machine", "name": "Pump", "parentId": ROOT}}]
CATEGORY = {"category": {"id": "XX", "translations": [{"languageCode": "en", "name": "Extra"}]}}
FULL = {"document": {
    "id": "a3f2b65e-4f22-4f45-80c4-9e547a8f5e6a", "displayname": "Manual 2025",
    "filename": "a/document.pdf", "mimetype": "Application/PDF", "categoryId": "XX",
    "languageCodes": ["de", "FR"], "supplierDocument": True, "supplierName": "Amcor",
    "assetIds": [BELOW, ROOT], "createdAt": "2025-01-15T09:30:00.000Z",
    "updatedAt": "2025-02-27T12:00:00.000Z"}}
SHORT = {"document": {"displayname": "bare", "assetIds": [ROOT]}}


def load(server, *lines, arguments=(), source=None):
    """The finished import of these lines, each an object or a text."""
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    path = server.directory / "lines.ndjson"
    path.write_text(text)
    return subprocess.run(
        [BINARY, "import", "--data", server.data, "--organization", "org-a", *arguments,
         source or path], check=False, capture_output=True, text=True, timeout=60,
        input=text if source == "-" else None)


@pytest.fixture
def server(tmp_path):
    one = Server(tmp_path)
    yield one
    one.discard()


@pytest.mark.parametrize("source", [None, "-"])
def test_what_was_imported_is_served(server, source):
    done = load(server, *ASSETS, CATEGORY, "", FULL, SHORT, arguments=("--subject", "loader"),
                source=source)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 assets, 1 categories, 2 documents in "), done.stdout
    server.start()
    documents = documents_of(server)
    first = documents.get(FULL["document"]["id"]).json()["data"]
    expected = {"filename": "document.pdf", "displayname": "Manual 2025", "ownerId": "org-a",
                "organizationId": "org-a", "mimetype": "application/pdf",
                "category": {"id": "XX", "languageCode": "en", "name": "Extra"},
                "languages": ["de", "fr"], "createdAt": "2025-01-15T09:30:00.000Z",
                "updatedAt": "2025-02-27T12:00:00.000Z", "createdBy": "loader",
                "supplierDocument": True, "supplierName": "Amcor"}
    assert {key: first[key] for key in expected} == expected
    assert documents.names(ROOT, sortByName="asc") == ["bare", "Manual 2025"]
    assert documents.ids(BELOW) == [first["id"]]
    second = documents.list(ROOT, searchByName="bare")["data"][0]
    assert (second["category"], second["mimetype"], second["filename"]) == (
        None, "application/octet-stream", "bare")
    assert b"imported without its file" in documents.preview(first["id"]).content
    assert documents.client.get("/v1/categories/AA").status_code == 200  # the default set too
    server.stop()
    checked = server.check("--deep")
    assert checked.returncode == 0 and "0 problems" in checked.stdout, checked.stdout


def test_d18_documents_without_a_category_sort_after_all_others(server):
    other = {"document": {"displayname": "other", "assetIds": [ROOT], "categoryId": "ZZ"}}
    assert load(server, *ASSETS, SHORT, other).returncode == 0
    documents = documents_of(server.start())
    assert documents.names(ROOT, sortByCategory="asc") == ["other", "bare"]
    assert documents.names(ROOT, sortByCategory="desc") == ["bare", "other"]


def test_an_import_adds_to_what_is_there(server):
    assert load(server, *ASSETS, SHORT).returncode == 0
    assert load(server, SHORT, SHORT).returncode == 0
    documents = documents_of(server.start())
    assert documents.list(ROOT)["meta"]["totalItems"] == 3


def test_a_file_that_comes_later_takes_the_place_of_none(server):
    assert load(server, *ASSETS, FULL | {"document": FULL["document"] | {"categoryId": "AA"}}
                ).returncode == 0
    documents = documents_of(server.start())
    name = FULL["document"]["id"]
    patched = documents.patch(name, [file_part(b"%PDF-1.7 here it is", "real.pdf", "x/y")])
    assert patched.status_code == 200
    assert documents.preview(name).content == b"%PDF-1.7 here it is"


@pytest.mark.parametrize("line, what", [
    ("{", "no asset, category or document"), ("[]", "no asset, category or document"),
    ({"thing": {}}, "no asset, category or document"), ({"document": 5}, "displayname"),
    ({"document": {"displayname": "x"}}, "assetIds"),
    ({"document": {"displayname": "x", "assetIds": []}}, "assetIds"),
    ({"document": {"displayname": "x", "assetIds": ["y"]}}, "assetIds"),
    ({"document": {"displayname": "", "assetIds": [ROOT]}}, "displayname"),
    ({"document": {"displayname": "x" * 256, "assetIds": [ROOT]}}, "displayname"),
    ({"document": {"displayname": "x", "assetIds": [ROOT], "languageCodes": ["qq"]}},
     "languageCodes"),
    ({"document": {"displayname": "x", "assetIds": [ROOT], "supplierDocument": True}},
     "supplierName"),
    ({"document": {"displayname": "x", "assetIds": [ROOT],
                   "updatedAt": "2025-02-30T12:00:00.000Z"}}, "updatedAt"),
    ({"document": {"displayname": "x", "assetIds": [ROOT], "mimetype": "nonsense"}}, "mimetype"),
    ({"document": {"displayname": "x", "assetIds": [ROOT], "id": "1"}}, "id"),
    ({"document": {"displayname": "x", "assetIds": [BELOW[:-1] + "e"]}}, "not_found"),
    ({"document": {"displayname": "x", "assetIds": [ROOT], "categoryId": "nosuch"}}, "invalid"),
    ({"asset": {"assetType": "boat", "name": "x"}}, "assetType"),
    ({"asset": {"id": ROOT, "assetType": "machine", "name": "x"}}, "exists"),
    ({"category": {"id": "a b", "translations": []}}, "id")])
def test_a_line_that_cannot_be_is_named_and_its_batch_left_out(server, line, what):
    done = load(server, *ASSETS, line, SHORT)
    assert done.returncode == 64
    assert done.stderr.strip() == (
        f"mooring import: line 3: {what}; what came before it may be stored")
    server.start()
    server.stop()
    assert server.check().returncode == 0


def test_a_store_that_is_served_is_left_alone(server):
    server.start()
    done = load(server, *ASSETS)
    assert done.returncode == 75, (done.returncode, done.stderr)


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path):
    done = mooring("import", "--data", tmp_path / "data", "--organization", "org-a",
                   tmp_path / "none")
    assert done.returncode == 64 and not (tmp_path / "data").exists()
