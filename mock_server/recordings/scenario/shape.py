"""How far a played answer is from the recorded one in its shape: fields, types, words, numbers of
items. Ids, texts, addresses and instants never count.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from mock_server.domain.call.calls import Answer

# Fields whose value is a part of the contract, not of one answer.
WORDS = frozenset({"status", "showapi_fee_num"})
HEADERS = frozenset({"retry-after", "x-ca-error-code", "showapi_fee_num"})
LONGEST_LIST = 50
DEEPEST = 20
_DIGITS, _HEX = re.compile(r"[0-9]+"), re.compile(r"[0-9a-f]+")


def distance(recorded: Answer, played: Answer) -> int:
    """Return the number of features that only one of two answers has."""
    return len(features(recorded) ^ features(played))


def features(answer: Answer) -> frozenset[str]:
    """Return the features of an answer's shape."""
    found = {f"header {name.lower()}" for name, _ in answer.headers if name.lower() in HEADERS}
    found.add(f"status {answer.status}")
    try:
        parsed = json.loads(answer.body)
    except (ValueError, RecursionError):
        return frozenset(found)
    return frozenset(found | set(_of(parsed, "", 0)))


def _of(value: Any, path: str, depth: int) -> Iterator[str]:
    name = path.rpartition(".")[2]
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        yield f"{path} object"
        for key, inner in value.items():
            yield from _of(inner, f"{path}.{key}", depth + 1)
    elif isinstance(value, list):
        yield f"{path} list"
        if name == "resList":
            yield f"{path} has {len(value)}"
        for inner in value[:LONGEST_LIST]:
            yield from _of(inner, f"{path}[]", depth + 1)
    elif name in WORDS:
        yield f"{path} is {json.dumps(value)}"
    elif name == "task_id":
        yield f"{path} {_form(value)}"
    else:
        yield f"{path} {type(value).__name__}"


def _form(value: Any) -> str:
    text = str(value)
    shape = "digits" if _DIGITS.fullmatch(text) else "hex" if _HEX.fullmatch(text) else "text"
    return f"{type(value).__name__} of {len(text)} {shape}"
