"""Missing or wrong credentials get HTTP 400 with a code, where schemathesis expects 401 or 403."""

import pytest

from tests.contract.documents import DEFAULT
from tests.support.worlds import World

WRONG = {
    "none": {},
    "empty": {"Authorization": ""},
    "another scheme": {"Authorization": "Bearer mock-demo"},
    "no code": {"Authorization": "APPCODE"},
    "an unknown code": {"Authorization": "APPCODE nobody"},
    "a code with more": {"Authorization": "APPCODE mock-demo mock-demo"},
    "not ASCII": {"Authorization": "APPCODE \xff"},
    "a signature without its key": {"X-Ca-Signature": "c2lnbmF0dXJl"},
    "a key without its signature": {"X-Ca-Key": "200000001"},
    "an unknown key": {"X-Ca-Key": "1", "X-Ca-Signature": "c2lnbmF0dXJl"},
}


@pytest.mark.claim("no-credentials")
@pytest.mark.claim("appcode-unknown")
@pytest.mark.claim("error-empty-body")
@pytest.mark.parametrize("headers", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("path", DEFAULT.value["paths"])
def test_no_or_wrong_credentials_are_a_400_with_a_code(
    world: World, path: str, headers: dict[str, str]
) -> None:
    answer = world.http.post(path, data={"text": "t", "style_id": "pet_cat"}, headers=headers)

    assert answer.status_code == 400
    assert answer.headers["X-Ca-Error-Code"] in ("A400MA", "A400AC", "A400IK", "I400MH")
    assert answer.data == b""
    assert DEFAULT.complaints("POST", path, answer) == []
    assert world.bill()["charges"] == 0
