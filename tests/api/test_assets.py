"""The asset API, companion of the pictures (contract 1.3)."""

import pytest

from errors import assert_error
from harness import picture_path
from payloads import jpeg

BASE = "/api/asset/v1/assets"
KEYS = {"assetType", "id", "name", "organizationId", "description", "createdAt", "createdBy",
        "updatedAt", "updatedBy", "active", "draft", "custom", "parentId", "position",
        "customAttributes", "address"}
TYPES = ["location", "production-line", "process-cell", "machine", "component"]
# Expectation: the contract gives no status for sort and activate; any success will do.
SUCCESS = (200, 201, 204)


@pytest.fixture
def owner(server, request):
    """An admin of an organization that no other test has assets in."""
    return server.client("org-" + request.node.name[:40].replace("[", "-").replace("]", ""))


def children(client, parent):
    """The names below `parent`, nested, as the tree tells them."""
    def names(nodes):
        return {node["name"]: names(node["children"]) for node in nodes}

    def find(nodes):
        for node in nodes:
            if node["id"] == parent:
                return node["children"]
            found = find(node["children"])
            if found is not None:
                return found
        return None

    return names(find(client.get(BASE + "/tree").json()["data"]))


@pytest.mark.parametrize("asset_type", TYPES)
def test_create_and_get(client, asset_type):
    made = client.new_asset(assetType=asset_type, name="Halle 3", description="Süd")
    assert KEYS <= set(made)
    assert made["assetType"] == asset_type and made["name"] == "Halle 3"
    assert made["description"] == "Süd" and made["organizationId"] == "org-a"
    assert made["createdBy"] == made["updatedBy"] == "user-a"
    assert made["createdAt"] == made["updatedAt"]
    assert made["parentId"] is None and isinstance(made["position"], int)
    answer = client.get(f"{BASE}/{made['id']}")
    assert answer.status_code == 200 and answer.json()["data"] == made


@pytest.mark.parametrize("body", [
    {}, {"name": "x"}, {"assetType": "machine"}, {"assetType": "crane", "name": "x"},
    {"assetType": "Machine", "name": "x"}, {"assetType": "machine", "name": 5},
    {"assetType": "machine", "name": ""}, {"assetType": "machine", "name": None},
    {"assetType": "machine", "name": "x", "parentId": 5},
    {"assetType": "machine", "name": "x", "parentId": "nonsense"},
    {"assetType": "machine", "name": "x", "description": 5}, [], "text", 5], ids=str)
def test_create_with_a_bad_body_is_a_bad_request(client, body):
    assert_error(client.post(BASE, json=body), "BadRequest")


@pytest.mark.parametrize("data", [b"", b"{", b'{"assetType":"machine","name":"x"', b"\xff\xfe",
                                  b'{"assetType":"machine","name":"\xff"}', b"[" * 5000,
                                  b'{"assetType":"machine","name":"x"} extra'])
def test_create_with_no_json_is_a_bad_request(client, data):
    answer = client.post(BASE, data=data, headers={"Content-Type": "application/json"})
    assert_error(answer, "BadRequest")


def test_names_come_back_as_they_were_sent(client):
    for name in ('quote " slash \\ / tab \t', "日本語 😀", "<script>", "\u2028", "x" * 200):
        made = client.new_asset(name=name)
        assert client.get(f"{BASE}/{made['id']}").json()["data"]["name"] == name


@pytest.mark.parametrize("asset_id", ["833cb09d-6c34-4590-be5f-a62fab9f41a2", "x", "%00", "1"])
def test_get_of_an_unknown_asset_is_404(client, asset_id):
    answer = client.get(f"{BASE}/{asset_id}")
    if asset_id == "%00":
        assert answer.status_code == 400  # no path holds a NUL
    else:
        assert_error(answer, "NotFound")


def test_an_asset_of_another_organization_is_403_unless_admin(server, client, asset):
    for role in ("producer-user", "producer-admin", "manufacturer-user", "manufacturer-admin"):
        stranger = server.client("org-b", role)
        assert_error(stranger.get(f"{BASE}/{asset}"), "NoPermission")
        assert_error(stranger.patch(f"{BASE}/{asset}", json={"name": "mine"}), "NoPermission")
        assert_error(stranger.delete(f"{BASE}/{asset}"), "NoPermission")
        assert server.client("org-a", role).get(f"{BASE}/{asset}").status_code == 200
    assert client.get(f"{BASE}/{asset}").json()["data"]["name"] == "m"
    assert server.client("org-b", "admin").get(f"{BASE}/{asset}").status_code == 200


def test_patch_changes_what_it_names_and_no_more(server, client):
    made = client.new_asset(name="old", description="kept")
    other = server.client("org-a", "producer-admin", "user-b")
    answer = other.patch(f"{BASE}/{made['id']}", json={"name": "new"})
    assert answer.status_code == 200
    told = client.get(f"{BASE}/{made['id']}").json()["data"]
    assert told == answer.json()["data"]
    assert told["name"] == "new" and told["updatedBy"] == "user-b"
    assert told["updatedAt"] >= made["updatedAt"]
    same = KEYS - {"name", "updatedAt", "updatedBy"}
    assert {key: told[key] for key in same} == {key: made[key] for key in same}
    assert client.patch(f"{BASE}/{made['id']}", json={"description": None}).json()["data"][
        "description"] is None


@pytest.mark.parametrize("body", [{"name": ""}, {"name": None}, {"assetType": "crane"},
                                  {"active": "yes"}, [], 5], ids=str)
def test_patch_with_a_bad_body_changes_nothing(client, asset, body):
    before = client.get(f"{BASE}/{asset}").json()
    assert_error(client.patch(f"{BASE}/{asset}", json=body), "BadRequest")
    assert client.get(f"{BASE}/{asset}").json() == before


def test_patch_cannot_take_what_is_the_servers(client, asset):
    before = client.get(f"{BASE}/{asset}").json()["data"]
    client.patch(f"{BASE}/{asset}", json={"id": "x", "organizationId": "org-b", "createdBy": "y"})
    after = client.get(f"{BASE}/{asset}").json()["data"]
    for key in ("id", "organizationId", "createdBy", "createdAt"):
        assert after[key] == before[key]


# ---- the tree ----
def test_the_tree_nests_children_in_their_order(owner):
    line = owner.new_asset(assetType="production-line", name="line")["id"]
    first = owner.new_asset(name="a", parentId=line)
    second = owner.new_asset(name="b", parentId=line)
    owner.new_asset(assetType="component", name="a1", parentId=first["id"])
    assert first["parentId"] == line and first["position"] < second["position"]
    told = children(owner, line)
    assert told == {"a": {"a1": {}}, "b": {}} and list(told) == ["a", "b"]


def test_a_tree_holds_only_its_own_organization(server, owner, asset):
    owner.new_asset(name="mine")
    assert [node["name"] for node in owner.get(BASE + "/tree").json()["data"]] == ["mine"]
    nobody = server.client("org-without-any-assets")
    assert nobody.get(BASE + "/tree").json()["data"] == []


def test_a_parent_must_exist_in_the_same_organization(server, client, asset):
    foreign = server.client("org-b").new_asset()["id"]
    for parent in (foreign, "833cb09d-6c34-4590-be5f-a62fab9f41a2"):
        answer = client.post(BASE, json={"assetType": "machine", "name": "x", "parentId": parent})
        assert_error(answer, "BadRequest")
        assert_error(client.patch(f"{BASE}/{asset}", json={"parentId": parent}), "BadRequest")


def test_reparenting_moves_a_subtree_and_null_makes_a_root(owner):
    left, right = owner.new_asset(name="left")["id"], owner.new_asset(name="right")["id"]
    child = owner.new_asset(name="child", parentId=left)["id"]
    owner.new_asset(name="leaf", parentId=child)
    assert owner.patch(f"{BASE}/{child}", json={"parentId": right}).status_code == 200
    assert children(owner, left) == {} and children(owner, right) == {"child": {"leaf": {}}}
    assert owner.patch(f"{BASE}/{child}", json={"parentId": None}).status_code == 200
    assert children(owner, right) == {} and children(owner, child) == {"leaf": {}}


def test_a_cycle_is_a_conflict(owner):
    top = owner.new_asset(name="top")["id"]
    middle = owner.new_asset(name="middle", parentId=top)["id"]
    leaf = owner.new_asset(name="leaf", parentId=middle)["id"]
    for parent in (top, middle, leaf):
        assert_error(owner.patch(f"{BASE}/{top}", json={"parentId": parent}), "Conflict")
    assert children(owner, top) == {"middle": {"leaf": {}}}


def test_sort_orders_every_child_exactly_once(owner):
    top = owner.new_asset(name="top")["id"]
    ids = [owner.new_asset(name=name, parentId=top)["id"] for name in "abc"]
    path = f"{BASE}/{top}/sort"
    assert owner.post(path, json={"sortedChildIds": ids[::-1]}).status_code in SUCCESS
    assert list(children(owner, top)) == ["c", "b", "a"]
    stranger = owner.new_asset()["id"]
    for wrong in (ids[:2], ids + ids[:1], ids[:2] + [stranger], ids + [stranger], [], "x", None):
        assert_error(owner.post(path, json={"sortedChildIds": wrong}), "BadRequest")
    assert list(children(owner, top)) == ["c", "b", "a"]
    unknown = f"{BASE}/833cb09d-6c34-4590-be5f-a62fab9f41a2/sort"
    assert_error(owner.post(unknown, json={"sortedChildIds": []}), "NotFound")


def test_activate_reaches_the_whole_subtree(owner):
    top = owner.new_asset(name="top")["id"]
    below = owner.new_asset(name="below", parentId=top)["id"]
    leaf = owner.new_asset(name="leaf", parentId=below)["id"]
    assert owner.get(f"{BASE}/{leaf}").json()["data"]["active"] is False
    assert owner.post(f"{BASE}/{top}/activate").status_code in SUCCESS
    for asset_id in (top, below, leaf):
        told = owner.get(f"{BASE}/{asset_id}").json()["data"]
        assert told["active"] is True and told["draft"] is False


# ---- delete ----
def test_delete_takes_the_asset_and_its_picture(client, asset):
    client.upload(asset, jpeg(64))
    answer = client.delete(f"{BASE}/{asset}")
    assert answer.status_code == 204 and answer.content == b""
    assert_error(client.get(f"{BASE}/{asset}"), "NotFound")
    assert_error(client.get(picture_path(asset)), "NotFound")
    assert_error(client.preview(asset), "NotFound")
    assert_error(client.upload(asset, jpeg(64)), "NotFound")
    assert_error(client.delete(f"{BASE}/{asset}"), "NotFound")


def test_delete_with_children_needs_recursive(owner):
    top = owner.new_asset(name="top")["id"]
    leaf = owner.new_asset(name="leaf", parentId=top)["id"]
    for query in ("", "?recursive=false"):
        assert_error(owner.delete(f"{BASE}/{top}{query}"), "Conflict")
    assert owner.get(f"{BASE}/{leaf}").status_code == 200
    assert owner.delete(f"{BASE}/{top}?recursive=true").status_code == 204
    for asset_id in (top, leaf):
        assert_error(owner.get(f"{BASE}/{asset_id}"), "NotFound")
