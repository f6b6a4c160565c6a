"""A person's own settings: marks of conversations and drafts, on every device and after a restore, unreadable to the server."""

import asyncio
import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_client.crypto.history import new_history_key
from parley_client.crypto.settings import SettingsError, open_settings, seal_settings
from parley_client.errors import NetworkError, UntrustedGroup, UsageError
from parley_client.rpc import CallError, Rpc
from parley_client.settings import marks, syncing
from parley_client.settings.marks import Marks
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import UserId, new_uuid7
from parley_mls import default_primitives

A_VALUE = st.text(max_size=4) | st.integers(0, 5) | st.booleans()
MAPS = st.dictionaries(st.sampled_from("abcdef"), A_VALUE)
CHANGES = st.dictionaries(st.sampled_from("abcdef"), A_VALUE | st.none())


@pytest.fixture
async def two(people, no_pauses):
    """Alice's two devices and her conversation with Bob."""
    alice = await people.register("alice")
    await people.register("bob")
    where = (await alice.send("@bob", "hello")).conversation_id
    await alice.sync()
    return alice, await people.restore("alice", "alice2"), where


async def settled(client):
    await client.sync_settings()
    return client.settings()


async def test_marks_reach_the_other_device_and_a_restored_one(two, people):
    alice, second, where = two
    assert alice.settings() == {}
    assert alice.change_settings(where, archived=True, folder="Work") == Marks(archived=True, folder="Work")
    await alice.sync_settings()
    second.change_settings(where, favourite=True, pinned=True, archived=False)
    expected = {where: Marks(favourite=True, pinned=True, folder="Work")}
    assert await settled(second) == expected
    assert await settled(alice) == expected
    third = await people.restore("alice", "alice3")
    assert third.settings() == expected
    alice.change_settings(where, favourite=False, pinned=False, folder="")
    assert await settled(alice) == {}
    assert await settled(third) == {}


async def test_changes_meet_key_by_key(two, server):
    alice, second, where = two
    other = (await alice.send("@alice", "note")).conversation_id
    down = [True]
    server.fault = lambda request: "lose_request" if down[0] and "settings" in request.path else None
    alice.change_settings(where, archived=True, folder="Mine")
    second.change_settings(where, folder="Theirs", favourite=True)
    alice.change_settings(other, pinned=True)
    for client in (alice, second):
        with pytest.raises(NetworkError):
            await client.sync_settings()
        await asyncio.gather(*client.session.tasks, return_exceptions=True)
    down[0] = False
    await second.sync_settings()
    both = {where: Marks(archived=True, favourite=True, folder="Mine"), other: Marks(pinned=True)}
    assert await settled(alice) == both
    assert await settled(second) == both
    assert marks.load_pending(alice.store) == marks.load_pending(second.store) == {}


async def test_a_change_survives_the_process_and_a_lost_answer(two, server, people):
    alice, second, where = two
    lost = []

    def lose_one_answer(request):
        if request.method == "PUT" and request.path.endswith("/settings") and not lost:
            lost.append(request)
            return "lose_answer"
        return None

    server.fault = lambda request: "lose_request" if "settings" in request.path else None
    alice.change_settings(where, archived=True)
    alice = await people.reopen("alice", alice)
    server.fault = lose_one_answer
    assert alice.settings() == {where: Marks(archived=True)}
    assert await settled(alice) == {where: Marks(archived=True)}
    assert len(lost) == 1
    assert await settled(second) == {where: Marks(archived=True)}


async def test_a_mute_is_told_to_who_pushes(two, server):
    alice, second, where = two
    own = alice.session.device.user_id
    until = (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).isoformat()
    assert alice.change_settings(where, muted_until=until).muted_until == until
    await alice.sync_settings()
    assert server.preferences[own, where] == {"level": "none", "until": until}
    alice.change_settings(where, muted_until="always")
    await alice.sync_settings()
    assert server.preferences[own, where] == {"level": "none", "until": None}
    assert (await settled(second))[where].muted_until == "always"
    await second.push_set_level(where, "all")
    await second.sync_settings()
    assert server.preferences[own, where]["level"] == "all"
    assert await settled(alice) == {}
    past = "2020-01-01T00:00:00Z"
    assert alice.change_settings(where, muted_until=past).muted_until is None
    for bad in ("soon", "2026-01-01T00:00:00"):
        with pytest.raises(UsageError):
            alice.change_settings(where, muted_until=bad)
    with pytest.raises(UsageError):
        alice.change_settings(where, folder="x" * 65)


async def test_drafts_go_along(two, people, monkeypatch):
    alice, second, where = two
    monkeypatch.setattr(syncing, "DRAFT_PAUSE_S", 0.01)
    rpc, other = Rpc(alice), Rpc(second)
    for text in ("D", "De", "Dear Bob"):
        await rpc.call("draft.save", {"conversation_id": where, "text": text})
    await asyncio.sleep(0.1)
    assert marks.load_stored(alice.store).version == 2  # after the key of the log
    await second.sync_settings()
    assert (await other.call("conversation", {"conversation_id": where})).draft == "Dear Bob"
    await other.call("draft.save", {"conversation_id": where, "text": ""})
    await second.sync_settings()
    await alice.sync_settings()
    assert (await rpc.call("conversation", {"conversation_id": where})).draft == ""
    assert alice.settings() == {}


async def test_events_and_summaries_say_it(two, people):
    alice, second, where = two
    rpc, other = Rpc(alice), Rpc(second)
    told = []
    other.subscribe(lambda event: told.append((event.name, msgspec.to_builtins(event.params))))
    other.start()
    await second.connected()
    answer = await rpc.call("settings.change", {"conversation_id": where, "archived": True, "folder": "Work"})
    assert answer == Marks(archived=True, folder="Work")
    for _ in range(500):
        if ("settings.changed", {"conversation_ids": [where]}) in told:
            break
        await asyncio.sleep(0.01)
    assert ("settings.changed", {"conversation_ids": [where]}) in told
    assert ("conversation.changed", {"conversation_id": where}) in told
    summary = await other.call("conversation", {"conversation_id": where})
    assert (summary.archived, summary.folder, summary.favourite, summary.muted_until) == (True, "Work", False, None)
    assert await other.call("settings", {}) == {"conversations": {where: Marks(archived=True, folder="Work")}}
    with pytest.raises(CallError):
        await rpc.call("settings.change", {"conversation_id": where, "colour": "red"})
    other.stop()


async def test_the_server_reads_nothing_and_changes_nothing(two, server):
    alice, second, where = two
    alice.change_settings(where, folder="Secret plans")
    await alice.sync_settings()
    own = alice.session.device.user_id
    stored = server.settings[own]
    assert b"Secret plans" not in b64decode(stored["sealed"])
    assert where.encode() not in b64decode(stored["sealed"])
    broken = bytearray(b64decode(stored["sealed"]))
    broken[-1] ^= 1
    server.settings[own] = {"version": stored["version"], "sealed": b64encode(bytes(broken))}
    with pytest.raises(UntrustedGroup):
        await second.sync_settings()
    server.settings[own] = {"version": stored["version"] + 1, "sealed": stored["sealed"]}
    with pytest.raises(UntrustedGroup):
        await second.sync_settings()
    assert second.settings() == {}


async def test_an_older_version_is_not_followed_and_nothing_is_lost_by_it(two, server):
    alice, _, where = two
    own = alice.session.device.user_id
    alice.change_settings(where, folder="One")
    await alice.sync_settings()
    old = server.settings[own]
    alice.change_settings(where, folder="Two")
    await alice.sync_settings()
    newest, server.settings[own] = server.settings[own], old
    assert await settled(alice) == {where: Marks(folder="Two")}
    alice.change_settings(where, pinned=True)
    with pytest.raises(UntrustedGroup):
        await alice.sync_settings()
    await asyncio.gather(*alice.session.tasks, return_exceptions=True)
    assert alice.settings() == {where: Marks(folder="Two", pinned=True)}
    server.settings[own] = newest
    assert await settled(alice) == {where: Marks(folder="Two", pinned=True)}
    assert marks.load_pending(alice.store) == {}


async def test_devices_that_change_at_once_end_with_all_of_it(two, people):
    alice, second, where = two
    third = await people.restore("alice", "alice3")
    devices = (alice, second, third)
    for number, device in enumerate(devices):
        device.change_settings(where, **{("pinned", "favourite", "archived")[number]: True}, folder=f"of {number}")
    await asyncio.gather(*(device.sync_settings() for device in devices))
    after = [await settled(device) for device in devices]
    assert after[0] == after[1] == after[2]
    (kept,) = after[0].values()
    assert kept.pinned and kept.favourite and kept.archived and kept.folder in {"of 0", "of 1", "of 2"}
    assert all(marks.load_pending(device.store) == {} for device in devices)


async def test_full_settings_say_so(two, monkeypatch):
    alice, _, where = two
    monkeypatch.setattr(syncing, "SETTINGS_SIZE_BYTES_MAX", 300)
    alice.change_settings(where, folder="x" * 60)
    with pytest.raises(UsageError, match="full"):
        alice.change_settings(new_uuid7(), folder="y" * 60)
    await Rpc(alice).call("draft.save", {"conversation_id": where, "text": "z" * 500})
    assert (await Rpc(alice).call("conversation", {"conversation_id": where})).draft == "z" * 500


@given(MAPS, CHANGES, CHANGES)
def test_merging_twice_is_merging_both(stored, first, second):
    assert marks.merged(marks.merged(stored, first), second) == marks.merged(stored, first | second)
    assert all(value is not None for value in marks.merged(stored, first).values())


@given(st.dictionaries(st.sampled_from([*Marks.__struct_fields__, "draft", "unknown"]), A_VALUE))
def test_marks_of_anything_are_marks(found):
    where = new_uuid7()
    kept = marks.marks_of({f"{where}.{name}": value for name, value in found.items()}, where)
    assert msgspec.convert(msgspec.to_builtins(kept), Marks) == kept


def test_settings_open_in_their_place_only():
    p, key = default_primitives(), new_history_key(1)
    where = {"version": 3, "user_id": UserId(new_uuid7()), "server_name": "a.example"}
    sealed = seal_settings(p, key, b"{}", **where)
    assert open_settings(p, key, sealed, **where) == b"{}"
    for other in ({"version": 4}, {"user_id": UserId(new_uuid7())}, {"server_name": "b.example"}):
        with pytest.raises(SettingsError):
            open_settings(p, key, sealed, **(where | other))
    with pytest.raises(SettingsError):
        open_settings(p, new_history_key(1), sealed, **where)
