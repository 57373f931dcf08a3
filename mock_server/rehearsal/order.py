"""What a rehearsal is asked to do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

RATE = 10.0  # of the clock of each drill: tasks take 0.5 to 2 s


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalOrder:
    """A command and how to rehearse it.

    `only`, `skip`: ids of drills. `time_limit_s`: how long a client may run in one drill.
    `client_timeout_s`: how long it waits for one answer. `copies`: how many of each intent it
    wants. `env`: further variables, whose value may hold `{base_url}`, `{app_code}` and so on.
    `waived`: reasons by rule. `server`: the address of a running server, None for one of our own.
    """

    command: tuple[str, ...]
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    jobs: int = 1
    repeat: int = 1
    restartable: bool = False
    fail_fast: bool = False
    time_limit_s: float = 60.0
    client_timeout_s: float = 10.0
    copies: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    setup: str | None = None
    teardown: str | None = None
    waived: Mapping[str, str] = field(default_factory=dict)
    server: str | None = None
    token: str | None = None
