"""The pytest plugin: fixtures, a marker, a header and a summary; `artqr` is its name.

Rule: it loads in every run of every project that has this package, so nothing that loads slowly
is imported here: what a fixture needs is imported when a test asks for it.
"""

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from mock_server import __version__
from mock_server import pytest_options as options

if TYPE_CHECKING:
    from mock_server.testing import CallbackReceiver, MockServer, World
    from mock_server.testing.marker import WorldRequest
    from mock_server.testing.session import Session

MARKER = (
    "artqr(*, scenario=None, credits=1000, seed=None, clock={}, readings={}, faults=[], "
    "max_yuan=None): what the world of the `artqr` fixture is like"
)
_session: pytest.StashKey["Session"] = pytest.StashKey()
_wish: pytest.StashKey["WorldRequest"] = pytest.StashKey()
_totals = pytest.StashKey[list[dict[str, Any]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Each ini option is a flag too."""
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse options that cannot be, before anything runs."""
    config.addinivalue_line("markers", MARKER)
    config.stash[_totals] = []
    options.check(config)
    _observed(config)


def pytest_report_header(config: pytest.Config) -> str:
    """Say which API the tests get."""
    url = options.text(config, "artqr_url")
    where = f"the server at {url}" if url else "a server of its own for each process"
    return f"artqr-mock {__version__}: {where}, seed {options.seed(config)}"


def _observed(config: pytest.Config) -> dict[str, str]:
    """Return the observed readings. Raises pytest.UsageError for files that cannot be used."""
    from mock_server.observed import load  # noqa: PLC0415 - see the rule
    from mock_server.settings import SettingsError  # noqa: PLC0415

    try:
        return load(options.observed(config)).readings
    except SettingsError as error:
        raise pytest.UsageError(f"artqr_observed: {error}") from None


@pytest.fixture(scope="session")
def artqr_server(request: pytest.FixtureRequest) -> Iterator["MockServer"]:
    """The server of this process; `artqr_server.account(...)` makes another world."""
    __tracebackhide__ = True
    from mock_server.testing import session as runs  # noqa: PLC0415 - see the rule

    config = request.config
    limits = runs.SessionLimits(max_fen=options.max_fen(config), findings=options.findings(config))
    with ExitStack() as stack:
        server = _enter(config, stack)
        is_shared = bool(options.text(config, "artqr_url"))
        server.readings = {**_observed(config), **options.readings(config)}
        config.stash[_session] = session = runs.Session(server, limits, is_shared=is_shared)
        yield server
        session.finish()
        config.stash[_totals].append(session.totals.as_json())


@pytest.fixture
def artqr(request: pytest.FixtureRequest, artqr_server: "MockServer") -> Iterator["World"]:
    """The API in a world of this test's own, as `@pytest.mark.artqr(...)` wants it."""
    session = request.config.stash[_session]
    world = _world_of(request.node, artqr_server)
    if isinstance(world, str):
        pytest.fail(world, pytrace=False)
    yield world
    session.close(world)


@pytest.fixture
def artqr_callback_receiver() -> Iterator["CallbackReceiver"]:
    """A real receiver of callbacks: submit with its `url`, then `wait_for(1)`."""
    from mock_server.testing.receiver import receiving_callbacks  # noqa: PLC0415 - see the rule

    with receiving_callbacks() as receiver:
        yield receiver


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Start to count the calls of a test, and refuse a marker that cannot be."""
    if session := item.config.stash.get(_session, None):
        session.begin()
    if marks := list(item.iter_markers("artqr")):
        from mock_server.testing.marker import MarkerError, wish_of  # noqa: PLC0415 - see the rule

        try:
            item.stash[_wish] = wish_of(marks)
        except MarkerError as error:
            pytest.fail(_refused(item, error), pytrace=False)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Judge a test after each phase, and show the calls of one that failed.

    A bug of the simulator counts even if a test is skipped, or fails as expected.
    """
    session = item.config.stash.get(_session, None)
    if session is None or (call.when == "setup" and call.excinfo is None):
        return (yield)  # what a fixture's calls came to is said after the test's own
    wish = item.stash.get(_wish, None)
    max_fen = wish.max_fen if wish else None
    verdict = session.verdict(max_fen, has_ended=call.when == "teardown")
    if verdict and call.excinfo is None:
        call.excinfo = _failure(verdict.text)
    report = yield
    if verdict and verdict.is_bug and not report.failed:
        report.outcome = "failed"
        report.longrepr = item.repr_failure(_failure(verdict.text))
        vars(report).pop("wasxfail", None)
    elif report.failed and call.excinfo is not None:
        shown = verdict.text if verdict else session.story()
        if shown not in str(call.excinfo.value):
            report.sections.append((f"Captured artqr calls {call.when}", shown))
    if call.when == "call":
        session.passed = report.passed
    elif call.when == "teardown":
        session.passed = session.passed and report.passed
        session.end()
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand what was counted to the process that reports (xdist)."""
    run = session.config.stash.get(_session, None)
    verdict = run.verdict() if run else None
    if verdict:  # the run was stopped, and what came after the last test is said of no test
        from mock_server.testing.session import Totals  # noqa: PLC0415 - see the rule

        session.config.stash[_totals].append(Totals(untold=[verdict.text]).as_json())
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["artqr"] = session.config.stash[_totals]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what another process has counted (xdist)."""
    found = getattr(node, "workeroutput", None) or {}
    node.config.stash[_totals] += found.get("artqr", [])


# Quoted, because pytest 8.3 does not export this class.
def pytest_terminal_summary(
    terminalreporter: "pytest.TerminalReporter", config: pytest.Config
) -> None:
    """Say what the run came to, if a test used the API."""
    counted = config.stash[_totals]
    if not counted:
        return
    from mock_server.testing.session import Totals  # noqa: PLC0415 - see the rule

    totals = Totals()
    for each in counted:
        totals.add_json(each)
    terminalreporter.section("artqr-mock")
    for line in totals.lines():
        terminalreporter.write_line(line)


def _failure(text: str) -> pytest.ExceptionInfo[BaseException]:
    try:
        pytest.fail(text, pytrace=False)
    except pytest.fail.Exception:
        return pytest.ExceptionInfo.from_current()


def _world_of(test: pytest.Item, server: "MockServer") -> "World | str":
    """Return the world that the markers of a test want, or why it cannot be."""
    from mock_server.admin_client import RefusedError, UnreachableError  # noqa: PLC0415 - see the rule
    from mock_server.testing import session as runs  # noqa: PLC0415
    from mock_server.testing.marker import wish_of  # noqa: PLC0415

    base = options.seed(test.config)
    wish = test.stash.get(_wish, None) or wish_of([])
    try:
        return wish.grant(
            server,
            name=test.name[:100].encode("ascii", "replace").decode(),
            seed=runs.seed_of(test.nodeid, base),
        )
    except RefusedError as error:
        return _refused(test, error)
    except UnreachableError as error:
        return f"the world of {test.nodeid} cannot be made: {error}"


def _refused(test: pytest.Item, error: Exception) -> str:
    return f"the world of {test.nodeid} cannot be made: @pytest.mark.artqr: {error}"


def _enter(config: pytest.Config, stack: ExitStack) -> "MockServer":
    """Start the server, or attach to the one that was named; what fails is told in one line."""
    __tracebackhide__ = True
    from mock_server.admin_client import RefusedError, UnreachableError  # noqa: PLC0415 - see the rule
    from mock_server.testing import server  # noqa: PLC0415

    url = options.text(config, "artqr_url")
    try:
        if url:
            opened = server.attached(url, options.text(config, "artqr_token") or None)
        else:
            hosts = tuple(options.listed(config, "artqr_callback_hosts"))
            opened = server.started(
                seed=1, callback_hosts=hosts, observed=tuple(options.observed(config))
            )
        return stack.enter_context(opened)
    except (UnreachableError, RefusedError, OSError, ValueError) as error:
        what = "artqr_url cannot be used" if url else "the artqr server cannot start"
        raise pytest.UsageError(f"{what}: {error}") from None
