"""A small server that keeps the contract, except for planted flaws."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from tests.support.stubs import answering

APP_CODE = "mock-demo"


class Flawed:
    """The state of the server: its flaws, its tasks, and every request."""

    def __init__(self, *flaws: str) -> None:
        self.flaws = frozenset(flaws)
        self.tasks: list[str] = []
        self.asked: list[tuple[str, str, str, dict[str, str]]] = []

    def bodies(self, path: str) -> list[str]:
        """Return the bodies that were posted to a path."""
        return [body for _, asked, body, _ in self.asked if asked == path]

    def answer(
        self, method: str, target: str, headers: dict[str, str], body: str
    ) -> tuple[int, dict[str, str], bytes] | None:
        """Answer a request; None: close the connection."""
        path = urlsplit(target).path
        self.asked.append((method, path, body, headers))
        if self.flaws & {"silent", f"silent {path}"}:
            return None
        is_route = method == "POST" or "any method" in self.flaws
        if path not in ("/submitTask", "/taskList", "/queryTask") or not is_route:
            return self.refused(404, "I404NF", "API not found")
        code = headers.get("authorization")
        if code != f"APPCODE {APP_CODE}" and "open to all" not in self.flaws:
            row = ("A400AC", "Invalid AppCode `not exists`") if code else ("A400MA", "Need one")
            return self.refused(400, *row)
        if "no credit" in self.flaws:
            return self.refused(403, "B403MQ", "Api Market Subscription quota exhausted")
        query = body if method == "POST" else urlsplit(target).query
        fields = {name: values[0] for name, values in parse_qs(query).items()}
        return getattr(self, path[1:])(fields)  # type: ignore[no-any-return]

    def submitTask(self, fields: dict[str, str]) -> Any:  # noqa: N802 - as the path
        if "crash on x" in self.flaws and "x" in fields.get("text", ""):
            return 500, {"Content-Type": "text/html"}, b"<h1>Oops</h1>"
        pairs = [("text", "qr_code_url"), ("style_id", "your_prompt")]
        if "no validation" not in self.flaws and not all(
            any(fields.get(name) for name in pair) for pair in pairs
        ):
            return self.said({"ret_code": -1, "remark": "二选一"})
        self.tasks.append(uuid4().hex[:24])
        task_id = 12345 if "task_id is a number" in self.flaws else self.tasks[-1]
        return self.said({"ret_code": 0, "remark": "提交成功!", "task_id": task_id})

    def queryTask(self, fields: dict[str, str]) -> Any:  # noqa: N802
        task_id = fields.get("task_id")
        if task_id not in self.tasks and "no validation" not in self.flaws:
            return self.said({"ret_code": -1, "remark": "未查到相关信息！"})
        return self.said({"ret_code": 0, "remark": "ok", **self.task(task_id or "0" * 24)})

    def taskList(self, _fields: dict[str, str]) -> Any:  # noqa: N802
        tasks = [self.task(each) for each in self.tasks[:1]]
        page = {"allNum": 1, "allPages": 1, "currentPage": 1, "maxResult": 20}
        return self.said({"ret_code": 0, "remark": "ok", **page, "contentlist": tasks})

    def task(self, task_id: str) -> dict[str, Any]:
        status: Any = "pending"
        if "status is bogus" in self.flaws:
            status = "bogus"
        if "status is a number" in self.flaws:
            status = 0
        return {
            "task_id": task_id,
            "status": status,
            "resList": "none" if "resList is a text" in self.flaws else [],
        }

    def said(self, body: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        """Return an answer of the service."""
        status = 200 if body["ret_code"] == 0 else 450
        charged = int(status == 200)
        envelope = {
            "showapi_res_error": "",
            "showapi_res_id": uuid4().hex[:24],
            "showapi_res_code": 0,
            "showapi_fee_num": charged,
            "showapi_res_body": body,
        }
        head = {"Content-Type": "application/json;charset=utf-8"}
        if charged:
            head["showapi_fee_num"] = "1"
        return status, head, json.dumps(envelope).encode()

    def refused(self, status: int, code: str, message: str) -> tuple[int, dict[str, str], bytes]:
        """Return an error of the gateway."""
        return status, {"X-Ca-Error-Code": code, "X-Ca-Error-Message": message}, b""


@contextmanager
def serving_flawed(*flaws: str) -> Iterator[tuple[str, Flawed]]:
    """Run such a server; yields its address and its state."""
    flawed = Flawed(*flaws)

    def handle(self: BaseHTTPRequestHandler) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode("utf-8")
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = flawed.answer(self.command, self.path, headers, body)
        if answer is None:
            self.close_connection = True
            return
        status, named, content = answer
        self.send_response(status, "Said")
        for name, value in {"X-Ca-Request-Id": str(uuid4()).upper(), **named}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    with answering(handle, ("GET", "POST")) as url:
        yield url, flawed
