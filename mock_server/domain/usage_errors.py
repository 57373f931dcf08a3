"""Wrong use of our own tools: admin API, command line, settings. Never the vendor's words.

The message says what was wrong and what to do instead.
"""


class UsageError(ValueError):
    """A value that cannot be: HTTP 422, exit code 2."""


class NotFoundError(UsageError):
    """Something named that is not there: HTTP 404."""


class ConflictError(UsageError):
    """Something that cannot be in the present state: HTTP 409."""
