"""The file of a probe: each call is in it before it is sent, its answer before the next one.

Rule 1: a line is JSON, and is on the disk before the next step. So an interrupted probe knows what
it paid for.
Rule 2: no credential is in it.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from mock_server.domain.call.redaction import redact_text
from mock_server.domain.usage_errors import UsageError
from mock_server.probe.shape import SeenAnswer

MOST_LINES = 100_000
MOST_BODY = 64 * 1024
KEPT_HEADERS = ("x-ca-error-code", "x-ca-error-message", "x-ca-request-id", "content-type",
                "showapi_fee_num", "retry-after", "location")  # fmt: skip
Record = dict[str, Any]


class Journal:
    """Writes the file. `secrets` are hidden in it."""

    def __init__(self, file: IO[str], secrets: Iterable[str]) -> None:
        self._file = file
        plain = [each for each in secrets if len(each) > 3]
        self._secrets = (*plain, *(json.dumps(each)[1:-1] for each in plain))

    def write(self, record: Mapping[str, Any]) -> None:
        """Add a record; it is on the disk when this returns."""
        text = json.dumps(record, ensure_ascii=False)
        self._file.write(redact_text(text, self._secrets) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def answer_record(answer: SeenAnswer) -> Record:
    """Return an answer for the file."""
    return {
        "status": answer.status,
        "headers": {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers},
        "body": answer.body[:MOST_BODY].decode("utf-8", "replace"),
    }


def answer_of(record: Mapping[str, Any]) -> SeenAnswer:
    """Return the answer in a record."""
    return SeenAnswer(
        status=int(record["status"]),
        headers=dict(record["headers"]),
        body=str(record["body"]).encode(),
    )


@contextmanager
def opened(path: Path, secrets: Iterable[str], *, is_new: bool) -> Iterator[Journal]:
    """Give the file for the length of a `with` block. Raises UsageError, if it is in use or if it
    is there and `is_new`.
    """
    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise UsageError(f"another probe writes to {path}: wait for its end") from None
    try:
        if is_new and path.exists():
            raise UsageError(
                f"{path} is there already: go on with it by --continue, or name another with --file"
            )
        _drop_cut_line(path)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with open(handle, "a", encoding="utf-8") as file:
            yield Journal(file, secrets)
    finally:
        lock.release()
        Path(f"{path}.lock").unlink(missing_ok=True)


def _drop_cut_line(path: Path) -> None:
    """Take the end of a line away that was not written to its end."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)


def read(path: Path) -> list[Record]:
    """Return the records of a file; a last line that was cut is left out. Raises UsageError."""
    try:
        lines = path.read_text("utf-8").split("\n")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is no file of a probe: it is not text") from None
    found: list[Record] = []
    for number, line in enumerate(lines[:MOST_LINES], 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            if number >= len(lines) - 1:
                break  # the machine stopped while it was written
            raise UsageError(f"{path} is no file of a probe: line {number} is not JSON") from None
        if not isinstance(record, dict) or "kind" not in record:
            raise UsageError(f"{path} is no file of a probe: line {number} is no record of one")
        found.append(record)
    if not found or found[0]["kind"] != "probe":
        raise UsageError(f"{path} is no file of a probe: it does not begin like one")
    return found
