"""What the contract leaves open about assets and is decided here: whose, limits, types."""

import pytest

from errors import assert_error, body
from harness import picture_path
from payloads import jpeg

BASE = "/api/asset/v1/assets"


def field_of(answer):
    assert_error(answer, "BadRequest")
    return answer.json()["errors"][0]["extension"].get("field")


def other_error(answer, status, code):
    assert answer.status_code == status, answer.content
    error = answer.json()["errors"][0]
    assert error["errorCode"] == code and answer.content == body(code, error["message"], {})


# ---- whose ----
def test_only_an_admin_creates_in_another_organization(server):
    stated = {"assetType": "machine", "name": "m", "organizationId": "org-rules-b"}
    made = server.client("org-rules-a", "admin").post(BASE, json=stated)
    assert made.status_code == 201 and made.json()["data"]["organizationId"] == "org-rules-b"
    for role in ("producer-admin", "manufacturer-admin"):
        assert_error(server.client("org-rules-a", role).post(BASE, json=stated), "NoPermission")
        assert server.client("org-rules-b", role).post(BASE, json=stated).status_code == 201


def test_a_tree_of_another_organization_is_for_admins(server):
    server.client("org-rules-c").new_asset(name="theirs")
    path = BASE + "/tree?view=any&organizationId=org-rules-c"
    admin = server.client("org-rules-d", "admin")
    assert [node["name"] for node in admin.get(path).json()["data"]] == ["theirs"]
    assert admin.get(BASE + "/tree").json()["data"] == []
    assert_error(server.client("org-rules-d", "producer-admin").get(path), "NoPermission")
    assert server.client("org-rules-c", "producer-user").get(path).status_code == 200
    assert field_of(admin.get(BASE + "/tree?organizationId=")) == "organizationId"


@pytest.mark.parametrize("method, suffix", [("POST", "/activate"), ("DELETE", "?recursive=true")])
def test_a_manufacturer_changes_no_subtree_with_machines_of_others(server, method, suffix):
    owner, maker = server.client("org-rules-e"), server.client("org-rules-m", "manufacturer-user")
    top = owner.new_asset(manufacturerId="org-rules-m")["id"]
    below = owner.new_asset(parentId=top)["id"]
    assert_error(maker.request(method, f"{BASE}/{top}{suffix}"), "NoPermission")
    told = owner.get(f"{BASE}/{below}").json()["data"]
    assert told["active"] is False
    own = owner.patch(f"{BASE}/{below}", json={"manufacturerId": "org-rules-m"})
    assert own.status_code == 200
    assert maker.request(method, f"{BASE}/{top}{suffix}").status_code in (200, 204)


# ---- what a body may be ----
def test_a_field_that_is_refused_is_named(client, asset):
    unknown = "833cb09d-6c34-4590-be5f-a62fab9f41a2"
    for stated, field in (({"name": "x"}, "assetType"), ({"assetType": "machine"}, "name"),
                          ({"assetType": "machine", "name": "x" * 256}, "name"),
                          ({"assetType": "machine", "name": "x", "parentId": unknown}, "parentId"),
                          ({"assetType": "machine", "name": "x", "address": "Kiel"}, "address")):
        assert field_of(client.post(BASE, json=stated)) == field
    assert field_of(client.patch(f"{BASE}/{asset}", json={"parentId": unknown})) == "parentId"
    assert field_of(client.post(f"{BASE}/{asset}/sort", json={"sortedChildIds": [asset]})) == \
        "sortedChildIds"
    assert field_of(client.delete(f"{BASE}/{asset}?recursive=maybe")) == "recursive"


def test_objects_come_back_with_their_numbers_as_written(client):
    made = client.post(BASE, headers={"Content-Type": "application/json"},
                       data=b'{"assetType":"machine","name":"m",'
                            b'"customAttributes":{"a":1.50,"b":[1e3,null]},"address":{"c":"d"}}')
    assert b'"customAttributes":{"a":1.50,"b":[1e3,null]},"address":{"c":"d"}}' in made.content


@pytest.mark.parametrize("header, status", [("application/json; charset=utf-8", 201), (None, 201),
                                            ("text/plain", 415), ("multipart/form-data", 415)])
def test_a_body_is_json_or_says_nothing(client, header, status):
    headers = {"Content-Type": header} if header else {}
    answer = client.post(BASE, data=b'{"assetType":"machine","name":"m"}', headers=headers)
    if status == 201:
        assert answer.status_code == 201
    else:
        other_error(answer, 415, "UnsupportedMediaType")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_1_mib_is_413(client, chunked):
    data = b'{"assetType":"machine","name":"' + b"x" * 1_048_576 + b'"}'
    answer = client.post(BASE, data=iter([data]) if chunked else data,
                         headers={"Content-Type": "application/json"})
    other_error(answer, 413, "PayloadTooLarge")


def test_a_patch_that_changes_nothing_leaves_no_trace(server, client, asset):
    before = client.get(f"{BASE}/{asset}").json()
    other = server.client("org-a", "producer-admin", "user-b")
    for stated in ({}, {"name": before["data"]["name"]}, {"unknown": 1}, {"parentId": None}):
        answer = other.patch(f"{BASE}/{asset}", json=stated)
        assert answer.status_code == 200 and answer.json() == before
    assert client.get(f"{BASE}/{asset}").json() == before


def test_a_recursive_delete_takes_every_picture_below(client):
    top = client.new_asset()["id"]
    leaf = client.new_asset(parentId=top)["id"]
    client.upload(leaf, jpeg(600_000))
    assert client.delete(f"{BASE}/{top}?recursive=TRUE").status_code == 204
    assert_error(client.get(picture_path(leaf)), "NotFound")


def test_a_picture_without_a_name_is_called_by_its_type(client, asset):
    answer = client.upload(asset, jpeg(64), filename="..")
    assert answer.status_code == 201 and answer.json()["data"]["filename"] == "picture.jpeg"


def test_a_deep_tree_is_told_to_its_end(server):
    owner = server.client("org-rules-deep")
    parent = None
    for depth in range(60):
        parent = owner.new_asset(name=str(depth), parentId=parent)["id"]
    nodes = owner.get(BASE + "/tree").json()["data"]
    for depth in range(60):
        assert [node["name"] for node in nodes] == [str(depth)]
        nodes = nodes[0]["children"]
    assert nodes == []
