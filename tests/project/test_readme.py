"""The README says what is true."""

import re

from tests.support import readme


def test_the_generated_tables_are_up_to_date() -> None:
    text = readme.README.read_text("utf-8")

    assert readme.generated(text) == text, "run `python -m tests.support.readme`"


def test_every_reference_within_the_repository_exists() -> None:
    text = readme.README.read_text("utf-8")
    targets = re.findall(r"\]\(((?!http|#)[^)]+)\)", text)

    assert targets
    assert [name for name in targets if not (readme.README.parent / name).exists()] == []
