"""Who may do what: every route, for every kind of caller, on own, foreign and missing resources.

What is expected comes from the contract (1.0 and P12, 2.0 and G2, I18 to I20, 4.0 and M15), not
from the server; the routes come from the server, and one without an expectation fails. A refusal
must leave everything as it was.
"""

import base64
import time

import pytest

import operations
from harness import Server, mooring
from operations import OPERATIONS, World, routes
from partner import new_key
from test_cross_cutting import forged

ROLES = ("admin", "manufacturer-admin", "manufacturer-user", "producer-admin", "producer-user")
# An API key and a bearer token at once: which of them is meant cannot be known, so neither counts.
BOTH = ("key and token", "partner keys, Bearer")
SUCCESS = "success"

POLICIES = {
    "assets": {"bearer roles=" + ",".join(ROLES)},
    "pictures": {"bearer roles=" + ",".join(ROLES)},
    "documents": {"bearer roles=" + ",".join(ROLES)},
    "partner": {"partner_keys"},
    "attachments": {"api_key"},
    "images": {"bearer"},  # the scope is asked for after the version (I20)
    "health": {"anyone"}, "metrics": {"anyone"}, "openapi": {"anyone"},
}
EXCEPTIONS = {
    ("GET", "/api/v1/partner/asset/{assetKey}"): "partner_keys optional",  # G2
    ("GET", "/uploads/{number}/{type}/{file}"): "anyone",  # I17
    **{(method, prefix + "/v1/categories/{categoryId}"): "bearer roles=admin"  # 1.3
       for method in ("PUT", "DELETE") for prefix in ("", "/api/storage")},
    ("POST", "/api/auth/token"): "anyone",  # Basic, which the handler looks at
}


# ---- the contract ----
def sweet(route, caller, whose):
    if caller in ("unknown role", "no role", "scope images", "scope images:create", "other scope"):
        return 403
    if caller in BOTH:
        return 400
    if caller not in ROLES:
        return 401
    if whose == "none":
        return 404
    may = (whose == "own" or caller == "admin"
           or (whose == "made" and caller.startswith("manufacturer-")))
    return SUCCESS if may else 403


def documents(route, caller, whose):
    if "/categories" not in route.pattern:
        return sweet(route, caller, whose)
    expected = sweet(route, caller, "own")  # categories are everybody's
    if route.method in ("PUT", "DELETE") and caller in ROLES and caller != "admin":
        return 403
    return 404 if whose == "none" and expected == SUCCESS else expected


def partner(route, caller, whose):
    is_good = caller in ("partner keys", "partner keys, Bearer")
    if route.key == ("GET", "/api/v1/partner/asset/{assetKey}"):
        if whose in ("none", "open"):
            return SUCCESS if whose == "open" else 404
        if not is_good:
            return 401
    if not is_good:
        return 401
    return SUCCESS if whose in ("own", "-") else 404


def images(route, caller, whose):
    if route.pattern.startswith("/uploads/"):
        return 404 if whose == "none" else SUCCESS
    if route.pattern == "/api/auth/token":
        return SUCCESS if caller == "client" else 401
    if caller in (*ROLES, "unknown role", "no role", "other scope"):
        return 403
    if caller in BOTH:
        return 400
    if caller not in ("scope images", "scope images:create"):
        return 401
    return SUCCESS if whose in ("own", "-") else 404


def attachments(route, caller, whose):
    if caller in BOTH:
        return 400
    # Beside a key, what is no token does not matter.
    if caller not in ("attachments key", "attachments key as partner key"):
        return 401
    is_key = route.pattern.endswith("/user/api_keys/{id}")
    return 404 if whose == "none" or (is_key and whose == "other") else SUCCESS


def public(route, caller, whose):
    return SUCCESS


RULES = {"assets": sweet, "pictures": sweet, "documents": documents, "partner": partner,
         "images": images, "attachments": attachments, "health": public, "metrics": public,
         "openapi": public}

CHALLENGED = ("assets", "pictures", "documents", "images")  # X6


# ---- the callers: all of org-a, company-a and a@example.com ----
def token_headers(token):
    return {"Authorization": f"Bearer {token}"}


def revoked_key(world):
    pocket = world.pockets["own"]
    key = pocket.post("/user/api_keys", json={"name": "revoked"}).json()["api_key"]
    listed = pocket.get("/user/api_keys").json()["api_keys"]
    found = next(one["id"] for one in listed if key.startswith(one["key_prefix"] + "."))
    assert pocket.delete(f"/user/api_keys/{found}").status_code == 200
    return key


def revoked_partner_key(world):
    before = key_ids(world)
    key = new_key(world.server, "partner", "company-a")
    (made,) = key_ids(world) - before
    done = mooring("key", "revoke", "--data", world.server.data, made)
    assert done.returncode == 0, done.stderr
    return key


def key_ids(world):
    done = mooring("key", "list", "--data", world.server.data, "--kind", "partner")
    assert done.returncode == 0, done.stderr
    return {line.split("\t")[0] for line in done.stdout.splitlines()}


def make_callers(world):
    server = world.server
    attachments_key = world.pockets["own"].key
    own = world.partners["own"]
    partner_key, developer_key = own.partner_key, own.developer_key
    admin = server.token("org-a", "admin")
    callers = {
        "anonymous": {},
        "expired token": token_headers(forged(server, exp=int(time.time()) - 3600)),
        "bad token": token_headers(forged(server, secret=b"x" * 43)),
        "nonsense token": token_headers("x.y.z"),
        "unknown role": token_headers(server.token("org-a", "sales-agent")),
        "no role": token_headers(server.token("org-a", "")),
        "other scope": token_headers(server.token("org-a", "", "user-a", "--scope",
                                                  "images:read")),
        "attachments key": {"X-API-KEY": attachments_key},
        "revoked attachments key": {"X-API-KEY": revoked_key(world)},
        "attachments key as token": token_headers(attachments_key),
        "partner keys": {"x-api-key": partner_key, "Authorization": developer_key},
        "partner keys, Bearer": {"x-api-key": partner_key, **token_headers(developer_key)},
        "partner keys, swapped": {"x-api-key": developer_key, "Authorization": partner_key},
        "partner key alone": {"x-api-key": partner_key},
        "developer key alone": {"Authorization": developer_key},
        "revoked partner key": {"x-api-key": revoked_partner_key(world),
                                "Authorization": developer_key},
        "attachments key as partner key": {"x-api-key": attachments_key,
                                           "Authorization": developer_key},
        "key and token": {"X-API-KEY": attachments_key, **token_headers(admin)},
        "client": {"Authorization": basic(*operations.CLIENT)},
        "client with a bad secret": {"Authorization": basic(operations.CLIENT[0], "x")},
    }
    for role in ROLES:
        callers[role] = token_headers(server.token("org-a", role))
    for scope in ("images", "images:create"):
        callers[f"scope {scope}"] = token_headers(server.token("org-a", "", "user-a", "--scope",
                                                               scope))
    return callers


def basic(user, secret):
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


# ---- the matrix ----
class Target:
    """A resource of an operation, new again as soon as something was allowed to change it."""

    def __init__(self, world, route, whose):
        self.world, self.route, self.whose = world, route, whose
        self.operation = OPERATIONS[route.key]
        self.renew()

    def renew(self):
        self.parameters, self.options = self.operation.make(self.world, self.whose)
        self.before = self.state()

    def state(self):
        return self.operation.state(self.world, self.whose, self.parameters)

    def send(self, headers, method=None):
        if method is None:
            return operations.send(self.world, self.route, self.parameters, self.options, headers)
        path = self.route.pattern.format(**self.parameters)
        return self.world.nobody.request(method, path, **{**self.options, "headers": headers})


def expected_status(target, caller):
    expected = RULES[target.route.family](target.route, caller, target.whose)
    return target.operation.status if expected == SUCCESS else expected


def cell(target, caller, headers):
    """What is wrong with one cell; nothing if all is well."""
    expected = expected_status(target, caller)
    is_refusal = expected >= 400
    answer = target.send(headers)
    wrong = []
    if answer.status_code != expected:
        wrong.append(f"{caller} on {target.whose}: {answer.status_code}, not {expected}: "
                     f"{answer.text[:200]}")
    if expected == 401 and target.route.family in CHALLENGED:
        if "WWW-Authenticate" not in answer.headers:
            wrong.append(f"{caller} on {target.whose}: 401 without a challenge")
    if is_refusal and target.state() != target.before:
        wrong.append(f"{caller} on {target.whose}: refused, yet something changed")
        target.renew()
    if target.route.method == "GET":
        head = target.send(headers, "HEAD")
        if head.status_code != answer.status_code or head.content:
            wrong.append(f"HEAD by {caller} on {target.whose}: {head.status_code}")
    elif not is_refusal:
        target.renew()
    return wrong


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("authorisation"), operations.CONFIG).start()
    yield World(server)
    server.discard()


@pytest.fixture(scope="module")
def callers(world):
    return make_callers(world)


@pytest.fixture(scope="module")
def table():
    return routes()


def pytest_generate_tests(metafunc):
    if "route" in metafunc.fixturenames:
        found = routes()
        metafunc.parametrize("route", found, ids=[f"{one.method} {one.pattern}" for one in found])


def test_every_route_has_an_expectation_and_every_expectation_a_route(table):
    assert {route.key for route in table} == set(OPERATIONS)
    assert {route.family for route in table} == set(RULES)
    assert {(route.method, route.pattern) for route in table} >= set(EXCEPTIONS)


def test_the_policy_of_a_route_is_that_of_its_api(route):
    exception = EXCEPTIONS.get((route.method, route.pattern))
    assert route.policy in ({exception} if exception else POLICIES[route.family])


def test_every_caller_gets_what_the_contract_grants(world, callers, route):
    wrong = []
    for whose in OPERATIONS[route.key].kinds:
        target = Target(world, route, whose)
        for caller, headers in callers.items():
            wrong += cell(target, caller, headers)
    assert not wrong, "\n" + "\n".join(wrong)
