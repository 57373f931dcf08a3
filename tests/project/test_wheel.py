"""The wheel contains what it should and nothing else, and works from any directory."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.processes import environment

ROOT = Path(__file__).parents[2]
INFO = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}

pytestmark = pytest.mark.slow


def python(*arguments: str, cwd: Path, **env: str) -> str:
    """Run Python and return its output."""
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=cwd,
        env=environment(cwd, **env),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = ("-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT))
    python(*command, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def files(folder: Path) -> set[str]:
    """Return every file below a folder of the project, without build leftovers."""
    found = (each for each in folder.rglob("*") if each.is_file())
    return {
        each.relative_to(folder).as_posix() for each in found if "__pycache__" not in each.parts
    }


def test_it_holds_the_package_the_contract_and_the_fixtures_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    info = {name for name in packed if ".dist-info/" in name}

    assert {name.split(".dist-info/")[1] for name in info} == INFO
    assert packed - info == {
        *(f"mock_server/{name}" for name in files(ROOT / "mock_server")),
        *(f"mock_server/_contracts/{name}" for name in files(ROOT / "contracts")),
        *(f"mock_server/_fixtures/{name}" for name in files(ROOT / "fixtures")),
    }
    assert {"mock_server/store/engine/schema.sql", "mock_server/py.typed"} <= packed
    assert "mock_server/_contracts/openapi.yaml" in packed


def test_installed_it_plays_the_demo_from_any_directory(wheel: Path, tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    target = ("--no-deps", "--no-index", "--quiet", "--target", str(site), str(wheel))
    python("-m", "pip", "install", "--disable-pip-version-check", *target, cwd=tmp_path)
    where = "from mock_server import contract; print(contract.folder('contracts'))"

    used = python("-c", where, cwd=elsewhere, PYTHONPATH=str(site)).strip()
    output = python(
        "-m", "mock_server", "demo", cwd=elsewhere, PYTHONPATH=str(site), TMPDIR=str(tmp_path)
    )

    assert used == str(site / "mock_server" / "_contracts")
    assert "picture: " in output
    assert list(elsewhere.iterdir()) == []


def test_installed_it_serves_the_tests_of_another_project(wheel: Path, tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    target = ("--no-deps", "--no-index", "--quiet", "--target", str(site), str(wheel))
    python("-m", "pip", "install", "--disable-pip-version-check", *target, cwd=tmp_path)
    client = ROOT / "tests" / "clients" / "reference" / "client.py"
    (elsewhere / "shop.py").write_text(client.read_text("utf-8"), "utf-8")
    (elsewhere / "test_shop.py").write_text(
        "import mock_server\n"
        "from shop import Client\n\n"
        "def test_it(artqr):\n"
        "    client = Client(artqr.base_url, artqr.app_code)\n"
        "    client.submit({'text': 'https://example.com', 'style_id': 'food_fryrice'})\n"
        "    artqr.bill.assert_charges(1)\n"
        f"    assert mock_server.__file__.startswith({str(site)!r})\n",
        "utf-8",
    )

    output = python("-W", "error", "-m", "pytest", cwd=elsewhere, PYTHONPATH=str(site))

    assert "1 passed" in output
    assert "1 call, 1 charged, 0.28 yuan" in output
