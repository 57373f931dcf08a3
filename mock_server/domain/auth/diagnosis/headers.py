"""Mistakes in the lines of the listed headers: which, in which order, how spelt, what value."""

import re

from mock_server.domain.auth.diagnosis.candidate import SigningContext
from mock_server.domain.auth.diagnosis.lines import Variants, always
from mock_server.domain.auth.signatures import FIXED_HEADERS

NOT_SIGNED = ("x-ca-signature", "x-ca-signature-headers")
MOST_NAMES = 32


def timestamp_units(scene: SigningContext) -> Variants:
    """Seconds signed for the milliseconds that were sent, or the other way round."""
    sent = scene.sent("x-ca-timestamp") or ""
    if re.fullmatch(r"[0-9]{11,16}", sent):
        seconds, rest = sent[:-3], sent[-3:]
        for text in (seconds, f"{seconds}.{rest}", f"{seconds}.{rest.rstrip('0') or 0}"):
            yield {"timestamp": text}, "seconds"
    elif re.fullmatch(r"[0-9]{1,10}", sent):
        yield {"timestamp": sent + "000"}, "milliseconds"


def nonce_spelling(scene: SigningContext) -> Variants:
    """The nonce in another spelling."""
    sent = scene.sent("x-ca-nonce") or ""
    for text in (sent.replace("-", ""), sent.lower(), sent.upper()):
        if text != sent:
            yield {"nonce": text}, ""


def headers_none(scene: SigningContext) -> Variants:
    """No header line at all."""
    if scene.draft.names:
        yield {"names": ()}, ""


def headers_dropped(scene: SigningContext) -> Variants:
    """Some listed header not signed: one, or all that were not sent."""
    names = scene.draft.names[:MOST_NAMES]
    for dropped in names:
        yield {"names": tuple(name for name in scene.draft.names if name != dropped)}, dropped
    sent = tuple(name for name in scene.draft.names if name.lower() in scene.draft.values)
    if sent != scene.draft.names:
        yield {"names": sent}, "a header that was not sent"


def headers_all(scene: SigningContext) -> Variants:
    """Every X-Ca-* header that was sent, listed or not."""
    yield from _with_names(scene, [name for name in _sent_ca(scene) if name not in NOT_SIGNED])


def headers_self(scene: SigningContext) -> Variants:
    """X-Ca-Signature-Headers among the signed headers."""
    yield from _with_names(scene, [*_lower_names(scene), "x-ca-signature-headers"])
    everything = [name for name in _sent_ca(scene) if name != "x-ca-signature"]
    yield from _with_names(scene, everything)


def headers_fixed(scene: SigningContext) -> Variants:
    """A listed Accept, Content-MD5, Content-Type or Date signed as a header line, too."""
    listed = (scene.sent("x-ca-signature-headers") or "").lower().split(",")
    fixed = [name.strip() for name in listed if name.strip() in FIXED_HEADERS]
    if fixed:
        yield from _with_names(scene, [*_lower_names(scene), *fixed])


def _sent_ca(scene: SigningContext) -> list[str]:
    names = (name for name, _ in scene.call.headers if name.startswith("x-ca-"))
    return list(dict.fromkeys(names))[:MOST_NAMES]


def _lower_names(scene: SigningContext) -> list[str]:
    return [name.lower() for name in scene.draft.names]


def _with_names(scene: SigningContext, lower: list[str]) -> Variants:
    """Yield these headers, spelt as in the list where they are listed, else in a usual way."""
    listed = {name.lower(): name for name in scene.draft.names}
    for spelling in (str.title, str.lower):
        names = [listed.get(name, _spelt(name, spelling is str.title)) for name in lower]
        yield {"names": tuple(sorted(set(names)))}, ""


def _spelt(name: str, titled: bool) -> str:  # noqa: FBT001
    return name.title().replace("-Md5", "-MD5") if titled else name


def headers_unsorted(scene: SigningContext) -> Variants:
    """The headers in another order than that of their names."""
    names = (scene.sent("x-ca-signature-headers") or "").split(",")
    signed = set(scene.draft.names)
    as_listed = dict.fromkeys(name.strip() for name in names if name.strip() in signed)
    yield {"names": tuple(as_listed)}, "in the order of the list"
    by_lower = tuple(sorted(scene.draft.names, key=str.lower))
    yield {"names": by_lower}, "sorted ignoring case"
    order = [name for name, _ in scene.call.headers]
    as_sent = sorted(scene.draft.names, key=lambda name: _position(order, name.lower()))
    yield {"names": tuple(as_sent)}, "in the order they were sent"
    yield {"names": tuple(reversed(scene.draft.names))}, "in reverse order"


def _position(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def headers_case(scene: SigningContext) -> Variants:
    """Header names in another case than in the list."""
    for spelling, what in ((str.lower, "lower case"), (str.title, "X-Ca-Key style"),
                           (str.upper, "capitals")):  # fmt: skip
        yield {"spelling": spelling}, what
        sorted_anew = tuple(sorted(scene.draft.names, key=spelling))
        if sorted_anew != scene.draft.names:
            yield {"spelling": spelling, "names": sorted_anew}, what


def headers_separator(scene: SigningContext) -> Variants:
    """Something else than a colon alone between name and value."""
    if scene.draft.names:
        for separator in (": ", "=", ""):
            yield {"separator": separator}, f"`{separator}`" if separator else "nothing"


def headers_list_separator(scene: SigningContext) -> Variants:
    """X-Ca-Signature-Headers separated by something else than commas."""
    listed = scene.sent("x-ca-signature-headers") or ""
    names = [name for name in re.split(r"[:;,|\s]+", listed) if name]
    wanted = {name for name in names if name.lower() not in (*FIXED_HEADERS, *NOT_SIGNED)}
    if wanted != set(scene.draft.names):
        yield {"names": tuple(sorted(wanted))}, ""


def headers_missing_newline(scene: SigningContext) -> Variants:
    """No newline after the last header."""
    if scene.draft.names:
        yield {"newlines_after_headers": 0}, ""


# An empty line between the headers, even if there are none, and the path.
headers_extra_newline = always(({"newlines_after_headers": 2}, ""))
