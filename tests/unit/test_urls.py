"""Addresses: one spelling for each host, and a target that is sent as it was written."""

import string

import idna
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mock_server.domain.urls import (
    AddressError,
    is_address,
    is_loopback,
    is_this_machine,
    normal_host,
    parse_address,
)
from mock_server.recordings.hosts import Whose, whose

letters = st.characters(categories=["Ll", "Lu", "Lo", "Nd"])
usual = st.sampled_from(string.ascii_letters + "ßäöüéñ例子测试")


@pytest.mark.parametrize(
    ("host", "normal"),
    [
        ("QR.Test", "qr.test"),
        ("qr.test.", "qr.test"),
        ("例子.测试", "xn--fsqu00a.xn--0zwm56d"),
        ("例子。测试．", "xn--fsqu00a.xn--0zwm56d"),
        ("XN--FSQU00A.xn--0zwm56d", "xn--fsqu00a.xn--0zwm56d"),
        ("straße.test", "xn--strae-oqa.test"),
        ("STRAẞE.test", "xn--strae-oqa.test"),
        ("strasse.test", "strasse.test"),
        ("βόλος.com", "xn--nxasmm1c.com"),
        ("bu\u00adcher.test", "bucher.test"),
        ("Bu\u0308cher.test", "xn--bcher-kva.test"),
        ("１２７。０.０.1", "127.0.0.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("under_score.test", "under_score.test"),
    ],
)
def test_a_host_has_one_spelling(host: str, normal: str) -> None:
    assert normal_host(host) == normal
    assert normal_host(normal) == normal


@pytest.mark.parametrize(
    "host",
    ["", ".", "a..b", ".a", "a..", "a b", "a/b", "a\\b", "a%2eb", "a@b", "a#b", "a?b", "x" * 64,
     ".".join(["x" * 60] * 5), "\u200b", "<a>", "a\nb"],
)  # fmt: skip
def test_what_cannot_be_a_host_is_refused(host: str) -> None:
    with pytest.raises(AddressError, match="host"):
        normal_host(host)


@given(label=st.text(letters | usual, min_size=1))
def test_a_name_is_spelt_as_the_standard_says(label: str) -> None:
    try:
        expected = idna.encode(label, uts46=True).decode()
    except idna.IDNAError:
        assume(False)  # letters that no registry takes
    assert normal_host(label) == expected


@pytest.mark.parametrize(
    ("host", "loopback", "here"),
    [
        ("127.0.0.1", True, True), ("127.9.9.9", True, True), ("::1", True, True),
        ("::ffff:127.0.0.1", True, True), ("localhost", True, True), ("LOCALHOST.", True, True),
        ("app.localhost", False, True), ("１２７.0.0.1", True, True),
        ("0.0.0.0", False, True), ("::", False, True),  # noqa: S104 - places to call
        ("192.168.1.5", False, False), ("localhost.test", False, False), ("", False, False),
        ("127.0.0.1.test", False, False), ("a..b", False, False),
    ],
)  # fmt: skip
def test_which_hosts_are_this_machine(host: str, loopback: bool, here: bool) -> None:
    assert (is_loopback(host), is_this_machine(host)) == (loopback, here)


@given(st.text() | st.text("ht:/[]@.%1 \\?#é").map(lambda rest: f"http://h{rest}"))
def test_what_is_sent_is_ascii_without_spaces_and_is_sent_alike_again(url: str) -> None:
    try:
        sent = parse_address(url).sent_url
    except AddressError:
        return
    assert sent.isascii()
    assert not set(sent) & set(" #\r\n\t")
    assert parse_address(sent[:2048]).host == parse_address(url).host
    assert len(sent) > 2048 or parse_address(sent).sent_url == sent


@pytest.mark.parametrize(
    "url",
    ["http://h:0/", "http://u:s3cret", "http://h:s3cret/", "http://u:s3cret@[::1/", "http://a b/",
     "http://u:s3cret℀@h/", " http://h/", "http://h\\@evil.test:x/"],
)  # fmt: skip
def test_a_refusal_quotes_no_password(url: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:9\\@evil.test/", "evil.test"),
        ("http://a@b@evil.test/", "evil.test"),
        ("http://h#@evil.test/", "h"),
        ("http://h?@evil.test/", "h"),
        ("http:\\\\evil.test/", None),
        ("http:///evil.test/", None),
    ],
)
def test_a_confusing_address_has_one_host_that_is_judged_and_called(
    url: str, host: str | None
) -> None:
    if host is None:
        with pytest.raises(AddressError):
            parse_address(url)
    else:
        assert parse_address(url).host == host
        assert parse_address(parse_address(url).sent_url).host == host


def test_an_address_with_a_space_can_be_requested_but_is_not_well_formed() -> None:
    assert parse_address("http://h/a b").target == "/a%20b"
    assert not is_address("http://h/a b")


@pytest.mark.parametrize("named", ["例子.测试", "XN--fsqu00a.xn--0zwm56d.", "例子。测试"])
@pytest.mark.parametrize("called", ["例子.测试", "xn--fsqu00a.xn--0zwm56d", "例子.测试."])
def test_a_recorded_host_is_known_however_it_is_spelt(named: str, called: str) -> None:
    assert whose("POST", f"https://{called}/submitTask", {named}) is Whose.API
    assert whose("POST", f"https://{called}:8443/submitTask", {f"{named}:8443"}) is Whose.API
    assert whose("POST", "https://other.test/submitTask", {named}) is Whose.OTHER_HOST


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://h/a\r\nX: y", "/a%0D%0AX:%20y"),
        ("http://h/\x7f", "/%7F"),
        ("http://h/a\tb?c=\x00#\n", "/a%09b?c=%00"),
        ("http://h\u000b/", None),
        ("http://a\nb/", None),
        ("ht\ntp://a/", None),
        ("\nhttp://a/", None),
        ("http://a:8\n0/", None),
    ],
)
def test_a_control_character_is_encoded_in_a_target_and_refused_elsewhere(
    url: str, target: str | None
) -> None:
    assert not is_address(url)
    if target is None:
        with pytest.raises(AddressError):
            parse_address(url)
    else:
        assert parse_address(url).target == target
