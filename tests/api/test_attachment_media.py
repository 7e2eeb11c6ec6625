"""The content of Media Pocket's assets (contract 4.2): in, out, replaced, removed."""

import hashlib

import pytest

import wire
from harness import eventually, file_part, form, text_part
from media_pocket import BASE, Pocket, assert_refused, make_key, plain
from payloads import MIB, jpeg, noise, png

OWNER = "admin@example.com"
DONE = b'{"ok":"ok"}'
SIZES = [1, 5000, 524_288, 3 * MIB + 17]  # both tiers, one chunk and several


@pytest.fixture(scope="session")
def key(shared_server):
    return make_key(shared_server, OWNER)


@pytest.fixture
def pocket(server, key):
    return Pocket(server, key)


@pytest.fixture
def asset(pocket):
    return pocket.asset()["id"]


def form_upload(pocket, asset, content, filename, content_type="image/jpeg"):
    return pocket.upload(asset, content, filename, content_type)


def raw_put(pocket, asset, content, filename, content_type="image/jpeg"):
    return pocket.put(f"/assets/{asset}/media", data=content, params={"filename": filename},
                      headers={"Content-Type": content_type})


def raw_post(pocket, asset, content, filename, content_type="image/jpeg"):
    headers = {"Content-Type": content_type,
               "Content-Disposition": f'attachment; filename="{filename}"'}
    return pocket.post(f"/assets/{asset}/media", data=content, headers=headers)


WAYS = [form_upload, raw_put, raw_post]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("way", WAYS)
def test_content_comes_back_and_shows_in_the_asset(pocket, asset, way, size):
    content = jpeg(size, way.__name__)
    before = pocket.read(asset)
    answer = way(pocket, asset, content, "test_filename.jpg")
    assert answer.status_code == 200 and answer.content == DONE
    filled = pocket.read(asset)
    assert filled == {**before, "media_type": "image", "original_filename": "test_filename.jpg",
                      "md5_sum": hashlib.md5(content).hexdigest(),
                      "modification_date": filled["modification_date"]}
    assert filled["modification_date"] >= before["modification_date"]
    [media] = pocket.media(asset)
    assert list(media) == ["id", "filename", "mime_type", "size", "download_url"]
    assert (media["filename"], media["mime_type"], media["size"]) == (
        "test_filename.jpg", "image/jpeg", size)
    path = f"/assets/{asset}/media/{media['id']}"
    assert media["download_url"].endswith(BASE + path)
    assert pocket.get(path + "/download_url").json() == {"download_url": media["download_url"]}
    assert pocket.content(asset).content == content


@pytest.mark.parametrize("content, filename, declared, media_type, mime_type", [
    (png(), "a.bin", "application/octet-stream", "image", "image/png"),
    (b"%PDF-1.7\n", "a", "text/plain", "document", "application/pdf"),
    (noise(64), "a.MP4", "application/octet-stream", "video", "video/mp4"),
    (noise(64), "a.wav", "application/octet-stream", "audio", "audio/wav"),
    (noise(64), "a.docx", "application/octet-stream", "document", None),
    (noise(64), "a", "audio/x-own", "audio", "audio/x-own"),
    (noise(64), "a", "application/octet-stream", "document", "application/octet-stream")])
def test_the_media_type_is_found(pocket, asset, content, filename, declared, media_type,
                                 mime_type):
    assert pocket.upload(asset, content, filename, declared).status_code == 200
    assert pocket.read(asset)["media_type"] == media_type
    if mime_type:
        assert pocket.media(asset)[0]["mime_type"] == mime_type
        assert pocket.content(asset).headers["Content-Type"] == mime_type


def test_x8_the_name_is_the_last_part_of_what_was_sent(pocket, asset):
    pocket.upload(asset, jpeg(64), "../../etc/a b.jpg")
    assert pocket.read(asset)["original_filename"] == "a b.jpg"
    pocket.put(f"/assets/{asset}/media", data=jpeg(64))
    assert pocket.read(asset)["original_filename"] == "attachment.jpeg"


def test_x10_content_is_served_safely(pocket, asset):
    content = b"<script>alert(1)</script>"
    pocket.upload(asset, content, "a.html", "text/html")
    answer = pocket.content(asset)
    assert answer.content == content
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    tag = answer.headers["ETag"]
    assert pocket.content(asset, headers={"If-None-Match": tag}).status_code == 304
    part = pocket.content(asset, headers={"Range": "bytes=1-6"})
    assert part.status_code == 206 and part.content == content[1:7]
    assert pocket.content(asset, headers={"Range": "bytes=99-"}).status_code == 416


def test_the_bytes_need_a_key(server, pocket, asset):
    pocket.upload(asset, jpeg(64))
    url = pocket.media(asset)[0]["download_url"]
    assert_refused(plain(server, "GET", url[len(server.url):]), 401, "Unauthorized")


def test_new_content_takes_the_place_of_the_old(make_server):
    server = make_server()
    pocket = Pocket(server, make_key(server, OWNER))
    asset = pocket.asset()["id"]
    pocket.upload(asset, jpeg(MIB, 1))
    [first] = pocket.media(asset)
    assert len(server.blobs()) == 1
    pocket.upload(asset, jpeg(MIB, 2), "b.jpg")
    [second] = pocket.media(asset)
    assert second["id"] != first["id"] and second["filename"] == "b.jpg"
    assert_refused(pocket.get(f"/assets/{asset}/media/{first['id']}"), 404, "media not found")
    assert pocket.content(asset).content == jpeg(MIB, 2)
    eventually(lambda: len(server.blobs()) == 1)


def test_v8_what_is_removed_leaves_no_file_and_check_is_content(make_server):
    server = make_server()
    pocket = Pocket(server, make_key(server, OWNER))
    project = pocket.project()["id"]
    one, two = pocket.asset()["id"], pocket.asset()["id"]
    child = pocket.attach(one)["id"]
    member = pocket.made(f"/projects/{project}/assets", "asset", title="m")["id"]
    for number, target in enumerate((one, two, child, member)):
        assert pocket.upload(target, jpeg(MIB, number)).content == DONE
    pocket.upload(pocket.asset()["id"], jpeg(100))
    assert len(server.blobs()) == 4
    pocket.post(f"/assets/{child}/trash_bin")
    server.stop()
    checked = server.check("--deep")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    server.start()
    assert pocket.delete(f"/assets/{one}").content == DONE
    assert pocket.delete(f"/assets/{two}/media").status_code == 200
    assert pocket.delete(f"/projects/{project}").content == DONE
    eventually(lambda: not server.blobs(), what="collection")
    server.stop()
    assert server.check("--deep").returncode == 0


def test_removing_content_makes_a_placeholder_again(pocket, asset):
    empty = pocket.read(asset)
    pocket.upload(asset, jpeg(64))
    answer = pocket.delete(f"/assets/{asset}/media")
    assert answer.status_code == 200
    assert answer.json() == {"asset": {**empty, "modification_date":
                                       answer.json()["asset"]["modification_date"]}}
    assert pocket.media(asset) == []


def test_removing_what_is_not_there_is_told_in_a_200(pocket, asset):
    answer = pocket.delete(f"/assets/{asset}/media")
    assert answer.status_code == 200
    assert list(answer.json()) == ["asset", "errors"]
    assert answer.json() == {"asset": pocket.read(asset), "errors": {
        "error": "No media found on this asset.", "status": 400}}


def test_without_a_file_it_is_422(pocket, asset):
    body, header = form([text_part("file", b"x")])
    for answer in (pocket.post(f"/assets/{asset}/media", data=body,
                               headers={"Content-Type": header}),
                   pocket.put(f"/assets/{asset}/media"), pocket.post(f"/assets/{asset}/media")):
        assert_refused(answer, 422, "Missing parameter file")
    assert pocket.media(asset) == []


@pytest.mark.parametrize("parts, header", [
    ([file_part(b"a"), file_part(b"b")], None), ([], "multipart/form-data")])
def test_a_form_that_is_not_right_is_400(pocket, asset, parts, header):
    body, good = form(parts)
    answer = pocket.post(f"/assets/{asset}/media", data=body,
                         headers={"Content-Type": header or good})
    assert_refused(answer, 400)
    assert pocket.media(asset) == []


@pytest.mark.parametrize("sent, status, text", [
    ({}, 422, "Missing parameter file_url"),
    ({"file_url": "http://h/a"}, 422, "Missing parameter filename"),
    ({"file_url": 5, "filename": "a"}, 422,
     "Invalid parameter 'file_url' value 5: Must be a String"),
    ({"file_url": "ftp://h/a", "filename": "a"}, 400, "not a valid HTTP URL"),
    ({"file_url": "file:///etc/passwd", "filename": "a"}, 400, "not a valid HTTP URL")])
def test_content_by_url_is_checked(pocket, asset, sent, status, text):
    assert_refused(pocket.post(f"/assets/{asset}/media", json=sent), status, text)


def test_content_by_url_is_not_fetched(server, pocket, asset):
    sent = {"file_url": f"{server.url}/healthz", "filename": "a.json"}
    assert_refused(pocket.post(f"/assets/{asset}/media", json=sent), 422)
    assert pocket.media(asset) == []


def test_a_limit_of_content_holds(make_server):
    server = make_server("[limits]\nattachment_bytes_max = \"1MiB\"\n")
    key = make_key(server, OWNER)
    pocket = Pocket(server, key)
    asset = pocket.asset()["id"]
    assert pocket.upload(asset, jpeg(MIB)).content == DONE
    for way in WAYS:
        assert_refused(way(pocket, asset, jpeg(MIB + 1), "b.jpg"), 413, "File is too large")
    with wire.Connection(server) as connection:
        connection.send(wire.head("PUT", f"{BASE}/assets/{asset}/media",
                                  [("X-API-KEY", key), ("Content-Length", 2 * MIB)]))
        assert_refused(connection.response(), 413, "File is too large")  # from the head alone
    assert pocket.media(asset)[0]["filename"] == "a.jpg"


def test_v2_an_upload_that_breaks_off_leaves_nothing(make_server):
    server = make_server()
    key = make_key(server, OWNER)
    pocket = Pocket(server, key)
    asset = pocket.asset()["id"]

    def open_blobs():
        return [name for name in server.fds() if not name.startswith("socket:")]

    before = open_blobs()
    with wire.Connection(server) as connection:
        connection.send(wire.head("PUT", f"{BASE}/assets/{asset}/media",
                                  [("X-API-KEY", key), ("Content-Length", 4 * MIB)]))
        connection.send(jpeg(2 * MIB))
        eventually(lambda: len(open_blobs()) > len(before), what="the landing")
        connection.reset()
    eventually(lambda: open_blobs() == before, what="the end of the landing")
    assert server.blobs() == {} and pocket.media(asset) == []
