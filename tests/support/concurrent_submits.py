"""Concurrent submits: all at the same moment, each on its own connection."""

import asyncio
import json
from collections.abc import Sequence
from urllib.parse import urlsplit

from tests.support.wire import SUBMIT, request

SUBMITTERS = 64


async def submit_once(url: str, data: bytes, start: asyncio.Barrier) -> tuple[int, str, str]:
    """Connect, wait for the others, submit; return status, error code and task id."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    await start.wait()
    writer.write(data)
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:-2])
    body = await reader.readexactly(int(lines["Content-Length"]))
    writer.close()
    await writer.wait_closed()
    status = int(head.split(" ", 2)[1])
    task_id = json.loads(body)["showapi_res_body"]["task_id"] if status == 200 else ""
    return status, lines.get("X-Ca-Error-Code", ""), task_id


async def submit_all(urls: Sequence[str], app_code: str) -> list[tuple[int, str, str]]:
    """Submit at the same moment on every connection, to the servers in turn."""
    data = request("/submitTask", SUBMIT, f"Authorization: APPCODE {app_code}")
    start = asyncio.Barrier(SUBMITTERS)
    return await asyncio.gather(
        *(submit_once(urls[n % len(urls)], data, start) for n in range(SUBMITTERS))
    )
