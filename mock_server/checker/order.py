"""What one run of `check` is asked to do: server, readings, credentials and budget."""

from dataclasses import dataclass
from typing import Any

from mock_server.checker.budget import Budget


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckCredentials:
    """Whose calls are made: an app code, or a key pair that signs."""

    app_code: str = ""
    key: str = ""
    secret: str = ""

    @property
    def hidden(self) -> tuple[str, ...]:
        """What no report may say."""
        return tuple(each for each in (self.app_code, self.secret) if len(each) > 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOrder:
    """Which server is held against which values, with which calls, for whom and how much."""

    url: str
    document: dict[str, Any]
    values: dict[str, str]
    mode: str
    credentials: CheckCredentials
    budget: Budget
    trusted: str | None = None
