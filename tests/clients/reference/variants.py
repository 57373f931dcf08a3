"""Equally correct clients that work in other ways."""

import asyncio
import json
from collections.abc import AsyncIterator
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


class LooksFirst(Client):
    """Without an answer it lists the tasks, and submits again only if there is no new one."""

    def submit(self, fields: dict[str, str]) -> str:
        known = self.ids()
        try:
            return super().submit(fields)
        except ArtQrError as error:
            if error.status not in (0, 500, 502, 504):
                raise
            made = self.ids() - known
            if len(made) > 1:
                raise
            return made.pop() if made else super().submit(fields)

    def ids(self) -> set[str]:
        """Return the ids of all tasks that there are."""
        found: set[str] = set()
        page = 1
        while listed := {task.task_id for task in self.list_tasks(page)}:
            found |= listed
            page += 1
        return found


class Asynchronous:
    """The same client in coroutines, which all run in the event loop of its construction."""

    def __init__(self, *arguments: str) -> None:
        self.client = Client(*arguments)
        self.loop = asyncio.get_running_loop()
        self.turn = asyncio.Lock()

    async def submit(self, fields: dict[str, str]) -> str:
        """Submit a task."""
        return str(await self.done(self.client.submit, fields))

    async def query(self, task_id: str) -> Task:
        """Return the state of a task."""
        task: Task = await self.done(self.client.query, task_id)
        return task

    async def list_tasks(self, page: int) -> AsyncIterator[Task]:
        """Yield the tasks of a page."""
        for task in await self.done(self.client.list_tasks, page):
            yield task

    async def close(self) -> None:
        """Close the connections."""
        await self.done(self.client.pool.clear)

    async def done(self, act: Any, *arguments: Any) -> Any:
        """Run a blocking function in a thread of the pool."""
        assert asyncio.get_running_loop() is self.loop
        async with self.turn:
            return await asyncio.to_thread(act, *arguments)


class KnowsTheUnfinished(Client):
    """Recognises the refusal of a query that only means: the task has not ended."""

    def query(self, task_id: str) -> Task:
        try:
            return super().query(task_id)
        except ArtQrError as error:
            if "任务未完成" not in str(error):
                raise
            return Task(task_id, "pending", [])
