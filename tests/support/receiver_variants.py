"""Variants of the careful receiver, one bug each, with a delivery and the rule that finds it.

A variant is made by replacing lines of the source; each of them must stand there exactly once.
"""

import contextlib
import shlex
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.support.rehearsal_variants import CLIENTS

RECEIVER = "careful_receiver.py"
TAKE = """        if task_id:
            self.server.worker.take(task_id)
        self.answer(204 if task_id else 400)
"""
BELIEVES = """        orders, api = self.server.worker._orders, self.server.worker._api
        links = json.loads(body)["resList"] if task_id else []
        if task_id and orders.claim(task_id):
            orders.succeeded(task_id, links, [api.picture(link) for link in links])
        self.answer(204 if task_id else 400)
"""


def answering_before(line: str) -> tuple[str, str]:
    """Return a replacement that does something before a callback is answered."""
    return TAKE, f"        {line}\n{TAKE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverVariant:
    """A receiver with one bug. `found_by`: the rule by the delivery in which it is broken."""

    id: str
    replaced: tuple[str, str]
    found_by: Mapping[str, str] = field(default_factory=dict)

    @property
    def source(self) -> str:
        """Its program."""
        text = (CLIENTS / RECEIVER).read_text("utf-8")
        old, new = self.replaced
        assert text.count(old) == 1, (self.id, old)
        return text.replace(old, new)


VARIANTS = (
    ReceiverVariant(
        id="500-on-a-duplicate",
        replaced=(
            TAKE,
            "        if task_id in vars(self.server).setdefault('seen', set()):\n"
            "            self.answer(500)\n            return\n"
            f"        self.server.seen.add(task_id)\n{TAKE}",
        ),
        found_by={"duplicate": "answers", "concurrent-duplicate": "answers"},
    ),
    ReceiverVariant(
        id="books-twice",
        replaced=(
            """            if known and known["orders"]:
                return False
            self._set(task_id, "open", orders=1)
""",
            """            self._set(task_id, "open", orders=(known["orders"] if known else 0) + 1)
""",
        ),
        found_by={"duplicate": "works-once", "unheard-and-sent-again": "works-once"},
    ),
    ReceiverVariant(
        id="trusts-the-links-of-a-callback",
        replaced=(TAKE, BELIEVES),
        found_by={"forged": "trusts-no-link", "crossed": "keeps-true-results"},
    ),
    ReceiverVariant(
        id="crashes-on-null",
        replaced=answering_before("len(json.loads(body)['resList'])"),
        found_by={"null-field": "answers", "missing-field": "answers"},
    ),
    ReceiverVariant(
        id="is-slow",
        replaced=answering_before("threading.Event().wait(0.8)"),
        found_by={"success": "answers-in-time"},
    ),
    ReceiverVariant(
        id="redirects",
        replaced=(
            "self.answer(204 if task_id else 400)",
            "self.answer(307)",
        ),
        found_by={"success": "answers"},
    ),
    ReceiverVariant(
        id="takes-a-failure-for-a-success",
        replaced=("self._orders.failed(task_id)", "self._orders.succeeded(task_id, [], [])"),
        found_by={"failure": "knows-the-truth"},
    ),
    ReceiverVariant(
        id="creates-an-order-for-an-unknown-task",
        replaced=("pass  # it is not ours", "self._orders.claim(task_id)"),
        found_by={"unknown-task": "works-once"},
    ),
    ReceiverVariant(
        id="compares-the-whole-content-type",
        replaced=answering_before(
            "if self.headers['Content-Type'] != 'application/json; charset=utf-8':\n"
            "            self.answer(415)\n            return"
        ),
        found_by={"charset-in-content-type": "acknowledges"},
    ),
    ReceiverVariant(
        id="wants-texts-in-the-list",
        replaced=answering_before("[each.strip() for each in json.loads(body)['resList']]"),
        found_by={"objects": "answers"},
    ),
    ReceiverVariant(
        id="fails-at-what-is-no-json",
        replaced=("except (ValueError, TypeError, KeyError):", "except (TypeError, KeyError):"),
        found_by={"truncated": "answers", "not-json": "answers", "other-charset": "answers"},
    ),
    ReceiverVariant(
        id="takes-null-for-a-failure",
        replaced=(
            "            self.server.worker.take(task_id)\n",
            "            if json.loads(body).get('resList'):\n"
            "                self.server.worker.take(task_id)\n"
            "            else:\n"
            "                self.server.worker._orders.failed(task_id)\n",
        ),
        found_by={"null-field": "knows-the-truth"},
    ),
    ReceiverVariant(
        id="answers-and-does-nothing",
        replaced=(TAKE, "        self.answer(200)\n"),
        found_by={"success": "knows-the-truth", "failure": "knows-the-truth"},
    ),
    ReceiverVariant(
        id="keeps-only-the-first-picture",
        replaced=("for link in links]", "for link in links[:1]]"),
        found_by={"four-pictures": "keeps-true-results"},
    ),
    ReceiverVariant(
        id="fetches-each-picture-twice",
        replaced=("for link in links]", "for link in links + links]"),
        found_by={"success": "fetches-once"},
    ),
    ReceiverVariant(
        id="hangs-up-on-what-is-long",
        replaced=(
            "        if length > MOST_BYTES:\n            self.answer(413)\n",
            "        if length > 65536:\n            self.close_connection = True\n",
        ),
        found_by={"huge": "answers"},
    ),
    ReceiverVariant(
        id="refuses-fields-that-it-does-not-know",
        replaced=answering_before(
            "if set(json.loads(body)) - {'resList', 'task_id'}:\n"
            "            self.answer(422)\n            return"
        ),
        found_by={"extra-fields": "acknowledges"},
    ),
)


@contextlib.contextmanager
def listening(source: str, folder: Path, env: Mapping[str, str]) -> Iterator[str]:
    """Run a receiver in this process for the length of a `with` block; give its address."""
    module: Any = ModuleType("receiver")
    sys.path.insert(0, str(CLIENTS))
    try:
        exec(compile(source, RECEIVER, "exec"), vars(module))  # noqa: S102 - it is our fixture
    finally:
        sys.path.remove(str(CLIENTS))
    with module.serving(0, folder, env) as server:
        server.handle_error = lambda *_: None  # its traces would be in the test's output
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/callback"
        finally:
            server.shutdown()
            thread.join()


def oracle(folder: Path) -> str:
    """Return the command that prints what a careful receiver knows."""
    return shlex.join(["sh", str(CLIENTS / "receiver_oracle.sh"), str(folder)])
