"""A caller of the Media Pocket API (contract 4): its key, its URLs and its few verbs."""

import json
import re

import requests

from harness import DATA, Client, file_part, form, mooring

ASSET_KEYS = ["id", "external_id", "parent_id", "project_id", "owner", "title", "description",
              "category", "tags", "ai_tags", "status", "media_type", "original_filename",
              "drop_folder_id", "md5_sum", "created_date", "modification_date", "deleted"]
PROJECT_KEYS = ["id", "external_id", "project_id", "owner", "title", "description", "category",
                "tags", "media_type", "isPublic", "thumbnail_asset_id", "created_date",
                "modification_date", "deleted", "original_title"]
ID = re.compile(r"^[A-Za-z0-9_-]{20}$")
DATE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
UNKNOWN = "AAAAAAAAAAAAAAAAAAAA"
BASE = "/api/v2"


def golden(name):
    return json.loads((DATA / "golden" / name).read_text())


def make_key(server, owner):
    done = mooring("key", "create", "--data", server.data, "--kind", "attachments", "--owner",
                   owner)
    assert done.returncode == 0, done.stderr
    found = re.search(r"\batt\w{2}\.\w{46}\b", done.stdout)
    assert found, done.stdout
    return found[0]


class Pocket(Client):
    """Requests with an X-API-KEY; paths are below /api/v2."""

    def __init__(self, server, key):
        super().__init__(server, None)
        self.key = key
        if key:
            self.session.headers["X-API-KEY"] = key

    def request(self, method, path, **options):
        return super().request(method, BASE + path, **options)

    def put(self, path, **options):
        return self.request("PUT", path, **options)

    def made(self, path, name, **body):
        answer = self.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()[name]

    def asset(self, title="sample", **fields):
        return self.made("/assets", "asset", title=title, **fields)

    def attach(self, asset_id, title="sample attachment"):
        return self.made(f"/assets/{asset_id}/attachments", "asset", title=title)

    def project(self, title="sample", **fields):
        return self.made("/projects", "project", title=title, **fields)

    def read(self, asset_id):
        answer = self.get(f"/assets/{asset_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()["asset"]

    def titles(self, asset_id):
        answer = self.get(f"/assets/{asset_id}/attachments")
        assert answer.status_code == 200, answer.text
        return [one["title"] for one in answer.json()["attachments"]]

    def upload(self, asset_id, content, filename="a.jpg", content_type="image/jpeg", **options):
        body, header = form([file_part(content, filename, content_type)])
        return self.post(f"/assets/{asset_id}/media", data=body,
                         headers={"Content-Type": header}, **options)

    def media(self, asset_id):
        answer = self.get(f"/assets/{asset_id}/media")
        assert answer.status_code == 200, answer.text
        return answer.json()["media"]

    def content(self, asset_id, **options):
        """The bytes, through the URL that the list gives."""
        url = self.media(asset_id)[0]["download_url"]
        assert url.startswith(self.server.url + BASE), url
        return self.get(url[len(self.server.url + BASE):], **options)


def assert_refused(answer, status, text=None):
    """The envelope of Media Pocket, byte for byte."""
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    if text is None:
        body = answer.json()
        assert list(body) == ["error"] and isinstance(body["error"], str)
    else:
        expected = json.dumps({"error": text}, separators=(",", ":"), ensure_ascii=False)
        assert answer.content == expected.encode()


def types_of(value):
    """The shape of a body: keys in order, and the kind of each value."""
    if isinstance(value, dict):
        return [(key, types_of(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [types_of(item) for item in value]
    return type(value).__name__


def plain(server, method, url, **options):
    """A request without any key."""
    return requests.request(method, server.url + url, timeout=30, **options)
