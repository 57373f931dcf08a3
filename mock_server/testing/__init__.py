"""The API for a test: a server, a world for each test, and assertions that explain themselves.

Rule 1: everything here talks to a server over HTTP, like anybody else.
Rule 2: a failed assertion prints the calls that were made: time, call, answer, yuan.
Rule 3: a bug of the simulator is never taken for a mistake of the client.
"""

from mock_server.testing.receiver import CallbackReceiver, receiving_callbacks
from mock_server.testing.server import MockServer, SimulatorBugError, artqr_mock_server
from mock_server.testing.world import World

__all__ = [
    "CallbackReceiver",
    "MockServer",
    "SimulatorBugError",
    "World",
    "artqr_mock_server",
    "receiving_callbacks",
]
