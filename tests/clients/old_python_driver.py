"""Drives `aliyun-api-gateway-sign` from standard input: a JSON array of calls, answers as JSON.

It runs in a process of its own: the package shares its import name with another client's.
"""

import json
import sys
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

SDK = "com.aliyun.api.gateway.sdk"
client = import_module(f"{SDK}.client")
Request = import_module(f"{SDK}.http.request").Request
Response = import_module(f"{SDK}.http.response").Response


def to_port(port: int) -> None:
    """Let the package call a port of our choice: it ignores the port in the host."""
    before = Response.__init__

    def init(self: Any, *args: Any, **options: Any) -> None:
        before(self, *args, **{**options, "port": port})

    Response.__init__ = init


def answer(job: dict[str, Any], call: dict[str, Any]) -> dict[str, Any]:
    """Make one call."""
    request = Request(
        host=job["url"], protocol="http", url=call["path"], method="POST", time_out=10_000
    )
    request.set_content_type(call["type"])
    body = call["body"]
    request.set_body(body.encode() if isinstance(body, str) else body)
    status, headers, text = client.DefaultClient(
        app_key=job["key"], app_secret=call.get("secret", job["secret"])
    ).execute(request)
    return {"status": status, "headers": headers, "body": text}


job = json.load(sys.stdin)
to_port(urlsplit(job["url"]).port or 80)
json.dump([answer(job, call) for call in job["calls"]], sys.stdout)
