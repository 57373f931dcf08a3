"""Records: frozen in tests, and the same but for that in servers."""

import subprocess
import sys
from dataclasses import FrozenInstanceError, replace

import pytest

from mock_server.domain.billing.charges import Package
from mock_server.domain.call.calls import Call
from mock_server.domain.findings import Finding
from mock_server.domain.readings import Readings
from mock_server.domain.records import changed

CALL = Call(method="GET", path="/")


def test_in_tests_a_record_that_is_changed_fails() -> None:
    with pytest.raises(FrozenInstanceError):
        CALL.path = "/other"  # type: ignore[misc]


AS_A_USER = """
from dataclasses import replace
from mock_server.domain.call.calls import Call
from mock_server.domain.findings import Finding
from mock_server.domain.readings import Readings
from mock_server.domain.records import changed

call = Call(method="GET", path="/")
assert call == Call(method="GET", path="/") != replace(call, path="/x")
assert not hasattr(call, "__dict__")
for made in (lambda: Finding(id="x"), Readings, lambda: Call(method="GET", path="/")):
    assert len({made(), made()}) == 1, made
plain = Readings()
other = changed(plain, {"charge_polls": "submit-only"})
assert other == replace(plain, charge_polls="submit-only") != plain == Readings()
assert other != changed(other, {"charge_polls": "every-200"})
call.path = "/other"  # it costs too much to forbid it here
"""


def test_in_a_server_a_record_is_as_equal_and_as_much_of_a_key() -> None:
    subprocess.run([sys.executable, "-c", AS_A_USER], check=True, timeout=60)


def test_in_tests_it_is_too() -> None:
    assert Call(method="GET", path="/") == CALL != replace(CALL, path="/x")
    assert len({Finding(id="x"), Finding(id="x")}) == len({Readings(), Readings()}) == 1


def test_a_changed_record_is_what_replace_makes() -> None:
    package = Package(id=1, account="a", offer="10", credits=10, remaining=9, fen=280,
                      bought_at=1, expires_at=2, notice_at=7)  # fmt: skip

    assert changed(package, {"remaining": 8}) == replace(package, remaining=8)
    assert changed(package, {}) == package
    with pytest.raises(AttributeError):
        changed(package, {"no_such": 1})
