"""The order of a check: server, readings, credentials and budget."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from mock_server.checker.budget import Budget
from mock_server.domain.call.calls import OWN_PATHS, Operation


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
    """The server to check, the readings, the kinds of calls, the credentials and the budget.

    `paths` are those of operations that the server has at another path than the contract.
    """

    url: str
    document: dict[str, Any]
    values: dict[str, str]
    mode: str
    credentials: CheckCredentials
    budget: Budget
    trusted: str | None = None
    paths: Mapping[Operation, str] = field(default_factory=dict)

    @property
    def moved(self) -> dict[str, str]:
        """The paths below the server's address that are others there than in the contract."""
        base = urlsplit(self.url).path
        return {base + OWN_PATHS[each]: base + path for each, path in self.paths.items()}
