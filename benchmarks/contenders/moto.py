"""moto: a stateful simulator of another vendor, asked for one write that it keeps."""

import json
from collections.abc import Sequence
from pathlib import Path

import urllib3

from benchmarks.calls import Request, WrongAnswerError
from benchmarks.contenders.contender import Contender
from benchmarks.contenders.installing import from_pip

TABLE = "tasks"


def _headers(operation: str) -> dict[str, str]:
    # moto reads the region from here and checks no signature.
    scope = "Credential=benchmark/20260101/us-east-1/dynamodb/aws4_request"
    return {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": f"DynamoDB_20120810.{operation}",
        "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0",
    }


def _prepare(url: str) -> None:
    table = {
        "TableName": TABLE,
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    made = urllib3.request("POST", url, body=json.dumps(table), headers=_headers("CreateTable"))
    if made.status != 200:
        raise WrongAnswerError(f"moto made no table: {made.status} {made.data[:200]!r}")


def _request(url: str) -> Request:
    item = {"id": {"S": "4ca4a4c534d61728d01e2411"}, "text": {"S": "https://example.com"}}
    return Request(
        url=f"{url}/", headers=_headers("PutItem"), check=_is_put,
        body=json.dumps({"TableName": TABLE, "Item": item}),
    )  # fmt: skip


def _is_put(answer: bytes) -> None:
    if json.loads(answer) != {}:
        raise WrongAnswerError(f"moto did not put the item: {answer[:200]!r}")


MOTO = Contender(
    name="moto",
    says="a stateful simulator; one DynamoDB PutItem",
    install=lambda folder: from_pip("moto[server]", folder),
    command=lambda installed, _, port: _command(installed, port),
    request=_request,
    prepare=_prepare,
)


def _command(installed: Path, port: int) -> Sequence[str]:
    return [str(installed / "bin" / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
