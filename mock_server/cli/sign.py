"""`artqr-mock sign`: why a signature is wrong, and how the right one looks."""

import shlex
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import click

from mock_server.cli import curl
from mock_server.cli.common import json_option, print_json, server_options
from mock_server.cli.requests import MOST_BYTES, read_request
from mock_server.client import AdminClient
from mock_server.domain import signatures
from mock_server.domain.bodies import FORM_TYPE, media_type
from mock_server.domain.calls import Call, header
from mock_server.domain.clinic import aligned, diagnose
from mock_server.domain.errors import GatewayError
from mock_server.domain.readings import DEFAULT_READINGS, Readings, with_readings
from mock_server.domain.redaction import redact_text
from mock_server.domain.wrong_use import WrongUseError

FINDINGS = 1
# Secrets of other accounts are worth a try, but not thousands of them.
MOST_OTHERS = 50
REPLACED = frozenset(
    {"x-ca-key", "x-ca-nonce", "x-ca-signature", "x-ca-signature-headers", "x-ca-timestamp"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a signature is checked against; `known` are wrong secrets by what to call them."""

    key: str
    secret: str
    known: Mapping[str, str] = field(default_factory=dict)
    readings: Readings = DEFAULT_READINGS

    @property
    def hidden(self) -> tuple[str, ...]:
        """Everything that is never printed. The key stands in the string for all to see."""
        return tuple(
            secret for secret in (self.secret, *self.known.values()) if secret not in {"", self.key}
        )


@click.command()
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--explain", "call_id", type=click.IntRange(1), metavar="CALL_ID",
              help="Say why the signature of a journalled call was refused.")  # fmt: skip
@click.option("--account", "account_id", default="default", show_default=True,
              help="The account whose key pair signs.")  # fmt: skip
@click.option("--key", help="Sign with this AppKey, and ask no server.")
@click.option("--secret", help="The AppSecret that belongs to --key.")
@click.option("--md5", is_flag=True, help="With a curl command: send Content-MD5, too.")
@server_options
@json_option
def sign(
    *, command: tuple[str, ...], call_id: int | None, account_id: str, key: str | None,
    secret: str | None, md5: bool, admin: AdminClient, as_json: bool,
) -> None:  # fmt: skip
    """Sign a curl command, or say what is wrong with a signature.

    `sign -- curl …` prints the command correctly signed. A request on standard input (a curl
    command, a HAR entry, raw HTTP) has its signature checked. `--explain 7` takes the seventh call
    of the journal.
    """
    if (key is None) != (secret is None):
        raise WrongUseError("--key and --secret go together")
    if call_id is not None:
        if command or key or secret or md5:
            raise WrongUseError("--explain stands alone, with --account at most")
        _explain(admin, account_id, call_id, as_json=as_json)
        return
    if md5 and not command:
        raise WrongUseError("--md5 goes with a curl command: artqr-mock sign --md5 -- curl …")
    if command:
        items = curl.items_of(_words(command))
        _print_signed(items, _credentials(admin, account_id, key, secret), md5=md5, as_json=as_json)
        return
    call = read_request(_standard_input())
    _check(call, _credentials(admin, account_id, key, secret), as_json=as_json)


def _words(command: tuple[str, ...]) -> list[str]:
    # A whole command in one pair of quotation marks is what people write, too.
    return curl.words_of(command[0]) if len(command) == 1 else list(command)


def _standard_input() -> bytes:
    stream = sys.stdin.buffer
    if stream.isatty():
        raise WrongUseError(
            "give a request on standard input, `-- curl …` to sign one, or --explain CALL_ID"
        )
    return stream.read(MOST_BYTES + 1)


def _credentials(
    admin: AdminClient, account_id: str, key: str | None, secret: str | None
) -> Credentials:
    if key is not None and secret is not None:
        return Credentials(key=key, secret=secret)
    account = admin.account(account_id).get()
    others = [each for each in admin.get("/accounts")["accounts"] if each["id"] != account["id"]]
    known = {"the app code": account["app_code"], "the app key": account["app_key"]}
    for other in others[:MOST_OTHERS]:
        known[f"the secret of account {other['id']}"] = other["app_secret"]
    return Credentials(
        key=account["app_key"],
        secret=account["app_secret"],
        known={label: value for label, value in known.items() if value != account["app_secret"]},
        readings=with_readings(DEFAULT_READINGS, account["readings"]),
    )


def _explain(admin: AdminClient, account_id: str, call_id: int, *, as_json: bool) -> None:
    page = admin.account(account_id).get("/calls", after=call_id - 1, limit=1)
    found = [call for call in page["calls"] if call["id"] == call_id]
    if not found:
        raise WrongUseError(f"the journal of account {account_id} has no call {call_id}")
    findings = [each for each in found[0].get("findings", []) if each["id"] == "signature"]
    if not findings:
        if as_json:
            print_json(None)
        else:
            click.echo(f"call {call_id} was not refused for its signature")
        return
    finding = findings[0]
    if as_json:
        print_json(finding)
    else:
        _print_strings(finding["says"], finding["server_string"], finding["client_string"])
    sys.exit(FINDINGS)


def _check(call: Call, credentials: Credentials, *, as_json: bool) -> None:
    result = _result(call, credentials)
    shown = {
        name: redact_text(value, credentials.hidden) if isinstance(value, str) else value
        for name, value in result.items()
    }
    if as_json:
        print_json(shown)
    elif result["right"]:
        click.echo(shown["says"])
    else:
        _print_strings(shown["says"], shown["server_string"], shown["client_string"])
    if not result["right"]:
        sys.exit(FINDINGS)


def _result(call: Call, credentials: Credentials) -> dict[str, Any]:
    """Return what there is to say of a request's signature, as --json prints it."""
    result: dict[str, Any] = {
        "right": False,
        "says": "",
        "causes": [],
        "server_string": signatures.string_to_sign(signatures.parts_of(call)),
        "client_string": None,
    }
    sent_key = header(call, "x-ca-key")
    try:
        signatures.verify(call, credentials.secret, credentials.readings)
    except GatewayError as error:
        if error.code != "A403IS":
            return {**result, "says": _OTHER_REFUSALS[error.code]}
    else:
        if sent_key == credentials.key:
            return {**result, "right": True, "says": "The signature is right."}
        says = f"The signature is right, but X-Ca-Key is {_key(sent_key)}: {_send(credentials)}."
        return {**result, "says": says, "causes": ["key"]}
    found = diagnose(call, credentials.secret, known_secrets=credentials.known)
    says = found.sentence
    if sent_key != credentials.key:
        says += f" X-Ca-Key is {_key(sent_key)}: {_send(credentials)}."
    return {**result, "says": says, "causes": list(found.causes),
            "client_string": found.client_string}  # fmt: skip


_OTHER_REFUSALS = {
    "I400HD": "X-Ca-Signature-Method names a digest that is not supported: "
    "send HmacSHA256 or HmacSHA1.",
    "I400I5": "Content-MD5 is not the base64 MD5 of the body that was sent: "
    "take the MD5 of the very bytes, and send none without a body.",
}


def _key(sent: str | None) -> str:
    return "missing" if sent is None else "not the one of this account"


def _send(credentials: Credentials) -> str:
    return f"send {credentials.key}"


def _print_strings(says: str, server: str, client: str | None) -> None:
    click.echo(says)
    click.echo()
    if client is None or client == server:
        click.echo("The string to sign:" if client is None else "Both signed the same string:")
    click.echo(aligned(server, server if client is None else client))


def _print_signed(
    items: list[curl.Item], credentials: Credentials, *, md5: bool, as_json: bool
) -> None:
    kept = [item for item in items if not _is_replaced(item)]
    added = _added(curl.call_of(kept), kept, credentials, md5=md5)
    words = ["curl", *(word for item in kept for word in item.words)]
    for name, value in added.items():
        words += ["-H", f"{name}: {value}"]
    command = shlex.join(words)
    if as_json:
        print_json({"command": command, "headers": added})
    else:
        click.echo(command)


def _is_replaced(item: curl.Item) -> bool:
    name = item.value.partition(":")[0].strip().lower()
    return item.option == "header" and name in REPLACED


def _added(
    call: Call, items: list[curl.Item], credentials: Credentials, *, md5: bool
) -> dict[str, str]:
    """Return the headers that make the call correctly signed."""
    given = {name.lower() for name, _ in curl.given_headers(items)}
    added = {}
    # Said aloud, so that what curl sends by itself is what was signed, whatever its version.
    for name in ("Accept", "Content-Type"):
        value = header(call, name.lower())
        if value is not None and name.lower() not in given:
            added[name] = value
    is_form = media_type(header(call, "content-type")) == FORM_TYPE
    if md5 and call.body and not is_form and "content-md5" not in given:
        added["Content-MD5"] = signatures.content_md5(call.body)
    added["X-Ca-Key"] = credentials.key
    added["X-Ca-Timestamp"] = str(time.time_ns() // 1_000_000)
    added["X-Ca-Nonce"] = str(uuid.uuid4())
    own = {name for name, _ in call.headers if name.startswith("x-ca-")}
    listed = sorted({*own, "x-ca-key", "x-ca-nonce", "x-ca-timestamp"})
    added["X-Ca-Signature-Headers"] = ",".join(listed)
    added["X-Ca-Signature"] = _signature(call, added, credentials.secret)
    return added


def _signature(call: Call, added: dict[str, str], secret: str) -> str:
    method = header(call, "x-ca-signature-method") or signatures.DEFAULT_METHOD
    if method not in signatures.DIGESTS:
        raise WrongUseError(_OTHER_REFUSALS["I400HD"])
    # Before those that curl adds by itself: the first of a name counts.
    headers = (*((name.lower(), value) for name, value in added.items()), *call.headers)
    text = signatures.string_to_sign(signatures.parts_of(replace(call, headers=headers)))
    return signatures.sign(secret, text, method)
