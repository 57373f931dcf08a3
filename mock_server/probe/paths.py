"""The paths of the query and of the list, which no public page shows: tried, unless they are given.

Rule: a path is tried with an app code that nobody has. The gateway judges the path before it knows
the account, so a wrong path is refused for that, and a right one for the app code: both are free.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mock_server.domain.call.calls import OWN_PATHS, VENDOR_HOST, Operation
from mock_server.probe.answers import described
from mock_server.probe.request import UNKNOWN_CODE, Sender, to_path
from mock_server.probe.shape import SeenAnswer, error_of
from mock_server.probe.transport import LostError, Transport

LIKELY: Mapping[Operation, tuple[str, ...]] = {
    Operation.QUERY_TASK: (
        OWN_PATHS[Operation.QUERY_TASK], "/taskQuery", "/queryTaskResult", "/getTask",
        "/taskResult", "/task/query",
    ),
    Operation.LIST_TASKS: (
        OWN_PATHS[Operation.LIST_TASKS], "/listTask", "/listTasks", "/queryTaskList",
        "/getTaskList", "/task/list",
    ),
}  # fmt: skip
NO_ROUTE = ("Invalid Url", "Invalid Path or Method", "API Not Found")
NO_HOST = ("Invalid Domain",)


class PathSearch:
    """Looks for the paths. `said`: what the last path was answered that leads nowhere."""

    def __init__(self, transport: Transport, sender: Sender) -> None:
        self._transport = transport
        self._sender = sender
        self.said = ""

    def find(
        self, given: Mapping[Operation, str], write: Callable[[Mapping[str, Any]], None]
    ) -> dict[Operation, str]:
        """Return the paths of the query and of the list, as far as they are given or one is found.

        Raises LostError if no server is there.
        """
        found = dict(given)
        for operation, candidates in LIKELY.items():
            for path in candidates if operation not in given else ():
                if self._leads_somewhere(path):
                    found[operation] = path
                    break
        for operation, path in found.items():
            write({"kind": "path", "operation": operation.value, "path": path})
        return found

    def _leads_somewhere(self, path: str) -> bool:
        answer = self._tried(self._sender, path)
        if answer is not None and _says(answer, "I404DO", NO_HOST):
            answer = self._tried(replace(self._sender, host=VENDOR_HOST), path)
        if answer is None:
            return False
        self.said = described(answer)
        if error_of(answer) is None:
            return False  # another program has answered
        return answer.status < 500 and not _says(answer, "I404NF", NO_ROUTE)

    def _tried(self, sender: Sender, path: str) -> SeenAnswer | None:
        try:
            return self._transport.send(to_path(sender, path, {}, f"APPCODE {UNKNOWN_CODE}"))
        except LostError as error:
            if not error.was_sent:
                raise
            self.said = f"no answer: {error}"
            return None


def _says(answer: SeenAnswer, code: str, messages: tuple[str, ...]) -> bool:
    error = error_of(answer)
    return error is not None and (error[0] == code or (not error[0] and error[1] in messages))
