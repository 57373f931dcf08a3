"""Where calls that go out may go: loopback, and what the settings allow.

Rule 1: it is the resolved address that is checked and then connected to, so that a name cannot
change its mind in between.
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from aiohttp.abc import AbstractResolver

if TYPE_CHECKING:
    from aiohttp.abc import ResolveResult  # aiohttp 3.9 has no name for this dictionary

ANY_HOST = "*"

IpAddress = IPv4Address | IPv6Address


class TargetRefusedError(OSError):
    """An address that callbacks may not go to; the message says which setting allows it."""


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
                self._names.add(entry.lower())

    def check(self, host: str, ip: str, port: int) -> None:
        """Raise TargetRefusedError unless callbacks to `host`, which is at `ip`, are allowed."""
        address = _plain(ip_address(ip))
        if port in self._own_ports and _is_local(address):
            raise TargetRefusedError(f"{host}:{port} is the simulator itself")
        if address.is_loopback or host in self._names or ANY_HOST in self._names:
            return
        if any(address in network for network in self._networks):
            return
        raise TargetRefusedError(
            f"calls to {host} are not allowed: start with --callback-host {host} to allow them"
        )

    def check_numeric(self, host: str, port: int) -> None:
        """Check a host that is an IP address, which never reaches the resolver."""
        if _is_numeric(host):
            self.check(host, _whole(host), port)


class CheckedResolver(AbstractResolver):
    """Resolves names to addresses that a guard allows."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list["ResolveResult"]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        results: list[ResolveResult] = []
        for address_family, _, protocol, _, where in found:
            ip = str(where[0])
            self._guard.check(host, ip, port)
            results.append(
                {
                    "hostname": host,
                    "host": ip,
                    "port": port,
                    "family": address_family,
                    "proto": protocol,
                    "flags": socket.AI_NUMERICHOST,
                }
            )
        return results

    async def close(self) -> None:
        """Nothing is held."""


def _is_numeric(host: str) -> bool:
    """Whether aiohttp takes a host for an IP address and connects to it without resolving."""
    return ":" in host or host.replace(".", "").isdigit()


def _whole(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        raise TargetRefusedError(
            f"{host} is not a whole IP address: write it out, such as 127.0.0.1"
        ) from None


def _plain(address: IpAddress) -> IpAddress:
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _is_local(address: IpAddress) -> bool:
    """Whether an address is one of this machine's: only those can be bound."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
    return True
