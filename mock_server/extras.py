"""The command that installs an extra, from the place that the package itself was installed from.

The package is on no public index, so the command must name a folder, wheel or repository.
"""

import json
from pathlib import Path
from shlex import quote
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

NAME = "artqr-mock"
NO_PATH = "FOLDER-OR-WHEEL"


def install_command(extra: str) -> str:
    """Return the command that adds an extra to the installed package.

    It installs from the folder, wheel or repository that the package was installed from. If that is
    unknown or was deleted, the command has FOLDER-OR-WHEEL in its place.
    """
    origin = _origin()
    url = str(origin.get("url", ""))
    if vcs := origin.get("vcs_info"):
        wanted = f"{NAME}[{extra}] @ {vcs['vcs']}+{url}@{vcs['commit_id']}"
        return f"pip install {quote(wanted)}"
    path = url2pathname(urlsplit(url).path) if url.startswith("file:") else ""
    if not path or not Path(path).exists():
        wanted = quote(f"{NO_PATH}[{extra}]")
        return f"pip install {wanted}, where {NO_PATH} is what you installed {NAME} from"
    flag = "-e " if origin.get("dir_info", {}).get("editable") else ""
    return f"pip install {flag}{quote(f'{path}[{extra}]')}"


def _origin() -> dict[str, Any]:
    """Return the origin of the package, as the installer recorded it (PEP 610)."""
    from importlib.metadata import (  # noqa: PLC0415 - every command would load it
        PackageNotFoundError,
        distribution,
    )

    try:
        text = distribution(NAME).read_text("direct_url.json")
    except PackageNotFoundError:
        return {}
    found: dict[str, Any] = json.loads(text) if text else {}
    return found
