"""Promise 19: addresses given by people are never connected to where they lead inside, by name, redirect or rebinding."""

from __future__ import annotations

import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_contracts.limits import PUSH_ENDPOINT_LENGTH_MAX
from parley_notification.webpush.sending import Push, post_push
from parley_serving.environment import ConfigError
from parley_serving.outbound import endpoints
from parley_serving.outbound.endpoints import (
    Endpoint,
    EndpointError,
    ResolutionError,
    Target,
    find_target,
    is_inside,
    parse_endpoint,
    resolve,
)
from parley_serving.outbound.hosts import read_hosts
from parley_serving.outbound.posting import Unreachable

INSIDE = [
    *("127.0.0.1", "127.8.9.1", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
    *("169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.7", "203.0.113.9"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1"),
    *("::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1", "fc00::1", "fd12:3456::1"),
    *("fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "100::1", "5f00::1", "3fff::1", "nonsense", ""),
]
OUTSIDE = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::8a"]
PUSH = Push(b"body", "vapid t=a, k=b")


@pytest.mark.parametrize("address", INSIDE)
def test_inside_addresses_are_refused(address: str):
    assert is_inside(address)
    with pytest.raises(EndpointError) as caught:
        find_target(Endpoint("push.example", 443, "/"), lambda *_: [address], loopback_allowed=False)
    assert caught.value.reason == "endpoint_inside"


@pytest.mark.parametrize("address", OUTSIDE)
def test_outside_addresses_are_taken(address: str):
    target = find_target(Endpoint("push.example", 443, "/"), lambda *_: [address], loopback_allowed=False)
    assert (target.address, target.loopback) == (address, False)


@pytest.mark.parametrize("inside", ["127.0.0.1", "::1", "10.1.2.3"])
def test_a_name_that_leads_both_ways_is_refused(inside: str):
    for addresses in (["8.8.8.8", inside], [inside, "8.8.8.8"]):
        for allowed in (False, True):
            with pytest.raises(EndpointError):
                find_target(Endpoint("push.example", 443, "/"), lambda *_: addresses, loopback_allowed=allowed)  # noqa: B023


def test_loopback_is_for_the_named_setting_only():
    target = find_target(Endpoint("localhost", 8443, "/"), lambda *_: ["127.0.0.1"], loopback_allowed=True)
    assert target.loopback
    with pytest.raises(EndpointError):
        find_target(Endpoint("inside", 8443, "/"), lambda *_: ["10.0.0.1"], loopback_allowed=True)


def test_names_without_an_address_are_a_passing_fault():
    def nothing(*_: object) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    for resolver in (nothing, lambda *_: []):
        with pytest.raises(ResolutionError):
            find_target(Endpoint("push.example", 443, "/"), resolver, loopback_allowed=False)


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "0", "::1", "::ffff:7f00:1"]
)
def test_every_spelling_of_loopback_is_found_out(host: str):
    """By the system's own resolver: what it makes of a spelling is what would be connected to."""
    with pytest.raises((EndpointError, ResolutionError)):
        find_target(Endpoint(host, 443, "/"), resolve, loopback_allowed=False)


class Rebinding:
    """A resolver that answers something outside when it is asked first, and something inside ever after."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return ["8.8.8.8"] if self.asked == 1 else ["127.0.0.1"]


def test_a_name_that_is_rebound_is_refused_at_its_push():
    resolver = Rebinding()
    endpoint = Endpoint("push.example", 443, "/")
    assert find_target(endpoint, resolver, loopback_allowed=False).address == "8.8.8.8"
    with pytest.raises(EndpointError):
        find_target(endpoint, resolver, loopback_allowed=False)


def test_where_the_operator_names_hosts_no_other_is_even_looked_up():
    hosts = read_hosts({"PARLEY_OUTBOUND_HOSTS": "push.example *.notify.example"})
    asked = []

    def resolver(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["8.8.8.8"]

    for host in ("push.example", "a.notify.example", "b.a.notify.example"):
        assert find_target(Endpoint(host, 443, "/"), resolver, loopback_allowed=False, hosts=hosts).address == "8.8.8.8"
    assert len(asked) == 3
    for host in ("a.push.example", "notify.example", "evilnotify.example", "push.example.evil", "8.8.8.8", "::1"):
        with pytest.raises(EndpointError) as refused:
            find_target(Endpoint(host, 443, "/"), resolver, loopback_allowed=True, hosts=hosts)
        assert refused.value.reason == "endpoint_host"
    assert len(asked) == 3
    assert read_hosts({}) == read_hosts({"PARLEY_OUTBOUND_HOSTS": " "}) == ()


@pytest.mark.parametrize("text", ["*", "https://push.example", "a.*.example", "*push.example", "PUSH.example", "a:443"])
def test_a_list_of_hosts_that_is_none_is_said(text: str):
    with pytest.raises(ConfigError, match="PARLEY_OUTBOUND_HOSTS"):
        read_hosts({"PARLEY_OUTBOUND_HOSTS": text})


def test_a_connection_goes_to_the_checked_address_alone(monkeypatch: pytest.MonkeyPatch):
    """Between the check and the connection nobody is asked for the name again."""

    def never(*given: object, **_: object) -> None:
        if given[0] not in {"127.0.0.1", b"127.0.0.1"}:
            raise AssertionError(f"looked up {given[0]!r}")
        return real(*given, **_)

    real = socket.getaddrinfo
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def accept() -> None:
            listener.accept()[0].close()

        accepted = threading.Thread(target=accept)
        accepted.start()
        monkeypatch.setattr(socket, "getaddrinfo", never)
        with pytest.raises(Unreachable):
            post_push(Target(Endpoint("push.example", port, "/x"), "127.0.0.1", loopback=False), PUSH)
        accepted.join(timeout=5)
        assert not accepted.is_alive()


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://push.example/x",
            "ftp://push.example/",
            "//push.example/",
            "push.example",
            "",
            "https://",
            "https:///x",
        ),
        *(
            "https://user@push.example/",
            "https://a:b@push.example/",
            "https://push.example/#x",
            "https://pu sh.example/",
        ),
        *(
            "https://push.example/\n",
            "https://push.example:0x50/",
            "https://push.example:22/",
            "https://push.example:80/",
        ),
        *("https://push.example:99999/", "https://[::1/", "https://[fe80::1%25eth0]/", "https://exämple.org/"),
        *("https://push.example\\@127.0.0.1/", "https://push..example/", "https://-push.example/", "https://%31/"),
        "https://push.example/" + "x" * PUSH_ENDPOINT_LENGTH_MAX,
    ],
)
def test_what_is_no_endpoint_is_refused(url: str):
    with pytest.raises(EndpointError):
        parse_endpoint(url)


def test_an_endpoint_keeps_its_path_and_query():
    endpoint = parse_endpoint("https://Push.Example:8443/send/a%2Fb?x=1&y")
    assert endpoint == Endpoint("push.example", 8443, "/send/a%2Fb?x=1&y")
    assert (endpoint.origin, endpoint.url) == (
        "https://push.example:8443",
        "https://push.example:8443/send/a%2Fb?x=1&y",
    )
    assert parse_endpoint("https://[2606:4700::1111]/a").authority == "[2606:4700::1111]"
    assert parse_endpoint("https://push.example:443").url == "https://push.example/"


@given(st.one_of(st.text(), st.text(alphabet="https:/@[]#?.%\\ex0123456789-", min_size=8).map("https://".__add__)))
def test_any_text_is_an_endpoint_or_refused(text: str):
    try:
        endpoint = parse_endpoint(text)
    except EndpointError:
        return
    assert parse_endpoint(endpoint.url) == endpoint


@given(st.one_of(st.text(), st.ip_addresses().map(str)))
def test_any_text_is_inside_or_a_public_address(text: str):
    if not is_inside(text):
        assert endpoints.ipaddress.ip_address(text).is_global
