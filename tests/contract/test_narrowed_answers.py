"""Under every value of every reading, the narrowed document allows each answer.

And it does not allow the answers of another value: an answer under a wrong reading is a misfit.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from mock_server.domain.answer import envelope
from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, Readings
from tests.contract.documents import DEFAULT, VENDOR, Document
from tests.support import worlds
from tests.support.worlds import Postbox, RealClock, World

Told = tuple[str, str, TestResponse]
SUBMIT = {"text": "https://example.com", "style_id": "pet_cat"}
CALL_BACK = "http://127.0.0.1:9/callback"

WORDS = [(name, word) for name, words in ALLOWED.items() for word in words]
# Readings that a client sees in the form of answers, whatever it sends.
SHAPES = [
    (name, word)
    for name in (
        "charge.polls", "refusal.status", "envelope", "envelope.text_field", "ret_code.type",
        "task_id.form", "task.words", "result.item", "result.count",
        "result.none", "fields.unnamed",
        "list.shape", "gateway.profile", "throttle.retry_after",
    )
    for word in ALLOWED[name][1:]
]  # fmt: skip


class Buyer:
    """Makes every kind of call once, and records the answers."""

    def __init__(self, world: World, words: dict[str, str]) -> None:
        self.world = world
        self.account = world.account(readings=words)
        host = "aiart.market.alicloudapi.com"
        self.headers = {"Authorization": f"APPCODE {self.account['app_code']}", "Host": host}

    def call(self, path: str, fields: dict[str, str], method: str = "POST") -> Told:
        """Call an operation."""
        query, form = (fields, None) if method == "GET" else (None, fields)
        answer = self.world.http.open(
            path, method=method, headers=self.headers, query_string=query, data=form
        )
        return method, path, answer

    def tour(self, methods: list[str]) -> Iterator[Told]:
        """Submit, be refused, query in every state, list, use up the credits and be throttled."""
        submitted = self.call("/submitTask", {**SUBMIT, "call_back": CALL_BACK})
        yield submitted
        yield self.call("/submitTask", {})
        body = submitted[2].get_json()
        task_id = str(body.get("showapi_res_body", body)["task_id"])
        for change in ({}, {"to_next_event": True}):
            self.world.clock(self.account["id"], **change)
            for method in methods:
                yield self.call("/queryTask", {"task_id": task_id}, method)
                yield self.call("/queryTask", {"task_id": "f00d"}, method)
                yield self.call("/taskList", {"page": "1"}, method)
        failed = self.call("/submitTask", {**SUBMIT, "text": "https://mock.test/task-failed"})
        self.world.clock(self.account["id"], to_next_event=True)
        body = failed[2].get_json()
        yield self.call("/queryTask", {"task_id": body.get("showapi_res_body", body)["task_id"]})
        throttle = {"per_second": 0.1, "burst": 1}
        self.world.admin("PATCH", f"/accounts/{self.account['id']}", {"throttle": throttle})
        yield self.call("/taskList", {})
        yield self.call("/taskList", {})


@pytest.fixture
def postbox() -> Postbox:
    """The receiver of callbacks."""
    return Postbox()


@pytest.fixture
def world(postbox: Postbox) -> Iterator[World]:
    """A new simulator."""
    real_now = RealClock()
    with worlds.simulator(real_now, postbox) as simulator:
        yield World(simulator, real_now, postbox)


def complaints(world: World, words: dict[str, str], document: Document) -> list[str]:
    """Return the breaches of a document in the answers that a buyer with these readings gets."""
    methods = ["POST", "GET"] if words.get("query.method") == "post-or-get" else ["POST"]
    found = []
    for method, path, answer in Buyer(world, words).tour(methods):
        found += document.complaints(method, path, answer)
    callback = document.value["paths"]["/submitTask"]["post"]["callbacks"]["taskCompleted"]
    posted = callback["{$request.body#/call_back}"]["post"]["requestBody"]["content"]
    for _, body in world.postbox.posted:
        found += document.errors(posted["application/json"]["schema"], body)
    return found


@pytest.mark.parametrize(("name", "word"), WORDS)
def test_what_an_account_is_answered_is_in_the_document_of_its_readings(
    world: World, name: str, word: str
) -> None:
    words = {name: word}

    assert complaints(world, words, VENDOR.under(words)) == []


@pytest.mark.parametrize(("name", "word"), SHAPES)
def test_what_an_account_is_answered_is_not_in_the_document_of_other_readings(
    world: World, name: str, word: str
) -> None:
    assert complaints(world, {name: word}, DEFAULT) != []


def test_a_status_that_is_not_final_is_not_in_the_document_where_it_is_refused(
    world: World,
) -> None:
    assert complaints(world, {}, VENDOR.under({"task.unfinished": "refused"})) != []


def test_many_readings_at_once_are_in_the_document(world: World) -> None:
    words = {name: word for name, word in SHAPES if name != "gateway.profile"}

    assert complaints(world, words, VENDOR.under(words)) == []


@pytest.mark.parametrize("name", ["envelope", "task.words", "ret_code.type", "list.shape"])
def test_a_simulator_that_forgets_a_reading_is_found_out(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    words = {name: ALLOWED[name][1]}
    field = name.replace(".", "_")

    class Forgetful:
        """Readings that fall back to the default where they were changed."""

        def __init__(self, readings: Readings) -> None:
            self._readings = readings

        def __getattr__(self, wanted: str) -> Any:
            default = getattr(DEFAULT_READINGS, field)
            return default if wanted == field else getattr(self._readings, wanted)

    def planted(shape: Any) -> Any:
        def forget(*given: Any) -> Any:
            read = (Forgetful(each) if isinstance(each, Readings) else each for each in given)
            return shape(*read)

        return forget

    operations = "actions.operations.operations"
    for place in (f"{operations}.base_body", f"{operations}.task_shape", f"{operations}.page_shape",
                  "domain.answer.answers.base_body", "domain.answer.answers.wrap"):  # fmt: skip
        function = getattr(envelope, place.rpartition(".")[2])
        monkeypatch.setattr(f"mock_server.{place}", planted(function))

    assert complaints(world, words, VENDOR.under(words)) != []
