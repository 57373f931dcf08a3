"""What is found in a call on arrival: judged in the transaction that books it, never the answer."""

from mock_server.actions.gateway.context import Visit
from mock_server.domain.call.redaction import values_of
from mock_server.domain.findings import is_clean, judge, request_of, shown
from mock_server.simulator import Simulator
from mock_server.store.journal import as_array

NOTHING = "[]"


def findings_of(simulator: Simulator, visit: Visit) -> str:
    """Return the findings of a call as its journal row keeps them."""
    catalogue = simulator.catalogue
    readings = visit.readings
    contract = catalogue.requests(readings)
    if is_clean(visit.call, visit.operation, visit.body, contract):
        return NOTHING
    request = request_of(visit.call, visit.operation, visit.body, contract, readings)
    hits = judge(request)
    if not hits:
        return NOTHING
    known = visit.account.secrets if visit.account else ()
    secrets = (*known, *values_of(visit.call.headers))
    return as_array([shown(hit, catalogue.findings, secrets, readings) for hit in hits])
