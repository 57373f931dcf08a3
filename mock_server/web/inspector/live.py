"""What is new on a page: its region again whenever its mark has changed, and the clock as it runs.

Rule 1: who writes does not know that anybody looks: a feed asks the database, which also knows
what other workers wrote. A page that nobody has open costs nothing.
Rule 2: a feed does not know who sends it: `serve` does, as Server-Sent Events
(serving/event_streams.py); under another server the browser asks again and again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from mock_server.pages.environment import render
from mock_server.store.engine.transaction import Transaction
from mock_server.web.inspector.frame import (
    CLOCK,
    SAID,
    TEMPLATES,
    Browser,
    Inspector,
    address,
    clock_values,
    is_served,
)
from mock_server.web.inspector.page import NOBODY, Page, View
from mock_server.words import Words

# The parameter of an address with which a page stays as it is.
LIVE, OFF = "live", "off"


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its name, its HTML, and the mark up to which the browser then has everything."""

    name: str
    html: str
    mark: str


@dataclass(slots=True, kw_only=True)
class Feed:
    """What is new for one browser on one page, or on that of one of its things. `since`: the mark
    of what it has.
    """

    inspector: Inspector
    page: Page
    account_id: str
    browser: Browser
    since: str
    _clock: str = ""

    def check(self) -> None:
        """Raise UsageError, such as NotFoundError, if there is nothing to tell news of."""
        self.inspector.simulator.database.read(
            lambda tx: self.page.mark(
                tx, self.inspector.view(tx, self.account_id, self.browser, self.since)
            )
        )

    def events(self) -> list[Event]:
        """Return what is new since the last time. It reads the database, which takes a moment.

        Raises NotFoundError once the account is gone.
        """
        found, clock, mark = self.inspector.simulator.database.read(self._read)
        events = []
        if found is not None:
            events.append(Event("region", region_html(self.page, self.browser.words, found), mark))
        words = self.browser.words
        shown = render(f"{TEMPLATES}/clock_face.html", words.language, t=words, clock=clock)
        if shown != self._clock:
            events.append(Event("clock", shown, mark))
        self.since, self._clock = mark, shown
        return events

    def _read(self, tx: Transaction) -> tuple[dict[str, Any] | None, dict[str, Any] | None, str]:
        view = self.inspector.view(tx, self.account_id, self.browser, self.since)
        if self.browser.query.get("only") == CLOCK:
            return None, clock_values(tx, view), self.since
        mark = self.page.mark(tx, view)
        found = self.page.region(tx, view) if mark != self.since else None
        return found, clock_values(tx, view), mark


def region_html(page: Page, words: Words, values: Mapping[str, Any]) -> str:
    """Return the region of a page."""
    return render(f"{TEMPLATES}/{page.name}.html", words.language, t=words, **values)


def asked_html(url: str, region: str, clock: str) -> str:
    """Return region and clock for a browser that asked for them; it asks again at `url`."""
    # Both are pages of ours, rendered and escaped already.
    parts = {"region": Markup(region), "clock": Markup(clock)}  # noqa: S704
    return render(f"{TEMPLATES}/asked.html", url=url, **parts)


def page_values(tx: Transaction, page: Page, view: View, steps: tuple[str, ...]) -> dict[str, Any]:
    """Return the values of page.html or one.html: those of the region, and how the browser hears of
    news. `steps`: the address of the page, below that of its account.
    """
    mark = page.mark(tx, view)
    return {**page.region(tx, view), "region": page, "live": _live(view, steps, mark)}


def _live(view: View, steps: tuple[str, ...], mark: str) -> dict[str, Any]:
    """Return where the browser hears of news: sent, or asked for, unless the person wants none."""
    at = (view.account_id or NOBODY, *steps)
    query = {**view.query, SAID: "", LIVE: ""}
    if view.query.get(LIVE) == OFF:
        return {"stream": "", "region": "", "toggle": address(*at, **query)}
    return {
        # Under another server nothing is sent, and the browser asks for the region.
        "stream": address(*at, "live", **query, mark=mark) if is_served() else "",
        "region": address(*at, "region", **query, mark=mark),
        "toggle": address(*at, **{**query, LIVE: OFF}),
    }
