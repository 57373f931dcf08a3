"""What a request line, its host and its login say, by how an address was written."""

from base64 import b64encode

import pytest

from mock_server.delivery.egress_guard import Guard, TargetRefusedError
from mock_server.domain.urls import parse_address
from tests.support.raw_receivers import post, receiver


@pytest.mark.claim("callback-target")
@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("/x?t=a%2Fb", "/x?t=a%2Fb"),
        ("/%e4%C3", "/%e4%C3"),
        ("/x?p=100%", "/x?p=100%"),
        ("/a/../cb/./d//e", "/a/../cb/./d//e"),
        ("//a", "//a"),
        ("/x?", "/x?"),
        ("/x?#", "/x?"),
        ("?", "/?"),
        ("?a=b", "/?a=b"),
        ("", "/"),
        ("#only", "/"),
        ("/x#part?no", "/x"),
        ("/a;b=c,d?e;f", "/a;b=c,d?e;f"),
        ('/[a]{b}|c\\d^`e"<f>', '/[a]{b}|c\\d^`e"<f>'),
        ("/x?a=b?c&&d==+e%20f%zz", "/x?a=b?c&&d==+e%20f%zz"),
        ("/~user/!$&'()*+,;=:@", "/~user/!$&'()*+,;=:@"),
        ("/a b?c d ", "/a%20b?c%20d%20"),
        ("/码?q=é\x85", "/%E7%A0%81?q=%C3%A9%C2%85"),
        ("/\udcd6\udcd0", "/%D6%D0"),
        ("/" + "x" * 2000, "/" + "x" * 2000),
    ],
)
def test_a_target_is_sent_as_it_was_written(written: str, sent: str) -> None:
    with receiver() as server:
        address = f"http://127.0.0.1:{server.port}{written}"
        assert post(address).status == 200

    assert server.requests[0].split(b"\r\n")[0].decode() == f"POST {sent} HTTP/1.1"
    assert parse_address(address).sent_url == f"http://127.0.0.1:{server.port}{sent}"


@pytest.mark.claim("callback-login")
@pytest.mark.parametrize(
    ("login", "sent"),
    [
        ("u:密码", "u:密码".encode()),
        ("u:%E5%AF%86", "u:密".encode()),
        ("u:%ff", b"u:\xff"),
        ("用户", "用户:".encode()),
        (":p", b":p"),
        ("a%40b:c:d+e", b"a@b:c:d+e"),
        (":", None),
        ("", None),
    ],
)
def test_user_and_password_of_an_address_are_sent_in_utf_8(login: str, sent: bytes | None) -> None:
    with receiver() as server:
        outcome = post(f"http://{login}@127.0.0.1:{server.port}/x")

    assert outcome.status == 200
    found = [line for line in server.requests[0].split(b"\r\n") if b"Authorization" in line]
    wanted = [] if sent is None else [b"Authorization: Basic " + b64encode(sent)]
    assert (found, server.requests[0][:17]) == (wanted, b"POST /x HTTP/1.1\r")


SPELLINGS = [
    ["例子.测试", "xn--fsqu00a.xn--0zwm56d", "例子。测试", "例子.测试."],
    ["straße.test", "xn--strae-oqa.test", "STRAßE.TEST", "STRAẞE.test", "straße.test."],
    ["strasse.test", "Strasse.Test.", "ｓｔｒａｓｓｅ.test"],
    ["É.test", "é.test", "e\u0301.test", "xn--9ca.test"],
]


@pytest.mark.parametrize("listed", [each for group in SPELLINGS for each in group])
def test_every_spelling_of_a_host_that_is_allowed_is_and_no_other_host_is(listed: str) -> None:
    guard = Guard([listed], [])
    for group in SPELLINGS:
        for spelling in group:
            host = parse_address(f"http://{spelling}/").host
            if listed in group:
                guard.check(host, "192.0.2.7", 80)
            else:
                with pytest.raises(TargetRefusedError):
                    guard.check(host, "192.0.2.7", 80)
