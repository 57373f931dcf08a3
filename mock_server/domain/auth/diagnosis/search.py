"""The signature clinic: what a client did wrong when its signature was refused.

Rule 1: the client's string is not sent, so it is found: each mistake of the catalogue, then
pairs, then known triples are applied to our string until the HMAC is the signature that came.
Rule 2: a cause is named only when its HMAC is equal; nothing is guessed from how things look.
Rule 3: the search is bounded by the number of strings and by their bytes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from mock_server.domain.auth.diagnosis.candidate import (
    Candidate,
    Change,
    Rendering,
    SigningContext,
    signing_context_of,
    text_of,
)
from mock_server.domain.auth.diagnosis.combinations import Step, pairs, rare_pairs, triples
from mock_server.domain.auth.diagnosis.digests import KINDS, READERS
from mock_server.domain.auth.diagnosis.mistakes import CATALOGUE, WRITINGS, Mistake, Writing
from mock_server.domain.call.calls import Call, header

MOST_CAUSES = 3
MOST_BYTES = 8 * 1024 * 1024
MOST_REQUEST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found. `causes` are ids of the catalogue: none (unknown), or up to three."""

    causes: tuple[str, ...]
    sentence: str
    server_string: str
    client_string: str | None
    tried: int


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

    def knows(self, made: Rendering, text: str) -> bool:
        """Say whether the same was tried before, and remember it."""
        key = hash((text, made["secret"], made["digest"], made["charset"]))
        known = key in self._seen
        self._seen.add(key)
        return known

    def writing(self, made: Rendering, text: str) -> str | None:
        """Return how the signature that came is written if this was signed, else None.

        Raises _SpentError.
        """
        kind = KINDS[made["digest"]]
        if kind.size not in self._sizes:
            return None
        try:
            data = text.encode(made["charset"], "surrogateescape")
        except UnicodeEncodeError:
            return None
        if self.tried >= self._most or self._bytes < len(data):
            raise _SpentError
        self.tried += 1
        self._bytes -= len(data)
        secret = made["secret"].encode("utf-8", "surrogateescape")
        return self._targets.get(kind.of(secret, data))


def diagnose(
    call: Call, secret: str, *, known_secrets: Mapping[str, str] = {}, most: int = 20_000
) -> Diagnosis:
    """Find out why the signature of a call is wrong.

    `known_secrets` are wrong secrets worth trying, by what to call them, such as "the app code".
    """
    sent = (header(call, "x-ca-signature") or "").strip()
    scene = signing_context_of(call, secret, known_secrets)
    expected = text_of(scene.draft.rendering())
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


_Found = tuple[tuple[Step, ...], str, str]


def _found(search: _Search, scene: SigningContext) -> _Found | None:
    other = signing_context_of(scene.call, scene.secret, scene.known_secrets, query_wins=True)
    scenes = [scene] if other.draft == scene.draft else [scene, other]
    for each in scenes:
        found = _try(search, each.draft.rendering(), ())
        if found:
            return found
    steps: list[tuple[Candidate, list[Step], list[Step]]] = []
    for each in scenes:
        effective: list[Step] = []
        inert: list[Step] = []
        if found := _tried_alone(search, each, effective, inert):
            return found
        steps.append((each.draft, effective, inert))
    # Where two strings are right, the second is searched with what is left of the budget.
    for draft, effective, inert in steps:
        together = chain(pairs(effective, inert), triples(effective), rare_pairs(effective))
        if found := _tried_together(search, draft, together):
            return found
    return None


def _tried_alone(
    search: _Search, scene: SigningContext, effective: list[Step], inert: list[Step]
) -> _Found | None:
    """Try each mistake; put those that make a difference into `effective`, others into `inert`."""
    whole = scene.draft.rendering()
    for mistake, change, what in _variants(scene):
        made = scene.draft.changed(change).rendering(change)
        step = Step(mistake, change, what, frozenset(change), made)
        changed = whole | made
        text = text_of(changed)
        if search.knows(changed, text):
            inert.append(step)
            continue
        writing = search.writing(changed, text)
        if writing is not None:
            return (step,), writing, text
        effective.append(step)
    return None


def _tried_together(
    search: _Search, draft: Candidate, combinations: Iterable[tuple[Step, ...]]
) -> _Found | None:
    whole = draft.rendering()
    for steps in combinations:
        if found := _try(search, _together(draft, whole, steps), steps):
            return found
    return None


def _together(draft: Candidate, whole: Rendering, steps: tuple[Step, ...]) -> Rendering:
    """Return what the draft, whose own rendering is `whole`, comes down to after all steps."""
    made: Rendering = {}
    for step in steps:
        made.update(step.made)
    if len(made) == sum([len(step.made) for step in steps]):
        return whole | made
    change: Change = {}  # two steps changed one piece, in different fields
    for step in steps:
        change.update(step.change)
    return draft.changed(change).rendering()


def _try(search: _Search, made: Rendering, steps: tuple[Step, ...]) -> _Found | None:
    text = text_of(made)
    writing = None if search.knows(made, text) else search.writing(made, text)
    # More than three mistakes are not named: such a client is better compared line by line.
    if writing is None or len(steps) + bool(writing) > MOST_CAUSES:
        return None
    return steps, writing, text


def _variants(scene: SigningContext) -> Iterator[tuple[Mistake, Change, str]]:
    for mistake in CATALOGUE:
        for change, what in mistake.variants(scene):
            yield mistake, change, what


def _sentence(steps: tuple[Step, ...], writing: str) -> str:
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
