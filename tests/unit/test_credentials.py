import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_server.domain.auth.credentials import AppCode, KeyPair, named_credentials, unknown
from mock_server.domain.auth.signatures import same_text
from mock_server.domain.call.calls import Call
from mock_server.domain.call.errors import GatewayError
from mock_server.domain.readings import Readings


def call(authorization: str | None, query: str = "") -> Call:
    headers = () if authorization is None else (("authorization", authorization),)
    return Call(method="POST", path="/submitTask", query=query, headers=headers)


@pytest.mark.claim("appcode-scheme")
@pytest.mark.parametrize(
    "authorization",
    ["APPCODE abc", "appcode abc", "AppCode abc", "APPCODE    abc", "  APPCODE abc  "],
)
def test_the_scheme_is_appcode_in_any_case_and_any_number_of_spaces(authorization: str) -> None:
    assert named_credentials(call(authorization)) == AppCode("abc")


@pytest.mark.claim("appcode-syntax")
@pytest.mark.claim("no-credentials")
@pytest.mark.parametrize(
    "authorization",
    [None, "", " ", "APPCODE", "APPCODE ", "APPCODEabc", "APPCODE:abc", "Bearer abc", "abc",
     "Basic YWJj", "APPCODE\tabc", "XAPPCODE abc"],
)  # fmt: skip
def test_any_other_syntax_is_the_same_as_no_credentials(authorization: str | None) -> None:
    with pytest.raises(GatewayError) as refused:
        named_credentials(call(authorization))

    assert refused.value.code == "A400MA"


@pytest.mark.claim("appcode-header-only")
@pytest.mark.parametrize("name", ["AppCode", "appcode", "appCode", "APPCODE", "APPCode"])
def test_an_app_code_in_the_query_does_not_count(name: str) -> None:
    with pytest.raises(GatewayError, match="A400MA"):
        named_credentials(call(None, f"{name}=mock-demo"))


def test_an_app_code_keeps_its_case_and_its_inner_spaces() -> None:
    assert named_credentials(call("APPCODE AbC dEf")) == AppCode("AbC dEf")


@pytest.mark.claim("appcode-unknown")
def test_an_unknown_app_code_is_400_or_under_a_reading_401() -> None:
    error = unknown(AppCode("x"), Readings())
    other = unknown(AppCode("x"), Readings(appcode_unknown="401"))

    assert (error.code, error.reason) == ("A400AC", "`not exists`")
    assert (other.code, other.reason) == ("A401AC", "`not exists`")
    assert unknown(KeyPair("x"), Readings()).code == "A400IK"


@given(left=st.text(st.characters(exclude_categories=["Cs"])), right=st.text("ab"))
def test_secrets_are_the_same_exactly_if_they_are_equal(left: str, right: str) -> None:
    assert same_text(left, left)
    assert same_text(left, right) == (left == right)
