"""The OpenAPI document: it names every route, and every response is as it says.

The schemas are checked by python3-jsonschema; what is not about schemas needs nothing.
"""

import re

import pytest

import operations
from harness import Server
from operations import OPERATIONS, World, routes

METHODS = ("get", "put", "post", "delete", "patch")
TITLE_TOO_LONG = {"title": "X" * 256}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("openapi"), operations.CONFIG).start()
    yield World(server)
    server.discard()


@pytest.fixture(scope="module")
def document(world):
    answer = world.nobody.get("/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


@pytest.fixture(scope="module")
def jsonschema():
    return pytest.importorskip("jsonschema", reason="python3-jsonschema is not installed")


def pytest_generate_tests(metafunc):
    kinds = {
        "route": lambda route: True,
        "route_to_something": lambda route: "none" in OPERATIONS[route.key].kinds,
        "closed_route": lambda route: not route.policy.startswith("anyone")
        and not route.policy.endswith("optional"),
    }
    for name, is_meant in kinds.items():
        if name in metafunc.fixturenames:
            found = [route for route in routes() if is_meant(route)]
            metafunc.parametrize(name, found,
                                 ids=[f"{one.method} {one.pattern}" for one in found])


# ---- reading the document ----
def resolve(document, node):
    while "$ref" in node:
        assert node["$ref"].startswith("#/"), node
        name, node = node["$ref"], document
        for step in name[2:].split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def operation_of(document, route):
    return document["paths"][route.pattern][route.method.lower()]


def all_operations(document):
    return [(path, method, item[method]) for path, item in document["paths"].items()
            for method in METHODS if method in item]


def every(node, path=""):
    """Every object below `node`, with the way to it."""
    if isinstance(node, dict):
        yield path, node
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(
        node, list) else ()
    for name, value in pairs:
        yield from every(value, f"{path}/{name}")


def validator(jsonschema, document, schema):
    return jsonschema.Draft202012Validator({"components": document["components"],
                                            "allOf": [schema]})


def content_of(document, response, media_type):
    for pattern, content in response["content"].items():
        if re.fullmatch(re.escape(pattern).replace(r"\*", "[^/]+"), media_type):
            return content
    raise AssertionError(f"{media_type} is none of {list(response['content'])}")


def assert_documented(jsonschema, document, route, answer):
    """The status is named, not left to `default`, and headers and body are what it promises."""
    responses = operation_of(document, route)["responses"]
    assert str(answer.status_code) in responses, (answer.status_code, answer.text[:300])
    response = resolve(document, responses[str(answer.status_code)])
    for name, header in response.get("headers", {}).items():
        if name != "X-Asset-Error":
            schema = resolve(document, header)["schema"]
            validator(jsonschema, document, schema).validate(answer.headers[name])
    if "content" not in response:
        assert answer.content == b""
        return
    media_type = answer.headers["Content-Type"].split(";")[0]
    content = content_of(document, response, media_type)
    if media_type == "application/json":
        validator(jsonschema, document, content["schema"]).validate(answer.json())


# ---- the document by itself ----
def test_the_document_and_the_route_table_name_the_same_operations(document):
    told = {(method.upper(), path) for path, method, _ in all_operations(document)}
    assert told == {(route.method, route.pattern) for route in routes()}


def test_the_document_holds_together(document):
    assert document["openapi"] == "3.1.0"
    assert re.fullmatch(r"\d+\.\d+\.\d+", document["info"]["version"])
    names = [operation["operationId"] for _, _, operation in all_operations(document)]
    assert len(names) == len(set(names))
    tags = {tag["name"] for tag in document["tags"]}
    schemes = set(document["components"]["securitySchemes"])
    for path, node in every(document):
        if "$ref" in node:
            assert resolve(document, node), path
    for path, method, operation in all_operations(document):
        assert set(operation["tags"]) <= tags and operation["summary"], (method, path)
        for needed in operation["security"]:
            assert set(needed) <= schemes


def test_the_document_says_which_parameters_a_path_has(document):
    for path, method, operation in all_operations(document):
        declared = document["paths"][path].get("parameters", []) + operation.get("parameters", [])
        declared = [resolve(document, parameter) for parameter in declared]
        told = {one["name"] for one in declared if one["in"] == "path"}
        assert told == set(re.findall(r"{(\w+)}", path)), (method, path)


def test_the_document_says_what_a_caller_needs(document):
    wanted = {"anyone": [[]], "bearer": [["bearer"]], "api_key": [["attachmentsKey"]],
              "partner_keys": [["developerKey", "partnerKey"]],
              "partner_keys optional": [[], ["developerKey", "partnerKey"]]}
    for route in routes():
        security = operation_of(document, route)["security"]
        told = [sorted(one) for one in security] or [[]]
        policy = route.policy.split(" roles=")[0]
        expected = [["client"]] if route.pattern == "/api/auth/token" else wanted[policy]
        assert told == expected, route


def test_examples_are_what_their_schemas_say(jsonschema, document):
    checked = 0
    for path, node in every(document):
        if "schema" not in node:
            continue
        examples = [one["value"] for one in node.get("examples", {}).values()]
        for example in examples + ([node["example"]] if "example" in node else []):
            validator(jsonschema, document, node["schema"]).validate(example)
            checked += 1
    assert checked >= 20


def test_every_schema_is_one(jsonschema, document):
    for path, node in every(document):
        if "schema" in node:
            jsonschema.Draft202012Validator.check_schema(node["schema"])
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


# ---- the document beside the server ----
def good_caller(world, route):
    """The headers of somebody who may do everything to what is `own`."""
    if route.pattern == "/api/auth/token":
        return {}, {"auth": operations.CLIENT}
    owner = {"assets": world.admins, "pictures": world.admins, "documents": world.admins,
             "partner": world.partners, "images": world.imagers,
             "attachments": world.pockets}.get(route.family)
    return (dict(owner["own"].session.headers) if owner else {}), {}


def test_a_success_is_as_documented(jsonschema, world, document, route):
    operation = OPERATIONS[route.key]
    headers, more = good_caller(world, route)
    parameters, options = operation.make(world, operation.kinds[0])
    answer = operations.send(world, route, parameters, options, headers, **more)
    assert answer.status_code == operation.status, answer.text
    assert_documented(jsonschema, document, route, answer)


def test_what_is_missing_is_as_documented(jsonschema, world, document, route_to_something):
    route = route_to_something
    headers, more = good_caller(world, route)
    parameters, options = OPERATIONS[route.key].make(world, "none")
    answer = operations.send(world, route, parameters, options, headers, **more)
    assert answer.status_code == 404
    assert_documented(jsonschema, document, route, answer)


def test_a_caller_without_credentials_is_answered_as_documented(jsonschema, world, document,
                                                                closed_route):
    operation = OPERATIONS[closed_route.key]
    parameters, options = operation.make(world, operation.kinds[0])
    answer = operations.send(world, closed_route, parameters, options)
    assert answer.status_code == 401
    assert_documented(jsonschema, document, closed_route, answer)


def find_route(method, name):
    return next(route for route in routes() if route.key == (method, name))


@pytest.mark.parametrize("method, name, options, status", [
    ("POST", "/assets", {"json": {"name": "m"}}, 400),
    ("POST", "/assets", {"json": {"assetType": "machine", "name": "m",
                                  "organizationId": "org-b"}, "role": "producer-user"}, 403),
    ("GET", "/assets/tree", {"params": {"organizationId": ""}}, 400),
    ("PATCH", "/assets/{assetId}", {"json": {"name": ""}}, 400),
    ("DELETE", "/assets/{assetId}", {"params": {"recursive": "maybe"}}, 400),
    ("POST", "/assets/{parentId}/sort", {"json": {}}, 400),
    ("POST", "/pictures/asset/{assetId}/{organizationId}",
     operations.body_of(b"text", "a.txt", "text/plain"), 400),
    ("PATCH", "/pictures/asset/{assetId}", {"data": b"no form"}, 400),
    ("GET", "/pictures/asset/{assetId}/preview", {"headers": {"Range": "bytes=1-3"}}, 206),
    ("POST", "/api/v1/partner/asset/upload/public", {"data": b"no form"}, 400),
    ("GET", "/api/v1/partner/asset", {"params": {"limit": "0"}}, 400),
    ("GET", "/api/v1/partner/asset/{assetKey}", {"headers": {"Range": "bytes=1-3"}}, 206),
    ("POST", "/images", {"data": b"no form"}, 400),
    ("GET", "/images", {"params": {"page": "0"}}, 400),
    ("GET", "/images/{id}", {"headers": {"X-Api-Version": "13"}}, 400),
    ("GET", "/uploads/{number}/{type}/{file}", {"headers": {"Range": "bytes=1-3"}}, 206),
    ("POST", "/api/auth/token", {"data": {"grant_type": "password"}}, 400),
    ("POST", "/api/v2/assets/{id}/attachments", {"json": {}}, 422),
    ("POST", "/api/v2/assets/{id}/attachments", {"json": TITLE_TOO_LONG}, 400),
    ("POST", "/api/v2/projects/{id}/attachments", {"json": {"title": 5}}, 422),
    ("POST", "/api/v2/projects", {"json": TITLE_TOO_LONG}, 400),
    ("PUT", "/api/v2/assets/{id}", {"json": {"tags": 5}}, 422),
    ("POST", "/api/v2/assets/{id}/media", {"json": {"file_url": "ftp://x", "filename": "x"}}, 400),
    ("PUT", "/api/v2/assets/{id}/media", {"data": b""}, 422),
    ("GET", "/api/v2/assets/{id}/media/{mediaId}", {"headers": {"Range": "bytes=1-3"}}, 206),
    ("POST", "/api/v2/user/api_keys", {"json": {}}, 422),
])
def test_a_bad_or_partial_request_is_answered_as_documented(jsonschema, world, document, method,
                                                            name, options, status):
    route = find_route(method, name)
    headers, more = good_caller(world, route)
    options = dict(options)
    role = options.pop("role", None)
    if role:
        headers["Authorization"] = f"Bearer {world.server.token('org-a', role)}"
    parameters, _ = OPERATIONS[route.key].make(world, "own")
    answer = operations.send(world, route, parameters, options, headers, **more)
    assert answer.status_code == status, answer.text
    assert_documented(jsonschema, document, route, answer)


def test_a_conflict_is_answered_as_documented(jsonschema, world, document):
    route = find_route("POST", "/pictures/asset/{assetId}/{organizationId}")
    headers, _ = good_caller(world, route)
    parameters, options = OPERATIONS[route.key].make(world, "own")
    for status in (201, 409):
        answer = operations.send(world, route, parameters, options, headers)
        assert answer.status_code == status
        assert_documented(jsonschema, document, route, answer)


def test_a_content_that_the_client_has_is_answered_as_documented(jsonschema, world, document):
    for route in routes():
        responses = operation_of(document, route)["responses"]
        if "304" not in responses:
            continue
        headers, _ = good_caller(world, route)
        parameters, options = OPERATIONS[route.key].make(world, "own")
        etag = operations.send(world, route, parameters, options, headers).headers["ETag"]
        again = operations.send(world, route, parameters, options,
                                {**headers, "If-None-Match": etag})
        assert again.status_code == 304
        assert_documented(jsonschema, document, route, again)
