"""`serve` as a process: when it is ready, how it stops, and its error when it cannot start."""

import signal
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import urllib3

from mock_server.server import Running, serve
from mock_server.settings import Settings
from tests.support import wire
from tests.support.processes import Server, run, serving, start, until, wait_until_ready
from tests.support.receivers import Reply, receiving

CLEAR_LINE = "artqr-mock: "


def refused(folder: Path, *flags: str, code: int, database: str = ":memory:", **env: str) -> str:
    """Start a server that cannot run and return its only line of output."""
    server = start(folder, *flags, database=database, env=env)
    assert server.process.wait(timeout=30) == code, server.said
    assert not server.ready_file.exists()
    said = server.stderr.read_text("utf-8")
    assert "Traceback" not in said
    assert server.stdout.read_text("utf-8") == ""
    return said


def test_the_ready_file_names_an_address_that_answers_and_is_gone_at_the_end(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as server:
        with wire.wire(server.url) as connection:  # the first call, at once
            connection.send(wire.submit())
            assert connection.reply().status == 200
        assert server.ready == {"url": server.url, "pid": server.process.pid}

        assert server.end(signal.SIGTERM) == 0
        assert not server.ready_file.exists()
        assert "Traceback" not in server.said


def test_an_interrupt_ends_cleanly_with_connections_open_and_a_request_half_sent(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as server, wire.wire(server.url) as idle:
        idle.send(wire.submit())
        idle.reply()

        assert server.end(signal.SIGINT) == 0
        assert idle.is_closed()
        assert server.stderr.read_text("utf-8") == ""


@pytest.mark.slow
@pytest.mark.parametrize("settle", [b"true", b"false"])
def test_it_ends_cleanly_while_callbacks_are_waiting_for_an_answer(
    tmp_path: Path, settle: bytes
) -> None:
    env = {"ARTQR_MOCK_CALLBACK_TIMEOUT": "600"}
    with receiving(Reply(silent=True)) as receiver, serving(tmp_path, env=env) as server:
        body = wire.SUBMIT + f"&call_back={receiver.url}".encode()
        wire.exchange(server.url, wire.request("/submitTask", body, *wire.AUTHORIZED))
        with wire.wire(server.url) as settling:
            jump = b'{"advance":"1m","settle":%s}' % settle
            settling.send(wire.request("/_mock/accounts/default/clock", jump))
            receiver.wait_for(1)

            assert server.end(signal.SIGTERM) == 0
            assert "Traceback" not in server.said


@pytest.mark.slow
def test_it_ends_cleanly_while_settle_waits_for_a_free_slot(tmp_path: Path) -> None:
    env = {"ARTQR_MOCK_CALLBACK_TIMEOUT": "600", "ARTQR_MOCK_CALLBACK_CONCURRENCY": "1"}
    with receiving(Reply(silent=True)) as receiver, serving(tmp_path, env=env) as server:
        body = wire.SUBMIT + f"&call_back={receiver.url}".encode()
        clock = "/_mock/accounts/default/clock"
        wire.exchange(server.url, wire.request("/submitTask", body, *wire.AUTHORIZED))
        wire.exchange(server.url, wire.request(clock, b'{"advance":"1m"}'))
        receiver.wait_for(1)  # no slot is left: the next callback waits, and settle waits for it
        wire.exchange(server.url, wire.request("/submitTask", body, *wire.AUTHORIZED))
        with wire.wire(server.url) as settling:
            settling.send(wire.request(clock, b'{"advance":"1m","settle":true}'))
            until(lambda: states(server) == ["sending", "due"])

            assert server.end(signal.SIGTERM) == 0
            assert "Traceback" not in server.said


def states(server: Server) -> list[str]:
    """Return the states of the default account's callbacks."""
    url = f"{server.url}/_mock/accounts/default/callbacks"
    return [each["state"] for each in urllib3.request("GET", url).json()["callbacks"]]


def test_what_it_prints_has_one_line_for_programs_and_a_curl_line_for_people(
    tmp_path: Path,
) -> None:
    with serving(tmp_path) as server:
        lines = server.stdout.read_text("utf-8").splitlines()

    assert lines[0].startswith("ARTQR_BASE_URL=http://127.0.0.1:")
    assert sum(line.startswith("curl ") for line in lines) == 1
    assert all("=" not in line.split(" ")[0] for line in lines[1:])


def test_a_ready_file_that_a_killed_server_left_is_not_believed(tmp_path: Path) -> None:
    with serving(tmp_path) as killed:
        killed.kill()
        assert killed.ready_file.exists()

        refused_port = urllib3.util.parse_url(killed.url).port
        with closing(socket.socket()) as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", refused_port or 0))
            taken.listen()
            flags = ("--port", str(refused_port), "--ready-file", str(killed.ready_file))
            said = refused(tmp_path, *flags, code=3)

    assert "cannot listen" in said
    assert not killed.ready_file.exists()


def test_a_port_in_use_is_told_with_what_to_do(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        said = refused(tmp_path, "--port", str(port), code=3)

    assert said.startswith(f"{CLEAR_LINE}cannot listen on 127.0.0.1:{port}")
    assert "--port" in said


def test_a_database_in_use_is_refused_and_free_again_after_the_end(tmp_path: Path) -> None:
    database = str(tmp_path / "one.sqlite3")
    with serving(tmp_path, database=database) as server:
        assert "is in use by another artqr-mock" in refused(tmp_path, code=3, database=database)
        assert server.end(signal.SIGTERM) == 0
    with serving(tmp_path, database=database) as server:
        assert wire.exchange(server.url, wire.submit()).status == 200


@pytest.mark.parametrize("kind", ["text", "sqlite", "version", "directory"])
def test_a_database_file_that_is_not_ours_is_refused_and_left_as_it_is(
    tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "theirs.sqlite3"
    make_file(file, kind)
    before = None if kind == "directory" else file.read_bytes()

    said = refused(tmp_path, code=3, database=str(file))

    assert said.startswith(CLEAR_LINE)
    assert str(file) in said
    assert len(said.splitlines()) == 1
    if before is not None:
        assert file.read_bytes() == before
    if kind == "version":
        assert "--recreate" in said
        with serving(tmp_path, "--recreate", database=str(file)) as server:
            assert wire.exchange(server.url, wire.submit()).status == 200


def make_file(file: Path, kind: str) -> None:
    """Make a file that is not a database of our present version."""
    if kind == "directory":
        file.mkdir()
    elif kind == "text":
        file.write_text("my shopping list")
    else:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("create table theirs (x)")
            if kind == "version":
                connection.execute("pragma application_id = 0x41515221")
                connection.execute("pragma user_version = 99")
            connection.commit()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "no-folder").write_text("a file")

    said = refused(tmp_path, code=3, database=str(tmp_path / "no-folder" / "db.sqlite3"))

    assert said.startswith(CLEAR_LINE)
    assert "--database" in said


def test_a_ready_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    server = start(tmp_path, "--ready-file", str(tmp_path / "no" / "ready.json"))

    assert server.process.wait(timeout=30) == 2
    assert server.stderr.read_text("utf-8").startswith(CLEAR_LINE)
    assert "Traceback" not in server.said


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"ARTQR_MOCK_HOTS": "127.0.0.1"}, "did you mean 'host'?"),
        ({"ARTQR_MOCK_PORT": "many"}, "ARTQR_MOCK_PORT"),
        ({"ARTQR_MOCK_REQUEST_TIMEOUT": "-1"}, "request_timeout"),
        ({"ARTQR_MOCK_TOKEN": ""}, "token"),
        ({"ARTQR_MOCK_SEED": "-1"}, "seed"),
        ({"ARTQR_MOCK_PUBLIC_URL": "here"}, "public_url"),
        ({"ARTQR_MOCK_CONFIG": "/nowhere/at/all.toml"}, "/nowhere/at/all.toml"),
    ],
)
def test_a_setting_that_cannot_be_is_told(tmp_path: Path, env: dict[str, str], said: str) -> None:
    line = run("serve", cwd=tmp_path, **env)

    assert line.returncode == 2
    assert line.stderr.startswith(CLEAR_LINE)
    assert said in line.stderr
    assert "Traceback" not in line.stderr


@pytest.mark.parametrize("text", ["port = [", "prot = 1", "port = 'x'"])
def test_a_settings_file_that_cannot_be_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.toml").write_text(text)

    line = run("serve", "--config", "bad.toml", cwd=tmp_path)

    assert line.returncode == 2
    assert line.stderr.startswith(CLEAR_LINE)
    assert "bad.toml" in line.stderr


def test_a_flag_wins_over_the_environment_which_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "mock.toml").write_text("seed = 1\npublic_url = 'http://file.test'\nport = 1\n")
    env = {"ARTQR_MOCK_PUBLIC_URL": "http://environment.test"}

    with serving(tmp_path, "--seed", "3", "--config", "mock.toml", env=env) as server:
        wire.exchange(server.url, wire.submit())
        force(server)
        tasks = wire.exchange(server.url, wire.request("/taskList", b"", *wire.AUTHORIZED))
        account = urllib3.request("GET", f"{server.url}/_mock/accounts/default").json()

    assert account["seed"] == 3
    assert b'"resList":["http://environment.test/pictures/default/' in tasks.body


def force(server: Server) -> None:
    """Let the tasks of the default account end."""
    body = b'{"to_next_event":true}'
    wire.exchange(server.url, wire.request("/_mock/accounts/default/clock", body))


def test_it_does_not_open_itself_to_a_network_without_a_token(tmp_path: Path) -> None:
    said = refused(tmp_path, "--host", "0.0.0.0", code=2)  # noqa: S104 - it is refused

    assert said.startswith(CLEAR_LINE)
    assert "--token" in said


def test_with_a_token_the_admin_api_wants_it_and_the_vendor_api_does_not(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0", "--token", "let me in") as server:  # noqa: S104
        admin = f"{server.url}/_mock/accounts"
        wrong = {"Authorization": "Bearer guess"}
        right = {"Authorization": "Bearer let me in"}

        assert wire.exchange(server.url, wire.submit()).status == 200
        assert urllib3.request("GET", admin).status == 401
        assert urllib3.request("GET", admin, headers=wrong).status == 401
        assert urllib3.request("GET", admin, headers=right).status == 200
        assert urllib3.request("GET", f"{server.url}/_mock/readyz").status == 200
        assert run("account", "list", cwd=tmp_path, url=server.url).returncode == 2
        token = {"ARTQR_MOCK_TOKEN": "let me in"}
        assert run("account", "list", cwd=tmp_path, url=server.url, **token).returncode == 0


def test_a_server_that_is_told_to_stop_before_it_is_ready_stops(tmp_path: Path) -> None:
    server = start(tmp_path)
    until(server.stdout.exists)
    server.process.terminate()

    assert server.process.wait(timeout=30) in (0, -signal.SIGTERM)
    assert "Traceback" not in server.said


def test_two_servers_run_side_by_side(tmp_path: Path) -> None:
    with serving(tmp_path) as one, serving(tmp_path) as other:
        assert wait_until_ready(one).url != wait_until_ready(other).url
        assert wire.exchange(one.url, wire.submit()).status == 200
        assert wire.exchange(other.url, wire.submit()).status == 200


def test_a_server_that_cannot_say_that_it_serves_ends_with_the_reason() -> None:
    def on_ready(_: Running) -> None:
        raise OSError("no space left for the ready file")

    with pytest.raises(OSError, match="no space left"):
        serve(Settings(port=0, database=":memory:"), on_ready)


def test_an_encrypted_server_that_cannot_say_that_it_serves_ends_too() -> None:
    def on_ready(_: Running) -> None:
        raise BrokenPipeError("nobody reads the address")

    with pytest.raises(BrokenPipeError):
        serve(Settings(port=0, database=":memory:", tls=True), on_ready)
