"""The configuration of an independent client, and where to find such a client."""

import json
import os
import subprocess
from typing import Any

from mock_server.admin_client import AccountClient, AdminClient


class Buyer:
    """The configuration of a client, and what its tester can inspect."""

    def __init__(self, url: str, admin: AdminClient, **wish: Any) -> None:
        self.url = url
        account = admin.post("/accounts", wish)
        self.key: str = account["app_key"]
        self.secret: str = account["app_secret"]
        self.app_code: str = account["app_code"]
        self.world: AccountClient = admin.account(account["id"])

    @property
    def charges(self) -> int:
        """Return the number of charged calls."""
        charges: int = self.world.get("/bill")["charges"]
        return charges

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Return the error findings in its calls."""
        found: list[dict[str, Any]] = self.world.findings("error")["findings"]
        return found

    def task(self) -> dict[str, Any]:
        """Return the task that was submitted last."""
        task: dict[str, Any] = self.world.get("/tasks")["tasks"][-1]
        return task


def driven(command: list[str], job: dict[str, Any], **env: str) -> list[dict[str, Any]]:
    """Run a client's driver with a job on its standard input; return its answer."""
    done = subprocess.run(
        command,
        input=json.dumps(job),
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers
