"""The options of the pytest plugin: each is an ini option and a flag; the flag wins.

Rule: invalid options are reported before the first test.
"""

import pytest

OPTIONS = {
    "artqr_url": "Use this running server instead of starting one.",
    "artqr_token": "The token of that server's admin API.",
    "artqr_seed": "With the name of a test it fixes every id, duration and picture. Default: 1.",
    "artqr_callback_hosts": "Hosts callbacks may go to, beyond loopback, with commas; `*` is any.",
    "artqr_readings": "Readings of every world, such as charge.polls=submit-only, with commas.",
    "artqr_observed": "Files of observed readings, with commas: what `artqr-mock probe` wrote.",
    "artqr_max_yuan": "A test that costs more than this many yuan fails.",
    "artqr_findings": "A test with findings this bad fails: error, warning or advice.",
}  # fmt: skip
MOST_DIGITS = 100


def add(parser: pytest.Parser) -> None:
    """Register the options with pytest."""
    group = parser.getgroup("artqr", "artqr-mock, the art-QR-code API of your tests")
    for name, says in OPTIONS.items():
        parser.addini(name, says, default="")
        group.addoption("--" + name.replace("_", "-"), dest=name, metavar="VALUE", help=says)


def check(config: pytest.Config) -> None:
    """Check every option. Raises pytest.UsageError for an invalid one."""
    _check_url(text(config, "artqr_url"))
    seed(config)
    findings(config)
    max_fen(config)
    readings(config)


def seed(config: pytest.Config) -> int:
    """Return the seed of the run."""
    found = text(config, "artqr_seed", "1")
    if not found.isdecimal() or len(found) > MOST_DIGITS:
        raise pytest.UsageError(f"artqr_seed = {found[:MOST_DIGITS]}: write a whole number")
    return int(found)


def findings(config: pytest.Config) -> str | None:
    """Return the lowest severity of a finding that fails a test."""
    severity = text(config, "artqr_findings")
    if not severity:
        return None
    from mock_server.domain.findings import SEVERITIES  # noqa: PLC0415 - as in the plugin
    from mock_server.domain.suggestions import unknown  # noqa: PLC0415

    if severity not in SEVERITIES:
        raise pytest.UsageError(f"artqr_findings: {unknown('severity', severity, SEVERITIES)}")
    return severity


def text(config: pytest.Config, name: str, default: str = "") -> str:
    """Return the value of an option, the flag first."""
    flag = config.getoption(name, None)
    return str(flag if flag is not None else config.getini(name)).strip() or default


def max_fen(config: pytest.Config) -> int | None:
    """Return what a test may cost, in fen."""
    written = text(config, "artqr_max_yuan")
    if not written:
        return None
    from mock_server.formatting import parse_yuan  # noqa: PLC0415 - as in the plugin

    try:
        return parse_yuan(written)
    except ValueError as error:
        raise pytest.UsageError(f"artqr_max_yuan: {error}") from None


def readings(config: pytest.Config) -> dict[str, str]:
    """Return the readings `{id: value}` of every world."""
    pairs = listed(config, "artqr_readings")
    if not pairs:
        return {}
    from mock_server.domain import readings as rules  # noqa: PLC0415 - as in the plugin

    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, word = map(str.strip, pair.partition("="))
        if not equals:
            raise pytest.UsageError(f"artqr_readings = {pair}: write ID=VALUE")
        if found.setdefault(name, word) != word:
            raise pytest.UsageError(f"artqr_readings: {name} is {found[name]} and {word}")
    try:
        rules.with_readings(rules.DEFAULT_READINGS, found)
    except rules.ReadingError as error:
        raise pytest.UsageError(f"artqr_readings: {error}") from None
    return found


def observed(config: pytest.Config) -> list[str]:
    """Return the files of observed readings, below the folder of the ini file."""
    return [str(config.rootpath / file) for file in listed(config, "artqr_observed")]


def _check_url(url: str) -> None:
    if not url:
        return
    from mock_server.domain.urls import AddressError, parse_server  # noqa: PLC0415 - as in the plugin

    try:
        parse_server(url)
    except AddressError as error:
        raise pytest.UsageError(f"artqr_url: {error}") from None


def listed(config: pytest.Config, name: str) -> list[str]:
    """Return the values of an option, separated by commas or by lines."""
    words = text(config, name).replace("\n", ",").split(",")
    return [word.strip() for word in words if word.strip()]
