"""Messages on unknown names: with the nearest valid name, or with all of them."""

from collections.abc import Iterable
from difflib import get_close_matches

MAX_SHOWN = 64  # characters of a name that a message quotes


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known name that is most similar to `name`, None if no name is.

    `cutoff`: the similarity that is needed, from 0 (any name) to 1 (the same name).
    """
    near = get_close_matches(name[:MAX_SHOWN], map(str, known), n=1, cutoff=cutoff)
    return near[0] if near else None


def unknown(kind: str, name: object, known: Iterable[object], meant: str | None = None) -> str:
    """Return the message on an unknown name: with the nearest valid name, or with all if none is
    near.

    `kind` is the kind of name, such as "reading". `meant` is the name in the form for the
    comparison, if people spell it in another way.
    """
    names = [str(each) for each in known]
    near = nearest(str(name) if meant is None else meant, names)
    return f"{_quoted(kind, name)}; did you mean {near!r}?" if near else unlisted(kind, name, names)


def unlisted(kind: str, name: object, known: Iterable[object], guess: str | None = None) -> str:
    """Return the same message always with all known names: for codes and numbers, which may look
    alike and mean different things. A `guess` at what was meant stands before them."""
    listed = f"valid: {', '.join(map(str, known))}"
    if guess is None:
        return f"{_quoted(kind, name)}; {listed}"
    return f"{_quoted(kind, name)}; did you mean {guess!r}? {listed}"


def _quoted(kind: str, name: object) -> str:
    return f"unknown {kind} {str(name)[:MAX_SHOWN]!r}"
