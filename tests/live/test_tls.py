"""HTTPS: a local authority created on first use, or the user's own files."""

import http.client
import json
import socket
import ssl
import stat
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
import urllib3
from click.testing import CliRunner

from mock_server.admin_client import AdminClient
from mock_server.cli.main import main
from mock_server.domain.call.calls import VENDOR_HOST
from mock_server.server import running
from mock_server.settings import Settings, SettingsError
from mock_server.tls import ca_file, server_context
from tests.support.processes import until
from tests.support.raw import exchange, request

SUBMIT = b"text=https://example.com&style_id=food_fryrice"
TLS = Settings(port=0, database=":memory:", tls=True)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory for one test."""
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


@pytest.fixture
def url() -> Iterator[str]:
    """A server with a certificate of the local authority."""
    with running(TLS) as server:
        yield server.url


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


def trusting(authority: Path | None = None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority or ca_file()))


def open_tls(port: int, name: str, context: ssl.SSLContext | None = None) -> ssl.SSLSocket:
    plain = socket.create_connection(("127.0.0.1", port), 10)
    return (context or trusting()).wrap_socket(plain, server_hostname=name)


def post(url: str, target: str, body: bytes = SUBMIT, **headers: str) -> dict[str, Any]:
    connection = http.client.HTTPSConnection(
        "127.0.0.1", port_of(url), context=trusting(), timeout=10
    )
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", target, body, {"Authorization": "APPCODE mock-demo", **named})
    answer = connection.getresponse()
    found: dict[str, Any] = json.loads(answer.read())
    connection.close()
    assert answer.status == 200
    return found["showapi_res_body"]  # type: ignore[no-any-return]


@pytest.mark.claim("vendor-host")
@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", VENDOR_HOST])
def test_the_certificate_is_good_for_this_machine_and_the_vendors_host(url: str, name: str) -> None:
    assert url.startswith("https://127.0.0.1:")
    with open_tls(port_of(url), name) as connection:
        connection.sendall(request(headers=(b"Connection: close",)))
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_for_another_name_or_another_authority_it_is_not(url: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match=r"ostname mismatch"):
        open_tls(port_of(url), "example.com")
    with pytest.raises(ssl.SSLCertVerificationError):
        open_tls(port_of(url), "localhost", ssl.create_default_context())


def test_the_keys_are_for_their_owner_only(url: str) -> None:
    folder = ca_file().parent

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("ca.*")}
    assert modes["ca.key"] == modes["ca.pem"] == 0o600
    assert b"PRIVATE KEY" not in ca_file().read_bytes()


def test_the_second_start_keeps_the_authority() -> None:
    server_context(TLS)
    made = {path: path.read_bytes() for path in (ca_file(), ca_file().with_name("ca.key"))}
    trust = trusting()

    with running(TLS) as server, open_tls(port_of(server.url), "localhost", trust):
        assert {path: path.read_bytes() for path in made} == made


def test_many_first_starts_at_once_agree_on_one_authority() -> None:
    with ThreadPoolExecutor(8) as pool:
        contexts = list(pool.map(lambda _: server_context(TLS), range(8)))

    trust = trusting()
    for context in contexts:
        assert context is not None
        _handshake(context, trust)


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> None:
    """Shake hands in memory. Raises SSLCertVerificationError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    other = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (one, other, one, other):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue


def test_the_commands_trust_the_local_authority(url: str) -> None:
    with AdminClient(url, ca_file=ca_file()) as admin:
        assert admin.get("/health")["status"] == "ok"
    result = CliRunner().invoke(main, ["env", "--url", url])
    assert result.exit_code == 0, result.output
    assert f"export ARTQR_CA_FILE={ca_file()}" in result.output
    assert f"export ARTQR_BASE_URL={url}" in result.output


def test_pictures_are_where_they_were_asked_for(url: str) -> None:
    task_id = post(url, "/submitTask")["task_id"]
    with AdminClient(url, ca_file=ca_file()) as admin:
        admin.post("/accounts/default/clock", {"advance": "1h"})
    body = f"task_id={task_id}".encode()

    (picture,) = post(url, "/queryTask", body)["resList"]

    assert picture.startswith(f"{url}/pictures/default/")
    connection = http.client.HTTPSConnection(
        "127.0.0.1", port_of(url), context=trusting(), timeout=10
    )
    connection.request("GET", picture.removeprefix(url))
    assert connection.getresponse().read(8) == b"\x89PNG\r\n\x1a\n"
    connection.close()


@pytest.mark.parametrize("tls", [True, False])
def test_what_a_proxy_might_say_is_not_believed(*, tls: bool) -> None:
    forwarded = {"X_Forwarded_Proto": "http" if tls else "https", "X_Forwarded_Host": "evil.test",
                 "X_Forwarded_For": "1.2.3.4", "Forwarded": "proto=ftp;host=evil.test"}  # fmt: skip
    lines = [f"{name.replace('_', '-')}: {value}".encode() for name, value in forwarded.items()]
    settings = TLS if tls else Settings(port=0, database=":memory:")
    with running(settings) as server:
        if tls:
            post(server.url, "/submitTask", SUBMIT, **forwarded)
        else:
            (answer,) = exchange(server.url, request(headers=tuple(lines)))
            assert answer.status == 200
        rows = server.simulator.database.read(lambda tx: tx.all("select base_url from task"))

    scheme = "https" if tls else "http"
    assert [row["base_url"].partition(":")[0] for row in rows] == [scheme]
    assert "evil" not in rows[0]["base_url"]


@pytest.fixture
def own_files(tmp_path: Path) -> tuple[str, str, Path]:
    """A certificate, its key and its issuer's certificate."""
    authority = trustme.CA()
    leaf = authority.issue_cert("localhost")
    paths = [tmp_path / name for name in ("cert.pem", "key.pem", "authority.pem")]
    leaf.cert_chain_pems[0].write_to_path(paths[0])
    leaf.private_key_pem.write_to_path(paths[1])
    authority.cert_pem.write_to_path(paths[2])
    return str(paths[0]), str(paths[1]), paths[2]


def test_files_of_ones_own_are_used_and_no_authority_is_made(
    own_files: tuple[str, str, Path],
) -> None:
    cert, key, authority = own_files
    settings = Settings(port=0, database=":memory:", tls_cert=cert, tls_key=key)

    with running(settings) as server:
        assert server.url.startswith("https://")
        with open_tls(port_of(server.url), "localhost", trusting(authority)):
            pass
    assert not ca_file().exists()


def serve(*flags: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["serve", "--port", "0", "--database", ":memory:", *flags])
    return result.exit_code, result.output


@pytest.mark.parametrize("broken", ["ca.pem", "ca.key", "both", "swapped"])
def test_a_broken_authority_is_wrong_use_and_says_how_to_mend_it(broken: str) -> None:
    server_context(TLS)
    key = ca_file().with_name("ca.key")
    if broken == "swapped":
        trustme.CA().private_key_pem.write_to_path(str(key))
    for name in ("ca.pem", "ca.key"):
        if broken in (name, "both"):
            ca_file().with_name(name).write_text("not PEM", "utf-8")

    with pytest.raises(SettingsError, match=f"remove {ca_file().parent}"):
        server_context(TLS)
    code, said = serve("--tls")
    assert (code, "Traceback" in said) == (2, False)
    assert f"remove {ca_file().parent} to create a new authority" in said


def test_a_place_where_nothing_can_be_kept_is_wrong_use(home: Path) -> None:
    (home / "artqr-mock").write_text("a file in the way", "utf-8")

    code, said = serve("--tls")

    assert code == 2
    assert "cannot store the local authority" in said


def test_certificate_files_that_cannot_be_used_are_wrong_use(
    own_files: tuple[str, str, Path], tmp_path: Path
) -> None:
    cert, key, _ = own_files
    (tmp_path / "other.pem").write_bytes(trustme.CA().private_key_pem.bytes())
    for flags, says in (
        (["--tls-cert", "missing.pem", "--tls-key", key], "missing.pem"),
        (["--tls-cert", cert, "--tls-key", str(tmp_path / "missing")], "cannot use"),
        (["--tls-cert", cert, "--tls-key", str(tmp_path / "other.pem")], "cannot use"),
        (["--tls-cert", key, "--tls-key", key], "cannot use"),
        (["--tls-cert", cert], "belong together"),
        (["--tls-key", key], "belong together"),
    ):
        code, said = serve(*flags)
        assert (code, says in said) == (2, True), said


@pytest.mark.parametrize("hold", ["idle", "silent", "half a request", "half closed"])
def test_the_server_stops_at_once_beside_a_connection_that_rests(hold: str) -> None:
    with running(TLS) as server:
        port = port_of(server.url)
        if hold == "silent":  # it does not even start a handshake
            held: socket.socket = socket.create_connection(("127.0.0.1", port), 10)
        else:
            held = open_tls(port, "localhost")
        if hold == "half a request":
            held.sendall(b"POST /sub")
        if hold == "half closed":
            held.shutdown(socket.SHUT_WR)
        with open_tls(port, "localhost") as other:
            other.sendall(request())
            assert other.recv(12) == b"HTTP/1.1 200"
        began = time.monotonic()
    took = time.monotonic() - began
    held.close()

    assert took < 3


def test_plain_http_and_noise_on_the_port_harm_nobody(url: str) -> None:
    for noise in (request(), b"\x16\x03\x01\xff\xff" + b"\x00" * 100, b""):
        with socket.create_connection(("127.0.0.1", port_of(url)), 10) as connection:
            connection.sendall(noise)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(4096):
                pass
    assert post(url, "/submitTask")["task_id"]


def test_a_handshake_that_does_not_come_is_cut_off() -> None:
    settings = Settings(port=0, database=":memory:", tls=True, request_timeout=0.3)
    with running(settings) as server:
        for part in (b"", b"\x16\x03\x01\x02\x00"):
            with socket.create_connection(("127.0.0.1", port_of(server.url)), 10) as connection:
                connection.sendall(part)
                assert connection.recv(1) == b""
        assert post(server.url, "/submitTask")["task_id"]


def hello(port: int, kind: str) -> None:
    """Do what a client does that is set up wrongly."""
    if kind == "plain":
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(request())
            assert connection.recv(1) == b""
        return
    context = ssl.create_default_context() if kind == "untrusted" else trusting()
    with pytest.raises(ssl.SSLCertVerificationError):
        open_tls(port, "elsewhere.test", context)


@pytest.mark.parametrize(
    ("kind", "finding"),
    [("plain", "plain-to-tls-port"), ("untrusted", "tls-certificate-refused"),
     ("name", "tls-certificate-refused")],
)  # fmt: skip
def test_a_handshake_that_its_client_is_to_blame_for_has_a_row(
    url: str, kind: str, finding: str
) -> None:
    with AdminClient(url, None, ca_file()) as admin:
        hello(port_of(url), kind)

        until(lambda: admin.get("/calls")["calls"])
        (row,) = admin.get("/calls")["calls"]

    assert [each["id"] for each in row["findings"]] == [finding]
    assert (row["status"], row["sent"]["what"]) == (None, "nothing")


@pytest.mark.parametrize("settings", ["local authority", "own files"])
def test_a_picture_of_the_simulator_itself_can_be_a_source_image(
    settings: str, tmp_path: Path
) -> None:
    given, trusted = TLS, ca_file()
    if settings == "own files":
        authority = trustme.CA()
        leaf = authority.issue_cert("qr.test")  # not the name that the picture's address has
        cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
        cert.write_bytes(b"".join(each.bytes() for each in leaf.cert_chain_pems))
        key.write_bytes(leaf.private_key_pem.bytes())
        trusted = tmp_path / "ca.pem"
        authority.cert_pem.write_to_path(str(trusted))
        given = Settings(port=0, database=":memory:", tls_cert=str(cert), tls_key=str(key))
    with running(given) as server:
        first = _finished(server.url, trusted, text="https://example.com/first")
        second = _finished(server.url, trusted, text="", qr_code_url=first["resList"][0])

    assert (second["status"], len(second["resList"])) == ("succeeded", 1), second


def _finished(url: str, trusted: Path, **fields: str) -> dict[str, Any]:
    """Submit a task to a server that speaks TLS, jump to its end and return it."""
    pool = urllib3.PoolManager(ca_certs=str(trusted), assert_hostname=False)
    headers = {"Authorization": "APPCODE mock-demo"}

    def call(path: str, **form: str) -> dict[str, Any]:
        answer = pool.request_encode_body("POST", url + path, form, headers, encode_multipart=False)
        body: dict[str, Any] = answer.json()["showapi_res_body"]
        return body

    task_id = call("/submitTask", style_id="food_fryrice", **fields)["task_id"]
    clock = f"{url}/_mock/accounts/default/clock"
    pool.request("POST", clock, json={"advance": "1m", "settle": True})
    return call("/queryTask", task_id=task_id)


def test_the_certificate_has_the_names_that_are_given() -> None:
    with running(replace(TLS, tls_names=("artqr", "例子.测试", "10.1.2.3", "fd00::7"))) as server:
        port = port_of(server.url)
        for name in ("artqr", "xn--fsqu00a.xn--0zwm56d", "10.1.2.3", "fd00::7", "localhost"):
            open_tls(port, name).close()
        with pytest.raises(ssl.SSLCertVerificationError):
            open_tls(port, "other")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"tls": True, "tls_names": ("https://artqr",)}, "is not a name that clients can call"),
        ({"tls": True, "tls_names": ("artqr:3443",)}, "is not a name that clients can call"),
        ({"tls": True, "tls_names": ("",)}, "is not a name that clients can call"),
        ({"tls": True, "tls_names": ("*.test",)}, "is not a name that clients can call"),
        ({"tls_names": ("artqr",)}, "add --tls"),
        ({"tls": True, "tls_cert": "a", "tls_key": "b", "tls_names": ("x",)}, "of your own"),
    ],
)
def test_a_name_that_is_of_no_use_is_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        Settings(**settings)


def authority_of(url: str) -> urllib3.BaseHTTPResponse:
    """Fetch the authority's certificate as a client that cannot trust the server yet."""
    with (
        urllib3.PoolManager(cert_reqs="CERT_NONE", retries=False) as pool,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        return pool.request("GET", f"{url}/_mock/ca.pem")


def test_a_client_elsewhere_gets_the_authority_and_never_its_key() -> None:
    with running(replace(TLS, token="secret-token")) as server:
        answer = authority_of(server.url)
        with urllib3.PoolManager(
            ssl_context=ssl.create_default_context(cadata=answer.data.decode()), retries=False
        ) as trusted:
            status = trusted.request("GET", f"{server.url}/_mock/livez").status

    assert (answer.status, status) == (200, 200)
    assert answer.headers["Content-Type"] == "application/pem-certificate-chain"
    assert answer.data == ca_file().read_bytes()
    assert b"PRIVATE KEY" not in answer.data


def test_what_else_is_in_the_file_of_the_authority_is_not_sent(url: str) -> None:
    key = ca_file().with_name("ca.key").read_text("ascii")
    certificate = ca_file().read_text("ascii")
    ca_file().write_text(f"{key}{certificate}{key}", "ascii")

    answer = authority_of(url)

    assert answer.data.decode() == certificate


def test_a_server_without_the_authority_says_so() -> None:
    with running(replace(TLS, tls=False)) as server:
        answer = urllib3.request("GET", f"{server.url}/_mock/ca.pem", retries=False)

    assert answer.status == 404
    assert "start it with --tls" in answer.json()["detail"]
