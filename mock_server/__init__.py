"""A local simulator and contract-test harness for a paid, asynchronous art-QR-code API."""

__version__ = "0.1.0"
