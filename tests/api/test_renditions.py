"""Renditions and their workers, seen from outside: processes, metrics, and what the store keeps."""

import concurrent.futures
import contextlib
import os
import re
import signal
import struct
import time
import zlib
from pathlib import Path

import pytest
import requests

import payloads
from harness import DATA, Client, eventually, file_part, form, text_part

PHOTO = (DATA / "photo.jpg").read_bytes()
QUEUE = 'mooring_image_queue_length{lane="renditions"}'
BUSY = 'mooring_image_workers_busy{lane="renditions"}'
BOXES = {"thumb": (160, 160), "thumb_retina": (320, 320), "ipad": (1024, 768),
         "ipad_retina": (2048, 1536), "ebay": (1600, 1600)}


# ---- pictures ----
def chunk(kind, content):
    return (len(content).to_bytes(4, "big") + kind + content
            + zlib.crc32(kind + content).to_bytes(4, "big"))


def png(width, height, rows, color=2, depth=8):
    return (payloads.PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color,
                                                      0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def noise(width, height, seed=b"noise"):
    """A PNG that hardly compresses: about three bytes per pixel."""
    rows = []
    for y in range(height):
        row = bytearray()
        state = zlib.crc32(seed + y.to_bytes(4, "big"))
        while len(row) < width * 3:
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            row += state.to_bytes(8, "big")[:5]
        rows.append(b"\0" + bytes(row[:width * 3]))
    return png(width, height, b"".join(rows))


def flat(width, height, shade=0):
    return png(width, height, (b"\0" + bytes([shade]) * width) * height, color=0)


def bomb(side):
    """A one-bit PNG of side² pixels in about a hundred kilobytes."""
    pack = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    packed = b"".join(pack.compress(row) for _ in range(side)) + pack.flush()
    return (payloads.PNG + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0))
            + chunk(b"IDAT", packed) + chunk(b"IEND", b""))


def huge_jpeg():
    """The header of 64,250 by 64,250 pixels, and nothing behind it."""
    quantization = b"\xff\xdb\x00\x43\x00" + b"\x01" * 64
    frame = b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", 64250, 64250) + b"\x01\x01\x11\x00"
    return b"\xff\xd8" + quantization + frame + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\0"


def with_exif(jpeg, orientation):
    """The same picture with an orientation and a place on earth."""
    entries = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    entries += struct.pack(">HHII", 0x8825, 4, 1, 38)
    gps = b"\0\1" + struct.pack(">HHI4s", 1, 2, 2, b"N\0\0\0") + b"\0\0\0\0"
    tiff = b"MM\0\x2a\0\0\0\x08\0\2" + entries + b"\0\0\0\0" + gps
    body = b"Exif\0\0" + tiff + b"SECRET-PLACE"
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def png_size(content):
    assert content.startswith(payloads.PNG), content[:16]
    return struct.unpack(">II", content[16:24])


# ---- callers and what they see ----
@pytest.fixture
def caller(server):
    return caller_of(server)


def caller_of(server):
    return Client(server, server.token("org-a", "", "user-a", "--scope", "images"))


def upload(caller, content, **options):
    body, header = form([file_part(content, "a.png", "image/png", name="image"),
                         text_part("type", b"product")])
    return caller.post("/api/images/", data=body, headers={"Content-Type": header}, **options)


def new_image(caller, content):
    answer = upload(caller, content)
    assert answer.status_code in (200, 201), (answer.status_code, answer.text)
    return answer.json()


def fetch(server, image, rendition, **options):
    url = image["urls"][rendition]
    return server.anonymous().get(url[len(server.url):], **options)


def jobs(server, outcome="done"):
    return server.metric(f'mooring_image_jobs_total{{outcome="{outcome}"}}')


def workers(server, lane="all"):
    """The pids of the server's image workers: those for renditions, which are nicer, or all."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdigit():
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                nice = {"all": fields[16], "renditions": "19", "checks": "5"}[lane]
                if int(fields[1]) == server.pid and fields[0] != "Z" and fields[16] == nice:
                    found.append(int(entry.name))
    return sorted(found)


def status_of(pid, field):
    text = Path(f"/proc/{pid}/status").read_text()
    return re.search(rf"^{field}:\s*(\S+)", text, re.MULTILINE)[1]


def is_dead(pid):
    """All of its threads, and so its socket: the first one can end before the others."""
    return status_of(pid, "State") == "Z" and len(os.listdir(f"/proc/{pid}/task")) == 1


def resident_bytes(pid):
    return int(status_of(pid, "VmRSS")) * 1024


def stop_workers(server):
    """Those that make renditions: a slow picture each, as long as the test wants."""
    for pid in workers(server, "renditions"):
        os.kill(pid, signal.SIGSTOP)
        eventually(lambda pid=pid: status_of(pid, "State") == "T", what="a worker stops")


ONE_WORKER = "[renditions]\nworkers = 1\ncheck_workers = 1\n"


def rendered_once(server, caller):
    """An image with a rendition: the worker for renditions runs."""
    image = new_image(caller, flat(500, 500))
    assert fetch(server, image, "ipad").status_code == 200
    return image


def hang_over(server, image, rendition):
    """A request whose worker is stopped, until its time is over."""
    stop_workers(server)
    return fetch(server, image, rendition)


# ---- what renditions are ----
def test_every_rendition_fits_its_box_and_is_never_enlarged(server, caller):
    for width, height in ((2400, 1200), (100, 50)):
        image = new_image(caller, flat(width, height, width % 251))
        for name, box in BOXES.items():
            answer = fetch(server, image, name)
            assert answer.status_code == 200 and answer.headers["Content-Type"] == "image/png"
            factor = min(1, box[0] / width, box[1] / height)
            made = png_size(answer.content)
            assert made == (round(width * factor), round(height * factor)), name


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_places_are_dropped(server, caller, orientation):
    plain = png_size(fetch(server, new_image(caller, PHOTO), "thumb").content)
    image = new_image(caller, with_exif(PHOTO, orientation))
    for rendition in BOXES:
        content = fetch(server, image, rendition).content
        assert b"SECRET-PLACE" not in content and b"Exif" not in content
        assert b"eXIf" not in content and b"iCCP" not in content
    made = png_size(fetch(server, image, "thumb").content)
    assert made == (plain if orientation < 5 else plain[::-1])
    assert b"SECRET-PLACE" in fetch(server, image, "original").content, "the original is untouched"


def test_a_rendition_of_many_megabytes_is_stored_and_served(server, caller):
    content = noise(1800, 1400)
    image = new_image(caller, content)
    first = fetch(server, image, "ipad_retina")
    assert first.status_code == 200 and len(first.content) > 4 << 20
    again = fetch(server, image, "ipad_retina")
    assert again.content == first.content and again.headers["ETag"] == first.headers["ETag"]


# ---- hostile pictures ----
def test_bombs_are_refused_from_the_header_and_cost_the_server_nothing(make_server):
    server = make_server()
    caller = caller_of(server)
    new_image(caller, flat(10, 10))
    before = resident_bytes(server.pid)
    for content in (bomb(30_000), huge_jpeg(), flat(0, 0), flat(16_385, 1)):
        answer = upload(caller, content)
        assert answer.status_code == 400 and "Upload a valid image" in answer.text
    assert jobs(server, "crashed") == jobs(server, "timed_out") == 0
    assert jobs(server, "refused") == 4
    assert resident_bytes(server.pid) - before < 64 << 20
    assert all(resident_bytes(pid) < 512 << 20 for pid in workers(server))


def test_cut_off_and_foreign_files_are_no_images(server, caller):
    good = noise(200, 200)
    archive = b"PK\x03\x04" + bytes(100)
    for content in (good[:len(good) // 2], PHOTO[:len(PHOTO) // 2], payloads.PNG, archive,
                    b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a<script>",
                    b"push graphic-context\nimage over 0,0 0,0 'https://127.0.0.1/'\n"):
        answer = upload(caller, content)
        assert answer.status_code == 400 and "Upload a valid image" in answer.text


def test_what_hangs_behind_a_picture_is_in_no_rendition(server, caller):
    image = new_image(caller, PHOTO + b"PK\x03\x04<script>alert(1)</script>")
    answer = fetch(server, image, "thumb")
    assert b"script" not in answer.content
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


# ---- once, and for good ----
def test_many_requests_of_one_rendition_make_it_once(make_server):
    server = make_server(ONE_WORKER)
    image = new_image(caller_of(server), noise(1200, 900))
    before = jobs(server)
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(lambda _: fetch(server, image, "ebay"), range(500)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert jobs(server) - before == 1


def test_a_rendition_outlives_the_server_and_goes_with_its_original(make_server):
    server = make_server()
    caller = caller_of(server)
    image = new_image(caller, noise(900, 700))  # originals and renditions of the file tier
    content = fetch(server, image, "ebay").content
    thumb = fetch(server, image, "thumb").content
    assert len(server.blobs()) >= 1
    server.stop()
    assert server.check("--deep").returncode == 0
    server.start()
    caller = caller_of(server)
    again = server.anonymous().get(re.sub(r"^http://[^/]*", "", image["urls"]["ebay"]))
    assert again.content == content
    path = re.sub(r"^http://[^/]*", "", image["urls"]["thumb"])
    assert server.anonymous().get(path).content == thumb
    assert jobs(server) == 0, "nothing was made anew"
    assert caller.delete(f"/api/images/{image['id']}").status_code in (200, 204)
    eventually(lambda: not server.blobs(), what="the original and its renditions are collected")
    server.stop()
    checked = server.check("--deep")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_eager_renditions_are_made_without_being_asked_for(make_server):
    server = make_server('[renditions]\nmode = "eager"\n')
    image = new_image(caller_of(server), noise(300, 200))
    eventually(lambda: jobs(server) == 1 + len(BOXES), what="the check and every rendition")
    for name in BOXES:
        assert fetch(server, image, name).status_code == 200
    assert jobs(server) == 1 + len(BOXES)
    server.stop()
    assert server.check("--deep").returncode == 0


# ---- workers ----
def test_workers_are_started_when_needed_and_are_confined(make_server):
    server = make_server(ONE_WORKER)
    assert workers(server) == []
    image = new_image(caller_of(server), flat(10, 10))
    assert len(workers(server)) == len(workers(server, "checks")) == 1
    assert fetch(server, image, "thumb").status_code == 200
    assert len(workers(server)) == 2
    for lane in ("checks", "renditions"):
        [worker] = workers(server, lane)
        assert_confined(server, worker)
    server.stop()
    assert not Path(f"/proc/{worker}").exists(), "it ends with the server"


def assert_confined(server, worker):
    assert status_of(worker, "Seccomp") == "2" and status_of(worker, "NoNewPrivs") == "1"
    assert status_of(worker, "CapEff") == "0" * 16
    if os.geteuid() == 0:
        assert status_of(worker, "Uid") != "0"
        own, theirs = (os.readlink(f"/proc/{pid}/ns/net") for pid in (server.pid, worker))
        assert own != theirs
        names = {os.readlink(f"/proc/{worker}/fd/{fd}") for fd in os.listdir(f"/proc/{worker}/fd")}
        assert {re.sub(r"\d+", "", name) for name in names} == {"/dev/null", "socket:[]"}


def test_workers_do_not_survive_a_killed_server(make_server):
    server = make_server(ONE_WORKER)
    new_image(caller_of(server), flat(10, 10))
    [worker] = workers(server)
    server.kill9()
    eventually(lambda: not Path(f"/proc/{worker}").exists() or status_of(worker, "State") == "Z",
               what="the worker ends")


def test_a_dead_worker_is_replaced_and_costs_nobody_anything(make_server):
    server = make_server(ONE_WORKER)
    image = rendered_once(server, caller_of(server))
    [worker] = workers(server, "renditions")
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: is_dead(worker), what="it is dead")
    assert fetch(server, image, "thumb").status_code == 200
    assert workers(server, "renditions") != [worker]


def test_a_hanging_worker_costs_one_request(make_server):
    server = make_server('[renditions]\nworkers = 1\ntimeout = "1s"\n')
    image = rendered_once(server, caller_of(server))
    assert hang_over(server, image, "thumb").status_code == 500
    assert fetch(server, image, "thumb_retina").status_code == 200
    assert jobs(server, "timed_out") == 1


def test_a_worker_killed_over_its_work_costs_one_request(make_server):
    server = make_server(ONE_WORKER)
    image = rendered_once(server, caller_of(server))
    stop_workers(server)
    [worker] = workers(server, "renditions")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asked = pool.submit(fetch, server, image, "thumb")
        eventually(lambda: server.metric(BUSY) == 1, what="it has work")
        time.sleep(0.1)  # its request is in its socket
        os.kill(worker, signal.SIGKILL)
        assert asked.result().status_code == 500
    assert fetch(server, image, "thumb_retina").status_code == 200
    assert jobs(server, "crashed") == 1


def test_a_picture_that_cost_a_worker_is_not_tried_again_for_a_while(make_server):
    server = make_server('[renditions]\nworkers = 1\ntimeout = "1s"\nfailure_ttl = "3s"\n')
    caller = caller_of(server)
    image = rendered_once(server, caller)
    first = hang_over(server, image, "thumb")
    assert first.status_code == 500
    for _ in range(5):
        again = fetch(server, image, "thumb")
        assert (again.status_code, again.text) == (first.status_code, first.text)
    assert jobs(server, "timed_out") == 1
    assert server.metric("mooring_image_failures_recalled_total") == 5
    twin = new_image(caller, flat(500, 500))
    assert fetch(server, twin, "thumb").status_code == 500, "it is the content that is remembered"
    assert fetch(server, image, "ebay").status_code == 200, "other renditions of it are made"
    eventually(lambda: fetch(server, image, "thumb").status_code == 200, what="a second try")
    assert jobs(server, "timed_out") == 1


def test_an_upload_that_is_no_picture_is_decoded_once(make_server):
    server = make_server()
    caller = caller_of(server)
    half = noise(200, 200)[:30_000]
    for _ in range(3):
        answer = upload(caller, half)
        assert answer.status_code == 400 and "Upload a valid image" in answer.text
    assert jobs(server, "refused") == 1
    server = make_server("[renditions]\nfailures_max = 0\n")
    caller = caller_of(server)
    for _ in range(3):
        assert upload(caller, half).status_code == 400
    assert jobs(server, "refused") == 3, "without a memory each is tried"


def test_a_full_queue_is_503_with_retry_after_and_uploads_go_on(make_server):
    server = make_server('[renditions]\nworkers = 1\nqueue_max = 2\ntimeout = "60s"\n')
    caller = caller_of(server)
    rendered_once(server, caller)
    images = [new_image(caller, flat(400, 400, shade)) for shade in range(4)]
    stop_workers(server)
    [worker] = workers(server, "renditions")
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(fetch, server, image, "thumb") for image in images[:3]]
        eventually(lambda: server.metric(QUEUE) == 2, what="it is full")
        refused = fetch(server, images[3], "thumb")
        assert refused.status_code == 503 and int(refused.headers["Retry-After"]) >= 1
        owner = server.client()
        for shade in range(20):
            asset = owner.new_asset()["id"]
            assert owner.upload(asset, PHOTO).status_code == 201
            new_image(caller, flat(300, 300, shade))  # is decoded before it is taken
        assert server.metric(QUEUE) == 2, "none of them waited for the queue"
        os.kill(worker, signal.SIGCONT)
        assert [one.result().status_code for one in waiting] == [200, 200, 200]
    assert fetch(server, images[3], "thumb").status_code == 200
    assert jobs(server, "turned_away") == 1


def test_a_full_queue_of_checks_is_503_and_renditions_go_on(make_server):
    server = make_server('[renditions]\ncheck_workers = 1\ncheck_queue_max = 1\n')
    caller = caller_of(server)
    image = rendered_once(server, caller)
    [worker] = workers(server, "checks")
    os.kill(worker, signal.SIGSTOP)
    eventually(lambda: status_of(worker, "State") == "T", what="it stops")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(upload, caller_of(server), flat(50, 50, shade)) for shade in (1, 2)]
        eventually(lambda: server.metric(QUEUE.replace("renditions", "checks")) == 1,
                   what="it is full")
        refused = upload(caller, flat(50, 50, 3))
        assert refused.status_code == 503 and int(refused.headers["Retry-After"]) >= 1
        assert fetch(server, image, "thumb").status_code == 200
        os.kill(worker, signal.SIGCONT)
        assert all(one.result().status_code in (200, 201) for one in waiting)
    assert upload(caller, flat(50, 50, 3)).status_code in (200, 201)


# ---- a drain whose workers are dead ----
def test_t9_a_drain_does_not_wait_for_workers_that_hang(make_server):
    server = make_server('[server]\ndrain = "500ms"\n'
                         '[renditions]\nworkers = 1\ntimeout = "10m"\nqueue_max = 8\n')
    caller = caller_of(server)
    images = [new_image(caller, flat(300, 300, shade)) for shade in range(6)]
    assert fetch(server, images[0], "ipad").status_code == 200
    stop_workers(server)
    with concurrent.futures.ThreadPoolExecutor(len(images)) as pool:
        waiting = [pool.submit(answered, server, image, "thumb") for image in images]
        eventually(lambda: server.metric(BUSY) == 1 and server.metric(QUEUE) == 5,
                   what="all have asked")
        server.stop()
        assert {one.result() for one in waiting} <= {503, None}


def answered(server, image, rendition):
    """The status, or None: the connection was closed."""
    try:
        return fetch(server, image, rendition).status_code
    except requests.RequestException:
        return None
