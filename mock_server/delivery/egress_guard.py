"""Where calls that go out may go: loopback, and what the settings allow.

Rule 1: it is the resolved address that is checked and then connected to, so that a name cannot
change its mind in between.
Rule 2: never to the simulator itself, but for a post to an inbox (domain/callback/inbox.py).
"""

import asyncio
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

from mock_server.domain.callback.inbox import INBOX
from mock_server.domain.urls import comparable_host, parse_ip

ANY_HOST = "*"


class TargetRefusedError(OSError):
    """An address that callbacks may not go to; the message says which setting allows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An address that was checked: what to connect a socket of `family` to."""

    family: int
    ip: str
    socket_address: tuple[Any, ...]


class Guard:
    """Says where callbacks may go."""

    def __init__(self, allowed: Iterable[str], own_ports: Iterable[int]) -> None:
        self._own_ports = frozenset(own_ports)
        self._names = set()
        self._networks = []
        for entry in allowed:
            try:
                self._networks.append(ip_network(entry, strict=False))
            except ValueError:
                self._names.add(comparable_host(entry))

    def check(self, host: str, ip: str, port: int, *, to_inbox: bool = False) -> None:
        """Raise TargetRefusedError unless callbacks to `host`, which is at `ip`, are allowed.

        `to_inbox`: it is a post whose target is the inbox of an account.
        """
        address = parse_ip(ip)
        if port in self._own_ports and is_local(ip):
            if to_inbox:
                return
            raise TargetRefusedError(
                f"only {INBOX}ACCOUNT takes callbacks here: {host}:{port} is the simulator itself"
            )
        if address.is_loopback or host in self._names or ANY_HOST in self._names:
            return
        if any(address in network for network in self._networks):
            return
        raise TargetRefusedError(
            f"calls to {host} are not allowed: start with --callback-host {host} to allow them"
        )

    async def resolve(self, host: str, port: int, *, to_inbox: bool = False) -> list[Endpoint]:
        """Return where a host is, each place allowed. Raises TargetRefusedError if one is not."""
        if _is_numeric(host):
            literal = _whole(host)
            # It says itself where it is, but for one that names an interface of this machine.
            if "%" not in literal:
                self.check(literal, literal, port, to_inbox=to_inbox)
                return [_endpoint(literal, port)]
            host = literal
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        endpoints = []
        for family, _, _, _, where in found:
            ip = str(where[0])
            self.check(host, ip, port, to_inbox=to_inbox)
            endpoints.append(Endpoint(family=family, ip=ip, socket_address=where))
        return endpoints


def is_local(ip: str) -> bool:
    """Whether an address is one of this machine's: only those can be bound."""
    address = parse_ip(ip)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True


def _is_numeric(host: str) -> bool:
    """Whether a host is an IP address, or a number that some resolvers make one of."""
    return ":" in host or host.replace(".", "").isdigit()


def _endpoint(ip: str, port: int) -> Endpoint:
    """Return what an IP address is without a name server."""
    if ":" in ip:
        return Endpoint(family=socket.AF_INET6, ip=ip, socket_address=(ip, port, 0, 0))
    return Endpoint(family=socket.AF_INET, ip=ip, socket_address=(ip, port))


@lru_cache(maxsize=1024)
def _whole(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        raise TargetRefusedError(
            f"{host} is not a whole IP address: write it out, such as 127.0.0.1"
        ) from None
