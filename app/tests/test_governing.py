"""Groups without a screen: roles, bans, rules, links, who asks to come in, and coming in by a link."""

import datetime as dt

import pytest
from app_examples import BEN, CARLA, ME, FakeDevice, item, member, person, started, summary

from parley_app import people_words, profile_words, room_words, words
from parley_app.engine import EngineError
from parley_app.model import app as routes
from parley_app.model import marks, member_menus
from parley_app.model.governing import PERMISSIONS, ROLES, WEEK_S
from parley_app.model.layers import Question, Spot
from parley_app.model.rows import Note, Person
from parley_contracts import policy

NETWORK = EngineError("network_error", "no answer")


async def group(role="owner", pane="details", **others):
    """A group in which this person has a role, with ben (admin unless said otherwise) and carla (member)."""
    device = FakeDevice()
    roles = {"ben": "admin", "carla": "member"} | others
    people = [member(ME, role), member(BEN, roles["ben"]), member(CARLA, roles["carla"])]
    may = [each for each in policy.PERMISSIONS if policy.RANKS[role] >= policy.RANKS[policy.Permissions().lowest(each)]]
    device.add(summary("trip", kind="group", name="Trip", members=people, may=may), [item(1)])
    world = await started(device, f"/chats/trip/{pane}")
    return world, world.app.governing, device


def labels(menu):
    return [choice.label for choices in menu.groups for choice in choices]


def menu_of(world, user_id):
    name = {ME: "anna", BEN: "ben", CARLA: "carla"}[user_id]
    return member_menus.of_member(
        world.app, world.app.governing, Person(user_id, name, own=user_id == ME), "Trip", Spot()
    )


async def choose(world, menu, label, *, confirm=False):
    next(choice for choices in menu.groups for choice in choices if choice.label == label).act()
    if confirm:
        assert isinstance(world.app.layers.shown, Question)
        world.app.layers.shown.act()
    await world.settle()


# --- roles


@pytest.mark.parametrize(
    ("role", "whom", "offered"),
    [
        ("owner", BEN, [*(room_words.ROLES[each] for each in reversed(ROLES)), "Mute ben", "Remove ben", "Ban ben"]),
        ("admin", BEN, []),
        ("admin", CARLA, ["Moderator", "Member", "Guest", "Mute carla", "Remove carla", "Ban carla"]),
        ("moderator", CARLA, ["Mute carla", "Remove carla", "Ban carla"]),
        ("member", CARLA, []),
    ],
)
async def test_a_persons_menu_offers_what_the_own_role_allows(role, whom, offered):
    world, _, _ = await group(role)
    name = "ben" if whom == BEN else "carla"
    always = [profile_words.PROFILE, words.write_to(name), people_words.ADD_CONTACT]
    assert labels(menu_of(world, whom)) == [*always, *offered, people_words.block(name)]


async def test_roles_are_given_and_people_put_out():
    world, governing, device = await group()
    await choose(world, menu_of(world, CARLA), "Moderator")
    assert device.asked("group.role") == [{"conversation_id": "trip", "member": "carla", "role": "moderator"}]
    assert governing.role_of(CARLA) == "moderator"
    (chosen,) = [c.label for choices in menu_of(world, CARLA).groups for c in choices if c.chosen]
    assert chosen == "Moderator"
    await choose(world, menu_of(world, BEN), "Ban ben", confirm=True)
    assert [each["username"] for each in governing.info["banned"]] == ["ben"]
    await choose(world, menu_of(world, CARLA), "Remove carla", confirm=True)
    assert [m["user_id"] for m in world.app.conversation.summary["members"]] == [ME]
    await governing.unban("ben")
    assert governing.info["banned"] == []


async def test_what_is_refused_is_said_and_changes_nothing():
    world, governing, device = await group()
    device.faults["group.role"] = EngineError("policy_refused", "a group keeps at least one owner")
    assert not await governing.give_role("carla", "admin")
    assert governing.fault == words.FAULTS["policy_refused"] and governing.role_of(CARLA) == "member"
    del device.faults["group.role"]
    await governing.give_role("carla", "admin")
    assert governing.fault == ""
    device.faults["group.info"] = NETWORK
    await governing.load()
    assert governing.fault == words.FAULTS["network_error"] and governing.loaded
    await world.settle()


async def test_details_show_what_has_changed_while_nobody_looked_at_them():
    world, governing, device = await group("member")
    world.app.open("trip")
    await world.settle()
    device.summaries["trip"]["members"][0]["role"] = "moderator"
    world.app.show_pane("details")
    await world.settle()
    assert governing.moderates


async def test_who_leaves_is_asked_and_then_reads_on():
    world, governing, _ = await group("member")
    menu = menu_of(world, ME)
    assert labels(menu) == [room_words.LEAVE]
    await choose(world, menu, room_words.LEAVE, confirm=True)
    app = world.app
    assert app.route == "/chats/trip" and not app.conversation.writable and app.layers.shown is None
    assert not governing.acts_on(CARLA) and governing.roles_for(CARLA) == ()


# --- rules


def test_no_rule_is_offered_below_what_a_document_may_say():
    for permission, lowest in PERMISSIONS.items():
        fitting = [
            role for role in ROLES if policy._permission_fits(policy.Permissions(**{permission: role}), permission)
        ]
        assert fitting[0] == lowest
    assert tuple(sorted(policy.RANKS, key=policy.RANKS.__getitem__)) == ROLES
    assert set(PERMISSIONS) == set(room_words.PERMISSIONS) and set(ROLES) == set(room_words.ROLES)


async def test_rules_change_by_who_may():
    world, governing, device = await group(pane="permissions")
    assert governing.lowest("send") == "guest" and governing.roles_of("send") == ROLES
    assert governing.roles_of("permissions") == ("admin", "owner")
    await choose(world, member_menus.of_permission(world.app, governing, "send", Spot()), "Admins")
    assert device.asked("group.permissions") == [{"conversation_id": "trip", "permissions": {"send": "admin"}}]
    assert governing.lowest("send") == "admin"
    world.app.escape()
    assert world.app.route == "/chats/trip/details"
    _, others, _ = await group("admin", pane="permissions")
    assert others.roles_of("send") == ()


async def test_history_for_newcomers_is_a_switch_of_those_who_may():
    world, governing, device = await group("admin", pane="permissions")
    assert governing.may("history") and not governing.shares_history
    assert governing.history_detail == room_words.HISTORY_OFF
    assert await governing.share_history(True)
    assert device.asked("group.history") == [{"conversation_id": "trip", "shared": True}]
    assert governing.shares_history and governing.history_detail == room_words.HISTORY_ON
    device.groups["trip"]["timer_s"] = 3600
    await governing.load()
    assert governing.history_detail == room_words.HISTORY_TIMED
    world.app.escape()
    _, others, _ = await group("member", pane="permissions")
    assert not others.may("history")


@pytest.mark.parametrize(
    ("said", "by", "sentence"),
    [
        ("shared", BEN, "History from before you joined, shared by ben"),
        ("on", ME, "You switched on history for newcomers: who joins later reads what is written from here on"),
        ("off", BEN, "History for newcomers is off: who joins later reads nothing from before. Changed by ben"),
        ("off", ME, "History for newcomers is off: who joins later reads nothing from before. Changed by you"),
    ],
)
async def test_the_timeline_says_who_shared_what_was_said_before(said, by, sentence):
    device = FakeDevice()
    people = [member(ME, "owner"), member(BEN, "admin")]
    told = item(2, said, by=by, kind="history")
    device.add(summary("trip", kind="group", name="Trip", members=people, last=told), [item(1), told])
    world = await started(device, "/chats/trip")
    rows = world.app.conversation.entries(dt.datetime.now().astimezone())
    assert [row.text for row in rows if isinstance(row, Note)] == [sentence]
    assert marks.note(told, world.app.conversation.me) == sentence


# --- links and requests


async def test_a_link_is_made_as_the_fields_say_and_revoked():
    world, governing, device = await group(pane="invite")
    app = world.app
    assert governing.links == [] and governing.lifetime_s == WEEK_S
    await choose(world, member_menus.of_lifetime(app, governing, Spot()), "1 day")
    await choose(world, member_menus.of_uses(app, governing, Spot()), "10 people")
    governing.choose(automatic=True)
    await governing.make_link()
    wanted = {"conversation_id": "trip", "lifetime_s": 86400, "uses_max": 10, "automatic": True}
    assert device.asked("group.link.create") == [wanted]
    (link,) = governing.links
    assert (
        room_words.link_state(0, 10, "3 December", automatic=True)
        == "0 of 10 came · until 3 December · lets in by itself"
    )
    app.layers.show(member_menus.ask_to_revoke(app, governing, link["link_id"]))
    app.layers.shown.act()
    await world.settle()
    assert governing.links == []
    _, others, quiet = await group("member", pane="invite")
    assert others.links == [] and not quiet.asked("group.links")


async def test_who_asks_is_let_in_or_turned_down():
    world, governing, device = await group()
    assert governing.asking == []
    device.groups["trip"]["asking"] = [{"user_id": "user-dan", "username": "dan"}, {"user_id": "x", "username": "eve"}]
    device.tell("join_requests.changed", conversation_id="trip")
    await world.settle()
    assert [each.name for each in governing.people(governing.asking)] == ["dan", "eve"]
    assert await governing.answer("dan", welcome=True) and await governing.answer("eve", welcome=False)
    await world.settle()
    assert governing.asking == [] and "user-dan" in [m["user_id"] for m in world.app.conversation.summary["members"]]
    device.groups["trip"]["asking"] = [person(BEN)]
    device.faults["group.requests"] = NETWORK
    device.tell("join_requests.changed", conversation_id="trip")
    await world.settle()
    assert governing.asking == [] and governing.fault == ""
    _, others, quiet = await group("member")
    assert others.asking == [] and not quiet.asked("group.requests")


# --- coming in


async def test_joining_by_a_link_waits_until_somebody_lets_one_in():
    device = FakeDevice()
    world = await started(device, routes.JOIN)
    form = world.app.joining
    await world.app.join()
    assert form.faults == {"link": words.MISSING}
    for text, fault in (("hello", room_words.NO_LINK), ("https://parley.test/#join=dead", room_words.DEAD_LINK)):
        form.fill("link", text)
        await world.app.join()
        assert form.faults == {"link": fault} and form["link"] == text
    form.fill("link", " https://parley.test/#join=trip ")
    await world.app.join()
    assert form.asked == ("trip",) and form["link"] == "" and world.app.route == routes.JOIN
    device.add(summary("trip", kind="group", name="Trip"))
    device.tell("conversation.changed", conversation_id="trip")
    await world.settle()
    assert form.asked == () and "trip" in world.app.chats.summaries
    form.fill("link", "https://parley.test/#join=trip")
    await world.app.join()
    await world.settle()
    assert world.app.opened == "trip"  # one belongs to it already


async def test_who_waits_may_ask_no_more():
    device = FakeDevice()
    device.joins = ["trip", "other"]
    world = await started(device, routes.JOIN)
    form = world.app.joining
    device.faults["group.joins"] = NETWORK
    await form.load()
    assert form.fault == words.FAULTS["network_error"] and not form.loaded
    del device.faults["group.joins"]
    await form.load()
    await form.withdraw("trip")
    assert form.asked == ("other",) and device.joins == ["other"] and form.fault == ""


async def test_a_link_that_somebody_followed_is_shown_once_they_have_signed_in():
    device = FakeDevice(signed_in=False)
    world = await started(device)
    link = "https://parley.test/#join=trip"
    world.app.invited(link)
    assert world.app.route == routes.WELCOME
    for name, value in (("username", "anna"), ("password", "long enough words"), ("recovery_key", "PARLEY-AAAA")):
        world.app.session.sign_in.fill(name, value)
    await world.app.restore()
    assert world.app.route == routes.JOIN and world.app.joining["link"] == link
    again = await started(FakeDevice())
    again.app.invited(link)
    assert again.app.route == routes.JOIN
