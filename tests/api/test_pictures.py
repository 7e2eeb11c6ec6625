"""POST /v1/pictures/asset/{assetId}/{organizationId}: contract 1.1, rules P1 to P14."""

import concurrent.futures
import re

import pytest

import payloads
import wire
from errors import assert_error, assert_too_large
from harness import file_part, form, picture_path, text_part
from payloads import MIB, PICTURE_BYTES_MAX, jpeg, png, webp

UUID4 = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
KEYS = ["id", "filename", "ownerId", "mimetype", "updatedAt", "updatedBy", "createdBy", "createdAt",
        "organizationId", "manufacturerId", "assetId"]  # the order of the example


def post_form(client, asset, parts, organization="org-a"):
    body, header = form(parts)
    return client.post(f"/api/storage/v1/pictures/asset/{asset}/{organization}", data=body,
                       headers={"Content-Type": header})


def stored(client, asset):
    return client.get(picture_path(asset)).status_code == 200


# ---- P1: success ----
@pytest.mark.parametrize("prefix", ["/api/storage/v1", "/v1"])
def test_p01_success_is_201_with_the_whole_picture(client, asset, prefix):
    answer = client.upload(asset, payloads.photo(), filename="photo.jpg", prefix=prefix)
    assert answer.status_code == 201
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    assert list(answer.json()) == ["data"]
    data = answer.json()["data"]
    assert list(data) == KEYS
    assert UUID4.match(data["id"])
    assert INSTANT.match(data["createdAt"]) and data["createdAt"] == data["updatedAt"]
    expected = {"filename": "photo.jpg", "ownerId": "org-a", "mimetype": "image/jpeg",
                "updatedBy": "user-a", "createdBy": "user-a", "organizationId": "org-a",
                "manufacturerId": None, "assetId": asset}
    assert {key: data[key] for key in expected} == expected


def test_p01_the_manufacturer_is_the_assets(client):
    # Expectation: manufacturerId is settable when an asset is created; the contract only reads it.
    asset = client.new_asset(manufacturerId="org-m")["id"]
    assert client.upload(asset, jpeg(100)).json()["data"]["manufacturerId"] == "org-m"


# ---- P2, P3, P14: one picture per asset ----
def test_p02_a_second_picture_is_a_conflict_and_the_first_stays(client, asset):
    first = jpeg(1000, 1)
    assert client.upload(asset, first).status_code == 201
    assert_error(client.upload(asset, jpeg(1000, 2)), "Conflict")
    assert client.preview(asset).content == first


@pytest.mark.parametrize("size", [2000, 700_000])
def test_p03_of_concurrent_uploads_exactly_one_wins(server, client, size):
    for round_number in range(3):
        asset = client.new_asset()["id"]
        contents = [jpeg(size, f"{round_number}/{i}") for i in range(8)]
        callers = [server.client() for _ in contents]
        with concurrent.futures.ThreadPoolExecutor(len(contents)) as pool:
            answers = list(pool.map(lambda pair: pair[0].upload(asset, pair[1]),
                                    zip(callers, contents)))
        winners = [i for i, answer in enumerate(answers) if answer.status_code == 201]
        assert len(winners) == 1
        for i, answer in enumerate(answers):
            if i not in winners:
                assert_error(answer, "Conflict")
        assert client.preview(asset).content == contents[winners[0]]


def test_p14_after_a_delete_the_next_upload_has_a_new_id(client, asset):
    first = client.upload(asset, jpeg(100)).json()["data"]["id"]
    assert client.delete(picture_path(asset)).status_code == 204
    again = client.upload(asset, jpeg(100))
    assert again.status_code == 201
    assert again.json()["data"]["id"] != first


# ---- P4, P5, P6: size ----
def test_p04_exactly_10_mib_is_accepted_whatever_the_form_adds(client, asset):
    content = jpeg(PICTURE_BYTES_MAX)
    answer = post_form(client, asset, [text_part("note", b"x" * 1000), file_part(content)])
    assert answer.status_code == 201
    assert client.preview(asset).content == content


@pytest.mark.parametrize("size", [PICTURE_BYTES_MAX + 1, PICTURE_BYTES_MAX + 60_000])
def test_p05_one_byte_more_is_too_large(client, asset, size):
    assert_too_large(client.upload(asset, jpeg(size)), size)
    assert not stored(client, asset)


def test_p05_a_chunked_upload_is_cut_when_it_passes_the_limit(server, client, asset):
    # Its length is not known from the head; "bytes seen" may be any number above the limit.
    body, _ = form([file_part(jpeg(PICTURE_BYTES_MAX + 3 * MIB))], boundary="B")
    answer = wire.exchange(server, wire.upload_head(asset, None, server.token())
                           + wire.chunked(body, MIB))
    current = answer.json()["errors"][0]["extension"]["currentFileSize"]
    assert 10 <= current <= 13.01
    assert_too_large(answer, current * MIB)
    assert not stored(client, asset)


def test_p06_an_announced_12_5_mib_is_refused_from_the_head(server, asset):
    with wire.Connection(server) as connection:
        connection.send(wire.upload_head(asset, 13107200, server.token()))
        answer = connection.response()  # no byte of the body was sent
    assert_too_large(answer, 13107200)
    assert answer.content == (
        b'{"errors":[{"errorCode":"FileTooLarge","message":"Uploaded file exceeds the maximum '
        b'allowed size of 10MB. Current file size: 12.5MB.","extension":{"maxFileSize":10,'
        b'"currentFileSize":12.5}}]}')  # the vendor's own example
    assert answer.closes


def test_p06_an_announced_body_within_the_margin_is_read(client, asset):
    content = jpeg(PICTURE_BYTES_MAX)
    body, header = form([text_part("padding", b"x" * (60 * 1024)), file_part(content)])
    assert PICTURE_BYTES_MAX < len(body) < PICTURE_BYTES_MAX + 64 * 1024
    answer = client.post(f"{picture_path(asset)}/org-a", data=body,
                         headers={"Content-Type": header})
    assert answer.status_code == 201


# ---- P7, P8, P9: type ----
@pytest.mark.parametrize("content, detected", [(jpeg(64), "image/jpeg"), (png(), "image/png"),
                                               (webp(), "image/webp"), (jpeg(3), "image/jpeg")])
@pytest.mark.parametrize("declared", ["image/jpeg", "image/jpg", "image/png", "image/webp",
                                      "application/octet-stream", "IMAGE/PNG", None])
def test_p07_the_bytes_decide_the_stored_type(client, asset, content, detected, declared):
    answer = client.upload(asset, content, content_type=declared)
    assert answer.status_code == 201
    assert answer.json()["data"]["mimetype"] == detected
    assert client.preview(asset).headers["Content-Type"] == detected


@pytest.mark.parametrize("declared", ["image/gif", "image/svg+xml", "text/html", "application/pdf",
                                      "image/*", "image"])
def test_p07_a_declared_type_outside_the_three_is_refused(client, asset, declared):
    assert_error(client.upload(asset, jpeg(64), content_type=declared), "InvalidMimeType")
    assert not stored(client, asset)


@pytest.mark.parametrize("content", [
    b"GIF89a" + bytes(20), b"<html><script>alert(1)</script>", b"%PDF-1.7\n", b"\xff\xd8",
    payloads.PNG[:7], b"RIFF\x10\0\0\0WEB", b"RIFF\x10\0\0\0WAVEfmt ", b" " + jpeg(64),
    b"\xff\xd8\xfe"])
def test_p08_bytes_of_no_allowed_type_are_refused(client, asset, content):
    assert_error(client.upload(asset, content), "InvalidMimeType")
    assert not stored(client, asset)


def test_p09_an_empty_file_has_no_type(client, asset):
    assert_error(client.upload(asset, b""), "InvalidMimeType")


# ---- P10: the form ----
def test_p10_two_files_are_a_bad_request(client, asset):
    answer = post_form(client, asset, [file_part(jpeg(64, 1)), file_part(jpeg(64, 2))])
    assert_error(answer, "BadRequest")
    assert not stored(client, asset)


def test_p10_unknown_text_fields_are_ignored(client, asset):
    parts = [text_part("a", b"1"), file_part(jpeg(64)), text_part("b", b"2")]
    assert post_form(client, asset, parts).status_code == 201


@pytest.mark.parametrize("parts", [
    [], [text_part("a", b"1")], [file_part(jpeg(64), name="picture")],
    [text_part("file", jpeg(64))]],
    ids=["nothing", "other text", "other name", "file as text"])
def test_p10_without_a_file_named_file_it_is_a_bad_request(client, asset, parts):
    assert_error(post_form(client, asset, parts), "BadRequest")
    assert not stored(client, asset)


@pytest.mark.parametrize("header", ["application/json", "multipart/form-data", "multipart/mixed; "
                                    "boundary=B", "text/plain", None])
def test_p10_a_body_that_is_no_form_is_a_bad_request(client, asset, header):
    headers = {"Content-Type": header} if header else {}
    assert_error(client.post(f"{picture_path(asset)}/org-a", data=b"--B--\r\n", headers=headers),
                 "BadRequest")


# ---- P11, P12: whose asset ----
@pytest.mark.parametrize("unknown", ["833cb09d-6c34-4590-be5f-a62fab9f41a2", "no-uuid", "1",
                                     "a%20b"])
def test_p11_an_unknown_asset_is_404_whatever_its_form(client, unknown):
    assert_error(client.upload(unknown, jpeg(64)), "NotFound")


def test_p12_an_admin_of_any_organization_may(server, asset):
    answer = server.client("org-z", "admin", "root").upload(asset, jpeg(64))
    assert answer.status_code == 201
    assert answer.json()["data"]["ownerId"] == "org-z"  # the caller's organization


def test_p12_for_an_admin_a_foreign_path_organization_is_404(client, asset):
    assert_error(client.upload(asset, jpeg(64), organization="org-b"), "NotFound")


ROLES = ["manufacturer-admin", "manufacturer-user", "producer-admin", "producer-user"]


@pytest.mark.parametrize("role", ROLES)
def test_p12_the_other_roles_need_token_path_and_asset_to_agree(server, client, role):
    own, foreign = client.new_asset()["id"], server.client("org-b").new_asset()["id"]
    caller = server.client("org-a", role)
    assert caller.upload(own, jpeg(64)).status_code == 201
    assert_error(caller.upload(own, jpeg(64), organization="org-b"), "NoPermission")
    assert_error(caller.upload(foreign, jpeg(64), organization="org-b"), "NoPermission")
    assert_error(caller.upload(foreign, jpeg(64), organization="org-a"), "NoPermission")


@pytest.mark.parametrize("role", ROLES)
def test_p12_a_manufacturer_may_on_what_it_made(server, client, role):
    asset = client.new_asset(manufacturerId="org-m")["id"]
    answer = server.client("org-m", role).upload(asset, jpeg(64))
    if role.startswith("manufacturer"):
        assert answer.status_code == 201
        assert answer.json()["data"]["ownerId"] == "org-m"
    else:
        assert_error(answer, "NoPermission")


@pytest.mark.parametrize("role", ["sales-agent", "Admin", "viewer", ""])
def test_p12_a_role_outside_the_list_is_403_even_for_an_unknown_asset(server, asset, role):
    for target in (asset, "unknown"):
        assert_error(server.client("org-a", role).upload(target, jpeg(64)), "NoPermission")


# ---- P13 and X2: the order, decided before the body ----
def test_p13_a_bad_file_for_a_taken_asset_is_a_conflict(client, asset):
    client.upload(asset, jpeg(64))
    assert_error(client.upload(asset, b"no picture"), "Conflict")
    assert_error(post_form(client, asset, []), "Conflict")


@pytest.mark.parametrize("case, code", [
    ("no token", "Unauthorized"), ("bad token", "Unauthorized"), ("role", "NoPermission"),
    ("unknown", "NotFound"), ("foreign", "NoPermission"), ("taken", "Conflict")])
@pytest.mark.parametrize("expect", [(), (("Expect", "100-continue"),)], ids=["plain", "expect"])
def test_x2_it_is_answered_before_the_body(server, client, asset, case, code, expect):
    token = {"no token": None, "bad token": "a.b.c", "role": server.token("org-a", "sales-agent"),
             "foreign": server.token("org-b", "producer-user")}.get(case, server.token())
    if case == "taken":
        client.upload(asset, jpeg(64))
    target = "unknown" if case in ("unknown", "role") else asset
    with wire.Connection(server) as connection:
        connection.send(wire.upload_head(target, 1_000_000, token, more=expect))
        answer = connection.response()  # the body was never sent
        assert_error(answer, code)
        assert answer.closes


def test_x2_a_welcome_upload_hears_100_continue_first(server, client, asset):
    body, _ = form([file_part(jpeg(5000))], boundary="B")
    with wire.Connection(server) as connection:
        connection.send(wire.upload_head(asset, len(body), server.token(),
                                         more=(("Expect", "100-continue"),)))
        assert connection.response().status_code == 100
        assert connection.send(body).response().status_code == 201
