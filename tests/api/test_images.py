"""Images and their public addresses (contract 3): one test per rule, by number."""

import concurrent.futures
import json
import re

import pytest

import payloads
from harness import Client, eventually, file_part, form, text_part
from inventorum import (BOXES, EMPTY, GIF, GOLDEN, NOT_AN_IMAGE, NO_FILE, REQUIRED, WEBP,
                        assert_fields, assert_forbidden, assert_malformed, assert_refused,
                        assert_unauthenticated, assert_unknown, bmp, fetch, image_parts, png,
                        png_size, post, scoped, upload)


@pytest.fixture
def caller(server):
    return scoped(server, "images")


# ---- 3.1: the bodies of the seed ----
def same_types(found, golden):
    if isinstance(golden, dict):
        return list(found) == list(golden) and all(same_types(found[k], golden[k]) for k in golden)
    return type(found) is type(golden)


def test_the_answer_has_the_keys_order_and_types_of_the_seed(server, caller):
    answer = upload(caller)
    assert answer.status_code == 200, answer.content
    body, golden = answer.json(), json.loads((GOLDEN / "inventorum-image.json").read_text())
    assert same_types(body, golden)
    urls = body["urls"]
    number = re.fullmatch(server.url + r"/uploads/([1-9]\d*)/product/ipad\.png", urls["ipad"])[1]
    shape = json.dumps(urls).replace(server.url, "https://app.inventorum.com")
    assert shape.replace(f"/{number}/", "/1627/") == json.dumps(golden["urls"])
    assert urls["image"] == urls["ipad"]
    assert (body["type"], body["new"]) == (0, True)
    assert body["id"] > 0


def test_the_refusal_of_the_seed_is_byte_for_byte(caller):
    answer = post(caller, [text_part("type", b"product")])
    assert answer.status_code == 400
    assert answer.content == (GOLDEN / "inventorum-required.json").read_bytes()


@pytest.mark.parametrize("kind, number", [("product", 0), ("account", 1), ("user", 2),
                                          ("category", 3)])
def test_the_type_is_its_number_and_part_of_the_address(caller, kind, number):
    body = upload(caller, kind=kind).json()
    assert body["type"] == number
    assert all(f"/{kind}/" in url for url in body["urls"].values())


@pytest.mark.parametrize("path", ["/api/images", "/api/images/", "/images", "/images/"])
def test_x5_every_path_of_the_seed_answers(caller, path):
    assert upload(caller, path=path).status_code == 200
    assert caller.get(path).status_code == 200


# ---- I1 to I6: versions ----
@pytest.mark.parametrize("version", range(1, 13))
def test_i01_versions_1_to_12_are_accepted(caller, version):
    name = "product_image" if version <= 7 else "image"
    assert upload(caller, version=version, name=name).status_code == 200


def test_i02_without_a_version_it_is_12(caller):
    assert upload(caller).json()["id"] > 0
    assert_fields(upload(caller, name="product_image"), image=REQUIRED)


@pytest.mark.parametrize("version", ["", "0", "13", "-1", "1.0", "v3", "99999999999999999999"])
@pytest.mark.parametrize("method, path", [("POST", "/api/images"), ("GET", "/images"),
                                          ("GET", "/images/1"), ("DELETE", "/images/1")])
def test_i03_an_unknown_version_is_refused(caller, version, method, path):
    answer = caller.request(method, path, headers={"X-Api-Version": version})
    assert_refused(answer, 400, {}, "Invalid API version", "common.invalid_api_version")


def test_i04_up_to_version_7_ids_are_negative(caller):
    body = upload(caller, version=7, name="product_image").json()
    assert body["id"] < 0
    new = caller.get(f"/images/{-body['id']}").json()
    assert new == {**body, "id": -body["id"]}
    for text in (body["id"], -body["id"]):
        old = caller.get(f"/images/{text}", headers={"X-Api-Version": "7"})
        assert old.json() == body
    assert_unknown(caller.get(f"/images/{body['id']}"))


def test_i04_racing_uploads_get_ids_and_numbers_of_their_own(server):
    def one(index):
        return upload(scoped(server, "images"), png(shade=index % 3)).json()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(one, range(32)))
    assert len({body["id"] for body in bodies}) == 32
    assert len({body["urls"]["thumb"] for body in bodies}) == 32


@pytest.mark.parametrize("version, expected, other", [(8, "image", "product_image"),
                                                      (12, "image", "product_image"),
                                                      (7, "product_image", "image"),
                                                      (3, "product_image", "image")])
def test_i05_only_the_field_of_the_version_counts(server, caller, version, expected, other):
    assert_fields(upload(caller, version=version, name=other), **{expected: REQUIRED})
    both = [file_part(b"no image", name=other), *image_parts(png(shade=9), name=expected)]
    answer = post(caller, both, version)
    assert answer.status_code == 200
    assert fetch(server, answer.json()["urls"]["original"]).content == png(shade=9)


@pytest.mark.parametrize("version", [1, 2])
def test_i06_before_version_3_the_type_is_optional(caller, version):
    answer = upload(caller, version=version, kind=None, name="product_image")
    assert answer.json()["type"] == 0
    answer = upload(caller, version=version, kind="user", name="product_image")
    assert answer.json()["type"] == 2
    answer = upload(caller, version=version, kind="x", name="product_image")
    assert list(answer.json()["error"]["fields"]) == ["type"]


@pytest.mark.parametrize("version, name", [(3, "product_image"), (12, "image")])
def test_i06_from_version_3_on_it_is_required(caller, version, name):
    assert_fields(upload(caller, version=version, kind=None, name=name), type=REQUIRED)


# ---- I7 to I12: what is wrong with a form ----
def choice(text):
    return f"Select a valid choice. {text} is not one of the available choices."


def test_i07_everything_wrong_is_told_at_once(caller):
    assert_fields(post(caller, []), image=REQUIRED, type=REQUIRED)
    assert_fields(upload(caller, b"text", kind="foo"), image=NOT_AN_IMAGE, type=choice("foo"))
    assert_fields(upload(caller, b"", version=7, kind="", name="product_image"),
                  product_image=EMPTY, type=REQUIRED)


@pytest.mark.parametrize("kind", ["foo", "0", "Product", " product", "products", "\"Ä\""])
def test_i08_a_bad_type_is_printed_back(caller, kind):
    assert_fields(upload(caller, kind=kind), type=choice(kind))


def test_i08_an_empty_type_is_missing(caller):
    assert_fields(upload(caller, kind=""), type=REQUIRED)


@pytest.mark.parametrize("version, name", [(12, "image"), (8, "image"), (7, "product_image")])
def test_i09_i10_a_file_sent_as_text_is_told(caller, version, name):
    parts = [text_part(name, b"image-file.jpg"), text_part("type", b"product")]
    assert_fields(post(caller, parts, version), **{name: NO_FILE})
    parts[0] = text_part(name, b"")
    assert_fields(post(caller, parts, version), **{name: REQUIRED})


def test_i10_beside_a_text_the_file_counts(caller):
    parts = [text_part("image", b"a.jpg"), *image_parts(png())]
    assert post(caller, parts).status_code == 200


@pytest.mark.parametrize("content", [
    b"text", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7\n", b"\0" * 100,
    payloads.PNG, png()[:-30], payloads.jpeg(4000), png()[:40] + b"\xff" + png()[41:]],
    ids=["text", "svg", "pdf", "zeros", "signature", "cut", "noise", "damaged"])
def test_i11_what_does_not_decode_is_no_image(server, caller, content):
    total = caller.get("/images").json()["total"]
    assert_fields(upload(caller, content), image=NOT_AN_IMAGE)
    assert caller.get("/images").json()["total"] == total


def test_i11_an_empty_file(caller):
    assert_fields(upload(caller, b""), image=EMPTY)


def test_i11_a_file_input_that_nobody_filled_is_missing(caller):
    parts = [file_part(b"", "", "application/octet-stream", name="image"),
             text_part("type", b"user")]
    assert_fields(post(caller, parts), image=REQUIRED)


@pytest.mark.parametrize("content, media_type", [
    (png(), "image/png"), (payloads.photo(), "image/jpeg"), (GIF, "image/gif"),
    (WEBP, "image/webp"), (bmp(), "image/bmp")], ids=["png", "jpeg", "gif", "webp", "bmp"])
def test_i12_five_formats_are_taken(server, caller, content, media_type):
    urls = upload(caller, content).json()["urls"]
    original = fetch(server, urls["original"])
    assert original.content == content
    assert original.headers["Content-Type"] == media_type
    thumb = fetch(server, urls["thumb"])
    assert thumb.status_code == 200
    # BMP has no codec here: the original stands for its renditions (I14).
    assert thumb.headers["Content-Type"] == (media_type if content == bmp() else "image/png")


def test_i12_the_limit_is_inclusive_and_told_as_a_field(make_server):
    server = make_server('[limits]\nimages_bytes_max = "64KiB"\n')
    caller, exact = scoped(server, "images"), png()
    exact += bytes(65536 - len(exact))  # what follows the end of a PNG is not looked at
    assert upload(caller, exact).status_code == 200
    text = "The submitted file is too large. At most 65536 bytes are accepted."
    assert_fields(upload(caller, exact + b"\0"), image=text)
    assert_fields(upload(caller, bytes(500_000)), image=text)
    late = [text_part("type", b"foo"), *image_parts(exact + b"\0", kind=None)]
    assert_fields(post(caller, late), image=text, type=choice("foo"))


@pytest.mark.parametrize("header", ["application/json", "multipart/form-data",
                                    "application/x-www-form-urlencoded", None])
def test_x9_a_body_that_is_no_form_is_malformed(caller, header):
    headers = {"Content-Type": header} if header else {}
    assert_malformed(caller.post("/images", data=b"--B--\r\n", headers=headers))


def test_x9_a_form_that_is_cut_is_malformed(caller):
    body, content_type = form(image_parts(png()))
    answer = caller.post("/images", data=body[:-10], headers={"Content-Type": content_type})
    assert_malformed(answer)


def test_the_body_may_be_the_image_itself(server, caller):
    answer = caller.post("/images?type=user&filename=a.png", data=png(shade=3),
                         headers={"Content-Type": "image/png"})
    assert answer.status_code == 200, answer.content
    assert answer.json()["type"] == 2
    assert fetch(server, answer.json()["urls"]["original"]).content == png(shade=3)
    answer = caller.post("/images", data=b"", headers={"Content-Type": "image/png"})
    assert_fields(answer, image=EMPTY, type=REQUIRED)


# ---- I13 to I17: addresses and renditions ----
def test_i13_every_image_has_a_number_of_its_own(caller):
    numbers = {upload(caller).json()["urls"]["thumb"].split("/")[4] for _ in range(5)}
    assert len(numbers) == 5


def test_i14_renditions_are_png_and_the_original_is_untouched(server, caller):
    urls = upload(caller, payloads.photo()).json()["urls"]
    assert all(url.endswith(".png") for url in urls.values())
    for name in BOXES:
        answer = fetch(server, urls[name])
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.content.startswith(payloads.PNG)
    original = fetch(server, urls["original"])
    assert original.headers["Content-Type"] == "image/jpeg"
    assert original.content == payloads.photo()


@pytest.mark.parametrize("width, height", [(2400, 1200), (500, 2500)])
def test_i15_renditions_fit_their_box_and_are_never_larger(server, caller, width, height):
    urls = upload(caller, png(width, height)).json()["urls"]
    for name, (box_width, box_height) in BOXES.items():
        scale = min(box_width / width, box_height / height, 1)
        found = png_size(fetch(server, urls[name]).content)
        assert abs(found[0] - width * scale) <= 1 and abs(found[1] - height * scale) <= 1, name
        assert found[0] <= box_width and found[1] <= box_height
    small = upload(caller, png(50, 20)).json()["urls"]
    assert {png_size(fetch(server, small[name]).content) for name in BOXES} == {(50, 20)}


def test_i16_addresses_begin_with_the_host_or_what_is_configured(server, caller, make_server):
    answer = upload(caller, Host="shop.example:81")
    assert all(url.startswith("http://shop.example:81/uploads/")
               for url in answer.json()["urls"].values())
    other = make_server('[server]\nbase_url = "https://app.inventorum.com"\n')
    body = upload(scoped(other, "images"), Host="shop.example").json()
    golden = json.loads((GOLDEN / "inventorum-image.json").read_text())
    number = body["urls"]["ipad"].split("/")[4]
    assert {k: v.replace(f"/{number}/", "/1627/") for k, v in body["urls"].items()} == \
        golden["urls"]


def test_i17_addresses_are_public_and_kept_for_long(server, caller):
    urls = upload(caller).json()["urls"]
    for name in ("thumb", "original"):
        answer = fetch(server, urls[name])
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        again = server.anonymous().get(urls[name][len(server.url):],
                                       headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304
        part = server.anonymous().get(urls[name][len(server.url):],
                                      headers={"Range": "bytes=1-3"})
        assert (part.status_code, part.content) == (206, answer.content[1:4])
        head = server.anonymous().head(urls[name][len(server.url):])
        assert head.headers["Content-Length"] == str(len(answer.content))


def test_i17_a_bad_token_does_no_harm(server, caller):
    path = upload(caller).json()["urls"]["thumb"][len(server.url):]
    assert Client(server, "a.b.c").get(path).status_code == 200


def test_i17_other_addresses_are_unknown(server, caller):
    path = upload(caller, kind="user").json()["urls"]["thumb"][len(server.url):]
    number = path.split("/")[2]
    for other in (path.replace("/user/", "/product/"), path.replace("thumb", "image"),
                  path.replace(".png", ".jpg"), path.replace(number, "1"),
                  path.replace(number, "0" + number), path.replace(number, "x"),
                  path.replace("/user/", "/x/")):
        assert_unknown(server.anonymous().get(other))
    below = server.anonymous().get("/uploads/nothing")
    assert_refused(below, 404, {}, "Not found.", "common.not_found")  # X1


# ---- I18 to I20: who may ----
def test_i18_no_token_and_a_bad_one_are_told_apart(server):
    assert_unauthenticated(upload(server.anonymous()),
                           "Authentication credentials were not provided.")
    assert_unauthenticated(upload(Client(server, "a.b.c")),
                           "Incorrect authentication credentials.")


@pytest.mark.parametrize("scopes, allowed", [
    (["images"], True), (["images:create"], True), (["x", "images"], True), ([], False),
    (["image"], False), (["images:read"], False), (["Images"], False)])
def test_i19_one_of_the_scopes_is_needed_and_no_role(server, scopes, allowed):
    answer = upload(scoped(server, *scopes))
    if allowed:
        assert answer.status_code == 200
    else:
        assert_forbidden(answer)


def test_i19_a_role_is_no_scope(client):
    assert_forbidden(upload(client))


def test_i20_the_order_is_token_version_scope_body(server):
    bad_version = {"version": "13"}
    assert_unauthenticated(post(server.anonymous(), [], **bad_version),
                           "Authentication credentials were not provided.")
    answer = post(scoped(server), [], **bad_version)
    assert_refused(answer, 400, {}, "Invalid API version", "common.invalid_api_version")
    assert_forbidden(post(scoped(server), []))
    assert_fields(post(scoped(server, "images"), []), image=REQUIRED, type=REQUIRED)


def test_x1_method_and_route_errors_have_the_envelope(server, caller):
    answer = caller.patch("/api/images")
    assert_refused(answer, 405, {}, "Method not allowed.", "common.method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, POST, OPTIONS"
    for path in ("/api/images/1/2", "/images/1/2", "/uploads", "/api/auth/nothing"):
        assert_refused(caller.get(path), 404, {}, "Not found.", "common.not_found")


# ---- companions: read, list, remove ----
def test_an_image_reads_as_it_was_answered(caller):
    body = upload(caller, kind="category").json()
    assert caller.get(f"/api/images/{body['id']}").json() == body


@pytest.mark.parametrize("text", ["0", "x", "999999999", "01", "1.0", "%20"])
def test_other_ids_are_unknown(caller, text):
    assert_unknown(caller.get(f"/images/{text}"))
    assert_unknown(caller.delete(f"/images/{text}"))


def test_another_organizations_image_is_unknown(server, caller):
    body = upload(caller).json()
    other = scoped(server, "images", organization="org-b")
    assert_unknown(other.get(f"/images/{body['id']}"))
    assert_unknown(other.delete(f"/images/{body['id']}"))
    assert caller.get(f"/images/{body['id']}").status_code == 200


def test_a_removed_image_is_gone_with_its_addresses(make_server):
    server = make_server()
    caller = scoped(server, "images")
    body = upload(caller, payloads.photo()).json()
    twin = upload(caller, payloads.photo()).json()
    for name in BOXES:
        assert fetch(server, body["urls"][name]).status_code == 200
    assert caller.delete(f"/images/{body['id']}").status_code == 204
    assert_unknown(caller.delete(f"/images/{body['id']}"))
    assert_unknown(caller.get(f"/images/{body['id']}"))
    for url in body["urls"].values():
        assert_unknown(fetch(server, url))
    assert fetch(server, twin["urls"]["thumb"]).status_code == 200  # shared content stays
    assert caller.delete(f"/images/{-twin['id']}",
                         headers={"X-Api-Version": "7"}).status_code == 204
    eventually(lambda: not server.blobs(), what="the content is collected")
    server.stop()
    assert server.check("--deep").returncode == 0


def test_a_list_has_pages(server):
    caller = scoped(server, "images", organization="org-list")
    ids = [upload(caller).json()["id"] for _ in range(5)]
    whole = caller.get("/api/images").json()
    assert list(whole) == ["total", "data"]
    assert whole["total"] == 5
    assert [image["id"] for image in whole["data"]] == ids
    assert whole["data"][0] == caller.get(f"/images/{ids[0]}").json()
    page = caller.get("/api/images?page=2&limit=2").json()
    assert (page["total"], [image["id"] for image in page["data"]]) == (5, ids[2:4])
    assert caller.get("/images?page=4&limit=2").json() == {"total": 5, "data": []}
    old = caller.get("/images", headers={"X-Api-Version": "7"}).json()
    assert [image["id"] for image in old["data"]] == [-one for one in ids]


def test_a_page_has_40_images(server):
    caller = scoped(server, "images", organization="org-forty")
    for _ in range(41):
        assert upload(caller).status_code == 200
    page = caller.get("/images").json()
    assert (page["total"], len(page["data"])) == (41, 40)


def test_bad_pages_are_told_by_field(caller):
    assert_fields(caller.get("/images?page=0&limit=101"),
                  page="Ensure this value is greater than or equal to 1.",
                  limit="Ensure this value is less than or equal to 100.")
    assert_fields(caller.get("/images?page=x"), page="Enter a whole number.")


def test_images_survive_a_restart_and_ids_go_on(make_server):
    server = make_server()
    body = upload(scoped(server, "images"), payloads.photo()).json()
    server.stop()
    done = server.check("--deep")
    assert done.returncode == 0, done.stdout
    server.start()
    caller = scoped(server, "images")
    again = caller.get(f"/images/{body['id']}").json()
    path = re.sub(r"^http://[^/]*", "", again["urls"]["original"])
    assert server.anonymous().get(path).content == payloads.photo()
    assert upload(caller).json()["id"] > body["id"]
