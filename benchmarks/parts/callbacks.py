"""Callbacks: the CPU time of one, and the time from the jump of a clock until one arrives."""

from collections.abc import Iterator
from functools import partial

from benchmarks.deliveries import LATER, arrival_ms, delivered
from benchmarks.figures import Figure, figure
from benchmarks.part import Bench, Part
from benchmarks.receivers import counting, noting

DELAYS_MS = (0, 20)
EACH, QUICK = 500, 100
JUMPS, QUICK_JUMPS = 50, 10


def measure(bench: Bench) -> Iterator[Figure]:
    """Yield CPU and rate with a fast and with a slow receiver, and the time until one arrives."""
    for delay_ms in DELAYS_MS:
        row = f"receiver takes {delay_ms} ms"
        with bench.server(f"receiver-{delay_ms}") as server, counting(delay_ms) as receiver:
            rounds = [
                delivered(server, receiver, bench.pick(EACH, QUICK), [server.pid])
                for _ in range(bench.few_rounds + 1)
            ][1:]
        yield figure("Callbacks", row, "CPU", "µs", [each.cpu_us[0] for each in rounds])
        yield figure("Callbacks", row, "a second", "", [each.per_second for each in rounds])
    row = "after a jump of the clock"
    yield figure("One callback", row, "until it arrives", "ms", _jumps(bench))


def _jumps(bench: Bench) -> list[float]:
    with noting() as receiver, bench.server("jumps") as server:
        account = server.account(frozen=False)
        jump = partial(server.turn_clock, account, advance=LATER)
        return [
            arrival_ms(server, account, receiver, jump)
            for _ in range(bench.pick(JUMPS, QUICK_JUMPS))
        ]


PART = Part(
    name="callbacks",
    title="Callbacks",
    says="Accounts with a frozen clock submit first; then their clocks jump, and the receiver "
    "counts what comes. Afterwards each callback must have been delivered with one attempt. CPU is "
    "everything that the server does from the jump on.",
    measure=measure,
)
