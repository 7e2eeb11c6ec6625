"""What clients do, one small class per resource family.

    prepare()            an acknowledged thing without content, whose key is known; or None
    put(key, content)    gives it content or replaces it; without prepare: only replaces
    create(content)      makes a thing with its content; its key. Without prepare
    remove(key)          takes the thing (or its content) away
    read(key)            its content, or None
    touch(key)           something else that must work on a thing that exists
    count()              how many the server lists

Content is bytes. A verb that returns was acknowledged; Unanswered means that nobody was told. A new
family is one class here and its line in FAMILIES.
"""

import re
import uuid

import requests

from store import Violation  # and with it the way to the helpers of the black-box tests

import documents
import inventorum
import media_pocket
import partner
import payloads
from harness import Client, file_part, form, picture_path

TTL = ("--ttl", "12h")


class Unanswered(Exception):
    """The request had no answer (status 0), or one that promises nothing."""

    def __init__(self, text, status=0):
        super().__init__(text)
        self.status = status


def ask(call, *arguments, good, **options):
    """The answer if its status is among `good`; a refusal without cause breaks a promise."""
    try:
        answer = call(*arguments, **options)
    except requests.RequestException as error:
        raise Unanswered(str(error)) from error
    if len(answer.content) < int(answer.headers.get("Content-Length", 0)):
        raise Unanswered("an answer that was cut off")  # which requests does not mind
    if answer.status_code in good:
        return answer
    if answer.status_code >= 500:
        raise Unanswered(f"{answer.request.method} {answer.request.url}: {answer.status_code} "
                         f"{answer.text[:200]}", answer.status_code)
    raise Violation(f"{answer.request.method} {answer.request.url}: {answer.status_code} "
                    f"{answer.text[:300]}")


def content_of(answer):
    return None if answer.status_code == 404 else answer.content


class Family:
    head = b""
    can_replace = True
    is_prepared = False  # a thing is there before its content and after it
    weight = 1.0  # how often it is chosen
    may_fail = False  # 500 without a fault: workers of the machine that are too slow to start

    def __init__(self, server, keys):
        self.server, self.keys = server, keys

    def prepare(self):
        return None

    def touch(self, key):
        pass

    def count(self):
        """How many there are, as the server lists them; None if it does not."""
        return None

    def close(self):
        """Ends the connections; the next request opens them again."""
        for one in vars(self).values():
            if hasattr(one, "session"):
                one.session.close()


class Assets(Family):
    """The content of an asset is its name."""

    def __init__(self, server, keys):
        super().__init__(server, keys)
        self.client = Client(server, server.token("org-a", "admin", "user-a", *TTL))

    def create(self, content):
        body = {"assetType": "machine", "name": content.hex()[:60]}
        return ask(self.client.post, "/api/asset/v1/assets", json=body,
                   good=(201,)).json()["data"]["id"]

    def put(self, key, content):
        ask(self.client.patch, f"/api/asset/v1/assets/{key}", json={"name": content.hex()[:60]},
            good=(200,))

    def remove(self, key):
        ask(self.client.delete, f"/api/asset/v1/assets/{key}", good=(204,))

    def read(self, key):
        answer = ask(self.client.get, f"/api/asset/v1/assets/{key}", good=(200, 404))
        return None if answer.status_code == 404 else answer.json()["data"]["name"].encode()

    @staticmethod
    def seen(content):
        """What a reader will get of `content`."""
        return content.hex()[:60].encode()


class Pictures(Family):
    head = payloads.JPEG
    is_prepared = True

    def __init__(self, server, keys):
        super().__init__(server, keys)
        self.client = Client(server, server.token("org-a", "admin", "user-a", *TTL))

    def prepare(self):
        body = {"assetType": "machine", "name": "pictured"}
        return ask(self.client.post, "/api/asset/v1/assets", json=body,
                   good=(201,)).json()["data"]["id"]

    def put(self, key, content):
        verb = self.client.upload if self.read(key) is None else self.client.replace
        ask(verb, key, content, good=(200, 201))

    def remove(self, key):
        ask(self.client.delete, picture_path(key), good=(204,))

    def read(self, key):
        return content_of(ask(self.client.preview, key, good=(200, 404)))

    def touch(self, key):
        ask(self.client.get, picture_path(key), good=(200,))


class PartnerAssets(Family):
    can_replace = False

    def __init__(self, server, keys):
        super().__init__(server, keys)
        self.client = Client(server, None)
        self.client.session.headers["x-api-key"] = keys["partner"]
        self.client.session.headers["Authorization"] = keys["developer"]

    def create(self, content):
        body, header = form([file_part(content, "a.bin", None)])
        return ask(self.client.post, f"{partner.BASE}/upload/private", data=body,
                   headers={"Content-Type": header}, good=(200,)).json()["key"]

    def remove(self, key):
        ask(self.client.delete, f"{partner.BASE}/{key}", good=(200,))

    def read(self, key):
        return content_of(ask(self.client.get, f"{partner.BASE}/{key}", good=(200, 404)))

    def touch(self, key):
        ask(self.client.get, f"{partner.BASE}/{key}/metadata", good=(200,))

    def count(self):
        return ask(self.client.get, partner.BASE, good=(200,)).json()["total"]


class Images(Family):
    """The key is "ID /path/of/the/original"; touching one makes its smallest rendition."""

    head = inventorum.png()
    can_replace = False
    may_fail = True
    weight = 0.2  # each life has to start a worker for them first

    def __init__(self, server, keys):
        super().__init__(server, keys)
        self.client = Client(server, server.token("org-a", "", "user-a", "--scope", "images", *TTL))
        self.anybody = Client(server, None)

    def create(self, content):
        body, header = form(inventorum.image_parts(content))
        made = ask(self.client.post, "/api/images/", data=body, headers={"Content-Type": header},
                   good=(200,)).json()
        return f"{made['id']} " + re.sub(r"^http://[^/]*", "", made["urls"]["original"])

    def remove(self, key):
        ask(self.client.delete, f"/images/{key.split()[0]}", good=(204,))

    def read(self, key):
        return content_of(ask(self.anybody.get, key.split()[1], good=(200, 404)))

    def touch(self, key):
        thumb = ask(self.anybody.get, re.sub(r"/[^/]*$", "/thumb.png", key.split()[1]),
                    good=(200,))
        inventorum.png_size(thumb.content)

    def count(self):
        return ask(self.client.get, "/images", good=(200,)).json()["total"]


class Documents(Family):
    """Each hangs on an asset of its own; touching one looks for it in the list of that asset.

    No content comes twice: the second of an organization would only be linked.
    """

    @property
    def head(self):
        return documents.PDF + uuid.uuid4().bytes

    def __init__(self, server, keys):
        super().__init__(server, keys)
        self.client = Client(server, server.token("org-a", "admin", "user-a", *TTL))
        self.documents = documents.Documents(self.client)

    def create(self, content):
        body = {"assetType": "machine", "name": "documented"}
        asset = ask(self.client.post, "/api/asset/v1/assets", json=body,
                    good=(201,)).json()["data"]["id"]
        made = ask(self.documents.upload, asset, content, good=(201,)).json()["data"]["id"]
        return f"{made} {asset}"

    def put(self, key, content):
        ask(self.documents.patch, key.split()[0],
            [file_part(content, "b.pdf", "application/pdf")], good=(200,))

    def remove(self, key):
        ask(self.documents.delete, key.split()[0], good=(200, 204))

    def read(self, key):
        return content_of(ask(self.documents.download, key.split()[0], good=(200, 404)))

    def touch(self, key):
        name, asset = key.split()
        found = ask(self.documents.query, f"assetId={asset}", good=(200,)).json()["data"]
        if [one["id"] for one in found] != [name]:
            raise Violation(f"document {name} is not what is listed of its asset: {found}")


class Attachments(Family):
    is_prepared = True

    def __init__(self, server, keys):
        super().__init__(server, keys)
        self.pocket = media_pocket.Pocket(server, keys["pocket"])

    def prepare(self):
        return ask(self.pocket.post, "/assets", json={"title": "sample"},
                   good=(200,)).json()["asset"]["id"]

    def put(self, key, content):
        ask(self.pocket.upload, key, content, good=(200,))

    def remove(self, key):
        ask(self.pocket.delete, f"/assets/{key}/media", good=(200,))

    def read(self, key):
        listed = ask(self.pocket.get, f"/assets/{key}/media", good=(200,)).json()["media"]
        if not listed:
            return None
        path = re.sub(r"^http://[^/]*" + media_pocket.BASE, "", listed[0]["download_url"])
        return ask(self.pocket.get, path, good=(200,)).content

    def touch(self, key):
        ask(self.pocket.get, f"/assets/{key}", good=(200,))


class ApiKeys(Family):
    """The key of a thing is "ID KEY"; what is read is whether the key opens."""

    can_replace = False

    def __init__(self, server, keys):
        super().__init__(server, keys)
        self.pocket = media_pocket.Pocket(server, keys["keeper"])

    def create(self, content):
        name = str(uuid.uuid4())  # the answer has no id: the list knows it by its name
        made = ask(self.pocket.post, "/user/api_keys", json={"name": name},
                   good=(200,)).json()["api_key"]
        listed = ask(self.pocket.get, "/user/api_keys", good=(200,)).json()["api_keys"]
        return next(key["id"] for key in listed if key["name"] == name) + " " + made

    def remove(self, key):
        ask(self.pocket.delete, f"/user/api_keys/{key.split()[0]}", good=(200,))

    def read(self, key):
        other = media_pocket.Pocket(self.server, key.split()[1])
        answer = ask(other.get, "/user/api_keys", good=(200, 401))
        return b"" if answer.status_code == 200 else None

    def count(self):
        listed = ask(self.pocket.get, "/user/api_keys", good=(200,)).json()["api_keys"]
        return len(listed) - 1  # the keeper's own

    @staticmethod
    def seen(content):
        return b""


FAMILIES = {"assets": Assets, "pictures": Pictures, "documents": Documents,
            "partner": PartnerAssets, "images": Images, "attachments": Attachments,
            "keys": ApiKeys}


def make_keys(server):
    """The API keys of the callers, acknowledged once per store."""
    return {"partner": partner.new_key(server, "partner", "company-a"),
            "developer": partner.new_key(server, "developer", "company-a"),
            "pocket": media_pocket.make_key(server, "a@example.com"),
            "keeper": media_pocket.make_key(server, "keeper@example.com")}
