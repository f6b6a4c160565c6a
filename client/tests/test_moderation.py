"""What moderators did, as every device works it out from the log; and who may read it."""

import msgspec
import pytest

from parley_client.errors import NotPermitted, UsageError
from parley_client.moderation.deeds import Deed, deeds_between
from parley_client.store.conversations import load_conversation
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ConversationId, LinkId, UserId
from parley_contracts.policy import Link, Mute, Permissions, PolicyDocument, RosterEntry

A, B, C, D = (UserId(f"00000000-0000-7000-8000-00000000000{n}") for n in "abcd")
ROOM = ConversationId("00000000-0000-7000-8000-000000000000")
LINK = Link(LinkId("00000000-0000-7000-8000-0000000000ff"), b64encode(bytes(32)), B)


def entry(user_id, role="member"):
    return RosterEntry(user_id, b64encode(bytes(32)), role)


def document(*roster, **fields):
    return PolicyDocument(ROOM, "group", 0, roster or (entry(A, "owner"), entry(B), entry(C)), **fields)


BEFORE = document()
CHANGES = [
    (BEFORE, document(entry(A, "owner"), entry(B, "admin"), entry(C)), [Deed(kind="role_given", user_id=B, role="admin")]),
    (BEFORE, document(*BEFORE.roster, entry(D)), []),
    (BEFORE, document(*BEFORE.roster, entry(D, "admin")), [Deed(kind="role_given", user_id=D, role="admin")]),
    (BEFORE, document(entry(A, "owner"), entry(B)), [Deed(kind="removed", user_id=C)]),
    (BEFORE, document(entry(B, "owner"), entry(C)), [Deed(kind="role_given", user_id=B, role="owner")]),  # A leaves
    (BEFORE, document(entry(A, "owner"), entry(B), banned=(C,)), [Deed(kind="banned", user_id=C)]),
    (document(banned=(D,)), BEFORE, [Deed(kind="unbanned", user_id=D)]),
    (BEFORE, document(muted=(Mute(B, 200),)), [Deed(kind="muted", user_id=B, until=200)]),
    (document(muted=(Mute(B, 200),)), document(muted=(Mute(B),)), [Deed(kind="muted", user_id=B)]),
    (document(muted=(Mute(B),)), BEFORE, [Deed(kind="unmuted", user_id=B)]),
    (document(muted=(Mute(B, 99),)), BEFORE, []),  # it was over
    (BEFORE, document(links=(LINK,)), [Deed(kind="link_made", link_id=LINK.link_id)]),
    (document(links=(LINK,)), BEFORE, [Deed(kind="link_revoked", link_id=LINK.link_id, user_id=B)]),
    (document(links=(LINK,)), document(links=(msgspec.structs.replace(LINK, uses=1),)), []),
    (document(links=(LINK,)), document(entry(A, "owner"), entry(C)), [Deed(kind="removed", user_id=B)]),
    (
        BEFORE,
        document(permissions=Permissions(add="member"), timer_s=60, retention_s=90, history_sharing=True),
        [
            Deed(kind="permission_changed", permission="add", role="member"),
            Deed(kind="timer_set", seconds=60),
            Deed(kind="retention_set", seconds=90),
            Deed(kind="history_set", on=True),
        ],
    ),
    (document(timer_s=60), BEFORE, [Deed(kind="timer_set")]),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "deeds"), CHANGES)
def test_each_change_is_its_deeds(before, after, deeds):
    assert list(deeds_between(before, after, A, 100.0)) == deeds
    assert deeds_between(before, before, A, 100.0) == ()


async def told(client, where, **page):
    """The deeds in short, the oldest first."""
    found = (await client.group_audit(where, **page)).deeds
    return [(deed.by.username, deed.kind, deed.person.username if deed.person else None) for deed in reversed(found)]


async def test_everybody_who_moderates_reads_the_same(moderated, people):
    alice, bob, carol, where = moderated
    sent = await carol.send(where, "rude")
    own = await carol.send(where, "oops")
    await carol.delete(where, own.sequence)  # an own message is nobody else's business
    await bob.sync()
    await bob.delete(where, sent.sequence)
    await bob.group_mute(where, ["@carol"], 3600)
    await bob.group_unmute(where, ["@carol"])
    link = await alice.group_link_create(where)
    await alice.group_link_revoke(where, link.link_id)
    await alice.group_permissions(where, {"name": "member"})
    await bob.sync()
    await bob.group_ban(where, ["@carol"])
    await bob.group_unban(where, ["@carol"])
    await alice.sync()
    expected = [
        ("alice", "role_given", "bob"),
        ("bob", "message_removed", "carol"),
        ("bob", "muted", "carol"),
        ("bob", "unmuted", "carol"),
        ("alice", "link_made", None),
        ("alice", "link_revoked", "alice"),
        ("alice", "permission_changed", None),
        ("bob", "banned", "carol"),
        ("bob", "unbanned", "carol"),
    ]
    for client in (alice, bob):
        assert await told(client, where) == expected
    page = await alice.group_audit(where, limit=4)
    rest = await alice.group_audit(where, before=page.next)
    assert [deed.kind for deed in page.deeds + rest.deeds] == [kind for _, kind, _ in reversed(expected)]
    assert rest.next is None
    (removed,) = [deed for deed in rest.deeds if deed.kind == "message_removed"]
    assert removed.message == sent.sequence
    with pytest.raises(UsageError):
        await alice.group_audit(where, limit=0)
    phone = await people.restore("alice", "phone")
    assert await told(phone, where) == expected


async def test_only_who_moderates_reads_it(moderated):
    alice, bob, carol, where = moderated
    with pytest.raises(NotPermitted):
        await carol.group_audit(where)
    assert await told(bob, where) == [("alice", "role_given", "bob")]
    await alice.group_role(where, "@bob", "member")
    await bob.sync()
    with pytest.raises(NotPermitted):
        await bob.group_audit(where)
    await alice.group_remove(where, ["@bob"])
    await bob.sync()
    with pytest.raises(NotPermitted):
        await bob.group_audit(where)
    assert (await told(alice, where))[-1] == ("alice", "removed", "bob")


async def test_a_channels_log_tells_newcomers_too(people):
    anna, berta = await people.register("anna"), await people.register("berta")
    channel = (await anna.channel_create("Town")).conversation_id
    await berta.channel_join("#Town")
    sent = await berta.send(channel, "rude")
    await anna.sync()
    await anna.delete(channel, sent.sequence)
    await anna.group_mute(channel, ["berta"])
    carla = await people.register("carla")
    await carla.channel_join("#Town")
    await anna.group_role(channel, "carla", "moderator")
    await carla.sync()
    expected = [
        ("anna", "message_removed", "berta"),
        ("anna", "muted", "berta"),
        ("anna", "role_given", "carla"),
    ]
    for client in (anna, carla):
        assert await told(client, channel) == expected


async def test_what_a_restored_log_lacks_was_not_done(moderated, server):
    alice, _, _, where = moderated
    backup = server.backup()
    await alice.group_mute(where, ["@carol"])
    assert (await told(alice, where))[-1] == ("alice", "muted", "carol")
    server.restore(backup)
    await alice.accept_restore()
    assert await told(alice, where) == [("alice", "role_given", "bob")]
    assert load_conversation(alice.store, where).cursor == server.logs[where].head(alice.session.device.user_id).head
