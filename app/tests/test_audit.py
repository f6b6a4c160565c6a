"""What moderators did, as their page shows it: sentences, pages, failures, and who comes to it at all."""

import datetime as dt
from typing import get_args

import pytest
from app_drawing import texts
from app_examples import BEN, CARLA, ME, NOON, moment, person
from test_governing import group

from parley_app import audit_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model.audit import _GLYPHS, Audit
from parley_client.moderation.deeds import DeedKind

NOW = dt.datetime.fromisoformat(moment(60)).astimezone()


def deed(sequence, kind, whom=None, **more):
    fields = {"sequence": sequence, "at": moment(), "by": person(BEN), "kind": kind}
    fields |= {"person": person(whom) if whom else None}
    return fields | dict.fromkeys(("role", "permission", "link_id", "until", "seconds", "on", "message")) | more


SENTENCES = [
    (deed(1, "role_given", CARLA, role="admin"), "ben made carla an admin"),
    (deed(1, "removed", CARLA), "ben removed carla"),
    (deed(1, "banned", CARLA), "ben banned carla"),
    (deed(1, "unbanned", CARLA), "ben lifted the ban of carla"),
    (deed(1, "muted", CARLA), "ben muted carla until somebody unmutes them"),
    (deed(1, "unmuted", CARLA), "ben unmuted carla"),
    (deed(1, "link_made"), "ben made an invitation link"),
    (deed(1, "link_revoked", CARLA), "ben revoked a link of carla"),
    (deed(1, "permission_changed", permission="send", role="admin"), "ben changed a rule. Write messages: Admins"),
    (deed(1, "timer_set", seconds=86400), "ben let messages disappear after 1 day"),
    (deed(1, "timer_set", seconds=5400), "ben let messages disappear after 90 minutes"),
    (deed(1, "timer_set"), "ben let messages stay"),
    (deed(1, "retention_set", seconds=7200), "ben let the server keep messages for 2 hours"),
    (deed(1, "retention_set"), "ben let the server keep messages without end"),
    (deed(1, "history_set", on=True), "ben lets new people read what was said before"),
    (deed(1, "message_removed", CARLA, message=3), "ben deleted a message of carla"),
]


@pytest.mark.parametrize(("told", "sentence"), SENTENCES)
async def test_each_deed_is_a_sentence(told, sentence):
    world, governing, device = await group()
    device.groups["trip"] |= {"deeds": [told]}
    await governing.audit.load()
    (line,) = governing.audit.rows(world.app.session.me, NOW)
    assert line.text == sentence
    assert line.when.startswith(words.TODAY)


async def test_a_mute_says_until_when():
    world, governing, device = await group()
    until = (NOON + dt.timedelta(days=2)).isoformat()
    device.groups["trip"] |= {"deeds": [deed(1, "muted", ME, until=until)]}
    await governing.audit.load()
    (line,) = governing.audit.rows(world.app.session.me, NOW)
    assert "until Saturday, 28 November" in line.text


def test_every_kind_of_deed_has_a_line():
    assert set(_GLYPHS) == set(get_args(DeedKind)) == {told["kind"] for told, _ in SENTENCES}


async def test_the_page_shows_the_newest_and_then_earlier_ones():
    world, governing, device = await group(pane="audit")
    assert audit_words.LEAD in texts(_screen, world.app)
    await governing.audit.load()
    assert audit_words.NOTHING in texts(_screen, world.app)
    device.groups["trip"]["deeds"] = [deed(sequence, "unbanned", CARLA) for sequence in (9, 7, 5)]
    await governing.audit.load()
    me = world.app.session.me
    assert len(governing.audit.rows(me, NOW)) == 2 and governing.audit.more
    assert audit_words.MORE in texts(_screen, world.app)
    await governing.audit.load_earlier()
    assert len(governing.audit.rows(me, NOW)) == 3 and not governing.audit.more
    device.faults["group.audit"] = EngineError("network_error", "no answer")
    await governing.audit.load()
    assert audit_words.FAILED in texts(_screen, world.app)
    assert len(governing.audit.rows(me, NOW)) == 3
    world.app.escape()
    assert world.app.route == "/chats/trip/details"


@pytest.mark.parametrize(("role", "shown"), [("owner", True), ("moderator", True), ("member", False)])
async def test_the_way_to_it_is_for_those_who_moderate(role, shown):
    world, governing, _ = await group(role)
    assert governing.moderates is shown
    assert (audit_words.AUDIT in texts(_screen, world.app)) is shown
    world.app.show_pane("audit")
    await world.settle()
    assert (audit_words.LEAD in texts(_screen, world.app)) is shown


async def test_nothing_is_asked_for_twice_at_the_end():
    _, _, device = await group()
    audit = Audit(device, "trip")
    await audit.load()
    await audit.load_earlier()
    assert len(device.asked("group.audit")) == 1
