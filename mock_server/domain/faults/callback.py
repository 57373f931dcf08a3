"""Faults of callbacks: what goes wrong between the vendor and the client's receiver."""

from mock_server.domain.faults.rules import Kind

# Each: Kind(name=..., stage=Stage.CALLBACK, fault=ItsDataclass, act=its_function, operations=(),
# slot="callback"), with a schema in contracts/admin.openapi.yaml.
KINDS: tuple[Kind, ...] = ()
