"""The frame of every page: navigation, accounts, the clock, the language; and how a page is read.

Rule 1: a page is read in one transaction, frame and all.
Rule 2: a page runs no script but ours, loads nothing from elsewhere, and is in no one's frame.
Rule 3: a form posts, and is answered with a redirect to a page that says what was done.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from flask import Response, current_app, redirect, request

from mock_server.actions.accounts import lookup
from mock_server.actions.gateway.signature_review import wait_for_reviews
from mock_server.actions.reports import account_names, clock_face
from mock_server.domain.account import DEFAULT_ID
from mock_server.domain.account.accounts import Account
from mock_server.domain.usage_errors import NotFoundError, UsageError
from mock_server.formatting import SHANGHAI, instant
from mock_server.pages.environment import render
from mock_server.simulator import Simulator
from mock_server.store.engine.transaction import Transaction
from mock_server.web.inspector import assets
from mock_server.web.inspector.page import NOBODY, Page, View
from mock_server.web.inspector.words import languages, wanted, words_of
from mock_server.web.keys import SERVING
from mock_server.web.paths import INSPECTOR, VIEWER
from mock_server.words import Words

TEMPLATES = "web/inspector/templates"
# What a browser may do with a page. Styles come as a file, so no style of a client's text counts.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    # Not `no-referrer`: with it, a browser says `Origin: null` of our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
CLOCK = "clock"  # the value of the parameter `only` of a stream without a region
MOST_DIGITS = 19
SAID = "said"  # the parameter of an address that names what was done
MAX_DIGITS = 18
Values = Callable[[Transaction, View], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """Who asks: the parameters of the address, the language, and the address of the server. `key`:
    which one thing, on a page of one.
    """

    query: Mapping[str, str]
    words: Words
    base_url: str
    key: str = ""


def asking(key: str = "") -> Browser:
    """Return who makes the current request."""
    return Browser(
        query=request.args.to_dict(),
        words=wanted(request),
        base_url=request.host_url.rstrip("/"),
        key=key,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspector:
    """The pages of a simulator, in the order of the navigation."""

    simulator: Simulator
    pages: tuple[Page, ...]

    def page(self, name: str) -> Page | None:
        """Return a page by its name."""
        return next((each for each in self.pages if each.name == name), None)

    def view(
        self,
        tx: Transaction,
        account_id: str,
        browser: Browser,
        since: str = "",
    ) -> View:
        """Return what a page is shown for. Raises NotFoundError."""
        return View(
            simulator=self.simulator,
            account=None if account_id == NOBODY else lookup.find(tx, account_id),
            query=browser.query,
            words=browser.words,
            base_url=browser.base_url,
            since=since,
            key=browser.key,
        )

    def show(
        self,
        account_id: str,
        page_name: str,
        template: str,
        values: Values,
        *,
        key: str = "",
        status: int = 200,
    ) -> Response:
        """Return a page within the frame. `template`: its name in the folder of the pages."""
        # What is still found out about a call is part of it.
        wait_for_reviews(self.simulator, account_id)
        browser = asking(key)

        def read(tx: Transaction) -> dict[str, Any]:
            view = self.view(tx, account_id, browser)
            found = values(tx, view)
            return {
                "t": view.words,
                "frame": self._frame(tx, view, page_name),
                "live": clock_alone(view, page_name),
                **found,
            }

        found = self.simulator.database.read(read)
        return html(render(f"{TEMPLATES}/{template}", browser.words.language, **found), status)

    def complain(self, message: str, status: int) -> Response:
        """Return a page that says what was wrong with a request, and leads back."""
        words = wanted(request)
        text = render(
            f"{TEMPLATES}/problem.html", words.language, t=words, message=message, status=status,
            style=assets.href("inspector.css"), icon=assets.href("icon.svg"), back=INSPECTOR + "/",
        )  # fmt: skip
        return html(text, status)

    def _frame(self, tx: Transaction, view: View, page_name: str) -> dict[str, Any]:
        shown = view.account_id or NOBODY
        return {
            "page": page_name,
            "account": view.account,
            "account_id": shown,
            "pages": [(each.name, address(shown, each.name)) for each in self._open_to(view)],
            "accounts": account_names.first(tx),
            "clock": clock_values(tx, view),
            "said": _said(view),
            "languages": [(each, words_of(each)("language.name")) for each in languages()],
            "has_token": self.simulator.settings.token is not None,
            "here": request.full_path.rstrip("?"),
            "style": assets.href("inspector.css"),
            "icon": assets.href("icon.svg"),
            "scripts": [assets.href(each) for each in assets.SCRIPTS],
            "root": INSPECTOR,
            "documents": VIEWER,
        }

    def _open_to(self, view: View) -> list[Page]:
        return [each for each in self.pages if view.account is not None or each.for_nobody]


def clock_alone(view: View, page_name: str) -> dict[str, str]:
    """Return where a page without a region hears of the clock."""
    if view.account is None or not is_served():
        return {"stream": ""}
    return {"stream": address(view.account.id, page_name, "live", only=CLOCK)}


def clock_values(tx: Transaction, view: View) -> dict[str, Any] | None:
    """Return what the frame shows of the clock; None for calls that name no account."""
    if view.account is None:
        return None
    face = clock_face.face(tx, view.simulator, view.account)
    return {
        "now": instant(face.now),
        "zone": SHANGHAI.tzname(None),
        "rate": f"{face.clock.rate:g}",
        "frozen": face.clock.frozen,
        "next": face.next,
        "next_at": instant(face.next.at) if face.next else None,
        "next_in_ms": face.next.at - face.now if face.next else None,
    }


def address(account_id: str, *steps: object, **query: object) -> str:
    """Return the address of a page of an account, such as `/_mock/inspect/default/calls/7`."""
    path = "/".join([INSPECTOR, *(quote(str(each), safe="") for each in (account_id, *steps))])
    given = {name: value for name, value in query.items() if value not in (None, "")}
    return f"{path}?{urlencode(given)}" if given else path


def done(account_id: str, page_name: str, said: str, *steps: object) -> Response:
    """Answer a form: go to a page, which says `said.SAID` of the catalogue."""
    return to(address(account_id, page_name, *steps, **{SAID: said}))


def back(said: str) -> Response:
    """Answer a form of the frame: go to the page that it was on, which says what was done."""
    here = request.form.get("here", "")
    path, _, query = here.partition("?")
    is_odd = "\\" in here or "//" in here or not (here.isascii() and here.isprintable())
    if is_odd or not path.startswith(INSPECTOR + "/"):
        return to(address(DEFAULT_ID, "calls", **{SAID: said}))
    kept = [each for each in query.split("&") if each and not each.startswith(f"{SAID}=")]
    return to(f"{path}?{'&'.join([*kept, f'{SAID}={said}'])}")


def to(url: str) -> Response:
    """Answer a form with a redirect."""
    answer = redirect(url, 303, Response)
    assert isinstance(answer, Response)  # noqa: S101 - it is of the class that was asked for
    return answer


def html(text: str, status: int = 200) -> Response:
    """Return a page as an answer."""
    return Response(text, status, HEADERS, mimetype="text/html")


def field(name: str, *, least: int = 0, most: int = 10_000) -> str:
    """Return a field of the posted form, without space around it. Raises UsageError."""
    value = request.form.get(name, "").strip()
    if not least <= len(value) <= most:
        raise UsageError(f"{name} must have {least} to {most} characters, not {len(value)}")
    return value


def whole(name: str, text: str, *, signed: bool = False) -> int:
    """Return the whole number that a field of a form has. Raises UsageError."""
    digits = text.removeprefix("-") if signed else text
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS):
        raise UsageError(f"{name} must be a whole number, not {text[:64]!r}")
    return int(text)


def must_be_sure() -> None:
    """Check that the person has ticked the box of a form that empties an account."""
    if request.form.get("sure") != "yes":
        raise UsageError("tick the box first: what the account did would be gone")


def is_served() -> bool:
    """Whether `serve` runs the application, which can send pages what is new."""
    return SERVING in current_app.config


def chosen(query: Mapping[str, str], name: str) -> str:
    """Return a parameter of the address without space around it; a form sends it empty for any."""
    return query.get(name, "").strip()


def number_in(query: Mapping[str, str], name: str, default: int) -> int:
    """Return a parameter of the address that is the number of something. Raises UsageError."""
    text = chosen(query, name)
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS):
        raise UsageError(f"{name} must be a number, not {text[:64]!r}")
    return int(text)


def number_of(view: View) -> int:
    """Return the number of the one thing that a page shows. Raises NotFoundError."""
    if not (view.key.isascii() and view.key.isdigit() and len(view.key) <= MAX_DIGITS):
        raise NotFoundError(f"no number: {view.key[:64]!r}")
    return int(view.key)


def account_of(view: View) -> Account:
    """Return the account of a view that has one. Raises UsageError."""
    if view.account is None:
        raise UsageError("calls that name no account have no such page: choose an account")
    return view.account


def _said(view: View) -> str | None:
    """Return what was done, if the address says so; a link from elsewhere can say nothing else."""
    key = f"said.{view.query.get(SAID, '')}"
    return view.words(key) if view.words.has(key) else None
