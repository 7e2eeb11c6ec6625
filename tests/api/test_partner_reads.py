"""GET /api/v1/partner/asset/{assetKey} (contract 2.2): rules B3, B4, G1 to G7, X10."""

import struct
import zlib

import pytest

import wire
from partner import BASE, Partner
from payloads import MIB, jpeg, noise, photo
from test_partner import assert_refused, assert_unknown, short

DAYS_30 = 30 * 86400
SIZES = {"thumbURL": 200, "mediumURL": 400, "largeURL": 800, "largeX2URL": 1600}


@pytest.fixture(scope="module")
def partner(shared_server):
    return Partner(shared_server, "company-a")


@pytest.fixture(scope="module")
def stranger(shared_server):
    return Partner(shared_server, "company-b")


def real_png(width, height):
    """A PNG that decodes: grey, each row another shade."""
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data +
                struct.pack(">I", zlib.crc32(kind + data)))
    rows = b"".join(b"\0" + bytes([row % 256]) * width for row in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) +
            chunk(b"IEND", b""))


def png_size(content):
    assert content[:8] == b"\x89PNG\r\n\x1a\n" and content[12:16] == b"IHDR"
    return struct.unpack(">II", content[16:24])


def path_of(server, url):
    assert url.startswith(server.url)
    return url[len(server.url):]


def assert_placeholder(answer):
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Asset-Error"] == "not-found"
    assert png_size(answer.content) == (64, 64)


# ---- G1: caching ----
@pytest.mark.parametrize("access, scope", [("public", "public"), ("private", "private")])
def test_g01_assets_are_cacheable_for_30_days(server, partner, access, scope):
    made = partner.new(real_png(900, 300), access=access)
    for url in (made["origURL"], made["thumbURL"]):
        answer = partner.get(path_of(server, url))
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == f"{scope}, max-age={DAYS_30}"
        again = partner.get(path_of(server, url), headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304 and again.content == b""
        assert again.headers["Cache-Control"] == f"{scope}, max-age={DAYS_30}"
        again = partner.get(path_of(server, url),
                            headers={"If-Modified-Since": answer.headers["Last-Modified"]})
        assert again.status_code == 304


def test_g01_a_public_asset_may_be_shown_by_other_sites_and_a_private_one_not(partner):
    for access, policy in (("public", "cross-origin"), ("private", "same-origin")):
        answer = partner.asset(partner.new(jpeg(99), access=access)["key"])
        assert answer.headers["Cross-Origin-Resource-Policy"] == policy


# ---- G2: who may read ----
def test_g02_a_public_asset_needs_no_keys_and_bad_ones_do_no_harm(server, partner, stranger):
    key = partner.new(photo())["key"]
    for caller in (partner, stranger, server.anonymous()):
        assert caller.get(f"{BASE}/{key}").content == photo()
    bad = {"x-api-key": "x", "Authorization": "y"}
    assert server.anonymous().get(f"{BASE}/{key}", headers=bad).content == photo()


@pytest.mark.parametrize("variant", ["origURL", "thumbURL", "largeX2URL"])
def test_g02_a_private_asset_needs_the_keys_of_its_company(server, partner, stranger, variant):
    made = partner.new(real_png(300, 300), access="private")
    path = path_of(server, made[variant])
    assert partner.get(path).status_code == 200
    nobody = server.anonymous()
    for headers in ({}, {"x-api-key": partner.partner_key},
                    {"Authorization": partner.developer_key},
                    {"x-api-key": "x", "Authorization": "y"}):
        for suffix in ("", "?handleError=true"):  # G4: 401 is not masked
            assert_refused(nobody.get(path + suffix, headers=headers), "Unauthorized", 401,
                           "Invalid partner key")
    assert_unknown(stranger.get(path))
    assert_placeholder(stranger.get(path + "?handleError=true"))


# ---- G3, G4, G5: what is not there ----
MISSING = ["0" * 32, "0" * 32 + ".png", "0" * 32 + "_thumb.png", "x", "a b", "%C3%A4", "a.b.c"]


@pytest.mark.parametrize("key", MISSING)
def test_g03_a_missing_asset_is_404(server, partner, key):
    for caller in (partner, server.anonymous()):
        assert_unknown(caller.get(f"{BASE}/{key}"))
        assert_unknown(caller.get(f"{BASE}/{key}?handleError=false"))


@pytest.mark.parametrize("key", MISSING)
def test_g04_handled_errors_are_a_placeholder(server, partner, key):
    for caller in (partner, server.anonymous()):
        assert_placeholder(caller.get(f"{BASE}/{key}?handleError=true"))
    told = partner.head(f"{BASE}/{key}?handleError=true")
    assert told.status_code == 200 and told.content == b""
    assert int(told.headers["Content-Length"]) > 0


def test_g04_a_deleted_asset_is_a_placeholder_and_a_present_one_itself(partner):
    key = partner.new(jpeg(99))["key"]
    answer = partner.get(f"{BASE}/{key}?handleError=true")
    assert answer.content == jpeg(99) and "X-Asset-Error" not in answer.headers
    assert partner.delete(f"{BASE}/{key}").status_code == 200
    assert_placeholder(partner.get(f"{BASE}/{key}?handleError=true"))


def test_g04_a_damaged_asset_is_an_error_or_a_placeholder(make_server):
    server = make_server()
    partner = Partner(server, "c")
    key = partner.new(noise(MIB))["key"]
    (name,) = server.blobs()
    with open(server.data / "blobs" / name, "r+b") as file:
        file.truncate(0)
    assert_refused(partner.asset(key), "Internal Server Error", 500)
    assert_placeholder(partner.get(f"{BASE}/{key}?handleError=true"))


@pytest.mark.parametrize("value", ["true", "TRUE", "True", "tRUE"])
def test_g05_true_in_any_case_is_true(partner, value):
    assert_placeholder(partner.get(f"{BASE}/x?handleError={value}"))


@pytest.mark.parametrize("query", ["handleError=", "handleError", "handleError=1",
                                   "handleError=yes", "handleError=%20true", "handleerror=true",
                                   "handleError=false&handleError=true"])
def test_g05_anything_else_is_false(partner, query):
    assert_unknown(partner.get(f"{BASE}/x?{query}"))


# ---- G6: traversal ----
@pytest.mark.parametrize("key", ["..%2F..%2Fetc%2Fpasswd", "%2e%2e", "..", "%2E%2E%2Fsecret",
                                 "a%00b", "a%5Cb", "%2Fetc", "../../../LOCK",
                                 "....//x", "%c0%ae%c0%ae", "a%0Ab", "%zz"])
def test_g06_what_leads_elsewhere_is_404(server, key):
    answer = wire.exchange(server, f"GET {BASE}/{key} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert_unknown(answer)


# ---- G7, X10 ----
def test_g07_ranges_and_head(partner):
    content = noise(3 * MIB + 5)
    made = partner.new(content, access="private", filename="übersicht.bin")
    answer = partner.asset(made["key"], headers={"Range": "bytes=1048570-1048585"})
    assert answer.status_code == 206 and answer.content == content[1048570:1048586]
    assert answer.headers["Content-Range"] == f"bytes 1048570-1048585/{len(content)}"
    answer = partner.asset(made["key"], headers={"Range": f"bytes={len(content)}-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(content)}"
    assert answer.headers["Cache-Control"] == "no-store"
    told = partner.head(f"{BASE}/{made['key']}")
    assert told.status_code == 200 and told.headers["Content-Length"] == str(len(content))


@pytest.mark.parametrize("content, declared, place", [
    (jpeg(99), None, "inline"), (b"%PDF-1.4", None, "inline"),
    (b"<html>", "text/html", "attachment"), (b"<svg/>", "image/svg+xml", "attachment"),
    (b"x", None, "attachment")], ids=short)
def test_x10_only_what_is_safe_is_shown_in_place(partner, content, declared, place):
    made = partner.new(content, filename="file.name", content_type=declared)
    answer = partner.asset(made["key"])
    assert answer.headers["Content-Disposition"].split(";")[0] == place
    assert 'filename="file.name"' in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


# ---- B3, B4: smaller sizes ----
def test_b04_each_size_fits_its_box_and_keeps_its_proportions(server, partner):
    made = partner.new(real_png(2000, 1000))
    for name, side in SIZES.items():
        answer = server.anonymous().get(path_of(server, made[name]))
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "image/png"
        assert png_size(answer.content) == (side, side // 2), name


def test_b04_nothing_is_made_larger(server, partner):
    made = partner.new(real_png(300, 100))
    sizes = [png_size(partner.get(path_of(server, made[name])).content) for name in SIZES]
    assert sizes == [(200, 67), (300, 100), (300, 100), (300, 100)]


def test_b04_what_does_not_decode_is_served_as_it_is(server, partner):
    made = partner.new(jpeg(5000))
    for name in SIZES:
        answer = partner.get(path_of(server, made[name]))
        assert answer.status_code == 200 and answer.content == jpeg(5000)
        assert answer.headers["Content-Type"] == "image/jpeg"


def test_b03_only_photos_have_smaller_sizes(partner):
    for content, options in ((b"%PDF-1.4", {}), (real_png(9, 9), {"assetType": "Document"})):
        stem, _, extension = partner.new(content, **options)["key"].partition(".")
        assert_unknown(partner.asset(f"{stem}_thumb.{extension}"))


def test_b03_a_key_is_whole_or_unknown(partner):
    stem, _, extension = partner.new(real_png(9, 9))["key"].partition(".")
    for key in (stem, f"{stem}.jpg", f"{stem}_huge.{extension}", f"{stem}_thumb",
                f"{stem[:-1]}.{extension}", f"{stem}.{extension}x"):
        assert_unknown(partner.asset(key))
