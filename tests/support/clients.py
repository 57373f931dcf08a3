"""The result of real HTTP clients for an answer, or for a damaged answer."""

import http.client
import json
import subprocess
from urllib.parse import urlsplit

from tests.support.live import GOOD, Buyer

# The timeout of a client that must time out; any other client has a long one.
LITTLE_S, PLENTY_S = 0.3, 10.0
FORM = "application/x-www-form-urlencoded"


def with_http_client(
    buyer: Buyer, path: str, body: str = "page=1", *, patience: float = PLENTY_S
) -> str:
    """Call with the standard library's client; return the name of the exception, or the status
    and what is special about the answer. `patience`: the timeout of each read, in seconds.
    """
    address = urlsplit(buyer.url)
    connection = http.client.HTTPConnection(address.netloc, timeout=patience)
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


def with_curl(buyer: Buyer, path: str, *, patience: float = PLENTY_S) -> int:
    """Call with curl; return its exit code. `patience`: the timeout of the whole call, in
    seconds.
    """
    command = ["curl", "-s", "-o", "/dev/null", "-m", str(patience), buyer.url + path]
    command += ["-H", f"Authorization: APPCODE {buyer.app_code}"]
    for name, value in GOOD.items():
        command += ["-d", f"{name}={value}"]
    return subprocess.run(command, check=False, timeout=30).returncode
