"""Bodies of every size through every tier: they come back as they went, and are stored once."""

import concurrent.futures
import hashlib
import os

import pytest

import wire
from harness import eventually, file_part, form, picture_path
from payloads import KIB, MIB, PICTURE_BYTES_MAX, jpeg

SIZES = [3, 4, 100, 4095, 4096, 4097, 65535, 65536, 65537, 512 * KIB - 1, 512 * KIB, 512 * KIB + 1,
         MIB - 1, MIB, MIB + 1, 3 * MIB + 12345, PICTURE_BYTES_MAX - 1, PICTURE_BYTES_MAX]
FILE_TIER = 700_000  # above the threshold of 512 KiB: a file of its own under data/blobs


@pytest.fixture
def own(make_server):
    """A server and a client which nobody else uses, for tests that look at its disk."""
    server = make_server()
    return server, server.client()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("framing", ["length", "chunked", "small chunks"])
def test_bytes_come_back_identical(server, client, asset, size, framing):
    content = jpeg(size)
    body, header = form([file_part(content)])
    step = {"length": None, "chunked": 1 << 18, "small chunks": 1021}[framing]
    data = body if step is None else (body[i:i + step] for i in range(0, len(body), step))
    answer = client.post(f"{picture_path(asset)}/org-a", data=data,
                         headers={"Content-Type": header})
    assert answer.status_code == 201, answer.text
    assert client.preview(asset).content == content


@pytest.mark.parametrize("size", [10, 4096, 100_000, 600 * KIB, 2 * MIB])
def test_bytes_sent_in_dribs_and_drabs_come_back_identical(server, client, asset, size):
    content = jpeg(size, "dribs")
    body, _ = form([file_part(content)], boundary="B")
    with wire.Connection(server) as connection:
        connection.send(wire.upload_head(asset, len(body), server.token()))
        place, step = 0, 1
        while place < len(body):
            connection.send(body[place:place + step])
            place, step = place + step, step * 3 % 65_521  # 1, 3, 9, … never aligned to anything
        assert connection.response().status_code == 201
    assert client.preview(asset).content == content


def test_several_uploads_on_one_connection(server, client):
    assets = [client.new_asset()["id"] for _ in range(6)]
    sizes = [100, 700_000, 5000, 2 * MIB, 3, 65536]
    with wire.Connection(server) as connection:
        for asset, size in zip(assets, sizes):
            body, _ = form([file_part(jpeg(size, asset))], boundary="B")
            connection.send(wire.upload_head(asset, len(body), server.token()) + body)
            assert connection.response().status_code == 201
    for asset, size in zip(assets, sizes):
        assert client.preview(asset).content == jpeg(size, asset)


def test_pipelined_uploads_are_answered_in_order(server, client):
    assets = [client.new_asset()["id"] for _ in range(5)]
    stream = b""
    for asset in assets:
        body, _ = form([file_part(jpeg(2000, asset), filename=f"{asset}.jpg")], boundary="B")
        stream += wire.upload_head(asset, len(body), server.token()) + body
    with wire.Connection(server) as connection:
        connection.send(stream)
        for asset in assets:
            answer = connection.response()
            assert answer.status_code == 201
            assert answer.json()["data"]["filename"] == f"{asset}.jpg"


def test_many_clients_at_once_keep_their_bytes_apart(server, client):
    sizes = [100, 5000, 70_000, 600_000, 1_500_000]
    jobs = [(client.new_asset()["id"], jpeg(sizes[i % 5], f"many/{i}")) for i in range(60)]

    def one(job):
        caller = server.client()
        status = caller.upload(*job).status_code
        return status, caller.preview(job[0]).content == job[1]

    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert set(pool.map(one, jobs)) == {(201, True)}


# ---- each distinct content once ----
@pytest.mark.parametrize("size", [FILE_TIER, 2 * MIB + 1])
def test_equal_content_shares_one_file_until_nobody_names_it(own, size):
    server, client = own
    content = jpeg(size)
    assets = [client.new_asset()["id"] for _ in range(3)]
    for asset in assets:
        assert client.upload(asset, content).status_code == 201
    eventually(lambda: len(server.blobs()) == 1, what="one blob for three pictures")
    ((name, stored),) = server.blobs().items()
    assert stored == size
    folder, blob = name.split("/")
    assert blob.startswith(folder) and len(blob) == 32  # blobs/aa/<XXH3-128 in hex>
    assert (server.data / "blobs" / name).read_bytes() == content
    for asset in assets[:-1]:
        assert client.delete(picture_path(asset)).status_code == 204
    assert client.preview(assets[-1]).content == content
    assert list(server.blobs()) == [name]
    client.delete(picture_path(assets[-1]))
    eventually(lambda: server.blobs() == {}, 30, "the file of content that nobody names goes")


def test_equal_content_at_the_same_moment_shares_one_file(own):
    server, client = own
    content = jpeg(FILE_TIER)
    assets = [client.new_asset()["id"] for _ in range(12)]
    callers = [server.client() for _ in assets]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda pair: pair[0].upload(pair[1], content),
                                zip(callers, assets)))
    assert {answer.status_code for answer in answers} == {201}
    eventually(lambda: len(server.blobs()) == 1, what="one blob")
    for asset in assets:
        assert client.preview(asset).content == content


def test_content_that_was_deleted_can_be_uploaded_again(own):
    server, client = own
    for size in (5000, FILE_TIER):
        asset, content = client.new_asset()["id"], jpeg(size)
        for _ in range(5):
            assert client.upload(asset, content).status_code == 201
            assert client.preview(asset).content == content
            assert client.delete(picture_path(asset)).status_code == 204


def test_replaced_content_is_freed(own):
    server, client = own
    asset = client.new_asset()["id"]
    client.upload(asset, jpeg(FILE_TIER, 1))
    client.replace(asset, jpeg(FILE_TIER, 2))
    eventually(lambda: len(server.blobs()) == 1, 30, "the replaced file goes")
    assert client.preview(asset).content == jpeg(FILE_TIER, 2)


def test_refused_content_leaves_no_file(own):
    server, client = own
    asset = client.new_asset()["id"]
    before = server.files()
    for parts in ([file_part(b"GIF89a" + bytes(FILE_TIER))],
                  [file_part(jpeg(PICTURE_BYTES_MAX + 1))],
                  [file_part(jpeg(FILE_TIER, 1)), file_part(jpeg(FILE_TIER, 2))]):
        body, _ = form(parts, boundary="B")
        head = wire.upload_head(asset, len(body), server.token())
        assert wire.exchange(server, head + body).status_code == 400
    eventually(lambda: server.files() == before, what="nothing stays of what was refused")


# ---- a digest sent along is verified before the picture becomes visible ----
def digests(content):
    import base64
    sha, md5 = hashlib.sha256(content).digest(), hashlib.md5(content).digest()
    return {"sha-256": base64.b64encode(sha).decode(), "md5": base64.b64encode(md5).decode()}


def test_a_content_digest_of_the_request_is_verified(client, asset):
    # Content-Digest is of the message content: the whole form (RFC 9530).
    body, header = form([file_part(jpeg(5000))])
    told = digests(body)["sha-256"]
    path = f"{picture_path(asset)}/org-a"
    wrong = client.post(path, data=body + b" ", headers={
        "Content-Type": header, "Content-Digest": f"sha-256=:{told}:"})
    assert wrong.status_code == 400
    assert client.get(picture_path(asset)).status_code == 404
    right = client.post(path, data=body, headers={
        "Content-Type": header, "Content-Digest": f"sha-256=:{told}:"})
    assert right.status_code == 201


def test_no_descriptor_stays_open_after_uploads(own):
    server, client = own
    client.session.close()
    before = eventually(lambda: server.fds() or ["none"], what="descriptors")
    for i in range(20):
        caller = server.client()
        asset = caller.new_asset()["id"]
        caller.upload(asset, jpeg(FILE_TIER, i))
        caller.preview(asset)
        caller.session.close()
    eventually(lambda: len(server.fds()) <= len(before), what="descriptors come back")
    assert os.path.exists(f"/proc/{server.pid}")


@pytest.mark.parametrize("size", [100, 20_000, 600_000, MIB, MIB + 1, 5 * MIB + 3])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_raw_body_is_the_picture(client, asset, size, chunked):
    content = jpeg(size)
    body = iter([content[:1000], content[1000:]]) if chunked and size > 1000 else content
    told = digests(content)["sha-256"]
    answer = client.post(f"{picture_path(asset)}/org-a?filename=crane%20seven.jpg", data=body,
                         headers={"Content-Type": "image/jpeg", "Repr-Digest": f"sha-256=:{told}:"})
    assert answer.status_code == 201
    assert answer.json()["data"]["filename"] == "crane seven.jpg"
    assert client.preview(asset).content == content


def test_a_raw_body_of_another_type_is_no_upload(client, asset):
    for kind in ("text/plain", "application/json", "application/x-www-form-urlencoded"):
        answer = client.post(f"{picture_path(asset)}/org-a", data=jpeg(100),
                             headers={"Content-Type": kind})
        assert answer.status_code == 400, kind
    assert client.get(picture_path(asset)).status_code == 404


def test_a_raw_body_that_is_not_what_its_digest_says_is_refused(client, asset, server):
    before = server.files()
    content = jpeg(700_000)
    told = digests(content[:-1])["sha-256"]
    answer = client.post(f"{picture_path(asset)}/org-a", data=content, headers={
        "Content-Type": "image/jpeg", "Repr-Digest": f"sha-256=:{told}:"})
    assert answer.status_code == 400
    assert client.get(picture_path(asset)).status_code == 404
    eventually(lambda: server.files() == before)


def test_v2_racing_creators_leave_the_files_of_the_losers_nowhere(own):
    # All pass the check of the head, and all but one are refused by the commit (P3).
    server, client = own
    asset = client.new_asset()["id"]
    contents = [jpeg(FILE_TIER, f"racer {number}") for number in range(8)]
    with concurrent.futures.ThreadPoolExecutor(len(contents)) as pool:
        answers = list(pool.map(lambda content: server.client().upload(asset, content), contents))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    eventually(lambda: len(server.blobs()) == 1)
    (winner,) = [c for c, answer in zip(contents, answers) if answer.status_code == 201]
    assert client.preview(asset).content == winner


def test_v4_large_uploads_that_wait_for_the_disk_keep_to_their_chunks(make_server):
    server = make_server("[limits]\nchunks_per_core = 16\n[data]\nlarge_writes_per_core = 1\n")
    client = server.client()
    assets = [client.new_asset()["id"] for _ in range(12)]
    with concurrent.futures.ThreadPoolExecutor(len(assets)) as pool:
        answers = list(pool.map(
            lambda asset: server.client().upload(asset, jpeg(PICTURE_BYTES_MAX, asset)), assets))
    assert [answer.status_code for answer in answers] == [201] * len(assets)
    for asset in assets:
        assert client.preview(asset).content == jpeg(PICTURE_BYTES_MAX, asset)
