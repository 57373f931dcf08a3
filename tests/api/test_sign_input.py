"""The input of `artqr-mock sign`: curl commands, HAR entries, raw HTTP, and anything else."""

import hashlib
import http.client
import json
import time
from pathlib import Path

import pytest

from mock_server.admin_client import AdminClient
from mock_server.domain.auth import signatures
from mock_server.domain.usage_errors import UsageError
from mock_server.recordings import curl
from mock_server.recordings.signing import read_request
from mock_server.server import running
from mock_server.settings import Settings
from tests.support.sign_command import FORM_TYPE, KEY, PAIR, SECRET, URL, run

BAD_WORDS = [
    (["--explain", "7", "--", "curl", URL], "goes with --account only"),
    (["--key", "a"], "go together"),
    (["--md5"], "--md5 needs a curl command"),
    ([*PAIR, "--", "wget", URL], "does not start with curl"),
    ([*PAIR, "--", "curl"], "names 0 URLs"),
    ([*PAIR, "--", "curl", URL, URL], "names 2 URLs"),
    ([*PAIR, "--", "curl", "ftp://x/"], "is not an HTTP URL"),
    ([*PAIR, "--", "curl", "http:///x"], "is not a URL"),
    ([*PAIR, "--", "curl", "a b"], "is not a URL"),
    ([*PAIR, "--", "curl", URL, "-X", "DE LETE"], "is not an HTTP method"),
    ([*PAIR, "--", "curl", URL, "-H"], "-H has no value"),
    ([*PAIR, "--", "curl", URL, "-H", "nonsense"], "is not a header"),
    ([*PAIR, "--", "curl", URL, "-H", "a: b\nc: d"], "is not a header"),
    ([*PAIR, "--", "curl", URL, "-F", "a=b"], "neither multipart"),
    ([*PAIR, "--", "curl", URL, "--next"], "is not supported"),
    ([*PAIR, "--", "curl", URL, "-Z"], "is not supported"),
    ([*PAIR, "--", "curl", URL, "-d", "@/no/such/file"], "cannot read the body"),
    ([*PAIR, "--", "curl", URL, "-d", "@-"], "@- (standard input) is not supported"),
    ([*PAIR, "--", "curl", URL, "-d", "x" * (8 * 1024 * 1024 + 1)], "larger than 8 MiB"),
    ([*PAIR, "--", "curl", URL, "-H", "X-Ca-Signature-Method: MD5"], "is not supported"),
]


@pytest.mark.parametrize(("words", "says"), BAD_WORDS, ids=[says for _, says in BAD_WORDS])
def test_a_usage_error_is_one_line(words: list[str], says: str) -> None:
    result = run(*words)

    assert result.exit_code == 2
    assert says in result.output
    assert result.output.count("\n") == 1


BAD_REQUESTS = [
    (b"", "is empty"),
    (b" \n", "is empty"),
    (b"hello", "contains no request"),
    (b"\x00\xff\xfe\n\n", "contains no request"),
    (b"curl \xff", "is not UTF-8"),
    (b"curl 'http://x", "close the quotation mark"),
    (b'curl http://x -H "X-Ca-Key: $KEY"', "of your shell"),
    (b"curl http://x -d `date`", "of your shell"),
    (b'curl ^"http://x^"', "cmd.exe"),
    (b"{", "not JSON"),
    (b"[" * 100_000, "not JSON"),
    (b"{}", "no `request`"),
    (b"[]", "has 0 entries"),
    (b'{"request": {"url": 1, "method": "GET"}}', "no `method` or no `url`"),
    (b'{"request": {"url": "nonsense nonsense", "method": "GET"}}', "is not a URL"),
    (b'{"request": {"url": "http://x", "method": "GET", "headers": {}}}', "not a list"),
    (b'{"request": {"url": "http://x", "method": "GET", "headers": [1]}}', "not a list"),
    (b'{"log": {"entries": [{}, {}]}}', "has 2 entries"),
    (b"GET nowhere HTTP/1.1\n\n", ""),
    (b"GET / HTTP/1.1\nnonsense\n\n", "is not a header"),
    (b"POST / HTTP/1.1\nContent-Length: 5\n\nabc", "Content-Length is 5"),
    (b"POST / HTTP/1.1\nContent-Length: 2\n\nabc", "but the body is longer"),
    (b"POST / HTTP/1.1\nContent-Length: two\n\nabc", "Content-Length is two"),
    (b"POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n0", "give the whole body"),
    (b"x" * (8 * 1024 * 1024 + 1), "larger than 8 MiB"),
]


@pytest.mark.parametrize(
    ("given", "says"), BAD_REQUESTS, ids=[f"{g[:30]!r}" for g, _ in BAD_REQUESTS]
)
def test_the_error_for_bad_input_is_one_clear_line(given: bytes, says: str) -> None:
    result = run(*PAIR, given=given)

    assert result.exit_code in {1, 2}
    assert says in result.output
    assert "Traceback" not in result.output


def test_a_command_copied_from_a_browser_is_understood() -> None:
    call = read_request(
        b"""curl 'https://qr.test/submitTask?x=1' \\
  -H 'accept: application/json' \\
  -H "x-note: say \\"hi\\"" \\
  -b 'session=1' --compressed \\
  --data-raw $'text=it\\'s\\u4e2d\\n&style_id=!' | jq ."""
    )

    assert (call.method, call.target) == ("POST", "/submitTask?x=1")
    assert call.body == "text=it's中\n&style_id=!".encode()
    assert dict(call.headers) == {
        "host": "qr.test", "user-agent": "curl", "accept": "application/json",
        "cookie": "session=1", "content-type": FORM_TYPE, "x-note": 'say "hi"',
    }  # fmt: skip


def test_a_body_from_a_file_is_read_as_curl_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "body"
    file.write_bytes(b"a=1\r\n&b=2\n")

    def body(*words: str) -> bytes:
        return curl.call_of(curl.items_of(["curl", "http://x", *words])).body

    assert body("-d", f"@{file}") == b"a=1&b=2"
    assert body("--data-binary", f"@{file}") == b"a=1\r\n&b=2\n"
    assert body("--data-raw", f"@{file}") == f"@{file}".encode()
    assert body("--data-urlencode", f"n@{file}") == b"n=a%3D1%0D%0A%26b%3D2%0A"
    assert body("--data-urlencode", "=a b", "-d", "c") == b"a%20b&c"


def test_form_parameters_of_a_har_entry_without_text_are_its_body() -> None:
    post = {"params": [{"name": "a", "value": "1 2"}, {"name": "b"}]}
    request = {"method": "POST", "url": "http://x/p", "headers": [], "postData": post}

    assert read_request(json.dumps(request).encode()).body == b"a=1+2&b="


def test_an_absolute_target_of_raw_http_is_a_path_and_a_query() -> None:
    call = read_request(b"GET http://qr.test/p?a=1 HTTP/1.1\nHost: qr.test\n")

    assert (call.path, call.query, call.headers) == ("/p", "a=1", (("host", "qr.test"),))


def test_an_operator_of_the_shell_ends_the_command() -> None:
    assert curl.words_of("curl http://x && rm y") == ["curl", "http://x"]
    with pytest.raises(UsageError):
        curl.items_of([])


@pytest.mark.parametrize(
    "given", [b"curl http://x/p", b"GET /p HTTP/1.1\n", b'{"url": "http://x/p", "method": "GET"}']
)
def test_a_byte_order_mark_in_front_is_no_part_of_the_request(given: bytes) -> None:
    assert read_request(b"\xef\xbb\xbf" + given) == read_request(given)


OTHER_TIMES = [
    (1_000, 1, "X-Ca-Timestamp is in seconds: send milliseconds since 1970"),
    (1, 1_000, "X-Ca-Timestamp is in microseconds: send milliseconds since 1970"),
    (1, 1, ""),
]
OFF = "X-Ca-Timestamp is 2h off: the gateway would answer S403TE"


def timed(timestamp: str) -> str:
    signature = signatures.sign(SECRET, "GET\n\n\n\n\n/p")
    return (
        f"GET /p HTTP/1.1\nX-Ca-Key: {KEY}\n"
        f"X-Ca-Timestamp: {timestamp}\nX-Ca-Signature: {signature}\n"
    )


@pytest.mark.parametrize(("divisor", "factor", "says"), OTHER_TIMES)
def test_a_right_signature_with_a_timestamp_in_another_unit_is_a_finding(
    divisor: int, factor: int, says: str
) -> None:
    now = time.time_ns() // 1_000_000

    result = run(*PAIR, given=timed(str(now // divisor * factor)))

    said = f"The signature is right, but {says}.\n" if says else "The signature is right.\n"
    assert (result.exit_code, result.output) == (1 if says else 0, said)


@pytest.mark.parametrize(
    ("off", "says"),
    [(-14, ""), (14, ""), (-120, "2h off"), (16, "S403TE"), (None, "is not a number")],
)
def test_a_right_signature_with_a_timestamp_that_is_off_is_a_finding(
    off: int | None, says: str
) -> None:
    now = time.time_ns() // 1_000_000

    result = run(*PAIR, "--json", given=timed("now" if off is None else str(now + off * 60_000)))

    found = json.loads(result.output)
    assert found["causes"] == (["timestamp"] if says else [])
    assert says in found["says"]
    assert found["says"].startswith("The signature is right")
    assert result.exit_code == bool(says)


@pytest.mark.parametrize("profile", ["vpc", "classic"])
def test_a_refused_md5_and_timestamp_of_the_journal_are_explained(profile: str) -> None:
    wrong = {
        "X-Ca-Timestamp": str(time.time_ns() // 1_000_000_000),
        "Content-MD5": hashlib.md5(b"{}", usedforsecurity=False).hexdigest(),
    }
    with running(Settings(port=0, database=":memory:")) as server:
        with AdminClient(server.url) as admin:
            account = admin.post("/accounts", {"readings": {"gateway.profile": profile}})
        says = []
        for number, header in enumerate(wrong.items(), start=1):
            pair = {"X-Ca-Key": account["app_key"], "X-Ca-Signature": "x"}
            submit(server.url, {**pair, **dict([header])})
            says.append(explained(server.url, account["id"], number))

    assert says == [
        "X-Ca-Timestamp is in seconds: send milliseconds since 1970.\n",
        "Content-MD5 is the hex digest: send the base64 of the 16 bytes instead.\n",
    ]


def submit(url: str, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request("POST", "/submitTask", b"{}", headers)
    connection.getresponse().read()
    connection.close()


def explained(url: str, account_id: str, call_id: int) -> str:
    """Return the explanation of a call once it was examined."""
    for _ in range(100):
        result = run("--explain", str(call_id), "--account", account_id, "--url", url)
        assert result.exit_code == 1
        if "the explanation is not ready" not in result.output:
            break
        time.sleep(0.05)
    return result.output


def test_an_account_whose_id_is_its_secret_is_named() -> None:
    with running(Settings(port=0, database=":memory:")) as server:
        submit(server.url, {"Authorization": "APPCODE mock-expired"})
        command = run("--key", "204", "--secret", "mock-expired", "--", "curl", URL).output
        result = run("--url", server.url, given=command)

    assert "signed with the secret of account mock-expired: " in result.output
