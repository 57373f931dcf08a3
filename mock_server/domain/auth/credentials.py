"""The credentials that a call names, and whether its timestamp and nonce are valid.

Rule 1: the scheme is APPCODE in any case, followed by at least one space (claim appcode-scheme).
Rule 2: any other syntax counts as no credentials (claim appcode-syntax).
Rule 3: the app code counts in the header only, not in the query (claim appcode-header-only).
Rule 4: if a call has a signature and an app code, the signature counts (claim signature-wins).
Rule 5: timestamp and nonce are checked if the call has them, with both kinds of credentials (claims
timestamp-window, nonce-window, nonce-optional, nonce-scope).
"""

from urllib.parse import parse_qsl

from mock_server.domain.account.accounts import Account
from mock_server.domain.call.answer_rules import AnswerRule
from mock_server.domain.call.calls import Call, header
from mock_server.domain.call.errors import GatewayError
from mock_server.domain.readings import Readings
from mock_server.domain.records import dataclass

# The spellings of the gateway manual (reading appcode.in_query).
QUERY_NAMES = ("AppCode", "appcode", "appCode", "APPCODE", "APPCode")
WINDOW_MS = 15 * 60 * 1000


@dataclass(frozen=True, slots=True)
class AppCode:
    """Simple authentication: the app code identifies the buyer."""

    code: str


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Signed authentication: the key identifies the buyer. `signed`: the call has a signature."""

    key: str
    signed: bool = True


Credentials = AppCode | KeyPair


def named_credentials(call: Call) -> Credentials:
    """Return the credentials that a call names. Raises A400MA or I400MH."""
    key = (header(call, "x-ca-key") or "").strip()
    if header(call, "x-ca-signature"):
        if not key:  # claim key-missing
            raise GatewayError("I400MH", "X-Ca-Key", rule=AnswerRule.KEY_MISSING)
        return KeyPair(key)
    app_code = app_code_of(call)
    if app_code is not None:
        return app_code
    if key:
        return KeyPair(key, signed=False)
    raise GatewayError("A400MA", rule=AnswerRule.CREDENTIALS_MISSING)


def check_signed(credentials: Credentials) -> None:
    """Check that a call with a key has a signature (claim signature-missing). Raises I400MH."""
    if isinstance(credentials, KeyPair) and not credentials.signed:
        raise GatewayError(
            "I400MH",
            "X-Ca-Signature",
            rule=AnswerRule.SIGNATURE_MISSING,
            classic="Empty Signature",
        )


def app_code_of(call: Call) -> AppCode | None:
    """Return the app code of the Authorization header; None: it has none."""
    scheme, _, code = (header(call, "authorization") or "").strip().partition(" ")
    code = code.strip()
    return AppCode(code) if scheme.upper() == "APPCODE" and code else None


def app_code_in_query(call: Call) -> AppCode | None:
    """Return the app code of the query; None: it has none (claim appcode-header-only)."""
    if "=" not in call.query:
        return None
    for name, value in parse_qsl(call.query, max_num_fields=None):
        if name in QUERY_NAMES:
            return AppCode(value)
    return None


def check_scheme(call: Call, readings: Readings) -> None:
    """Check the spelling of APPCODE in the header (claim appcode-scheme). Raises A400MA."""
    written = header(call, "authorization")
    if readings.appcode_scheme == "capitals" and written is not None:
        scheme, _, code = written.partition(" ")
        if scheme != "APPCODE" or code != code.strip():
            raise GatewayError("A400MA", rule=AnswerRule.SCHEME_NOT_CAPITALS)


def unknown(credentials: Credentials, readings: Readings) -> GatewayError:
    """Return the gateway's error for credentials that it never issued."""
    if isinstance(credentials, KeyPair):
        return GatewayError("A400IK", rule=AnswerRule.KEY_UNKNOWN)
    # claim appcode-unknown
    code = "A401AC" if readings.appcode_unknown == "401" else "A400AC"
    return GatewayError(code, "`not exists`", rule=AnswerRule.CODE_UNKNOWN)


def signing_now(account: Account, machine_now: int) -> int:
    """Return the instant (ms) that a call's timestamp and nonce are checked against.

    This is the machine's clock plus the account's skew: a client signs with that clock, whatever
    time the account shows. If the account is frozen at an explicit instant, it is that instant.
    """
    if account.clock.frozen and account.clock.pinned:
        return account.clock.base_at
    return machine_now + account.skew_ms


def check_timestamp(call: Call, now: int) -> None:
    """Check X-Ca-Timestamp if it was sent. Raises I400HD (claim header-unreadable), S403TE."""
    text = (header(call, "x-ca-timestamp") or "").strip()
    if not text:
        return
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise GatewayError(
            "I400HD",
            "`X-Ca-Timestamp` is not a number",
            rule=AnswerRule.TIMESTAMP_UNREADABLE,
            classic="Invalid Timestamp",
        )
    if abs(now - int(text)) > WINDOW_MS:
        raise GatewayError("S403TE", rule=AnswerRule.TIMESTAMP_OUTSIDE)


def nonce_of(call: Call, credentials: Credentials, readings: Readings) -> str | None:
    """Return the nonce of a call, None without one. Raises I400NC if a nonce is required."""
    nonce = (header(call, "x-ca-nonce") or "").strip()
    if nonce:
        return nonce
    if isinstance(credentials, KeyPair) and readings.signature_nonce == "required":
        raise GatewayError("I400NC", rule=AnswerRule.NONCE_MISSING)
    return None
