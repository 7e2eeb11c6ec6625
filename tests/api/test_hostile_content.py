"""Contents and names made to harm: colliding contents, what a browser might run, file names.

What is stored comes back byte for byte under a validator of its own; what is served says that it is
not to be run; a name means the same to parsers that know nothing of each other.
"""

import email
import email.utils
import os
import re
import shutil
import subprocess

import pytest

import inventorum
from documents import documents_of
from harness import DATA, picture_path
from media_pocket import Pocket, make_key
from partner import Partner
from payloads import KIB, MIB, jpeg, noise

PAIR = [(DATA / f"collide-4096-{letter}.bin").read_bytes() for letter in "ab"]


# ---- two contents with one XXH3-128 ----
def colliding(size):
    """Two contents of `size` bytes with one hash.

    The pair differs in its first 1,024 bytes, of which the hash then keeps the same state: what
    follows is free, and so is how much.
    """
    assert PAIR[0] != PAIR[1] and PAIR[0][1024:] == PAIR[1][1024:]
    return [(one + noise(max(size - len(one), 0), "behind"))[:size] for one in PAIR]


@pytest.mark.parametrize("size", [300, KIB, 4096, 100_000, 600 * KIB, 3 * MIB + 5])
def test_contents_of_one_hash_are_told_apart_and_come_back_intact(make_server, size):
    server = make_server()
    partner = Partner(server, "company-a")
    one, other = colliding(size)
    keys = [partner.new(content)["key"] for content in (one, other, one, other)]
    tags = []
    for _ in range(3):  # from the disk, and from the cache of what was verified
        for key, content in zip(keys, (one, other, one, other)):
            answer = partner.asset(key)
            assert answer.content == content
            tags.append(answer.headers["ETag"])
    first, second = tags[:2]
    assert second == first[:-1] + '-1"', "one hash, and an ordinal"
    assert tags == [first, second] * 6
    assert partner.asset(keys[1], headers={"If-None-Match": first}).content == other
    assert partner.asset(keys[1], headers={"If-None-Match": second}).status_code == 304
    for key in keys[::2]:
        assert partner.delete(f"/api/v1/partner/asset/{key}").status_code in (200, 204)
    assert partner.asset(keys[1]).content == other
    again = partner.new(one)["key"]
    assert partner.asset(again).content == one and partner.asset(keys[3]).content == other
    server.stop()
    proof = server.check("--deep")
    assert proof.returncode == 0, proof.stdout


# ---- what is served ----
HTML = b"<html><script>alert(1)</script></html>"
RUNNABLE = [(HTML, "text/html", "a.html"), (HTML + b"\n", "image/jpeg", "a.jpg"),
            (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml",
             "a.svg"), (b"<?xml version='1.0'?><x/>", "application/xml", "a.xml"),
            (b"alert(1)", "text/javascript", "a.js"), (b"%PDF-1.7\n", "application/pdf", "a.pdf"),
            (b"GIF89a/*<script>*/=1;", "image/gif", "a.gif"), (b"", "text/html", "a.html"),
            (noise(64), "application/octet-stream", "a"), (jpeg(64), "image/jpeg", "a.jpg")]
SHOWN = {"image/jpeg", "image/png", "image/webp", "image/gif", "image/avif", "video/mp4",
         "application/pdf"}


def of_documents(server, content, kind, name):
    documents = documents_of(server)
    asset = documents.client.new_asset()["id"]
    answer = documents.upload(asset, content, content_type=kind, filename=name)
    if answer.status_code != 201:
        return answer.status_code, []
    made = answer.json()["data"]["id"]
    return 201, [documents.preview(made), documents.download(made)]


def of_partner(server, content, kind, name):
    partner = Partner(server, "company-a")
    answer = partner.upload(content, content_type=kind, filename=name)
    if answer.status_code != 200:
        return answer.status_code, []
    return 200, [partner.asset(answer.json()["key"])]


def of_attachments(server, content, kind, name):
    pocket = Pocket(server, make_key(server, "served@example.com"))
    asset = pocket.asset()["id"]
    answer = pocket.upload(asset, content, name, kind)
    return (200, [pocket.content(asset)]) if answer.ok else (answer.status_code, [])


def of_pictures(server, content, kind, name):
    client = server.client()
    asset = client.new_asset()["id"]
    answer = client.upload(asset, content, filename=name, content_type=kind)
    if answer.status_code != 201:
        return answer.status_code, []
    return 201, [client.get(f"{picture_path(asset)}/preview")]


def of_images(server, content, _, __):
    answer = inventorum.upload(inventorum.scoped(server, "images"), content)
    if not answer.ok:
        return answer.status_code, []
    return 201, [inventorum.fetch(server, answer.json()["urls"]["original"])]


FAMILIES = {"documents": of_documents, "partner": of_partner, "attachments": of_attachments,
            "pictures": of_pictures, "images": of_images}


@pytest.mark.parametrize("content, kind, name", RUNNABLE, ids=lambda value: str(value)[:30])
@pytest.mark.parametrize("family", FAMILIES)
def test_whatever_is_stored_is_served_so_that_nothing_runs(server, family, content, kind, name):
    status, answers = FAMILIES[family](server, content, kind, name)
    assert answers or 400 <= status < 500, status
    for answer in answers:
        assert answer.status_code == 200 and answer.content == content
        served = answer.headers["Content-Type"].split(";")[0]
        place = answer.headers["Content-Disposition"].split(";")[0]
        assert place == "attachment" or (place == "inline" and served in SHOWN), (served, place)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        policy = answer.headers["Content-Security-Policy"]
        assert policy == "sandbox; default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["Cross-Origin-Resource-Policy"] in ("same-origin", "cross-origin")


def test_pictures_that_are_taken_are_served_safely_by_every_family(server):
    content = (DATA / "photo.jpg").read_bytes()
    for family, store in FAMILIES.items():
        status, answers = store(server, content, "image/jpeg", "photo.jpg")
        assert answers, (family, status)
        for answer in answers:
            assert answer.headers["X-Content-Type-Options"] == "nosniff", family
            assert "sandbox" in answer.headers["Content-Security-Policy"], family


# ---- names ----
NAMES = ["plain.pdf", "na\u00efve \u20ac.pdf", 'a%22b.pdf', "x%22; filename=%22evil.html",
         "..%2f..%2fetc%2fpasswd", "../../etc/passwd", "..\\..\\boot.ini", "a\u202egpj.exe",
         "<img src=x onerror=alert(1)>.png", "a;b=c.pdf", "a%0D%0ASet-Cookie: x=1.pdf", "100%.pdf",
         "\u65e5\u672c\u8a9e.pdf", "a'b''c.pdf", "$(reboot).pdf", "`id`.pdf", "-rf.pdf",
         "\U0001f600.pdf", "a" * 300 + ".pdf", "e\u0301.pdf", "CON.pdf", ".htaccess", "a\\\\b.pdf"]


def by_email(value):
    """The name as Python's mail library reads it: RFC 2231 where it is there."""
    message = email.message_from_string(f"Content-Disposition: {value}\n\n")
    assert message.keys() == ["Content-Disposition"], "one field"
    params = message.get_params(header="content-disposition")
    names = [text for name, text in params if name == "filename"]
    assert [name for name, _ in params[1:]] == ["filename"] * len(names), "nothing besides a name"
    extended = [name for name in names if isinstance(name, tuple)]
    assert len(names) - len(extended) == 1 and len(extended) <= 1
    return email.utils.collapse_rfc2231_value((extended or names)[0])


def by_curl(url, token, directory):
    """The name under which curl saves what it loads: it reads the first filename only."""
    done = subprocess.run(["curl", "-sS", "-OJ", "-H", f"Authorization: Bearer {token}", url],
                          cwd=directory, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = os.listdir(directory)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name)[:40])
def test_a_name_means_the_same_to_two_parsers(server, tmp_path, name):
    documents = documents_of(server)
    made = documents.new(documents.client.new_asset()["id"], filename=name)
    stored = made["filename"]
    assert not re.search(r"[/\\\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", stored)
    value = documents.download(made["id"]).headers["Content-Disposition"]
    assert re.fullmatch(r"[ -~]+", value)
    assert by_email(value) == stored
    saved = by_curl(f"{server.url}/v1/documents/{made['id']}/download", server.token(), tmp_path)
    assert saved == re.sub(r"[^A-Za-z0-9 ._-]", "_", stored)
