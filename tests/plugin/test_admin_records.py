"""What a test reads of an account are records: fields by name or by key; faults by one word."""

import copy
import json
import pickle

import pytest

from mock_server import contract
from mock_server.admin_client import RefusedError
from mock_server.testing import MockServer
from mock_server.testing.admin_records import (
    CallbackRecord,
    EventRecord,
    FaultRecord,
    PackageRecord,
    Record,
    TaskRecord,
)

SCHEMAS = contract.document("admin.openapi")["components"]["schemas"]
FIELDS = {"text": "https://example.com", "style_id": "food_fryrice"}
RECORDS = {TaskRecord: "Task", CallbackRecord: "Callback", FaultRecord: "Fault",
           PackageRecord: "Package"}  # fmt: skip


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_a_record_names_every_field_that_the_document_promises(record: type[Record]) -> None:
    assert set(record.__annotations__) == set(SCHEMAS[RECORDS[record]]["required"])


def test_tasks_callbacks_faults_and_packages_are_records(artqr_server: MockServer) -> None:
    world = artqr_server.account(clock={"frozen": True})
    world.submit({**FIELDS, "call_back": artqr_server.url})
    fault = world.faults.add("truncate", keep_bytes=3)
    event = world.clock.next()
    (task,) = world.tasks

    assert task.task_id == task["task_id"] == world.tasks.get(task.task_id).task_id
    assert world.tasks[0:1][0].text == "https://example.com"
    assert (fault.kind, fault["keep_bytes"], fault.keep_bytes) == ("truncate", 3, 3)
    assert world.faults.all() == [fault]
    assert world.callbacks[0].task_id == task.task_id
    assert world.bill.packages[0].remaining == world.bill.packages[0]["remaining"]
    assert isinstance(event, EventRecord)
    assert event.task_id == task.task_id
    world.faults.clear()
    world.submit(FIELDS)
    assert world.tasks.force(world.tasks[1].task_id, "failed").status == "failed"


def test_a_record_is_a_dictionary_that_shows_and_does_not_change() -> None:
    record = CallbackRecord.of({"id": 1, "attempts": [{"status": 200}], "fault": None})

    assert record.attempts[0].status == 200
    assert json.loads(json.dumps(record)) == record
    assert copy.deepcopy(record) == pickle.loads(pickle.dumps(record)) == record  # noqa: S301
    with pytest.raises(AttributeError, match="did you mean 'attempts'"):
        _ = record.attempt
    with pytest.raises(AttributeError, match="cannot be set"):
        record.id = 2
    assert not hasattr(record, "task_idd")


def test_a_word_is_a_kind_or_a_code(artqr_server: MockServer) -> None:
    faults = artqr_server.account().faults

    assert faults.add("D504TO", calls=1).code == "D504TO"
    assert faults.add("reset", commit="before").kind == "reset"
    assert faults.add("ghost", code="X500ER").code == "X500ER"
    assert faults.add(kind="delay", **{"for": "0.3s"}).for_ms == 300
    assert faults.add("delay", for_="0.3s").for_ms == 300
    assert faults.add("delay", for_ms="3s").for_ms == 3000
    assert faults.add("delay", for_ms=3).for_ms == 3
    with pytest.raises(RefusedError, match="did you mean 'truncate'"):
        faults.add("trunkate")
    with pytest.raises(TypeError, match="kind is given twice"):
        faults.add("reset", kind="close")
    with pytest.raises(TypeError, match="code is given twice"):
        faults.add("D504TO", code="X500ER")
