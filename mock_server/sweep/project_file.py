"""The settings of a sweep in `[tool.artqr-mock.sweep]` of a pyproject.toml.

Rule: how the client is run stands once: a sweep takes it from the table of the rehearsal, and its
own table wins. What a rehearsal runs, and where it reports, is none of a sweep.
"""

from pathlib import Path
from typing import Any

from mock_server.rehearsal.order import CHECKS
from mock_server.rehearsal.project_file import FIELDS, SettingsTable, project_settings
from mock_server.sweep.order import NOT_OF_A_SWEEP, SWEEP_CHECKS

OF_A_REHEARSAL = (*NOT_OF_A_SWEEP, "only", "skip", "repeat", "report")
SWEEP = SettingsTable(
    name="sweep",
    fields={
        **{flag: name for flag, name in FIELDS.items() if name not in NOT_OF_A_SWEEP},
        "readings": "readings", "fix": "fixed", "exhaustive": "exhaustive", "seed": "seed",
    },
    checks={**CHECKS, **SWEEP_CHECKS},
)  # fmt: skip


def sweep_settings(folder: Path, *, has_command: bool) -> dict[str, Any]:
    """Return the settings for a sweep in a folder, by the names of their fields.

    `has_command`: there is another command than that of the file. Raises UsageError.
    """
    own = project_settings(folder, has_command=has_command, table=SWEEP)
    shared = project_settings(folder, has_command=has_command or "command" in own)
    for name in OF_A_REHEARSAL:
        shared.pop(name, None)
    for name in ("env", "waived"):
        if name in own and name in shared:
            own[name] = {**shared[name], **own[name]}
    return {**shared, **own}
