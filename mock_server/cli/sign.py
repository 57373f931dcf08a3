"""`artqr-mock sign`: why a signature is wrong, and how the right one looks."""

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import click

from mock_server.admin_client import AdminClient
from mock_server.cli.common import (
    FINDINGS,
    account_option,
    json_option,
    language_option,
    print_json,
    say_in,
    server_options,
)
from mock_server.domain.auth import signatures
from mock_server.domain.auth.credentials import check_timestamp
from mock_server.domain.auth.diagnosis import aligned
from mock_server.domain.auth.refusal_hints import EXAMINED, explain, explain_timestamp
from mock_server.domain.call.calls import Call, header
from mock_server.domain.call.charsets import with_charset
from mock_server.domain.call.errors import GatewayError
from mock_server.domain.call.redaction import redact_text
from mock_server.domain.durations import show_duration
from mock_server.domain.faults.kinds import KINDS
from mock_server.domain.faults.rules import Stage
from mock_server.domain.readings import DEFAULT_READINGS, Readings, with_readings
from mock_server.domain.usage_errors import UsageError
from mock_server.formatting import printable_lines, shell_word
from mock_server.recordings import curl
from mock_server.recordings.signing import MOST_BYTES, WRONG_DIGEST, read_request, signing_headers
from mock_server.words.sentences import Say

# The findings that --explain prints; how messages of older instances begin that lead to one.
EXPLAINED = frozenset(EXAMINED.values())
GATEWAY_FAULTS = frozenset(name for name, kind in KINDS.items() if kind.stage is Stage.GATEWAY)
CLASSIC_EXAMINED = ("Invalid Signature", "Invalid Content-MD5", "Timestamp Expired")
# Causes that no string to sign shows.
STRING_IS_RIGHT = frozenset({"signature-method", "content-md5", "key", "timestamp"})
# Secrets of other accounts are worth a try, but not thousands of them.
MOST_OTHERS = 50
REPLACED = frozenset(
    {"x-ca-key", "x-ca-nonce", "x-ca-signature", "x-ca-signature-headers", "x-ca-timestamp"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningPair:
    """What a signature is checked against; `known` are wrong secrets by what to call them."""

    key: str
    secret: str
    known: Mapping[str, str] = field(default_factory=dict)
    readings: Readings = DEFAULT_READINGS
    skew_ms: int = 0

    @property
    def hidden(self) -> tuple[str, ...]:
        """Everything that is never printed. The key stands in the string for all to see."""
        return tuple(
            secret for secret in (self.secret, *self.known.values()) if secret not in {"", self.key}
        )


@click.command()
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--explain", "call_id", type=click.IntRange(1), metavar="CALL_ID",
              help="Explain why the signature of this call was refused.")  # fmt: skip
@account_option("The account whose key pair signs, by its id or its name.")
@click.option("--key", help="Sign with this AppKey; no server is asked.")
@click.option("--secret", help="The AppSecret that belongs to --key.")
@click.option("--md5", is_flag=True, help="Add Content-MD5 to the curl command.")
@server_options
@language_option
@json_option
def sign(
    *, command: tuple[str, ...], call_id: int | None, account_id: str, key: str | None,
    secret: str | None, md5: bool, admin: AdminClient, language: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Sign a curl command, or explain what is wrong with a signature.

    `artqr-mock sign -- curl …` prints the command with a correct signature. Without a command it
    checks the signature of the request on standard input: a curl command, a HAR entry or raw HTTP.
    `--explain 7` explains the refusal of call 7, the number that `artqr-mock calls` prints.
    """
    if (key is None) != (secret is None):
        raise UsageError("--key and --secret go together: give both, or neither")
    if key is not None and not key.isprintable():
        raise UsageError("--key has a control character: an AppKey is letters and digits")
    if call_id is not None:
        if command or key or secret or md5:
            raise UsageError("--explain goes with --account only: leave the rest out")
        _explain(admin, account_id, call_id, language, as_json=as_json)
        return
    if md5 and not command:
        raise UsageError("--md5 needs a curl command: artqr-mock sign --md5 -- curl …")
    if command:
        items = curl.items_of(_words(command))
        _print_signed(items, _credentials(admin, account_id, key, secret), md5=md5, as_json=as_json)
        return
    call = read_request(_standard_input())
    _check(call, _credentials(admin, account_id, key, secret), language, as_json=as_json)


def _words(command: tuple[str, ...]) -> list[str]:
    # A whole command in one pair of quotation marks is what people write, too.
    return curl.words_of(command[0]) if len(command) == 1 else list(command)


def _standard_input() -> bytes:
    stream = sys.stdin.buffer
    if stream.isatty():
        raise UsageError(
            "give a request on standard input, a curl command after `--`, or --explain CALL_ID"
        )
    return stream.read(MOST_BYTES + 1)


def _credentials(
    admin: AdminClient, account_id: str, key: str | None, secret: str | None
) -> SigningPair:
    if key is not None and secret is not None:
        return SigningPair(key=key, secret=secret)
    account = admin.account_named(account_id).get()
    others = [each for each in admin.get("/accounts")["accounts"] if each["id"] != account["id"]]
    known = {"the app code": account["app_code"], "the app key": account["app_key"]}
    for other in others[:MOST_OTHERS]:
        known[f"the secret of account {other['id']}"] = other["app_secret"]
    return SigningPair(
        key=account["app_key"],
        secret=account["app_secret"],
        known={label: value for label, value in known.items() if value != account["app_secret"]},
        readings=with_readings(DEFAULT_READINGS, account["readings"]),
        skew_ms=account["skew_ms"],
    )


def _explain(
    admin: AdminClient, account_id: str, call_id: int, language: str, *, as_json: bool
) -> None:
    account = admin.account_named(account_id)
    page = account.get("/calls", after=call_id - 1, limit=1)
    found = [call for call in page["calls"] if call["id"] == call_id]
    if not found:
        raise UsageError(f"the journal of account {account.id} has no call {call_id}")
    _print_explained(call_id, found[0], say_in(language), as_json=as_json)


def _print_explained(call_id: int, call: dict[str, Any], say: Say, *, as_json: bool) -> None:
    finding = next((each for each in call.get("findings", []) if each["id"] in EXPLAINED), None)
    refusal = _refusal(call)
    if finding is None and (refusal is None or _ordered(call)):
        why = f"was refused ({refusal}) by the fault {_ordered(call)}, whatever it was signed with"
        if as_json:
            print_json(None)
        else:
            says = why if refusal else "was not refused for its signature"
            click.echo(say(f"call {call_id} {says}"))
        return
    if finding is None:
        says = (
            f"call {call_id} was refused ({refusal}), but the explanation is not ready: try again "
            "in a moment"
        )
        finding = {"id": "unexamined", "severity": "error", "says": says}
    if as_json:
        print_json(finding)
    elif "server_string" in finding:
        _print_strings(finding["says"], finding["server_string"], finding["client_string"], say)
    else:
        click.echo(printable_lines(say(finding["says"])))
    sys.exit(FINDINGS)


def _ordered(call: dict[str, Any]) -> str | None:
    """Return the number and the kind of the fault that answered in place of the gateway."""
    found = [each for each in call.get("faults", []) if each["kind"] in GATEWAY_FAULTS]
    return f"{found[0]['id']} ({found[0]['kind']})" if found else None


def _refusal(call: dict[str, Any]) -> str | None:
    """Return the code, or an older instance's message, of a refusal that is examined."""
    code = call.get("error_code")
    if code is not None:
        return code if code in EXAMINED else None
    headers = {name.lower(): value for name, value in call.get("answer", {}).get("headers", [])}
    message = headers.get("x-ca-error-message", "")
    return next((each for each in CLASSIC_EXAMINED if message.startswith(each)), None)


def _check(call: Call, credentials: SigningPair, language: str, *, as_json: bool) -> None:
    result, say = _result(call, credentials), say_in(language)
    if as_json:
        print_json(result)
    elif result["right"] or not STRING_IS_RIGHT.isdisjoint(result["causes"]):
        click.echo(printable_lines(say(result["says"])))
    else:
        _print_strings(result["says"], result["server_string"], result["client_string"], say)
    if not result["right"]:
        sys.exit(FINDINGS)


def _result(call: Call, credentials: SigningPair) -> dict[str, Any]:
    """Return what there is to say of a request's signature, as --json prints it."""
    expected = signatures.string_to_sign(signatures.parts_of(call))
    result: dict[str, Any] = {
        "right": False,
        "says": "",
        "causes": [],
        "server_string": redact_text(expected, credentials.hidden),
        "client_string": None,
    }
    try:
        signatures.verify(call, credentials.secret, credentials.readings)
    except GatewayError as error:
        if error.code == "I400HD":
            return {**result, "says": WRONG_DIGEST, "causes": ["signature-method"]}
        return {**result, **_explained(call, error.code, credentials)}
    wrong = {"key": _wrong_key(call, credentials), "timestamp": _wrong_timestamp(call, credentials)}
    causes = [cause for cause, says in wrong.items() if says]
    if not causes:
        return {**result, "right": True, "says": "The signature is right."}
    says = "; and ".join(filter(None, wrong.values()))
    return {**result, "says": f"The signature is right, but {says}.", "causes": causes}


def _explained(call: Call, code: str, credentials: SigningPair) -> dict[str, Any]:
    # A label may be a secret elsewhere (a magic account's id is): it is put in after redaction.
    labels = {f"\0{number}\0": label for number, label in enumerate(credentials.known)}
    known = dict(zip(labels, credentials.known.values(), strict=True))
    found = explain(call, code, credentials.secret, now=_now(credentials), known_secrets=known)
    says = redact_text(with_charset(found.says, found.server_string or ""), credentials.hidden)
    for mark, label in labels.items():
        says = says.replace(mark, label)
    wrong_key = _wrong_key(call, credentials)
    if wrong_key and found.finding == "signature":
        says += f" {wrong_key}."
    client = found.client_string
    return {
        "says": says,
        "causes": list(found.causes),
        "client_string": client and redact_text(client, credentials.hidden),
    }


def _wrong_key(call: Call, credentials: SigningPair) -> str:
    sent = header(call, "x-ca-key")
    if sent == credentials.key:
        return ""
    what = "missing" if sent is None else "not the one of this account"
    return f"X-Ca-Key is {what}: send {credentials.key}"


def _wrong_timestamp(call: Call, credentials: SigningPair) -> str:
    now = _now(credentials)
    try:
        check_timestamp(call, now)
    except GatewayError as error:
        if error.code != "S403TE":
            return f"X-Ca-Timestamp is not a number: the gateway would answer {error.code}"
    else:
        return ""
    says = explain_timestamp(call, now).removesuffix(".")
    if "seconds:" in says:
        return says
    off = show_duration(abs(now - int(header(call, "x-ca-timestamp") or "0")))
    return f"X-Ca-Timestamp is {off} off: the gateway would answer S403TE"


def _now(credentials: SigningPair) -> int:
    return time.time_ns() // 1_000_000 + credentials.skew_ms


def _print_strings(says: str, server: str, client: str | None, say: Say) -> None:
    click.echo(printable_lines(say(says)))
    click.echo()
    if client is None or client == server:
        click.echo(say("The string to sign:" if client is None else "Both signed the same string:"))
    click.echo(aligned(server, server if client is None else client, say))


def _print_signed(
    items: list[curl.CurlItem], credentials: SigningPair, *, md5: bool, as_json: bool
) -> None:
    kept = [item for item in items if not _is_replaced(item)]
    kept = curl.sendable(kept, curl.call_of(kept))
    pair = (credentials.key, credentials.secret)
    added = signing_headers(curl.call_of(kept), kept, pair, md5=md5)
    words = ["curl", *(word for item in kept for word in item.words)]
    for name, value in added.items():
        words += ["-H", f"{name}: {value}"]
    command = " ".join(map(shell_word, words))
    if as_json:
        print_json({"command": command, "headers": added})
    else:
        click.echo(command)


def _is_replaced(item: curl.CurlItem) -> bool:
    name = item.value.partition(":")[0].strip().lower()
    return item.option == "header" and name in REPLACED
