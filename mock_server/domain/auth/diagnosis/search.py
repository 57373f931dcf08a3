"""The signature clinic: what a client did wrong when its signature was refused.

Rule 1: the client's string is not sent, so it is found: each mistake of the catalogue, then each
pair, is applied to our string until the HMAC is the signature that came.
Rule 2: a cause is named only when its HMAC is equal; nothing is guessed from how things look.
Rule 3: the search is bounded by the number of strings and by their bytes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mock_server.domain.auth.diagnosis.candidate import (
    Candidate,
    Change,
    SigningContext,
    signing_context_of,
)
from mock_server.domain.auth.diagnosis.digests import KINDS, READERS
from mock_server.domain.auth.diagnosis.mistakes import CATALOGUE, WRITINGS, Mistake, Writing
from mock_server.domain.call.calls import Call, header

MOST_BYTES = 8 * 1024 * 1024
MOST_REQUEST_BYTES = 1024 * 1024

# A change that alone makes no difference can make one together with a change of these fields.
WOKEN_BY = {
    "names": frozenset({"timestamp", "nonce", "spelling", "separator", "newlines_after_headers"}),
    "parameters": frozenset({"written", "sign_empty"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found. `causes` are ids of the catalogue: none (unknown), one or two."""

    causes: tuple[str, ...]
    sentence: str
    server_string: str
    client_string: str | None
    tried: int


@dataclass(frozen=True, slots=True)
class _Step:
    """A mistake in one of its variants."""

    mistake: Mistake
    change: Change
    what: str
    fields: frozenset[str]


class _SpentError(Exception):
    """The search has tried as much as it may."""


class _Search:
    """Tries drafts against the signature that came, each string once."""

    def __init__(self, sent: str, most: int) -> None:
        self.tried = 0
        self._most = most
        self._bytes = MOST_BYTES
        self._seen: set[int] = set()
        self._targets: dict[bytes, str] = {}
        for writing, read in READERS.items():
            raw = read(sent)
            if raw:
                self._targets.setdefault(raw, writing)
        self._sizes = {len(raw) for raw in self._targets}

    @property
    def hopeless(self) -> bool:
        """Whether no known digest has the size of what came."""
        return not self._sizes & {kind.size for kind in KINDS.values()}

    def knows(self, draft: Candidate, text: str) -> bool:
        """Say whether the same was tried before, and remember it."""
        key = hash((text, draft.secret, draft.digest, draft.charset))
        known = key in self._seen
        self._seen.add(key)
        return known

    def writing(self, draft: Candidate, text: str) -> str | None:
        """Return how the signature that came is written if this draft was signed, else None.

        Raises _SpentError.
        """
        kind = KINDS[draft.digest]
        if kind.size not in self._sizes:
            return None
        try:
            data = text.encode(draft.charset, "surrogateescape")
        except UnicodeEncodeError:
            return None
        if self.tried >= self._most or self._bytes < len(data):
            raise _SpentError
        self.tried += 1
        self._bytes -= len(data)
        secret = draft.secret.encode("utf-8", "surrogateescape")
        return self._targets.get(kind.of(secret, data))


def diagnose(
    call: Call, secret: str, *, known_secrets: Mapping[str, str] = {}, most: int = 20_000
) -> Diagnosis:
    """Find out why the signature of a call is wrong.

    `known_secrets` are wrong secrets worth trying, by what to call them, such as "the app code".
    """
    sent = (header(call, "x-ca-signature") or "").strip()
    scene = signing_context_of(call, secret, known_secrets)
    expected = scene.draft.text()
    if not sent:
        sentence = "The call has no X-Ca-Signature: send the base64 of the HMAC."
        return Diagnosis(causes=("signature-absent",), sentence=sentence, server_string=expected,
                         client_string=None, tried=0)  # fmt: skip
    search = _Search(sent, most)
    found = None
    complete = False
    try:
        if not search.hopeless and len(call.body) + len(expected) <= MOST_REQUEST_BYTES:
            found = _found(search, scene)
            complete = True
    except _SpentError:
        pass
    if found is None:
        why = _unknown(search, complete=complete)
        return Diagnosis(causes=(), sentence=why, server_string=expected, client_string=None,
                         tried=search.tried)  # fmt: skip
    steps, writing, text = found
    causes = tuple(step.mistake.id for step in steps) + ((writing,) if writing else ())
    return Diagnosis(causes=causes, sentence=_sentence(steps, writing), server_string=expected,
                     client_string=text, tried=search.tried)  # fmt: skip


_Found = tuple[tuple[_Step, ...], str, str]


def _found(search: _Search, scene: SigningContext) -> _Found | None:
    other = signing_context_of(scene.call, scene.secret, scene.known_secrets, query_wins=True)
    scenes = [scene] if other.draft == scene.draft else [scene, other]
    for each in scenes:
        found = _try(search, each.draft, ())
        if found:
            return found
    steps: list[tuple[SigningContext, list[_Step], list[_Step]]] = []
    for each in scenes:
        effective: list[_Step] = []
        inert: list[_Step] = []
        for step in _steps(each):
            draft = each.draft.changed(step.change)
            text = draft.text()
            if search.knows(draft, text):
                inert.append(step)
                continue
            writing = search.writing(draft, text)
            if writing is not None:
                return (step,), writing, text
            effective.append(step)
        steps.append((each, effective, inert))
    for each, effective, inert in steps:
        for pair in _pairs(effective, inert):
            draft = each.draft.changed(pair[0].change | pair[1].change)
            found = _try(search, draft, pair)
            if found:
                return found
    return None


def _try(search: _Search, draft: Candidate, steps: tuple[_Step, ...]) -> _Found | None:
    text = draft.text()
    writing = None if search.knows(draft, text) else search.writing(draft, text)
    # Two mistakes are the most that are named: a third would explain nearly anything.
    if writing is None or (writing and len(steps) > 1):
        return None
    return steps, writing, text


def _steps(scene: SigningContext) -> Iterator[_Step]:
    for mistake in CATALOGUE:
        for change, what in mistake.variants(scene):
            yield _Step(mistake, change, what, frozenset(change))


def _pairs(effective: list[_Step], inert: list[_Step]) -> Iterator[tuple[_Step, _Step]]:
    """Yield the pairs that go together, the likelier first: the catalogue is in that order."""
    count = len(effective)
    for total in range(1, 2 * count - 2):
        for low in range(max(0, total - count + 1), (total + 1) // 2):
            first, second = effective[low], effective[total - low]
            if first.mistake is not second.mistake and not first.fields & second.fields:
                yield first, second
    for first in effective:
        woken = frozenset().union(*(WOKEN_BY.get(name, ()) for name in first.fields))
        for second in inert:
            if second.fields <= woken:
                yield first, second


def _sentence(steps: tuple[_Step, ...], writing: str) -> str:
    done: list[tuple[str, str]] = [
        (step.mistake.did.replace("{what}", step.what), step.mistake.instead) for step in steps
    ]
    if writing:
        found: Writing = WRITINGS[writing]
        done.append((found.did, found.instead))
    if not done:
        return "The signature is right."
    return "The client " + "; and it ".join(f"{did}: {instead}" for did, instead in done) + "."


def _unknown(search: _Search, *, complete: bool) -> str:
    if search.hopeless:
        return (
            "No known mistake explains it: the signature is not the base64 of an HMAC, which has "
            "44 characters (HmacSHA256) or 28 (HmacSHA1)."
        )
    if not complete:
        return (
            f"No known mistake was found in the first {search.tried} tries: most likely the "
            "secret is wrong, or there are several mistakes."
        )
    return (
        "No known mistake explains it: most likely the secret is wrong. Check the secret, and "
        "compare the client's string to sign with the server's, line by line."
    )
