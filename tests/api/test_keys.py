"""API keys: the command beside a server and without one, and the rules K1 to K8 at the door.

The door is the attachment routes (contract 4): a good key is told 404 about an asset that nobody
made, anything else is told 401.
"""

import concurrent.futures
import itertools
import re
import stat

import pytest

from harness import eventually, mooring

KEY = re.compile(r"^(att|ptn|dev)[0-9A-Za-z]{2}\.[0-9A-Za-z]{46}\n$")
ID = re.compile(r"^[0-9a-f]{24}$")
OWNER = "owner@example.org"
DOOR = "/api/v2/assets/nobody-made-this/attachments"
PARTNER_DOOR = "/api/v1/partner/asset/upload/private"
TOKEN_DOOR = "/api/asset/v1/assets/00000000-0000-4000-8000-000000000000"


def key_command(server, verb, *arguments):
    return mooring("key", verb, "--data", server.data, *arguments)


NAMES = {}  # of each key made here
NUMBERS = itertools.count()


def create(server, kind="attachments", owner=OWNER):
    name = f"key {next(NUMBERS)}"
    done = key_command(server, "create", "--kind", kind, "--owner", owner, "--company", "company-1",
                       "--name", name)
    assert done.returncode == 0, done.stderr
    assert KEY.match(done.stdout), "the key, alone"
    key = done.stdout.strip()
    NAMES[key] = name
    return key


def listed(server, *arguments):
    done = key_command(server, "list", *arguments)
    assert done.returncode == 0, done.stderr
    head, *lines = done.stdout.splitlines()
    names = head.split("\t")
    return [dict(zip(names, line.split("\t"), strict=True)) for line in lines]


def id_of(server, key):
    [found] = [one["ID"] for one in listed(server) if one["NAME"] == NAMES[key]]
    return found


def at_door(server, key=None, **headers):
    if key is not None:
        headers["X-API-KEY"] = key
    return server.anonymous().get(DOOR, headers=headers)


def secret_parts(key):
    """Every stretch of eight characters after the prefix."""
    secret = key[6:]
    return [secret[i:i + 8] for i in range(len(secret) - 7)]


# ---- the command ----
def test_a_key_made_beside_a_server_opens_at_once(server):
    key = create(server)
    assert at_door(server, key).status_code == 404
    assert at_door(server, key).json() == {"error": "asset not found"}


def test_a_key_made_without_a_server_opens_after_the_start(make_server):
    server = make_server()
    server.stop()
    key = create(server)
    assert [one["NAME"] for one in listed(server)] == [NAMES[key]]
    server.start()
    assert at_door(server, key).status_code == 404
    server.stop()
    assert server.check().returncode == 0


def test_an_acknowledged_key_survives_a_crash_and_the_dead_socket_is_no_obstacle(make_server):
    server = make_server()
    key = create(server)
    server.kill9()
    assert (server.data / "admin.sock").is_socket()
    second = create(server)
    server.start()
    for one in (key, second):
        assert at_door(server, one).status_code == 404
    create(server)


def test_a_list_shows_everything_but_the_secret(server):
    key = create(server, "developer", owner="list@example.org")
    found = listed(server, "--owner", "list@example.org")
    assert len(found) == 1
    one = found[0]
    assert ID.match(one["ID"])
    assert (one["PREFIX"], one["KIND"], one["OWNER"]) == (key[:5], "developer", "list@example.org")
    assert (one["COMPANY"], one["NAME"], one["LAST ACCESS"]) == ("company-1", NAMES[key], "-")
    text = key_command(server, "list").stdout
    assert not [part for part in secret_parts(key) if part in text]
    assert listed(server, "--owner", "list@example.org", "--kind", "partner") == []


def test_the_socket_is_the_owners_alone_and_goes_with_the_server(make_server):
    server = make_server()
    path = server.data / "admin.sock"
    mode = path.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600
    server.stop()
    assert not path.exists()


@pytest.mark.parametrize("arguments", [
    ("create", "--kind", "root", "--owner", OWNER),
    ("create", "--owner", OWNER),
    ("create", "--kind", "attachments"),
    ("create", "--kind", "developer", "--owner", OWNER),
    ("create", "--kind", "partner", "--name", "two\nlines"),
    ("revoke", "no-id"),
    ("revoke", "0" * 24),
    ("revoke",),
])
def test_what_cannot_be_is_a_usage_error_and_prints_no_key(server, arguments):
    done = key_command(server, *arguments)
    assert done.returncode == 64
    assert done.stdout == ""
    assert done.stderr


def test_a_directory_without_a_store_is_a_configuration_error(tmp_path):
    done = mooring("key", "list", "--data", tmp_path / "absent")
    assert done.returncode == 78, done.stderr
    assert not (tmp_path / "absent").exists()


def test_many_make_keys_at_once_beside_a_server(server):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda i: create(server, owner=f"many-{i}@example.org"), range(16)))
    assert len(set(keys)) == 16
    for key in keys:
        assert at_door(server, key).status_code == 404


# ---- the door ----
@pytest.mark.parametrize("name", ["X-API-KEY", "x-api-key", "X-Api-Key"])
def test_the_name_of_the_header_has_no_case(server, name):
    key = create(server)
    assert at_door(server, None, **{name: key}).status_code == 404


def test_without_a_good_key_the_answer_is_401_in_the_familys_shape(server):
    bad = ["", "x", create(server, "partner"), create(server, "developer"), "x" * 4000]
    for key in [None, *bad]:
        answer = at_door(server, key)
        assert answer.status_code == 401
        assert answer.json() == {"error": "Unauthorized"}


def test_k1_a_typo_is_refused(server):
    key = create(server)
    for at in (0, 3, 5, 6, 20, len(key) - 1):
        other = "b" if key[at] == "a" else "a"
        assert at_door(server, key[:at] + other + key[at + 1:]).status_code == 401
    assert at_door(server, key[:-1]).status_code == 401
    assert at_door(server, key).status_code == 404


def test_k2_halves_of_two_keys_are_no_key(server):
    first, second = create(server), create(server)
    for cut in range(5, len(first), 5):
        assert at_door(server, first[:cut] + second[cut:]).status_code == 401


def test_k3_a_revoked_key_is_dead_on_every_core(make_server):
    server = make_server("[server]\ncores = 2")
    key, other = create(server), create(server)
    callers = [server.anonymous() for _ in range(24)]  # kept alive, spread over the cores

    def statuses(of):
        return {one.get(DOOR, headers={"X-API-KEY": of}).status_code for one in callers}

    assert statuses(key) == {404}
    done = key_command(server, "revoke", id_of(server, key))
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert statuses(key) == {401}, "from the moment the command has ended"
    assert statuses(other) == {404}
    server.restart()
    assert at_door(server, key).status_code == 401


def test_k3_a_key_revoked_without_a_server_is_dead(make_server):
    server = make_server()
    key = create(server)
    server.stop()
    assert key_command(server, "revoke", id_of(server, key)).returncode == 0
    assert listed(server) == []
    server.start()
    assert at_door(server, key).status_code == 401


def test_k4_a_key_opens_the_routes_of_its_kind_whatever_its_owner_may(server):
    """Its kind is all that a key may do; its owner is a name that nobody asks for roles. Whoever
    has an owner lose more than that revokes the key (K3)."""
    administrator = server.client("org-a", "admin", OWNER)
    asset = administrator.new_asset()["id"]
    keys = {kind: create(server, kind) for kind in ("attachments", "partner", "developer")}
    caller = server.anonymous()
    for kind, key in keys.items():
        opened = {
            "attachments": at_door(server, key).status_code,
            "partner": caller.post(PARTNER_DOOR, headers={"x-api-key": key}).status_code,
            "token": caller.get(f"/api/asset/v1/assets/{asset}",
                                headers={"X-API-KEY": key}).status_code,
            "bearer": caller.get(f"/api/asset/v1/assets/{asset}",
                                 headers={"Authorization": f"Bearer {key}"}).status_code,
        }
        expected = dict.fromkeys(opened, 401)
        if kind == "attachments":
            expected["attachments"] = 404  # nobody made the asset
        assert opened == expected, kind
    assert administrator.get(f"/api/asset/v1/assets/{asset}").status_code == 200


def test_k7_no_secret_reaches_logs_bodies_or_metrics(make_server):
    server = make_server('[log]\naccess = "json"')
    key = create(server)
    typo = key[:-1] + ("a" if key[-1] != "a" else "b")
    answers = [at_door(server, one) for one in (key, typo)]
    answers.append(at_door(server, None, Authorization=f"Bearer {key}"))
    answers.append(server.anonymous().get("/metrics"))
    seen = "".join(answer.text + str(answer.headers) for answer in answers)
    assert key_command(server, "revoke", id_of(server, key)).returncode == 0
    at_door(server, key)
    server.stop()
    seen += server.errors()
    assert not [part for part in secret_parts(key) if part in seen]
    for path in server.data.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [part for part in secret_parts(key) if part.encode() in content], path


def test_k8_a_key_and_a_token_at_once_are_400(server):
    key, token = create(server), server.token()
    assert at_door(server, key, Authorization=f"Bearer {token}").status_code == 400
    both = server.client().get(TOKEN_DOOR, headers={"X-API-KEY": key})
    assert both.status_code == 400
    assert "errors" in both.json()


def test_a_key_where_a_token_is_wanted_is_401(server):
    key = create(server)
    caller = server.anonymous()
    for headers in ({"X-API-KEY": key}, {"Authorization": key}, {"Authorization": f"Bearer {key}"}):
        assert caller.get(TOKEN_DOOR, headers=headers).status_code == 401


def test_a_use_is_noted(server):
    key = create(server, owner="noted@example.org")
    assert at_door(server, key).status_code == 404
    eventually(lambda: listed(server, "--owner", "noted@example.org")[0]["LAST ACCESS"] != "-",
               what="the use of a key is noted")


# ---- two keys at the partner's door ----
def test_partner_routes_want_both_keys_each_in_its_place(server):
    partner, developer = create(server, "partner"), create(server, "developer")
    wrong = [
        {},
        {"x-api-key": partner},
        {"Authorization": developer},
        {"x-api-key": developer, "Authorization": partner},
        {"x-api-key": partner, "Authorization": f"Bearer {server.token()}"},
        {"x-api-key": create(server), "Authorization": developer},
    ]
    for headers in wrong:
        answer = server.anonymous().post(PARTNER_DOOR, headers=headers)
        assert answer.status_code == 401, headers
        assert answer.json()["error"] == "Unauthorized"
        assert answer.json()["status"] == 401
    for authorization in (developer, f"Bearer {developer}", f"bearer {developer}"):
        answer = server.anonymous().post(
            PARTNER_DOOR, headers={"x-api-key": partner, "Authorization": authorization})
        assert answer.status_code == 400, "let in, and told that a form is missing"
    done = key_command(server, "revoke", id_of(server, partner))
    assert done.returncode == 0
    answer = server.anonymous().post(
        PARTNER_DOOR, headers={"x-api-key": partner, "Authorization": developer})
    assert answer.status_code == 401
