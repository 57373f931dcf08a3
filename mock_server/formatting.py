"""How money, instants, counts and texts of a client are written for a person."""

from datetime import UTC, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


def instant(at: int | None) -> str:
    """Return an instant as a person in the vendor's time zone reads it."""
    if at is None:
        return "never"
    moment = datetime.fromtimestamp(at / 1000, UTC).astimezone(SHANGHAI)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def yuan(fen: int) -> str:
    """Return an amount of money, such as `0.28`."""
    return f"{fen // 100}.{fen % 100:02d}"


def printable(text: str, most: int | None = None) -> str:
    """Return a text of a client as a terminal can show it, on one line.

    Control, formatting and unpaired surrogate characters become escapes such as `\\x1b`; after
    `most` characters the text is cut, which a `…` marks.
    """
    cut = text if most is None or len(text) <= most else text[: most - 1] + "…"
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in cut)


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, such as `1 call` or `2 calls`."""
    return f"{count} {noun if count == 1 else plural(noun)}"


def plural(noun: str) -> str:
    """Return the plural of a noun."""
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
