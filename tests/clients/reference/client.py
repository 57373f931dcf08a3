"""A small client that does what the vendor's page asks for and depends on nothing it leaves
open.
"""

import base64
import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3

FORM = "application/x-www-form-urlencoded; charset=UTF-8"
WORDS = {
    "pending": ("pending", "waiting", "0"),
    "running": ("running", "processing", "1"),
    "succeeded": ("succeeded", "success", "2"),
    "failed": ("failed", "fail", "3"),
}


class ArtQrError(Exception):
    """The API refused or did not answer; `code` is the gateway's."""

    def __init__(self, message: str, status: int = 0, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Task:
    """A task as the API describes it."""

    task_id: str
    status: str
    pictures: list[str]


PATHS = {"submit": "/submitTask", "query": "/queryTask", "list": "/taskList"}


class Client:
    """Authenticates with an app code, or signs if it has a key."""

    page_size = 20
    timeout_s = 10.0

    def __init__(self, base_url: str, app_code: str = "", key: str = "", secret: str = "") -> None:
        self.base_url = base_url
        self.app_code = app_code
        self.key = key
        self.secret = secret
        self.pool = urllib3.PoolManager(retries=False, timeout=self.timeout_s)

    def submit(self, fields: dict[str, str]) -> str:
        """Submit a task and return its id. Raises ArtQrError; never retries."""
        return self.task_id_of(self.call("submit", fields))

    def query(self, task_id: str) -> Task:
        """Return the state of a task. Raises ArtQrError."""
        return self.task_of(self.call("query", {"task_id": task_id}))

    def list_tasks(self, page: int = 1) -> list[Task]:
        """Return a page of the tasks. Raises ArtQrError."""
        body = self.call("list", {"page": str(page), "maxResult": str(self.page_size)})
        listed = body.get("pagebean", body)["contentlist"]
        return [self.task_of(each) for each in listed]

    def call(self, operation: str, fields: dict[str, str]) -> dict[str, Any]:
        """Return the service's body of a successful call."""
        try:
            answer = self.send(operation, fields)
            self.check_gateway(answer)
            body = self.body_of(answer)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise ArtQrError(f"no answer that can be read: {error}") from error
        self.check_service(answer, body)
        return body

    def send(self, operation: str, fields: dict[str, str]) -> urllib3.BaseHTTPResponse:
        """Make one call."""
        path, body = PATHS[operation], self.encode(fields)
        url, headers = self.base_url + path, self.headers(path, fields)
        return self.pool.request("POST", url, body=body, headers=headers)

    def encode(self, fields: dict[str, str]) -> bytes:
        """Return the form."""
        return urlencode(fields).encode()

    def headers(self, path: str, fields: dict[str, str]) -> dict[str, str]:
        """Return the headers of a form: its type and the credentials."""
        found = {"Content-Type": FORM, "Accept": "application/json"}
        if not self.key:
            return {**found, "Authorization": f"APPCODE {self.app_code}"}
        signed = {
            "X-Ca-Key": self.key,
            "X-Ca-Nonce": self.nonce(),
            "X-Ca-Timestamp": str(int(time.time() * 1000)),
        }
        text = self.string_to_sign(path, fields, signed)
        digest = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).digest()
        listed = {"X-Ca-Signature-Headers": ",".join(sorted(signed))}
        signature = {"X-Ca-Signature": base64.b64encode(digest).decode()}
        return {**found, **signed, **listed, **signature}

    def string_to_sign(self, path: str, fields: dict[str, str], signed: dict[str, str]) -> str:
        """Return the string to sign: names and values are not encoded."""
        lines = "".join(f"{name}:{value}\n" for name, value in sorted(signed.items()))
        parameters = "&".join(
            f"{name}={value}" if value else name for name, value in sorted(fields.items())
        )
        target = f"{path}?{parameters}" if parameters else path
        return f"POST\napplication/json\n\n{FORM}\n\n{lines}{target}"

    def nonce(self) -> str:
        """Return a value that no other call has."""
        return str(uuid.uuid4())

    def check_gateway(self, answer: urllib3.BaseHTTPResponse) -> None:
        """Raise the gateway's error; its body is empty."""
        if answer.status not in (200, 450):
            message = answer.headers.get("X-Ca-Error-Message", "")
            code = answer.headers.get("X-Ca-Error-Code", "")
            raise ArtQrError(f"{answer.status} {code} {message}".strip(), answer.status, code)

    def body_of(self, answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
        """Return the service's body, with or without the envelope."""
        content = json.loads(answer.data)
        if not isinstance(content, dict):
            raise ArtQrError("the answer is no object")
        body = content.get("showapi_res_body", content)
        if not isinstance(body, dict):
            raise ArtQrError("the answer has no body")
        return body

    def check_service(self, answer: urllib3.BaseHTTPResponse, body: dict[str, Any]) -> None:
        """Raise the service's refusal, whatever its status is."""
        if answer.status != 200 or str(body.get("ret_code")) != "0":
            raise ArtQrError(str(body.get("remark") or body.get("msg")), answer.status)

    def task_id_of(self, body: dict[str, Any]) -> str:
        """Return the id of the new task."""
        return str(body["task_id"])

    def task_of(self, body: dict[str, Any]) -> Task:
        """Return the task in a body."""
        pictures = self.pictures_of(body)
        return Task(str(body["task_id"]), self.status_of(body, pictures), pictures)

    def pictures_of(self, body: dict[str, Any]) -> list[str]:
        """Return the addresses, which are texts or objects."""
        listed = body.get("resList") or []
        return [each["url"] if isinstance(each, dict) else each for each in listed]

    def status_of(self, body: dict[str, Any], pictures: list[str]) -> str:
        """Return the status of a task; pictures prove that it succeeded."""
        if pictures:
            return "succeeded"
        word = str(body.get("status")).lower()
        return next((ours for ours, theirs in WORDS.items() if word in theirs), "pending")
