"""What real clients make of an answer, or of what comes in its place."""

import http.client
import json
import subprocess
from urllib.parse import urlsplit

from tests.support.live import GOOD, Buyer

PATIENCE_S = 0.3
FORM = "application/x-www-form-urlencoded"


def with_http_client(buyer: Buyer, path: str, body: str) -> str:
    """Call with the standard library's client; return the name of the exception, or the status
    and what is special about the answer."""
    address = urlsplit(buyer.url)
    connection = http.client.HTTPConnection(address.netloc, timeout=PATIENCE_S)
    headers = {"Authorization": f"APPCODE {buyer.app_code}", "Content-Type": FORM}
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()
    return f"{answer.status} {_special(answer, content)}".strip()


def _special(answer: http.client.HTTPResponse, content: bytes) -> str:
    if content.startswith(b"<html>"):
        return "<html>"
    if not content:
        return answer.headers["X-Ca-Error-Code"]
    try:
        json.loads(content)
    except ValueError as error:
        return type(error).__name__
    return ""


def with_curl(buyer: Buyer, path: str, *, seconds: float = PATIENCE_S) -> int:
    """Call with curl; return its exit code."""
    command = ["curl", "-s", "-o", "/dev/null", "-m", str(seconds), buyer.url + path]
    command += ["-H", f"Authorization: APPCODE {buyer.app_code}"]
    for name, value in GOOD.items():
        command += ["-d", f"{name}={value}"]
    return subprocess.run(command, check=False, timeout=30).returncode
