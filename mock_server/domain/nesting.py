"""How deep values of JSON and TOML are nested: what goes through them may call itself."""

from typing import Any

# Nothing that we are given on purpose is nested a quarter as deep.
MAX_DEPTH = 64
TOO_DEEP = f"it is nested more than {MAX_DEPTH} levels deep"


def is_too_deep(value: Any) -> bool:
    """Whether a value has lists or objects in each other beyond MAX_DEPTH."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        if not level:
            return False
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return True
