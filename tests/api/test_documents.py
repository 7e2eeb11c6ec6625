"""Documents: upload, content, change, deletion (contract 1.3)."""

import base64
import concurrent.futures
import hashlib
import json

import pytest

import wire
from documents import (DOCUMENT_BYTES_MAX, INSTANT, KEYS, UNKNOWN, UUID4, Documents, documents_of,
                       fields_of, pdf)
from errors import assert_error, assert_too_large
from harness import DATA, file_part, form, text_part


@pytest.fixture
def documents(client):
    return Documents(client)


@pytest.fixture
def document(documents, asset):
    return documents.new(asset)


def assert_bad_field(answer, field):
    assert_error(answer, "BadRequest")
    assert answer.json()["errors"][0]["extension"] == {"field": field}


def assert_bad_language(answer, field="languageCodes"):
    assert answer.status_code == 400
    assert answer.json() == {"errors": [{"errorCode": "InvalidLanguageCode",
                                         "message": "The language code is not supported.",
                                         "extension": {"field": field}}]}


def same_types(found, golden):
    """Keys in their order and kinds of values as in the vendor's example; null may be one."""
    if isinstance(golden, dict):
        return found is None or (list(found) == list(golden) and
                                 all(same_types(found[key], golden[key]) for key in golden))
    if isinstance(golden, list):
        return all(same_types(one, golden[0]) for one in found)
    return found is None or type(found) is type(golden)


# ---- the seed ----
def test_a_page_is_the_seeds_to_the_key_and_type(documents, asset):
    golden = json.loads((DATA / "golden" / "documents-page.json").read_text())
    documents.new(asset, languageCodes=["de", "fr"], supplierName="Amcor")
    page = documents.list(asset)
    assert same_types(page, golden)
    shown, example = page["data"][0], golden["data"][0]
    for key in ("filename", "displayname", "mimetype", "category", "languages", "supplierDocument",
                "supplierName", "aiInjected"):
        assert shown[key] == example[key]


@pytest.mark.parametrize("code, provoke", [
    ("BadRequest", lambda documents, asset: documents.query("")),
    ("Unauthorized", lambda documents, asset: documents.client.server.anonymous().get(
        f"/v1/documents?assetId={asset}")),
    ("NoPermission", lambda documents, asset: documents_of(
        documents.client.server, "org-b", "producer-user").query(f"assetId={asset}")),
    ("NotFound", lambda documents, asset: documents.query(f"assetId={UNKNOWN}"))])
def test_errors_are_the_seeds(documents, asset, code, provoke):
    golden = json.loads((DATA / "golden" / "sweetconnect-errors.json").read_text())[code]
    answer = provoke(documents, asset)
    assert_error(answer, code)
    found = answer.json()
    found["errors"][0]["extension"] = {}
    assert found == golden


# ---- upload ----
@pytest.mark.parametrize("base", ["/api/storage/v1", "/v1"])
def test_upload_answers_201_with_the_whole_document(client, asset, base):
    answer = Documents(client, base).upload(asset, languageCodes=["de", "FR"])
    assert answer.status_code == 201 and list(answer.json()) == ["data"]
    data = answer.json()["data"]
    assert list(data) == KEYS
    assert UUID4.match(data["id"])
    assert INSTANT.match(data["createdAt"]) and data["createdAt"] == data["updatedAt"]
    expected = {"filename": "document.pdf", "displayname": "Manual 2025", "ownerId": "org-a",
                "organizationId": "org-a", "manufacturerId": None, "mimetype": "application/pdf",
                "category": {"id": "AA", "languageCode": "en", "name": "Electronics"},
                "languages": ["de", "fr"], "updatedBy": "user-a", "createdBy": "user-a",
                "supplierDocument": False, "supplierName": None, "aiInjected": "uninjected",
                "aiInjectedUpdatedAt": None}
    assert {key: data[key] for key in expected} == expected
    assert Documents(client).get(data["id"]).json() == answer.json()


@pytest.mark.parametrize("field", ["displayname", "organizationId", "categoryId"])
def test_a_required_field_that_is_missing_or_empty_is_named(documents, asset, field):
    assert_bad_field(documents.upload(asset, **{field: None}), field)
    assert_bad_field(documents.upload(asset, **{field: ""}), field)
    assert_bad_field(documents.upload(asset, **{field: ["AA", "AA"]}), field)
    assert documents.ids(asset) == []


@pytest.mark.parametrize("name, good", [
    ("x", True), ("\u00fc" * 255, True), ("\u00fc" * 256, False), ("\U0001f6a2" * 255, True),
    ("  ", False), ("a\tb", False), ("a\x00b", False)])
def test_a_displayname_has_1_to_255_code_points_of_text(documents, asset, name, good):
    answer = documents.upload(asset, displayname=name)
    if not good:
        return assert_bad_field(answer, "displayname")
    assert answer.json()["data"]["displayname"] == name
    return None


def test_text_that_is_not_utf8_is_400(documents, asset):
    parts = [text_part(name, value.encode()) for name, value in fields_of(displayname=None)]
    body, header = form([*parts, text_part("displayname", b"\xff\xfe"), file_part(pdf())])
    answer = documents.client.post(f"/v1/documents/assets/{asset}", data=body,
                                   headers={"Content-Type": header})
    assert_bad_field(answer, "displayname")


def test_a_category_that_is_not_there_is_named(documents, asset):
    assert_bad_field(documents.upload(asset, categoryId="nosuch"), "categoryId")
    assert_bad_field(documents.upload(asset, categoryId="x" * 65), "categoryId")


@pytest.mark.parametrize("stated, languages", [
    (None, []), ("", []), ("de", ["de"]), ("de,FR , de", ["de", "fr"]),
    (["en", "de"], ["en", "de"])])
def test_languages_come_in_every_form_of_an_array(documents, asset, stated, languages):
    assert documents.new(asset, languageCodes=stated)["languages"] == languages


@pytest.mark.parametrize("stated", ["xx", "deu", "d", "none", "de;en", ["de", "qq"]])
def test_a_language_that_is_none_has_an_error_of_its_own(documents, asset, stated):
    assert_bad_language(documents.upload(asset, languageCodes=stated))


@pytest.mark.parametrize("flag, name, good", [
    ("true", "Amcor", True), ("TRUE", "Amcor", True), ("false", "Amcor", True),
    ("false", None, True),
    ("true", None, False), ("true", "", False)])
def test_a_suppliers_document_names_the_supplier(documents, asset, flag, name, good):
    answer = documents.upload(asset, supplierDocument=flag, supplierName=name)
    if not good:
        return assert_bad_field(answer, "supplierName")
    assert answer.json()["data"]["supplierDocument"] is (flag.lower() == "true")
    assert answer.json()["data"]["supplierName"] == name
    return None


@pytest.mark.parametrize("flag", ["1", "yes", "", " true"])
def test_a_flag_is_true_or_false(documents, asset, flag):
    assert_bad_field(documents.upload(asset, supplierDocument=flag, supplierName="x"),
                     "supplierDocument")


@pytest.mark.parametrize("length, good", [(255, True), (256, False)])
def test_a_suppliers_name_has_up_to_255_code_points(documents, asset, length, good):
    answer = documents.upload(asset, supplierName="\u00fc" * length)
    assert answer.status_code == (201 if good else 400)


def test_the_file_is_required_and_not_empty(documents, asset):
    parts = [text_part(name, value.encode()) for name, value in fields_of()]
    body, header = form(parts)
    answer = documents.client.post(f"/v1/documents/assets/{asset}", data=body,
                                   headers={"Content-Type": header})
    assert_bad_field(answer, "file")
    assert_bad_field(documents.upload(asset, b""), "file")
    body, header = form([*parts, file_part(pdf()), file_part(pdf())])
    answer = documents.client.post(f"/v1/documents/assets/{asset}", data=body,
                                   headers={"Content-Type": header})
    assert_error(answer, "BadRequest")


@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain"])
def test_x9_a_body_that_is_no_form_and_names_no_file_is_400(documents, asset, content_type):
    headers = {"Content-Type": content_type} if content_type else {}
    answer = documents.client.post(f"/v1/documents/assets/{asset}", data=b"x", headers=headers)
    assert_error(answer, "BadRequest")


def test_x8_the_filename_keeps_its_last_component(documents, asset):
    assert documents.new(asset, filename="../../etc/a b.pdf")["filename"] == "a b.pdf"
    assert documents.new(asset, filename="")["filename"] == "document"


def test_p11_p12_whose_asset_it_is(server, documents, asset):
    assert_error(documents.upload(UNKNOWN), "NotFound")
    assert_error(documents.upload("nonsense"), "NotFound")
    assert_error(documents_of(server, "org-b", "producer-user").upload(asset), "NoPermission")
    assert_error(documents.upload(asset, organizationId="org-b"), "NotFound")  # for an admin
    own = documents_of(server, "org-a", "producer-user")
    assert_error(own.upload(asset, organizationId="org-b"), "NoPermission")
    assert own.upload(asset).status_code == 201


def test_a_manufacturer_uploads_to_what_it_made(server, documents):
    machine = documents.client.new_asset(manufacturerId="org-m")["id"]
    made = documents_of(server, "org-m", "manufacturer-user", "maker").new(machine)
    assert (made["ownerId"], made["organizationId"], made["manufacturerId"], made["createdBy"]) == (
        "org-m", "org-a", "org-m", "maker")
    assert documents.ids(machine) == [made["id"]]


def test_the_limit_is_inclusive_and_one_byte_more_is_too_large(make_server):
    small = make_server('[documents]\nfile_bytes_max = "64KiB"')
    documents = documents_of(small)
    asset = documents.client.new_asset()["id"]
    assert documents.upload(asset, pdf().ljust(65536, b"x")).status_code == 201
    assert_too_large(documents.upload(asset, pdf().ljust(65537, b"x")), 65537, 65536)
    assert len(documents.ids(asset)) == 1


def test_a_body_that_announces_too_much_is_refused_from_the_head(server, asset):
    head = (f"POST /v1/documents/assets/{asset} HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {server.token()}\r\nExpect: 100-continue\r\n"
            "Content-Type: multipart/form-data; boundary=B\r\n"
            f"Content-Length: {DOCUMENT_BYTES_MAX + 65537}\r\n\r\n").encode()
    with wire.Connection(server) as connection:
        connection.send(head)
        answer = connection.response()
    assert_too_large(answer, DOCUMENT_BYTES_MAX + 65537, DOCUMENT_BYTES_MAX)
    assert answer.closes


# ---- the file alone ----
@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("size", [40, 3_000_000])
def test_a_raw_body_is_the_file_and_the_query_its_fields(documents, asset, method, size):
    content = pdf().ljust(size, b"x")
    query = ("displayname=Raw%20one&organizationId=org-a&categoryId=BA&languageCodes[]=de"
             "&supplierDocument=true&supplierName=Amcor&filename=dir/raw.pdf")
    answer = documents.raw(method, asset, content, query, headers={
        "Content-Type": "application/pdf",
        "Repr-Digest": f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"})
    assert answer.status_code == 201, answer.text
    data = answer.json()["data"]
    assert (data["filename"], data["displayname"], data["languages"], data["supplierName"]) == (
        "raw.pdf", "Raw one", ["de"], "Amcor")
    assert documents.preview(data["id"]).content == content


def test_a_wrong_digest_leaves_nothing(documents, asset):
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    answer = documents.raw("PUT", asset, pdf(), "displayname=x&organizationId=org-a&categoryId=AA"
                           "&filename=a.pdf", headers={"Content-Digest": f"sha-256=:{wrong}:"})
    assert_error(answer, "BadRequest")
    assert documents.ids(asset) == []


# ---- types ----
@pytest.mark.parametrize("content, declared, stored", [
    (pdf(), "text/plain", "application/pdf"),
    (pdf(), None, "application/pdf"),
    (b"\x89PNG\r\n\x1a\n" + b"x" * 40, "application/pdf", "image/png"),
    (b"plain words in a file", "application/pdf", "text/plain"),
    (b"plain words of a model", "model/step", "model/step"),
    (b"\x00\x01\x02\x03\xfe\xff rest", "image/png", "application/octet-stream"),
    (b"\x00\x01\x02\x03\xfe\xfd rest", "application/x-plc; v=1", "application/x-plc"),
    (b"\x00\x01\x02\x03\xfe\xfc rest", "nonsense", "application/octet-stream")])
def test_the_bytes_decide_the_type_as_far_as_they_tell(documents, asset, content, declared, stored):
    made = documents.new(asset, content + asset.encode(), content_type=declared)
    assert made["mimetype"] == stored
    assert documents.preview(made["id"]).headers["Content-Type"] == stored


def test_the_operator_says_which_types_there_are(make_server):
    documents = documents_of(make_server('[documents]\ntypes = "application/pdf image/*"'))
    asset = documents.client.new_asset()["id"]
    assert documents.upload(asset).status_code == 201
    assert documents.upload(asset, b"\x89PNG\r\n\x1a\n" + b"x" * 40).status_code == 201
    answer = documents.upload(asset, b"only words", content_type="application/pdf")
    assert answer.status_code == 400
    assert answer.json()["errors"][0] == {
        "errorCode": "InvalidMimeType",
        "message": "The uploaded file type is not supported. Allowed types: application/pdf, "
                   "image/*.",
        "extension": {"allowedMimeTypes": ["application/pdf", "image/*"]}}
    assert len(documents.ids(asset)) == 1 + 1


# ---- content ----
@pytest.mark.parametrize("size", [100, 600_000, 2_500_000])
def test_x10_ranges_conditions_and_heads(documents, asset, size):
    content = pdf().ljust(size, b"y")
    made = documents.new(asset, content)["id"]
    whole = documents.preview(made)
    assert whole.content == content
    assert whole.headers["X-Content-Type-Options"] == "nosniff"
    assert whole.headers["Accept-Ranges"] == "bytes"
    part = documents.preview(made, headers={"Range": "bytes=10-59"})
    assert (part.status_code, part.content) == (206, content[10:60])
    assert part.headers["Content-Range"] == f"bytes 10-59/{size}"
    assert documents.preview(made, headers={"Range": f"bytes={size}-"}).status_code == 416
    again = documents.preview(made, headers={"If-None-Match": whole.headers["ETag"]})
    assert again.status_code == 304 and again.content == b""
    head = documents.client.head(f"/v1/documents/{made}/preview")
    assert head.headers["Content-Length"] == str(size) and head.content == b""


def test_a_preview_may_be_shown_and_a_download_never(documents, document):
    assert documents.preview(document["id"]).headers["Content-Disposition"].startswith("inline")
    assert documents.download(document["id"]).headers["Content-Disposition"] == (
        'attachment; filename="document.pdf"')


def test_what_a_browser_might_run_is_a_download_in_either_way(documents, asset):
    made = documents.new(asset, b"<html><script>alert(1)</script>" + asset.encode(),
                         content_type="text/html")["id"]
    for answer in (documents.preview(made), documents.download(made)):
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert "sandbox" in answer.headers["Content-Security-Policy"]


# ---- duplicates ----
def test_the_same_content_again_is_a_warning_and_a_link(documents, asset):
    content = pdf()
    first = documents.new(asset, content)
    other = documents.client.new_asset()["id"]
    answer = documents.upload(other, content, displayname="another name", filename="b.pdf")
    assert answer.status_code == 200
    assert answer.json() == {"data": {
        "warningCode": "DuplicateDocument",
        "message": f'Document "Manual 2025" (filename: document.pdf, id: {first["id"]}) already '
                   f"exists and was not uploaded again, linked to asset(s) {other}",
        "extension": {"document": first}}}
    assert documents.ids(asset) == documents.ids(other) == [first["id"]]
    assert documents.upload(other, content).status_code == 200  # linked already: nothing more
    assert documents.ids(other) == [first["id"]]


def test_another_organization_has_documents_of_its_own(server, documents, asset):
    content = pdf()
    first = documents.new(asset, content)["id"]
    others = documents_of(server, "org-b")
    machine = others.client.new_asset()["id"]
    second = others.new(machine, content, organizationId="org-b")["id"]
    assert first != second


def test_who_may_not_see_a_document_is_not_told_of_it(server, documents, asset):
    content = pdf()
    documents.new(asset, content)
    machine = documents.client.new_asset(manufacturerId="org-m")["id"]
    made = documents_of(server, "org-m", "manufacturer-user").upload(machine, content)
    assert made.status_code == 201


@pytest.mark.parametrize("size", [200, 700_000])
def test_x7_of_racing_uploads_of_one_content_one_creates(server, documents, asset, size):
    content = pdf().ljust(size, b"z")
    callers = [documents_of(server) for _ in range(6)]
    with concurrent.futures.ThreadPoolExecutor(len(callers)) as pool:
        answers = list(pool.map(lambda caller: caller.upload(asset, content), callers))
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len(documents.ids(asset)) == 1


# ---- what stays behind ----
def test_nothing_of_a_refused_upload_stays(make_server):
    server = make_server()
    documents = documents_of(server)
    asset = documents.client.new_asset()["id"]
    large = pdf().ljust(2_000_000, b"w")
    for options in ({"categoryId": "nosuch"}, {"displayname": None}, {"languageCodes": "xx"},
                    {"organizationId": "org-b"}):
        assert documents.upload(asset, large, **options).status_code >= 400
    assert server.blobs() == {} and documents.ids(asset) == []
    server.stop()
    checked = server.check("--deep")
    assert checked.returncode == 0 and "0 problems" in checked.stdout
