"""Gates: what a load may cost, how long its answers may take, how bad its storms may be.

Rule 1: a gate whose value is not known fails nothing; it makes the audit INCONCLUSIVE.
Rule 2: a gate that is exceeded by what is known fails, whatever else is not known.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from mock_server.formatting import yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """The most that is allowed; None: no gate. Money in fen, times in ms."""

    fen: int | None = None
    fen_wasted: int | None = None
    p99_ms: float | None = None
    storm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One gate, and how it was held. `found` None: that is not known, and `why` says why."""

    option: str
    says: str
    most: str
    found: str | None
    is_exceeded: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What gates are held against; None: not known. `no_storm`: why there is no factor.
    `is_least`: answers took as long as this at least, and nobody knows how long."""

    fen: int
    fen_wasted: int
    p99_ms: float | None
    storm: float | None
    no_storm: str = ""
    is_least: bool = False


def held(gates: Gates, found: Measured) -> Iterator[Gate]:
    """Yield each gate that is set."""
    if gates.fen is not None:
        yield Gate(
            option="--max-yuan", says="what it cost", most=f"{yuan(gates.fen)} yuan",
            found=f"{yuan(found.fen)} yuan", is_exceeded=found.fen > gates.fen,
        )  # fmt: skip
    if gates.fen_wasted is not None:
        yield Gate(
            option="--max-wasted", says="what was wasted", most=f"{yuan(gates.fen_wasted)} yuan",
            found=f"{yuan(found.fen_wasted)} yuan",
            is_exceeded=found.fen_wasted > gates.fen_wasted,
        )  # fmt: skip
    if gates.p99_ms is not None:
        yield _p99(gates.p99_ms, found)
    if gates.storm is not None:
        factor = found.storm
        yield Gate(
            option="--max-storm", says="the worst retry-storm factor", most=f"{gates.storm:g}",
            found=None if factor is None else f"{factor:g}",
            is_exceeded=factor is not None and factor > gates.storm, why=found.no_storm,
        )  # fmt: skip


def _p99(most: float, found: Measured) -> Gate:
    """Return how the gate of times was held: a time that is the least fails it, or says nothing."""
    ms = found.p99_ms
    is_exceeded = ms is not None and ms > most
    is_known = ms is not None and (is_exceeded or not found.is_least)
    return Gate(
        option="--max-p99", says="99 of 100 answers came within", most=f"{most:g} ms",
        found=f"{ms:g} ms" if is_known else None, is_exceeded=is_exceeded,
        why="no call was answered" if ms is None else "no client told its times",
    )  # fmt: skip
