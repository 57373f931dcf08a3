"""The links in what the service answers."""

from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit


def link_paths(value: object) -> Iterator[str]:
    """Yield the path of each link in a value of JSON."""
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        yield urlsplit(value).path
    if isinstance(value, Mapping):
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from link_paths(each)
