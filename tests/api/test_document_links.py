"""Documents: change, deletion, links to assets, suppliers (contract 1.3)."""

import concurrent.futures

import pytest

from documents import UNKNOWN, Documents, documents_of, pdf
from errors import assert_error
from harness import eventually, file_part
from test_documents import assert_bad_field, assert_bad_language


@pytest.fixture
def documents(client):
    return Documents(client)


@pytest.fixture
def document(documents, asset):
    return documents.new(asset, languageCodes=["de"])


def assert_entity(answer, entity):
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["errorCode"] == "UnprocessableEntity"
    assert answer.json()["errors"][0]["extension"] == {"entityType": entity}


# ---- PATCH ----
def test_patch_changes_what_it_names_and_nothing_else(documents, document, server):
    other = documents_of(server, "org-a", "producer-user", "user-b")
    answer = other.patch(document["id"], displayname="Manual 2026", categoryId="BA",
                         languageCodes=["fr", "en"])
    assert answer.status_code == 200
    changed = answer.json()["data"]
    assert (changed["displayname"], changed["category"]["id"], changed["languages"]) == (
        "Manual 2026", "BA", ["fr", "en"])
    assert (changed["updatedBy"], changed["createdBy"]) == ("user-b", "user-a")
    assert changed["updatedAt"] > document["updatedAt"]
    same = ("id", "filename", "ownerId", "organizationId", "mimetype", "createdAt", "createdBy",
            "supplierDocument", "supplierName")
    assert {key: changed[key] for key in same} == {key: document[key] for key in same}
    assert documents.get(document["id"]).json()["data"] == changed


def test_patch_of_nothing_changes_nothing(documents, document):
    answer = documents.patch(document["id"], unknown="x", organizationId="org-z")
    assert answer.status_code == 200 and answer.json()["data"] == document


@pytest.mark.parametrize("size", [200, 2_000_000])
def test_patch_replaces_the_file_and_the_old_content_goes(make_server, size):
    server = make_server('[data]\nsegment_threshold_bytes = 0')  # so that every blob is a file
    documents = documents_of(server)
    asset = documents.client.new_asset()["id"]
    made = documents.new(asset, pdf().ljust(size, b"a"))
    content = b"plain words, other content".ljust(size, b"b")
    answer = documents.patch(made["id"], [file_part(content, "new.txt", "text/plain")])
    assert answer.status_code == 200
    assert (answer.json()["data"]["filename"], answer.json()["data"]["mimetype"]) == (
        "new.txt", "text/plain")
    assert documents.preview(made["id"]).content == content
    eventually(lambda: len(server.blobs()) == 1, what="collection of the old content")


def test_patch_with_the_content_of_another_document_is_a_conflict(documents, asset, document):
    content = pdf()
    documents.new(asset, content)
    answer = documents.patch(document["id"], [file_part(content, "x.pdf", "application/pdf")])
    assert_error(answer, "Conflict")
    assert documents.get(document["id"]).json()["data"] == document


def test_patch_with_its_own_content_is_fine(documents, asset):
    content = pdf()
    made = documents.new(asset, content)
    answer = documents.patch(made["id"], [file_part(content, "same.pdf", "application/pdf")])
    assert answer.status_code == 200 and answer.json()["data"]["filename"] == "same.pdf"
    assert documents.preview(made["id"]).content == content


@pytest.mark.parametrize("field, value", [("displayname", ""), ("displayname", "x" * 256),
                                          ("categoryId", "nosuch"), ("supplierDocument", "maybe")])
def test_patch_holds_fields_to_the_rules_of_the_upload(documents, document, field, value):
    assert_bad_field(documents.patch(document["id"], **{field: value}), field)
    assert documents.get(document["id"]).json()["data"] == document


def test_patch_knows_languages_and_suppliers(documents, document):
    assert_bad_language(documents.patch(document["id"], languageCodes="qq"))
    assert_bad_field(documents.patch(document["id"], supplierDocument="true"), "supplierName")
    both = documents.patch(document["id"], supplierDocument="true", supplierName="Amcor")
    assert both.json()["data"]["supplierName"] == "Amcor"
    assert_bad_field(documents.patch(document["id"], supplierName=""), "supplierName")
    none = documents.patch(document["id"], supplierDocument="false", supplierName="",
                           languageCodes="")
    assert (none.json()["data"]["supplierDocument"], none.json()["data"]["supplierName"],
            none.json()["data"]["languages"]) == (False, None, [])


def test_p12_other_organizations_touch_nothing(server, documents, asset, document):
    stranger = documents_of(server, "org-b", "producer-admin")
    name = document["id"]
    for answer in (stranger.get(name), stranger.preview(name),
                   stranger.patch(name, displayname="x"), stranger.delete(name),
                   stranger.supplier(name, {"supplierName": "x"}),
                   stranger.unlink(name, asset), stranger.link(name, asset),
                   stranger.assign(name, [asset])):
        assert_error(answer, "NoPermission")
    assert documents.get(name).json()["data"] == document


@pytest.mark.parametrize("name", [UNKNOWN, "nonsense"])
def test_an_unknown_document_is_404(documents, asset, name):
    for answer in (documents.get(name), documents.preview(name), documents.download(name),
                   documents.patch(name, displayname="x"), documents.delete(name),
                   documents.supplier(name, {"supplierName": "x"}), documents.link(name, asset),
                   documents.unlink(name, asset), documents.assign(name, [asset])):
        assert_error(answer, "NotFound")


# ---- DELETE ----
def test_delete_takes_the_document_and_its_content(make_server):
    server = make_server()
    documents = documents_of(server)
    asset = documents.client.new_asset()["id"]
    made = documents.new(asset, pdf().ljust(2_000_000, b"c"))["id"]
    answer = documents.delete(made)
    assert (answer.status_code, answer.content) == (204, b"")
    assert_error(documents.get(made), "NotFound")
    assert_error(documents.delete(made), "NotFound")
    assert documents.ids(asset) == []
    eventually(lambda: server.blobs() == {}, what="collection")


def test_delete_of_what_several_assets_refer_to_is_a_conflict(documents, asset, document):
    other = documents.client.new_asset()["id"]
    assert documents.link(document["id"], other).status_code == 201
    assert_error(documents.delete(document["id"]), "Conflict")
    assert documents.unlink(document["id"], asset).status_code == 204
    assert documents.delete(document["id"]).status_code == 204


# ---- supplier ----
def test_a_supplier_is_set_by_a_body_of_its_own(documents, document):
    answer = documents.supplier(document["id"], {"supplierName": "Amcor"})
    assert answer.status_code == 201
    changed = answer.json()["data"]
    assert (changed["supplierDocument"], changed["supplierName"]) == (True, "Amcor")


@pytest.mark.parametrize("body", [{}, {"supplierName": ""}, {"supplierName": 5},
                                  {"supplierName": None}, {"supplierName": "x" * 256}])
def test_a_supplier_without_a_name_is_400(documents, document, body):
    assert_bad_field(documents.supplier(document["id"], body), "supplierName")


# ---- link, unlink ----
def test_a_link_shows_the_document_at_another_asset(documents, asset, document):
    other = documents.client.new_asset()["id"]
    answer = documents.link(document["id"], other)
    assert answer.status_code == 201 and answer.json() == {"data": document}
    assert documents.ids(other) == documents.ids(asset) == [document["id"]]
    assert_error(documents.link(document["id"], other), "Conflict")


def test_x7_of_racing_links_one_is_made(server, documents, document):
    other = documents.client.new_asset()["id"]
    callers = [documents_of(server) for _ in range(6)]
    with concurrent.futures.ThreadPoolExecutor(len(callers)) as pool:
        answers = list(pool.map(lambda one: one.link(document["id"], other).status_code, callers))
    assert sorted(answers) == [201] + [409] * 5


def test_a_link_names_an_asset_and_its_organization(server, documents, document):
    other = documents.client.new_asset()["id"]
    assert_error(documents.link(document["id"], UNKNOWN), "NotFound")
    assert_error(documents.link(document["id"], other, "org-b"), "NotFound")  # for an admin
    own = documents_of(server, "org-a", "producer-user")
    assert_error(own.link(document["id"], other, "org-b"), "NoPermission")
    foreign = documents_of(server, "org-b").client.new_asset()["id"]
    assert_error(own.link(document["id"], foreign, "org-b"), "NoPermission")
    assert_entity(documents.link(document["id"], foreign, "org-b"), "Asset")


def test_unlink_leaves_the_document_at_other_assets_and_the_last_one_takes_it(documents, asset,
                                                                              document):
    other = documents.client.new_asset()["id"]
    assert documents.link(document["id"], other).status_code == 201
    assert documents.unlink(document["id"], asset).status_code == 204
    assert documents.ids(asset) == [] and documents.ids(other) == [document["id"]]
    assert_error(documents.unlink(document["id"], asset), "NotFound")
    assert documents.unlink(document["id"], other).status_code == 204
    assert_error(documents.get(document["id"]), "NotFound")


# ---- assign ----
def test_assign_replaces_all_links_and_counts(documents, asset, document):
    others = [documents.client.new_asset()["id"] for _ in range(3)]
    answer = documents.assign(document["id"], [others[0], others[1].upper(), others[0]])
    assert answer.status_code == 200
    assert answer.json() == {"data": {"assigned": 2, "unassigned": 1}}
    assert documents.ids(asset) == [] and documents.ids(others[1]) == [document["id"]]
    answer = documents.assign(document["id"], others)
    assert answer.json() == {"data": {"assigned": 1, "unassigned": 0}}


def test_assign_of_nothing_is_a_no_op(documents, asset, document):
    assert documents.assign(document["id"], []).json() == {"data": {"assigned": 0, "unassigned": 0}}
    assert documents.ids(asset) == [document["id"]]


def test_assign_of_what_is_no_asset_of_the_organization_is_422(server, documents, asset, document):
    foreign = documents_of(server, "org-b").client.new_asset()["id"]
    for assets in ([asset, UNKNOWN], [foreign], [UNKNOWN] + [asset] * 5):
        assert_entity(documents.assign(document["id"], assets), "Asset")
    assert documents.ids(asset) == [document["id"]]


@pytest.mark.parametrize("body", [{}, {"assetIds": "x"}, {"assetIds": ["x"]}, {"assetIds": [5]},
                                  {"assetIds": None}])
def test_assign_wants_a_list_of_uuids(documents, document, body):
    answer = documents.client.patch(f"/v1/documents/assets/{document['id']}", json=body)
    assert_bad_field(answer, "assetIds")


def test_a_document_has_at_most_1000_links(server, documents, document):
    unknown = [f"00000000-0000-4000-8000-{number:012x}" for number in range(1001)]
    assert_entity(documents.assign(document["id"], unknown), "Asset")


def test_a_manufacturer_assigns_only_what_it_made(server, documents):
    made = documents.client.new_asset(manufacturerId="org-m")["id"]
    hidden = documents.client.new_asset()["id"]
    maker = documents_of(server, "org-m", "manufacturer-user")
    document = maker.new(made)["id"]
    assert_error(maker.assign(document, [made, hidden]), "NoPermission")
    assert documents.link(document, hidden).status_code == 201
    assert_error(maker.assign(document, [made]), "NoPermission")  # it would take it from `hidden`
    assert_error(maker.unlink(document, hidden), "NoPermission")
    assert documents.assign(document, [made]).status_code == 200


# ---- deletion of assets ----
def test_a_deleted_asset_takes_its_links_and_documents_of_no_other(make_server):
    server = make_server()
    documents = documents_of(server)
    client = documents.client
    root = client.new_asset()["id"]
    below = client.new_asset(parentId=root)["id"]
    elsewhere = client.new_asset()["id"]
    alone = documents.new(below, pdf().ljust(1_500_000, b"d"))["id"]
    shared = documents.new(root, pdf())["id"]
    assert documents.link(shared, elsewhere).status_code == 201
    assert client.delete(f"/v1/assets/{root}?recursive=true").status_code == 204
    assert_error(documents.get(alone), "NotFound")
    assert documents.get(shared).status_code == 200
    assert documents.ids(elsewhere) == [shared]
    eventually(lambda: server.blobs() == {}, what="collection")
    server.stop()
    checked = server.check("--deep")
    assert checked.returncode == 0, checked.stdout


def test_documents_survive_a_kill_and_a_restart(make_server):
    server = make_server()
    documents = documents_of(server)
    asset = documents.client.new_asset()["id"]
    made = [documents.new(asset, displayname=f"survivor {number}") for number in range(20)]
    server.kill9()
    server.start()
    documents = documents_of(server)
    assert set(documents.ids(asset)) == {one["id"] for one in made}
    # Several may be of one millisecond: D19 has those in order of their id.
    found = documents.list(asset, searchByName="vivor 1", limit=50)["data"]
    assert {one["id"] for one in found} == {
        one["id"] for one in made if one["displayname"].startswith("survivor 1")}
    by_id = sorted(found, key=lambda one: one["id"])
    assert found == sorted(by_id, key=lambda one: one["updatedAt"], reverse=True)


def test_the_index_shows_in_the_metrics(documents, asset, document):
    def lookups():
        page = documents.client.get("/metrics").text.splitlines()
        return sum(float(line.split()[-1]) for line in page
                   if line.startswith("mooring_document_index_lookups_total{"))
    before = lookups()
    assert documents.ids(asset, filterByCategory="AA") == [document["id"]]
    assert lookups() > before
