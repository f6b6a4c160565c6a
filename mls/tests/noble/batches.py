"""Signatures that WebCrypto is asked all at once: the same answers as one after the other, or none at all.

Runs in Pyodide before pytest, which cannot wait for JavaScript there. Each judge prints what it judged, and how many.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import js
import parley_bridge
from pyodide.ffi import create_proxy, to_js
from test_speccheck import QUESTIONS, made

from parley_mls import (
    Group,
    GroupInfoError,
    Joining,
    Lifetime,
    PublicGroup,
    SignatureCheck,
    create_key_package,
    generate_signature_key,
    group_info_signatures,
    noble,
)
from parley_mls.noble import NoblePrimitives

MEMBERS = 5
P = NoblePrimitives()


async def judge(bridge_anew: Callable[[str], Any]) -> None:
    """All judges; `bridge_anew` loads the bridge's module once more, which then finds out anew what this browser has."""
    await _rule()
    await _yes()
    await _missing(bridge_anew)
    await _other_rule(bridge_anew)
    await _join()


def _asked() -> dict[SignatureCheck, bool]:
    """The questions on which verifiers differ, each also with another message, and what has not even a right size."""
    checks = {SignatureCheck(*made(question)): question.accepted for question in QUESTIONS}
    good = next(check for check, accepted in checks.items() if accepted)
    checks |= {check._replace(message=check.message + b"!"): False for check in list(checks)}
    checks |= {good._replace(public=good.public[:31]): False, good._replace(signature=good.signature + b"\0"): False}
    return checks


async def _rule() -> None:
    """What WebCrypto says yes to is what the one rule accepts, and nothing of it is asked again."""
    asked = _asked()
    assert await parley_bridge.ed25519_in_batches()
    known = await P.knowing(asked)
    with counted() as calls:
        assert {check for check in asked if known.verify(*check)} == {c for c, accepted in asked.items() if accepted}
    assert calls["ed25519_verify"] == sum(_reaches_the_equation(check) and not asked[check] for check in asked)
    assert [P.verify(*check) for check in asked] == list(asked.values())
    print(f"batches: rule n = {len(asked)}")


async def _yes() -> None:
    """What the one rule settles before the equation, WebCrypto is never asked: not even one that says yes to everything."""

    class Yes:
        async def ed25519_in_batches(self) -> bool:
            return True

        async def ed25519_verify_all(self, parts: Any) -> Any:
            return to_js(b"\1" * (len(parts) // 3))

        def __getattr__(self, name: str) -> Any:
            return getattr(parley_bridge, name)

    asked = _asked()
    with bridged(Yes()):
        known = await P.knowing(asked)
        assert {check for check in asked if known.verify(*check)} == set(filter(_reaches_the_equation, asked))
    print(f"batches: yes n = {len(asked)}")


def _reaches_the_equation(check: SignatureCheck) -> bool:
    return noble.is_acceptable_point(check.public) and noble.is_acceptable_signature(check.signature)


async def _missing(bridge_anew: Callable[[str], Any]) -> None:
    """A browser without WebCrypto, or whose WebCrypto has no Ed25519, asks `@noble`."""

    async def none(*_: object) -> None:
        raise ValueError("no such algorithm")

    for number, crypto in enumerate([None, {"subtle": {"importKey": create_proxy(none)}}]):
        await _falls_back(await _with_crypto(crypto, bridge_anew, f"missing{number}"))
    print("batches: missing n = 2")


async def _other_rule(bridge_anew: Callable[[str], Any]) -> None:
    """A WebCrypto that multiplies by the cofactor, or that refuses mixed keys, is not asked."""

    async def imported(*_: object) -> int:
        return 1

    for says in (True, False):

        async def verify(*_: object, says: bool = says) -> bool:
            return says

        crypto = {"subtle": {"importKey": create_proxy(imported), "verify": create_proxy(verify)}}
        await _falls_back(await _with_crypto(crypto, bridge_anew, f"says{says}"))
    print("batches: other_rule n = 2")


async def _with_crypto(crypto: Any, bridge_anew: Callable[[str], Any], name: str) -> Any:
    """The bridge's module as it comes up with this as the global `crypto`."""
    own = js.Object.getOwnPropertyDescriptor(js.globalThis, "crypto")
    described = to_js({"value": crypto, "configurable": True}, dict_converter=js.Object.fromEntries)
    js.Object.defineProperty(js.globalThis, "crypto", described)
    try:
        bridge = await bridge_anew(name)
        assert not await bridge.ed25519_in_batches()
    finally:
        js.Object.defineProperty(js.globalThis, "crypto", own)
    return bridge


async def _falls_back(bridge: Any) -> None:
    asked = _asked()
    with bridged(bridge):
        known = await P.knowing(asked)
        assert known is P
        assert [known.verify(*check) for check in asked] == list(asked.values())


async def _join() -> None:
    """Who joins, follows or enters asks nothing more one after the other; a signature that is wrong is still refused."""
    seed, _ = generate_signature_key(P)
    founder = Group.create(P, group_id=b"group", identity=b"founder", signature_seed=seed)
    seeds = [generate_signature_key(P)[0] for _ in range(MEMBERS - 1)]
    bundles = [
        create_key_package(P, identity=b"member %d" % i, signature_seed=each, lifetime=Lifetime(0, 2**40))
        for i, each in enumerate(seeds)
    ]
    added = founder.commit(P, add=[bundle.key_package for bundle in bundles])
    begun = Joining.begin(P, added.welcome, bundles[0], seeds[0])
    known = await P.knowing(begun.signatures())
    with counted() as calls:
        assert Group.joined(known, begun).epoch == 1
    assert calls["ed25519_verify"] == 0
    known = await P.knowing(group_info_signatures(added.group_info))
    with counted() as calls:
        assert len(PublicGroup.from_group_info(known, added.group_info).members()) == MEMBERS
    assert calls["ed25519_verify"] == 0
    wrong = added.group_info[:-1] + bytes([added.group_info[-1] ^ 1])
    known = await P.knowing(group_info_signatures(wrong))
    try:
        PublicGroup.from_group_info(known, wrong)
    except GroupInfoError:
        print(f"batches: join n = {MEMBERS}")


@contextmanager
def bridged(bridge: Any) -> Iterator[None]:
    """This bridge below the primitives meanwhile."""
    noble.parley_bridge = bridge
    try:
        yield
    finally:
        noble.parley_bridge = parley_bridge


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """How often each function of the bridge is called meanwhile."""
    calls: Counter[str] = Counter()

    class Counted:
        def __getattr__(self, name: str) -> Any:
            calls[name] += 1
            return getattr(parley_bridge, name)

    with bridged(Counted()):
        yield calls
