"""What an independent client is configured with, and where one is found."""

import json
import os
import subprocess
from typing import Any

from mock_server.admin_client import AccountClient, AdminClient


class Buyer:
    """What a client is configured with, and what its tester can look at."""

    def __init__(self, url: str, admin: AdminClient, **wish: Any) -> None:
        self.url = url
        account = admin.post("/accounts", wish)
        self.key: str = account["app_key"]
        self.secret: str = account["app_secret"]
        self.app_code: str = account["app_code"]
        self.world: AccountClient = admin.account(account["id"])

    @property
    def charges(self) -> int:
        """How many calls were charged."""
        charges: int = self.world.get("/bill")["charges"]
        return charges

    @property
    def errors(self) -> list[dict[str, Any]]:
        """What the contract has against the calls, at its worst."""
        found: list[dict[str, Any]] = self.world.findings("error")["findings"]
        return found

    def task(self) -> dict[str, Any]:
        """The task that was submitted last."""
        task: dict[str, Any] = self.world.get("/tasks")["tasks"][-1]
        return task


def driven(command: list[str], job: dict[str, Any], **env: str) -> list[dict[str, Any]]:
    """Run the driver of a client with a job on its standard input; return what it answers."""
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
