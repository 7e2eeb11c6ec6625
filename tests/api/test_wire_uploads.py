"""The wire cases on every upload route, on a server of their own: what is refused leaves nothing.

Each http case with a body goes to each route in place of /e; each multipart case goes to each with
the fields that the family asks for. Behind every one rides the canary. What is stored in the end is
what was acknowledged, and `check --deep` finds nothing besides.
"""

import asyncio
import re

import pytest

from harness import Client, Server, picture_path
from inventorum import scoped
from media_pocket import Pocket, make_key
from partner import Partner
from payloads import JPEG
from wire_cases import CANARY, CASES, SECONDS_MAX, bytes_of, play, play_all

PREFIX = b"POST /e HTTP/1.1\r\nHost: h\r\n"
FRAMING = [case for case in CASES["http"] if bytes_of(case["segs"]).startswith(PREFIX)]
ORGANIZATION = "org-wire"
IDENTITY = re.compile(rb'"(?:id|key)":"?([^",]+)')


class Route:
    """One upload route: where to, as whom, with which fields, and how many things it has stored."""

    fields = ()        # (name, value) that its form needs besides the file
    file_field = b"file"
    takes_any = False  # any content in a sound form is taken

    def __init__(self, caller, path):
        self.caller = caller
        self._path = path

    def path(self):
        return self._path

    def head(self):
        lines = [f"{name}: {value}" for name, value in self.caller.session.headers.items()]
        return f"POST {self.path()} HTTP/1.1\r\nHost: h\r\n" + "".join(f"{x}\r\n" for x in lines)


class Pictures(Route):
    """An asset has one picture, so every request gets an asset of its own."""

    def __init__(self, server):
        super().__init__(Client(server, server.token(ORGANIZATION)), None)
        self.assets = []

    def path(self):
        self.assets.append(self.caller.new_asset()["id"])
        return f"{picture_path(self.assets[-1])}/{ORGANIZATION}"

    def stored(self):
        answers = [self.caller.get(picture_path(asset)).status_code for asset in self.assets]
        assert set(answers) <= {200, 404}
        return answers.count(200)


class Documents(Route):
    fields = (("displayname", "m"), ("organizationId", ORGANIZATION), ("categoryId", "AA"))
    takes_any = True

    def __init__(self, server):
        caller = Client(server, server.token(ORGANIZATION))
        self.asset = caller.new_asset()["id"]
        super().__init__(caller, f"/api/storage/v1/documents/assets/{self.asset}")

    def stored(self):
        query = f"/api/storage/v1/documents?assetId={self.asset}"
        return self.caller.get(query).json()["meta"]["totalItems"]


class PartnerAssets(Route):
    takes_any = True

    def __init__(self, server):
        super().__init__(Partner(server, "company-wire"), "/api/v1/partner/asset/upload/public")

    def stored(self):
        return self.caller.get("/api/v1/partner/asset").json()["total"]


class Images(Route):
    fields = (("type", "product"),)
    file_field = b"image"

    def __init__(self, server):
        super().__init__(scoped(server, "images", organization=ORGANIZATION), "/api/images/")

    def stored(self):
        return self.caller.get("/api/images").json()["total"]


class Attachments(Route):
    """Content replaces content, so every request gets an asset of its own."""

    takes_any = True

    def __init__(self, server):
        super().__init__(Pocket(server, make_key(server, "wire@example.com")), None)
        self.assets = []

    def path(self):
        self.assets.append(self.caller.asset()["id"])
        return f"/api/v2/assets/{self.assets[-1]}/media"

    def stored(self):
        return sum(len(self.caller.media(asset)) for asset in self.assets)


ROUTES = [Pictures, Documents, PartnerAssets, Images, Attachments]


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """At the end nothing may be there that no record owns."""
    server = Server(tmp_path_factory.mktemp("wire")).start()
    yield server
    server.discard()
    proof = server.check("--deep")
    assert proof.returncode == 0, proof.stdout + proof.stderr


def play_cases(server, requests, judge):
    """Plays {name: bytes}; judge(name, responses, whether the canary was answered)."""
    canary = server.anonymous().get("/__canary").content

    def job(name, data):
        ends = data.endswith(b"<FIN>")
        pieces = [data.removesuffix(b"<FIN>") + (b"" if ends else CANARY)]

        async def run():
            return name, await play(server.port, pieces, canary, ends)
        return name, run

    wrong = asyncio.run(play_all([job(*request) for request in requests.items()],
                                 lambda outcome: judge(outcome[0], *outcome[1])))
    assert not wrong, "\n".join(wrong[:10])


def test_most_http_cases_have_a_body():
    assert len(FRAMING) >= 67


@pytest.mark.parametrize("kind", ROUTES, ids=lambda kind: kind.__name__)
def test_no_http_case_stores_anything(own, kind):
    route = kind(own)
    before = route.stored(), own.files()
    cases = {case["id"]: case for case in FRAMING}
    requests = {name: bytes_of(case["segs"]).replace(
        PREFIX, (route.head() + "Content-Type: multipart/form-data; boundary=B\r\n").encode(), 1)
        for name, case in cases.items()}

    def judge(name, found, canary):
        case = cases[name]
        if canary and case["canary"] == "noexec":
            return "answered the canary"
        if any(answer.status_code == 500 for answer in found):
            return f"answered {found}"
        # A body that is no form is refused; behind one that is, a second request may be sound.
        if found and not 400 <= found[0].status_code <= 501:
            return f"answered {found}"
        return None

    play_cases(own, requests, judge)
    assert (route.stored(), own.files()) == before


def with_fields(route, body):
    """The body as the route's form: its name of the file, and its other fields in front."""
    body = body.replace(b'name="file"', b'name="%s"' % route.file_field)
    if isinstance(route, Pictures) and b"filename" in (head := body[:body.find(b"\r\n\r\n") + 4]):
        body = head + JPEG + body[len(head):]
    mark = re.match(rb"(?:\r\n)?(--[^\r ]+)", body)
    if not mark:
        return body
    front = b"".join(b'%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' %
                     (mark[1], name.encode(), value.encode()) for name, value in route.fields)
    return front + body.removeprefix(b"\r\n") if front else body


def may_be_taken(case):
    return "201" in case["expect"] or case["expect"].startswith("safe name")


def must_be_taken(case):
    # M03: what an empty file means is a rule of the product.
    return case["expect"].startswith("201") and " or " not in case["expect"] and case["id"] != "M03"


@pytest.mark.parametrize("kind", ROUTES, ids=lambda kind: kind.__name__)
def test_multipart_cases_store_what_they_acknowledge(own, kind):
    route = kind(own)
    before = route.stored()
    cases = {case["id"]: case for case in CASES["multipart"]}
    requests, taken = {}, set()
    for name, case in cases.items():
        body = with_fields(route, bytes_of(case["segs"]))
        head = route.head() + f"Content-Type: {case['ct']}\r\nContent-Length: {len(body)}\r\n\r\n"
        requests[name] = head.encode("latin-1") + body

    def judge(name, found, _):
        case, status = cases[name], found[0].status_code if found else None
        if len(found) != 1 or status is None:
            return f"answered {found}"
        if status in (200, 201):
            identity = IDENTITY.search(found[0].content)  # one content twice may be one document
            taken.add(identity[1] if identity else name)
            return None if may_be_taken(case) else f"took {case['note']}: {found}"
        if not 400 <= status < 500:
            return f"answered {found}"
        if route.takes_any and must_be_taken(case):
            return f"refused what is sound: {found}"
        return None

    play_cases(own, requests, judge)
    assert route.stored() - before == len(taken)
    if route.takes_any:
        assert taken
