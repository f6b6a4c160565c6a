"""The devices of a person on the real stack: one is linked without the recovery key, a lost one is locked out for good."""

from collections.abc import Callable
from typing import Any

import pytest
from e2e_devices import Device, Refused, Stack

from parley_client.platforms.sqlite import SqliteStore
from parley_client.store.conversations import load_group_state
from parley_contracts.identity import DeviceCertificate
from parley_contracts.ids import ConversationId
from parley_mls import Group

Make = Callable[..., Device]


def linked(stack: Stack, person: Device, old: Device, new: Device) -> None:
    """Make `new` a device of the person who registered on `person`, by their device `old`, as somebody with two screens would."""
    own = {"username": person.username, "password": person.password}
    account = {"server": stack.address, "ca_file": stack.ca_file, **own}
    new("link.ask", **account)
    (offer,) = old("link.offers")
    shown = new.begin("link.digits")
    old("link.answer", link_id=offer["link_id"])
    answer = old("link.confirm", digits=shown()["digits"])
    new("link.finish", digits=answer["digits"])


def certificates(device: Device, conversation_id: str) -> dict[str, int]:
    """The statement that each device in the group names, as a device of it knows; its process is begun anew."""
    device.stop()
    store = SqliteStore(device.profile)
    member, _ = load_group_state(store, ConversationId(conversation_id))
    store.close()
    device.start()
    assert member is not None
    leaves = Group.from_bytes(member).members()
    named = [DeviceCertificate.decode(leaf.identity) for _, leaf in leaves]
    return {certificate.device_id: certificate.statement_version for certificate in named}


def ids(*devices: Device) -> set[Any]:
    return {device("whoami")["device_id"] for device in devices}


def test_a_device_is_linked_and_a_lost_one_is_locked_out(stack: Stack, device: Make):
    anna, bert = device("anna"), device("bert")
    tablet, phone = device("tablet", registered=False), device("phone", registered=False)
    made = anna("group.create", name="Garden", members=[f"@{bert.username}"])["conversation_id"]
    anna("send", to=made, text="before")
    linked(stack, anna, anna, tablet)
    phone.login(anna)
    tablet.wait_for_history({"before"})
    tablet("send", to=made, text="from the tablet")
    phone("send", to=made, text="from the phone")
    bert.wait_for({"before", "from the tablet", "from the phone"})
    (lost,), kept, berts = ids(phone), ids(anna, tablet), ids(bert)

    with pytest.raises(Refused) as caught:
        anna("device.lock_out", device_id=lost, recovery_key=bert.recovery_key)
    assert caught.value.slug == "recovery_key_refused"
    words = anna("recovery_words.draw", recovery_key=anna.recovery_key)["words"]
    assert anna("account")["has_recovery_words"]
    anna("device.lock_out", device_id=lost, recovery_key=words)
    phone.heard("signed_out", lambda _: True)
    anna("send", to=made, text="after")
    bert.wait_for({"after"})
    tablet.wait_for_history({"after"})
    # A leaf carries the new certificate from the first commit after its device was handed the signing key.
    for turn, role in enumerate(("member", "admin") * 10):
        tablet("group.permissions", conversation_id=made, permissions={"name": role})
        tablet("send", to=made, text=f"the tablet goes on {turn}")
        bert.wait_for({f"the tablet goes on {turn}"})
        named = certificates(bert, made)
        assert set(named) == kept | berts
        if {named[each] for each in kept} == {2}:
            break
    else:
        raise AssertionError("the tablet did not take the new signing key up")

    again = tablet("recovery_key.replace", recovery_key=words)["recovery_key"]
    tablet("recovery_key.forget")
    assert not tablet("account")["has_recovery_words"]
    with pytest.raises(Refused) as caught:
        tablet("recovery_words.draw", recovery_key=anna.recovery_key)
    assert caught.value.slug == "recovery_key_refused"
    anna.recovery_key = again
    with pytest.raises(Refused):
        phone("send", to=made, text="the phone again")

    found = device("found", registered=False)
    found.login(anna)
    found.wait_for_history({"before", "from the phone", "after", "the tablet goes on 0"})
    linked(stack, anna, tablet, another := device("another", registered=False))
    another("send", to=made, text="all is well")
    bert.wait_for({"all is well"})


def test_wrong_digits_link_nothing(stack: Stack, device: Make):
    anna, tablet = device("anna"), device("tablet", registered=False)
    account = {"server": stack.address, "ca_file": stack.ca_file, "username": anna.username, "password": anna.password}
    tablet("link.ask", **account)
    (offer,) = anna("link.offers")
    shown = tablet.begin("link.digits")
    anna("link.answer", link_id=offer["link_id"])
    digits = shown()["digits"]
    wrong = f"{(int(digits) + 1) % 10**6:06}"
    for typed, slug in ((wrong, "link_refused"), (digits, "link_over")):
        with pytest.raises(Refused) as caught:
            anna("link.confirm", digits=typed)
        assert caught.value.slug == slug
    with pytest.raises(Refused) as caught:
        tablet("link.finish", digits=wrong)
    assert caught.value.slug == "link_refused" and not tablet("session")["signed_in"]
    text = anna("link.show")["text"]
    handing = anna.begin("link.hand_over")
    assert tablet("link.scan", text=text, **account)["username"] == anna.username
    assert handing() == {}


def test_who_has_lost_everything_begins_anew_and_is_let_in_again(stack: Stack, device: Make):
    anna, bert = device("anna"), device("bert")
    made = anna("group.create", name="Garden", members=[f"@{bert.username}"])["conversation_id"]
    anna("send", to=made, text="before")
    anna("send", to=f"@{bert.username}", text="hello")
    bert.wait_for({"before", "hello"})
    anew, who = device("anew", registered=False), {"username": bert.username}
    account = {"server": stack.address, "ca_file": stack.ca_file, "password": bert.password}
    assert anew("account.begin_anew", **who, **account)["recovery_key"] != bert.recovery_key
    bert.heard("signed_out", lambda _: True)
    with pytest.raises(Refused) as caught:
        anew("send", to=f"@{anna.username}", text="it is me")
    assert caught.value.slug == "not_let_in_yet"

    shown = anna("safety_number", **who)
    assert shown["changed"] and shown["number"] == anew("safety_number", username=anna.username)["number"]
    with pytest.raises(Refused) as caught:
        anna("person.let_in_again", conversation_id=made, **who)
    assert caught.value.slug == "identity_changed"
    anna("identity.accept", number=shown["number"], **who)
    anna("person.let_in_again", conversation_id=made, **who)
    anna("send", to=f"@{bert.username}", text="welcome back")
    anna("send", to=made, text="welcome all")
    anew.wait_for({"welcome back", "welcome all"})
    for place, text in ((made, "thank you all"), (f"@{anna.username}", "thank you"), (f"@{bert.username}", "a note")):
        anew("send", to=place, text=text)
    anna.wait_for({"thank you all", "thank you"})
    assert {message["text"] for message in anew.history()} == {
        "welcome back",
        "welcome all",
        "thank you all",
        "thank you",
        "a note",
    }
