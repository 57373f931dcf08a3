"""`artqr-mock bill`: every breakdown, every format, and the gate for CI."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.live import Buyer, Live, live
from tests.support.processes import run


@pytest.fixture(scope="module")
def server() -> Iterator[Live]:
    with live() as server:
        yield server


@pytest.fixture(scope="module")
def buyer(server: Live) -> Buyer:
    """An account with thirty polls of one task and a refusal: 31 calls charged at 30 fen."""
    buyer = server.buyer(credits=50)
    task_id = buyer.submit()
    for _ in range(29):
        buyer.call("/queryTask", task_id=task_id)
    buyer.call("/taskList")
    buyer.call("/submitTask", text="no style")
    return buyer


def output_of(server: Live, buyer: Buyer, folder: Path, *flags: str, code: int = 0) -> str:
    """Return the output of the command."""
    done = run("bill", "--account", buyer.id, *flags, cwd=folder, url=server.url)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


@pytest.mark.claim("billing-polls")
def test_the_same_traffic_is_valued_under_every_reading_of_the_rule(
    server: Live, buyer: Buyer, tmp_path: Path
) -> None:
    rules = json.loads(output_of(server, buyer, tmp_path, "--json", "--no-calls"))["under_readings"]

    assert [(each["title"], each["charges"], each["fen"], each["current"]) for each in rules] == [
        ("every HTTP 200", 31, 930, True),
        ("submits only", 1, 30, False),
        ("every HTTP 200, refusals too", 32, 960, False),
        ("submits only, refusals too", 2, 60, False),
    ]
    table = output_of(server, buyer, tmp_path, "--no-calls")
    assert "31  9.30  this account" in table
    assert "without a credit" not in table
    assert "31 charged, 9.30 yuan; balance 19 credits" in table


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("task", [("1", "30", "900"), ("", "1", "30")]),
        ("operation", [("list_tasks", "1", "30"), ("query_task", "29", "870"),
                       ("submit_task", "1", "30")]),
        ("reading", [("every HTTP 200", "31", "930"), ("submits only", "1", "30"),
                     ("every HTTP 200, refusals too", "32", "960"),
                     ("submits only, refusals too", "2", "60")]),
    ],
)  # fmt: skip
def test_a_breakdown_is_a_line_each_in_csv(
    server: Live, buyer: Buyer, tmp_path: Path, by: str, rows: list[tuple[str, ...]]
) -> None:
    text = output_of(server, buyer, tmp_path, "--by", by, "--format", "csv")

    found = list(csv.DictReader(io.StringIO(text)))
    first = {"task": "number", "operation": "operation", "reading": "rule"}[by]
    assert [(row[first], row["charges"], row["fen"]) for row in found] == rows


@pytest.mark.parametrize("by", ["call", "task", "operation", "day", "package", "reading"])
def test_every_breakdown_adds_up_in_every_format(
    server: Live, buyer: Buyer, tmp_path: Path, by: str
) -> None:
    table = output_of(server, buyer, tmp_path, "--by", by)
    assert "31 charged, 9.30 yuan" in table
    lines = list(csv.DictReader(io.StringIO(output_of(server, buyer, tmp_path, "--by", by,
                                                 "--format", "csv"))))  # fmt: skip
    paid = lines[:1] if by == "reading" else lines
    assert sum(int(line["fen"]) for line in paid) == 930
    assert (
        json.loads(output_of(server, buyer, tmp_path, "--by", by, "--format", "json"))["fen"] == 930
    )


@pytest.mark.parametrize(
    ("flags", "code", "says"),
    [
        (("--max-calls", "31"), 0, ""),
        (("--max-calls", "30"), 1, "31 calls were charged, at most 30 are allowed"),
        (("--max-yuan", "9.30"), 0, ""),
        (("--max-yuan", "9.3", "--max-calls", "31"), 0, ""),
        (("--max-yuan", "9.29"), 1, "9.30 yuan were paid, at most 9.29 are allowed"),
        (("--max-yuan", "9"), 1, "9.30 yuan were paid"),
        (("--max-yuan", "1.005"), 2, "is not an amount of yuan"),
        (("--max-yuan", "-1"), 2, "is not an amount of yuan"),
        (("--max-yuan", "many"), 2, "is not an amount of yuan"),
        (("--max-yuan", "."), 2, "is not an amount of yuan"),
        (("--max-yuan", "9."), 2, "is not an amount of yuan"),
        (("--invoice", "--max-calls", "0"), 2, "--invoice prints no bill"),
        (("--json", "--format", "csv"), 2, "choose one"),
        (("--format", "csv"), 2, "leaves no line"),
        (("--max-calls", "-1"), 2, "max-calls"),
        (("--by", "week"), 2, "week"),
        (("--format", "xml"), 2, "xml"),
    ],
)
def test_the_gate_ends_with_1_when_too_much_was_charged(
    server: Live, buyer: Buyer, tmp_path: Path, flags: tuple[str, ...], code: int, says: str
) -> None:
    assert says in output_of(server, buyer, tmp_path, "--no-calls", *flags, code=code)


@pytest.mark.claim("invoice-ordinary")
def test_an_invoice_is_a_clearly_marked_sample(server: Live, tmp_path: Path) -> None:
    buyer = server.buyer(credits=200)

    sample = output_of(server, buyer, tmp_path, "--invoice")

    assert "SAMPLE, NOT AN INVOICE" in sample
    assert "to be invoiced: 60.00 yuan" in sample
    (line,) = csv.DictReader(io.StringIO(output_of(server, buyer, tmp_path, "--invoice",
                                              "--format", "csv")))  # fmt: skip
    assert (line["offer"], line["fen"], line["eligible"]) == ("200", "6000", "ordinary")
    assert line["bought_at"].isdigit()
    shown = json.loads(output_of(server, buyer, tmp_path, "--invoice", "--json"))["invoices"]
    assert shown[0]["eligible"] == ["ordinary"]


def test_notices_are_listed_for_people_and_for_programs(server: Live, tmp_path: Path) -> None:
    buyer = server.buyer(credits=5)
    for _ in range(5):
        buyer.call("/taskList")

    def notices(*flags: str) -> str:
        done = run("account", "notices", "--account", buyer.id, *flags, cwd=tmp_path,
                   url=server.url)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "every further call is refused" in notices()
    assert [each["remaining"] for each in json.loads(notices("--json"))] == [0]


@pytest.mark.parametrize("by", ["call", "task", "operation", "day", "package", "reading"])
def test_a_bill_without_a_line_has_its_header_in_csv(server: Live, tmp_path: Path, by: str) -> None:
    buyer = server.buyer(credits=0)

    text = output_of(server, buyer, tmp_path, "--by", by, "--format", "csv")

    names = csv.DictReader(io.StringIO(text)).fieldnames or []
    assert "fen" in names


def test_calls_beyond_the_credits_are_named(server: Live, tmp_path: Path) -> None:
    buyer = server.buyer(credits=2, readings={"charge.polls": "submit-only"})
    for _ in range(5):
        buyer.call("/taskList")

    assert "3 without a credit" in output_of(server, buyer, tmp_path, "--no-calls")


@pytest.fixture(scope="module")
def retrier(server: Live) -> Buyer:
    """An account with one text, submitted three times, and a look at the list; no task ends."""
    buyer = server.buyer(credits=1000, clock={"frozen": True})
    for _ in range(3):
        buyer.submit()
    buyer.call("/taskList")
    return buyer


def test_every_charge_is_explained_in_every_format(
    server: Live, retrier: Buyer, tmp_path: Path
) -> None:
    shown = json.loads(output_of(server, retrier, tmp_path, "--intents", "--json"))
    lines = csv.DictReader(
        io.StringIO(output_of(server, retrier, tmp_path, "--intents", "--format", "csv"))
    )
    table = output_of(server, retrier, tmp_path, "--intents")

    found = shown["retry_bill"]["charges"]
    expected = ["useful", "duplicate-submit", "duplicate-submit", "useful"]
    assert [each["class"] for each in found] == expected
    assert [row["class"] for row in lines] == expected
    assert [(each["submits"], each["wasted"]) for each in shown["intents"]] == [(3, 2), (0, 0)]
    assert shown["charges"] == 4
    says = "3 submits, 1 intent, 2 wasted, 0.56 yuan: duplicate-submit calls"
    assert shown["retry_bill"]["sentence"].startswith(says)
    assert says in table
    assert "4 charged, 1.12 yuan" in table
    assert "made a task" not in output_of(server, retrier, tmp_path, "--intents", "--no-calls")
    last = json.loads(output_of(server, retrier, tmp_path, "--intents", "--json", "--last", "1"))
    assert [each["class"] for each in last["retry_bill"]["charges"]] == expected[-1:]


@pytest.mark.parametrize(
    ("flags", "code", "says"),
    [
        (("--max-wasted", "0.56"), 0, ""),
        (("--max-wasted", "0.55"), 1, "0.56 yuan were wasted, at most 0.55 are allowed (3 submits"),
        (("--max-wasted", "0.28", "--copies", "2"), 0, ""),
        (("--intents", "--max-wasted", "0", "--max-calls", "3"), 1,
         "4 calls were charged, at most 3 are allowed; 0.56 yuan were wasted"),
        (("--max-wasted", "some"), 2, "is not an amount of yuan"),
        (("--copies", "2"), 2, "--copies goes with --intents or --max-wasted"),
        (("--copies", "0", "--intents"), 2, "copies"),
        (("--intents", "--by", "task"), 2, "two breakdowns: choose one"),
        (("--intents", "--invoice"), 2, "--invoice prints no bill"),
        (("--invoice", "--max-wasted", "0"), 2, "--invoice prints no bill"),
        (("--intents", "--format", "csv"), 2, "leaves no line"),
    ],
)  # fmt: skip
def test_the_gate_on_waste_ends_with_1_when_too_much_was_wasted(
    server: Live, retrier: Buyer, tmp_path: Path, flags: tuple[str, ...], code: int, says: str
) -> None:
    assert says in output_of(server, retrier, tmp_path, "--no-calls", *flags, code=code)


def test_an_account_without_a_call_has_an_empty_retry_bill(server: Live, tmp_path: Path) -> None:
    text = output_of(server, server.buyer(credits=5), tmp_path, "--intents")

    assert "0 submits, 0 intents, nothing wasted." in text
