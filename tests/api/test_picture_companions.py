"""The picture's companions (contract 1.3): metadata, preview (X10), replace, remove."""

import email.utils

import pytest

from errors import assert_error, assert_too_large
from harness import picture_path
from payloads import MIB, PICTURE_BYTES_MAX, jpeg, photo, png, webp

UNKNOWN = "833cb09d-6c34-4590-be5f-a62fab9f41a2"
SIZES = [100, 5000, 524_288, 3 * MIB + 17]  # both tiers, one chunk and several


# ---- metadata ----
@pytest.mark.parametrize("prefix", ["/api/storage/v1", "/v1"])
def test_metadata_is_what_the_upload_answered(client, asset, prefix):
    made = client.upload(asset, photo(), filename="photo.jpg").json()
    answer = client.get(f"{prefix}/pictures/asset/{asset}")
    assert answer.status_code == 200 and answer.json() == made


@pytest.mark.parametrize("suffix", ["", "/preview"])
def test_without_a_picture_or_an_asset_it_is_404(client, asset, suffix):
    for target in (asset, UNKNOWN, "x"):
        assert_error(client.get(picture_path(target) + suffix), "NotFound")


@pytest.mark.parametrize("suffix", ["", "/preview"])
def test_strangers_are_403_and_admins_welcome(server, client, asset, suffix):
    client.upload(asset, jpeg(64))
    path = picture_path(asset) + suffix
    assert_error(server.client("org-b", "producer-user").get(path), "NoPermission")
    assert server.client("org-a", "producer-user").get(path).status_code == 200
    assert server.client("org-b", "admin").get(path).status_code == 200


# ---- preview: X10 ----
@pytest.mark.parametrize("content", [photo(), png(), webp()] + [jpeg(size) for size in SIZES],
                         ids=lambda content: str(len(content)))
def test_x10_preview_gives_the_bytes_and_says_what_they_are(client, asset, content):
    kind = client.upload(asset, content).json()["data"]["mimetype"]
    answer = client.preview(asset)
    assert answer.status_code == 200 and answer.content == content
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Length"] == str(len(content))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["ETag"].startswith('"') and answer.headers["ETag"].endswith('"')
    assert email.utils.parsedate_to_datetime(answer.headers["Last-Modified"])
    # Contract G1's reasoning: shared caches must not keep what needs a token.
    assert "public" not in answer.headers.get("Cache-Control", "")


def test_x10_the_etag_is_of_the_content(client):
    first, second, third = [client.new_asset()["id"] for _ in range(3)]
    for asset, content in ((first, jpeg(900, 1)), (second, jpeg(900, 1)), (third, jpeg(900, 2))):
        client.upload(asset, content)
    tags = [client.preview(asset).headers["ETag"] for asset in (first, second, third)]
    assert tags[0] == tags[1] != tags[2]


@pytest.mark.parametrize("size", SIZES)
def test_x10_one_range_is_206(client, asset, size):
    content = jpeg(size)
    client.upload(asset, content)
    cases = [("0-0", 0, 0), ("0-99", 0, 99), ("5-", 5, size - 1), ("-5", size - 5, size - 1),
             (f"-{size + 10}", 0, size - 1), (f"{size - 1}-", size - 1, size - 1),
             (f"10-{size * 2}", 10, size - 1), (f"{size // 2 - 7}-{size // 2 + 7}", size // 2 - 7,
                                               size // 2 + 7)]
    for text, first, last in cases:
        answer = client.preview(asset, headers={"Range": f"bytes={text}"})
        assert answer.status_code == 206, text
        assert answer.content == content[first:last + 1], text
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert answer.headers["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("text", ["{size}-", "{size}-{size}", "-0"])
def test_x10_an_unsatisfiable_range_is_416(client, asset, text):
    client.upload(asset, jpeg(5000))
    answer = client.preview(asset, headers={"Range": "bytes=" + text.format(size=5000)})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == "bytes */5000"


@pytest.mark.parametrize("text", ["bytes=abc", "bytes=9-2", "lines=0-5", "bytes=",
                                  "bytes=0-4,10-14", "bytes 0-4"])
def test_x10_what_is_no_single_range_is_ignored(client, asset, text):
    # Expectation: several ranges are answered with the whole; the contract asks for single ones.
    content = jpeg(5000)
    client.upload(asset, content)
    answer = client.preview(asset, headers={"Range": text})
    assert answer.status_code == 200 and answer.content == content


def test_x10_if_range(client, asset):
    client.upload(asset, jpeg(5000))
    tag = client.preview(asset).headers["ETag"]
    for value, status in ((tag, 206), ('"other"', 200), ("W/" + tag, 200)):
        answer = client.preview(asset, headers={"Range": "bytes=0-9", "If-Range": value})
        assert answer.status_code == status, value


def test_x10_if_none_match_is_304_without_a_body(client, asset):
    client.upload(asset, jpeg(5000))
    tag = client.preview(asset).headers["ETag"]
    for value in (tag, "W/" + tag, "*", f'"x", {tag}', f'"x",{tag} , "y"'):
        answer = client.preview(asset, headers={"If-None-Match": value})
        assert answer.status_code == 304 and answer.content == b"", value
        assert answer.headers["ETag"] == tag
    for value in ('"x"', tag.strip('"')):
        assert client.preview(asset, headers={"If-None-Match": value}).status_code == 200, value


def test_x10_if_modified_since(client, asset):
    client.upload(asset, jpeg(5000))
    modified = client.preview(asset).headers["Last-Modified"]
    moment = email.utils.parsedate_to_datetime(modified).timestamp()
    earlier, later = [email.utils.formatdate(moment + off, usegmt=True) for off in (-10, 10)]
    for value, status in ((modified, 304), (later, 304), (earlier, 200), ("nonsense", 200)):
        answer = client.preview(asset, headers={"If-Modified-Since": value})
        assert answer.status_code == status, value
    # If-None-Match decides alone when both are there (RFC 9110, 13.1.3).
    answer = client.preview(asset, headers={"If-Modified-Since": later, "If-None-Match": '"x"'})
    assert answer.status_code == 200


def test_x10_head_tells_and_sends_nothing(client, asset):
    client.upload(asset, jpeg(700_000))
    got, told = client.preview(asset), client.head(picture_path(asset) + "/preview")
    assert told.status_code == 200 and told.content == b""
    for name in ("Content-Length", "Content-Type", "ETag", "Last-Modified", "Accept-Ranges"):
        assert told.headers[name] == got.headers[name]
    answer = client.head(picture_path(asset) + "/preview",
                         headers={"If-None-Match": got.headers["ETag"]})
    assert answer.status_code == 304


# ---- PATCH: replace ----
@pytest.mark.parametrize("sizes", [(5000, 6000), (5000, 700_000), (700_000, 5000),
                                   (2 * MIB, 3 * MIB)])
def test_patch_replaces_content_name_and_type(server, client, asset, sizes):
    made = client.upload(asset, jpeg(sizes[0]), filename="old.jpg").json()["data"]
    tag = client.preview(asset).headers["ETag"]
    other = server.client("org-a", "producer-user", "user-b")
    answer = other.replace(asset, png(sizes[1]), filename="new.png", content_type="image/png")
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert data["filename"] == "new.png" and data["mimetype"] == "image/png"
    assert data["updatedBy"] == "user-b" and data["updatedAt"] >= made["updatedAt"]
    # Expectation: it stays the same picture, so its id and creation stay; the contract is silent.
    for key in ("id", "createdBy", "createdAt", "assetId", "organizationId"):
        assert data[key] == made[key]
    assert client.get(picture_path(asset)).json()["data"] == data
    assert client.preview(asset).content == png(sizes[1])
    assert client.preview(asset).headers["ETag"] != tag


def test_patch_without_a_picture_behaves_like_an_upload(client, asset):
    answer = client.replace(asset, jpeg(500))
    # Expectation: PATCH's own 200 is as good as the upload's 201; the contract is silent.
    assert answer.status_code in (200, 201)
    assert client.get(picture_path(asset)).json() == answer.json()
    assert client.preview(asset).content == jpeg(500)


def test_a_refused_patch_leaves_the_picture_as_it_was(client, asset):
    client.upload(asset, jpeg(5000))
    before = client.get(picture_path(asset)).json()
    assert_error(client.replace(asset, b"no picture"), "InvalidMimeType")
    assert_error(client.replace(asset, b""), "InvalidMimeType")
    assert_too_large(client.replace(asset, jpeg(PICTURE_BYTES_MAX + 1)), PICTURE_BYTES_MAX + 1)
    assert client.get(picture_path(asset)).json() == before
    assert client.preview(asset).content == jpeg(5000)


def test_patch_of_what_is_not_ones_own(server, client, asset):
    client.upload(asset, jpeg(64))
    assert_error(server.client("org-b", "producer-user").replace(asset, jpeg(99)), "NoPermission")
    assert_error(client.replace(UNKNOWN, jpeg(99)), "NotFound")
    assert client.preview(asset).content == jpeg(64)


# ---- DELETE: remove ----
def test_delete_is_empty_repeatable_and_final(client, asset):
    client.upload(asset, jpeg(64))
    for _ in range(2):  # no picture: silently ok
        answer = client.delete(picture_path(asset))
        assert answer.status_code == 204 and answer.content == b""
        assert "Content-Length" not in answer.headers
    assert_error(client.get(picture_path(asset)), "NotFound")
    assert_error(client.preview(asset), "NotFound")
    assert_error(client.delete(picture_path(UNKNOWN)), "NotFound")


def test_delete_by_a_stranger_is_403_and_the_picture_stays(server, client, asset):
    client.upload(asset, jpeg(64))
    assert_error(server.client("org-b", "manufacturer-admin").delete(picture_path(asset)),
                 "NoPermission")
    assert client.preview(asset).content == jpeg(64)
