"""A suite that drives your client through generated worlds and checks it against the truth.

Rule 1: it knows the client by its adapter alone, and the truth by the admin API alone.
Rule 2: what a client may do either way is never held against it: only what costs money, loses a
result or tells an untruth is a mistake.
Rule 3: a mistake is told as a story: numbered steps, their calls, their yuan.
"""

from mock_server.extras import install_command

try:
    import hypothesis as _  # noqa: F401
except ModuleNotFoundError:
    raise ModuleNotFoundError(
        f"mock_server.client_suite needs hypothesis: {install_command('test')}"
    ) from None

from mock_server.client_suite.adapter import Adapter, TaskResult
from mock_server.client_suite.story import ClientMistakeError
from mock_server.client_suite.suite import ClientSuite

__all__ = ["Adapter", "ClientMistakeError", "ClientSuite", "TaskResult"]
