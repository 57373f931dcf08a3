"""Access to the admin API: from this machine or with the token, never from a web page."""

from collections.abc import Iterator

import pytest

from mock_server.settings import Settings
from tests.support import worlds
from tests.support.worlds import World

TOKEN = "s3cret-token"
ROUTES = ["/_mock/health", "/_mock/accounts", "/_mock/calls", "/_mock/accounts/default/bill"]


@pytest.fixture
def guarded() -> Iterator[World]:
    """A simulator whose admin API requires a token."""
    real_now, postbox = worlds.RealClock(), worlds.Postbox()
    with worlds.simulator(real_now, postbox, token=TOKEN) as simulator:
        yield World(simulator, real_now, postbox)


def status(world: World, path: str = "/_mock/health", **headers: str) -> int:
    return world.http.get(path, headers=headers).status_code


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:3040", "localhost", "localhost:1", "LOCALHOST", "[::1]", "[::1]:3040",
     "127.9.9.9"],
)  # fmt: skip
def test_a_host_that_names_this_machine_is_welcome(world: World, host: str) -> None:
    assert status(world, Host=host) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.test", "evil.test:3040", "localhost.evil.test", "127.0.0.1.evil.test", "192.168.1.9",
     "", "[::", "127.0.0.1@evil.test", "a b", "10.0.0.1:3040"],
)  # fmt: skip
@pytest.mark.parametrize("path", ROUTES)
def test_any_other_host_is_refused_so_that_no_name_can_be_pointed_here(
    world: World, host: str, path: str
) -> None:
    answer = world.http.get(path, headers={"Host": host})

    assert answer.status_code == 403
    assert "--public-url" in answer.get_json()["detail"]


def test_the_host_of_the_public_address_is_welcome() -> None:
    with worlds.simulator(public_url="http://qr.test:3040") as simulator:
        world = World(simulator, worlds.RealClock(), worlds.Postbox())

        assert status(world, Host="qr.test:3040") == 200
        assert status(world, Host="evil.test:3040") == 403


@pytest.mark.parametrize(
    ("public", "host"),
    [("http://QR.test", "qr.test."), ("http://qr.test.", "QR.TEST:3040"),
     ("http://例子.测试", "xn--fsqu00a.xn--0zwm56d"),
     ("http://例子。测试.", "XN--FSQU00A.xn--0zwm56d.")],
)  # fmt: skip
def test_the_public_host_is_welcome_however_it_is_spelt(public: str, host: str) -> None:
    with worlds.simulator(public_url=public) as simulator:
        world = World(simulator, worlds.RealClock(), worlds.Postbox())

        assert status(world, Host=host) == 200
        assert status(world, Host="strasse.test") == 403


@pytest.mark.parametrize(
    "origin",
    ["http://evil.test", "null", "", "localhost", "http://localhost:9", "http://[x", "file://",
     "http://localhost.evil.test", "http://localhost@evil.test"],
)  # fmt: skip
def test_a_page_of_another_origin_is_refused(world: World, origin: str) -> None:
    assert status(world, Origin=origin) == 403


def test_a_page_of_our_own_is_welcome(world: World) -> None:
    assert status(world, Origin="http://localhost") == 200
    assert status(world, Host="127.0.0.1:3040", Origin="http://127.0.0.1:3040") == 200


def test_a_page_may_not_write_either(world: World) -> None:
    answer = world.http.post("/_mock/accounts", headers={"Origin": "http://evil.test"})

    assert answer.status_code == 403
    assert len(world.admin("GET", "/accounts")["accounts"]) == 1


@pytest.mark.parametrize("path", ROUTES)
def test_with_a_token_calls_that_send_it_are_allowed_from_anywhere(
    guarded: World, path: str
) -> None:
    assert status(guarded, path, Authorization=f"Bearer {TOKEN}", Host="qr.test") == 200
    assert status(guarded, path, Authorization=f"bearer  {TOKEN} ") == 200


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer x", f"Basic {TOKEN}", TOKEN]
)
@pytest.mark.parametrize("path", ROUTES)
def test_with_a_token_calls_without_it_are_refused(
    guarded: World, path: str, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = guarded.http.get(path, headers=headers)

    assert answer.status_code == 401
    assert "Authorization: Bearer TOKEN" in answer.get_json()["detail"]


def test_the_probes_and_the_vendors_api_need_no_token(guarded: World) -> None:
    assert status(guarded, "/_mock/livez") == 200
    assert status(guarded, "/_mock/readyz") == 200
    assert len(guarded.submit()) == 24


def test_a_token_does_not_let_a_page_of_another_origin_in(guarded: World) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Origin": "http://evil.test"}

    assert status(guarded, **headers) == 403


def test_the_token_is_not_in_what_settings_say_of_themselves() -> None:
    assert TOKEN not in repr(Settings(token=TOKEN))


@pytest.mark.parametrize("path", ["/_mock", "/_mock/nope", "/_mock/openapi.json", "/_mock/health"])
def test_nothing_under_the_prefix_is_shown_to_another_host(world: World, path: str) -> None:
    assert world.http.get(path, headers={"Host": "evil.test"}).status_code == 403


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "GET"])
@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site", "unheard-of"])
def test_a_browser_that_names_another_site_is_refused_without_an_origin_too(
    world: World, guarded: World, site: str, method: str
) -> None:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    for each in (world, guarded):
        sent = {**headers, "Authorization": f"Bearer {TOKEN}"}
        answer = each.http.open("/_mock/accounts", method=method, headers=sent)

        assert answer.status_code == 403
        assert "Sec-Fetch-Site" in answer.get_json()["detail"]
    assert len(world.admin("GET", "/accounts")["accounts"]) == 1


@pytest.mark.parametrize("site", ["none", "same-origin", ""])
def test_a_browser_that_names_no_other_site_is_welcome(world: World, site: str) -> None:
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "cors"}

    assert world.http.post("/_mock/accounts", json={}, headers=headers).status_code == 201


def test_a_link_of_another_site_may_be_followed_and_only_that(world: World) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

    assert world.http.get("/_mock/health", headers=link).status_code == 200
    assert world.http.post("/_mock/accounts", json={}, headers=link).status_code == 403
