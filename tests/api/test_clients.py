"""Clients that people have: curl, Python's requests, Node's fetch, and a browser.

Each sends files the way it does it by itself, and reads back what it sent. Those that are not
installed are skipped, and say so.
"""

import hashlib
import json
import shutil
import subprocess

import pytest
import requests

import payloads
from browser import Browser, Relay
from harness import DATA, eventually, picture_path
from media_pocket import BASE, Pocket, make_key
from partner import BASE as PARTNER
from partner import Partner

PHOTO = DATA / "photo.jpg"
BIG_BYTES = 3 * payloads.MIB + 17  # above what curl asks 100-continue for


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def run(*command, seconds=60, **options):
    done = subprocess.run([str(word) for word in command], check=False, capture_output=True,
                          timeout=seconds, **options)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return done.stdout


@pytest.fixture
def pocket(server):
    return Pocket(server, make_key(server, "clients@example.com"))


@pytest.fixture
def media(server, pocket):
    """The URL of the content of a new asset of Media Pocket."""
    return f"{server.url}{BASE}/assets/{pocket.asset()['id']}/media"


@pytest.fixture
def big(tmp_path):
    path = tmp_path / "big.bin"
    path.write_bytes(payloads.noise(BIG_BYTES, "clients"))
    return path


def content_of(media, pocket):
    listed = requests.get(media, headers={"X-API-KEY": pocket.key}, timeout=30).json()["media"]
    return requests.get(listed[0]["download_url"], headers={"X-API-KEY": pocket.key},
                        timeout=30).content


# ---- curl ----
def curl(*arguments, **options):
    return run("curl", "-sS", "--noproxy", "*", "--fail-with-body", *arguments, **options)


@needs("curl")
def test_curl_sends_a_form(client, server, asset):
    told = json.loads(curl("-F", f"file=@{PHOTO}", "-H", f"Authorization: Bearer {server.token()}",
                           f"{server.url}{picture_path(asset)}/org-a"))
    assert (told["data"]["filename"], told["data"]["mimetype"]) == ("photo.jpg", "image/jpeg")
    assert client.preview(asset).content == PHOTO.read_bytes()


@needs("curl")
@pytest.mark.parametrize("version", ["--http1.1", "--http1.0"])
def test_curl_sends_a_big_form(media, pocket, big, version):
    """With HTTP/1.1 it asks first whether it may (Expect: 100-continue)."""
    told = curl(version, "-v", "-F", f"file=@{big};filename=b.bin", "-H",
                f"X-API-KEY: {pocket.key}", media)
    assert json.loads(told) == {"ok": "ok"}
    assert content_of(media, pocket) == big.read_bytes()


@needs("curl")
@pytest.mark.parametrize("source", ["file", "stdin"])
def test_curl_puts_a_file_or_a_pipe(media, pocket, big, source):
    """-T with a file says its length; from a pipe it is chunked."""
    head = ("-H", f"X-API-KEY: {pocket.key}", "-H", "Content-Type: application/octet-stream")
    if source == "file":
        told = curl("-T", big, *head, media)
    else:
        told = curl("-T", "-", *head, media, input=big.read_bytes())
    assert json.loads(told) == {"ok": "ok"}
    assert content_of(media, pocket) == big.read_bytes()


@needs("curl")
def test_curl_resumes_a_download(server, big, tmp_path):
    asset = Partner(server, "company-curl").new(big.read_bytes())
    half = tmp_path / "half"
    half.write_bytes(big.read_bytes()[:1_234_567])
    told = curl("-C", "-", "-o", half, "-w", "%{http_code} %{size_download}", asset["publicURL"])
    assert told == f"206 {BIG_BYTES - 1_234_567}".encode()
    assert half.read_bytes() == big.read_bytes()
    again = subprocess.run(["curl", "-sS", "--noproxy", "*", "-C", "-", "-o", half, "-w",
                            "%{http_code}", asset["publicURL"]], check=False, capture_output=True,
                           timeout=60)
    assert again.stdout == b"416"  # there is no more
    assert half.read_bytes() == big.read_bytes()


@needs("curl")
def test_curl_asks_only_for_what_is_new(server, tmp_path):
    url = Partner(server, "company-curl").new(b"text", filename="a.txt")["publicURL"]
    etags, target = tmp_path / "etags", tmp_path / "target"
    curl("--etag-save", etags, "-o", target, url)
    told = curl("--etag-compare", etags, "-o", tmp_path / "unused", "-w", "%{http_code}", url)
    assert told == b"304" and target.read_bytes() == b"text"


@needs("curl")
def test_curl_reads_only_the_head(server):
    url = Partner(server, "company-curl").new(b"text", filename="a.txt")["publicURL"]
    told = curl("-I", url).decode().lower()
    assert told.startswith("http/1.1 200") and "content-length: 4\r\n" in told


# ---- requests ----
def test_requests_sends_a_form_of_fields_and_a_file(server):
    caller = Partner(server, "company-requests")
    with open(PHOTO, "rb") as stream:
        answer = caller.post(PARTNER + "/upload/public", data={"name": "Über 3"},
                             files={"file": ("föto.jpg", stream, "image/jpeg")})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["name"], answer.json()["type"]) == ("Über 3", "Photo")
    got = requests.get(answer.json()["publicURL"], timeout=30)
    assert got.content == PHOTO.read_bytes() and got.headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize("how", ["file", "generator"])
def test_requests_streams_a_put(media, pocket, big, how):
    def pieces():
        for start in range(0, BIG_BYTES, 70_001):
            yield big.read_bytes()[start:start + 70_001]

    with open(big, "rb") as stream:
        answer = requests.put(media, data=stream if how == "file" else pieces(), timeout=60,
                              headers={"X-API-KEY": pocket.key, "Content-Type": "video/mp4"})
    assert answer.json() == {"ok": "ok"}
    assert content_of(media, pocket) == big.read_bytes()


# ---- Node ----
NODE_FORM = """
const [url, token, path] = process.argv.slice(1);
const bytes = await (await import('node:fs/promises')).readFile(path);
const form = new FormData();
form.append('note', 'before the file');
form.append('file', new Blob([bytes], {type: 'image/jpeg'}), 'from node.jpg');
const answer = await fetch(url, {method: 'POST', body: form,
                                 headers: {Authorization: `Bearer ${token}`}});
console.log(JSON.stringify({status: answer.status, body: await answer.json()}));
"""
NODE_STREAM = """
const [url, key, path] = process.argv.slice(1);
const {createReadStream} = await import('node:fs');
const {Readable} = await import('node:stream');
const head = {'X-API-KEY': key};
const put = await fetch(url, {method: 'PUT', duplex: 'half', headers: head,
                              body: Readable.toWeb(createReadStream(path))});
await put.json();
const {media: [{download_url: where}]} = await (await fetch(url, {headers: head})).json();
const hash = (await import('node:crypto')).createHash('sha256');
for await (const piece of (await fetch(where, {headers: head})).body) hash.update(piece);
console.log(JSON.stringify({status: put.status, sha256: hash.digest('hex')}));
"""


def node(script, *arguments):
    return json.loads(run("node", "--input-type=module", "-e", script, *arguments))


@needs("node")
def test_node_sends_form_data_with_a_blob(server, client, asset):
    told = node(NODE_FORM, f"{server.url}{picture_path(asset)}/org-a", server.token(), PHOTO)
    assert told["status"] == 201, told
    assert told["body"]["data"]["filename"] == "from node.jpg"
    assert client.preview(asset).content == PHOTO.read_bytes()


@needs("node")
def test_node_streams_a_body_and_reads_it_back(media, pocket, big):
    told = node(NODE_STREAM, media, pocket.key, big)
    assert told == {"status": 200, "sha256": hashlib.sha256(big.read_bytes()).hexdigest()}


# ---- a browser ----
@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    one = Browser(tmp_path_factory.mktemp("browser"))
    yield one
    one.close()


MAKE_FORM = """
document.body.innerHTML = `<form method="post" enctype="multipart/form-data"
    action="${arguments[0]}">
  <input name="note" value="ä text field"><input name="file" type="file"><button>Send</button>
</form>`;
"""
FETCH_FORM = """
const [url, token] = arguments;
const form = new FormData(document.querySelector('form'));
return fetch(url, {method: 'POST', body: form, headers: {Authorization: `Bearer ${token}`}})
  .then(answer => answer.json().then(body => ({status: answer.status, body})));
"""


@pytest.mark.parametrize("name", ["photo.jpg", "Bild \"ä\" 100%.jpg"])
def test_a_browser_posts_a_form(browser, server, client, asset, tmp_path, name):
    picture = tmp_path / name
    shutil.copyfile(PHOTO, picture)
    relay = Relay(server.port, f"Authorization: Bearer {server.token()}")
    try:
        browser.open(relay.url + "/")
        browser.run(MAKE_FORM, f"{picture_path(asset)}/org-a")
        browser.choose_file("input[type=file]", picture)
        browser.run("document.querySelector('button').click();")
        text = eventually(lambda: browser.run(
            "return location.pathname !== '/' && document.readyState === 'complete' "
            "&& document.body.innerText;"), 20, "the answer to the form")
    finally:
        relay.close()
    told = json.loads(text)["data"]
    assert told["mimetype"] == "image/jpeg"
    assert told["filename"].replace("%22", '"') == name
    assert client.preview(asset).content == PHOTO.read_bytes()


def test_a_browsers_script_sends_form_data(browser, server, client, asset):
    browser.open(server.url + "/")
    browser.run(MAKE_FORM, "/")
    browser.choose_file("input[type=file]", PHOTO)
    told = browser.run(FETCH_FORM, f"{picture_path(asset)}/org-a", server.token())
    assert told["status"] == 201 and told["body"]["data"]["filename"] == "photo.jpg"
    assert client.preview(asset).content == PHOTO.read_bytes()


def test_a_browser_shows_a_picture_of_another_origin(browser, server):
    """What is public may be embedded anywhere: here in a page of another site, `localhost`."""
    url = Partner(server, "company-browser").new(PHOTO.read_bytes())["publicURL"]
    browser.open(f"http://localhost:{server.port}/")
    browser.run("const image = new Image(); image.src = arguments[0]; "
                "document.body.append(image);", url)
    width = eventually(lambda: browser.run("return document.querySelector('img').naturalWidth;"),
                       20, "the picture")
    assert width > 0
