"""What the console shows of charges: the credits left before and after some calls."""

from collections.abc import Iterable

from mock_server.domain.billing.charges import is_metered
from mock_server.domain.call.calls import Operation
from mock_server.domain.readings import ALLOWED, DEFAULT_READINGS, with_readings


def fitting(answered: Iterable[Operation], gone: int, unsure: int) -> list[str]:
    """Return the values of charge.polls under which these answers with HTTP 200 cost `gone`
    credits; of `unsure` more calls it is not known whether they were answered.
    """
    operations = list(answered)
    fits = []
    for value in ALLOWED["charge.polls"]:
        readings = with_readings(DEFAULT_READINGS, {"charge.polls": value})
        least = sum(is_metered(each, readings) for each in operations)
        if least <= gone <= least + unsure:
            fits.append(value)
    return fits
