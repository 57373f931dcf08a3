"""What is off in a submit: the pairs, the text, the short link, the style, the addresses."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import SplitResult

from mock_server.domain.findings.body_kinds import counts_characters
from mock_server.domain.findings.context import JudgedRequest
from mock_server.domain.findings.fields import FLAG, NO_VALUES
from mock_server.domain.findings.finding import NONE, Finding, Findings, pointer
from mock_server.domain.findings.placeholders import is_unfilled
from mock_server.domain.suggestions import nearest
from mock_server.domain.task.short_links import is_shortened
from mock_server.domain.task.submissions import is_holdable
from mock_server.domain.urls import AddressError, comparable_host, is_address, port_of, split_http

ADVISED_CHARACTERS = 35
# Names that only a private network knows.
PRIVATE_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".test", ".invalid", ".example")
ADDRESSES = ("qr_code_url", "call_back")
REMEMBERED, REMEMBERED_CHARACTERS = 512, 256
SHORT_LINK_HELPS = ", or send is_use_temp_short_link=1 if the code is needed for one day only."
WRONG_PORT = "The port of the URL is not a number from 1 to 65535."


PAIRS = (
    ("text", "qr_code_url", "text-or-image-missing", "image-shadowed"),
    ("style_id", "your_prompt", "style-or-prompt-missing", "prompt-shadowed"),
)


def shadowed(request: JudgedRequest) -> Findings:
    """image-shadowed, prompt-shadowed."""
    texts = request.texts
    return [
        Finding(id=finding, at=pointer("body", loser), sent=texts[loser])
        for winner, loser, _, finding in PAIRS
        if loser in texts and winner in texts
    ]


def missing(request: JudgedRequest) -> Findings:
    """text-or-image-missing, style-or-prompt-missing."""
    # A field that is there and cannot be read is another finding.
    fields = request.body.fields if request.body else {}
    return [
        Finding(id=finding, at="/body")
        for winner, loser, finding, _ in PAIRS
        if winner in request.known_fields and not fields.get(winner) and not fields.get(loser)
    ]


def no_address(request: JudgedRequest) -> Findings:
    """address-not-http: a text, where that has to be an address (claim text-any)."""
    content = request.texts.get("text", "")
    if request.readings.text_not_url != "refused" or "text" not in request.known_fields:
        return NONE
    if not content or content in NO_VALUES or is_address(content):
        return NONE
    return [Finding(id="address-not-http", at="/body/text", sent=content)]


def addresses(request: JudgedRequest) -> Findings:
    """address-not-http, callback-unreachable, callback-https, address-with-credentials."""
    hits = NONE
    for name in ADDRESSES:
        address = request.texts.get(name)
        if address is None or address in NO_VALUES or is_unfilled(name, address):
            continue
        hits = [*hits, *of_address(name, address)]
    return hits


def of_address(name: str, address: str) -> Sequence[Finding]:
    """Return what is off in the address in a field; a client has few, so they are remembered."""
    if len(address) <= REMEMBERED_CHARACTERS:
        return _remembered(name, address)
    return _address(name, address)


@lru_cache(REMEMBERED)
def _remembered(name: str, address: str) -> tuple[Finding, ...]:
    return tuple(_address(name, address))


def _address(name: str, address: str) -> Findings:
    at = pointer("body", name)
    try:
        parts = split_http(address)
        host = comparable_host(parts.hostname or "")
    except AddressError:
        return [Finding(id="address-not-http", at=at, sent=address)]
    if " " in address:
        return [Finding(id="address-not-http", at=at, sent=address)]
    if not _has_right_port(parts):
        return [Finding(id="address-not-http", at=at, sent=address, says=WRONG_PORT)]
    hits: Findings = []
    if "@" in parts.netloc:
        shown = address.replace(parts.netloc.rpartition("@")[0], "***")
        hits.append(Finding(id="address-with-credentials", at=at, sent=shown))
        address = shown
    if _is_private(host):
        hits.append(Finding(id=f"{'callback' if name == 'call_back' else 'image'}-unreachable",
                        at=at, sent=address))  # fmt: skip
    elif name == "call_back" and parts.scheme == "https":
        hits.append(Finding(id="callback-https", at=at, sent=address))
    return hits


def _has_right_port(parts: SplitResult) -> bool:
    try:
        return port_of(parts) != 0
    except AddressError:
        return False


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host.rstrip(".") or host.rstrip(".").endswith(PRIVATE_ENDINGS)


def text(request: JudgedRequest) -> Findings:
    """text-too-long, text-long, short-link-stored, short-link-needless."""
    content = request.texts.get("text")
    if content is None:
        return NONE
    wished = request.texts.get(FLAG) == "1"
    shortened = wished and is_shortened(content)
    if not shortened and not is_holdable(content):
        size = f"{len(content.encode('utf-8', 'replace'))} bytes: {content}"
        return [Finding(id="text-too-long", at="/body/text", sent=size)]
    sent = f"{len(content)} characters: {content}"
    if shortened:
        return [Finding(id="short-link-stored", at="/body/text", sent=sent)]
    hits: Findings = []
    if wished:
        at = pointer("body", FLAG)
        hits.append(Finding(id="short-link-needless", at=at, sent=f"1, with {sent}"))
    if len(content) > ADVISED_CHARACTERS:
        hint = SHORT_LINK_HELPS if is_shortened(content) else "."
        hits.append(Finding(id="text-long", at="/body/text", sent=sent, hint=hint))
    return hits


def style(request: JudgedRequest) -> Findings:
    """style-unknown."""
    sent = request.texts.get("style_id")
    if sent is None or sent in NO_VALUES or sent in request.contract.styles:
        return NONE
    if "style_id" not in request.known_fields or request.readings.style_unknown == "accepted":
        return NONE
    if is_unfilled("style_id", sent):
        return NONE
    if whole := _cut_style(request, sent):
        hint = f"{whole}.{counts_characters(request)}"
        return [Finding(id="style-unknown", at="/body/style_id", sent=sent, hint=hint)]
    near = nearest(sent, request.contract.style_ids)
    hint = f"did you mean {near}?" if near else "docs/reference/api.md has the list."
    return [Finding(id="style-unknown", at="/body/style_id", sent=sent, hint=hint)]


def _cut_style(request: JudgedRequest, sent: str) -> str | None:
    """Return the style that lost as many letters as the body has bytes more than characters."""
    raw = request.raw
    if raw.isascii() or not raw.endswith(f"&style_id={sent}".encode()):
        return None
    lost = len(raw) - len(raw.decode("utf-8", "ignore"))
    return next((each for each in request.contract.style_ids
                 if each.startswith(sent) and len(each) == len(sent) + lost), None)  # fmt: skip


def flag(request: JudgedRequest) -> Findings:
    """short-link-flag."""
    sent = request.texts.get(FLAG)
    if sent in (None, "0", "1") or FLAG not in request.known_fields or sent in NO_VALUES:
        return NONE
    return [Finding(id="short-link-flag", at=pointer("body", FLAG), sent=sent)]


def length(request: JudgedRequest) -> Findings:
    """address-too-long."""
    return [
        Finding(id="address-too-long", at=pointer("body", name), sent=f"{len(sent)} characters")
        for name in ADDRESSES
        if name in request.known_fields and len(sent := request.texts.get(name, "")) > 2048
    ]
