"""What we print works: each printed command is played back, by real curl and by ourselves."""

import re
import shlex
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.admin_client import AdminClient, UnreachableError
from mock_server.checker.commands import curl as command_of
from mock_server.checker.order import CheckCredentials
from mock_server.checker.transport import SentRequest, Who
from mock_server.cli.main import main
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import shell_word
from mock_server.recordings import curl
from mock_server.recordings.signing import read_request
from mock_server.server import running
from mock_server.settings import Settings
from mock_server.tls import ca_file
from tests.support.live import Live, live

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
LIST = "/taskList"
FORM = "Content-Type: application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as running_server:
        yield running_server


def shell(command: str, name: str = "sh", **env: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [shutil.which(name) or name, "-c", command],
        check=False, capture_output=True, timeout=30, env={"PATH": "/usr/bin:/bin", **env},
    )  # fmt: skip


def cli(*words: str, given: str | None = None) -> Result:
    return CliRunner().invoke(main, list(words), input=given)


COMMANDS = [
    [f"{LIST}?名=值", "-d", "page=1"],
    [f"{LIST}?名=值&b=%E5%80%BC&c=%zz", "-d", "page=1"],
    [f"{LIST}?a=b c", "-d", "page=1"],
    [f"{LIST}?a=[1-3]&b={{x,y}}", "-d", "page=1"],
    [f"{LIST}?a='\"`$x\\", "-d", "page=1"],
    [f"{LIST}?a=\x1b[2J\x7f\t", "-d", "page=1"],
    [f"{LIST}?", "-d", "page=1"],
    [f"{LIST}?a=1#片段", "-d", "page=1"],
    [f"/a/../{LIST[1:]}", "-d", "page=1"],
    [f"/./{LIST[1:]}?x=/../y", "-d", "page=1"],
    ["-G", "-XPOST", LIST, "-d", "page=1"],
    [
        "-G",
        "-XPOST",
        f"{LIST}?b=1",
        "-d",
        "page=1",
        "-d",
        "名=值 [x]",
        "--data-urlencode",
        "c=码 &",
    ],
    [LIST, "-d", "page=1&名=\x1b]52;c;x\x07\n值", "-H", FORM],
    [LIST, "--data-raw", "page=1&a=it's\r\n", "-H", "X-Ca-Stage: RELEASE"],
    [LIST, "--data-urlencode", "page=1", "-H", "X-Other: 值", "-H", "X-Empty;", "-H", "Accept:"],
    [LIST, "--json", '{"page": "1", "a": "值\\u0000"}'],
]


@needs_curl
@needs_bash
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: ascii(words)[:60])
def test_our_own_server_takes_the_command_that_sign_prints(server: Live, words: list[str]) -> None:
    given_words = [server.url + each if each.startswith("/") else each for each in words]
    before = len(server.default.world.calls())

    printed = cli("sign", "--url", server.url, "--", "curl", *given_words).output

    assert all(char.isprintable() or char == "\n" for char in printed)
    plain = "$'" not in printed  # any shell takes what has no control characters
    done = shell(printed.rstrip("\n") + " -s -w '%{http_code}'", "sh" if plain else "bash")
    assert done.stdout.endswith(b"200"), done
    (call,) = server.default.world.calls()[before:]
    assert (call["status"], call["operation"]) == (200, "list_tasks")
    checked = cli("sign", "--url", server.url, given=printed)
    assert checked.output == "The signature is right.\n"


@needs_curl
def test_the_line_that_serve_prints_works(tmp_path: Path) -> None:
    from tests.support.processes import serving  # noqa: PLC0415 - it starts a process

    with serving(tmp_path) as started:
        (line,) = [each for each in started.said.splitlines() if each.startswith("curl ")]
        done = shell(line)

    assert b'"task_id"' in done.stdout, done


@needs_bash
def test_the_line_for_a_client_names_the_server_that_has_the_account(server: Live) -> None:
    shown = cli("account", "create", "--url", server.url).output
    (command,) = re.findall(r'eval "\$\((.*)\)"', shown)

    printed = cli(*shlex.split(command)[1:]).output
    done = shell(f"{printed}\necho $ARTQR_BASE_URL $ARTQR_APP_CODE", "bash")

    assert done.stdout.decode().split()[0] == server.url
    assert done.stdout.decode().split()[1] in shown


# Words of a shell.

WORDS = st.binary(max_size=20).map(lambda raw: raw.replace(b"\0", b""))


@needs_bash
@settings(max_examples=20)
@given(st.lists(st.one_of(WORDS, st.text(max_size=9).map(lambda t: t.replace("\0", "").encode(
    "utf-8", "replace"))), min_size=1, max_size=30))  # fmt: skip
def test_a_word_is_the_same_bytes_to_bash_and_to_us(raws: list[bytes]) -> None:
    words = [shell_word(raw) for raw in raws]

    done = shell("printf '%s\\0' " + " ".join(words), "bash", LC_ALL="C.UTF-8")

    assert done.stdout.split(b"\0")[:-1] == raws
    assert all(char.isprintable() or char == "\n" for word in words for char in word)
    ours = curl.words_of(" ".join(words))
    assert [word.encode("utf-8", "surrogateescape") for word in ours] == raws


def test_no_word_holds_a_nul() -> None:
    with pytest.raises(UsageError, match="NUL"):
        shell_word("a\0b")
    with pytest.raises(UsageError, match="NUL"):
        curl.words_of(r"curl $'a\0b'")


# The commands of `check`.


class Requests:
    """Keeps the requests that come, as bytes."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.seen: list[bytes] = []


@contextmanager
def recording() -> Iterator[Requests]:
    from tests.support.raw_receivers import receiver  # noqa: PLC0415

    with receiver(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as found:
        requests_seen = Requests(found.port)
        requests_seen.seen = found.requests
        yield requests_seen


BODIES = [b"", b"a=1", "名=值".encode(), b"it's", b"\xd6\xd0", bytes(range(256)), b"@file",
          b"a\nb\r\n", b"\x1b]52;c;x\x07", b"%s\\n", b"\0"]  # fmt: skip


@needs_curl
@needs_bash
@pytest.mark.parametrize("body", BODIES, ids=lambda body: ascii(body)[:40])
@pytest.mark.parametrize("target", [LIST, "/a?b=[1-3]&c={d,e}", "/a/%2e%2e/b?x='y'"])
@pytest.mark.parametrize("typed", [None, "application/json", 'a/b; x="\x1b\xe9\'"'])
def test_a_command_of_check_makes_the_same_call(
    body: bytes, target: str, typed: str | None
) -> None:
    with recording() as server:
        headers = {"X-Empty": "", **({} if typed is None else {"Content-Type": typed})}
        sent = requests.Request("POST", server.url + target, headers=headers, data=body).prepare()
        sent.url = server.url + target
        made = SentRequest(
            request=sent, who=Who.OWN, answer=None, error="", started_at=0, took_ms=0
        )
        command = command_of(made, CheckCredentials(app_code="mock-demo"))
        assert all(char.isprintable() or char == "\n" for char in command)
        done = shell(f"{command} -s", "bash", ARTQR_APP_CODE="mock-demo")
        assert done.returncode == 0, done
        (seen,) = server.seen

    head, _, got = seen.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert (lines[0], got) == (f"POST {target} HTTP/1.1".encode(), body)
    assert b"Authorization: APPCODE mock-demo" in lines
    assert b"X-Empty:" in lines
    types = [line for line in lines if line.lower().startswith(b"content-type:")]
    assert types == ([] if typed is None else [b"Content-Type: " + typed.encode("latin-1")])
    if b"\0" not in body:  # our own parser reads no standard input
        mine = read_request(command.replace("$ARTQR_APP_CODE", "mock-demo").encode())
        assert (mine.method, mine.target, mine.body) == ("POST", target, body)


@needs_curl
@needs_bash
def test_an_app_code_in_the_query_comes_from_the_environment() -> None:
    with recording() as server:
        own = CheckCredentials(app_code="0123456789abcdef")
        url = f"{server.url}{LIST}?AppCode={own.app_code}"
        sent = requests.Request("POST", url, data=b"page=1").prepare()
        made = SentRequest(
            request=sent, who=Who.CODE_IN_QUERY, answer=None, error="", started_at=0, took_ms=0
        )
        command = command_of(made, own)
        shell(f"{command} -s", "bash", ARTQR_APP_CODE=own.app_code)
        (seen,) = server.seen

    assert own.app_code not in command
    assert seen.startswith(f"POST {LIST}?AppCode={own.app_code} ".encode())


# HTTPS.


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


def test_ready_finds_the_authority_that_serve_makes_while_it_waits(home: Path) -> None:
    later = home / "later.pem"
    with (
        running(Settings(port=0, database=":memory:", tls=True)) as server,
        AdminClient(server.url, ca_file=later) as admin,
    ):
        why = admin.why_not_ready(0)
        appear = threading.Timer(0.2, lambda: later.write_bytes(ca_file().read_bytes()))
        appear.start()
        assert admin.why_not_ready(20) is None
        appear.join()

    assert why is not None
    assert "its certificate cannot be trusted" in why


def test_ready_names_the_reason(home: Path) -> None:
    with running(Settings(port=0, database=":memory:", tls=True)) as server:
        kept = ca_file().read_bytes()
        ca_file().unlink()
        refused = cli("ready", "--url", server.url)
        ca_file().write_bytes(kept)
        assert cli("ready", "--url", server.url).exit_code == 0
        with pytest.raises(UnreachableError), AdminClient(server.url) as admin:
            admin.get("/readyz")
    gone = cli("ready", "--url", server.url)

    assert (refused.exit_code, gone.exit_code) == (3, 3)
    assert "its certificate cannot be trusted" in refused.output
    assert "connection refused" in gone.output


def test_a_pair_with_control_characters_is_not_printed(server: Live) -> None:
    done: Any = cli("sign", "--key", "a\x1b\nb", "--secret", "s", "--", "curl", server.url)

    assert done.exit_code == 2
    assert "\x1b" not in done.output
