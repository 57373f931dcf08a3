"""The environment that a client of the API is configured with: names, values, and lines for it."""

import json
from collections.abc import Callable, Mapping

from mock_server.formatting import shell_word


def client_environment(base_url: str, account: Mapping[str, str]) -> dict[str, str]:
    """Return what a client of the API is configured with."""
    found = {
        "ARTQR_BASE_URL": base_url,
        "ARTQR_APP_CODE": account["app_code"],
        "ARTQR_APP_KEY": account["app_key"],
        "ARTQR_APP_SECRET": account["app_secret"],
    }
    if base_url.startswith("https:"):
        from mock_server.tls import ca_file  # noqa: PLC0415 - it loads slowly

        found["ARTQR_CA_FILE"] = str(ca_file())
    return found


def shell_line(name: str, value: str) -> str:
    """Return a line for sh, bash and zsh."""
    return f"export {name}={shell_word(value)}"


def _assigned(begin: str, middle: str, end: str = "") -> Callable[[str, str], str]:
    """Return what writes a line in a language whose texts are those of JSON."""
    return lambda name, value: f'{begin}"{name}"{middle}{json.dumps(value)}{end}'


def _php(name: str, value: str) -> str:
    quoted = f"{name}={value}".replace("\\", "\\\\").replace("'", "\\'")
    return f"putenv('{quoted}');"


# How a program sets its own environment, before it makes its client. Java cannot: there it is a
# property of the system.
LANGUAGES: Mapping[str, Callable[[str, str], str]] = {
    "Shell": shell_line,
    "Node": lambda name, value: f"process.env.{name} = {json.dumps(value)};",
    "Java": _assigned("System.setProperty(", ", ", ");"),
    "Python": _assigned("os.environ[", "] = "),
    "PHP": _php,
    "Go": _assigned("os.Setenv(", ", ", ")"),
}


def lines_of(environment: Mapping[str, str], language: str) -> str:
    """Return the lines of a language that set an environment."""
    return "\n".join(LANGUAGES[language](name, value) for name, value in environment.items())
