"""Categories: the default set, translations, changes by admins (contract 1.3)."""

import json

import pytest

from documents import Documents, documents_of
from errors import assert_error
from harness import ROOT, Server
from test_documents import assert_bad_field, assert_bad_language

DEFAULTS = json.loads((ROOT / "conf" / "categories.json").read_text())
GERMAN = {"languageCode": "de", "name": "Elektronik"}


def put(client, name, *translations):
    return client.request("PUT", f"/v1/categories/{name}",
                          json={"translations": list(translations)})


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("categories")).start()
    yield one
    one.discard()


@pytest.mark.parametrize("base", ["/api/storage/v1", "/v1"])
def test_a_new_store_has_the_default_set(fresh, base):
    answer = fresh.client().get(f"{base}/categories")
    assert answer.status_code == 200 and answer.json() == {"data": DEFAULTS}
    assert len(DEFAULTS) >= 12
    for category in DEFAULTS:
        assert {one["languageCode"] for one in category["translations"]} == {"de", "en", "fr"}


def test_the_list_may_be_in_one_language(fresh):
    client = fresh.client()
    for code in ("de", "DE"):
        found = client.get(f"/v1/categories?languageCode={code}").json()["data"]
        assert [one["id"] for one in found] == [one["id"] for one in DEFAULTS]
        assert found[0]["translations"] == [GERMAN]
    assert all(one["translations"] == []
               for one in client.get("/v1/categories?languageCode=it").json()["data"])


@pytest.mark.parametrize("query", ["xx", "", "deu", "de&languageCode=en"])
@pytest.mark.parametrize("path", ["", "/AA"])
def test_a_language_that_is_none_is_an_error_of_its_own(fresh, path, query):
    assert_bad_language(fresh.client().get(f"/v1/categories{path}?languageCode={query}"),
                        "languageCode")


def test_one_category_is_read_by_its_code(fresh):
    client = fresh.client(role="producer-user")
    assert client.get("/v1/categories/AA").json() == {"data": DEFAULTS[0]}
    assert client.get("/v1/categories/AA?languageCode=de").json() == {
        "data": {"id": "AA", "translations": [GERMAN]}}
    assert_error(client.get("/v1/categories/aa"), "NotFound")  # D24
    assert_error(client.get("/v1/categories/nosuch"), "NotFound")


def test_an_admin_stores_and_replaces(client):
    answer = put(client, "T-1.a_b", {"languageCode": "DE", "name": "Eins"},
                 {"languageCode": "it", "name": "Uno"})
    assert answer.status_code == 200
    assert answer.json() == {"data": {"id": "T-1.a_b", "translations": [
        {"languageCode": "de", "name": "Eins"}, {"languageCode": "it", "name": "Uno"}]}}
    assert put(client, "T-1.a_b", {"languageCode": "en", "name": "One"}).status_code == 200
    assert client.get("/v1/categories/T-1.a_b").json()["data"]["translations"] == [
        {"languageCode": "en", "name": "One"}]


@pytest.mark.parametrize("role", ["manufacturer-admin", "manufacturer-user", "producer-admin",
                                  "producer-user"])
def test_others_than_admins_change_nothing(fresh, role):
    client = fresh.client(role=role)
    assert_error(put(client, "AA", GERMAN), "NoPermission")
    assert_error(client.delete("/v1/categories/AA"), "NoPermission")
    assert client.get("/v1/categories/AA").json() == {"data": DEFAULTS[0]}


@pytest.mark.parametrize("name, good", [("x" * 64, True), ("x" * 65, False), ("a%20b", False),
                                        ("\u00e4", False), ("a,b", False)])
def test_a_code_is_1_to_64_plain_characters(client, name, good):
    answer = put(client, name, GERMAN)
    if not good:
        return assert_bad_field(answer, "id")
    assert answer.status_code == 200
    return None


@pytest.mark.parametrize("body, field", [
    ({}, "translations"), ({"translations": {}}, "translations"),
    ({"translations": []}, "translations"),
    ({"translations": [GERMAN, {"languageCode": "DE", "name": "x"}]}, "translations"),
    ({"translations": [{"languageCode": "de"}]}, "name"),
    ({"translations": [{"languageCode": "de", "name": ""}]}, "name"),
    ({"translations": [{"languageCode": "de", "name": "a\nb"}]}, "name"),
    ({"translations": [{"languageCode": "de", "name": "\u00fc" * 256}]}, "name")])
def test_a_category_that_breaks_a_rule_names_it(client, body, field):
    assert_bad_field(client.request("PUT", "/v1/categories/T2", json=body), field)
    assert_error(client.get("/v1/categories/T2"), "NotFound")


def test_a_name_has_up_to_255_code_points(client):
    assert put(client, "T255", {"languageCode": "de", "name": "\u00fc" * 255}).status_code == 200


@pytest.mark.parametrize("code", ["xx", "", "deu", 5, None])
def test_a_translation_is_in_a_language_that_there_is(client, code):
    answer = put(client, "T3", {"languageCode": code, "name": "x"})
    assert_bad_language(answer, "languageCode")


def test_what_is_in_use_stays_and_what_is_not_goes(client, asset):
    documents = Documents(client)
    assert put(client, "USED", GERMAN).status_code == 200
    made = documents.new(asset, categoryId="USED")["id"]
    assert_error(client.delete("/v1/categories/USED"), "Conflict")
    assert documents.patch(made, categoryId="AA").status_code == 200
    answer = client.delete("/v1/categories/USED")
    assert (answer.status_code, answer.content) == (204, b"")
    assert_error(client.delete("/v1/categories/USED"), "NotFound")


def test_what_an_admin_removed_stays_away_after_a_restart(make_server):
    server = make_server()
    assert server.client().delete("/v1/categories/ZZ").status_code == 204
    server.restart()
    assert_error(server.client().get("/v1/categories/ZZ"), "NotFound")
    assert server.client().get("/v1/categories/AA").json() == {"data": DEFAULTS[0]}


def test_a_new_name_shows_in_documents_at_once(server, client, asset):
    documents = documents_of(server)
    assert put(client, "RENAMED", {"languageCode": "en", "name": "Old"}).status_code == 200
    made = documents.new(asset, categoryId="RENAMED")
    assert made["category"]["name"] == "Old"
    assert put(client, "RENAMED", {"languageCode": "en", "name": "New"}).status_code == 200
    assert documents.get(made["id"]).json()["data"]["category"]["name"] == "New"
