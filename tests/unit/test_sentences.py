"""Sentences that only one call has: found again in English, and worded in Chinese."""

import re
from collections import Counter
from pathlib import Path

import jsonschema_rs
import pytest

from mock_server.contract import load_finding_rows, load_toml
from mock_server.domain.auth.diagnosis.mistakes import CATALOGUE, Mistake
from mock_server.domain.findings import render_finding
from mock_server.domain.languages import CHINESE, ENGLISH
from mock_server.rehearsal.receivers.rules import RULES
from mock_server.translations import finding_in, say_in
from mock_server.words.sentences import Sentences, files_of, rows_of
from tests.support.english import english_runs, sentences_in
from tests.support.requests import PAIRS, UNREADABLE, Sent

ROWS = rows_of(CHINESE)
EVERY = PAIRS | UNREADABLE
PART = re.compile(r"\{[#.+]?(\w+)\}")
CHINESE_TEXT = re.compile(r"[\u4e00-\u9fff：。，；（]")
# ASCII marks beside Chinese, where full ones belong, and a space where Chinese has none.
WRONG_MARKS = re.compile(
    r"[\u4e00-\u9fff][,;:!?]|[,;:!?][\u4e00-\u9fff]|[\u4e00-\u9fff]\(|\)[\u4e00-\u9fff]"
    r"|[\u4e00-\u9fff] [\u4e00-\u9fff]"
)
PACKAGE = Path(__file__).parents[2] / "mock_server"
SAY = Sentences({
    "call {#id}": "调用 {id}", "calls {#ids}": "调用 {ids}", "as sent": "原样",
    "nonce": "nonce", "`{code}`": "`{code}`", "It reads as `{text}`.": "读作 `{text}`。",
    "The body is {name}.": "请求体是 {name}。", "It signed {+what}.": "它签的是{what}。",
    "It signed {what} twice.": "{what} 签了两次。", "{+one}, unless {+two}": "{one}，除非{two}",
    "after {+call}, which no retry changes": "{call}之后，重试无法改变",
})  # fmt: skip


@pytest.mark.parametrize(("english", "chinese"), [
    ("as sent", "原样"),
    ("The body is {x}.", "请求体是 {x}。"),
    ("It signed as sent.", "它签的是原样。"),
    ("It signed text twice.", "text 签了两次。"),
    ("calls 1, 2, 3", "调用 1, 2, 3"),
    ("It signed nonce.", "它签的是 nonce。"),
    ("It signed `码`.", "它签的是 `码`。"),
    ("It reads as `码`.", "读作 `码`。"),
    ("calls of others", "calls of others"),
    ("The body is a.b. It signed call 7.", "请求体是 a.b。它签的是调用 7。"),
    ("call 1; as sent", "调用 1；原样"),
    ("call 1, call 2", "调用 1，调用 2"),
    ("call 1; calls 2, 3, 4", "调用 1；调用 2, 3, 4"),
    ("    call 1", "    调用 1"),
    (" call 1", "调用 1"),
    ("call 1\ncall 2", "调用 1\n调用 2"),
    ("it is ours, unless it is theirs", "it is ours, unless it is theirs"),
    ("after a bad thing, which no retry changes", "a bad thing 之后，重试无法改变"),
    ("", ""), ("no row has this", "no row has this"), ("call 1" * 1000, "call 1" * 1000),
])  # fmt: skip
def test_a_sentence_is_found_again_by_its_row(english: str, chinese: str) -> None:
    assert SAY(english) == chinese


def test_what_others_wrote_is_read_in_bounds() -> None:
    many = "call 1, " * 180
    nested = "It signed " * 100 + "as sent" + "." * 100

    assert SAY(many).startswith("调用 1，调用 1，")
    assert "as sent" in SAY(nested)
    for text in ("a: b, c; d (e) f. " * 80, "`" * 1400, "1 x " * 300 + ")"):
        assert say_in(CHINESE)(text) == text.strip() or say_in(CHINESE)(text) == text


def test_english_stays_as_it_is() -> None:
    assert say_in(ENGLISH)("as sent") == "as sent"


def test_the_words_of_rows_are_parts_of_sentences() -> None:
    says = "A request has the error json-body: The body is a single JSON value, and not an object."

    assert (
        say_in(CHINESE)(says) == "有请求犯了错误 json-body：请求体是单个 JSON 值，不是 JSON 对象。"
    )


@pytest.mark.parametrize("sent", EVERY.values(), ids=EVERY)
def test_what_is_found_in_a_request_is_told_in_chinese(sent: tuple[Sent, Sent]) -> None:
    for hit in sent[0].hits:
        told = finding_in(render_finding(hit, load_finding_rows(), ()), CHINESE)
        assert [run for name in ("says", "instead") for run in english_runs(told[name], 3)] == []


@pytest.mark.parametrize("body", [
    {"e": "c"}, {"n": 7}, {"n": 0}, {"u": "x"}, {"u": "x" * 9}, {"p": "b"}, {"p": 5}, {"o": 3},
    {"c": "2"}, {"zz": 1}, {"x": 1, "y": 2},
])  # fmt: skip
def test_what_breaks_the_contract_is_told_in_chinese(body: dict[str, object]) -> None:
    text = {"type": "string"}
    schema = {"additionalProperties": False, "properties": {
        "e": {"enum": ["a", "b"]}, "n": {"type": "integer", "minimum": 1, "maximum": 3},
        "u": {**text, "minLength": 3, "maxLength": 5}, "p": {**text, "pattern": "^a"},
        "o": {"anyOf": [text, {"type": "null"}]}, "c": {"const": "1"},
    }}  # fmt: skip
    (error,) = jsonschema_rs.validator_for(schema).iter_errors(body)
    said = say_in(CHINESE)(f"{error.message} (contract /paths/~1x)")

    assert said.endswith("（契约 /paths/~1x）")
    assert english_runs(said, 2) == []


def test_both_languages_have_the_same_parts_and_code() -> None:
    copied = re.compile(r"`[^`]*`|--[a-z-]+|\bX-Ca(?:-\w+)+|\b[A-Z]\d{3}[A-Z]{2}\b")
    for english, chinese in ROWS.items():
        assert Counter(PART.findall(chinese)) == Counter(PART.findall(english)), english
        assert Counter(copied.findall(chinese)) == Counter(copied.findall(english)), english


def test_every_row_is_in_chinese_with_its_punctuation() -> None:
    same = [en for en, zh in ROWS.items() if en == zh and not CHINESE_TEXT.search(zh)]

    assert [zh for zh in ROWS.values() if english_runs(PART.sub("x", zh), 3)] == []
    assert [zh for zh in ROWS.values() if WRONG_MARKS.search(zh)] == []
    assert [each for each in same if english_runs(each, 2)] == []


def test_no_sentence_has_two_rows() -> None:
    counts = Counter(english for rows in files_of(CHINESE) for english in rows)

    assert [english for english, count in counts.items() if count > 1] == []


@pytest.mark.parametrize("mistake", CATALOGUE, ids=lambda each: each.id)
def test_what_a_diagnosis_says_of_each_mistake_is_in_chinese(mistake: Mistake) -> None:
    say, did = say_in(CHINESE), mistake.did.replace("{what}", "nothing")

    for says in (
        f"The client {did}: {mistake.instead}.",
        f"The client {did}: {mistake.instead}; and it sent the base64 of the base64: send plain "
        "base64.",
    ):
        assert say(says).startswith("客户端")
        assert english_runs(say(says), 2) == []


# Where the sentences of explanations and reports are written.
SPEAKERS = (
    "domain/auth", "domain/findings", "domain/call/defects.py", "domain/call/charsets.py",
    "domain/billing", "actions/gateway/send_again.py", "audit", "rehearsal/breach.py",
    "rehearsal/call_rules.py", "rehearsal/callback_rules.py", "rehearsal/result_rules.py",
    "rehearsal/needs.py", "rehearsal/report_timeline.py", "rehearsal/baseline.py",
    "rehearsal/receivers/rules.py", "load/advice.py", "load/audit.py", "load/gates.py",
    "load/report.py", "load/report_page.py", "load/summary.py", "sweep/summary.py",
    "sweep/touched.py", "sweep/plan.py", "probe/findings.py", "probe/moves.py",
    "probe/session.py", "probe/unseen.py", "probe/hearing.py", "probe/answers.py",
    "probe/charges.py", "checker/budget.py", "checker/judge.py",
    "checker/run.py", "checker/reports.py", "cli/polling.py", "cli/probe.py", "cli/sign.py",
)  # fmt: skip


def test_every_probe_of_a_check_has_a_row() -> None:
    probes = load_toml("probes.toml")["probe"]

    assert {each[name] for each in probes for name in ("name", "says")} <= ROWS.keys()


# What is an error on wrong use, or is asked of Python, stays English.
ENGLISH_ONLY = (
    "audit/schedules.py", "unexpected end of data", "no call was answered", "cannot be parsed",
)  # fmt: skip


def spoken() -> list[tuple[str, str]]:
    """Return every sentence that these modules say, with its place."""
    files = {
        file for each in SPEAKERS for file in [PACKAGE / each, *(PACKAGE / each).rglob("*.py")]
    }
    return [
        (f"{file.relative_to(PACKAGE)}:{line}", text)
        for file in sorted(files)
        if file.is_file()
        for line, text in sentences_in(file)
    ]


def is_piece(text: str) -> bool:
    """Whether a text is a piece of a sentence that has a row once it is put together."""
    pieces = [each for each in re.split(r"7|\{\w+\}", text.strip()) if each]
    return any(all(piece in english for piece in pieces) for english in ROWS)


def test_every_sentence_of_the_code_has_a_row() -> None:
    say = say_in(CHINESE)
    found = {place: text for place, text in spoken() if english_runs(say(text))}
    rules = {getattr(rule, name) for rule in RULES for name in ("says", "advice", "price")}

    assert len(spoken()) > 500
    assert [
        (place, text) for place, text in found.items()
        if not is_piece(text) and text not in rules
        and not any(part in f"{place}: {text}" for part in ENGLISH_ONLY)
    ] == []  # fmt: skip
