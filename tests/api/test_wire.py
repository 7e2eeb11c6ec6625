"""Plays tests/data/wire-cases.json: whole, byte by byte, and split in two at every place.

Every variant of a case must have the same outcome, one which the case allows. A case ends with a
canary, a second request behind it on the connection: where the framing is in doubt (`noexec`) it
must never be answered, where it is sound (`exec`) it must be answered once.
"""

import asyncio
import re

import pytest

import wire
from harness import picture_path
from payloads import JPEG
from wire_cases import (AT_ONCE, CANARY, CASES, SECONDS_MAX, SPLIT_BYTES_MAX, bytes_of, play,
                        play_all, variants)

# What a case's words allow: the statuses, in order, before the canary's answer.
ALLOWED = {
    "200": [[200]], "200 close": [[200]], "200 x2": [[200, 200]], "200/204": [[200], [204]],
    "2xx len=5": [[200]], "2xx len=0": [[200]], "2xx len=16": [[200]],
    "2xx len=5, then 200": [[200, 200]], "[100] 2xx len=5": [[200]],
    "400": [[400]], "400 close": [[400]], "413 close": [[413]], "417": [[417]], "501": [[501]],
    "501 close": [[501]], "414 close": [[414]], "431 close": [[431]],
    "2xx len=5 or 400": [[200], [400]], "200 or 400 close": [[200], [400]],
    # What is left over and the canary make one request of an unknown method: 501 is right as well.
    "2xx len=5, then 400 close": [[200, 400], [200, 501]],
    "/smuggled never executed": [[200], [400], [200, 501]],
    "CL wins, or 400": [[200], [400]], "400 close or 2xx": [[400]],
    "2xx len=100000 in linear time": [[200]], "no 2xx; nothing stored": [[], [400]],
    "400, or 2xx with trailer ignored": [[400], [200]], "405/501 close": [[405], [501]],
    "405/501": [[405], [501]], "400/505 close": [[400], [505]], "400/404": [[400], [404]],
    "404/400, no redirect to evil": [[404], [400]], "400/501 close": [[400], [501]],
    "200 (416 allowed)": [[200], [416]],
    "200 or 416 or 400; never 1300 parts": [[200], [416], [400]],
    "431 or 400, close": [[431], [400]],
    # Expectation: /e is open to all, so the length may be refused before the token is looked at.
    "401 close, read by the client": [[401], [413]],
    "413 (or 401), no 100, close": [[413], [401]],
}


def judge_http(case, outcome):
    """What is wrong with an outcome of an http case, or None."""
    found, canary = outcome
    statuses = [response.status_code for response in found]
    if statuses not in ALLOWED[case["expect"]]:
        return f"answered {found}"
    if case["canary"] == "exec" and not canary:
        return "closed without answering the canary"
    if case["canary"] == "noexec" and canary:
        return "answered the canary"
    length = re.search(r"len=(\d+)", case["expect"])
    if length and statuses[0] == 200 and found[0].json()["len"] != int(length[1]):
        return f"took a body of {found[0].json()['len']} bytes"
    for response in found:
        if response.status_code == 405 and "Allow" not in response.headers:
            return "405 without Allow"
        if "Location" in response.headers or "Set-Cookie" in response.headers:
            return f"headers {response.fields}"
    return None


@pytest.fixture(scope="module")
def canary_body(shared_server):
    with wire.Connection(shared_server) as connection:
        answer = connection.send(CANARY).response()
        root = connection.send(wire.head("GET", "/")).response()
    assert answer.status_code == root.status_code == 200
    assert answer.content and answer.content != root.content
    return answer.content


def test_every_expectation_of_the_case_file_is_understood():
    assert {case["expect"] for case in CASES["http"]} == set(ALLOWED)
    assert len(CASES["http"]) >= 118 and len(CASES["multipart"]) >= 59


@pytest.mark.parametrize("case", CASES["http"], ids=[case["id"] for case in CASES["http"]])
def test_http_case(server, canary_body, case):
    data = bytes_of(case["segs"])
    half_close = data.endswith(b"<FIN>")
    data = data.removesuffix(b"<FIN>")
    outcomes = set()

    def judge(outcome):
        statuses = tuple(response.status_code for response in outcome[0])
        # Where both are sound, whether the connection lives on may depend on what had arrived.
        outcomes.add(statuses[:1] if "|" in case["canary"] else (statuses, outcome[1]))
        return judge_http(case, outcome)

    def job(pieces):
        tail = [] if half_close else [CANARY]
        # The canary rides with the last piece: what follows at once is where smuggling happens.
        joined = pieces[:-1] + [pieces[-1] + tail[0]] if tail else pieces
        return lambda: play(server.port, joined, canary_body, half_close)

    jobs = [(name, job(pieces)) for name, pieces in variants(data)]
    wrong = asyncio.run(play_all(jobs, judge))
    assert not wrong, f"{case['note']}: expected {case['expect']}\n" + "\n".join(wrong[:10])
    assert len(outcomes) == 1, f"the outcome depends on the cut: {outcomes}"


def test_100_continue_comes_before_a_body_that_is_held_back(server):
    with wire.Connection(server) as connection:
        fields = [("Content-Length", 5), ("Expect", "100-continue")]
        connection.send(wire.head("POST", "/e", fields))
        assert connection.response().status_code == 100
        assert connection.send(b"hello").response().json() == {"len": 5}


def test_an_early_answer_reaches_a_client_that_goes_on_sending(server, asset):
    with wire.Connection(server) as connection:
        connection.send(wire.upload_head(asset, 1 << 40, "bad"))
        connection.send(b"x" * 100_000)
        assert connection.response().status_code == 401
        assert connection.until_closed() == b""


# ---- multipart, on the route that takes pictures ----
def as_picture(case):
    """The case's body with a JPEG's first bytes before the file's content, so that only the form
    can be at fault, and the content expected back (None: the case has no sound content)."""
    body = bytes_of(case["segs"])
    place = body.find(b"\r\n\r\n")
    sound = case["id"] not in ("M03", "M93", "M95", "M46", "M40")  # these are about their content
    if not sound or place < 0 or b"filename" not in body[:place]:
        return body, None
    body = body[:place + 4] + JPEG + body[place + 4:]
    end = body.rfind(b"\r\n--")
    return body, body[place + 4:end]


def allowed_multipart(case):
    """The statuses the case allows here; where contract and case file differ, the contract wins."""
    if case["id"] in ("M03", "M93", "M95"):
        return {400}  # P7, P9: no allowed type
    if case["id"] == "M39":
        return {201}  # X9: the preamble is ignored
    expect = case["expect"]
    if expect.startswith("201"):
        return {201, 400} if " or " in expect else {201}
    if expect.startswith(("safe name", "400 or 201", "400, or 201")):
        return {201, 400}
    if expect.startswith("413"):
        return {400, 413}
    return {400}  # X9: also where the case file says 415


def multipart_request(case, method, path, token, body, chunk=None):
    framing = ("Content-Length", len(body)) if chunk is None else ("Transfer-Encoding", "chunked")
    fields = [framing, ("Content-Type", case["ct"].encode("latin-1").decode("latin-1"))]
    return wire.head(method, path, fields, token) + (wire.chunked(body, chunk) if chunk else body)


@pytest.mark.parametrize("case", CASES["multipart"],
                         ids=[case["id"] for case in CASES["multipart"]])
def test_multipart_case(server, client, asset, case):
    body, content = as_picture(case)
    request = multipart_request(case, "POST", f"{picture_path(asset)}/org-a", server.token(), body)
    found, _ = asyncio.run(asyncio.wait_for(play(server.port, [request], answers=1), SECONDS_MAX))
    answer = found[0]
    assert answer.status_code in allowed_multipart(case), answer
    if answer.status_code != 201:
        assert list(answer.json()) == ["errors"]
        assert client.get(picture_path(asset)).status_code == 404
        return
    name = answer.json()["data"]["filename"]
    assert len(name.encode()) <= 255
    assert not re.search("[/\\\\\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", name), name
    if case["id"] == "M05":
        assert name == 'a"b.png'
    if case["id"] == "M06":
        assert name == "naïve €.png"
    if content is not None and case["id"] != "M41":
        assert client.preview(asset).content == content


@pytest.fixture(scope="module")
def slots(shared_server):
    """Assets for uploads side by side; PATCH replaces, so each takes any number of uploads."""
    client = shared_server.client()
    return [client.new_asset()["id"] for _ in range(AT_ONCE)]


SMALL = [case for case in CASES["multipart"] if len(bytes_of(case["segs"])) <= SPLIT_BYTES_MAX]


@pytest.mark.parametrize("case", SMALL, ids=[case["id"] for case in SMALL])
def test_multipart_case_cut_anywhere_has_the_same_outcome(server, slots, case):
    body, content = as_picture(case)
    free, outcomes, token = list(slots), set(), server.token()

    def job(method_body, pieces_of):
        async def run():
            asset = free.pop()
            try:
                data = method_body(picture_path(asset))
                found, _ = await play(server.port, pieces_of(data), answers=1)
                return found
            finally:
                free.append(asset)
        return run

    def plain(path):
        return multipart_request(case, "PATCH", path, token, body)

    def in_chunks(path):
        return multipart_request(case, "PATCH", path, token, body, chunk=1)

    def cut_before_end(distance):
        return lambda data: [data[:-distance], data[-distance:]]

    def judge(found):
        answer = found[0] if found else None
        if answer is None:
            return "no answer"
        ok = answer.status_code in (200, 201)
        outcomes.add((ok, answer.json()["data"]["filename"] if ok else answer.content))
        wanted = allowed_multipart(case)
        return None if (201 if ok else answer.status_code) in wanted else f"answered {answer}"

    jobs = [("one-byte chunks", job(in_chunks, lambda data: [data])),
            ("byte by byte", job(plain, lambda data: [data[i:i + 1] for i in range(len(data))]))]
    # Every place of one case; of the others those around what a parser waits for.
    marks = {place + offset for place, byte in enumerate(body) if byte in b"\r\n-"
             for offset in range(-1, 2)}
    places = range(1, len(body)) if case["id"] == "M01" else sorted(
        place for place in marks if 0 < place < len(body))[::2]
    jobs += [(f"cut {place} before the end", job(plain, cut_before_end(len(body) - place)))
             for place in places]
    wrong = asyncio.run(play_all(jobs, judge))
    assert not wrong, f"{case['note']}: expected {case['expect']}\n" + "\n".join(wrong[:10])
    assert len(outcomes) == 1, outcomes


@pytest.mark.parametrize("edge", [4096, 16384, 65536, 131072, 524288, 1048576, 2097152])
def test_a_delimiter_across_any_buffer_edge_is_found(server, client, edge):
    """The closing delimiter begins at each place of the body from 9 before the edge to 2 behind."""
    asset = client.new_asset()["id"]
    start = b'--B\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    for offset in range(-9, 3):
        content = JPEG + b"\r\n--" * ((edge + offset - len(start) - 3) // 4)
        content += b"x" * (edge + offset - len(start) - len(content))
        data = multipart_request({"ct": "multipart/form-data; boundary=B"}, "PATCH",
                                 picture_path(asset), server.token(),
                                 start + content + b"\r\n--B--\r\n")
        with wire.Connection(server) as connection:
            assert connection.send(data).response().status_code in (200, 201)
        assert client.preview(asset).content == content
