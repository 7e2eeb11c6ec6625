"""Media Pocket's companions (contract 4.2): assets, projects, the trash, API keys."""

import threading

import pytest

from harness import eventually
from media_pocket import (ASSET_KEYS, BASE, PROJECT_KEYS, UNKNOWN, Pocket, assert_refused,
                          make_key, plain)
from payloads import jpeg

OWNER = "admin@example.com"
DONE = b'{"ok":"ok"}'


@pytest.fixture(scope="session")
def key(shared_server):
    return make_key(shared_server, OWNER)


@pytest.fixture
def pocket(server, key):
    return Pocket(server, key)


@pytest.fixture
def asset(pocket):
    return pocket.asset()["id"]


# ---- assets ----
def test_an_asset_is_made_with_what_it_says(pocket):
    sent = {"title": "t", "description": "d", "category": "Sample Ä", "tags": ["a", "B"],
            "external_id": "e-all", "media_type": "article", "status": "x", "owner": "y"}
    asset = pocket.asset(**sent)
    assert list(asset) == ASSET_KEYS
    assert asset == {**asset, "title": "t", "description": "d", "category": "sample ä",
                     "tags": ["a", "B"], "external_id": "e-all", "media_type": "article",
                     "status": "open", "owner": OWNER, "parent_id": None, "project_id": None}
    assert pocket.read(asset["id"]) == asset


@pytest.mark.parametrize("sent, status, text", [
    ({}, 422, "Missing parameter title"),
    ({"title": 5}, 422, "Invalid parameter 'title' value 5: Must be a String"),
    ({"title": "t", "category": 5}, 422,
     "Invalid parameter 'category' value 5: Must be a String"),
    ({"title": "t", "tags": "a"}, 422,
     "Invalid parameter 'tags' value \"a\": Must be an array of String"),
    ({"title": "t", "media_type": "image"}, 422, None),
    ({"title": "t" * 256}, 400, "Title is too long (maximum is 255 characters)")])
def test_an_asset_that_is_not_right_is_refused(pocket, sent, status, text):
    assert_refused(pocket.post("/assets", json=sent), status, text)


def test_an_external_id_is_taken_once(pocket):
    first = pocket.asset(external_id="e-unique")["id"]
    taken = "External id has already been taken"
    assert_refused(pocket.post("/assets", json={"title": "t", "external_id": "e-unique"}), 400,
                   taken)
    other = pocket.asset()["id"]
    assert_refused(pocket.put(f"/assets/{other}", json={"external_id": "e-unique"}), 400, taken)
    assert pocket.delete(f"/assets/{first}").content == DONE
    assert pocket.put(f"/assets/{other}", json={"external_id": "e-unique"}).status_code == 200


def test_x7_of_racing_makers_of_one_external_id_one_wins(server, key):
    statuses = []

    def make():
        answer = Pocket(server, key).post("/assets", json={"title": "t", "external_id": "e-race"})
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=make) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [400] * 11


def test_a_change_changes_what_it_says_and_bumps_the_date(pocket, asset):
    before = pocket.read(asset)
    eventually(lambda: pocket.put(f"/assets/{asset}", json={
        "title": "new", "category": "C", "tags": ["x"], "description": "d"}).status_code == 200
        and pocket.read(asset)["modification_date"] > before["modification_date"])
    after = pocket.read(asset)
    assert (after["title"], after["category"], after["tags"]) == ("new", "c", ["x"])
    assert after["created_date"] == before["created_date"]
    cleared = pocket.put(f"/assets/{asset}", json={"description": None, "tags": None})
    assert cleared.json()["asset"]["description"] is None
    assert cleared.json()["asset"]["tags"] == [] and cleared.json()["asset"]["title"] == "new"


@pytest.mark.parametrize("sent, status", [({"title": ""}, 422), ({"title": None}, 422),
                                          ({"title": "t" * 256}, 400)])
def test_a_change_that_is_not_right_is_refused(pocket, asset, sent, status):
    assert_refused(pocket.put(f"/assets/{asset}", json=sent), status)
    assert pocket.read(asset)["title"] == "sample"


@pytest.mark.parametrize("method, suffix", [
    ("GET", ""), ("PUT", ""), ("DELETE", ""), ("POST", "/trash_bin"), ("POST", "/restore"),
    ("GET", "/media"), ("POST", "/media"), ("PUT", "/media"), ("DELETE", "/media"),
    ("GET", f"/media/{UNKNOWN}"), ("GET", f"/media/{UNKNOWN}/download_url")])
@pytest.mark.parametrize("bad", [UNKNOWN, ":id"])
def test_an_unknown_asset_is_404_without_a_key_401(server, pocket, method, suffix, bad):
    assert_refused(pocket.request(method, f"/assets/{bad}{suffix}"), 404, "asset not found")
    assert_refused(plain(server, method, f"{BASE}/assets/{bad}{suffix}"), 401, "Unauthorized")


def test_a_removal_takes_attachments_along(pocket, asset):
    child = pocket.attach(asset)["id"]
    grandchild = pocket.attach(child)["id"]
    assert pocket.delete(f"/assets/{asset}").content == DONE
    for gone in (asset, child, grandchild):
        assert_refused(pocket.get(f"/assets/{gone}"), 404, "asset not found")


# ---- the trash ----
def test_m11_the_trash_sets_deleted_and_restoring_clears_it(pocket, asset):
    trashed = pocket.post(f"/assets/{asset}/trash_bin").json()["asset"]
    assert trashed["deleted"] >= trashed["modification_date"]
    assert pocket.read(asset) == trashed
    again = pocket.post(f"/assets/{asset}/trash_bin").json()["asset"]
    assert again == trashed
    assert_refused(pocket.put(f"/assets/{asset}", json={"title": "x"}), 404, "asset not found")
    assert_refused(pocket.upload(asset, jpeg(64)), 404, "asset not found")
    restored = pocket.post(f"/assets/{asset}/restore")
    assert restored.status_code == 200 and restored.json()["asset"]["deleted"] is None
    assert pocket.put(f"/assets/{asset}", json={"title": "x"}).status_code == 200


def test_m11_what_is_in_the_trash_can_be_removed(pocket, asset):
    pocket.post(f"/assets/{asset}/trash_bin")
    assert pocket.delete(f"/assets/{asset}").content == DONE
    assert_refused(pocket.post(f"/assets/{asset}/restore"), 404, "asset not found")


# ---- projects ----
def test_a_project_is_made_read_and_removed(pocket):
    sent = {"title": "p", "description": "d", "category": "C", "tags": ["x"], "isPublic": True}
    project = pocket.project(**sent)
    assert list(project) == PROJECT_KEYS
    assert project == {**project, "title": "p", "description": "d", "category": "c",
                       "tags": ["x"], "isPublic": True, "media_type": "project",
                       "project_id": None, "owner": OWNER, "thumbnail_asset_id": None,
                       "deleted": None}
    path = f"/projects/{project['id']}"
    assert pocket.get(path).json() == {"project": project}
    assert pocket.delete(path).content == DONE
    assert_refused(pocket.get(path), 404, "project not found")
    assert_refused(pocket.delete(path), 404, "project not found")


def test_a_project_holds_projects_assets_and_attachments(pocket):
    top = pocket.project()["id"]
    below = pocket.made(f"/projects/{top}/projects", "project", title="below")
    assert below["project_id"] == top
    member = pocket.made(f"/projects/{below['id']}/assets", "asset", title="m")
    assert (member["project_id"], member["parent_id"]) == (below["id"], None)
    attached = pocket.made(f"/projects/{top}/attachments", "asset", title="a")
    assert (attached["project_id"], attached["parent_id"]) == (None, top)
    assert len(pocket.get(f"/projects/{below['id']}/attachments").json()["attachments"]) == 0
    assert pocket.delete(f"/projects/{top}").content == DONE
    assert_refused(pocket.get(f"/projects/{below['id']}"), 404, "project not found")
    for gone in (member, attached):
        assert_refused(pocket.get(f"/assets/{gone['id']}"), 404, "asset not found")


@pytest.mark.parametrize("suffix", ["/projects", "/assets"])
def test_m01_a_project_that_is_not_there_is_404_before_422(pocket, suffix):
    assert_refused(pocket.post(f"/projects/not-found-id{suffix}"), 404, "project not found")
    project = pocket.project()["id"]
    assert_refused(pocket.post(f"/projects/{project}{suffix}"), 422, "Missing parameter title")


# ---- API keys ----
def test_a_key_is_made_shown_once_used_and_revoked(server, pocket):
    answer = pocket.post("/user/api_keys", json={"name": "ci"})
    assert answer.status_code == 200 and list(answer.json()) == ["api_key"]
    text = answer.json()["api_key"]
    prefix, secret = text.split(".")
    assert len(prefix) == 5 and len(secret) > 30
    listed = pocket.get("/user/api_keys")
    assert secret not in listed.text
    [mine] = [one for one in listed.json()["api_keys"] if one["key_prefix"] == prefix]
    assert list(mine) == ["id", "key_prefix", "name", "last_access"]
    assert (mine["name"], mine["last_access"]) == ("ci", None)

    other = Pocket(server, text)
    assert other.asset()["owner"] == OWNER
    assert other.delete(f"/user/api_keys/{mine['id']}").content == DONE
    assert_refused(other.get("/user/api_keys"), 401, "Unauthorized")
    assert_refused(pocket.delete(f"/user/api_keys/{mine['id']}"), 404, "api key not found")


def test_a_key_is_its_owners_own(server, pocket):
    stranger = Pocket(server, make_key(server, "stranger@example.com"))
    mine = pocket.get("/user/api_keys").json()["api_keys"][0]["id"]
    assert mine not in stranger.get("/user/api_keys").text
    assert_refused(stranger.delete(f"/user/api_keys/{mine}"), 404, "api key not found")
    assert pocket.get("/user/api_keys").status_code == 200


@pytest.mark.parametrize("sent, status", [({}, 422), ({"name": 5}, 422), ({"name": ""}, 422),
                                          ({"name": "a\nb"}, 400), ({"name": "x" * 256}, 400)])
def test_a_key_needs_a_name(pocket, sent, status):
    assert_refused(pocket.post("/user/api_keys", json=sent), status)
