"""What a part of the benchmark is, and what it gets: rounds, seconds, servers, a scratch folder."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from benchmarks.calls import WrongAnswerError
from benchmarks.contenders import CONTENDERS
from benchmarks.contenders.contender import Contender, NotInstalledError, Started
from benchmarks.figures import Figure
from benchmarks.servers import SERVE, Server, serving

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a part measures with. `scratch` is empty at its start and deleted at its end.

    `contenders` are those that are installed; a part leaves out what is not there.
    """

    quick: bool
    scratch: Path
    installed: Path
    contenders: Mapping[str, Contender]
    left_out: list[str] = field(default_factory=list)

    def leave_out(self, name: str, why: Exception) -> None:
        """Note that something, such as a contender, does not take part, and why."""
        self.left_out.append(f"{name} is left out: {why}")

    def pick(self, full: T, quick: T) -> T:
        """Return the first value, or the second one for `--quick`."""
        return quick if self.quick else full

    @property
    def rounds(self) -> int:
        """How many rounds count; one more comes before them."""
        return self.pick(5, 2)

    @property
    def few_rounds(self) -> int:
        """How many rounds count where the ratio is no close one: `--quick` takes only one."""
        return self.pick(5, 1)

    @property
    def seconds(self) -> int:
        """How long wrk runs in one round."""
        return self.pick(3, 1)

    @contextmanager
    def contender_servers(self, *names: str) -> Iterator[dict[str, Started]]:
        """Start the named contenders, as far as they are installed, for a `with` block."""
        with ExitStack() as stack:
            found: dict[str, Started] = {}
            for name in names:
                if name not in self.contenders:
                    continue
                server = self.contenders[name].started(
                    self.installed / name.lower(), self.scratch / name.lower()
                )
                try:
                    found[name] = stack.enter_context(server)
                except (WrongAnswerError, NotInstalledError, OSError) as error:
                    self.leave_out(name, error)
            yield found

    @contextmanager
    def server(self, name: str = "database", *options: str) -> Iterator[Server]:
        """Start artqr-mock on a database file of the scratch folder for a `with` block."""
        with serving(self.scratch / f"{name}.sqlite3", program=(*SERVE, *options)) as server:
            yield server


Measure = Callable[[Bench], Iterator[Figure]]
Plot = Callable[[Sequence[Figure]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: a heading of the results, and the function that measures it.

    `says` stands above its tables: what is measured, and what is left out of it. `uses` names the
    contenders that it compares with, as far as they can be installed. `plot` draws its figures as
    SVG, beside the page. One that is not `is_quick` is long even with `--quick`, which leaves it
    out unless it is named.
    """

    name: str
    title: str
    says: str
    measure: Measure
    uses: tuple[str, ...] = ()
    plot: Plot | None = None
    is_quick: bool = True


def installed_contenders(folder: Path, wanted: set[str]) -> tuple[dict[str, Contender], list[str]]:
    """Install what is wanted; return what is there, and a sentence on each that is left out."""
    there, left_out = {}, []
    for contender in CONTENDERS:
        if contender.name not in wanted:
            continue
        try:
            contender.install(folder / contender.name.lower())
        except NotInstalledError as error:
            left_out.append(f"{contender.name} is left out: {error}")
        else:
            there[contender.name] = contender
    return there, left_out


@contextmanager
def bench(*, quick: bool, installed: Path, contenders: Mapping[str, Contender]) -> Iterator[Bench]:
    """Give a part what it measures with."""
    with tempfile.TemporaryDirectory(prefix="artqr-bench-") as folder:
        yield Bench(quick=quick, scratch=Path(folder), installed=installed, contenders=contenders)
