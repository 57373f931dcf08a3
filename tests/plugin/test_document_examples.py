"""Runs the Python examples of README and docs."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mock_server import artqr_mock_server
from mock_server.testing import SimulatorBugError
from tests.clients.reference.client import ArtQrError, Client
from tests.support.documents import pages
from tests.support.documents.pages import Block
from tests.support.planted_bugs import failing_on
from tests.support.processes import environment

ROOT = Path(__file__).parents[2]
BLOCKS = [block for block in pages.all_blocks() if block.mark.startswith("example: ")]
# The suite takes long, unittest needs no pytest, drills need a program, and deliveries a receiver:
# each has its own test.
APART = {"shop_adapter.py", "test_client.py", "test_drills.py", "test_readings.py",
         "test_receiver.py",
         "test_without_pytest.py"}  # fmt: skip
GOOD = {"text": "https://example.com", "style_id": "food_fryrice"}


@pytest.fixture
def shop(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project with our reference client."""
    source = ROOT / "tests" / "clients" / "reference" / "client.py"
    pytester.makepyfile(shop=source.read_text("utf-8"))
    for block in BLOCKS:
        (pytester.path / name_of(block)).write_text(block.text, "utf-8")
    return pytester


def name_of(block: Block) -> str:
    return block.mark.removeprefix("example: ")


@pytest.mark.parametrize(
    "block", [b for b in BLOCKS if name_of(b) not in APART], ids=lambda block: block.where
)
def test_an_example_passes(shop: pytest.Pytester, block: Block) -> None:
    tests = block.text.count("\ndef test_")
    assert tests
    (shop.path / "test_one.py").write_text(block.text, "utf-8")

    result = shop.runpytest_inprocess("-W", "error", "test_one.py")

    result.assert_outcomes(passed=tests)


def test_the_example_of_pytest_passes(shop: pytest.Pytester) -> None:
    result = shop.runpytest_inprocess("-W", "error", "test_shop.py")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 call, 1 charged, 0.28 yuan of *"])


@pytest.mark.slow
def test_the_example_of_the_suite_passes_for_a_good_client(shop: pytest.Pytester) -> None:
    flags = ("-W", "error", "-k", "pitfalls or gateway")  # tests/clients runs the whole suite
    result = shop.runpytest_inprocess(*flags, "test_client.py")

    result.assert_outcomes(passed=2)


def test_the_example_of_the_suite_tells_the_story_of_a_bad_one(shop: pytest.Pytester) -> None:
    client = shop.path / "shop.py"
    text = client.read_text("utf-8")
    good = 'return str(body["task_id"])\n'
    assert good in text
    client.write_text(text.replace(good, 'return str(body["task_id"]).upper()\n'), "utf-8")

    result = shop.runpytest_inprocess("test_client.py", "-k", "pitfalls")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E * the client is wrong: it returned '4CA4*' for task '4ca4*'",
         "*  1. a world as it most likely is", "*  2. submit text=*",
         "*     -> returned '4CA4*'", "*1 call, 1 charged, 0.28 yuan"]
    )  # fmt: skip


def test_the_example_of_unittest_passes_without_pytest(shop: pytest.Pytester) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "unittest", "test_without_pytest.py"],
        cwd=shop.path,
        env=environment(shop.path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "Ran 1 test" in done.stderr


def test_a_server_within_a_block_leaves_nothing_behind() -> None:
    before = set(threading.enumerate())
    with artqr_mock_server(seed=5) as server:
        first, second = server.account(credits=1), server.account()
        client = Client(first.base_url, first.app_code)
        client.submit(GOOD)
        with pytest.raises(ArtQrError, match="B403MQ"):
            client.submit(GOOD)
        assert (len(first.calls), len(second.calls)) == (2, 0)
        assert server.default.app_code == "mock-demo"
        assert server.default.seed == 5
        client.pool.clear()

    assert set(threading.enumerate()) <= before


def test_a_bug_of_the_simulator_is_raised_at_the_end_of_a_block() -> None:
    def swallow() -> None:
        with failing_on("list_tasks"), artqr_mock_server() as server:
            world = server.account()
            with pytest.raises(ArtQrError, match="500"):
                Client(world.base_url, world.app_code).list_tasks()

    with pytest.raises(SimulatorBugError, match="failed on list_tasks"):
        swallow()
