"""A device becomes one of a person's by another device of theirs: by code, by scanning, and not by whoever stands between."""

import asyncio

import pytest
from sign_in_words import sign_in_words

from parley_client.crypto.linking import LinkError as BrokenLink
from parley_client.crypto.linking import (
    LinkPlace,
    commitment_to,
    open_package,
    parse_scan,
    seal_package,
    transcript_by_code,
    transcript_by_scan,
)
from parley_client.errors import (
    AlreadySignedIn,
    LinkOver,
    LinkRefused,
    NotSignedIn,
    UntrustedIdentity,
    UsageError,
)
from parley_client.store.documents import load_account
from parley_contracts.encoding import b64decode, b64encode
from parley_mls import default_primitives, generate_hpke_key

P = default_primitives()
ACCOUNT = sign_in_words("alice")


@pytest.fixture(autouse=True)
def _hasty(monkeypatch, no_pauses):
    monkeypatch.setattr("parley_client.linking.waiting._POLL_S", 0)


@pytest.fixture
async def alice(people):
    """Somebody with a device, a friend and something said."""
    alice, bob = await people.register("alice"), await people.register("bob")
    for client in (alice, bob):
        client.forget_recovery_key()
    await alice.send("@bob", "before the tablet")
    await alice.settle()
    await bob.sync()
    return alice


async def meet(old, new):
    """Both devices as far as the digits of the new one."""
    await new.link_ask(**ACCOUNT)
    (offer,) = await old.link_offers()
    _, digits = await asyncio.gather(old.link_answer(offer.link_id), new.link_digits())
    return digits


def other(digits):
    return f"{(int(digits) + 1) % 10**6:06}"


def link_of(server):
    (link,) = server.links.values()
    return link


async def assert_nothing_came(server, new):
    with pytest.raises(NotSignedIn):
        new.whoami()
    account = load_account(new.store)
    assert account is None or not account.signing_secret


async def test_by_code_a_device_has_everything(alice, people, server):
    tablet = people.open("tablet")
    digits = await meet(alice, tablet)
    answer = await alice.link_confirm(f"{digits[:3]} {digits[3:]}")
    me = await tablet.link_finish(answer)
    assert (me.user_id, me.username) == (alice.whoami().user_id, "alice")
    (chat,) = [c for c in tablet.conversations() if c.kind == "direct"]
    assert [m.text for m in await tablet.history(chat.conversation_id)] == ["before the tablet"]
    await tablet.send("@bob", "from the tablet")
    await alice.sync()
    assert [m.text for m in await alice.history(chat.conversation_id)][-1] == "from the tablet"
    assert tablet.unopened() == alice.unopened() == {}
    assert server.links == {}


async def test_the_old_device_hears_when_the_new_one_has_joined(alice, people):
    tablet = people.open("tablet")
    answer = await alice.link_confirm(await meet(alice, tablet))
    waiting = asyncio.ensure_future(alice.link_joined())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await tablet.link_finish(answer)
    await waiting


async def test_the_old_device_hears_when_the_new_one_does_not_join(alice, people):
    with pytest.raises(LinkOver):
        await alice.link_joined()
    tablet = people.open("tablet")
    answer = await alice.link_confirm(await meet(alice, tablet))
    waiting = asyncio.ensure_future(alice.link_joined())
    with pytest.raises(LinkRefused):
        await tablet.link_finish(other(answer))
    with pytest.raises(LinkOver):
        await waiting


async def test_by_scanning_a_device_has_everything(alice, people, server):
    tablet, text = people.open("tablet"), await alice.link_show()
    assert "://" not in text
    await asyncio.gather(alice.link_hand_over(), tablet.link_scan(f" {text.lower()}\n", **ACCOUNT))
    (chat,) = [c for c in tablet.conversations() if c.kind == "direct"]
    assert [m.text for m in await tablet.history(chat.conversation_id)] == ["before the tablet"]
    assert server.links == {}


async def test_a_linked_device_links_another(alice, people):
    tablet, phone = people.open("tablet"), people.open("phone")
    await tablet.link_finish(await alice.link_confirm(await meet(alice, tablet)))
    await phone.link_finish(await tablet.link_confirm(await meet(tablet, phone)))
    assert phone.whoami().user_id == alice.whoami().user_id


async def test_a_wrong_code_on_the_old_device_ends_it(alice, people, server):
    tablet = people.open("tablet")
    digits = await meet(alice, tablet)
    with pytest.raises(LinkRefused):
        await alice.link_confirm(other(digits))
    with pytest.raises(LinkOver):
        await alice.link_confirm(digits)
    assert server.links == {}
    await assert_nothing_came(server, tablet)
    assert await tablet.link_finish(await alice.link_confirm(await meet(alice, tablet)))


async def test_a_wrong_code_on_the_new_device_ends_it(alice, people, server):
    tablet = people.open("tablet")
    answer = await alice.link_confirm(await meet(alice, tablet))
    with pytest.raises(LinkRefused):
        await tablet.link_finish(other(answer))
    with pytest.raises(LinkOver):
        await tablet.link_finish(answer)
    assert server.links == {}
    await assert_nothing_came(server, tablet)


async def test_each_side_may_end_it(alice, people):
    tablet = people.open("tablet")
    digits = await meet(alice, tablet)
    await tablet.link_cancel()
    with pytest.raises(LinkOver):
        await tablet.link_digits()
    with pytest.raises(LinkOver):
        await asyncio.gather(alice.link_cancel(), alice.link_confirm(digits))
    await tablet.link_ask(**ACCOUNT)
    (offer,) = await alice.link_offers()
    await tablet.link_cancel()
    with pytest.raises(LinkOver):
        await alice.link_answer(offer.link_id)


async def test_a_server_between_the_two_gets_nothing(alice, people, server):
    """It plays the new device to the old one and the old one to the new one; people type what they see."""
    forged, place = {}, None
    _, public = generate_hpke_key(P)
    nonce = P.random(32)

    def between(session, link):
        nonlocal place
        place = LinkPlace("parley.test", session["user"], link["link_id"])
        seen = {name: value for name, value in link.items() if name != "user"}
        if session["device"] is not None and link["offer"]:
            seen["offer"] = b64encode(commitment_to(place, public, nonce))
            seen["reveal"] = b64encode(public + nonce)
        elif link["answer"]:
            forged["old key"], seen["answer"] = link["answer"], b64encode(public)
        return seen

    server.shown_link = between
    tablet = people.open("tablet")
    digits = await meet(alice, tablet)
    with pytest.raises(LinkRefused):
        await alice.link_confirm(digits)
    assert server.links == {}
    old_key = b64decode(forged["old key"])
    right = transcript_by_code(place, old_key=old_key, new_key=public, nonce=nonce)
    assert right != transcript_by_code(place, old_key=public, new_key=public, nonce=nonce)
    await assert_nothing_came(server, tablet)


async def test_a_key_that_was_not_committed_to_is_refused(alice, people, server):
    def swapped(session, link):
        seen = {name: value for name, value in link.items() if name != "user"}
        if session["device"] is not None and link["reveal"]:
            seen["reveal"] = b64encode(generate_hpke_key(P)[1] + b64decode(link["reveal"])[32:])
        return seen

    server.shown_link = swapped
    with pytest.raises(LinkRefused):
        await meet(alice, people.open("tablet"))
    assert server.links == {}
    with pytest.raises(LinkOver):
        await alice.link_confirm("000000")


@pytest.mark.parametrize("part", ["answer", "reveal"])
async def test_malformed_parts_are_refused(alice, people, server, part):
    def cut(session, link):
        seen = {name: value for name, value in link.items() if name != "user"}
        return {**seen, part: link[part] and b64encode(b64decode(link[part])[:-1])}

    server.shown_link = cut
    with pytest.raises((LinkRefused, LinkOver)):
        await meet(alice, people.open("tablet"))
    assert server.links == {}


async def test_a_package_of_the_server_is_refused(alice, people, server):
    tablet = people.open("tablet")
    answer = await alice.link_confirm(await meet(alice, tablet))
    link = link_of(server)
    place = LinkPlace("parley.test", link["user"], link["link_id"])
    revealed, old_key = b64decode(link["reveal"]), b64decode(link["answer"])
    transcript = transcript_by_code(place, old_key=old_key, new_key=revealed[:32], nonce=revealed[32:])
    package = alice._giving._package()
    forged = seal_package(P, package, transcript, old_private=P.random(32), new_key=revealed[:32])
    link["package"] = b64encode(forged)
    with pytest.raises(LinkRefused):
        await tablet.link_finish(answer)
    await assert_nothing_came(server, tablet)


async def test_a_package_of_another_link_is_refused(alice, people, server):
    first, second = people.open("first"), people.open("second")
    await alice.link_confirm(await meet(alice, first))
    earlier = link_of(server)["package"]
    await first.link_cancel()
    server.links.clear()
    answer = await alice.link_confirm(await meet(alice, second))
    link_of(server)["package"] = earlier
    with pytest.raises(LinkRefused):
        await second.link_finish(answer)
    await assert_nothing_came(server, second)


async def test_a_server_that_takes_the_place_of_who_scanned_reads_nothing(alice, server):
    text = await alice.link_show()
    private, public = generate_hpke_key(P)
    link_of(server)["answer"] = b64encode(public)
    await alice.link_hand_over()
    link, shown = link_of(server), parse_scan(text)
    place = LinkPlace("parley.test", link["user"], link["link_id"])
    transcript = transcript_by_scan(place, old_key=shown.old_key, new_key=public)
    words = {"new_private": private, "old_key": shown.old_key}
    with pytest.raises(BrokenLink):
        open_package(P, b64decode(link["package"]), transcript, **words, secret=bytes(32))
    assert open_package(P, b64decode(link["package"]), transcript, **words, secret=shown.secret)


async def test_a_code_is_scanned_once(alice, people, server):
    text, tablet = await alice.link_show(), people.open("tablet")
    await asyncio.gather(alice.link_hand_over(), tablet.link_scan(text, **ACCOUNT))
    with pytest.raises(LinkOver):
        await alice.link_hand_over()
    with pytest.raises(LinkOver):
        await people.open("thief").link_scan(text, **ACCOUNT)


async def test_a_server_with_other_keys_is_found_out(alice, people, server):
    tablet, mallory = people.open("tablet"), await people.register("mallory")
    answer = await alice.link_confirm(await meet(alice, tablet))
    server.statements[alice.whoami().user_id] = server.statements[mallory.whoami().user_id]
    with pytest.raises(UntrustedIdentity):
        await tablet.link_finish(answer)
    await assert_nothing_came(server, tablet)


async def test_a_history_key_that_was_made_meanwhile_is_not_missed(alice, people, server):
    tablet = people.open("tablet")
    answer = await alice.link_confirm(await meet(alice, tablet))
    keys = server.history_keys[alice.whoami().user_id]
    keys[2] = keys[1]
    with pytest.raises(LinkOver):
        await tablet.link_finish(answer)
    with pytest.raises(NotSignedIn):
        tablet.whoami()
    del keys[2]
    assert await tablet.link_finish(await alice.link_confirm(await meet(alice, tablet)))


async def test_what_makes_no_sense(alice, people, server):
    tablet = people.open("tablet")
    for call in (tablet.link_digits(), tablet.link_finish("123456"), alice.link_confirm("123456")):
        with pytest.raises(LinkOver):
            await call
    for text in ("", "https://parley.test/link", (await alice.link_show())[:-1], "PARLEY LINK \u017f"):
        with pytest.raises(UsageError):
            await tablet.link_scan(text, **ACCOUNT)
    with pytest.raises(AlreadySignedIn):
        await alice.link_ask(**ACCOUNT)


async def test_an_unconfirmed_recovery_key_comes_first(people, server):
    carol = await people.register("carol")
    await carol.link_show()
    link_of(server)["answer"] = b64encode(generate_hpke_key(P)[1])
    with pytest.raises(UsageError):
        await carol.link_hand_over()
    assert link_of(server)["package"] is None
