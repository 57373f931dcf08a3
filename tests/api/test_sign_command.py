"""`artqr-mock sign` as people and programs use it."""

import json
import shlex
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from click.testing import CliRunner

from mock_server.cli.main import main
from mock_server.domain.auth import signatures
from mock_server.domain.auth.refusal_hints import explain_md5
from mock_server.domain.call.calls import Call
from mock_server.domain.readings import Readings
from mock_server.server import running
from mock_server.settings import Settings
from tests.support.sign_command import FORM_TYPE, KEY, PAIR, SECRET, URL, run


def signed(*words: str, options: tuple[str, ...] = ()) -> str:
    """Return the curl command that the command prints for `curl words`."""
    result = run(*PAIR, *options, "--", "curl", *words)
    assert result.exit_code == 0, result.output
    return result.output


class Seen(ThreadingHTTPServer):
    """Records requests and returns configured answers."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[Call] = []
        self.answer: Any = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Seen

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path, _, query = self.path.partition("?")
        headers = tuple((name.lower(), value) for name, value in self.headers.items())
        self.server.calls.append(
            Call(method=self.command, path=path, query=query, headers=headers, body=body)
        )
        answer = json.dumps(self.server.answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_PUT = do_GET  # noqa: N815 - http.server wants these names

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@pytest.fixture
def seen() -> Iterator[Seen]:
    with Seen() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


COMMANDS = [
    ["-d", "text=https://a.b/?q=1 2&style_id=", "--data-urlencode", "your_prompt=中 文+%&"],
    ["--json", '{"text": "it\'s", "b": "中"}'],
    ["-d", '{"text": 1}', "-H", "Content-Type: application/json", "-H", "Accept:"],
    ["-G", "-d", "b=2", "--data-urlencode", "a=é ~*"],
    ["-sS", "-XPUT", "--data-binary", "a=1\n", "-H", "X-Ca-Stage: TEST", "-H", "X-Empty;"],
    ["-H", "X-Ca-Signature-Method: HmacSHA1", "-H", "X-Ca-Key: old", "-A", "me"],
    ["--data-raw", "@a=1&text=2", "--data-raw", "text=3", "-H", f"content-type: {FORM_TYPE}"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=str)
@pytest.mark.parametrize("options", [(), ("--md5",)], ids=["plain", "md5"])
def test_what_curl_really_sends_for_the_printed_command_is_correctly_signed(
    seen: Seen, words: list[str], options: tuple[str, ...]
) -> None:
    command = signed(f"{seen.url}/submitTask?z=%E4%B8%AD&a=", *words, options=options)

    subprocess.run(command, shell=True, check=True, capture_output=True, timeout=20)

    (call,) = seen.calls
    signatures.verify(call, SECRET, Readings())
    assert dict(call.headers)["x-ca-key"] == KEY
    # The same command on standard input is right too.
    assert run(*PAIR, given=command).output == "The signature is right.\n"


def test_the_same_command_given_as_one_text_is_signed_too() -> None:
    result = run(*PAIR, "--", f"curl {URL} -d 'text=a b'")

    assert shlex.split(result.output)[:4] == ["curl", URL, "-d", "text=a b"]


def test_json_holds_the_command_and_the_headers_that_were_added() -> None:
    found = json.loads(run(*PAIR, "--json", "--", "curl", URL).output)

    assert set(found) == {"command", "headers"}
    assert found["headers"]["X-Ca-Key"] == KEY
    assert found["headers"]["Accept"] == "*/*"


def test_the_account_of_a_server_signs_and_checks() -> None:
    with running(Settings(port=0, database=":memory:")) as server:
        at = ("--url", server.url)
        result = run(*at, "--", "curl", URL, "-d", "text=1")
        assert run(*at, given=result.output).exit_code == 0
        wrong = run(*at, "--json", given=result.output.replace("text=1", "text=2"))
        assert run(*at, "--account", "nobody", given=result.output).exit_code == 2

    assert wrong.exit_code == 1
    assert json.loads(wrong.output)["causes"] == []


def test_another_secret_of_the_server_is_recognised_by_its_account() -> None:
    with running(Settings(port=0, database=":memory:")) as server:
        made = CliRunner().invoke(main, ["account", "create", "--json", "--url", server.url])
        other = json.loads(made.output)
        pair = ("--key", KEY, "--secret", other["app_secret"])
        command = run(*pair, "--", "curl", URL).output
        result = run("--url", server.url, given=command)

    assert f"signed with the secret of account {other['id']}" in result.output
    assert "X-Ca-Key is not the one of this account" in result.output
    assert other["app_secret"] not in result.output


def call_with(body: bytes, text: str, **headers: str) -> Call:
    sent = {"host": "qr.test", "x-ca-key": KEY, **headers}
    sent["x-ca-signature"] = signatures.sign(SECRET, text)
    return Call(method="POST", path="/submitTask", headers=tuple(sent.items()), body=body)


def as_curl(call: Call) -> str:
    words = ["curl", f"https://qr.test{call.target}", "-X", call.method]
    for name, value in call.headers:
        words += ["-H", f"{name}: {value}"]
    words += ["-H", "Accept:"] if "accept" not in dict(call.headers) else []
    return shlex.join([*words, "--data-raw", call.body.decode()])


def as_har(call: Call) -> str:
    request = {
        "method": call.method,
        "url": f"https://qr.test{call.target}",
        "headers": [{"name": name, "value": value} for name, value in call.headers],
        "postData": {"mimeType": "x", "text": call.body.decode()},
    }
    request["headers"].insert(0, {"name": ":method", "value": "POST"})  # type: ignore[attr-defined]
    return json.dumps({"startedDateTime": "x", "request": request, "response": {}})


def as_http(call: Call) -> str:
    head = "".join(f"{name.title()}: {value}\r\n" for name, value in call.headers)
    return f"{call.method} {call.target} HTTP/1.1\r\n{head}\r\n{call.body.decode()}\n"


@pytest.mark.parametrize("write", [as_curl, as_har, as_http])
def test_a_wrong_signature_is_explained_however_the_request_is_given(write: Any) -> None:
    headers = {"content-type": FORM_TYPE, "x-ca-timestamp": "1646365291734",
               "x-ca-signature-headers": "x-ca-timestamp"}  # fmt: skip
    text = f"POST\n\n\n{FORM_TYPE}\n\nx-ca-timestamp:1646365291\n/submitTask?text=a b"
    call = call_with(b"text=a+b", text, **headers)

    result = run(*PAIR, given=write(call))

    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "The client signed the timestamp in seconds, but sent another X-Ca-Timestamp: send and "
        "sign the same text, milliseconds since 1970.",
        "",
        r"        POST\n",
        r"        \n",
        r"        \n",
        rf"        {FORM_TYPE}\n",
        r"        \n",
        r"server  x-ca-timestamp:1646365291734\n",
        r"client  x-ca-timestamp:1646365291\n",
        "                                 ^",
        "        /submitTask?text=a b",
    ]
    assert json.loads(run(*PAIR, "--json", given=write(call)).output)["causes"] == [
        "timestamp-unit"
    ]


def test_an_unsupported_digest_and_a_wrong_content_md5_are_said_as_such() -> None:
    digest = call_with(b"", "", **{"x-ca-signature-method": "HmacMD5"})
    assert "is not supported: send HmacSHA256" in run(*PAIR, given=as_http(digest)).output

    md5 = call_with(b"{}", "", **{"content-md5": "x"})
    assert run(*PAIR, given=as_http(md5)).output == explain_md5(md5) + "\n"


def test_a_right_signature_with_a_foreign_key_is_a_finding() -> None:
    command = signed(URL).replace(KEY, "204")
    # The key is among the signed headers: sign the changed one.
    text = "GET\n*/*\n\n\n\n/submitTask"
    command = f"curl {URL} -H 'X-Ca-Key: 204' -H 'X-Ca-Signature: {signatures.sign(SECRET, text)}'"

    result = run(*PAIR, given=command)

    assert result.exit_code == 1
    assert result.output.startswith("The signature is right, but X-Ca-Key is not the one of this")


FINDING = {
    "id": "signature",
    "severity": "error",
    "says": "The client did not write the method in capitals: sign GET or POST, in capitals.",
    "server_string": "GET\n\n\n\n\n/p",
    "client_string": "get\n\n\n\n\n/p",
    "causes": ["method-case"],
}


def test_a_journalled_call_is_explained(seen: Seen) -> None:
    seen.answer = {
        "accounts": [{"id": "a b", "name": "a b"}],
        "calls": [{"id": 7, "findings": [{"id": "other"}, FINDING]}],
        "next": None,
    }

    result = run("--explain", "7", "--account", "a b", "--url", seen.url)

    assert result.exit_code == 1
    assert result.output.splitlines()[:4] == [
        FINDING["says"], "", r"server  GET\n", r"client  get\n",
    ]  # fmt: skip
    assert seen.calls[1].target == "/_mock/accounts/a%20b/calls?after=6&limit=1"
    as_json = run("--explain", "7", "--json", "--url", seen.url)
    assert json.loads(as_json.output) == FINDING


def test_an_unexplained_call_shows_the_servers_string_alone(seen: Seen) -> None:
    seen.answer = {"calls": [{"id": 7, "findings": [{**FINDING, "client_string": None}]}]}

    lines = run("--explain", "7", "--url", seen.url).output.splitlines()

    assert lines[2:4] == ["The string to sign:", r"        GET\n"]


@pytest.mark.parametrize("call", [{"id": 7, "findings": []}, {"id": 7}])
def test_a_call_that_was_not_refused_for_its_signature_says_so(
    seen: Seen, call: dict[str, Any]
) -> None:
    seen.answer = {"calls": [call]}

    result = run("--explain", "7", "--url", seen.url)

    assert result.exit_code == 0
    assert result.output == "call 7 was not refused for its signature\n"


@pytest.mark.parametrize("code", ["A403IS", "Invalid Signature"])
def test_a_refusal_that_was_not_examined_yet_is_not_denied(seen: Seen, code: str) -> None:
    headers = [["X-Ca-Error-Message", code + ", Server StringToSign:`GET`"]]
    call = {"id": 7, "error_code": None if " " in code else code, "answer": {"headers": headers}}
    seen.answer = {"calls": [{**call, "findings": []}]}

    result = run("--explain", "7", "--url", seen.url)

    assert result.exit_code == 1
    says = f"call 7 was refused ({code}), but the explanation is not ready: try again in a moment"
    assert result.output == says + "\n"
    assert json.loads(run("--explain", "7", "--json", "--url", seen.url).output)["says"] == says


def test_a_refusal_that_a_fault_ordered_is_explained_by_the_fault(seen: Seen) -> None:
    faults = [{"id": 3, "kind": "delay"}, {"id": 4, "kind": "gateway_error"}]
    seen.answer = {
        "calls": [{"id": 7, "error_code": "A403IS", "answer": {}, "findings": [], "faults": faults}]
    }

    result = run("--explain", "7", "--url", seen.url)

    assert (result.exit_code, result.output) == (
        0,
        "call 7 was refused (A403IS) by the fault 4 (gateway_error), whatever it was signed with\n",
    )


@pytest.mark.parametrize("calls", [[], [{"id": 9, "findings": [FINDING]}]])
def test_a_call_that_the_journal_does_not_have_is_wrong_use(
    seen: Seen, calls: list[dict[str, Any]]
) -> None:
    seen.answer = {"calls": calls}

    result = run("--explain", "7", "--url", seen.url)

    assert result.exit_code == 2
    assert "has no call 7" in result.output


def test_a_server_that_does_not_answer_is_exit_code_three() -> None:
    assert run("--explain", "7", "--url", "http://127.0.0.1:1").exit_code == 3
