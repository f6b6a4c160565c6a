"""Endpoints, which people give us and we connect to: their form, and the addresses behind their names.

Invariant: `Target` is the only thing that is ever connected to, and holds an address that was looked up here and found
to be outside. A name is looked up anew for each request, and the connection goes to the very address that was checked.
"""

from __future__ import annotations

import concurrent.futures
import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from parley_contracts.limits import PUSH_ENDPOINT_LENGTH_MAX, PUSH_RESOLVE_TIMEOUT_S
from parley_serving.outbound.hosts import is_on_list

_HTTPS_PORT = 443
_PORT_MIN = 1024
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_ADDRESSES_MAX = 32
#: Ranges that hold or lead to something inside and that `is_global` (which changes with Python's version) may not name.
_INSIDE = [
    ipaddress.ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
        *("192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"),
        *("203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        *("::/8", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16"),
        *("3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
]

#: The texts of the addresses behind a host name; raises `OSError` where it has none.
Resolver = Callable[[str, int], Sequence[str]]


class EndpointError(ValueError):
    """The endpoint is never connected to; `reason` is a word for programs."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class ResolutionError(Exception):
    """The name could not be looked up just now."""


@dataclass(frozen=True)
class Endpoint:
    """A resource: https, a host, a port, and what is asked for there."""

    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """Host and port as in the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _HTTPS_PORT else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Its service, as VAPID names it."""
        return f"https://{self.authority}"

    @property
    def url(self) -> str:
        """The whole address."""
        return self.origin + self.target


@dataclass(frozen=True)
class Target:
    """An endpoint, and the address to connect to."""

    endpoint: Endpoint
    address: str
    loopback: bool


def parse_endpoint(unverified_url: str) -> Endpoint:
    """The endpoint behind an address; `EndpointError` where it is none that requests may go to."""
    if len(unverified_url) > PUSH_ENDPOINT_LENGTH_MAX or not _PRINTABLE.fullmatch(unverified_url):
        raise EndpointError("endpoint_malformed", "The endpoint is no address, or too long.")
    try:
        parts = urlsplit(unverified_url)
        port = parts.port or _HTTPS_PORT
        host = parts.hostname or ""
    except ValueError as error:
        raise EndpointError("endpoint_malformed", "The endpoint is no address.") from error
    if parts.scheme != "https" or "@" in parts.netloc or parts.fragment or "\\" in unverified_url:
        raise EndpointError("endpoint_malformed", "An endpoint begins with https:// and names a host.")
    if port != _HTTPS_PORT and port < _PORT_MIN:
        raise EndpointError("endpoint_port", "Nothing is sent to this port.")
    if not _is_host(host):
        raise EndpointError("endpoint_malformed", "The endpoint's host is not a name.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(host, port, target)


def _is_host(host: str) -> bool:
    if ":" in host:
        try:
            return ipaddress.ip_address(host).version == 6 and "%" not in host
        except ValueError:
            return False
    return _HOST_NAME.fullmatch(host) is not None


def is_inside(address_text: str) -> bool:
    """Whether an address is one of ours or of nobody's: loopback, private, link-local, reserved, multicast, translated."""
    try:
        address = ipaddress.ip_address(address_text)
    except ValueError:
        return True
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id:
        return True
    if any(address in network for network in _INSIDE):
        return True
    return not address.is_global or address.is_multicast


def find_target(endpoint: Endpoint, resolver: Resolver, *, loopback_allowed: bool, hosts: Sequence[str] = ()) -> Target:
    """Look the host up and choose an address.

    `EndpointError` where `hosts` names some and not this one, which then is not even looked up, and where any of its addresses
    is inside: a name that leads both ways is not believed.
    """
    if hosts and not is_on_list(endpoint.host, hosts):
        raise EndpointError("endpoint_host", "This server sends nothing to this host.")
    try:
        addresses = list(dict.fromkeys(resolver(endpoint.host, endpoint.port)))[:_ADDRESSES_MAX]
    except (OSError, UnicodeError) as error:
        raise ResolutionError("the name cannot be looked up") from error
    if not addresses:
        raise ResolutionError("the name has no address")
    if loopback_allowed and all(_is_loopback(address) for address in addresses):
        return Target(endpoint, addresses[0], loopback=True)
    if any(is_inside(address) for address in addresses):
        raise EndpointError("endpoint_inside", "Nothing is sent to this address.")
    return Target(endpoint, addresses[0], loopback=False)


def _is_loopback(address_text: str) -> bool:
    try:
        return ipaddress.ip_address(address_text).is_loopback
    except ValueError:
        return False


_lookups = concurrent.futures.ThreadPoolExecutor(max_workers=16, thread_name_prefix="lookup")


def resolve(host: str, port: int) -> Sequence[str]:
    """The system's resolver, with a time-out."""

    def look_up() -> list[str]:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        return [str(place[0]) for _, _, _, _, place in found]

    try:
        return _lookups.submit(look_up).result(timeout=PUSH_RESOLVE_TIMEOUT_S)
    except concurrent.futures.TimeoutError as error:
        raise OSError("the lookup took too long") from error
