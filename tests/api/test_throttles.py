"""Limits that are off unless configured (X12): of requests, of guesses (K6), of connections.

Clients of another address are those of another address of the loopback network.
"""

import contextlib

import wire
from errors import assert_error
from harness import eventually
from media_pocket import Pocket, make_key
from partner import Partner
from payloads import jpeg

KEYS = "/api/v2/user/api_keys"
ASSET = "/api/asset/v1/assets/00000000-0000-4000-8000-000000000000"
OTHER_ADDRESS = "127.0.0.2"
A_MINUTE_LATER = 60  # the most that Retry-After says: one more of a limit of one a minute
GUESSES = 5


def ask(server, path, *fields, address=None):
    with wire.Connection(server, address=address) as connection:
        return connection.send(wire.head("GET", path, fields)).response()


def bearer(server, **options):
    return ("Authorization", f"Bearer {server.token(**options)}")


def count(server, path, *fields, times=30):
    """{status: how often} of so many requests on one connection."""
    statuses = {}
    with wire.Connection(server) as connection:
        for _ in range(times):
            answer = connection.send(wire.head("GET", path, fields)).response()
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
    return statuses


# ---- K6: guesses ----
def test_k6_guesses_beyond_the_limit_are_429_and_the_owner_passes(make_server):
    server = make_server(f"[limits]\nguesses_per_minute_max = {GUESSES}\n")
    key = make_key(server, "guessed@example.com")
    guess = ("X-API-KEY", key[:20] + "!" + key[21:])
    # The limit comes back by one in twelve seconds: a slow machine may see one or two more.
    found = count(server, KEYS, guess, times=40)
    assert set(found) == {401, 429} and GUESSES <= found[401] <= GUESSES + 3, found
    refused = ask(server, KEYS, guess)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= A_MINUTE_LATER
    assert refused.json() == {"error": "Too many requests"}
    assert Pocket(server, key).get("/user/api_keys").status_code == 200
    assert ask(server, KEYS, ("X-API-KEY", key)).status_code == 200
    assert ask(server, KEYS, guess, address=OTHER_ADDRESS).status_code == 401
    assert ask(server, KEYS).status_code == 401, "who shows nothing does not guess"


def test_k6_tokens_are_guessed_as_well_and_each_family_says_so_in_its_shape(make_server):
    server = make_server("[limits]\nguesses_per_minute_max = 1\n")
    bad = ("Authorization", "Bearer a.b.c")
    assert ask(server, ASSET, bad).status_code == 401
    refused = ask(server, ASSET, bad)
    assert refused.status_code == 429
    assert [error["errorCode"] for error in refused.json()["errors"]] == ["TooManyRequests"]
    for path, fields in (("/api/v1/partner/asset/search", [("x-api-key", "k"), bad]),
                         ("/api/images/1", [bad])):
        answer = ask(server, path, *fields)
        assert answer.status_code == 429, (path, answer)
        assert answer.headers["Content-Type"] == "application/json"
    assert ask(server, ASSET, bearer(server)).status_code == 404


def test_k6_a_public_asset_is_no_way_around(make_server):
    server = make_server("[limits]\nguesses_per_minute_max = 3\n")
    partner = Partner(server, "company-a")
    path = f"/api/v1/partner/asset/{partner.new(jpeg(64))['key']}"
    assert ask(server, path).status_code == 200
    guess = [("x-api-key", "k"), ("Authorization", "d")]
    found = count(server, path, *guess)
    assert set(found) == {200, 429} and 3 <= found[200] <= 5, found
    assert ask(server, path).status_code == 200


# ---- X12: requests ----
def test_x12_requests_of_one_caller_beyond_the_limit_are_429(make_server):
    server = make_server("[limits]\nrequests_per_second_max = 10\n")
    caller = bearer(server)
    statuses = {}
    # Far more at once than a machine answers in the time in which all of them come back.
    with wire.Connection(server, 60) as connection:
        connection.send(wire.head("GET", ASSET, [caller]) * 300)
        for _ in range(300):
            answer = connection.response()
            statuses[answer.status_code] = statuses.get(answer.status_code, 0) + 1
            if answer.status_code == 429:
                assert_error(answer, "TooManyRequests")
                assert answer.headers["Retry-After"] == "1"
    assert set(statuses) == {404, 429} and statuses[404] >= 10, statuses
    assert ask(server, ASSET, bearer(server, subject="somebody-else")).status_code == 404
    assert ask(server, "/healthz").status_code == 200


def test_x12_an_upload_beyond_the_limit_stores_nothing_and_the_connection_closes(make_server):
    server = make_server("[limits]\nrequests_per_second_max = 1\n")
    upload = wire.upload_head("00000000-0000-4000-8000-000000000000", 5_000_000, server.token())
    statuses = set()
    for _ in range(10):
        with wire.Connection(server) as connection, contextlib.suppress(OSError):
            answer = connection.send(upload).response()
            statuses.add(answer.status_code)
            assert answer.closes
    assert 429 in statuses and statuses <= {404, 429}


# ---- connections of one address ----
def test_connections_of_one_address_beyond_its_limit_are_closed(make_server):
    server = make_server("[limits]\nconnections_per_ip_max = 8\n")
    connections = [wire.Connection(server, 5) for _ in range(20)]
    served = 0
    for connection in connections:
        with contextlib.suppress(OSError, AssertionError):
            connection.send(wire.head("GET", "/__canary"))
            served += connection.response().status_code == 200
    # The harness may have a connection of its own open.
    assert 4 <= served <= 8
    assert ask(server, "/__canary", address=OTHER_ADDRESS).status_code == 200
    for connection in connections:
        connection.socket.close()

    def is_served_again():  # as soon as the server has noticed
        with contextlib.suppress(OSError, AssertionError):
            return ask(server, "/__canary").status_code == 200

    eventually(is_served_again, what="the connections are given back")
