"""How long a sweep takes: said before it starts, and once more when the base has been run."""

from dataclasses import dataclass

from mock_server.domain.durations import show_duration
from mock_server.formatting import counted

TYPICAL_S = 4.0  # a drill of a client that gives up in time
LONG_S = 600.0  # nobody waits for more without being asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """`each_s`: how long one run takes; `measured`: whether runs have shown that."""

    combinations: int
    drills: int
    runs: int
    jobs: int
    each_s: float = TYPICAL_S
    measured: bool = False

    @property
    def seconds(self) -> float:
        """How long all runs take, in seconds, without those that look for causes."""
        return self.runs * self.each_s / min(self.jobs, max(1, self.runs))

    @property
    def is_long(self) -> bool:
        """Whether to ask before it goes on."""
        return self.seconds > LONG_S

    @property
    def text(self) -> str:
        """The estimate as a person reads it."""
        each = f"{self.each_s:.0f} s each" if self.measured else f"perhaps {self.each_s:.0f} s each"
        at_once = f"{self.jobs} at once" if self.jobs > 1 else "one at a time"
        return (
            f"{counted(self.combinations, 'combination')} of readings, "
            f"{counted(self.drills, 'drill')}: {counted(self.runs, 'run')}, {at_once}, {each}: "
            f"{self.about}"
        )

    @property
    def about(self) -> str:
        """How long all runs take, as a person says it."""
        return f"about {_rounded(self.seconds)}"


def _rounded(seconds: float) -> str:
    unit_s = 60 if seconds >= 120 else 1
    if seconds >= 36_000:
        unit_s = 3600
    return show_duration(max(1, round(seconds / unit_s)) * unit_s * 1000)
