"""Who calls: which credentials a call names, before anything is verified.

Rule 1: the scheme word is APPCODE in any case and at least one space (claim appcode-scheme).
Rule 2: any other syntax is the same as no credentials at all (claim appcode-syntax).
Rule 3: the app code counts in the header only, not in the query (claim appcode-header-only).
"""

import hmac
from dataclasses import dataclass

from mock_server.domain.calls import Call, header
from mock_server.domain.errors import GatewayError
from mock_server.domain.readings import Readings


@dataclass(frozen=True, slots=True)
class AppCode:
    """Simple authentication: the code that names the buyer."""

    code: str


def named_credentials(call: Call) -> AppCode:
    """Return the credentials that a call names. Raises A400MA if it names none."""
    scheme, _, code = (header(call, "authorization") or "").strip().partition(" ")
    code = code.strip()
    if scheme.upper() != "APPCODE" or not code:
        raise GatewayError("A400MA")
    return AppCode(code)


def unknown_app_code(readings: Readings) -> GatewayError:
    """Return what the gateway says of a code that it has never issued (claim appcode-unknown)."""
    code = "A401AC" if readings.appcode_unknown == "401" else "A400AC"
    return GatewayError(code, "`not exists`")


def same_secret(left: str, right: str) -> bool:
    """Compare two secrets without telling by the time taken how much of them is the same."""
    return hmac.compare_digest(left.encode(), right.encode())
