"""Attachments of assets and projects: contract 4.0 and 4.1, rules M1 to M16."""

import json

import pytest

import wire
from media_pocket import (ASSET_KEYS, BASE, DATE, ID, UNKNOWN, Pocket, assert_refused, golden,
                          make_key, plain, types_of)

OWNER = "admin-user-66@example.com"
MIB = 1024 * 1024


@pytest.fixture(scope="session")
def key(shared_server):
    return make_key(shared_server, OWNER)


@pytest.fixture
def pocket(server, key):
    return Pocket(server, key)


@pytest.fixture(params=["assets", "projects"])
def holder(request, pocket):
    """The path of something that has attachments, and its id."""
    made = pocket.asset() if request.param == "assets" else pocket.project()
    return f"/{request.param}/{made['id']}/attachments"


@pytest.fixture(params=["assets", "projects"])
def kind(request):
    return request.param


# ---- the examples of the document, to key, order and type ----
@pytest.mark.parametrize("kind_of_holder", ["asset", "project"])
def test_s4_the_examples_are_reproduced(pocket, kind_of_holder):
    made = pocket.asset() if kind_of_holder == "asset" else pocket.project()
    path = f"/{kind_of_holder}s/{made['id']}/attachments"
    assert pocket.get(path).json() == golden("attachments-none.json")

    created = pocket.post(path, json={"title": "sample attachment"})
    example = golden(f"attachment-to-{kind_of_holder}.json")
    assert created.status_code == 200
    assert types_of(created.json()) == types_of(example)
    listed = pocket.get(path)
    assert types_of(listed.json()) == types_of(golden(f"attachments-of-{kind_of_holder}.json"))

    asset = created.json()["asset"]
    assert listed.json() == {"attachments": [asset]}
    varying = {"id", "parent_id", "owner", "created_date", "modification_date"}
    for name in set(ASSET_KEYS) - varying:
        assert asset[name] == example["asset"][name], name
    assert asset["parent_id"] == made["id"] and asset["owner"] == OWNER
    assert ID.match(asset["id"]) and DATE.match(asset["created_date"])
    assert asset["created_date"] == asset["modification_date"]


def test_s4_the_literal_parameter_of_the_examples_is_404(pocket):
    assert_refused(pocket.get("/assets/:asset_id/attachments"), 404, "asset not found")
    assert_refused(pocket.get("/projects/:project_id/attachments"), 404, "project not found")
    assert_refused(pocket.post("/projects/:project_id/attachments",
                               json={"title": "sample attachment"}), 404, "project not found")


def test_s4_the_too_long_title_of_the_examples(pocket, holder):
    title = "Testing too long title: " + "X" * 256
    assert_refused(pocket.post(holder, json={"title": title}), 400,
                   "Title is too long (maximum is 255 characters)")


# ---- 4.0: the key ----
@pytest.mark.parametrize("headers", [
    {}, {"X-API-KEY": ""}, {"X-API-KEY": "YOUR_API_KEY"}, {"Authorization": "Bearer x"}])
def test_m0_without_a_valid_key_it_is_401(server, kind, headers):
    for method in ("GET", "POST"):
        answer = plain(server, method, f"{BASE}/{kind}/{UNKNOWN}/attachments", headers=headers)
        assert_refused(answer, 401, "Unauthorized")


def test_m0_another_key_of_the_right_form_is_401(server, key):
    changed = key[:-1] + ("A" if key[-1] != "A" else "B")
    assert_refused(Pocket(server, changed).get(f"/assets/{UNKNOWN}/attachments"), 401,
                   "Unauthorized")


@pytest.mark.parametrize("name", ["x-api-key", "X-Api-Key", "X-API-KEY"])
def test_m0_the_header_has_any_case(server, pocket, key, name):
    asset = pocket.asset()["id"]
    answer = plain(server, "GET", f"{BASE}/assets/{asset}/attachments", headers={name: key})
    assert answer.status_code == 200


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/json"])
def test_m0_a_get_needs_no_content_type(pocket, holder, content_type):
    headers = {"Content-Type": content_type} if content_type else {}
    assert pocket.get(holder, headers=headers).status_code == 200


def test_x5_a_trailing_slash_is_accepted(pocket, holder):
    assert pocket.post(holder + "/", json={"title": "t"}).status_code == 200
    assert len(pocket.get(holder + "/").json()["attachments"]) == 1


def test_x1_the_envelope_holds_below_the_prefix(server, pocket, holder):
    assert_refused(pocket.get("/nothing"), 404)
    answer = pocket.delete(holder)
    assert_refused(answer, 405)
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


def test_x6_head_is_get_without_a_body(pocket, holder):
    answer = pocket.head(holder)
    assert answer.status_code == 200 and answer.content == b""


# ---- M1: order ----
def test_m01_401_comes_before_404_and_422(server, kind):
    assert_refused(plain(server, "POST", f"{BASE}/{kind}/{UNKNOWN}/attachments"), 401)


@pytest.mark.parametrize("body", [None, "{", '{"title":""}'])
def test_m01_404_comes_before_422_and_400(pocket, kind, body):
    answer = pocket.post(f"/{kind}/{UNKNOWN}/attachments", data=body,
                         headers={"Content-Type": "application/json"})
    assert_refused(answer, 404, f"{kind[:-1]} not found")


def test_m01_404_is_decided_from_the_head(server, key):
    with wire.Connection(server) as connection:
        connection.send(wire.head("POST", f"{BASE}/assets/{UNKNOWN}/attachments",
                                  [("X-API-KEY", key), ("Content-Length", 1000),
                                   ("Content-Type", "application/json")]))
        assert_refused(connection.response(), 404, "asset not found")  # no byte of the body sent


# ---- M2 to M8: the title ----
@pytest.mark.parametrize("letter", ["X", "ä", "語", "😀"])
def test_m02_255_code_points_are_welcome_and_256_are_not(pocket, holder, letter):
    answer = pocket.post(holder, json={"title": letter * 255})
    assert answer.status_code == 200 and answer.json()["asset"]["title"] == letter * 255
    assert_refused(pocket.post(holder, json={"title": letter * 256}), 400,
                   "Title is too long (maximum is 255 characters)")


def test_m02_it_is_not_trimmed(pocket, holder):
    assert pocket.post(holder, json={"title": "  a "}).json()["asset"]["title"] == "  a "
    assert_refused(pocket.post(holder, json={"title": " " + "X" * 255}), 400)


@pytest.mark.parametrize("value, printed", [
    (None, "nil"), (5, "5"), (1.5, "1.5"), (True, "true"), (False, "false"), ([1], "[1]"),
    ([], "[]"), ({"a": None}, '{"a"=>nil}'), (["a", "b"], '["a", "b"]')])
def test_m03_another_type_is_422_as_ruby_prints_it(pocket, holder, value, printed):
    assert_refused(pocket.post(holder, json={"title": value}), 422,
                   f"Invalid parameter 'title' value {printed}: Must be a String")


@pytest.mark.parametrize("value", ["", " ", "   "])
def test_m04_a_blank_title_is_422(pocket, holder, value):
    assert_refused(pocket.post(holder, json={"title": value}), 422,
                   f"Invalid parameter 'title' value \"{value}\": Must be a String")


@pytest.mark.parametrize("body, content_type", [
    (None, None), (None, "application/json"), (b"", "application/json"),
    (b"{}", "application/json"), (b"[]", "application/json"), (b"5", "application/json"),
    (b'"title"', "application/json"), (b'{"name":"t"}', "application/json"),
    (b'{"title":"t"}', "text/plain"), (b"a=b", "application/x-www-form-urlencoded"),
    (b'--B\r\nContent-Disposition: form-data; name="title"\r\n\r\nt\r\n--B--\r\n',
     "multipart/form-data; boundary=B")])
def test_m05_without_parameters_the_title_is_missing(pocket, holder, body, content_type):
    headers = {"Content-Type": content_type} if content_type else {}
    assert_refused(pocket.post(holder, data=body, headers=headers), 422, "Missing parameter title")


def test_m05_a_form_is_read(pocket, holder):
    answer = pocket.post(holder, data={"title": "ä & b", "other": "x"})
    assert answer.status_code == 200 and answer.json()["asset"]["title"] == "ä & b"


@pytest.mark.parametrize("body", [b"{", b'{"title":}', b'{"title":"t"}x', b"title=t"])
def test_m06_malformed_json_is_400(pocket, holder, body):
    answer = pocket.post(holder, data=body, headers={"Content-Type": "application/json"})
    assert_refused(answer, 400, "Invalid JSON")


def test_m07_unknown_keys_are_ignored(pocket, holder):
    sent = {"title": "t", "description": "d", "tags": 5, "owner": "x", "id": "y", "status": "z"}
    asset = pocket.post(holder, json=sent).json()["asset"]
    assert (asset["description"], asset["tags"], asset["owner"]) == (None, [], OWNER)


@pytest.mark.parametrize("body", [b'{"title":"a\\u0000b"}', b'{"title":"a\xff"}',
                                  b'{"title":"\\ud800"}'])
def test_m08_what_is_no_text_is_400(pocket, holder, body):
    answer = pocket.post(holder, data=body, headers={"Content-Type": "application/json"})
    assert_refused(answer, 400)
    assert pocket.get(holder).json() == {"attachments": []}


# ---- M9 to M16 ----
@pytest.mark.parametrize("bad", [UNKNOWN, ":asset_id", "x", "A" * 21, "A%20B", "-" * 20])
def test_m09_an_unmatched_id_is_404(pocket, kind, bad):
    text = f"{kind[:-1]} not found"
    assert_refused(pocket.get(f"/{kind}/{bad}/attachments"), 404, text)
    assert_refused(pocket.post(f"/{kind}/{bad}/attachments", json={"title": "t"}), 404, text)


def test_m10_the_list_is_in_the_order_of_creation(pocket, holder):
    titles = [f"t{i}" for i in range(130)]  # more than one turn of the loop writes
    for title in titles:
        assert pocket.post(holder, json={"title": title}).status_code == 200
    listed = pocket.get(holder + "?page=2&per_page=1&title=x").json()["attachments"]
    assert [one["title"] for one in listed] == titles
    dates = [one["created_date"] for one in listed]
    assert dates == sorted(dates)


def test_m11_what_is_in_the_trash_is_not_listed(pocket):
    asset = pocket.asset()["id"]
    one, two = pocket.attach(asset, "one"), pocket.attach(asset, "two")
    assert pocket.post(f"/assets/{one['id']}/trash_bin").status_code == 200
    assert pocket.titles(asset) == ["two"]
    assert pocket.post(f"/assets/{one['id']}/restore").status_code == 200
    assert pocket.titles(asset) == ["one", "two"]
    assert pocket.post(f"/assets/{asset}/trash_bin").status_code == 200
    for answer in (pocket.get(f"/assets/{asset}/attachments"),
                   pocket.post(f"/assets/{asset}/attachments", json={"title": "t"}),
                   pocket.get(f"/assets/{two['id']}"),
                   pocket.get(f"/assets/{two['id']}/attachments")):
        assert_refused(answer, 404, "asset not found")


def test_m12_attachments_have_attachments(pocket, holder):
    first = pocket.post(holder, json={"title": "first"}).json()["asset"]
    second = pocket.attach(first["id"], "second")
    assert second["parent_id"] == first["id"]
    assert pocket.titles(first["id"]) == ["second"]
    assert len(pocket.get(holder).json()["attachments"]) == 1


def test_m13_assets_and_projects_are_not_taken_for_each_other(pocket):
    asset, project = pocket.asset()["id"], pocket.project()["id"]
    for method in ("GET", "POST"):
        assert_refused(pocket.request(method, f"/projects/{asset}/attachments",
                                      json={"title": "t"}), 404, "project not found")
        assert_refused(pocket.request(method, f"/assets/{project}/attachments",
                                      json={"title": "t"}), 404, "asset not found")


def test_m14_titles_may_repeat(pocket, holder):
    made = [pocket.post(holder, json={"title": "same"}).json()["asset"]["id"] for _ in range(3)]
    assert len(set(made)) == 3
    assert [one["id"] for one in pocket.get(holder).json()["attachments"]] == made


def test_m15_every_key_sees_everything_and_owns_what_it_makes(server, pocket):
    asset = pocket.asset()["id"]
    other = Pocket(server, make_key(server, "b@example.com"))
    assert other.attach(asset)["owner"] == "b@example.com"
    assert [one["owner"] for one in
            pocket.get(f"/assets/{asset}/attachments").json()["attachments"]] == ["b@example.com"]


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_m16_json_above_1_mib_is_413(pocket, holder, framing):
    body = json.dumps({"title": "t", "padding": "x" * MIB}).encode()
    data = iter([body]) if framing == "chunked" else body
    answer = pocket.post(holder, data=data, headers={"Content-Type": "application/json"})
    assert_refused(answer, 413)
    assert pocket.get(holder).json() == {"attachments": []}


def test_m16_json_of_1_mib_is_read(pocket, holder):
    padding = "x" * (MIB - len('{"title":"t","padding":""}'))
    body = json.dumps({"title": "t", "padding": padding}, separators=(",", ":"))
    assert len(body) == MIB
    answer = pocket.post(holder, data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200


def test_v1_what_was_answered_survives_a_kill(make_server):
    server = make_server()
    pocket = Pocket(server, make_key(server, OWNER))
    asset = pocket.asset()["id"]
    made = [pocket.attach(asset, f"t{i}") for i in range(5)]
    server.kill9()
    server.start()
    assert pocket.get(f"/assets/{asset}/attachments").json()["attachments"] == made
