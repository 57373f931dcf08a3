"""Placeholders, foreign escapes and lost letters; and texts that only look like them."""

from urllib.parse import quote

import pytest

from tests.support.requests import TASK, Sent, query, submit

SUBJECTS = {"template-unfilled", "foreign-escape", "letters-lost"}


def subjects(sent: Sent) -> list[str]:
    return [hit.id for hit in sent.hits if hit.id in SUBJECTS]


def with_text(text: str) -> Sent:
    return submit(f"text={quote(text, safe='')}&style_id=pet_cat")


@pytest.mark.parametrize(
    "text",
    ["{{text}}", "{{ text }}", "https://e.co/{{id}}", "${text}", "${TEXT:-x}", "hello ${name}",
     "<string>", "<your text>", "%(text)s", "{text}", "#{text}", "<%= text %>", "[[text]]", "%s",
     "$TEXT", "https://e.co/{id}", "$(text)", "%TEXT%"],
)  # fmt: skip
def test_a_placeholder_is_found(text: str) -> None:
    assert subjects(with_text(text)) == ["template-unfilled"]


@pytest.mark.parametrize(
    "text",
    ["{}", '{"a":1}', "$5", "$AAPL", "{hello}", "<b>", "<hello>", "[[Home]]",
     "$(document)", "a < b > c", "<3", "100%", "{a, b}", "x{2}", "f(x)", "[1]",
     "use {{ }}", "WIFI:T:WPA;S:net;P:pa$$word;;", "https://e.co/?a={1}", "50% off", "<-- here",
     "${}", "$$", "a|b", "BEGIN:VCARD\nN:x\nEND:VCARD"],
)  # fmt: skip
def test_a_text_with_braces_of_its_own_is_not(text: str) -> None:
    assert subjects(with_text(text)) == []


@pytest.mark.parametrize("prompt", ["{{prompt}}", "${prompt}", "{{ your_prompt }}"])
def test_a_prompt_that_is_nothing_but_a_placeholder_is_found(prompt: str) -> None:
    sent = submit(f"text=x&your_prompt={quote(prompt, safe='')}")

    assert subjects(sent) == ["template-unfilled"]


@pytest.mark.parametrize(
    "prompt",
    ["{{masterpiece}}", "a {red|blue} cat", "<lora:ink:1>", "((cat)), {{detailed}}", "{cat}",
     "[[forest]]"],
)  # fmt: skip
def test_the_syntax_of_prompts_is_not(prompt: str) -> None:
    assert subjects(submit(f"text=x&your_prompt={quote(prompt, safe='')}")) == []


@pytest.mark.parametrize(
    ("body", "found"),
    [("text=x&style_id=${style}", ["template-unfilled"]),
     ("text=x&style_id=pet_cat&call_back=%7B%7Burl%7D%7D", ["template-unfilled"])],
)  # fmt: skip
def test_a_placeholder_is_told_once_whichever_field_it_is_in(body: str, found: list[str]) -> None:
    assert [hit.id for hit in submit(body).hits] == found
    assert [hit.id for hit in query("task_id=<task_id>").hits] == ["template-unfilled"]


@pytest.mark.parametrize(
    ("text", "meant"),
    [("%u4e2d%u6587", "中文"), ("&#20013;&#x6587;", "中文"), ("\\u4e2d\\u6587", "中文"),
     ("caf\\u00e9", "café"), ("https://e.co/?a=1&amp;b=2", "https://e.co/?a=1&b=2"),
     ("\\xe4\\xb8\\xad", "中"), ("=E4=B8=AD=E6=96=87", "中文"), ("\\ud83d\\ude00", "😀"),
     ("Tom &amp; Jerry", "Tom & Jerry"), ("&lt;b&gt;", "<b>")],
)  # fmt: skip
def test_an_escape_of_another_language_is_found_with_what_was_meant(text: str, meant: str) -> None:
    (hit,) = [hit for hit in with_text(text).hits if hit.id in SUBJECTS]

    assert (hit.id, hit.hint) == ("foreign-escape", meant)


@pytest.mark.parametrize(
    "text",
    ["C:\\uface", "a\\u0041", "R&D", "a&b;c", "https://e.co/?a=1&b=2", "AT&T; more", "100%unique",
     "\\n", "x=E4", "x=E4=B8", "&copy_id=1", "\\x41\\x42", "1=E3=2"],
)  # fmt: skip
def test_a_text_that_only_looks_escaped_is_not(text: str) -> None:
    assert subjects(with_text(text)) == []


@pytest.mark.parametrize(
    "text", ["??", "????", "???-123", "?? Berlin", "\ufffd", "caf\ufffd", "锟斤拷", "ï¿½", "???? 2"]
)
def test_letters_that_were_lost_are_found(text: str) -> None:
    assert "letters-lost" in subjects(with_text(text))


@pytest.mark.parametrize(
    "text",
    ["?", "what??", "What???", "Quoi ???", "https://e.co/??a", "2+2=?", "really?? yes", "a ?? b",
     "¿qué?", "caf?", "二维码??"],
)  # fmt: skip
def test_a_question_is_not(text: str) -> None:
    assert subjects(with_text(text)) == []


def test_json_is_looked_at_as_a_form_is() -> None:
    body = '{"text":"\\\\u4e2d\\\\u6587","style_id":"pet_cat"}'

    assert subjects(submit(body, "application/json")) == ["foreign-escape"]
    body = '{"text":"\\u4e2d\\u6587","style_id":"pet_cat"}'
    assert subjects(submit(body, "application/json")) == []


def test_a_right_query_is_right() -> None:
    assert query(f"task_id={TASK}").hits == []
