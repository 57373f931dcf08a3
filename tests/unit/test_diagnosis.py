"""The diagnosis of signatures names every planted mistake exactly."""

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from mock_server.domain.auth import signatures
from mock_server.domain.auth.diagnosis import Diagnosis, aligned, diagnose
from mock_server.domain.auth.diagnosis.mistakes import CATALOGUE, WRITINGS
from mock_server.domain.call.calls import Call
from mock_server.domain.call.errors import GatewayError
from mock_server.domain.readings import Readings
from tests.support.bug_kit import Planted, setting
from tests.support.signed_requests import requests
from tests.support.signing_bugs import ALL, BY_NAME, KEY_SECRETS
from tests.support.signing_client import FORM, Request, sign

RANKS = {name: rank for rank, name in enumerate([*WRITINGS, *(each.id for each in CATALOGUE)])}

PHASES = (Phase.explicit, Phase.generate, Phase.shrink)


def bounded(examples: int) -> settings:
    """Settings for a search that takes long; the quick profile has a sixth of the examples."""
    if settings.get_current_profile_name() == "quick":
        examples = -(-examples // 6)
    checks = [HealthCheck.filter_too_much, HealthCheck.too_slow]
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        phases=PHASES,
        suppress_health_check=checks,
    )


def diagnosis(request: Request, signature: str) -> Diagnosis:
    return diagnose(request.wire(signature), request.secret, known_secrets=KEY_SECRETS)


def is_refused(call: Call, secret: str) -> bool:
    try:
        signatures.verify(call, secret, Readings())
    except GatewayError:
        return True
    return False


def causes_of(request: Request, signature: str) -> set[str]:
    """Return the causes of every single bug that leads to exactly this signature."""
    found = set()
    for planted in ALL:
        if "json" in planted.needs and request.json is None:
            continue
        try:
            if sign(request, planted.bug)[1] == signature:
                found.add(planted.cause)
        except (ValueError, IndexError, StopIteration):
            continue  # the bug does not apply to this request
    return found


@pytest.mark.parametrize("planted", ALL, ids=lambda planted: str(planted.name))
@bounded(6)
@given(data=st.data())
def test_a_planted_mistake_is_named_exactly(planted: Planted, data: st.DataObject) -> None:
    request = data.draw(requests(planted.needs))
    try:
        text, signature = sign(request, planted.bug)
    except UnicodeEncodeError:  # the client itself would have failed
        assume(False)
    assume(is_refused(request.wire(signature), request.secret))
    possible = causes_of(request, signature)

    found = diagnosis(request, signature)

    # If several mistakes lead to the same string, the diagnosis names the simplest.
    assert found.causes == (min(possible, key=RANKS.__getitem__),)
    if len(possible) == 1:
        assert found.causes == (planted.cause,)
    assert found.client_string == text
    assert found.server_string == sign(request)[0]


PAIRS = [
    ("seconds", "no Date, no line"),
    ("seconds", "quoted with plus"),
    ("Accept never sent", "Content-Type that a library added"),
    ("Accept that a library added", "app code for the secret"),
    ("every X-Ca header", "charset that a library added"),
    ("quoted", "order of the list"),
    ("quoted", "reverse order"),
    ("quoted with plus", "no last newline"),
    ("equals sign of an empty value", "no last newline"),
    ("the other digest", "HEX"),
    ("MD5 not sent", "method in lower case"),
    ("MD5 as hex", "JSON after the path"),
    ("lower-case names", "stage in front"),
    ("CRLF", "newline at the end"),
    ("no form", "the whole URL"),
    ("newline after the secret", "no padding"),
    ("key and message swapped", "a last slash"),
    ("every value", "URL-safe base64"),
    ("JSON members", "octets for JSON"),
    ("fixed lines all empty", "quoted"),
    ("undefined for each line that is absent", "no last newline"),
    ("0 signed as empty", "seconds"),
    ("question marks", "no last newline"),
    ("a Date that the browser drops", "lower-case names"),
    ("no last newline", "base64 of what openssl prints"),
    ("undefined for each line that is absent", "question marks"),
]


@pytest.mark.parametrize("names", PAIRS, ids=" and ".join)
@bounded(4)
@given(data=st.data())
def test_two_planted_mistakes_are_both_named(names: tuple[str, str], data: st.DataObject) -> None:
    first, second = (BY_NAME[name] for name in names)
    request = data.draw(requests(first.needs | second.needs))
    text, signature = sign(request, first.bug, second.bug)
    # Each of the two bugs must have an effect in the presence of the other.
    alone = {sign(request, first.bug)[1], sign(request, second.bug)[1]}
    assume(signature not in alone)
    assume(all(is_refused(request.wire(each), request.secret) for each in alone))
    assume(not causes_of(request, signature))

    found = diagnosis(request, signature)

    assert set(found.causes) == {first.cause, second.cause}
    assert found.client_string == text


TRIPLES = [
    ("Accept that a library added", "charset that a library added", "quoted"),
    ("Accept never sent", "charset that is not sent", "no last newline"),
    ("Accept that a library added", "Content-Type that a library added", "seconds"),
    ("Accept that a library added", "Content-Type that a library added", "hex"),
    ("Accept never sent", "octets for JSON", "MD5 not sent"),
    ("all empty lines skipped", "quoted with plus", "form as sent"),
    ("all empty lines skipped", "quoted", "seconds"),
    ("Accept never sent", "quoted with plus", "order of the list"),
    ("Accept that a library added", "no form", "lower-case names"),
    ("fixed lines all empty", "quoted", "form as sent"),
    ("undefined for each line that is absent", "quoted", "form as sent"),
    ("quoted", "form as sent", "base64 of what openssl prints"),
]


@pytest.mark.parametrize("names", TRIPLES, ids=" and ".join)
@bounded(4)
@given(data=st.data())
def test_three_planted_mistakes_that_often_come_together_are_all_named(
    names: tuple[str, str, str], data: st.DataObject
) -> None:
    three = [BY_NAME[name] for name in names]
    needs = frozenset().union(*(each.needs for each in three))
    request = data.draw(requests(needs))
    text, signature = sign(request, *(each.bug for each in three))
    # Each has to matter, beside the two others.
    fewer = [
        sign(request, *(each.bug for each in three if each is not left_out))[1]
        for left_out in three
    ]
    assume(signature not in fewer)
    assume(all(is_refused(request.wire(each), request.secret) for each in fewer))

    found = diagnosis(request, signature)

    assert found.client_string == text
    # Fewer mistakes may make the same string.
    assert len(found.causes) < 3 or set(found.causes) == {each.cause for each in three}
    assert found.tried <= 20_000


@bounded(50)
@given(
    data=st.data(),
    names=st.lists(st.sampled_from([each.name for each in ALL]), min_size=2, max_size=2),
)
def test_what_is_found_for_any_two_mistakes_is_the_string_that_was_signed(
    data: st.DataObject, names: list[str]
) -> None:
    first, second = (BY_NAME[name] for name in names)
    request = data.draw(requests(first.needs | second.needs))
    try:
        text, signature = sign(request, first.bug, second.bug)
    except (ValueError, IndexError, StopIteration):
        assume(False)
    assume(is_refused(request.wire(signature), request.secret))

    found = diagnosis(request, signature)

    assert found.client_string in {None, text}
    assert bool(found.causes) == (found.client_string is not None)
    assert found.tried <= 20_000


@bounded(100)
@given(request=requests())
def test_a_correct_signature_has_no_mistake(request: Request) -> None:
    found = diagnosis(request, sign(request)[1])

    assert (found.causes, found.sentence, found.tried) == ((), "The signature is right.", 1)
    assert found.client_string == found.server_string


@bounded(3)
@given(request=requests())
def test_an_unknown_secret_is_what_is_left_when_nothing_explains_it(request: Request) -> None:
    found = diagnosis(request, sign(request, BY_NAME["unknown secret"].bug)[1])

    assert found.causes == ()
    assert found.client_string is None
    assert found.sentence.startswith("No known mistake explains it: most likely the secret")


@pytest.mark.parametrize("most", [0, 1, 10, 100, 1000])
def test_no_more_is_tried_than_asked_for(most: int) -> None:
    request = Request(query=[("b", "1 2"), ("a", "é")], form=[("text", "中 文")], content_type=FORM)
    call = request.wire(sign(request, BY_NAME["unknown secret"].bug)[1])

    found = diagnose(call, request.secret, most=most)

    assert found.tried == most
    assert "was found in the first" in found.sentence


def test_the_whole_search_of_a_usual_request_ends_by_itself() -> None:
    listed = ["x-ca-timestamp", "x-ca-key", "x-ca-nonce", "x-ca-stage"]
    ca = dict.fromkeys(listed, "1646365291734")
    request = Request(
        query=[("b", "1 2"), ("a", "")],
        form=[("text", "中 文"), ("style_id", "x"), ("text", "2")],
        content_type=FORM,
        ca=ca,
        listed=listed,
    )

    found = diagnosis(request, sign(request, BY_NAME["unknown secret"].bug)[1])

    assert 5_000 < found.tried < 15_000


@pytest.mark.parametrize("size", [100_000, 900_000, 3_000_000])
def test_a_large_request_is_searched_less(size: int) -> None:
    request = Request(form=[("text", "x" * size)], content_type=FORM)
    call = request.wire(sign(request, BY_NAME["unknown secret"].bug)[1])

    found = diagnose(call, request.secret)

    assert found.tried < 1000
    assert found.causes == ()


@pytest.mark.parametrize("signature", ["nonsense", "中", "====", "AAAA", "%%%", "0" * 63])
def test_what_is_no_signature_at_all_is_said_without_a_search(signature: str) -> None:
    found = diagnosis(Request(), signature)

    assert (found.causes, found.tried) == ((), 0)
    assert "is not the base64 of an HMAC" in found.sentence


def test_a_call_without_a_signature_is_told_so() -> None:
    assert diagnosis(Request(), "").causes == ("signature-absent",)


@bounded(100)
@given(
    method=st.text(max_size=5),
    path=st.text(st.characters(max_codepoint=255)),
    query=st.text(st.characters(max_codepoint=255)),
    body=st.binary() | st.just(b'{"a": "\\ud800", "b": [NaN]}') | st.just(b"[" * 5000),
    headers=st.dictionaries(
        st.sampled_from(["accept", "content-type", "x-ca-timestamp", "x-ca-signature-headers",
                         "x-ca-signature-method", "x-ca-stage", "x-ca-key", "host"]),
        st.text(st.characters(max_codepoint=255)),
    ),
)  # fmt: skip
def test_whatever_was_sent_is_searched_without_an_error(
    method: str, path: str, query: str, body: bytes, headers: dict[str, str]
) -> None:
    signature = ("x-ca-signature", "EdJSFAMOWyXZOpXhevZnjuS0ZafnwnCqaSk5hz+tXo8=")
    call = Call(
        method=method, path=path, query=query, body=body, headers=(*headers.items(), signature)
    )

    found = diagnose(call, "secret", most=400)

    assert found.causes == ()
    assert aligned(found.server_string, path)
    assert found.server_string == signatures.string_to_sign(signatures.parts_of(call))


SPECIAL = [
    (
        "headers-fixed",
        [("accept", "*/*"), ("x-ca-key", "k"), ("x-ca-signature-headers", "x-ca-key,accept")],
        "GET\n*/*\n\n\n\naccept:*/*\nx-ca-key:k\n/p?q=1 é",
    ),
    (
        "headers-list-separator",
        [("x-ca-key", "k"), ("x-ca-note", "n"), ("x-ca-signature-headers", "x-ca-note:x-ca-key")],
        "GET\n\n\n\n\nx-ca-key:k\nx-ca-note:n\n/p?q=1 é",
    ),
    ("plus-literal", [], "GET\n\n\n\n\n/p?q=1+é"),
    ("body-as-form", [("content-type", "text/plain")], "GET\n\n\ntext/plain\n\n/p?a=1&q=1 é"),
]  # fmt: skip


@pytest.mark.parametrize(("cause", "headers", "signed"), SPECIAL)
def test_a_mistake_that_needs_a_request_of_its_own_is_named(
    cause: str, headers: list[tuple[str, str]], signed: str
) -> None:
    signature = ("x-ca-signature", signatures.sign("secret", signed))
    body = b"a=1" if cause == "body-as-form" else b""
    call = Call(
        method="GET", path="/p", query="q=1+%C3%A9", headers=(*headers, signature), body=body
    )

    found = diagnose(call, "secret")

    assert found.causes == (cause,)
    assert found.client_string == signed


@pytest.mark.parametrize(("left_out", "named"), [(0, True), (49, True), (50, False)])
def test_a_parameter_that_was_left_out_is_named(left_out: int, *, named: bool) -> None:
    request = Request(query=[(f"p{number:02}", "1") for number in range(60)])
    name = f"p{left_out:02}"
    without = setting("pairs", pairs=lambda work: [x for x in work.pairs if x[0] != name])

    found = diagnosis(request, sign(request, without)[1])

    assert found.causes == (("parameter-missing",) if named else ())
    assert found.sentence.startswith(f"The client left out the parameter `{name}`: ") == named


def test_every_cause_of_the_catalogue_is_planted_somewhere() -> None:
    planted = {each.cause for each in ALL} | {cause for cause, _, _ in SPECIAL}

    assert planted == {*WRITINGS, *(each.id for each in CATALOGUE)}


@pytest.mark.parametrize("planted", ALL, ids=lambda planted: str(planted.name))
def test_a_secret_is_in_no_answer(planted: Planted) -> None:
    request = Request(form=[("text", "1")], json="{}", content_type=FORM, ca={"x-ca-key": "k"})

    found = diagnosis(request, sign(request, planted.bug)[1])

    assert request.secret not in str(found)
    assert KEY_SECRETS["the app code"] not in str(found)
