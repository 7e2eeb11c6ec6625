"""Partner assets (contract 2): uploads, what is stored of them, pages, metadata, delete."""

import concurrent.futures
import json
import re
import time

import pytest

from harness import DATA, file_part, form, text_part
from partner import BASE, Partner
from payloads import KIB, MIB, jpeg, noise, photo, png, webp

KEY = re.compile(r"^[0-9a-f]{32}(\.[a-z0-9]{1,8})?$")
GOLDEN = json.loads((DATA / "golden" / "partner-company-asset.json").read_text(encoding="utf-8"))
TYPES = {"string": str, "long": int, "integer": int, "boolean": bool, "assettype": str}
VARIANTS = {"thumbURL": "_thumb", "mediumURL": "_medium", "largeURL": "_large",
            "largeX2URL": "_largeX2"}
KML = b'<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"></kml>'


def short(value):
    """The name of a case: what its bytes begin with."""
    return ascii(value[:6]) if isinstance(value, bytes) else str(value)


@pytest.fixture(scope="module")
def partner(shared_server):
    return Partner(shared_server, "company-a")


@pytest.fixture(scope="module")
def stranger(shared_server):
    return Partner(shared_server, "company-b")


def error(kind, message, status):
    return {"error": kind, "message": message, "status": status}


def assert_refused(answer, kind, status, message=None):
    assert answer.status_code == status, (answer.status_code, answer.content)
    body = answer.json()
    assert list(body) == ["error", "message", "status"]
    assert body == error(kind, body["message"] if message is None else message, status)
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"  # G1


def assert_invalid(answer, message=None):
    assert_refused(answer, "Invalid argument", 400, message)


def assert_unknown(answer):
    assert_refused(answer, "Not Found", 404, "Asset not found")


# ---- 2.1: the answer ----
@pytest.mark.parametrize("access", ["public", "private"])
def test_an_upload_answers_200_with_a_company_asset(partner, access):
    before = int(time.time() * 1000)
    answer = partner.upload(photo(), access=access, filename="shop.jpg", name="Shop")
    assert answer.status_code == 200
    data = answer.json()
    assert list(data) == list(GOLDEN)
    for name, kind in GOLDEN.items():
        if name == "publicURL" and access == "private":
            assert data[name] is None
        else:
            assert type(data[name]) is TYPES[kind], name
    assert before <= data["created"] == data["modified"] <= time.time() * 1000  # X3
    assert KEY.match(data["key"]) and data["key"].endswith(".jpg")
    expected = {"companyId": "company-a", "deleted": False, "updated": False, "name": "Shop",
                "type": "Photo", "active": True, "priority": 0, "secured": access == "private"}
    assert {name: data[name] for name in expected} == expected
    base = partner.server.url + BASE + "/"
    stem, dot, extension = data["key"].partition(".")
    for name, suffix in VARIANTS.items():
        assert data[name] == base + stem + suffix + dot + extension
    assert data["origURL"] == data["platformFileUrl"] == base + data["key"]
    if access == "public":
        assert data["publicURL"] == base + data["key"]


def test_what_is_no_photo_has_no_smaller_sizes(partner):
    for content, filename in ((b"%PDF-1.4 x", "a.pdf"), (KML, "a.kml"), (b"text", "a.txt")):
        data = partner.new(content, filename=filename)
        assert [data[name] for name in VARIANTS] == [None] * 4
        assert data["origURL"].endswith(data["key"])


def test_urls_begin_with_the_configured_base(make_server):
    server = make_server('[server]\nbase_url = "https://assets.example.com"\n')
    data = Partner(server, "c").new(jpeg(100))
    for name in ("publicURL", "thumbURL", "origURL", "platformFileUrl"):
        assert data[name].startswith(f"https://assets.example.com{BASE}/")


# ---- 2.1: the fields ----
def test_file_is_required(partner):
    assert_invalid(partner.upload_form([text_part("name", b"x")]), "file is required")
    assert_invalid(partner.upload_form([file_part(b"x", name="photo")]), "file is required")
    assert_invalid(partner.upload_form([text_part("file", b"no filename, so no file")]),
                   "file is required")


def test_an_empty_file_is_refused(partner):
    assert_invalid(partner.upload(b""), "file is empty")


def test_two_files_are_refused(partner):
    assert_invalid(partner.upload_form([file_part(b"a"), file_part(b"b")]))


def test_the_name_defaults_to_the_filename_and_then_to_the_key(partner):
    assert partner.new(b"x", filename="menu.txt")["name"] == "menu.txt"
    assert partner.new(b"x", filename="menu.txt", name="")["name"] == "menu.txt"
    assert partner.new(b"x", filename="C:\\\\docs\\\\menu.txt")["name"] == "menu.txt"  # X8
    data = partner.new(b"x", filename="")
    assert data["name"] == data["key"]


def test_a_name_has_at_most_255_code_points(partner):
    name = "ä" * 254 + "𝄞"
    assert partner.new(b"x", name=name)["name"] == name
    assert_invalid(partner.upload(b"x", name=name + "x"))
    for bad in (b"\xff\xfe", b"a\0b"):
        assert_invalid(partner.upload(b"x", name=bad))


def test_a_field_that_comes_twice_is_refused(partner):
    for name, text in (("name", b"a"), ("assetType", b"Document")):
        parts = [text_part(name, text), text_part(name, text), file_part(b"x")]
        assert_invalid(partner.upload_form(parts))


def test_fields_may_follow_the_file_and_unknown_ones_are_ignored(partner):
    answer = partner.upload_form([text_part("folder", b"x"), file_part(jpeg(2 * MIB)),
                                  text_part("assetType", b"Document"), text_part("name", b"late")])
    assert answer.status_code == 200, answer.text
    assert (answer.json()["name"], answer.json()["type"]) == ("late", "Document")


@pytest.mark.parametrize("content, filename, declared, expected", [
    (jpeg(99), "a.pdf", "application/pdf", "Photo"), (png(99), "", None, "Photo"),
    (webp(99), "a", None, "Photo"), (b"GIF89a" + bytes(20), "a", None, "Photo"),
    (KML, "a", "text/xml", "Kml"), (b"PK", "tour.kml", None, "Kml"),
    (b"<x/>", "a", "application/vnd.google-earth.kml+xml", "Kml"),
    (b"%PDF-1.7", "a.jpg", "image/jpeg", "Document"), (b"<svg/>", "a.svg", "image/svg+xml",
                                                      "Document"),
    (b"plain", "a.txt", "text/plain", "Document")], ids=short)
def test_the_type_defaults_to_what_the_bytes_are(partner, content, filename, declared, expected):
    assert partner.new(content, filename=filename, content_type=declared)["type"] == expected


def test_the_type_may_be_said(partner):
    assert partner.new(jpeg(99), assetType="Document")["type"] == "Document"
    assert partner.new(b"x", assetType="Kml")["type"] == "Kml"
    assert partner.new(jpeg(99), assetType="Photo")["type"] == "Photo"
    for bad in ("photo", "Video", "", "Photo ", "KML"):
        assert_invalid(partner.upload(jpeg(99), assetType=bad))


def test_a_photo_must_be_an_image(partner):
    for content in (b"text", b"%PDF-1.4", KML):
        assert_invalid(partner.upload(content, content_type="image/jpeg", assetType="Photo"))


# ---- B1, B2: key and type ----
@pytest.mark.parametrize("content, name, extension, served", [
    (jpeg(99), "Gelonade 3.5", ".jpg", "image/jpeg"), (png(99), "a.jpg", ".png", "image/png"),
    (b"plain", "Gelonade 3.5", ".5", "application/octet-stream"),
    (b"plain", "no extension", "", "application/octet-stream"),
    (b"plain", "a.b c", "", "application/octet-stream"),
    (b"plain", "a.toolongext", "", "application/octet-stream"),
    (KML, "x", ".kml", "application/vnd.google-earth.kml+xml"),
    (b"%PDF-1.4", "x.doc", ".pdf", "application/pdf")], ids=short)
def test_b01_b02_the_key_is_no_source_of_the_type(partner, content, name, extension, served):
    data = partner.new(content, filename="f", name=name)
    assert KEY.match(data["key"]) and data["key"][32:] == extension
    answer = partner.asset(data["key"])
    assert answer.status_code == 200 and answer.content == content
    assert answer.headers["Content-Type"] == served


def test_b01_keys_are_random(partner):
    keys = {partner.new(b"same")["key"][:32] for _ in range(20)}
    assert len(keys) == 20
    for place in range(32):
        assert len({key[place] for key in keys}) > 1


def test_b06_the_same_file_twice_is_two_assets(partner):
    first, second = partner.new(jpeg(5000)), partner.new(jpeg(5000))
    assert first["id"] != second["id"] and first["key"] != second["key"]
    assert partner.delete(f"{BASE}/{first['key']}").status_code == 200
    assert_unknown(partner.asset(first["key"]))
    assert partner.asset(second["key"]).content == jpeg(5000)


# ---- B5, X9: limits and framing ----
def test_b05_the_limit_is_inclusive_and_a_400(make_server):
    server = make_server('[limits]\npartner_bytes_max = "1MiB"\n')
    partner = Partner(server, "c")
    assert partner.new(noise(MIB))["key"]
    message = "file is larger than the maximum of 1048576 bytes"
    assert_invalid(partner.upload(noise(MIB + 1)), message)
    assert_invalid(partner.upload(noise(8 * MIB)), message)  # from the head alone
    assert partner.get(BASE).json()["total"] == 1
    assert len(server.blobs()) == 1  # X7


def test_b05_a_large_file_comes_back(partner):
    content = noise(11 * MIB + 17)
    data = partner.new(content, access="private", filename="big.bin")
    assert partner.asset(data["key"]).content == content


@pytest.mark.parametrize("header", [None, "application/json", "text/plain",
                                    "application/x-www-form-urlencoded", "multipart/mixed",
                                    "multipart/form-data"])
def test_x09_only_a_form_is_a_form(partner, header):
    body, _ = form([file_part(b"x")])
    headers = {"Content-Type": header} if header else {}
    assert_invalid(partner.post(f"{BASE}/upload/public", data=body, headers=headers))


def test_x09_a_form_without_its_end_is_refused(partner):
    body, header = form([file_part(jpeg(300))])
    total = partner.get(BASE).json()["total"]
    for cut in (body[:-10], body[:100], b""):
        assert_invalid(partner.post(f"{BASE}/upload/public", data=cut,
                                    headers={"Content-Type": header}))
    assert partner.get(BASE).json()["total"] == total


def test_the_file_itself_may_be_the_body(partner):
    answer = partner.post(f"{BASE}/upload/private?filename=shop.jpg&name=Shop&assetType=Photo",
                          data=photo(), headers={"Content-Type": "application/octet-stream"})
    assert answer.status_code == 200, answer.text
    data = answer.json()
    assert (data["name"], data["type"], data["key"][32:]) == ("Shop", "Photo", ".jpg")
    assert partner.asset(data["key"]).content == photo()
    headers = {"Content-Disposition": 'attachment; filename="notes.txt"',
               "Content-Type": "text/plain"}
    data = partner.post(f"{BASE}/upload/public", data=b"hello", headers=headers).json()
    assert (data["name"], data["type"], data["key"][32:]) == ("notes.txt", "Document", ".txt")
    path = f"{BASE}/upload/public?filename=a.txt"
    assert_invalid(partner.post(path, data=b""), "file is empty")
    assert_invalid(partner.post(path + "&assetType=Photo", data=b"text"))


# ---- 2.0: keys ----
def test_both_keys_are_required(server, partner):
    cases = [{}, {"x-api-key": partner.partner_key}, {"Authorization": partner.developer_key},
             {"x-api-key": partner.developer_key, "Authorization": partner.partner_key},
             {"x-api-key": partner.partner_key, "Authorization": partner.developer_key[:-1]},
             {"x-api-key": "x", "Authorization": partner.developer_key},
             {"Authorization": "Bearer " + server.token(), "x-api-key": partner.partner_key}]
    body, header = form([file_part(b"x")])
    for headers in cases:
        nobody = server.anonymous()
        for answer in (nobody.post(f"{BASE}/upload/public", data=body,
                                   headers={"Content-Type": header, **headers}),
                       nobody.get(BASE, headers=headers),
                       nobody.delete(f"{BASE}/{'0' * 32}", headers=headers),
                       nobody.get(f"{BASE}/{'0' * 32}/metadata", headers=headers)):
            assert_refused(answer, "Unauthorized", 401, "Invalid partner key")


def test_a_bearer_prefix_is_accepted(partner):
    answer = partner.get(BASE, headers={"Authorization": f"Bearer {partner.developer_key}"})
    assert answer.status_code == 200


def test_x02_keys_come_before_the_body(server):
    answer = server.anonymous().post(f"{BASE}/upload/public", data=b"no form at all")
    assert_refused(answer, "Unauthorized", 401)


# ---- X1: the envelope is the prefix's ----
def test_x01_unknown_routes_and_methods_are_told_in_this_shape(partner):
    assert_unknown(partner.get("/api/v1/partner/unknown"))
    assert_unknown(partner.post(f"{BASE}/upload/secret"))
    answer = partner.request("PUT", f"{BASE}/upload/public")
    assert_refused(answer, "Method Not Allowed", 405)
    assert answer.headers["Allow"]
    assert_invalid(partner.get(BASE + "?start=%zz"))


# ---- companions: list ----
def test_pages_are_of_the_company_in_the_order_of_creation(server):
    one, other = Partner(server, "company-pages"), Partner(server, "company-page")
    made = [one.new(b"x", filename=f"{i}.txt") for i in range(5)]
    other.new(b"x")
    whole = one.get(BASE).json()["values"]
    # What was created in one millisecond stands in any order, but always in the same.
    assert sorted(whole, key=lambda asset: asset["created"]) == whole
    keys = [asset["key"] for asset in whole]
    assert sorted(keys) == sorted(asset["key"] for asset in made)
    for query, start, limit, expected in (("", 0, 100, keys), ("?start=0&limit=2", 0, 2, keys[:2]),
                                          ("?start=2&limit=2", 2, 2, keys[2:4]),
                                          ("?start=4&limit=200", 4, 200, keys[4:]),
                                          ("?start=5", 5, 100, []),
                                          (f"?start={2**64 - 1}&limit=1", 2**64 - 1, 1, [])):
        answer = one.get(BASE + query)
        assert answer.status_code == 200
        body = answer.json()
        assert list(body) == ["values", "skip", "limit", "total"]
        assert (body["skip"], body["limit"], body["total"]) == (start, limit, 5), query
        assert [asset["key"] for asset in body["values"]] == expected, query
        assert all(list(asset) == list(GOLDEN) for asset in body["values"])
    assert one.get(BASE + "/").json()["total"] == 5  # X5
    assert other.get(BASE).json()["total"] == 1


@pytest.mark.parametrize("query", ["start=-1", "start=", "start=a", "start=1.5", f"start={2**64}",
                                   "limit=0", "limit=201", "limit=", "limit=+1", "limit=1e1"])
def test_pages_that_cannot_be_are_refused(partner, query):
    assert_invalid(partner.get(f"{BASE}?{query}"))


# ---- companions: metadata and delete ----
@pytest.mark.parametrize("access", ["public", "private"])
def test_metadata_is_what_the_upload_answered(partner, stranger, access):
    made = partner.new(jpeg(99), access=access)
    path = f"{BASE}/{made['key']}/metadata"
    assert partner.get(path).json() == made
    assert_unknown(stranger.get(path))
    stem, _, extension = made["key"].partition(".")
    for key in (stem, stem + ".png", f"{stem}_thumb.{extension}", "0" * 32, "x"):
        assert_unknown(partner.get(f"{BASE}/{key}/metadata"))


@pytest.mark.parametrize("access", ["public", "private"])
def test_delete_is_soft_and_final(server, access):
    partner = Partner(server, "company-delete-" + access)
    made, kept = partner.new(jpeg(70 * KIB), access=access), partner.new(jpeg(70 * KIB, 2))
    path = f"{BASE}/{made['key']}"
    answer = partner.delete(path)
    assert answer.status_code == 200
    gone = answer.json()
    assert gone["modified"] >= made["modified"]
    assert gone == {**made, "deleted": True, "modified": gone["modified"]}
    for again in (partner.get(path), partner.get(made["largeURL"][len(server.url):]),
                  partner.get(path + "/metadata"), partner.delete(path)):
        assert_unknown(again)
    body = partner.get(BASE).json()
    assert (body["total"], [asset["key"] for asset in body["values"]]) == (1, [kept["key"]])


def test_delete_gives_the_bytes_back(make_server):
    server = make_server()
    partner = Partner(server, "c")
    key = partner.new(noise(MIB))["key"]
    assert len(server.blobs()) == 1
    assert partner.delete(f"{BASE}/{key}").status_code == 200
    deadline = time.monotonic() + 10
    while server.blobs() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.blobs() == {}
    server.stop()
    assert server.check("--deep").returncode == 0


def test_delete_of_another_companys_asset_is_404_and_it_stays(partner, stranger):
    for access in ("public", "private"):
        key = partner.new(jpeg(99), access=access)["key"]
        assert_unknown(stranger.delete(f"{BASE}/{key}"))
        assert partner.asset(key).status_code == 200


def test_of_concurrent_deletes_one_succeeds(server):
    callers = [Partner(server, "company-race") for _ in range(4)]
    key = callers[0].new(jpeg(99))["key"]
    with concurrent.futures.ThreadPoolExecutor(len(callers)) as pool:
        statuses = sorted(answer.status_code for answer in pool.map(
            lambda caller: caller.delete(f"{BASE}/{key}"), callers))
    assert statuses == [200, 404, 404, 404]


# ---- durability and the offline check ----
def test_assets_survive_a_kill_and_the_store_is_sound(make_server):
    server = make_server()
    partner = Partner(server, "c")
    contents = {partner.new(content, access=access)["key"]: content
                for access in ("public", "private") for content in (jpeg(99), noise(2 * MIB))}
    deleted = partner.new(b"gone")["key"]
    assert partner.delete(f"{BASE}/{deleted}").status_code == 200
    server.kill9()
    server.start()
    for key, content in contents.items():
        assert partner.asset(key).content == content
    assert_unknown(partner.asset(deleted))
    assert partner.get(BASE).json()["total"] == 4
    server.stop()
    assert server.check("--deep").returncode == 0
