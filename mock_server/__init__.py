"""A local simulator and contract-test harness for a paid, asynchronous art-QR-code API."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mock_server.testing import artqr_mock_server as artqr_mock_server

__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    """Load the test API on first use, so that commands and servers start faster."""
    if name == "artqr_mock_server":
        from mock_server.testing import artqr_mock_server  # noqa: PLC0415

        return artqr_mock_server
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
