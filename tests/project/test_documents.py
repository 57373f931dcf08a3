"""README and docs/ are right: generated parts, links, marks of examples, the index."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from mock_server.rehearsal.order import RehearsalOrder
from mock_server.rehearsal.project_file import project_settings
from mock_server.settings import MEANINGS, Settings
from mock_server.sweep.order import order_of
from mock_server.sweep.plan import plan_of
from mock_server.sweep.project_file import sweep_settings
from tests.support.documents import generator, pages, scripts, sessions
from tests.support.documents.pages import ROOT, Block, Page

PAGES = pages.all_pages()
BLOCKS = pages.all_blocks()
README = pages.page("README.md").text
MOST_LINES_OF_README = 150
MOST_BYTES_OF_PICTURE = 80_000
# Blocks that are not commands: output, and diagrams.
OUTPUT = {"text", "mermaid"}
# A path of the project in an internals page.
PATH = re.compile(r"`((?:mock_server|tests|contracts|fixtures|benchmarks)/[\w./-]+|CHANGELOG\.md)`")


def by_name(page: Page) -> str:
    return page.name


def by_place(block: Block) -> str:
    return block.where


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_the_generated_parts_of_a_page_are_up_to_date(page: Page) -> None:
    assert generator.generated(page.text) == page.text, "run `python -m tests.support.documents`"


def test_every_generated_part_stands_in_a_page() -> None:
    missing = [name for name in generator.PARTS if f"<!-- {name} -->" not in pages.everything()]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_every_link_of_a_page_leads_somewhere(page: Page) -> None:
    assert [target for target in page.links if not leads_somewhere(page, target)] == []


def leads_somewhere(page: Page, target: str) -> bool:
    """Whether a link within the repository leads to an existing file and heading."""
    if target.startswith(("http://", "https://")):
        return True
    name, _, anchor = target.partition("#")
    path = (page.path.parent / name).resolve() if name else page.path
    if not path.exists() or ROOT not in path.parents:
        return False
    return not anchor or anchor in Page(path).anchors


def test_a_link_to_nowhere_is_noticed() -> None:
    index = pages.page("docs/README.md")

    assert leads_somewhere(index, "guides/billing.md#notices")
    assert not leads_somewhere(index, "guides/billing.md#notes")
    assert not leads_somewhere(index, "guides/bill.md")
    assert not leads_somewhere(index, "#nowhere")


def test_the_index_leads_to_every_page() -> None:
    index = pages.page("docs/README.md")
    listed = {(index.path.parent / target.partition("#")[0]).resolve() for target in index.links}

    assert [page.name for page in PAGES if page.path not in listed and page != index] == []


def test_the_readme_is_short() -> None:
    for name in ("README.md", "README.zh-CN.md"):
        assert pages.page(name).text.count("\n") <= MOST_LINES_OF_README


def test_the_pictures_of_the_pages_are_small() -> None:
    pictures = list((ROOT / "docs" / "pictures").iterdir())

    assert {each.name for each in pictures if f"docs/pictures/{each.name}" in README} == {
        "inspector-calls.png", "inspector-task.png"
    }  # fmt: skip
    assert all(each.stat().st_size <= MOST_BYTES_OF_PICTURE for each in pictures)


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_a_page_has_one_title_and_comes_first(page: Page) -> None:
    assert page.text.startswith("# ")
    assert len(re.findall(r"^# ", page.prose, re.MULTILINE)) == 1


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language not in OUTPUT], ids=by_place)
def test_a_block_says_how_it_is_tested(block: Block) -> None:
    kind, _, rest = block.mark.partition(": ")

    assert (kind, block.language) in {
        ("session", "console"),
        (scripts.RUN, "sh"),
        ("example", "python"),
        ("toml", "toml"),
        *(("code", language) for language in ("python", "toml", "html")),
        *(("file", language) for language in ("js", "java", "python", "yaml")),
        *(("not run", language) for language in ("sh", "js", "java", "dockerfile")),
    }, f"put a mark before it: {block.mark!r} does not go with {block.language!r}"
    assert rest or kind in {"session", scripts.RUN}


def test_no_session_and_no_example_is_overlooked() -> None:
    shown = [block for block in BLOCKS if block.mark == "session"]

    assert len(shown) == sum(len(sessions.written(page.text)) for page in PAGES)
    assert all(sessions.commands(block.text) for block in shown)


RECIPES = [each for each in BLOCKS if each.mark.startswith("file: docs/examples/ci/")]


@pytest.mark.parametrize("block", RECIPES, ids=by_place)
def test_a_recipe_for_ci_is_yaml_with_jobs_that_do_something(block: Block) -> None:
    recipe = yaml.safe_load(block.text)

    if "jobs" in recipe:  # GitHub; `on` is a boolean in YAML 1.1
        assert recipe[True]
        for job in recipe["jobs"].values():
            assert job["runs-on"]
            assert all(("uses" in step) != ("run" in step) for step in job["steps"])
    else:  # GitLab
        jobs = [job for name, job in recipe.items() if name != "variables"]
        assert jobs
        assert all(job["script"] and job["image"] for job in jobs)


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.mark.startswith("code: ")], ids=by_place)
def test_a_part_of_the_code_is_shown_as_it_stands(block: Block) -> None:
    written = (ROOT / block.mark.removeprefix("code: ")).read_text("utf-8")

    assert [part for part in block.text.rstrip().split("\n\n\n") if part not in written] == []


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.mark == "toml: settings"], ids=by_place)
def test_a_file_of_settings_holds_settings(block: Block) -> None:
    written = tomllib.loads(block.text)

    assert set(written) <= set(MEANINGS)
    Settings(**written | {"callback_hosts": tuple(written["callback_hosts"])})  # raises nothing


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.mark == "toml: sweep"], ids=by_place)
def test_a_part_of_a_project_holds_settings_of_a_sweep(tmp_path: Path, block: Block) -> None:
    (tmp_path / "pyproject.toml").write_text(block.text, "utf-8")

    settings = sweep_settings(tmp_path, has_command=False)

    assert settings["command"]
    plan_of(order_of(settings))  # raises nothing


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.mark == "toml: rehearsal"], ids=by_place)
def test_a_part_of_a_project_holds_settings_of_a_rehearsal(tmp_path: Path, block: Block) -> None:
    (tmp_path / "pyproject.toml").write_text(block.text, "utf-8")

    settings = project_settings(tmp_path, has_command=False)

    assert settings["command"]
    RehearsalOrder(**settings)  # raises nothing


@pytest.mark.parametrize(
    "page", [page for page in PAGES if "/internals/" in page.name], ids=by_name
)
def test_every_path_of_the_internals_exists(page: Page) -> None:
    assert [name for name in PATH.findall(page.text) if not (ROOT / name).exists()] == []
