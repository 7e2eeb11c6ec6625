"""The server as its operator sees it: routes of its own, exit codes, the command line."""

import base64
import json
import re
import signal
import stat

import pytest
import requests

import wire
from harness import Server, eventually, file_part, form, mooring
from payloads import jpeg

VERSION = re.compile(r"\b\d+\.\d+\.\d+\b")
METRIC = re.compile(r'^[a-zA-Z_:][a-zA-Z0-9_:]*'
                    r'(\{([a-zA-Z_][a-zA-Z0-9_]*="([^"\\\n]|\\.)*",?)*\})? '
                    r'[+-]?([0-9.eE+-]+|Inf|NaN)( \d+)?$')
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT")


# ---- routes of our own ----
def test_the_root_names_the_server(server):
    answer = server.anonymous().get("/")
    assert answer.status_code == 200
    assert "mooring" in answer.text.lower() and VERSION.search(answer.text)


def test_healthz_tells_the_durability(server, make_server):
    answer = server.anonymous().get("/healthz")
    assert answer.status_code == 200 and "durable" in answer.text
    relaxed = make_server('[data]\ndurability = "relaxed"\n')
    assert "relaxed" in relaxed.anonymous().get("/healthz").text
    assert "relaxed" in relaxed.errors()  # the start banner


def test_readyz_is_200_once_the_ready_line_was_printed(server):
    assert server.anonymous().get("/readyz").status_code == 200


def metrics_of(server):
    answer = server.anonymous().get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    samples = {}
    for line in answer.text.splitlines():
        if line and not line.startswith("#"):
            assert METRIC.match(line), line
            name, value = line.rsplit(" ", 1)
            samples[name] = float(value)
    return samples


def test_metrics_are_prometheus_text_and_count(server, client):
    before = metrics_of(server)
    assert before and all(name.startswith(("mooring_", "process_")) for name in before)
    for _ in range(10):
        client.get("/healthz")
    after = metrics_of(server)

    def requests_in(samples):
        return sum(value for name, value in samples.items()
                   if re.match(r"mooring_\w*requests_total", name))

    assert requests_in(after) >= requests_in(before) + 10


def test_metrics_on_a_listener_of_their_own(make_server):
    server = make_server('[server]\nmetrics_listen = "127.0.0.1:0"\n')
    assert server.anonymous().get("/metrics").status_code == 404


def test_v3_big_bodies_are_not_copied_and_a_counter_says_so(make_server):
    server = make_server()
    client = server.client()
    client.upload(client.new_asset()["id"], jpeg(8 << 20))
    copied = [value for name, value in metrics_of(server).items() if "copied_bytes" in name]
    assert copied and sum(copied) < 2 << 20  # the first partial buffer is the only copy


def test_debug_routes_are_off_unless_asked_for(make_server):
    server = make_server(arguments=())
    assert server.anonymous().get("/__canary").status_code == 404
    assert server.anonymous().post("/e", data=b"x").status_code == 404


def test_the_echo_route_counts_its_body(server):
    for size in (0, 1, 70_000, 3_000_000):
        answer = server.anonymous().post("/e", data=b"x" * size)
        assert answer.status_code == 200 and answer.json() == {"len": size}


def test_an_unknown_path_outside_of_every_api_is_404(server):
    assert server.anonymous().get("/nothing/here").status_code == 404


def test_every_answer_has_a_date_and_a_length(server):
    with wire.Connection(server) as connection:
        for path in ("/", "/healthz", "/nothing", "/v1/nothing"):
            answer = connection.send(wire.head("GET", path)).response()
            assert DATE.fullmatch(answer.headers["Date"])
            assert answer.headers["Content-Length"] == str(len(answer.content))


# ---- exit codes ----
@pytest.mark.parametrize("arguments", [["frobnicate"], ["serve", "--nonsense"], [],
                                       ["token", "--subject", "x"], ["serve", "--cores", "many"]],
                         ids=" ".join)
def test_64_wrong_usage(arguments):
    done = mooring(*arguments)
    assert done.returncode == 64 and done.stderr.strip() and done.stdout == ""


@pytest.mark.parametrize("text, line, word", [
    ("[server]\ncores = 2\nnonsense = 1\n", 3, "nonsense"),
    ("[nonsense]\nx = 1\n", 1, "nonsense"),
    ("[server]\n\ncores = \"many\"\n", 3, "cores"),
    ("[data]\ndurability = \"perhaps\"\n", 2, "durability"),
    ("[server]\nlisten = \"localhost\"\n", 2, "listen"),
    ("[timeouts]\nidle = \"soon\"\n", 2, "idle"),
    ("[server\n", 1, ""),
    ("[limits]\npicture_bytes_max = -1\n", 2, "picture_bytes_max"),
])
def test_78_a_bad_configuration_names_file_and_line(tmp_path, text, line, word):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    done = mooring("serve", "--config", path, "--data", tmp_path / "data")
    assert done.returncode == 78
    assert f"bad.toml:{line}" in done.stderr and word in done.stderr
    assert not (tmp_path / "data").exists()


def test_78_a_configuration_that_is_not_there(tmp_path):
    done = mooring("serve", "--config", tmp_path / "absent.toml", "--data", tmp_path / "data")
    assert done.returncode == 78 and "absent.toml" in done.stderr


def test_75_a_second_process_on_the_same_data_refuses(make_server):
    server = make_server()
    second = mooring("serve", "--data", server.data, "--listen", "127.0.0.1:0")
    assert second.returncode == 75 and "another process" in second.stderr
    assert server.anonymous().get("/healthz").status_code == 200


def test_an_address_in_use_is_told_and_not_served(server, tmp_path):
    done = mooring("serve", "--data", tmp_path / "data", "--listen", f"127.0.0.1:{server.port}")
    assert done.returncode not in (0, 64) and str(server.port) in done.stderr
    assert "mooring ready" not in done.stdout


# ---- life and death ----
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_and_idle_connections_do_not_hold_it_up(make_server, how):
    server = make_server()
    with wire.Connection(server) as connection:
        connection.send(wire.head("GET", "/__canary")).response()
        server.process.send_signal(how)
        assert server.process.wait(10) == 0
        assert connection.until_closed() == b""
    server.stop()


def test_while_it_drains_it_is_alive_but_not_ready(make_server):
    server = make_server()
    client = server.client()
    body, _ = form([file_part(jpeg(700_000))], boundary="B")
    asset = client.new_asset()["id"]
    with wire.Connection(server) as upload, wire.Connection(server) as probe:
        probe.send(wire.head("GET", "/readyz"))
        assert probe.response().status_code == 200
        upload.send(wire.upload_head(asset, len(body), server.token()) + body[:100_000])
        eventually(lambda: len(server.fds()) >= 2, what="the upload under way")
        server.process.send_signal(signal.SIGTERM)

        def refused():
            try:
                return requests.get(server.url + "/readyz", timeout=2).status_code == 503
            except requests.RequestException:
                return True

        eventually(refused, what="no longer ready")
        assert upload.send(body[100_000:]).response().status_code == 201
    server.stop()


def test_the_data_directory_is_made_as_described(make_server):
    server = make_server()
    names = {path.name for path in server.data.iterdir()}
    assert {"SUPERBLOCK", "LOCK", "secret", "blobs", "segments", "catalog"} <= names
    assert stat.S_IMODE((server.data / "secret").stat().st_mode) == 0o600
    folders = [path.name for path in (server.data / "blobs").iterdir()]
    assert sorted(folders) == [f"{i:02x}" for i in range(256)]


def test_a_directory_of_something_else_is_not_taken_over(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "letter.txt").write_text("mine")
    done = mooring("serve", "--data", tmp_path / "data", "--listen", "127.0.0.1:0")
    assert done.returncode != 0
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["letter.txt"]


def test_a_superblock_of_another_format_is_refused(make_server):
    server = make_server()
    server.stop()
    path = server.data / "SUPERBLOCK"
    path.write_bytes(b"something else entirely" + path.read_bytes()[23:])
    done = mooring("serve", "--data", server.data, "--listen", "127.0.0.1:0")
    assert done.returncode not in (0, 64) and "SUPERBLOCK" in done.stderr


# ---- the command line ----
def claims(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def test_token_prints_one_jwt(server):
    done = mooring("token", "--data", server.data, "--subject", "demo", "--organization",
                   "org-demo", "--role", "admin", "--role", "producer-user", "--scope", "images",
                   "--ttl", "2h")
    assert done.returncode == 0 and re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", done.stdout)
    told = claims(done.stdout.strip())
    assert told["sub"] == "demo"
    assert abs(told["exp"] - told["iat"] - 7200) <= 1


def test_token_lives_an_hour_unless_told_otherwise(server):
    told = claims(server.token())
    assert told["exp"] - told["iat"] == 3600


@pytest.mark.parametrize("ttl", ["0s", "-1h", "soon", ""])
def test_token_refuses_a_lifetime_that_is_none(server, ttl):
    done = mooring("token", "--data", server.data, "--subject", "a", "--organization", "b",
                   f"--ttl={ttl}")
    assert done.returncode == 64 and done.stdout == ""


def test_version():
    done = mooring("version")
    assert done.returncode == 0 and VERSION.search(done.stdout)


def test_help_names_every_command():
    done = mooring("--help")
    assert done.returncode == 0
    for command in ("serve", "token", "check", "doctor", "version"):
        assert command in done.stdout


def test_doctor_says_what_it_looked_at(tmp_path):
    done = mooring("doctor", "--data", tmp_path)
    told = (done.stdout + done.stderr).lower()
    for word in ("kernel", "io_uring", "memlock", "o_direct", "open files", "inodes"):
        assert word in told, told
    assert list(tmp_path.iterdir()) == []  # it looks and leaves nothing


def test_check_of_a_store_in_use_refuses(make_server):
    server = make_server()
    assert mooring("check", "--data", server.data).returncode == 75


def test_check_of_nothing_is_no_success(tmp_path):
    assert mooring("check", "--data", tmp_path / "absent").returncode != 0


def test_the_command_line_wins_over_the_file(tmp_path):
    server = Server(tmp_path / "one", '[data]\ndurability = "relaxed"\n',
                    arguments=("--durability", "durable"))
    server.start()
    try:
        assert "durable" in server.anonymous().get("/healthz").text
    finally:
        server.stop()


def test_the_settings_of_the_catalogue_reach_it(make_server):
    server = make_server('[rocksdb]\nbackground_jobs = 3\nlog_bytes_max = "77MiB"\n'
                         'open_files_max = 333\n')
    newest = max((server.data / "catalog").glob("OPTIONS-*[0-9]"),
                 key=lambda path: int(path.name.split("-")[1]))
    told = dict(line.strip().split("=", 1) for line in newest.read_text().splitlines()
                if "=" in line and not line.startswith("["))
    assert told["max_background_jobs"] == "3"
    assert told["max_total_wal_size"] == str(77 << 20)
    assert told["max_open_files"] == "333"
