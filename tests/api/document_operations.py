"""The operations of the documents family, for operations.py: requests that would succeed."""

import io
import itertools
import zipfile

import documents as family
from harness import file_part, form, text_part

NAMES = {"own": "org-a", "other": "org-b", "made": "org-b", "none": "org-a"}
PDF = "application/pdf"

_codes = itertools.count(1)


def fields(world, whose, **more):
    pairs = family.fields_of(organizationId=NAMES[whose], **more)
    return [text_part(name, value.encode()) for name, value in pairs]


def upload_body(world, whose, content, filename="a.pdf", **more):
    body, header = form([*fields(world, whose, **more), file_part(content, filename, PDF)])
    return {"data": body, "headers": {"Content-Type": header}}


def document(world, whose, asset=None):
    """The id of a new document of this organization, at a new asset unless told otherwise."""
    if whose == "none":
        return family.UNKNOWN
    asset = asset or world.asset(whose)
    made = family.Documents(world.admins[whose]).new(asset, organizationId=NAMES[whose])
    return made["id"]


def state(world, whose, parameters):
    """The document and what is listed at the asset, as their owner sees them."""
    if whose == "none":
        return None
    owner = family.Documents(world.admins[whose])
    seen = []
    if "fileId" in parameters:
        seen += [owner.get(parameters["fileId"]).content,
                 owner.preview(parameters["fileId"]).content]
    if "assetId" in parameters:
        seen.append(owner.query(f"assetId={parameters['assetId']}").content)
    if "categoryId" in parameters:
        seen.append(world.admins["own"].get("/v1/categories").content)
    return seen


def on_document(operation, status, kinds, **options):
    return operation(status, lambda world, whose: ({"fileId": document(world, whose)}, options),
                     kinds, state)


def patch_call(world, whose):
    body, header = form([text_part("displayname", b"changed")])
    return {"fileId": document(world, whose)}, {"data": body, "headers": {"Content-Type": header}}


def upload_call(world, whose):
    return ({"assetId": world.asset(whose)}, upload_body(world, whose, family.pdf()))


def archive_call(world, whose):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.pdf", family.pdf())
    return {"assetId": world.asset(whose)}, upload_body(world, whose, buffer.getvalue(), "a.zip")


def list_call(world, whose):
    return {}, {"params": {"assetId": world.asset(whose)}}


def assign_call(world, whose):
    asset = world.asset(whose)
    return {"fileId": document(world, whose)}, {"json": {"assetIds": [asset]}}


def link_call(world, whose):
    return ({"fileId": document(world, whose), "assetId": world.asset(whose),
             "assetOrganizationId": NAMES[whose]}, {})


def unlink_call(world, whose):
    asset = world.asset(whose)
    return {"fileId": document(world, whose, asset), "assetId": asset}, {}


def category(world, whose):
    """The code of a new category, which belongs to nobody and to all."""
    if whose == "none":
        return "nosuch"
    name = f"OP{next(_codes)}"
    made = world.admins["own"].request("PUT", f"/v1/categories/{name}", json={
        "translations": [{"languageCode": "en", "name": name}]})
    assert made.status_code == 200, made.text
    return name


def on_category(operation, status, kinds=("own", "none"), **options):
    return operation(status, lambda world, whose: ({"categoryId": category(world, whose)}, options),
                     kinds, state)


def operations(operation, owned):
    """`operation` and `owned` are operations.py's Operation and OWNED."""
    translations = {"translations": [{"languageCode": "de", "name": "Neu"}]}
    return {
        ("GET", "/documents"): operation(200, list_call, owned),
        ("GET", "/documents/{fileId}"): on_document(operation, 200, owned),
        ("GET", "/documents/{fileId}/preview"): on_document(operation, 200, owned),
        ("GET", "/documents/{fileId}/download"): on_document(operation, 200, owned),
        ("PATCH", "/documents/{fileId}"): operation(200, patch_call, owned, state),
        ("DELETE", "/documents/{fileId}"): on_document(operation, 204, owned),
        ("POST", "/documents/{fileId}/supplier/new"):
            on_document(operation, 201, owned, json={"supplierName": "Amcor"}),
        ("POST", "/documents/assets/{assetId}"): operation(201, upload_call, owned, state),
        ("PUT", "/documents/assets/{assetId}"): operation(201, upload_call, owned, state),
        ("POST", "/documents/assets/zip/{assetId}"): operation(201, archive_call, owned, state),
        ("PATCH", "/documents/assets/{fileId}"): operation(200, assign_call, owned, state),
        ("POST", "/documents/assets/{fileId}/{assetId}/{assetOrganizationId}"):
            operation(201, link_call, owned, state),
        ("DELETE", "/documents/assets/{fileId}/{assetId}"):
            operation(204, unlink_call, owned, state),
        ("GET", "/categories"): operation(200, lambda world, whose: ({}, {}), ("-",)),
        ("GET", "/categories/{categoryId}"): on_category(operation, 200),
        ("PUT", "/categories/{categoryId}"):
            on_category(operation, 200, ("own",), json=translations),
        ("DELETE", "/categories/{categoryId}"): on_category(operation, 204),
    }
