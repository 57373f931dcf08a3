"""Faults of the wire, to an answer that is booked already."""

from mock_server.domain.faults.rules import Kind

KINDS: tuple[Kind, ...] = ()
