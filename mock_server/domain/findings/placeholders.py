"""Values that nothing filled in, or that another program escaped or lost on the way.

Rule 1: a text may say anything; what has a finding is what nobody means to print: a placeholder
with the name of a variable, a letter in an escape of another language, question marks for letters.
Rule 2: a prompt has a syntax of its own, with braces and angle brackets: only what is nothing but
a placeholder of one of our fields counts there.
"""

import html
import re

from mock_server.domain.findings.context import JudgedRequest
from mock_server.domain.findings.finding import NONE, Finding, Findings, pointer
from mock_server.domain.findings.headers import squeezed

_NAME = r"[A-Za-z_][\w.]{0,39}"
# Wherever they stand: no language of people has them.
_ANYWHERE = re.compile(rf"\{{\{{\s*{_NAME}\s*\}}\}}|\$\{{\s*{_NAME}(?::?[-?+=][^}}]{{0,40}})?\}}")
# Only as the whole value.
_ALONE = re.compile(
    rf"%\({_NAME}\)[sdr]|\{{\s*{_NAME}\s*\}}|#\{{\s*{_NAME}\s*\}}|<%=?\s*{_NAME}\s*%>|\[\[\s*{_NAME}\s*\]\]"
    rf"|<[A-Za-z][A-Za-z0-9_ -]{{0,39}}>|%[sdv]|\$[A-Z_]{{2,40}}|\$\({_NAME}\)|%[A-Z_]{{3,40}}%"
)
# In an address, where a brace is no character.
_IN_ADDRESS = re.compile(rf"https?://\S*\{{{_NAME}\}}", re.IGNORECASE)
_VARIABLE = re.compile(r"[A-Za-z_]+")
_OUR_NAMES = frozenset(
    {"text", "content", "url", "qrcodeurl", "imageurl", "styleid", "style", "yourprompt", "prompt",
     "callback", "callbackurl", "taskid", "page", "maxresult", "string", "value", "name", "input"}
)  # fmt: skip
PROMPT = "your_prompt"

ENTITY = re.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|amp|lt|gt|quot|apos|nbsp);")
_ESCAPED = re.compile(r"(?:\\u|%u)([0-9a-fA-F]{4})")
_BYTES = re.compile(r"(?:\\x[89a-fA-F][0-9a-fA-F]){2,}")
_QUOTED_PRINTABLE = re.compile(r"(?:=E[2-9A-F]=[89AB][0-9A-F]=[89AB][0-9A-F]){2,}")
# Letters beyond ASCII, and no part of a path such as `C:\uface`.
_LETTER = re.compile(
    "[\u00c0-\u024f\u0370-\u1fff\u3000-\u9fff\uac00-\ud7a3\ud800-\udfff\uff00-\uffef]"
)

REPLACED = "\ufffd"
# U+FFFD that was read as GBK or as Latin-1.
_REPLACED_AGAIN = re.compile("锟斤拷|ï¿½")
# Question marks where no sentence has them: nothing but them, or before the first word.
_LOST = re.compile(r"[\s\d.,!:;()/_-]*\?{2}[?\s\d.,!:;()/_-]*|\?{2,}(?=[ \w]).*", re.DOTALL)


def is_unfilled(name: str, text: str) -> bool:
    """Whether a field holds a placeholder instead of a value."""
    if "{" not in text and "<" not in text and "%" not in text and text[:1] not in "$[":
        return False
    alone = text.strip()
    if name == PROMPT:
        return _ANYWHERE.fullmatch(alone) is not None and _is_ours(alone)
    if _ANYWHERE.search(text) or _IN_ADDRESS.match(alone):
        return True
    if _ALONE.fullmatch(alone) is None:
        return False
    # `{cat}`, `<3 cats>` and `$AAPL` may be texts; `{text}`, `<your text>` and `$TEXT` are not.
    return (alone[0] in "%#" or alone.startswith("<%")) or _is_ours(alone)


def _is_ours(text: str) -> bool:
    names = _VARIABLE.findall(text)
    return bool(names) and squeezed(names[-1]) in _OUR_NAMES


def unfilled(request: JudgedRequest) -> Findings:
    """template-unfilled."""
    hits = NONE
    for name, text in request.texts.items():
        if name in request.known_fields and is_unfilled(name, text):
            at = pointer("body", name)
            hits = [*hits, Finding(id="template-unfilled", at=at, sent=f"{name}={text}")]
    return hits


def escapes(request: JudgedRequest) -> Findings:
    """foreign-escape."""
    hits = NONE
    for name, text in request.texts.items():
        if "&" not in text and "\\" not in text and "%" not in text and "=" not in text:
            continue
        if name in request.known_fields and (meant := unescaped(text)) is not None:
            at = pointer("body", name)
            hits = [*hits, Finding(id="foreign-escape", at=at, sent=text, hint=meant)]
    return hits


def unescaped(text: str) -> str | None:
    """Return what an escaped text was before; None where it has no escape."""
    if ENTITY.search(text):
        return html.unescape(text)
    for match in _ESCAPED.finditer(text):
        is_path = text[max(0, match.start() - 1) : match.start()] in (":", "/")
        if not is_path and _LETTER.match(chr(int(match[1], 16))):
            return _whole(_ESCAPED.sub(lambda each: chr(int(each[1], 16)), text))
    if found := _BYTES.search(text) or _QUOTED_PRINTABLE.search(text):
        return _from_bytes(text, found)
    return None


def _from_bytes(text: str, match: re.Match[str]) -> str | None:
    raw = bytes.fromhex(match[0].replace("\\x", "").replace("=", ""))
    try:
        return text[: match.start()] + raw.decode() + text[match.end() :]
    except UnicodeDecodeError:
        return None


def _whole(text: str) -> str:
    """Return a text with its pairs of surrogates as the characters that they stand for."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def lost_letters(request: JudgedRequest) -> Findings:
    """letters-lost."""
    hits = NONE
    for name, text in request.texts.items():
        if name not in request.known_fields:
            continue
        if "??" in text:
            is_lost = _LOST.fullmatch(text) is not None
        else:
            is_lost = not text.isascii() and (
                REPLACED in text or _REPLACED_AGAIN.search(text) is not None
            )
        if is_lost:
            hits = [*hits, Finding(id="letters-lost", at=pointer("body", name), sent=text)]
    return hits
