"""The variants of the sample clients can be made, and speak of drills that there are."""

import ast
from pathlib import Path

import pytest

from mock_server.rehearsal.drills import all_drills
from tests.support.rehearsal_variants import VARIANTS, Variant


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda each: each.id)
def test_a_variant_is_a_program_that_differs_from_its_client(
    variant: Variant, tmp_path: Path
) -> None:
    program = variant.write(tmp_path)
    for name in {name for name, _, _ in variant.replaced} | {program.name}:
        ast.parse((tmp_path / name).read_text(encoding="utf-8"))
    assert all(old != new for _, old, new in variant.replaced)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda each: each.id)
def test_a_variant_fails_a_drill(variant: Variant) -> None:
    known = {drill.id for drill in all_drills() if variant.restartable or not drill.restart}
    named = variant.fails if variant.fails_all_but is None else variant.fails_all_but
    assert named <= known
    assert any(map(variant.must_fail, known))


def test_each_variant_has_a_name_of_its_own() -> None:
    assert len({variant.id for variant in VARIANTS}) == len(VARIANTS) >= 16
