"""How a report calls what was judged, and what it went through: a program and its drills, or a
receiver and its deliveries."""

from dataclasses import dataclass

from mock_server.formatting import plural


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """`judged`: what was judged; `drill`: what it went through, one of them. `has_bill`: what was
    paid says something of it."""

    judged: str
    drill: str
    has_bill: bool

    @property
    def drills(self) -> str:
        """What it went through, in the plural."""
        return plural(self.drill)


PROGRAM = Words(judged="program", drill="drill", has_bill=True)
# Its queries cost something, but nobody bought a task by mistake.
RECEIVER = Words(judged="receiver", drill="delivery", has_bill=False)
