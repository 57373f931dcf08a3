"""What the client is asked for, and what goes wrong meanwhile: the generated part of a world.

Rule 1: a *fine* intent is accepted under every reading; the client may not refuse it.
Rule 2: an odd one may be refused by either side, but what becomes of it must be told truly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mock_server.client_suite.story import Trouble
from mock_server.contract import load_catalogue, load_toml

STYLES = ("food_fryrice", "pet_cat")
ADDRESS = "https://example.com"
# Stands for a picture that the server has, so that nothing is fetched from elsewhere.
IMAGE = "https://example.com/code.png"
PROMPT = "水墨山水, 远山"
# No client on this machine can live with it: the name in the address is not the vendor's.
LEFT_OUT = frozenset({"host.check"})
# One of each way in which the gateway says no; the others are met by the sweep.
USUAL_CODES = ("B403MQ", "D504TO", "T429PA", "A403IS", "X500ER", "X503BZ", "A400AC", "I400PA")
# Ways to lose an answer, or the call; a server that cannot perform one is not asked for it.
LOST_ANSWERS = ("reset", "close", "truncate", "garbage", "invalid_json", "html_page")
LOST_CALLS = ("reset", "close", "html_page")
BUSY = "系统繁忙，请稍后再试"  # the service is busy, try again later
FINAL = "请求被拒绝，请勿重试"  # the request is refused, do not try again
# Less than the shortest answer has.
KEPT_BYTES = 10
# Any client waits that long; longer than it does is `late_seconds` of the suite.
SHORT_DELAY_S = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A task that somebody wants."""

    fields: Mapping[str, str]
    is_fine: bool

    def wanted(self) -> dict[str, str | None]:
        """Return what the task has to be, by the vendor's rules of precedence."""
        given = {name: value for name, value in self.fields.items() if value}
        text, style = given.get("text"), given.get("style_id")
        return {
            "text": text,
            "qr_code_url": None if text else given.get("qr_code_url"),
            "style_id": style,
            "your_prompt": None if style else given.get("your_prompt"),
            "call_back": given.get("call_back"),
        }


PLAIN = Intent(fields={"text": ADDRESS, "style_id": STYLES[0]}, is_fine=True)


@cache
def readings() -> tuple[tuple[str, str], ...]:
    """Return every (reading, word) that is not a default."""
    return tuple(
        (each["id"], word)
        for each in load_toml("readings.toml")["reading"]
        if each["id"] not in LEFT_OUT
        for word in each["alternatives"]
    )


def codes() -> tuple[str, ...]:
    """Return every code of the gateway's error table."""
    return tuple(load_catalogue().errors.rows)


def gateway_error(code: str, calls: int | None = None) -> Trouble:
    """Return the trouble of a gateway that says no."""
    rule = {"code": code} if calls is None else {"code": code, "calls": calls}
    return Trouble(says=f"{_often(calls)} answered {code}", rule=rule)


def refusal(calls: int | None = None) -> Trouble:
    """Return the trouble of a service that refuses: all for now, or some for good."""
    rule = {"remark": BUSY} if calls is None else {"remark": FINAL, "calls": calls}
    return Trouble(says=f"{_often(calls)} refused", rule=rule)


def lost_answer(kind: str) -> Trouble:
    """Return the trouble of an answer that is booked and never arrives whole."""
    more = {"keep_bytes": KEPT_BYTES} if kind == "truncate" else {}
    return Trouble(
        says=f"the first answer is lost on the way ({kind})",
        rule={"kind": kind, "calls": 1, **more},
        loses_answer=True,
    )


def lost_call(kind: str) -> Trouble:
    """Return the trouble of a call that looks the same, and was never carried out."""
    return Trouble(
        says=f"the first call is lost before it is carried out ({kind})",
        rule={"kind": kind, "calls": 1, "commit": "before"},
        loses_answer=True,
    )


def ghost() -> Trouble:
    """Return the trouble of a call that is carried out, and answered 504."""
    return Trouble(
        says="the first call is carried out and answered 504",
        rule={"kind": "ghost", "calls": 1},
        loses_answer=True,
    )


def late(seconds: float = SHORT_DELAY_S) -> Trouble:
    """Return the trouble of an answer that is booked at once and arrives late."""
    return Trouble(
        says=f"the first answer is {seconds:g} s late",
        rule={"kind": "delay", "for_ms": max(1, round(seconds * 1000)), "calls": 1},
        is_slow=True,
    )


def drip() -> Trouble:
    """Return the trouble of an answer that arrives piece by piece."""
    return Trouble(
        says="the first answer arrives in small pieces",
        rule={"kind": "dribble", "chunk_bytes": 50, "pause_ms": 60, "calls": 1},
        is_slow=True,
    )


def losses() -> tuple[Trouble, ...]:
    """Return every way in which a client is left in the dark."""
    return (
        *(lost_answer(kind) for kind in LOST_ANSWERS),
        *(lost_call(kind) for kind in LOST_CALLS),
        ghost(),
    )


def _often(calls: int | None) -> str:
    return "every call is" if calls is None else "the first call is"


def fine_texts() -> SearchStrategy[str]:
    """Addresses of at most 35 characters, with whatever stands in addresses."""
    ends = st.text(st.sampled_from("abzQAB019-._~/?&=+%#:@!$'()*,;äß二维码日本🎨"), max_size=12)
    return st.one_of(st.just(ADDRESS), ends.map(lambda end: f"{ADDRESS}/{end}"))


def odd_texts() -> SearchStrategy[str]:
    """What people paste: nothing, far too much, any character there is."""
    anything = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map(str.strip)
    long = st.integers(36, 400).map(lambda size: (ADDRESS + "/" + "x" * size)[:size])
    return st.one_of(long, anything, st.just(""), st.just("x" * 3000))


def fine_intents() -> SearchStrategy[Intent]:
    """What everybody may ask for: one of each pair."""
    content = st.one_of(
        fine_texts().map(lambda text: {"text": text}), st.just({"qr_code_url": IMAGE})
    )
    look = st.one_of(
        st.sampled_from(STYLES).map(lambda style: {"style_id": style}),
        st.just({"your_prompt": PROMPT}),
    )
    return st.builds(lambda what, how: Intent(fields={**what, **how}, is_fine=True), content, look)


def odd_intents() -> SearchStrategy[Intent]:
    """Either-or pairs in every combination, and odd values."""
    text = st.one_of(st.just(ADDRESS), odd_texts())
    both = st.fixed_dictionaries({"text": text, "qr_code_url": st.just(IMAGE)})
    content = st.one_of(
        both,
        text.map(lambda each: {"text": each}),
        st.sampled_from([{}, {"qr_code_url": IMAGE}, {"text": "", "qr_code_url": IMAGE},
                         {"text": ADDRESS, "qr_code_url": ""}]),
    )  # fmt: skip
    look = st.sampled_from(
        [*({"style_id": each} for each in (*STYLES, "no_such_style")), {"your_prompt": PROMPT},
         {"style_id": STYLES[1], "your_prompt": PROMPT}, {"style_id": "", "your_prompt": PROMPT},
         {"style_id": STYLES[0], "your_prompt": ""}, {}]
    )  # fmt: skip
    return st.builds(lambda what, how: Intent(fields={**what, **how}, is_fine=False), content, look)


def troubles() -> SearchStrategy[Trouble | None]:
    """What goes wrong while the client does something; every other time nothing."""
    often: tuple[int | None, ...] = (None, 1)
    said = [gateway_error(code, calls) for code in USUAL_CODES for calls in often]
    refused = [refusal(calls) for calls in often] * 3
    return st.one_of(st.none(), st.sampled_from([*refused, *said, *losses(), drip()]))


def every_trouble() -> tuple[Trouble, ...]:
    """Return every trouble that the suite ever makes."""
    often: tuple[int | None, ...] = (None, 1)
    said = (gateway_error(code, calls) for code in codes() for calls in often)
    return (*said, *(refusal(calls) for calls in often), *losses(), late(), drip())


def worlds() -> SearchStrategy[dict[str, str]]:
    """Words for readings, at most three of which are not the default."""
    usual = st.sampled_from([{}, {"refusal.status": "200"}])
    others = st.lists(st.sampled_from(readings()), max_size=2).map(dict)
    return st.builds(lambda one, more: {**one, **more}, usual, others)
