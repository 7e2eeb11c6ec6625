"""GET /v1/documents: contract 1.2, rules D1 to D24, each by its number."""

import time
from urllib.parse import quote

import pytest

from documents import KEYS, META_KEYS, UNKNOWN, Documents, documents_of
from errors import assert_error


class Line:
    """A production line with two machines, one of which has a component, and a document at each."""

    def __init__(self, server):
        self.server = server
        self.documents = documents_of(server)
        client = self.documents.client
        self.root = client.new_asset(assetType="production-line")["id"]
        self.left = client.new_asset(parentId=self.root)["id"]
        self.right = client.new_asset(parentId=self.root)["id"]
        self.part = client.new_asset(parentId=self.left, assetType="component")["id"]
        self.at = {name: self.documents.new(asset, displayname=f"Manual {name}")["id"]
                   for name, asset in (("root", self.root), ("left", self.left),
                                       ("right", self.right), ("part", self.part))}


@pytest.fixture(scope="module")
def line(shared_server):
    return Line(shared_server)


class Shelf:
    """One asset whose documents differ in all that can be filtered and sorted."""

    ROWS = (
        # displayname, category, languages, supplier, content type and bytes
        ("Alpha pump", "AA", ["de"], "Amcor", "text/plain", b"alpha"),
        ("beta Pump", "BA", ["de", "fr"], None, "text/csv", b"beta"),
        ("Gamma valve", "AA", [], "Bosch, Rexroth", "model/step", b"gamma"),
        ("100% delta_x*", "CA", ["en"], "Bosch", "application/xml", b"delta"),
        ("\u00dcBERSICHT pump", "aa", ["fr"], None, "image/svg+xml", b"<svg>epsilon</svg>"),
    )

    def __init__(self, server):
        self.documents = documents_of(server)
        admin = self.documents.client
        answer = admin.request("PUT", "/v1/categories/aa", json={
            "translations": [{"languageCode": "en", "name": "lower"}]})
        assert answer.status_code == 200, answer.text
        self.asset = admin.new_asset()["id"]
        self.ids = {}
        for name, category, languages, supplier, content_type, content in self.ROWS:
            made = self.documents.new(
                self.asset, content + name.encode(), displayname=name, categoryId=category,
                languageCodes=languages, filename="f.bin", content_type=content_type,
                supplierDocument=supplier is not None, supplierName=supplier)
            self.ids[name] = made["id"]
            time.sleep(0.002)  # so that no two are of one millisecond

    def names(self, query):
        answer = self.documents.query(f"assetId={self.asset}&limit=50&{query}")
        assert answer.status_code == 200, answer.text
        return [one["displayname"] for one in answer.json()["data"]]


@pytest.fixture(scope="module")
def shelf(shared_server):
    return Shelf(shared_server)


def refused(line, query, field):
    answer = line.documents.query(query)
    assert_error(answer, "BadRequest")
    assert answer.json()["errors"][0]["extension"] == {"field": field}


# ---- the shape ----
@pytest.mark.parametrize("base", ["/api/storage/v1", "/v1"])
def test_the_page_has_the_shape_of_the_example(line, base):
    page = Documents(line.documents.client, base).list(line.root)
    assert list(page) == ["data", "meta"] and list(page["meta"]) == META_KEYS
    assert all(list(one) == KEYS for one in page["data"])
    assert page["meta"] == {"page": 1, "offset": 0, "limit": 10, "totalItems": 4, "totalPages": 1,
                            "hasNextPage": False, "hasPreviousPage": False}


def test_the_arithmetic_of_the_example_holds(line):
    # Scaled down from 100 documents, 10 of a page: 4 documents, 1 of a page.
    meta = line.documents.list(line.root, limit=1, page=2)["meta"]
    assert meta == {"page": 2, "offset": 1, "limit": 1, "totalItems": 4, "totalPages": 4,
                    "hasNextPage": True, "hasPreviousPage": True}


# ---- D1 ----
@pytest.mark.parametrize("form", ["assetId={0},{1}", "assetId={0}%2C{1}", "assetId={0}&assetId={1}",
                                  "assetId[]={0}&assetId[]={1}", "assetId[0]={0}&assetId[1]={1}",
                                  "assetId%5B%5D={0},{1}", "assetId=%20{0}%20,,{1},,{0}"])
def test_d1_every_way_to_write_an_array_is_understood(line, form):
    answer = line.documents.query(form.format(line.part, line.right))
    assert answer.status_code == 200, answer.text
    assert {one["id"] for one in answer.json()["data"]} == {line.at["part"], line.at["right"]}


def test_d1_an_array_of_empties_is_no_filter(shelf):
    assert len(shelf.names("filterByCategory=,%20,&filterByCategory=")) == len(Shelf.ROWS)


# ---- D2 ----
@pytest.mark.parametrize("value, found", [
    ("Bosch%2C%20Rexroth", {"Gamma valve", "100% delta_x*"}),  # whole, and its part "Bosch"
    ("Rexroth", set()), ("Bosch", {"100% delta_x*"}), ("Amcor,Bosch", {"Alpha pump",
                                                                       "100% delta_x*"})])
def test_d2_a_supplier_matches_whole_and_by_its_comma_parts(shelf, value, found):
    assert set(shelf.names(f"filterBySupplier={value}")) == found


# ---- D3 ----
@pytest.mark.parametrize("value", ["image/svg+xml", "image/svg%2Bxml", "image/svg%20xml",
                                   "IMAGE/SVG+XML", "image/svg+xml;charset=utf-8",
                                   "text/x,image/svg+xml%20;%20q=1"])
def test_d3_a_plus_in_a_media_type_survives(shelf, value):
    assert shelf.names(f"filterByFileType={value}") == ["\u00dcBERSICHT pump"]


# ---- D4, D5, D6, D7 ----
@pytest.mark.parametrize("query", ["", "page=1", "assetId=", "assetId=,,%20,", "assetID=x"])
def test_d4_without_an_asset_id_it_is_400(line, query):
    refused(line, query, "assetId")


@pytest.mark.parametrize("bad", ["x", "0223327b-9270-4478-b11a-597b8885440", "0223327b92704478b11a",
                                 "0223327g-9270-4478-b11a-597b8885440d",
                                 "{0223327b-9270-4478-b11a-597b8885440d}"])
def test_d5_one_malformed_id_refuses_the_whole_request(line, bad):
    refused(line, f"assetId={line.root},{quote(bad)}", "assetId")


@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_d5_either_case_of_an_id_is_the_same(line, change):
    assert line.documents.query(f"assetId={change(line.part)}").json()["meta"]["totalItems"] == 1


@pytest.mark.parametrize("version", ["1", "3", "5", "7", "0", "f"])
def test_d5_any_version_of_uuid_is_well_formed(line, version):
    asset = f"0223327b-9270-{version}478-b11a-597b8885440d"
    assert_error(line.documents.query(f"assetId={asset}"), "NotFound")


def test_d6_one_unknown_id_is_404_whatever_the_others(line):
    assert_error(line.documents.query(f"assetId={line.root},{UNKNOWN}"), "NotFound")


def test_d6_unknown_comes_before_forbidden(line):
    stranger = documents_of(line.server, "org-b", "producer-user")
    assert_error(stranger.query(f"assetId={line.root},{UNKNOWN}"), "NotFound")


@pytest.mark.parametrize("role", ["manufacturer-admin", "manufacturer-user", "producer-admin",
                                  "producer-user"])
def test_d7_the_root_of_another_organization_is_403(line, role):
    stranger = documents_of(line.server, "org-b", role)
    assert_error(stranger.query(f"assetId={line.root}"), "NoPermission")


def test_d7_an_admin_sees_every_organization(line):
    assert len(documents_of(line.server, "org-b").ids(line.root)) == 4


def test_d7_what_a_manufacturer_has_not_made_is_skipped(server):
    # root (made) > hidden > deep (made); root > whole (made) > leaf (made)
    owner = documents_of(server)
    made = {"manufacturerId": "org-m"}
    root = owner.client.new_asset(**made)["id"]
    hidden = owner.client.new_asset(parentId=root)["id"]
    deep = owner.client.new_asset(parentId=hidden, **made)["id"]
    whole = owner.client.new_asset(parentId=root, **made)["id"]
    leaf = owner.client.new_asset(parentId=whole, **made)["id"]
    at = {asset: owner.new(asset)["id"] for asset in (root, hidden, deep, whole, leaf)}
    maker = documents_of(server, "org-m", "manufacturer-user")
    page = maker.list(root)
    assert {one["id"] for one in page["data"]} == set(at.values()) - {at[hidden]}
    assert page["meta"]["totalItems"] == 4
    assert set(maker.ids(whole)) == {at[whole], at[leaf]}
    assert_error(maker.query(f"assetId={hidden}"), "NoPermission")
    assert_error(documents_of(server, "org-m", "producer-user").query(f"assetId={root}"),
                 "NoPermission")


# ---- D8, D9, D10 ----
def test_d8_a_root_means_itself_and_all_below_it_and_nothing_above(line):
    assert set(line.documents.ids(line.root)) == set(line.at.values())
    assert set(line.documents.ids(line.left)) == {line.at["left"], line.at["part"]}
    assert line.documents.ids(line.part) == [line.at["part"]]


def test_d9_overlapping_roots_and_many_links_give_each_document_once(line, server):
    documents = documents_of(server)
    assets = [documents.client.new_asset()["id"] for _ in range(3)]
    one = documents.new(assets[0])["id"]
    for asset in assets[1:]:
        assert documents.link(one, asset).status_code == 201
    page = documents.list(*assets)
    assert [found["id"] for found in page["data"]] == [one] and page["meta"]["totalItems"] == 1
    assert len(line.documents.ids(line.root, line.left, line.part, line.root)) == 4


def test_d10_drafts_and_inactive_assets_count_deleted_ones_do_not(server):
    documents = documents_of(server)
    root = documents.client.new_asset(active=True, draft=False)["id"]
    below = [documents.client.new_asset(parentId=root, **state)["id"] for state in
             ({"draft": True}, {"active": False, "draft": False}, {})]
    made = [documents.new(asset)["id"] for asset in below]
    assert set(documents.ids(root)) == set(made)
    assert documents.client.delete(f"/v1/assets/{below[2]}").status_code == 204
    assert set(documents.ids(root)) == set(made[:2])


# ---- D11 ----
@pytest.mark.parametrize("text, found", [
    ("PUMP", {"Alpha pump", "beta Pump", "\u00dcBERSICHT pump"}),
    ("\u00fcbersicht", {"\u00dcBERSICHT pump"}),   # case folds, whatever the alphabet
    ("ubersicht", set()),                           # accents do not
    ("100%", {"100% delta_x*"}), ("a_x", {"100% delta_x*"}), ("_x*", {"100% delta_x*"}),
    ("al%a", set()), ("al_ha", set()), ("alp*", set()),  # no wildcards
    ("f.bin", set())])                              # the displayname, not the filename
def test_d11_the_search_is_a_literal_part_of_the_displayname(shelf, text, found):
    assert set(shelf.names(f"searchByName={quote(text)}")) == found


# ---- D12 ----
@pytest.mark.parametrize("name", ["searchByName", "page", "limit", "supplier", "sortByName",
                                  "sortByCategory", "sortByUpdatedAt"])
@pytest.mark.parametrize("form", ["{0}=", "{0}"])
def test_d12_a_parameter_that_is_there_but_empty_is_400(line, name, form):
    refused(line, f"assetId={line.root}&" + form.format(name), name)


def test_d12_unknown_parameters_are_ignored(line):
    answer = line.documents.query(f"assetId={line.root}&sortBySize=up&page[]=x&x=1&x=2&limit[0]=9")
    assert answer.status_code == 200 and answer.json()["meta"]["limit"] == 10


# ---- bounds and D13 ----
@pytest.mark.parametrize("limit, good", [(1, True), (50, True), (0, False), (51, False)])
def test_the_limit_is_1_to_50_and_never_clamped(line, limit, good):
    if not good:
        return refused(line, f"assetId={line.root}&limit={limit}", "limit")
    assert line.documents.list(line.root, limit=limit)["meta"]["limit"] == limit
    return None


@pytest.mark.parametrize("name", ["page", "limit"])
@pytest.mark.parametrize("value", ["1.5", "-1", "1e1", "%201", "1%20", "+1", "0x1", "0", "",
                                   "\u0661", "9007199254740992", "99999999999999999999999"])
def test_d13_numbers_are_digits_from_1_on(line, name, value):
    refused(line, f"assetId={line.root}&{name}={quote(value, safe='%+')}", name)


@pytest.mark.parametrize("value, page", [("007", 7), ("9007199254740991", 2**53 - 1)])
def test_d13_the_largest_page_has_an_offset_in_64_bits(line, value, page):
    meta = line.documents.list(line.root, page=value, limit=50)["meta"]
    assert meta["page"] == page and meta["offset"] == (page - 1) * 50


@pytest.mark.parametrize("length, good", [(2, False), (3, True), (255, True), (256, False)])
@pytest.mark.parametrize("letter", ["x", "\u00fc", "\U0001f6a2"])
def test_the_search_has_3_to_255_code_points(line, length, good, letter):
    query = f"assetId={line.root}&searchByName={quote(letter * length)}"
    if not good:
        return refused(line, query, "searchByName")
    assert line.documents.query(query).json()["meta"]["totalItems"] == 0
    return None


@pytest.mark.parametrize("count, good", [(50, True), (51, False)])
def test_a_query_has_at_most_50_asset_ids(line, count, good):
    ids = ",".join([line.root] * count)
    if not good:
        return refused(line, f"assetId={ids}", "assetId")
    assert line.documents.query(f"assetId={ids}").status_code == 200
    return None


@pytest.mark.parametrize("name", ["filterByCategory", "filterByFileType", "filterByLanguage",
                                  "filterBySupplier"])
@pytest.mark.parametrize("count, good", [(1000, True), (1001, False)])
def test_a_filter_has_at_most_1000_values(line, name, count, good):
    query = f"assetId={line.root}&{name}=" + ",".join(["zz"] * count)
    if not good:
        return refused(line, query, name)
    assert line.documents.query(query).json()["meta"]["totalItems"] == 0
    return None


# ---- D14, D15 ----
def test_d14_a_page_past_the_end_is_empty_and_tells_the_truth(line):
    page = line.documents.list(line.root, page=3, limit=2)
    assert page == {"data": [], "meta": {"page": 3, "offset": 4, "limit": 2, "totalItems": 4,
                                         "totalPages": 2, "hasNextPage": False,
                                         "hasPreviousPage": True}}


def test_d15_no_matches_are_no_pages(line, asset):
    page = line.documents.list(asset)
    assert page == {"data": [], "meta": {"page": 1, "offset": 0, "limit": 10, "totalItems": 0,
                                         "totalPages": 0, "hasNextPage": False,
                                         "hasPreviousPage": False}}


# ---- D16, D17, D18, D19 ----
def test_d16_sorts_take_precedence_in_the_order_of_the_query(shelf):
    assert shelf.names("sortByCategory=asc&sortByName=desc") == [
        "Gamma valve", "Alpha pump", "beta Pump", "100% delta_x*", "\u00dcBERSICHT pump"]
    assert shelf.names("sortByName=desc&sortByCategory=asc") == [
        "\u00dcBERSICHT pump", "Gamma valve", "beta Pump", "Alpha pump", "100% delta_x*"]


@pytest.mark.parametrize("name, value", [
    ("page", "1"), ("limit", "5"), ("searchByName", "pump"), ("sortByName", "asc"),
    ("sortByCategory", "asc"), ("sortByUpdatedAt", "asc"), ("supplier", "true")])
def test_d17_a_scalar_twice_is_400(line, name, value):
    refused(line, f"assetId={line.root}&{name}={value}&{name}={value}", name)


@pytest.mark.parametrize("value", ["ASC", "Desc", "ascending", "1", "asc,desc", " asc"])
def test_a_sort_is_exactly_asc_or_desc(line, value):
    refused(line, f"assetId={line.root}&sortByName={quote(value)}", "sortByName")


def test_d18_names_sort_folded_then_raw(server):
    documents = documents_of(server)
    asset = documents.client.new_asset()["id"]
    for name in ("b", "A", "a", "B", "\u00e4", "Z", "\u00c4"):
        documents.new(asset, displayname=name)
    order = ["A", "a", "B", "b", "Z", "\u00c4", "\u00e4"]
    assert documents.names(asset, sortByName="asc") == order
    assert documents.names(asset, sortByName="desc") == order[::-1]


def test_d18_updated_is_an_instant(shelf):
    order = [row[0] for row in Shelf.ROWS]
    assert shelf.names("sortByUpdatedAt=asc") == order
    assert shelf.names("sortByUpdatedAt=desc") == order[::-1]


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_d19_ties_are_in_order_of_id_whatever_the_direction(server, direction):
    documents = documents_of(server)
    asset = documents.client.new_asset()["id"]
    made = [documents.new(asset, displayname="same")["id"] for _ in range(8)]
    assert documents.ids(asset, sortByName=direction) == sorted(made)
    assert documents.ids(asset, sortByCategory=direction) == sorted(made)


def test_d19_without_a_sort_the_last_change_is_first(shelf):
    assert shelf.names("") == [row[0] for row in Shelf.ROWS][::-1]


def test_d19_pages_together_are_the_whole_and_each_document_once(shelf):
    pages = [shelf.documents.ids(shelf.asset, limit=2, page=page, sortByCategory="desc")
             for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sum(pages, []) == shelf.documents.ids(shelf.asset, sortByCategory="desc")


# ---- D20, D21, D22, D24 ----
@pytest.mark.parametrize("query, found", [
    ("filterByCategory=AA,BA", {"Alpha pump", "beta Pump", "Gamma valve"}),
    ("filterByCategory=AA,BA&filterByLanguage=de", {"Alpha pump", "beta Pump"}),
    ("filterByCategory=AA&searchByName=pump&supplier=true&filterBySupplier=Amcor",
     {"Alpha pump"}),
    ("filterByCategory=AA&filterByLanguage=fr", set()),
    ("supplier=true", {"Alpha pump", "Gamma valve", "100% delta_x*"}),
    ("supplier=false", {"beta Pump", "\u00dcBERSICHT pump"}),
    ("supplier=false&filterBySupplier=Amcor", set())])
def test_d20_filters_are_and_between_and_or_within(shelf, query, found):
    assert set(shelf.names(query)) == found


@pytest.mark.parametrize("value, found", [
    ("de", {"Alpha pump", "beta Pump"}), ("FR", {"beta Pump", "\u00dcBERSICHT pump"}),
    ("none", {"Gamma valve"}), ("NONE,en", {"Gamma valve", "100% delta_x*"}), ("xx", set())])
def test_d21_a_language_is_any_of_the_documents_or_none(shelf, value, found):
    assert set(shelf.names(f"filterByLanguage={value}")) == found


@pytest.mark.parametrize("value", ["d", "deu", "d1", "de-DE", "nones", "\u00e4\u00e4", "de,x"])
def test_d21_a_token_that_is_no_code_is_400(line, value):
    refused(line, f"assetId={line.root}&filterByLanguage={quote(value, safe=',')}",
            "filterByLanguage")


@pytest.mark.parametrize("value, count", [("true", 3), ("TRUE", 3), ("False", 2), ("fAlSe", 2)])
def test_d22_the_flag_is_true_or_false_in_any_case(shelf, value, count):
    assert len(shelf.names(f"supplier={value}")) == count


@pytest.mark.parametrize("value", ["1", "0", "yes", "no", "null", "truee", "true,false", "%20true"])
def test_d22_anything_else_is_400(line, value):
    refused(line, f"assetId={line.root}&supplier={value}", "supplier")


@pytest.mark.parametrize("query, found", [("filterByCategory=aa", {"\u00dcBERSICHT pump"}),
                                          ("filterByCategory=Aa", set()),
                                          ("filterBySupplier=amcor", set())])
def test_d24_codes_and_suppliers_are_case_sensitive(shelf, query, found):
    assert set(shelf.names(query)) == found


# ---- D23 ----
@pytest.mark.parametrize("accept, language, name", [
    (None, "en", "Electronics"), ("de", "de", "Elektronik"),
    ("de-CH, en;q=0.5", "de", "Elektronik"),
    ("xx, fr", "fr", "\u00c9lectronique"), ("en;q=0.2, FR;q=0.8", "fr", "\u00c9lectronique"),
    ("de;q=0", "en", "Electronics"), ("*", "en", "Electronics"), (";;,,=", "en", "Electronics")])
def test_d23_the_category_is_named_in_the_first_wanted_language(shelf, accept, language, name):
    headers = {"Accept-Language": accept} if accept else {}
    page = shelf.documents.query(f"assetId={shelf.asset}&searchByName=alpha", headers=headers)
    assert page.json()["data"][0]["category"] == {"id": "AA", "languageCode": language,
                                                  "name": name}


def test_d23_without_english_it_is_the_first_translation(server):
    documents = documents_of(server)
    answer = documents.client.request("PUT", "/v1/categories/IT", json={"translations": [
        {"languageCode": "it", "name": "Varie"}, {"languageCode": "es", "name": "Varios"}]})
    assert answer.status_code == 200
    made = documents.new(documents.client.new_asset()["id"], categoryId="IT")
    assert made["category"] == {"id": "IT", "languageCode": "it", "name": "Varie"}


# ---- what an answer means ----
def test_a_query_after_a_2xx_sees_what_it_changed(server):
    documents = documents_of(server)
    line, machine = [documents.client.new_asset()["id"] for _ in "12"]
    made = documents.new(machine, displayname="first name")["id"]
    assert documents.ids(machine) == [made] and documents.ids(line) == []
    assert documents.patch(made, displayname="second name").status_code == 200
    assert documents.ids(machine, searchByName="first") == []
    assert documents.ids(machine, searchByName="second") == [made]
    moved = documents.client.patch(f"/v1/assets/{machine}", json={"parentId": line})
    assert moved.status_code == 200
    assert documents.ids(line) == [made]
    assert documents.client.patch(f"/v1/assets/{machine}", json={"parentId": None}).ok
    assert documents.ids(line) == []
    assert documents.delete(made).status_code == 204
    assert documents.ids(machine) == []
