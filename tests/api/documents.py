"""A caller of the documents family: what its tests share (contract 1.2 and 1.3)."""

import itertools
import re

from harness import Client, file_part, form, text_part

BASE = "/api/storage/v1"
KEYS = ["id", "filename", "displayname", "ownerId", "organizationId", "manufacturerId", "mimetype",
        "category", "languages", "updatedAt", "updatedBy", "createdBy", "createdAt",
        "supplierDocument", "supplierName", "aiInjected", "aiInjectedUpdatedAt"]  # the example's
META_KEYS = ["page", "offset", "limit", "totalItems", "totalPages", "hasNextPage",
             "hasPreviousPage"]
UUID4 = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
UNKNOWN = "00000000-0000-4000-8000-000000000000"
DOCUMENT_BYTES_MAX = 100 * 1024 * 1024
PDF = b"%PDF-1.7\n"

_numbers = itertools.count(1)


def pdf(extra=""):
    """A new content that begins as a PDF does."""
    return PDF + f"% {next(_numbers)} {extra}\n%%EOF\n".encode()


def fields_of(**fields):
    """The fields of a form as (name, value) pairs; a list is a field for each of its values."""
    stated = {"displayname": "Manual 2025", "organizationId": "org-a", "categoryId": "AA", **fields}
    pairs = []
    for name, value in stated.items():
        if value is None:
            continue
        for one in value if isinstance(value, list) else [value]:
            pairs.append((name, one if isinstance(one, str) else str(one).lower()))
    return pairs


class Documents:
    """The verbs of the family for one caller."""

    def __init__(self, client, base=BASE):
        self.client = client
        self.base = base

    def upload(self, asset, content=None, *, filename="document.pdf",
               content_type="application/pdf", path="documents/assets", headers=None, **fields):
        content = pdf() if content is None else content
        parts = [text_part(name, value.encode()) for name, value in fields_of(**fields)]
        body, header = form([*parts, file_part(content, filename, content_type)])
        return self.client.post(f"{self.base}/{path}/{asset}", data=body,
                                headers={"Content-Type": header, **(headers or {})})

    def new(self, asset, content=None, **options):
        """A new document, as the server describes it."""
        answer = self.upload(asset, content, **options)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    def raw(self, method, asset, content, query, **options):
        return self.client.request(method, f"{self.base}/documents/assets/{asset}?{query}",
                                   data=content, **options)

    def archive(self, asset, content, **fields):
        return self.upload(asset, content, filename="files.zip", content_type="application/zip",
                           path="documents/assets/zip", **{"displayname": None, **fields})

    def patch(self, document, parts=(), **fields):
        pairs = [(name, value) for name, value in
                 fields_of(**{"displayname": None, "organizationId": None, "categoryId": None,
                              **fields})]
        body, header = form([*(text_part(name, value.encode()) for name, value in pairs), *parts])
        return self.client.patch(f"{self.base}/documents/{document}", data=body,
                                 headers={"Content-Type": header})

    def get(self, document, **options):
        return self.client.get(f"{self.base}/documents/{document}", **options)

    def preview(self, document, **options):
        return self.client.get(f"{self.base}/documents/{document}/preview", **options)

    def download(self, document, **options):
        return self.client.get(f"{self.base}/documents/{document}/download", **options)

    def delete(self, document):
        return self.client.delete(f"{self.base}/documents/{document}")

    def supplier(self, document, body):
        return self.client.post(f"{self.base}/documents/{document}/supplier/new", json=body)

    def link(self, document, asset, organization="org-a"):
        return self.client.post(
            f"{self.base}/documents/assets/{document}/{asset}/{organization}")

    def unlink(self, document, asset):
        return self.client.delete(f"{self.base}/documents/assets/{document}/{asset}")

    def assign(self, document, assets):
        return self.client.patch(f"{self.base}/documents/assets/{document}",
                                 json={"assetIds": assets})

    def query(self, text, **options):
        """GET of the list with this query string, exactly."""
        return self.client.get(f"{self.base}/documents?{text}", **options)

    def list(self, *assets, **parameters):
        """The page of what is linked to `assets` and below."""
        answer = self.client.get(f"{self.base}/documents",
                                 params={"assetId": ",".join(assets), **parameters})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ids(self, *assets, **parameters):
        return [one["id"] for one in self.list(*assets, **{"limit": 50, **parameters})["data"]]

    def names(self, *assets, **parameters):
        return [one["displayname"]
                for one in self.list(*assets, **{"limit": 50, **parameters})["data"]]


def documents_of(server, organization="org-a", role="admin", subject="user-a"):
    return Documents(Client(server, server.token(organization, role, subject)))
