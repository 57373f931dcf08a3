"""Generates the marked parts of all pages.

- `<!-- name -->` … `<!-- /name -->`: replaced by the output of PARTS for that name.
- `<!-- file: path -->` before a fenced block: the block is replaced by that file.
"""

import re
from collections.abc import Callable

from tests.support.documents import (
    admin_routes,
    commands,
    contract_tables,
    evidence,
    internals,
    metrics_table,
    settings_table,
)
from tests.support.documents.pages import ROOT

PARTS: dict[str, Callable[[], str]] = {
    **contract_tables.PARTS,
    **commands.PARTS,
    **settings_table.PARTS,
    **admin_routes.PARTS,
    **internals.PARTS,
    **metrics_table.PARTS,
    **evidence.PARTS,
}
FILE = re.compile(r"(<!-- file: (\S+) -->\n```\w+\n).*?(^```$)", re.DOTALL | re.MULTILINE)


def generated(text: str) -> str:
    """Return a page with its generated parts."""
    for name, part in PARTS.items():
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if start in text:
            before, _, rest = text.partition(start)
            text = f"{before}{start}{part()}\n{end}{rest.partition(end)[2]}"
    return FILE.sub(_included, text)


def included_files(text: str) -> list[str]:
    """Return the files that a page includes."""
    return [found[2] for found in FILE.finditer(text)]


def _included(found: re.Match[str]) -> str:
    return found[1] + (ROOT / found[2]).read_text("utf-8") + found[3]
