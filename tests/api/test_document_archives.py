"""POST /v1/documents/assets/zip/{assetId}: every file of an archive, or none (contract 1.3).

Archives are made by Python's zipfile, hostile ones by hand from its bytes.
"""

import io
import struct
import zipfile

import pytest

import wire
from documents import UNKNOWN, Documents, documents_of, pdf
from errors import assert_error
from harness import Server, eventually
from test_documents import assert_bad_field, assert_bad_language
from test_document_links import assert_entity


@pytest.fixture
def documents(client):
    return Documents(client)


def zipped(*files, method=zipfile.ZIP_DEFLATED):
    """The bytes of an archive of (name, content) pairs; a name may be a ZipInfo."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return buffer.getvalue()


def patched(archive, change, mark=b"PK\x01\x02"):
    """`archive` with its first central header (or what else has `mark`) changed in place."""
    data = bytearray(archive)
    change(data, data.index(mark))
    return bytes(data)


def refused(documents, asset, archive, **fields):
    answer = documents.archive(asset, archive, **fields)
    assert documents.ids(asset) == []
    return answer


def filler(size):
    """A PDF of `size` bytes that deflates to a few percent, so that no ratio is met by accident."""
    line = pdf()
    body = b"".join(b"%08x" % (n * 2654435761 % 2**32) + b"." * 64 for n in range(size // 72 + 1))
    return (line + body)[:size]


# ---- what becomes of it ----
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_every_file_becomes_a_document_with_its_own_name_and_type(documents, asset, method):
    files = [("manuals/pump.pdf", pdf()),
             ("manuals/de/valve.txt", b"plain words " + asset.encode()),
             ("photo.png", b"\x89PNG\r\n\x1a\n" + asset.encode()),
             ("large.pdf", filler(1_500_000))]
    answer = documents.archive(asset, zipped(("manuals/", b""), *files, method=method),
                               languageCodes="de", supplierDocument="true", supplierName="Amcor")
    assert answer.status_code == 201, answer.text
    made = answer.json()["data"]["documents"]
    assert answer.json()["data"]["warnings"] == []
    assert [(one["filename"], one["displayname"], one["mimetype"]) for one in made] == [
        ("pump.pdf", "pump.pdf", "application/pdf"), ("valve.txt", "valve.txt", "text/plain"),
        ("photo.png", "photo.png", "image/png"), ("large.pdf", "large.pdf", "application/pdf")]
    assert all((one["languages"], one["supplierName"], one["category"]["id"]) ==
               (["de"], "Amcor", "AA") for one in made)
    for one, (_, content) in zip(made, files):
        assert documents.preview(one["id"]).content == content
    assert set(documents.ids(asset)) == {one["id"] for one in made}


def test_a_displayname_stands_before_the_names_of_the_files(documents, asset):
    answer = documents.archive(asset, zipped(("a.pdf", pdf()), ("b" * 250, pdf())),
                               displayname="Manual 2025")
    assert [one["displayname"] for one in answer.json()["data"]["documents"]] == [
        "Manual 2025 a.pdf", ("Manual 2025 " + "b" * 250)[:255]]


def test_an_archive_may_be_the_body_itself(documents, asset):
    answer = documents.client.post(
        f"/v1/documents/assets/zip/{asset}?organizationId=org-a&categoryId=AA&filename=a.zip",
        data=zipped(("a.pdf", pdf())))
    assert answer.status_code == 201 and len(documents.ids(asset)) == 1


def test_an_archive_of_several_megabytes_is_read_from_the_disk(documents, asset):
    content = [bytes([n]) * 700_000 + pdf() for n in range(5)]
    archive = zipped(*((f"{n}.pdf", b"%PDF-1.7" + one) for n, one in enumerate(content)),
                     method=zipfile.ZIP_STORED)
    answer = documents.archive(asset, archive)
    assert answer.status_code == 201, answer.text
    for one, expected in zip(answer.json()["data"]["documents"], content):
        assert documents.preview(one["id"]).content == b"%PDF-1.7" + expected


def test_x8_names_are_never_paths(documents, asset):
    names = ["../../etc/passwd", "/etc/shadow", "C:\\temp\\x.pdf", "..", "\u00fcber/\u00e4.pdf"]
    answer = documents.archive(asset, zipped(*((name, pdf()) for name in names)))
    assert [one["filename"] for one in answer.json()["data"]["documents"]] == [
        "passwd", "shadow", "x.pdf", "document", "\u00e4.pdf"]


def test_what_a_mac_adds_is_left_out(documents, asset):
    answer = documents.archive(asset, zipped(("a.pdf", pdf()), ("__MACOSX/._a.pdf", b"x"),
                                             ("docs/.DS_Store", b"x")))
    assert [one["filename"] for one in answer.json()["data"]["documents"]] == ["a.pdf"]


def test_files_that_are_there_already_are_linked_and_told(documents, asset):
    content = pdf()
    other = documents.client.new_asset()["id"]
    first = documents.new(other, content)
    fresh = pdf()
    archive = zipped(("a.pdf", content), ("b.pdf", fresh), ("c.pdf", fresh))
    answer = documents.archive(asset, archive)
    assert answer.status_code == 201
    data = answer.json()["data"]
    assert [one["filename"] for one in data["documents"]] == ["b.pdf"]
    assert [one["warningCode"] for one in data["warnings"]] == ["DuplicateDocument"] * 2
    assert data["warnings"][0]["extension"]["document"]["id"] == first["id"]
    assert set(documents.ids(asset)) == {first["id"], data["documents"][0]["id"]}
    again = documents.archive(asset, zipped(("a.pdf", content), ("b.pdf", fresh)))
    assert again.status_code == 200 and again.json()["data"]["documents"] == []


# ---- the fields ----
def test_organization_and_category_are_required(documents, asset):
    archive = zipped(("a.pdf", pdf()))
    assert_bad_field(refused(documents, asset, archive, organizationId=None), "organizationId")
    assert_bad_field(refused(documents, asset, archive, categoryId=None), "categoryId")
    assert_bad_field(refused(documents, asset, archive, categoryId="nosuch"), "categoryId")
    assert_bad_field(refused(documents, asset, archive, supplierDocument="true"), "supplierName")
    assert_bad_language(refused(documents, asset, archive, languageCodes="xx"))
    assert_error(documents.archive(UNKNOWN, archive), "NotFound")
    stranger = documents_of(documents.client.server, "org-b", "producer-user")
    assert_error(stranger.archive(asset, archive), "NoPermission")


# ---- what is refused ----
@pytest.mark.parametrize("content", [b"no archive at all", pdf(), b"Rar!\x1a\x07\x00 and so on"])
def test_what_is_no_zip_is_an_invalid_type(documents, asset, content):
    answer = refused(documents, asset, content)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["errorCode"] == "InvalidMimeType"
    assert answer.json()["errors"][0]["extension"] == {"allowedMimeTypes": ["application/zip"]}


ARCHIVE = zipped(("a.txt", b"some words in a file " * 20), ("b.txt", b"other words"))


@pytest.mark.parametrize("cut", [30, 100, len(ARCHIVE) - 30, len(ARCHIVE) - 1])
def test_an_archive_that_was_cut_is_400(documents, asset, cut):
    assert_bad_field(refused(documents, asset, ARCHIVE[:cut]), "file")


def test_z1_headers_that_disagree_are_400(documents, asset):
    def other_name(data, at):
        data[at + 46:at + 47] = b"z"
    assert_bad_field(refused(documents, asset, patched(ARCHIVE, other_name)), "file")


def test_z2_an_encrypted_file_is_422(documents, asset):
    def encrypt(data, _):
        for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            at = data.index(mark)
            data[at + offset] |= 1
    assert_entity(refused(documents, asset, patched(ARCHIVE, encrypt)), "Archive")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_z2_other_methods_are_422(documents, asset, method):
    assert_entity(refused(documents, asset, zipped(("a.txt", b"words " * 50), method=method)),
                  "Archive")


@pytest.mark.parametrize("mode", [0o120777, 0o060600, 0o010600])
def test_z2_links_and_devices_are_422(documents, asset, mode):
    info = zipfile.ZipInfo("link.txt")
    info.create_system = 3
    info.external_attr = mode << 16
    assert_entity(refused(documents, asset, zipped((info, b"/etc/passwd"))), "Archive")


def test_an_archive_in_an_archive_and_an_empty_file_are_422(documents, asset):
    gzip = b"\x1f\x8b\x08\x00" + b"x" * 40
    for inner in (("b.zip", ARCHIVE), ("b.tar.gz", gzip), ("b.txt", b"")):
        answer = refused(documents, asset, zipped(("a.pdf", pdf()), inner))
        assert_entity(answer, "Archive")


def test_an_archive_without_files_is_422(documents, asset):
    for archive in (zipped(), zipped(("folder/", b"")), zipped(("__MACOSX/._a", b"x"))):
        assert_entity(refused(documents, asset, archive), "Archive")


def test_z5_a_wrong_checksum_is_400_and_the_files_before_it_are_not_kept(documents, asset):
    def damage(data, _):
        data[data.index(b"needle")] ^= 1
    archive = zipped(("a.pdf", pdf()), ("b.txt", b"a needle in it"), method=zipfile.ZIP_STORED)
    assert_bad_field(refused(documents, asset, patched(archive, damage)), "file")


def test_z5_a_file_that_lies_about_its_size_is_400(documents, asset):
    def shorter(data, _):
        for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
            at = data.index(mark)
            struct.pack_into("<I", data, at + offset, 100)
    assert_bad_field(refused(documents, asset, patched(ARCHIVE, shorter)), "file")


SMALL = """
[documents]
zip_bytes_max = "512KiB"
zip_entries_max = 3
zip_entry_bytes_max = "2MiB"
zip_total_bytes_max = "3MiB"
zip_ratio_max = 50
types = "application/pdf"
"""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("archives"), SMALL).start()
    yield documents_of(one)
    one.discard()


@pytest.mark.parametrize("sizes, good", [
    ([100] * 3, True), ([100] * 4, False),
    ([2 * 1048576], True), ([2 * 1048576 + 1], False),
    ([1048576] * 3, True), ([1048576] * 2 + [1048577], False)])
def test_z3_z4_counts_and_sizes_are_bounded_on_both_sides(small, sizes, good):
    asset = small.client.new_asset()["id"]
    answer = small.archive(asset, zipped(*((f"{n}.pdf", filler(size))
                                           for n, size in enumerate(sizes))))
    if not good:
        assert_entity(answer, "Archive")
    else:
        assert answer.status_code == 201, answer.text
    assert len(small.ids(asset)) == (len(sizes) if good else 0)


def test_z4_what_inflates_too_much_is_422(small):
    asset = small.client.new_asset()["id"]
    assert_entity(small.archive(asset, zipped(("a.pdf", pdf() + b"\0" * 1_500_000))), "Archive")
    # Below a megabyte any ratio is fine.
    assert small.archive(asset, zipped(("a.pdf", pdf() + b"\0" * 900_000))).status_code == 201


def test_z4_files_that_share_their_bytes_are_422(small):
    asset = small.client.new_asset()["id"]
    archive = zipped(("a.pdf", filler(50_000)), method=zipfile.ZIP_STORED)

    def twice(data, at):
        end = data.index(b"PK\x05\x06")
        header = bytes(data[at:end])
        data[end:end] = header
        end += len(header)
        struct.pack_into("<HHI", data, end + 8, 2, 2, 2 * len(header))
    answer = small.archive(asset, patched(archive, twice))
    assert answer.status_code in (400, 422) and small.ids(asset) == []


def test_z3_a_directory_that_claims_to_be_huge_is_422(small):
    asset = small.client.new_asset()["id"]
    for count, size in ((65535, 46), (1, 2**31)):
        def huge(data, at, count=count, size=size):
            struct.pack_into("<HHI", data, at + 8, count, count, size)
        assert_entity(small.archive(asset, patched(ARCHIVE, huge, b"PK\x05\x06")), "Archive")


def test_the_archive_itself_has_a_limit(small):
    asset = small.client.new_asset()["id"]
    answer = small.archive(asset, zipped(("a.pdf", filler(600_000)), method=zipfile.ZIP_STORED))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["errorCode"] == "FileTooLarge"


def test_a_type_that_is_not_allowed_refuses_all_of_them(small):
    asset = small.client.new_asset()["id"]
    answer = small.archive(asset, zipped(("a.pdf", pdf()), ("b.txt", b"words")))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["errorCode"] == "InvalidMimeType"
    assert small.ids(asset) == []


def test_nothing_of_a_refused_archive_stays(make_server):
    server = make_server('[data]\nsegment_threshold_bytes = 0')  # so that every blob is a file
    documents = documents_of(server)
    asset = documents.client.new_asset()["id"]
    archive = zipped(("a.pdf", pdf()), ("b.pdf", pdf()), ("c.zip", ARCHIVE))
    assert_entity(documents.archive(asset, archive), "Archive")
    eventually(lambda: server.blobs() == {}, what="collection of what was stored before")
    server.stop()
    checked = server.check("--deep")
    assert checked.returncode == 0, checked.stdout


def test_archives_beyond_those_in_flight_are_503_and_the_others_finish(make_server):
    server = make_server("[documents]\nzips_in_flight_max = 1")
    documents = documents_of(server)
    asset = documents.client.new_asset()["id"]
    archive = zipped(("a.pdf", pdf()))
    path = f"/v1/documents/assets/zip/{asset}?organizationId=org-a&categoryId=AA&filename=a.zip"
    with wire.Connection(server) as slow:
        slow.send(wire.head("POST", path, [("Content-Length", len(archive)),
                                           ("Expect", "100-continue")], server.token()))
        assert slow.response().status_code == 100
        assert documents.archive(asset, zipped(("b.pdf", pdf()))).status_code == 503
        assert slow.send(archive).response().status_code == 201
    assert documents.archive(asset, zipped(("b.pdf", pdf()))).status_code == 201
