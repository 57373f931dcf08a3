"""Equally correct clients that work in other ways."""

import json
from typing import Any

import urllib3

from tests.clients.reference.client import PATHS, ArtQrError, Client, Task


class SendsJson(Client):
    """Sends JSON instead of a form."""

    def send(self, operation: str, fields: dict[str, str]) -> urllib3.BaseHTTPResponse:
        return self.pool.request(
            "POST",
            self.base_url + PATHS[operation],
            body=json.dumps(fields).encode(),
            headers={
                "Authorization": f"APPCODE {self.app_code}",
                "Content-Type": "application/json; charset=UTF-8",
            },
        )


class KeepsWhatHasEnded(Client):
    """Does not query a task again after its end, because polls cost money."""

    def __init__(self, *arguments: str) -> None:
        super().__init__(*arguments)
        self.ended: dict[str, Task] = {}

    def query(self, task_id: str) -> Task:
        task = self.ended.get(task_id) or super().query(task_id)
        if task.status in ("succeeded", "failed"):
            self.ended[task_id] = task
        return task


class RetriesQueries(Client):
    """Retries a query, never a submit, when the gateway was busy."""

    def call(self, operation: str, fields: dict[str, str]) -> dict[str, Any]:
        for _ in range(2):
            try:
                return super().call(operation, fields)
            except ArtQrError as error:
                if operation == "submit" or error.status not in (429, 500, 502, 503, 504):
                    raise
        return super().call(operation, fields)


class ChecksFirst(Client):
    """Refuses what the vendor's page forbids without a call."""

    def submit(self, fields: dict[str, str]) -> str:
        given = {name: value for name, value in fields.items() if value}
        for one, other in (("text", "qr_code_url"), ("style_id", "your_prompt")):
            if (one in given) == (other in given):
                raise ValueError(f"either {one} or {other}")
        if len(given.get("text", "")) > 35:
            raise ValueError("35 characters are advised")
        return super().submit(given)


class BigPages(Client):
    """Lists as many tasks per page as possible."""

    page_size = 50


class RetriesWhatTheGatewayBroke(Client):
    """Retries a query later after every failure of the gateway, whatever its status."""

    def query(self, task_id: str) -> Task:
        try:
            return super().query(task_id)
        except ArtQrError as error:
            if not error.code.startswith("X"):
                raise
            return super().query(task_id)


class KnowsTheUnfinished(Client):
    """Recognises the refusal of a query that only means: the task has not ended."""

    def query(self, task_id: str) -> Task:
        try:
            return super().query(task_id)
        except ArtQrError as error:
            if "任务未完成" not in str(error):
                raise
            return Task(task_id, "pending", [])
