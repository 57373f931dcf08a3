"""The order of checks: each failure alone, and before every later failure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import pytest

from tests.support import worlds
from tests.support.signed import Request, Signer, seen, send, with_app_code
from tests.support.worlds import START_AT, Postbox, RealClock, World


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A simulator for all tests here; each test creates its own account."""
    clock, postbox = RealClock(), Postbox()
    with worlds.simulator(clock, postbox) as simulator:
        yield World(simulator, clock, postbox)


@dataclass(frozen=True)
class Attempt:
    """A call that must fail: admin calls first, then a request, signed with a secret."""

    world: World
    account: dict[str, Any]
    request: Request
    secret: str
    after: Callable[[Request], Request] = lambda request: request

    def spoil(self, **headers: str | None) -> "Attempt":
        return replace(self, request=self.request.with_headers(**headers))

    def then(self, change: Callable[[Request], Request]) -> "Attempt":
        before = self.after
        return replace(self, after=lambda request: change(before(request)))

    def admin(self, method: str, path: str, body: Any, expect: int = 200) -> "Attempt":
        self.world.admin(method, f"/accounts/{self.account['id']}{path}", body, expect=expect)
        return self

    def send(self) -> tuple[int, str | None]:
        signer = Signer(key=self.account["app_key"], secret=self.secret)
        return seen(send(self.world, self.after(signer.signed(self.request))))


def nonce_is_used(attempt: Attempt) -> Attempt:
    request = with_app_code(attempt.account["app_code"], Request(headers={"X-Ca-Nonce": "n"}))
    assert (
        send(attempt.world, request).status == 200
    )  # with the app code, which does not use up the key's nonce
    signed = Signer.of(attempt.account).signed(Request(headers={"X-Ca-Nonce": "n"}))
    assert send(attempt.world, signed).status == 200
    return attempt.spoil(X_Ca_Nonce="n")


def spend_all(attempt: Attempt) -> Attempt:
    rows = "update package set remaining = 0 where account = ?"
    account = attempt.account["id"]
    attempt.world.simulator.database.run(lambda tx: tx.execute(rows, (account,)))
    return attempt


def throttle(attempt: Attempt) -> Attempt:
    attempt.admin("PATCH", "", {"throttle": {"per_second": 0.001, "burst": 1}})
    rows = "insert into bucket values (?, 'submit_task', 0, ?)"
    values = (attempt.account["id"], START_AT)
    attempt.world.simulator.database.run(lambda tx: tx.execute(rows, values))
    return attempt


Spoil = Callable[[Attempt], Attempt]
IN_ORDER: list[tuple[str, int, Spoil]] = [
    ("I413UL", 413, lambda a: a.spoil(X_Long="x" * 8192)),
    ("I400SG", 400, lambda a: a.spoil(X_Ca_Stage="NIGHT")),
    ("I404NF", 404, lambda a: replace(a, request=replace(a.request, target="/nowhere"))),
    ("I400CT", 400, lambda a: a.spoil(Content_Type="multipart/form-data")),
    ("I400MH", 400, lambda a: a.then(lambda r: r.with_headers(X_Ca_Signature=None))),
    ("A400IK", 400, lambda a: a.then(lambda r: r.with_headers(X_Ca_Key="999"))),
    ("X503BZ", 503, lambda a: a.admin("POST", "/faults", {"code": "X503BZ"}, expect=201)),
    ("S403TE", 403, lambda a: a.spoil(X_Ca_Timestamp="1")),
    ("S403NU", 403, nonce_is_used),
    ("I400HD", 400, lambda a: a.spoil(X_Ca_Signature_Method="HmacMD5")),
    ("I400I5", 400, lambda a: a.spoil(Content_MD5="x")),
    ("A403IS", 403, lambda a: replace(a, secret="wrong")),
    ("I403AA", 403, lambda a: a.admin("PATCH", "", {"standing": "unauthorized"})),
    ("B403MQ", 403, spend_all),
    ("T429PA", 429, throttle),
    ("none", 450, lambda a: a.admin("POST", "/faults", {"remark": "no"}, expect=201)),
]
# Preparations that call the API come first: later ones would keep those calls from passing.
FIRST_TO_DO = ("S403NU",)


def attempt_of(world: World, *spoils: tuple[str, int, Spoil]) -> tuple[int, str | None]:
    account = world.account(credits=50)
    attempt = Attempt(world, account, Request(), account["app_secret"])
    for _, _, spoil in sorted(spoils, key=lambda each: each[0] not in FIRST_TO_DO):
        attempt = spoil(attempt)
    return attempt.send()


@pytest.mark.claim("order-of-checks")
@pytest.mark.parametrize("failure", IN_ORDER, ids=[code for code, _, _ in IN_ORDER])
def test_each_failure_alone(world: World, failure: tuple[str, int, Spoil]) -> None:
    code, status, _ = failure

    assert attempt_of(world, failure) == (status, None if code == "none" else code)


@pytest.mark.claim("order-of-checks")
@pytest.mark.parametrize(
    ("earlier", "later"),
    list(combinations(IN_ORDER, 2)),
    ids=[f"{one[0]} before {other[0]}" for one, other in combinations(IN_ORDER, 2)],
)
def test_the_earlier_check_speaks(
    world: World, earlier: tuple[str, int, Spoil], later: tuple[str, int, Spoil]
) -> None:
    assert attempt_of(world, earlier, later) == (earlier[1], earlier[0])
