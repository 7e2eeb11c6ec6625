"""Every operation of the server as a request that would succeed, whoever's the resource is.

`OPERATIONS` knows each route of `mooring routes` by its method and its first name (aliases aside).
A World makes the resources: `own` ones belong to org-a and company-a, `other` ones to org-b and
company-b, `made` ones to org-b although org-a is their manufacturer (P12); `open` ones are public;
`none` do not exist. Shared by the tests of the OpenAPI document and of authorisation.
"""

import dataclasses
import re
from typing import Callable

import document_operations
import inventorum
import media_pocket
import partner
import payloads
from harness import Client, file_part, form, mooring, picture_path

CLIENT = ("till", "a secret of the till")
CONFIG = f"""
[[auth.clients]]
id = "{CLIENT[0]}"
secret = "{CLIENT[1]}"
organization = "org-a"
user = "till-7"
scopes = "images"
"""
ORGANIZATIONS = {"own": "org-a", "other": "org-b", "made": "org-b"}
COMPANIES = {"own": "company-a", "other": "company-b", "open": "company-b"}
NO_UUID = "00000000-0000-4000-8000-000000000000"
NO_PARTNER_KEY = "0" * 32 + ".png"
TREE = "/api/asset/v1/assets/tree"


@dataclasses.dataclass(frozen=True)
class Route:
    method: str
    pattern: str
    family: str
    policy: str

    @property
    def key(self):
        return self.method, first_name(self.pattern, self.family)


def first_name(pattern, family):
    """The pattern without the prefixes that lead to the same operation."""
    if family in ("assets", "pictures", "documents"):
        return re.sub(r"^(/api/(asset|storage))?/v1", "", pattern)
    return re.sub(r"^(/api)?/images", "/images", pattern)


def routes():
    done = mooring("routes")
    assert done.returncode == 0, done.stderr
    return [Route(*line.split(" ", 3)) for line in done.stdout.splitlines()]


class World:
    """A server with an owner of everything on either side."""

    def __init__(self, server):
        self.server = server
        self.nobody = server.anonymous()  # brings the headers of whichever caller is meant
        self.admins = {name: server.client(organization, "admin", f"user-{name}")
                       for name, organization in ORGANIZATIONS.items()}
        self.partners = {"own": partner.Partner(server, "company-a"),
                         "other": partner.Partner(server, "company-b")}
        self.partners["open"] = self.partners["other"]
        self.pockets = {name: media_pocket.Pocket(server, media_pocket.make_key(server, owner))
                        for name, owner in (("own", "a@example.com"), ("other", "b@example.com"))}
        self.pockets["none"] = self.pockets["own"]
        self.imagers = {name: Client(server, server.token(ORGANIZATIONS[name], "", f"user-{name}",
                                                          "--scope", "images"))
                        for name in ("own", "other")}

    def asset(self, whose, **fields):
        if whose == "none":
            return NO_UUID
        if whose == "made":
            fields["manufacturerId"] = ORGANIZATIONS["own"]
        return self.admins[whose].new_asset(**fields)["id"]

    def pictured(self, whose):
        asset = self.asset(whose)
        if whose != "none":
            answer = self.admins[whose].upload(asset, payloads.jpeg(400),
                                               organization=ORGANIZATIONS[whose])
            assert answer.status_code == 201, answer.text
        return asset

    def partner_key(self, whose):
        if whose == "none":
            return NO_PARTNER_KEY
        access = "public" if whose == "open" else "private"
        return self.partners[whose].new(inventorum.png(), access=access)["key"]

    def image(self, whose):
        """What is known of a new image, or of one that nobody has."""
        if whose == "none":
            return {"id": 999999999, "urls": {"original": "http://x/uploads/999999999/product/-"}}
        answer = inventorum.upload(self.imagers[whose])
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pocket_asset(self, whose, content=b""):
        if whose == "none":
            return media_pocket.UNKNOWN
        asset = self.pockets[whose].asset()["id"]
        if content:
            assert self.pockets[whose].upload(asset, content).status_code == 200
        return asset

    def pocket_project(self, whose):
        return media_pocket.UNKNOWN if whose == "none" else self.pockets[whose].project()["id"]

    def api_key_id(self, whose):
        if whose == "none":
            return "nobodys"
        pocket = self.pockets[whose]
        made = pocket.post("/user/api_keys", json={"name": "spare"}).json()["api_key"]
        listed = pocket.get("/user/api_keys").json()["api_keys"]
        return next(key["id"] for key in listed if made.startswith(key["key_prefix"] + "."))

    def refresh_token(self):
        done = mooring("token", "--data", self.server.data, "--refresh", "--client", CLIENT[0])
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@dataclasses.dataclass(frozen=True)
class Operation:
    status: int  # of its success
    # (world, whose) -> (parameters of the path, options of the request)
    make: Callable
    # Whose resources there can be; "-" where the path names none.
    kinds: tuple = ("own", "other", "none")
    # (world, whose, parameters) -> what a refusal must leave as it is
    state: Callable = lambda world, whose, parameters: None


def body_of(content, filename, content_type, name="file", extra=()):
    body, header = form([*extra, file_part(content, filename, content_type, name)])
    return {"data": body, "headers": {"Content-Type": header}}


# ---- SweetConnect ----
OWNED = ("own", "other", "made", "none")


def asset_state(world, whose, parameters):
    """The asset, its picture and its bytes, as their owner sees them."""
    asset = parameters.get("assetId") or parameters.get("parentId")
    if asset is None:
        return [world.admins[name].get(TREE).content for name in ("own", "other")]
    if whose == "none":
        return None
    admin = world.admins[whose]
    return [admin.get(f"/v1/assets/{asset}").content, admin.get(picture_path(asset)).content,
            admin.preview(asset).content]


def sort_call(world, whose):
    parent = world.asset(whose)
    children = [] if whose == "none" else [world.asset(whose, parentId=parent) for _ in "12"]
    return {"parentId": parent}, {"json": {"sortedChildIds": children[::-1]}}


def on_asset(status, **options):
    return Operation(status, lambda world, whose: ({"assetId": world.asset(whose)}, options),
                     OWNED, asset_state)


def on_picture(status, **options):
    return Operation(status, lambda world, whose: ({"assetId": world.pictured(whose)}, options),
                     OWNED, asset_state)


def upload_call(world, whose):
    organization = ORGANIZATIONS.get(whose, "org-a")
    return ({"assetId": world.asset(whose), "organizationId": organization},
            body_of(payloads.jpeg(500), "a.jpg", "image/jpeg"))


SWEET = {
    ("POST", "/assets"): Operation(201, lambda world, whose: ({}, {"json": {
        "assetType": "machine", "name": "m", "organizationId": ORGANIZATIONS[whose]}}),
        ("own", "other"), asset_state),
    ("GET", "/assets/tree"): Operation(200, lambda world, whose: ({}, {"params": {
        "organizationId": ORGANIZATIONS[whose]}}), ("own", "other")),
    ("GET", "/assets/{assetId}"): on_asset(200),
    ("PATCH", "/assets/{assetId}"): on_asset(200, json={"name": "changed"}),
    ("DELETE", "/assets/{assetId}"): on_picture(204),
    ("POST", "/assets/{parentId}/sort"): Operation(200, sort_call, OWNED, asset_state),
    ("POST", "/assets/{assetId}/activate"): on_asset(200),
    ("POST", "/pictures/asset/{assetId}/{organizationId}"):
        Operation(201, upload_call, OWNED, asset_state),
    ("GET", "/pictures/asset/{assetId}"): on_picture(200),
    ("GET", "/pictures/asset/{assetId}/preview"): on_picture(200),
    ("PATCH", "/pictures/asset/{assetId}"):
        on_picture(200, **body_of(payloads.jpeg(600), "b.jpg", "image/jpeg")),
    ("DELETE", "/pictures/asset/{assetId}"): on_picture(204),
}


# ---- partner ----
def partner_state(world, whose, parameters):
    if whose == "none":
        return None
    owner = world.partners.get(whose)
    if "assetKey" in parameters:
        return owner.asset(parameters["assetKey"] + "/metadata").content
    return [world.partners[name].get(partner.BASE).json()["total"] for name in ("own", "other")]


def on_partner(kinds=("own", "other", "none")):
    return Operation(200, lambda world, whose: ({"assetKey": world.partner_key(whose)}, {}), kinds,
                     partner_state)


PARTNER_UPLOAD = Operation(200, lambda world, whose: ({}, body_of(b"text", "a.txt", "text/plain")),
                           ("-",), partner_state)
PARTNER = {
    ("POST", partner.BASE + "/upload/private"): PARTNER_UPLOAD,
    ("POST", partner.BASE + "/upload/public"): PARTNER_UPLOAD,
    ("GET", partner.BASE): Operation(200, lambda world, whose: ({}, {}), ("-",)),
    ("GET", partner.BASE + "/{assetKey}"): on_partner(("own", "other", "open", "none")),
    ("DELETE", partner.BASE + "/{assetKey}"): on_partner(("own", "other", "open", "none")),
    ("GET", partner.BASE + "/{assetKey}/metadata"): on_partner(),
}


# ---- images ----
def image_state(world, whose, parameters):
    if "id" in parameters:
        return None if whose == "none" else [
            world.imagers[whose].get(f"/images/{parameters['id']}").content]
    return [world.imagers[name].get("/images").json()["total"] for name in ("own", "other")]


def original_call(world, whose):
    number = world.image(whose)["urls"]["original"].split("/")[4]
    return {"number": number, "type": "product", "file": "original.png"}, {}


def on_image(status):
    return Operation(status, lambda world, whose: ({"id": world.image(whose)["id"]}, {}),
                     state=image_state)


IMAGE_FORM = body_of(inventorum.png(), "a.png", "image/png", "image",
                     inventorum.image_parts(None, kind="product"))
IMAGES = {
    ("POST", "/images"): Operation(200, lambda world, whose: ({}, IMAGE_FORM), ("-",),
                                   image_state),
    ("GET", "/images"): Operation(200, lambda world, whose: ({}, {}), ("-",)),
    ("GET", "/images/{id}"): on_image(200),
    ("DELETE", "/images/{id}"): on_image(204),
    ("GET", "/uploads/{number}/{type}/{file}"): Operation(200, original_call),
    ("POST", "/api/auth/token"): Operation(200, lambda world, whose: ({}, {"data": {
        "grant_type": "refresh_token", "refresh_token": world.refresh_token()}}), ("-",)),
}


# ---- Media Pocket ----
def pocket_state(world, whose, parameters):
    """The asset or project with this id, its attachments and its content, as their owner sees."""
    if "id" not in parameters or whose == "none":
        return None
    name, pocket = parameters["id"], world.pockets[whose]
    paths = (f"/assets/{name}", f"/projects/{name}", f"/assets/{name}/attachments",
             f"/projects/{name}/attachments", f"/assets/{name}/media")
    return [pocket.get(path).content for path in paths]


def key_state(world, whose, parameters):
    """last_access aside: to show a key is to use it."""
    return [[(key["id"], key["name"]) for key in pocket.get("/user/api_keys").json()["api_keys"]]
            for pocket in (world.pockets["own"], world.pockets["other"])]


def on_pocket_asset(content=b"", **options):
    return Operation(200, lambda world, whose: ({"id": world.pocket_asset(whose, content)},
                                                options), state=pocket_state)


def on_pocket_project(**options):
    return Operation(200, lambda world, whose: ({"id": world.pocket_project(whose)}, options),
                     state=pocket_state)


def trashed_call(world, whose):
    asset = world.pocket_asset(whose)
    if whose != "none":
        assert world.pockets[whose].post(f"/assets/{asset}/trash_bin").status_code == 200
    return {"id": asset}, {}


def media_call(world, whose):
    asset = world.pocket_asset(whose, b"content")
    media = media_pocket.UNKNOWN if whose == "none" else world.pockets[whose].media(asset)[0]["id"]
    return {"id": asset, "mediaId": media}, {}


def pocket_creation(**body):
    return Operation(200, lambda world, whose: ({}, {"json": body}), ("-",))


TITLE = {"title": "sample attachment"}
MEDIA_FORM = body_of(b"other content", "b.txt", "text/plain")
V2 = media_pocket.BASE
POCKET = {
    ("GET", V2 + "/assets/{id}/attachments"): on_pocket_asset(),
    ("POST", V2 + "/assets/{id}/attachments"): on_pocket_asset(json=TITLE),
    ("GET", V2 + "/projects/{id}/attachments"): on_pocket_project(),
    ("POST", V2 + "/projects/{id}/attachments"): on_pocket_project(json=TITLE),
    ("POST", V2 + "/assets"): pocket_creation(**TITLE),
    ("GET", V2 + "/assets/{id}"): on_pocket_asset(),
    ("PUT", V2 + "/assets/{id}"): on_pocket_asset(json={"title": "changed"}),
    ("DELETE", V2 + "/assets/{id}"): on_pocket_asset(),
    ("POST", V2 + "/assets/{id}/trash_bin"): on_pocket_asset(),
    ("POST", V2 + "/assets/{id}/restore"): Operation(200, trashed_call, state=pocket_state),
    ("POST", V2 + "/projects"): pocket_creation(**TITLE),
    ("GET", V2 + "/projects/{id}"): on_pocket_project(),
    ("DELETE", V2 + "/projects/{id}"): on_pocket_project(),
    ("POST", V2 + "/projects/{id}/projects"): on_pocket_project(json=TITLE),
    ("POST", V2 + "/projects/{id}/assets"): on_pocket_project(json=TITLE),
    ("POST", V2 + "/assets/{id}/media"): on_pocket_asset(b"content", **MEDIA_FORM),
    ("PUT", V2 + "/assets/{id}/media"): on_pocket_asset(b"content", data=b"raw content"),
    ("GET", V2 + "/assets/{id}/media"): on_pocket_asset(b"content"),
    ("DELETE", V2 + "/assets/{id}/media"): on_pocket_asset(b"content"),
    ("GET", V2 + "/assets/{id}/media/{mediaId}"): Operation(200, media_call),
    ("GET", V2 + "/assets/{id}/media/{mediaId}/download_url"): Operation(200, media_call),
    ("GET", V2 + "/user/api_keys"): Operation(200, lambda world, whose: ({}, {}), ("-",)),
    ("POST", V2 + "/user/api_keys"): Operation(
        200, lambda world, whose: ({}, {"json": {"name": "another"}}), ("-",), key_state),
    ("DELETE", V2 + "/user/api_keys/{id}"): Operation(
        200, lambda world, whose: ({"id": world.api_key_id(whose)}, {}), state=key_state),
}

# ---- the server's own ----
PLAIN = Operation(200, lambda world, whose: ({}, {}), ("-",))
SERVER = {("GET", path): PLAIN for path in ("/", "/healthz", "/readyz", "/metrics",
                                            "/openapi.json")}

DOCUMENTS = document_operations.operations(Operation, OWNED)

OPERATIONS = {**SWEET, **DOCUMENTS, **PARTNER, **IMAGES, **POCKET, **SERVER}


def send(world, route, parameters, options, headers=None, **more):
    """The request of an operation with the headers of a caller."""
    headers = {**(options.get("headers") or {}), **(headers or {})}
    path = route.pattern.format(**parameters)
    return world.nobody.request(route.method, path, **{**options, "headers": headers, **more})
