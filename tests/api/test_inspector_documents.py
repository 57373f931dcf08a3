"""The OpenAPI documents in their viewer: guarded, and bound to this server."""

import pytest

from mock_server.web.inspector.documents import SOURCES
from tests.support import worlds
from tests.support.inspector import Text
from tests.support.worlds import World


@pytest.mark.parametrize("name", SOURCES)
def test_the_viewer_shows_the_document_and_can_call_this_server_only(
    world: World, name: str
) -> None:
    answer = world.http.get(f"/_mock/docs/{name}")
    policy = dict(
        each.strip().split(" ", 1) for each in answer.headers["Content-Security-Policy"].split(";")
    )
    ((_, viewer),) = [each for each in Text(answer.get_data(as_text=True)).tags
                      if each[0] == "rapi-doc"]  # fmt: skip

    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert viewer["spec-url"] == SOURCES[name]
    assert viewer["server-url"] == "http://localhost"
    assert viewer["allow-server-selection"] == "false"
    assert world.http.get(SOURCES[name]).status_code == 200


def test_the_viewer_is_packaged_with_us(world: World) -> None:
    found = Text(world.http.get("/_mock/docs/api").get_data(as_text=True))
    sources = [attrs.get("src") or attrs.get("href") or "" for tag, attrs in found.tags
               if tag in ("script", "link")]  # fmt: skip

    assert len(sources) == 3
    for each in sources:
        assert each.startswith("/_mock/assets/")
        assert world.http.get(each).status_code == 200


def test_the_viewer_is_found(world: World) -> None:
    assert world.http.get("/_mock/docs").location == "/_mock/docs/api"
    assert world.http.get("/_mock/docs/").location == "/_mock/docs/api"
    assert world.http.get("/_mock/docs/other").status_code == 404
    assert "/_mock/docs" in world.http.get("/_mock/inspect/default/calls").get_data(as_text=True)


def test_the_viewer_is_guarded_like_every_page() -> None:
    with worlds.simulator(token="s3cret") as simulator:
        world = World(simulator, worlds.RealClock(), worlds.Postbox())
        assert world.http.get("/_mock/docs/admin").status_code == 401
        assert world.http.get("/_mock/docs").status_code == 401
