"""Runs `artqr-mock sign` for tests."""

from click.testing import CliRunner, Result

from mock_server.cli.main import main

KEY, SECRET = "203753385", "tr0ub4dor-and-3"
PAIR = ("--key", KEY, "--secret", SECRET)
URL = "https://qr.test/submitTask"
FORM_TYPE = "application/x-www-form-urlencoded"


def run(*words: str, given: str | bytes = b"") -> Result:
    result = CliRunner().invoke(main, ["sign", *words], input=given)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert SECRET not in result.output
    return result
