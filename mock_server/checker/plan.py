"""Plans the calls of `artqr-mock check`: probes, right requests and wrong requests, and their
order.

Schemathesis generates requests from the document; repeated requests are dropped. The operations
take turns, so that a small budget reaches all of them. The headers of a signed call are not varied:
with an app code they have no effect, and our own signatures need no test.
"""

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests

from mock_server import contract
from mock_server.checker.transport import Who, body_of
from mock_server.domain.call.bodies import FORM_TYPE

JSON_TYPE = "application/json"
REFUSED = "refused"
SUBMIT, QUERY = "/submitTask", "/queryTask"
FORM_HEADER = f"{FORM_TYPE}; charset=UTF-8"
OURS = "X-Schemathesis-TestCaseId"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """How a probe must be refused: with one of `statuses`, or by the service if `by_service`;
    and why.
    """

    statuses: tuple[int, ...]
    by_service: bool
    says: str
    claim: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A call to make. `path` is the path of its operation in the document.

    `is_right` None: a probe, which the document alone does not call right or wrong. `is_certain`: a
    right request that the server must execute.
    """

    name: str
    path: str
    request: requests.PreparedRequest
    is_right: bool | None = None
    is_certain: bool = False
    who: Who = Who.OWN
    expected: Expected | None = None

    @property
    def label(self) -> str:
        """The operation as text."""
        return f"{self.request.method} {self.path}"


def form(
    url: str, method: str, path: str, fields: Mapping[str, str], media: str = FORM_TYPE
) -> requests.PreparedRequest:
    """Return a request with these fields: in the body, or in the query for GET."""
    if method == "GET":
        return requests.Request(method, url + path, params=dict(fields)).prepare()
    is_form = media == FORM_TYPE
    body = urlencode(fields) if is_form else json.dumps(dict(fields), ensure_ascii=False)
    headers = {"Content-Type": FORM_HEADER if is_form else media}
    return requests.Request(method, url + path, headers=headers, data=body.encode()).prepare()


def probes(url: str, values: Mapping[str, str], *, is_signed: bool) -> Iterator[Planned]:
    """Yield the wrong requests of contracts/probes.toml that must be refused under these values."""
    run = "signature" if is_signed else "app-code"
    for row in contract.load_toml("probes.toml")["probe"]:
        where = row.get("where", {})
        if row.get("run", run) != run or any(values.get(r) not in ok for r, ok in where.items()):
            continue
        yield Planned(
            name=row["name"],
            path=row["path"],
            request=form(url, row["method"], row["path"], row["fields"]),
            who=Who(row.get("credentials", "own")),
            expected=_expected(row, values),
        )


def _expected(row: dict[str, Any], values: Mapping[str, str]) -> Expected:
    by_service = row["answer"] == REFUSED
    statuses = [400, 450] if by_service else row["answer"]
    for reading, by_word in row.get("by", {}).items():
        statuses = by_word.get(values.get(reading), statuses)
    return Expected(
        statuses=tuple(statuses), by_service=by_service, says=row["says"], claim=row["claim"]
    )


def examples(url: str, document: dict[str, Any]) -> Iterator[Planned]:
    """Yield the examples of the document; the server must accept the one of the vendor's page."""
    for path, method, operation in _operations(document):
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            for name, example in content.get("examples", {}).items():
                yield Planned(
                    name=f"example {name}",
                    path=path,
                    request=form(url, method, path, example["value"], media),
                    is_right=True,
                    is_certain=name == "fromText",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The source of generated calls. `known` returns the id of an existing task, or None.

    `modes`: right requests, wrong ones or both. `most`: the number of examples per operation.
    """

    url: str
    document: dict[str, Any]
    known: Callable[[], str | None]
    modes: tuple[bool, ...]
    most: int


def generated(source: Source) -> Iterator[Planned]:
    """Yield one call of each operation in turn, until no operation has a new one."""
    places = {(path, method) for path, method, _ in _operations(source.document)}
    # Submits come first, so that there are tasks to query.
    queues = [_queue(source, place) for place in sorted(places, key=_rank)]
    yield from _in_turn(queues)


def _rank(place: tuple[str, str]) -> tuple[bool, tuple[str, str]]:
    return place[0] != SUBMIT, place


def _queue(source: Source, place: tuple[str, str]) -> Iterator[Planned]:
    """Yield the calls of one operation without repetition, except queries of existing tasks."""
    path, method = place
    sources = [_drawn(source, place, is_right=is_right) for is_right in source.modes]
    if path == SUBMIT and True in source.modes:
        sources.insert(0, _thought_of(source))
    sent: set[tuple[str | None, bytes, str]] = set()
    for planned in _in_turn(sources):
        if path == QUERY and True in source.modes:
            yield from _of_known(source, method)
        request = planned.request
        content = str(request.headers.get("Content-Type", "")).partition(";")[0]
        key = (request.url, body_of(request), content)
        if key not in sent:
            sent.add(key)
            yield planned


def _in_turn(sources: Iterable[Iterator[Planned]]) -> Iterator[Planned]:
    left = list(sources)
    while left:
        for source in tuple(left):
            planned = next(source, None)
            if planned is None:
                left.remove(source)
            else:
                yield planned


def _of_known(source: Source, method: str) -> Iterator[Planned]:
    task_id = source.known()
    if task_id is not None:
        request = form(source.url, method, QUERY, {"task_id": task_id})
        yield Planned(name="a task that exists", path=QUERY, request=request, is_right=True)


def _thought_of(source: Source) -> Iterator[Planned]:
    """Yield right submits that no generator finds."""
    for fields in _submissions(source.document):
        request = form(source.url, "POST", SUBMIT, fields)
        yield Planned(name="what people send", path=SUBMIT, request=request, is_right=True)


def _submissions(document: dict[str, Any]) -> Iterator[dict[str, str]]:
    values = contract.load_toml("probes.toml")["values"]
    styles = document["components"]["schemas"]["StyleId"]["enum"]
    texts, prompts = itertools.cycle(values["text"]), itertools.cycle(values["your_prompt"])
    flags = itertools.cycle([{}, {"is_use_temp_short_link": "1"}, {"is_use_temp_short_link": "0"}])
    for index, style in enumerate(styles):
        look = {"your_prompt": next(prompts)} if index % 3 == 2 else {"style_id": style}
        yield {"text": next(texts), **look, **next(flags)}


def _drawn(source: Source, place: tuple[str, str], *, is_right: bool) -> Iterator[Planned]:
    """Yield the requests that schemathesis generates from the document, the same in each run."""
    import schemathesis  # noqa: PLC0415 - an extra, and slow to load
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415

    path, method = place
    mode = (
        schemathesis.GenerationMode.POSITIVE if is_right else schemathesis.GenerationMode.NEGATIVE
    )
    operation = schemathesis.openapi.from_dict(_without_headers(source.document))[path][method]
    found: list[requests.PreparedRequest] = []

    @settings(
        max_examples=source.most,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Any) -> None:
        request = _prepared(case.as_transport_kwargs(base_url=source.url))
        if request is not None:
            found.append(request)

    collect()
    name = "generated, right" if is_right else "generated, wrong"
    for request in found:
        yield Planned(name=name, path=path, request=request, is_right=is_right)


def _prepared(made: dict[str, Any]) -> requests.PreparedRequest | None:
    """Return a generated request; None: it is one that cannot be sent."""
    named = {name: made.get(name) for name in ("method", "url", "params", "data", "json", "files")}
    headers = {name: value for name, value in made["headers"].items() if name != OURS}
    try:
        return requests.Request(headers=headers, **named).prepare()
    except (requests.RequestException, ValueError):
        return None


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in ("get", "post"):
            if method in item:
                yield path, method.upper(), item[method]


def _without_headers(document: dict[str, Any]) -> dict[str, Any]:
    def bare(item: dict[str, Any]) -> dict[str, Any]:
        kept = [
            each
            for each in item.get("parameters", ())
            if contract.followed(document, each)["in"] != "header"
        ]
        return {**item, "parameters": kept}

    paths = {
        path: {
            name: bare(inner) if isinstance(inner, dict) else inner
            for name, inner in bare(item).items()
        }
        for path, item in document["paths"].items()
    }
    # Links and callbacks of the document are not calls of a client.
    return {**document, "paths": paths, "security": []}
