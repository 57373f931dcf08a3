"""The order of a check: server, readings, credentials and budget."""

from dataclasses import dataclass
from typing import Any

from mock_server.checker.budget import Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckCredentials:
    """The credentials of the calls: an app code, or a key pair that signs."""

    app_code: str = ""
    key: str = ""
    secret: str = ""

    @property
    def hidden(self) -> tuple[str, ...]:
        """Texts that no report may contain."""
        return tuple(each for each in (self.app_code, self.secret) if len(each) > 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOrder:
    """The server to check, the readings, the kinds of calls, the credentials and the budget."""

    url: str
    document: dict[str, Any]
    values: dict[str, str]
    mode: str
    credentials: CheckCredentials
    budget: Budget
    trusted: str | None = None
