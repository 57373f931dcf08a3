"""Serve the tests of another process until that ends: the program that testing/process.py starts.

It is started by its path, and on its own (`python -I`): no folder of the user is on `sys.path`.

Rule 1: orders come in on standard input and are answered on standard output, a line of JSON each.
Rule 2: it ends when its input ends or the process that started it does, whichever is seen first: a
child that the other forked may hold the input open for ever.
Rule 3: everything else that is printed goes to standard error, which is a file.
"""

import contextlib
import faulthandler
import importlib.util
import json
import logging
import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

ORDER_S = 60.0  # for a server to answer, or to stop
END_S = 10.0  # for all of them to stop
LOOK_MS = 500  # between two looks for the other process, where nothing tells of its end

log = logging.getLogger("mock_server")


def load_package() -> None:
    """Import the `mock_server` that this file belongs to, whatever else is on `sys.path`."""
    folder = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location(
        "mock_server", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018 - the file is there
    package = importlib.util.module_from_spec(spec)
    sys.modules["mock_server"] = package
    spec.loader.exec_module(package)


def main() -> None:
    """Serve until the end; `load_package` comes first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests
    answers = os.dup(1)
    os.dup2(2, 1)
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    orders = _orders()
    hello = next(orders, None)
    if hello is None:
        return
    # Behind what this Python finds by itself: nothing there hides a part of ours.
    sys.path += [path for path in hello["paths"] if path not in sys.path]
    servers: dict[int, contextlib.ExitStack] = {}
    for order in orders:
        reply = {"id": order["id"], **_carry_out(order, servers)}
        with contextlib.suppress(BrokenPipeError):  # nobody reads it: the input ends too
            os.write(answers, json.dumps(reply).encode() + b"\n")
    faulthandler.dump_traceback_later(END_S, exit=True)
    for stack in servers.values():
        stack.close()
    logging.shutdown()
    sys.stderr.flush()
    os._exit(0)


def _carry_out(order: dict[str, Any], servers: dict[int, contextlib.ExitStack]) -> dict[str, Any]:
    faulthandler.dump_traceback_later(ORDER_S, exit=True)
    try:
        if "stop" in order:
            servers.pop(order["stop"], contextlib.ExitStack()).close()
            return {}
        stack = contextlib.ExitStack()
        url = stack.enter_context(_server(order["settings"])).url
        servers[order["id"]] = stack
    except Exception as error:
        kind = _kind(error)
        if kind == "bug":
            log.exception("a server could not %s", "stop" if "stop" in order else "start")
        return {"error": str(error), "kind": kind}
    else:
        return {"url": url}
    finally:
        faulthandler.cancel_dump_traceback_later()


def _kind(error: Exception) -> str:
    """Return what to make of an error over there; a bug is shown with the log."""
    from mock_server.domain.usage_errors import UsageError  # noqa: PLC0415 - as below
    from mock_server.settings import SettingsError  # noqa: PLC0415
    from mock_server.store.engine.files import DatabaseFileError  # noqa: PLC0415

    if isinstance(error, SettingsError):
        return "settings"
    if isinstance(error, UsageError):
        return "usage"
    return "place" if isinstance(error, OSError | DatabaseFileError) else "bug"


def _server(settings: dict[str, Any]) -> Any:
    from mock_server.server import running  # noqa: PLC0415 - `load_package` comes first
    from mock_server.settings import Settings  # noqa: PLC0415

    settings["callback_hosts"] = tuple(settings["callback_hosts"])
    return running(Settings(**settings))


def _orders() -> Iterator[dict[str, Any]]:
    """Read what is to be done; end when nobody is left to want anything."""
    rest = b""
    wait: Callable[[], bool] = lambda: True  # noqa: E731 - until the other process is known
    while wait():
        data = os.read(0, 65536)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            if "parent" in order:
                wait = _wait_for(order["parent"])
            yield order


def _wait_for(parent: int) -> Callable[[], bool]:
    """Return what waits for input; it returns False once the process `parent` has ended."""
    if sys.platform == "win32":  # nothing is inherited there: the end of the input says it
        return lambda: True
    try:
        if hasattr(os, "pidfd_open"):
            return _by_handle(os.pidfd_open(parent))
        if hasattr(select, "kqueue"):
            return _by_queue(parent)
    except ProcessLookupError:
        return lambda: False
    except OSError:  # an old kernel, or a sandbox
        pass
    return _by_looking(os.getppid())


def _by_handle(handle: int) -> Callable[[], bool]:
    poll = select.poll()
    for file in (0, handle):
        poll.register(file, select.POLLIN | select.POLLHUP)
    return lambda: all(file != handle for file, _ in poll.poll())


def _by_queue(parent: int) -> Callable[[], bool]:
    queue: Any = select.kqueue()  # type: ignore[attr-defined,unused-ignore]
    kinds: Any = select
    end = kinds.kevent(parent, kinds.KQ_FILTER_PROC, kinds.KQ_EV_ADD, fflags=kinds.KQ_NOTE_EXIT)
    queue.control([end, kinds.kevent(0, kinds.KQ_FILTER_READ, kinds.KQ_EV_ADD)], 0)
    return lambda: all(
        event.filter != kinds.KQ_FILTER_PROC for event in queue.control(None, 2, None)
    )


def _by_looking(first: int) -> Callable[[], bool]:
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)

    def wait() -> bool:
        while not poll.poll(LOOK_MS):
            if os.getppid() != first:
                return False
        return os.getppid() == first

    return wait


if __name__ == "__main__":
    load_package()
    main()
