"""A stranger who pastes the README's commands sees what the README shows."""

from tests.support import session


def test_the_curl_session_gives_what_it_prints() -> None:
    assert session.commands()

    assert session.masked(session.played()) == session.masked(session.written())
