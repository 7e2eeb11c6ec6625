"""Tokens at the door: the cases J01 to J30 that concern a running server, and what logs show.

The form of tokens and their claims is proved in tests/unit/auth/jwt_test.cc and signature_test.cc
by the same numbers. J29 is about key sets fetched over the network: there are none, keys are files.
"""

import base64
import hashlib
import hmac
import json
import random
import time

import pytest

import wire
from harness import Client, Server, eventually, mooring, picture_path
from inventorum import scoped, upload
from media_pocket import Pocket, make_key
from partner import BASE, Partner
from payloads import jpeg

ASSETS = "/api/asset/v1/assets"
DOOR = f"{ASSETS}/00000000-0000-4000-8000-000000000000"  # a good token is told 404
KEY = b"a shared secret of at least 32 bytes, for a test"
MUTATIONS = 2000


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def sign(secret, claims, **head):
    parts = [encode(json.dumps(part).encode())
             for part in ({"alg": "HS256", "typ": "JWT", **head}, claims)]
    signed = b".".join(parts)
    return (signed + b"." + encode(hmac.new(secret, signed, hashlib.sha256).digest())).decode()


def claims_of(server):
    """Those of a token that the server takes."""
    part = server.token().split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def get(server, *fields, path=DOOR):
    with wire.Connection(server) as connection:
        return connection.send(wire.head("GET", path, fields)).response()


def with_token(server, token):
    return get(server, ("Authorization", f"Bearer {token}")).status_code


def test_a_token_signed_here_is_taken(server):
    secret = (server.data / "secret").read_bytes()
    assert with_token(server, sign(secret, claims_of(server), kid="mooring")) == 404


@pytest.mark.parametrize("number, head, change", [
    ("j01", {"alg": "none"}, {}), ("j02", {"alg": "None"}, {}), ("j04", {"alg": ""}, {}),
    ("j05", {"alg": None}, {}), ("j07", {"alg": "HS512"}, {}), ("j14", {"kid": "../secret"}, {}),
    ("j15", {"crit": ["exp"]}, {}), ("j16", {"b64": False}, {}), ("j16", {"zip": "DEF"}, {}),
    ("j19", {}, {"exp": 0}), ("j19", {}, {"exp": "never"}), ("j20", {}, {"nbf": 1 << 40}),
    ("j21", {}, {"iss": "somebody"}), ("j23", {"typ": "rt+jwt"}, {}),
])
def test_what_is_not_right_in_every_part_is_401(server, number, head, change):
    secret = (server.data / "secret").read_bytes()
    token = sign(secret, {**claims_of(server), **change}, **{"kid": "mooring", **head})
    answer = get(server, ("Authorization", f"Bearer {token}"))
    assert answer.status_code == 401, number
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert token not in answer.content.decode()


def test_j11_a_stripped_signature_is_401(server):
    head, claims, _ = server.token().split(".")
    for token in (f"{head}.{claims}.", f"{head}.{claims}", f"{server.token()}.x"):
        assert with_token(server, token) == 401


def test_j25_a_token_of_another_tenant_does_nothing(server, client, asset):
    """403 where the contract says so (P12), which here goes before the 404 of the threat list."""
    stranger = Client(server, server.token("org-b", "producer-admin"))
    for answer in (stranger.get(f"{ASSETS}/{asset}"), stranger.delete(f"{ASSETS}/{asset}"),
                   stranger.patch(f"{ASSETS}/{asset}", json={"name": "x"}),
                   stranger.upload(asset, jpeg(64))):
        assert answer.status_code in (403, 404), answer.text
    assert client.get(f"{ASSETS}/{asset}").json()["data"]["name"] == "m"
    assert client.get(picture_path(asset)).status_code == 404


def test_j26_a_key_that_was_taken_away_opens_nothing(tmp_path):
    secret = tmp_path / "key"
    secret.write_bytes(KEY)
    server = Server(tmp_path / "server", f"""
[[auth.keys]]
kid = "other"
algorithm = "HS256"
file = "{secret}"
""").start()
    try:
        claims = {**claims_of(server), "iss": "other", "exp": int(time.time()) + 600}
        token = sign(KEY, claims, kid="other")
        assert with_token(server, token) == 404
        assert with_token(server, token) == 404  # remembered
        server.stop()
        server.config_path.write_text(server.config_path.read_text().split("[[auth.keys]]")[0])
        server.start()
        assert with_token(server, token) == 401
        assert with_token(server, server.token()) == 404
    finally:
        server.discard()


def test_j28_one_token_in_one_place(server):
    token = server.token()
    bearer = ("Authorization", f"Bearer {token}")
    assert get(server, ("Authorization", f"bEARER {token}")).status_code == 404
    for fields in ([("Authorization", f"Bearer  {token} x")], [("Authorization", token)],
                   [("Authorization", f"Basic {token}")], [("Cookie", f"token={token}")], []):
        assert get(server, *fields).status_code == 401, fields
    assert get(server, path=f"{DOOR}?access_token={token}").status_code in (400, 401)
    assert get(server, bearer, bearer).status_code in (400, 401)


def test_j30_no_mutation_of_a_good_token_is_taken(server):
    """Bits of the last character that carry nothing have to be 0, so every change is one."""
    good, rng = server.token(), random.Random(30)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= "
    with wire.Connection(server) as connection:
        for _ in range(MUTATIONS):
            token, place = good, rng.randrange(len(good))
            while token == good:
                change = rng.choice(["", rng.choice(letters), good[place] + rng.choice(letters)])
                token = (good[:place] + change + good[place + 1:]).strip()
            fields = [("Authorization", f"Bearer {token}")]
            answer = connection.send(wire.head("GET", DOOR, fields)).response()
            assert answer.status_code == 401, token


# ---- keys: what test_keys.py leaves ----
def test_k5_an_unknown_key_and_a_wrong_secret_are_told_the_same(server):
    one, two = (make_key(server, "same@example.com") for _ in range(2))
    gone = Pocket(server, two).get("/user/api_keys").json()["api_keys"]
    assert gone
    answers = []
    for key in (one[:8] + two[8:], "att00." + one[6:], one[:-1] + "!"):
        answer = Pocket(server, key).get("/user/api_keys")
        answers.append((answer.status_code, answer.content))
    assert set(answers) == {(401, answers[0][1])}


def test_k6_guesses_do_not_lock_the_owner_out(server):
    key, rng = make_key(server, "guessed@example.com"), random.Random(6)
    with wire.Connection(server) as connection:
        for _ in range(MUTATIONS):
            place = rng.randrange(7, len(key))
            guess = key[:place] + rng.choice("0123456789abcdef!") + key[place + 1:]
            if guess == key:
                continue
            fields = [("X-API-KEY", guess)]
            answer = connection.send(wire.head("GET", "/api/v2/user/api_keys", fields)).response()
            assert answer.status_code == 401, guess
    assert Pocket(server, key).get("/user/api_keys").status_code == 200


# ---- what the log shows ----
@pytest.mark.parametrize("form", ["json", "text"])
def test_no_credential_and_no_capability_reaches_the_log(tmp_path, form):
    server = Server(tmp_path / "server", f"""
[log]
level = "debug"
access = "{form}"
[[auth.clients]]
id = "till"
secret = "a secret of the till"
organization = "org-a"
user = "till-7"
scopes = "images"
""").start()
    try:
        partner = Partner(server, "company-a")
        pocket = Pocket(server, make_key(server, "log@example.com"))
        private = partner.new(jpeg(64), access="private")["key"]
        refresh = mooring("token", "--data", server.data, "--refresh", "--client",
                          "till").stdout.strip()
        secrets = [server.token(), partner.partner_key, partner.developer_key, pocket.key,
                   private.split(".")[0], refresh, "a secret of the till",
                   (server.data / "secret").read_text()]
        for caller in (server.client(), server.anonymous(), partner, pocket):
            for path in (f"/api/v1/partner/asset/{private}", DOOR, f"{BASE}/{private}?x=1",
                         f"/api/storage/v1/none/{private}"):
                Client.request(caller, "GET", path, headers={
                    "Referer": f"{server.url}{BASE}/{private}?key={pocket.key}"})
        assert pocket.get("/user/api_keys").status_code == 200
        answer = server.anonymous().post(
            "/api/auth/token/", data={"grant_type": "refresh_token", "refresh_token": refresh},
            auth=("till", "a secret of the till"))
        assert answer.status_code == 200
        secrets += [answer.json()["access_token"], answer.json()["refresh_token"]]
        assert upload(scoped(server, "images")).status_code == 200
        for secret in secrets:  # refused forms of them
            get(server, ("Authorization", f"Bearer {secret[:-1]}"), ("X-API-KEY", secret[:-1]),
                path=f"{DOOR}?token={secret}")
        last = "/the-last-line"
        get(server, path=last)
        eventually(lambda: last in server.errors(), what="the log is written")
        shown = [secret for secret in secrets if secret in server.errors()]
        assert not shown, shown
        assert private[:8] in server.errors()
    finally:
        server.discard()
