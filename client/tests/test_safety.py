"""Safety numbers: the same on both sides, remembered on all devices, and a root key that is another is refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_client.crypto.account import create_account
from parley_client.crypto.safety import safety_number
from parley_client.errors import SafetyNumberDiffers, UntrustedIdentity, UsageError
from parley_client.rpc import Rpc
from parley_contracts.encoding import b64encode
from parley_contracts.problems import NotFound
from parley_mls import default_primitives

P = default_primitives()
FINGERPRINTS = st.binary(min_size=32, max_size=32)


@given(FINGERPRINTS, FINGERPRINTS, st.integers(0, 31), st.integers(0, 7))
def test_sixty_digits_over_both_in_either_order(one, other, place, bit):
    number = safety_number(P, one, other)
    assert number == safety_number(P, other, one)
    assert len(number) == 60 and number.isdecimal()
    changed = bytearray(one)
    changed[place] ^= 1 << bit
    assert safety_number(P, bytes(changed), other) != number


@pytest.fixture
async def pair(people, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    await alice.send("@bob", "hi")
    await alice.settle()
    await bob.sync()
    return alice, bob


async def test_both_see_one_number_and_it_stays_with_more_devices(pair, people):
    alice, bob = pair
    shown = await alice.safety_number("@bob")
    assert (shown.number, shown.verified) == ((await bob.safety_number("alice")).number, False)
    phone = await people.restore("bob", "phone")
    assert (await phone.safety_number("alice")).number == shown.number


async def test_who_was_compared_is_verified_on_all_devices_until_taken_back(pair, people):
    alice, bob = pair
    number = (await alice.safety_number("@bob")).number
    spaced = " ".join(number[at : at + 5] for at in range(0, 60, 5))
    assert (await alice.verify("@bob", spaced)).verified
    await alice.unverify("@bob")
    scanned = (await bob.safety_number("@alice")).code
    assert scanned == f"PARLEY SAFETY NUMBER {number}" and (await alice.verify("@bob", f" {scanned} ")).verified
    await alice.sync_settings()
    phone = await people.restore("alice", "phone")
    assert (await phone.safety_number("@bob")).verified
    await phone.unverify("@bob")
    await phone.sync_settings()
    await alice.sync_settings()
    assert not (await alice.safety_number("@bob")).verified


async def test_another_number_is_refused_and_nothing_is_remembered(pair):
    alice, _ = pair
    number = (await alice.safety_number("@bob")).number
    for false in (number[::-1], "0" * 60):
        with pytest.raises(SafetyNumberDiffers):
            await alice.verify("@bob", false)
    for none in ("", "12345", number + "1", "x" * 60, "٣" * 60):
        with pytest.raises(UsageError):
            await alice.verify("@bob", none)
    with pytest.raises(UsageError):
        await alice.safety_number("@alice")
    with pytest.raises(NotFound):
        await alice.safety_number("@nobody")
    assert not (await alice.safety_number("@bob")).verified


async def test_a_new_device_refuses_another_root_key_of_who_was_verified(pair, people, server):
    """First contact trusts the server with a log of its own, but not where another device of the person has compared."""
    alice, bob = pair
    await alice.verify("@bob", (await alice.safety_number("@bob")).number)
    await alice.sync_settings()
    own = bob.whoami().user_id
    true, server.statements[own] = server.statements[own], forged_statements(own)
    server.key_log.leaves.clear()
    phone = await people.restore("alice", "phone")
    with pytest.raises(UntrustedIdentity):
        await phone.group_create("Trip", ["@bob"])
    with pytest.raises(UntrustedIdentity):
        await phone.safety_number("@bob")
    server.statements[own] = true
    server.key_log.leaves.clear()
    await phone.session.directory.log.start_anew()
    assert (await phone.safety_number("@bob")).verified


def forged_statements(user_id):
    """A sound first statement of that person, by keys that somebody else made."""
    made = create_account(P, server_name="parley.test", user_id=user_id, recovery_key=bytes(32))
    signed = {"statement": b64encode(made.statement.encode()), "signature": b64encode(made.statement_signature)}
    return [{"version": 1, **signed}]


async def test_programs_compare_too(pair):
    alice, _ = pair
    rpc = Rpc(alice)

    async def call(method, **params):
        return msgspec.to_builtins(await rpc.call(method, params))

    number = (await call("safety_number", username="@bob"))["number"]
    assert (await call("safety_number.verify", username="@bob", number=number))["verified"]
    await call("safety_number.forget", username="@bob")
    assert not (await call("safety_number", username="@bob"))["verified"]
