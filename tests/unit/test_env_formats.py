"""`artqr-mock env --format`: every format carries every value, or refuses it."""

import os
import re
import shlex
import subprocess
from io import StringIO

import pytest

from mock_server.cli.env import FORMATS
from mock_server.domain.usage_errors import UsageError

PLAIN = ["mock-demo", "http://127.0.0.1:3040", "", "/home/a b/ca.pem", r"C:\Users\me\ca.pem"]
HOSTILE = [
    "it's", "''", '"', "$(touch x)", "`id`", "${HOME}", "a\\", "\\'", "; rm -rf /", "a\nb",
    "EOF\nX=1", "码", "#c", " a ", "‘;calc;’", "%PATH%", "!x", "=",
]  # fmt: skip


@pytest.mark.parametrize("value", [*PLAIN, *HOSTILE])
def test_a_shell_reads_the_value_back(value: str) -> None:
    line = FORMATS["sh"]("ARTQR_X", value)

    done = subprocess.run(
        ["sh", "-c", f'{line}\nprintf %s "$ARTQR_X"'], capture_output=True, check=True,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.stdout.decode() == value


@pytest.mark.parametrize("value", [*PLAIN, *HOSTILE])
def test_fish_reads_the_value_back(value: str) -> None:
    """In single quotes fish knows two escapes: of a backslash and of a single quote."""
    quoted = FORMATS["fish"]("ARTQR_X", value).removeprefix("set -gx ARTQR_X ")

    match = re.fullmatch(r"'((?:[^'\\]|\\[\\'])*)'", quoted)
    assert match
    assert re.sub(r"\\([\\'])", r"\1", match[1]) == value


@pytest.mark.parametrize("value", [*PLAIN, *HOSTILE])
def test_powershell_reads_the_value_back(value: str) -> None:
    """In single quotes PowerShell knows one escape: a quotation mark, of any form, twice."""
    quoted = FORMATS["powershell"]("ARTQR_X", value).removeprefix("$env:ARTQR_X = ")

    match = re.fullmatch("'((?:[^'‘’‚‛]|(['‘’‚‛])\\2)*)'", quoted)
    assert match
    assert re.sub("(['‘’‚‛])\\1", r"\1", match[1]) == value


def read_github(text: str) -> dict[str, str]:
    """Read a $GITHUB_ENV file as the runner does."""
    found, lines = {}, StringIO(text)
    for line in lines:
        name, mark, end = line.rstrip("\n").partition("<<")
        if mark and "=" not in name:
            kept = []
            for inner in lines:
                if inner.rstrip("\n") == end:
                    break
                kept.append(inner)
            found[name] = "".join(kept)[:-1]
        else:
            name, _, value = line.rstrip("\n").partition("=")
            found[name] = value
    return found


@pytest.mark.parametrize("value", [*PLAIN, *HOSTILE, "a\n\nb\n"])
def test_github_reads_the_value_back_and_nothing_else(value: str) -> None:
    assert read_github(FORMATS["github"]("ARTQR_X", value) + "\n") == {"ARTQR_X": value}


def test_no_value_can_end_a_multiline_value_of_github() -> None:
    ends = {FORMATS["github"]("ARTQR_X", "a\nb").splitlines()[-1] for _ in range(2)}

    assert len(ends) == 2


@pytest.mark.parametrize("value", PLAIN)
def test_a_dotenv_file_carries_what_credentials_and_addresses_need(value: str) -> None:
    dotenv = pytest.importorskip("dotenv")
    line = FORMATS["dotenv"]("ARTQR_X", value)

    assert dotenv.dotenv_values(stream=StringIO(line), interpolate=True) == {"ARTQR_X": value}
    assert shlex.split(line) == [f"ARTQR_X={value}"]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_dotenv_file_carries_a_hostile_value_or_refuses_it(value: str) -> None:
    dotenv = pytest.importorskip("dotenv")
    if set(value) & set("'$`\\\n"):
        with pytest.raises(UsageError, match="choose another --format"):
            FORMATS["dotenv"]("ARTQR_X", value)
    else:
        line = FORMATS["dotenv"]("ARTQR_X", value)
        assert dotenv.dotenv_values(stream=StringIO(line)) == {"ARTQR_X": value}
