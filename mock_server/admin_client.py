"""The admin API as a Python caller sees it: over HTTP, like anybody else."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote, urlencode

from mock_server.direct_http import READ_S, DirectHttp, LateError, NoAnswerError, Reply

FINDINGS_PAGE = 500  # calls with findings
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


def client_environment(base_url: str, account: dict[str, Any]) -> dict[str, str]:
    """Return what a client of the API is configured with."""
    found = {
        "ARTQR_BASE_URL": base_url,
        "ARTQR_APP_CODE": account["app_code"],
        "ARTQR_APP_KEY": account["app_key"],
        "ARTQR_APP_SECRET": account["app_secret"],
    }
    if base_url.startswith("https:"):
        from mock_server.tls import ca_file  # noqa: PLC0415 - it loads slowly

        found["ARTQR_CA_FILE"] = str(ca_file())
    return found


class UnreachableError(Exception):
    """Nobody answers at the address."""


class RefusedError(Exception):
    """The server refused; the message is its own."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class AdminClient:
    """Talks to `/_mock` of a running server. Every method raises UnreachableError, RefusedError."""

    def __init__(
        self, base_url: str, token: str | None = None, ca_file: Path | None = None
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        trusted = ca_file if ca_file is not None and ca_file.exists() else None
        self._http = DirectHttp(trusted)

    def __enter__(self) -> Self:
        """Use the client for the length of a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close its connections."""
        self._http.close()

    def get(self, path: str, **query: str | int) -> Any:
        """Return what GET `/_mock{path}` answers."""
        return self._call("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Return what POST `/_mock{path}` answers."""
        return self._call("POST", path, body or {})

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """Return what PATCH `/_mock{path}` answers."""
        return self._call("PATCH", path, body)

    def delete(self, path: str) -> None:
        """DELETE `/_mock{path}`."""
        self._call("DELETE", path)

    def every(self, path: str, name: str, after: int = 0) -> list[dict[str, Any]]:
        """Return everything of a listing, read page by page; `name` is its field."""
        found: list[dict[str, Any]] = []
        following: int | None = after
        while following is not None:
            page = self.get(path, after=following, limit=500)
            found += page[name]
            following = page["next"]
        return found

    def findings(self, severity: str | None = None, path: str = "") -> dict[str, Any]:
        """Return every finding with the counts, read page by page: of the account that `path` is,
        else of the calls that name none."""
        wanted = {} if severity is None else {"severity": severity}
        what = f"{path}/findings"
        found: dict[str, Any] = self.get(what, limit=FINDINGS_PAGE, **wanted)
        while found["next"] is not None:
            query: dict[str, str | int] = {**wanted, "after": found["next"]}
            page = self.get(what, limit=FINDINGS_PAGE, **query)
            found = {**page, "findings": found["findings"] + page["findings"]}
        return found

    def account(self, account_id: str) -> "AccountClient":
        """Return the client of one account's routes."""
        return AccountClient(self, f"/accounts/{quote(account_id, safe='')}")

    def wait_until_ready(self, seconds: float) -> bool:
        """Wait for a server that answers; False if there is none within the time."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.get("/readyz")
            except (UnreachableError, RefusedError):
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                time.sleep(min(0.05, left))
            else:
                return True

    def submit(self, app_code: str, fields: Mapping[str, str]) -> None:
        """Submit a task as a client of the API would, and make nothing of the answer."""
        headers = {"Authorization": f"APPCODE {app_code}", "Content-Type": FORM}
        self._send("POST", f"{self.base_url}/submitTask", headers, urlencode(fields).encode())

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        url = f"{self.base_url}/_mock{path}"
        typed = {} if body is None else {"Content-Type": "application/json"}
        data = b"" if body is None else json.dumps(body).encode()
        answer = self._send(method, url, {**self._headers, **typed}, data)
        is_json = "json" in answer.headers.get("content-type", "")
        if answer.status >= 400:
            detail = answer.json()["detail"] if is_json else f"HTTP {answer.status} at {url}"
            raise RefusedError(answer.status, detail)
        return answer.json() if is_json and answer.data else answer.data

    def _send(self, method: str, url: str, headers: Mapping[str, str], data: bytes) -> Reply:
        try:
            return self._http.request(method, url, headers, data)
        except LateError:
            raise UnreachableError(
                f"{self.base_url} took the call and has not answered for {READ_S:g} s"
            ) from None
        except NoAnswerError as error:
            raise UnreachableError(
                f"no artqr-mock answers at {self.base_url} ({error}): start one with "
                "`artqr-mock serve`, or name another with --url"
            ) from None


class AccountClient:
    """The routes of one account."""

    def __init__(self, admin: AdminClient, path: str) -> None:
        self._admin = admin
        self._path = path
        self.id = unquote(path.rpartition("/")[2])

    def get(self, what: str = "", **query: str | int) -> Any:
        """Return what GET of this account, or of something of it, answers."""
        return self._admin.get(self._path + what, **query)

    def post(self, what: str, body: dict[str, Any] | None = None) -> Any:
        """Return what POST to something of this account answers."""
        return self._admin.post(self._path + what, body)

    def patch(self, body: dict[str, Any], what: str = "") -> Any:
        """Return what PATCH of this account, or of something of it, answers."""
        return self._admin.patch(self._path + what, body)

    def delete(self, what: str) -> None:
        """DELETE something of this account."""
        self._admin.delete(self._path + what)

    def dropped_calls(self) -> int:
        """Return how many calls the bounded journal has let go."""
        dropped: int = self.get("/calls", limit=1)["dropped"]
        return dropped

    def findings(self, severity: str | None = None) -> dict[str, Any]:
        """Return every finding, page by page, with the counts."""
        return self._admin.findings(severity, self._path)

    def calls(self, after: int = 0) -> list[dict[str, Any]]:
        """Return every journalled call; only those after one, by its id."""
        return self.every("/calls", "calls", after)

    def every(self, what: str, name: str, after: int = 0) -> list[dict[str, Any]]:
        """Return everything of a listing, read page by page; `name` is its field."""
        return self._admin.every(self._path + what, name, after)
