"""What clients are known to get wrong, each as a short play of its own; nothing is left to luck."""

from collections.abc import Callable
from functools import partial

from mock_server.client_suite import inputs
from mock_server.client_suite.driver import Play
from mock_server.client_suite.inputs import ADDRESS, IMAGE, PLAIN, PROMPT, STYLES, Intent
from mock_server.client_suite.story import Trouble

STYLE = {"style_id": STYLES[1]}
FINE: tuple[dict[str, str], ...] = (
    {"text": ADDRESS, **STYLE},
    {"qr_code_url": IMAGE, **STYLE},
    {"text": ADDRESS, "your_prompt": PROMPT},
    {"text": f"{ADDRESS}/二维码?a=1&b=<ä>", **STYLE},
    {"text": f"{ADDRESS}/100%25+1🎨", "your_prompt": PROMPT},
    {"text": f"{ADDRESS}/Shop/?Q=A&b=", **STYLE},
)
ODD: tuple[dict[str, str], ...] = (
    {"text": ADDRESS, "qr_code_url": IMAGE, **STYLE},
    {"text": ADDRESS, **STYLE, "your_prompt": PROMPT},
    {"text": "", "qr_code_url": IMAGE, **STYLE},
    {"text": f"{ADDRESS}/{'x' * 100}", **STYLE},
    {"text": "x" * 3000, **STYLE},
    {"text": ADDRESS, "style_id": "no_such_style"},
    {"text": ADDRESS},
    STYLE,
    {},
)

Pitfall = Callable[[Play], None]


def life(play: Play) -> None:
    """A task from submit to end, asked about at every stage, among others."""
    play.submit(PLAIN)
    play.submit(Intent(fields={**FINE[0], **play.callback_field()}, is_fine=True))
    for _ in range(2):
        play.query(0)
        play.next_event()
    play.query(1)
    play.finish()
    play.query(0)
    play.query(1)
    play.list_all()


def failure(play: Play) -> None:
    """A task that fails."""
    play.submit(PLAIN)
    play.query(0)
    play.force(0, "failed")
    play.query(0)
    play.list_all()


def pages(play: Play, count: int) -> None:
    """A list of so many tasks."""
    play.fill(count)
    play.list_all()


def refused(play: Play) -> None:
    """A service that refuses, once and for good."""
    play.fill(1)
    play.meet(inputs.refusal())
    play.meet(inputs.refusal(1))
    play.query_unknown()


def told_off(play: Play, code: str) -> None:
    """A gateway that says no to everything."""
    play.fill(1)
    play.meet(inputs.gateway_error(code))


def asked(play: Play, fields: dict[str, str], *, is_fine: bool) -> None:
    """One submit."""
    play.submit(Intent(fields=fields, is_fine=is_fine))


def lost(play: Play, trouble: Trouble) -> None:
    """Being left in the dark, by each operation, in an account that others use too."""
    play.fill(1)
    play.meet(trouble)


def waits(play: Play, seconds: float) -> None:
    """An answer to a submit that comes late."""
    play.fill(1)
    play.submit(PLAIN, inputs.late(seconds))
    play.query(1)


def short() -> tuple[Pitfall, ...]:
    """Return those that tell the most, for a world of each reading."""
    odd = (partial(asked, fields=fields, is_fine=False) for fields in ODD[4:7])
    return (life, failure, refused, *odd)


def every(late_seconds: float) -> tuple[Pitfall, ...]:
    """Return all of them, the shortest first: the first that fails is what is told."""
    return (
        *of_refusals(),
        *(partial(lost, trouble=trouble) for trouble in inputs.losses()),
        *(partial(pages, count=count) for count in (20, 21, 51)),
        partial(lost, trouble=inputs.drip()),
        partial(waits, seconds=min(inputs.SHORT_DELAY_S, late_seconds)),
        partial(waits, seconds=late_seconds),
    )


def of_refusals() -> tuple[Pitfall, ...]:
    """Return those in which the service refuses something, or may: the way it does is open."""
    return (
        *(partial(asked, fields=fields, is_fine=True) for fields in FINE),
        *(partial(pages, count=count) for count in (0, 1)),
        refused,
        failure,
        life,
        *(partial(asked, fields=fields, is_fine=False) for fields in ODD),
    )
