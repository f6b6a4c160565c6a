"""Unread counts on all devices, receipts when they are needed, typing, presence, privacy: as programs see them."""

import asyncio

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley_client.rpc import CallError, Rpc
from parley_contracts.ids import new_uuid7
from parley_contracts.limits import PRESENCE_WATCH_MAX


class Caller:
    """An `Rpc` whose answers are plain data, and whose events are kept."""

    def __init__(self, client):
        self.client, self.rpc, self.events = client, Rpc(client), []
        self.rpc.subscribe(lambda event: self.events.append((event.name, msgspec.to_builtins(event.params))))

    async def __call__(self, method, **params):
        return msgspec.to_builtins(await self.rpc.call(method, params))

    async def online(self):
        await self.client.connected()
        return self

    def heard(self, name):
        return [params for heard, params in self.events if heard == name]


async def eventually(look, wanted):
    for _ in range(500):
        if (found := await look()) == wanted:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{found} is not {wanted}")


@pytest.fixture
async def trio(people):
    """Alice, and Bob with two devices, all online in one conversation; she is no stranger to him."""
    alice, bob = await people.register("alice"), await people.register("bob")
    await bob.contact_add("alice")
    await bob.sync_settings()
    sent = await alice.send("@bob", "one")
    await bob.sync()
    phone = await people.restore("bob", "phone")
    callers = [await Caller(client).online() for client in (alice, bob, phone)]
    yield *callers, sent.conversation_id
    for caller in callers:
        caller.rpc.stop()


def unread(caller, where):
    async def look():
        found = await caller("conversation", conversation_id=where)
        return found["unread"], found["marked_unread"]

    return look


async def test_unread_is_the_same_on_all_devices(trio):
    alice, bob, phone, where = trio
    sent = await alice("send", to=where, text="two")
    for device in (bob, phone):
        await eventually(unread(device, where), (2, False))
    await bob("mark_read", conversation_id=where, sequence=sent["sequence"] - 1)
    for device in (bob, phone):
        await eventually(unread(device, where), (1, False))
    await phone("send", to=where, text="answer")
    for device in (bob, phone):
        await eventually(unread(device, where), (0, False))
    await eventually(unread(alice, where), (1, False))


async def test_what_was_read_meanwhile_is_known_after_connecting(trio, people, server):
    _, bob, phone, where = trio
    await eventually(unread(phone, where), (1, False))
    own = bob.client.whoami().user_id
    for socket in server.sockets[own]:
        server.sockets[own].remove(socket)
    read = (await bob("history.page", conversation_id=where))["items"][-1]["sequence"]
    await bob("mark_read", conversation_id=where, sequence=read)
    await eventually(unread(phone, where), (1, False))
    profile = "phone"
    phone.rpc.stop()
    again = await Caller(await people.reopen(profile, phone.client)).online()
    await eventually(unread(again, where), (0, False))


async def test_a_restored_device_counts_from_where_its_person_stands(trio, people):
    alice, bob, _, where = trio
    await bob(
        "mark_read",
        conversation_id=where,
        sequence=(await bob("conversation", conversation_id=where))["last"]["sequence"],
    )
    for text in ("two", "three"):
        await alice("send", to=where, text=text)
    tablet = Caller(await people.restore("bob", "tablet"))
    assert await unread(tablet, where)() == (2, False)


async def test_an_unread_mark_reaches_all_devices_and_ends_with_reading(trio):
    alice, bob, phone, where = trio
    last = (await alice("send", to=where, text="two"))["sequence"]
    await eventually(unread(phone, where), (2, False))
    await phone("mark_read", conversation_id=where, sequence=last)
    await eventually(unread(bob, where), (0, False))
    await bob("mark_unread", conversation_id=where)
    for device in (bob, phone):
        await eventually(unread(device, where), (1, True))
    await phone("mark_read", conversation_id=where, sequence=last)
    for device in (bob, phone):
        await eventually(unread(device, where), (0, False))
    await bob("mark_unread", conversation_id=where, sequence=1)
    await eventually(unread(phone, where), (2, True))
    assert (await phone("conversation", conversation_id=where))["unread_after"] == 0
    await bob("send", to=where, text="who writes has read")
    for device in (bob, phone):
        await eventually(unread(device, where), (0, False))
    assert (await alice("conversation", conversation_id=where))["marked_unread"] is False


async def test_a_mark_made_offline_is_told_later(trio, server):
    _, bob, phone, where = trio
    server.fault = lambda request: "lose_request" if request.path.endswith("/unread") else None
    await bob("mark_unread", conversation_id=where)
    assert await unread(bob, where)() == (1, True)
    server.fault = lambda request: None
    await bob("mark_read", conversation_id=where, sequence=0)
    await bob("mark_unread", conversation_id=where)
    await eventually(unread(phone, where), (1, True))


async def test_a_lost_position_is_told_again(trio, people, server):
    _, bob, _, where = trio
    own = bob.client.whoami().user_id
    sent = await bob("send", to=where, text="mine")
    server.logs[where].read_states.clear()  # a node that died with what it had collected
    bob.rpc.stop()
    again = await Caller(await people.reopen("bob", bob.client)).online()
    await eventually(unread(again, where), (0, False))

    async def told():
        return server.reads.get((own, where))

    await eventually(told, sent["sequence"])


async def test_receipts_are_asked_for_once_when_a_conversation_is_opened(trio, people, server):
    alice, bob, _, where = trio
    reader = bob.client.whoami().user_id
    await eventually(lambda: positions(alice, where, "delivered"), {reader: len(server.logs[where].entries)})
    alice.rpc.stop()
    again = await Caller(await people.reopen("alice", alice.client)).online()
    server.logs[where].read_states[reader] = (3, 0, 0, 0)
    before = len(server.state.receipts_asked)
    assert (await again("summaries"))[0]["read"] == {}
    await asyncio.sleep(0.05)
    assert len(server.state.receipts_asked) == before
    await eventually(lambda: positions(again, where, "read"), {reader: 3})
    for _ in range(3):
        await again("history.page", conversation_id=where)
    assert len(server.state.receipts_asked) == before + 1
    assert (await again("receipts", conversation_id=where))["delivered"][reader] >= 3


async def positions(caller, where, name):
    return (await caller("history.page", conversation_id=where))[name]


async def test_deliveries_are_told_in_batches(trio, server):
    alice, _, _, where = trio
    await asyncio.sleep(1.2)
    server.state.commands.clear()
    for number in range(10):
        sent = await alice("send", to=where, text=str(number))
    await asyncio.sleep(2.5)
    said = server.state.said("delivery.mark")
    assert {command["delivered_sequence"] for command in said} >= {sent["sequence"]}
    assert len(said) <= 3 * 2  # two devices of the one who got them, at most one frame a second each


async def test_typing_is_told_now_and_then_and_fades(trio, server, monkeypatch):
    alice, bob, _, where = trio
    for _ in range(20):
        await alice("typing.start", conversation_id=where)
    await alice("typing.stop", conversation_id=where)
    await alice("typing.stop", conversation_id=where)
    await eventually(lambda: said(server, "typing"), ["typing.start", "typing.stop"])
    monkeypatch.setattr("parley_client.state.typing.TYPING_LIFETIME_S", 0.2)
    own, other = alice.client.whoami().user_id, bob.client.whoami().user_id
    for user_id in (own, other, new_uuid7()):
        frame = {"type": "typing.started", "conversation_id": where, "user_id": user_id}
        for socket in server.sockets[own]:
            socket.push(frame)
    wanted = {"conversation_id": where, "people": [{"user_id": other, "username": "bob"}]}
    await eventually(lambda: heard(alice, "typing.changed"), [wanted])
    assert (await alice("typing", conversation_id=where))["people"] == wanted["people"]
    await eventually(lambda: heard(alice, "typing.changed"), [wanted, wanted | {"people": []}])
    assert server.state.said("typing.stop")


async def test_a_message_ends_typing(trio, server):
    alice, bob, _, where = trio
    frame = {"type": "typing.started", "conversation_id": where, "user_id": bob.client.whoami().user_id}
    for socket in server.sockets[alice.client.whoami().user_id]:
        socket.push(frame)
    await eventually(lambda: typists(alice, where), 1)
    await bob("send", to=where, text="done")
    await eventually(lambda: typists(alice, where), 0)


async def typists(caller, where):
    return len((await caller("typing", conversation_id=where))["people"])


async def heard(caller, name):
    return caller.heard(name)


async def said(server, area):
    return [command["type"] for command in server.state.commands if command["type"].startswith(area)]


async def test_presence_is_watched_by_a_shared_conversation(trio, server, people):
    alice, bob, _, where = trio
    other, stranger = bob.client.whoami().user_id, new_uuid7()
    await alice("presence.watch", user_ids=[other, stranger])
    await eventually(lambda: said(server, "presence.watch"), ["presence.watch"])
    (command,) = server.state.said("presence.watch")
    assert command["people"] == [{"user_id": other, "conversation_id": where}]
    online = {"user_id": other, "status": "online", "last_seen_at": None}
    for socket in server.sockets[alice.client.whoami().user_id]:
        for told in (online, online, online | {"user_id": new_uuid7()}):
            socket.push({"type": "presence.changed"} | told)
    offline = {"user_id": stranger, "status": "offline", "last_seen_at": None}
    await eventually(lambda: heard(alice, "presence.changed"), [offline, online])
    assert (await alice("presence"))["people"] == [offline, online]
    await alice("presence.set", status="away")
    await eventually(lambda: said(server, "presence.set"), ["presence.set"])
    for ids in ([other] * (PRESENCE_WATCH_MAX + 1), ["nobody"]):
        with pytest.raises(CallError) as refused:
            await alice("presence.watch", user_ids=ids)
        assert refused.value.slug == "usage"


async def test_watching_goes_on_after_a_reconnection(trio, server, no_pauses):
    alice, bob, _, _ = trio
    await alice("presence.watch", user_ids=[bob.client.whoami().user_id])
    await alice("presence.set", status="away")
    await eventually(lambda: said(server, "presence"), ["presence.watch", "presence.set"])
    server.state.commands.clear()
    (socket,) = server.sockets[alice.client.whoami().user_id]
    socket.push(4000)
    await eventually(lambda: said(server, "presence"), ["presence.set", "presence.watch"])


async def test_privacy_is_one_document_for_all_devices(trio, server):
    _, bob, phone, where = trio
    assert await bob("privacy") == {"version": 0, "receipts": True, "typing": True, "presence": True, "strangers": True}
    changed = await bob("privacy.change", typing=False)
    assert changed == {"version": 1, "receipts": True, "typing": False, "presence": True, "strangers": True}
    await eventually(lambda: heard(phone, "privacy.changed"), [changed])
    await phone("typing.start", conversation_id=where)
    assert (await phone("privacy.change", receipts=False))["version"] == 2
    assert await bob("privacy") == changed | {"version": 2, "receipts": False}
    assert await bob("privacy.change", receipts=False) == await bob("privacy")
    await asyncio.sleep(0.05)
    assert await said(server, "typing") == []


async def test_who_hides_receipts_tells_no_deliveries(trio, server):
    alice, bob, phone, where = trio
    await bob("privacy.change", receipts=False)
    await eventually(lambda: heard_count(phone, "privacy.changed"), 1)
    await asyncio.sleep(1.2)
    server.state.commands.clear()
    await alice("send", to=where, text="unheard of")
    await eventually(unread(phone, where), (2, False))
    await asyncio.sleep(1.5)
    assert await said(server, "delivery") == []


async def heard_count(caller, name):
    return len(caller.heard(name))


async def test_commands_without_a_conversation_are_refused(trio):
    alice, *_ = trio
    for method, params in (
        ("mark_read", {"sequence": 1}),
        ("mark_unread", {}),
        ("receipts", {}),
        ("typing.start", {}),
    ):
        with pytest.raises(CallError) as refused:
            await alice(method, conversation_id="nowhere", **params)
        assert refused.value.slug == "unknown_conversation"


NUMBERS = st.one_of(st.integers(-5, 20), st.sampled_from([2**53, 2**63, 2**64, 2**70]))
ANY = st.one_of(st.none(), NUMBERS, st.text(max_size=20), st.booleans(), st.lists(st.text(max_size=3)))
FRAMES = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            [
                *("ack", "receipt.updated", "read_state.updated", "typing.started", "typing.stopped"),
                *("presence.changed", "privacy.changed"),
            ]
        )
    },
    optional={
        "ref": st.one_of(ANY, st.just(f"delivered {new_uuid7()} 7"), st.just("delivered x 99999999999999999999")),
        "conversation_id": st.one_of(ANY, st.just("HERE")),
        "user_id": st.one_of(ANY, st.just("BOB")),
        "read_sequence": NUMBERS,
        "delivered_sequence": NUMBERS,
        "status": ANY,
        "last_seen_at": ANY,
        "state": st.one_of(
            ANY,
            st.fixed_dictionaries(
                {},
                optional={
                    "conversation_id": st.just("HERE"),
                    "read_sequence": NUMBERS,
                    "unread_sequence": NUMBERS,
                    "version": NUMBERS,
                },
            ),
        ),
        "settings": st.one_of(ANY, st.fixed_dictionaries({}, optional={"version": NUMBERS, "receipts": ANY})),
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=FRAMES)
async def test_no_frame_of_the_server_harms_the_device(hostile, frame):
    """Whatever the server says beside the log, the socket stays up and the conversation opens."""
    alice, bob, _, where = hostile
    known = {"HERE": where, "BOB": bob.client.whoami().user_id}
    frame = {key: known.get(value, value) if isinstance(value, str) else value for key, value in frame.items()}
    if isinstance(frame.get("state"), dict) and "conversation_id" in frame["state"]:
        frame["state"]["conversation_id"] = where
    alice.client.session.signals.handle(frame["type"], msgspec.json.encode(frame))
    assert (await alice("conversation", conversation_id=where))["unread"] >= 0


@pytest.fixture
def hostile(trio):
    return trio
