"""Token refresh, a companion of contract 3.2: RFC 6749 section 6 in the envelope of Inventorum."""

import pytest

from harness import Client, Server, mooring
from inventorum import (REQUIRED, assert_fields, assert_malformed, assert_refused, scoped, upload)

CLIENT = """
[[auth.clients]]
id = "till"
secret = "a secret of the till"
organization = "org-a"
user = "till-7"
scopes = "images products:read"
"""


def first_token(server, client="till"):
    done = mooring("token", "--data", server.data, "--refresh", "--client", client)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def refresh(server, token, user="till", secret="a secret of the till", **fields):
    body = {"grant_type": "refresh_token", "refresh_token": token, **fields}
    return server.anonymous().post("/api/auth/token/", data=body, auth=(user, secret))


@pytest.fixture(scope="module")
def till(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("till"), CLIENT).start()
    yield one
    one.discard()


def test_refresh_gives_an_access_token_that_opens_images(till):
    answer = refresh(till, first_token(till))
    assert answer.status_code == 200, answer.content
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert list(body) == ["access_token", "token_type", "expires_in", "refresh_token", "scope"]
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 36000)
    assert body["scope"] == "images products:read"
    caller = Client(till, body["access_token"])
    image = upload(caller).json()
    assert scoped(till, "images").get(f"/images/{image['id']}").status_code == 200  # org-a


def test_refresh_tokens_are_good_once_and_reuse_ends_the_family(till):
    first = first_token(till)
    second = refresh(till, first).json()["refresh_token"]
    third = refresh(till, second).json()["refresh_token"]
    assert len({first, second, third}) == 3
    grant = (400, {}, "The refresh token is invalid, expired or revoked.", "auth.invalid_grant")
    assert_refused(refresh(till, second), *grant)
    assert_refused(refresh(till, third), *grant)
    assert refresh(till, first_token(till)).status_code == 200  # another family


def test_refresh_is_of_one_client(till):
    assert_refused(refresh(till, first_token(till, "other")), 400, {},
                   "The refresh token is invalid, expired or revoked.", "auth.invalid_grant")


@pytest.mark.parametrize("user, secret", [("till", "wrong"), ("nobody", "a secret of the till"),
                                          ("", "")])
def test_refresh_needs_the_client_s_secret(till, user, secret):
    answer = refresh(till, first_token(till), user, secret)
    assert_refused(answer, 401, {}, "Client authentication failed.", "auth.invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_refresh_tells_what_is_wrong_with_the_grant(till):
    auth = ("till", "a secret of the till")
    caller = till.anonymous()
    assert_fields(caller.post("/api/auth/token", data={"x": "y"}, auth=auth),
                  grant_type=REQUIRED, refresh_token=REQUIRED)
    assert_refused(refresh(till, "x", grant_type="password"), 400, {},
                   "The grant type is not supported.", "auth.unsupported_grant_type")
    assert_malformed(caller.post("/api/auth/token", json={"grant_type": "x"}, auth=auth))
    access = till.token("org-a", "", "user-a", "--scope", "images")
    assert refresh(till, access).status_code == 400


def test_refresh_without_clients_is_401(server):
    answer = refresh(server, "x")
    assert_refused(answer, 401, {}, "Client authentication failed.", "auth.invalid_client")


@pytest.mark.parametrize("arguments", [["--refresh"], ["--client", "till"],
                                       ["--refresh", "--client", "a", "--subject", "b"]],
                         ids=" ".join)
def test_refresh_on_the_command_line_wants_a_client_and_nothing_else(till, arguments):
    assert mooring("token", "--data", till.data, *arguments).returncode == 64
