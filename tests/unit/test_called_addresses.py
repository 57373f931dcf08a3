"""The normal form of a target."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.called_addresses import called_address, normal_target
from mock_server.domain.readings import Readings
from mock_server.domain.urls import parse_address


@pytest.mark.claim("callback-target")
@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("/", "/"),
        ("/x?", "/x"),
        ("/?", "/"),
        ("/x?a=b?c", "/x?a=b?c"),
        ("/%e4%c3", "/%E4%C3"),
        ("/%41%7e%2D?%61", "/A~-?a"),
        ("/a%2fb%3f?x%26y%3d", "/a%2Fb%3F?x%26y%3D"),
        ("/100%", "/100%25"),
        ("/%zz%4", "/%25zz%254"),
        ("/a/../b", "/b"),
        ("/a/./b", "/a/b"),
        ("/a/b/..", "/a/"),
        ("/a/.", "/a/"),
        ("/..", "/"),
        ("/../../x", "/x"),
        ("/a/%2e%2E/b", "/b"),
        ("/a/..b/...", "/a/..b/..."),
        ("//a//b", "//a//b"),
        ("/x?../y", "/x?../y"),
        ('/[a]{b}|"<f>', "/%5Ba%5D%7Bb%7D%7C%22%3Cf%3E"),
        ("/a+b;c,d!$&'()*=:@", "/a+b;c,d!$&'()*=:@"),
    ],
)
def test_a_target_has_one_normal_form(written: str, normal: str) -> None:
    assert normal_target(written) == normal
    assert normal_target(normal) == normal


@given(st.text("/.%2eEfF?#a+~[ \u7801", max_size=30))
def test_a_normal_form_is_its_own_and_can_be_requested(rest: str) -> None:
    url = f"http://u:p@example.com/{rest}"

    address = called_address(url, Readings(address_target="normalized", address_login="ignored"))

    assert normal_target(address.target) == address.target
    assert address.target.startswith("/")
    assert address.target.isascii()
    assert " " not in address.target
    assert (address.login, parse_address(url).login) == (None, b"u:p")
