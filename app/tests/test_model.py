"""The model without a screen: signing up, the list, a conversation, groups; and that nothing typed is lost."""

import pytest
from app_examples import BEN, CARLA, ME, NOON, FakeDevice, World, item, member, outgoing, started, summary

from parley_app import words
from parley_app.engine import EngineError
from parley_app.model import app as routes
from parley_app.model.conversation import PICTURE_SIZE_BYTES_MAX, WINDOW_MAX
from parley_app.model.passwords import strength
from parley_app.model.rows import Message, NewMark, SendState

NETWORK = EngineError("network_error", "no answer")


@pytest.fixture
def device():
    return FakeDevice()


def texts(world):
    rows = world.app.conversation.entries(NOON.astimezone())
    return [row.text for row in rows if isinstance(row, Message)]


# --- the way in


async def test_signing_up_leads_past_the_recovery_key():
    world = await started(FakeDevice(signed_in=False), "/chats")
    app = world.app
    assert (app.session.phase, app.route) == ("signed_out", routes.WELCOME)
    app.go(routes.SIGN_UP)
    for name, value in (("username", "anna"), ("email", "a@x.test"), ("password", "correct horse battery")):
        app.session.sign_up.fill(name, value)
    await app.register()
    assert app.route == routes.KEY and app.session.recovery_key.endswith("1C0D")
    app.go(routes.CHATS)
    assert app.route == routes.KEY  # nothing else is open before the key was shown to be kept
    app.go(routes.KEY_CONFIRM)
    app.session.confirmation.fill("last_group", "AAAA")
    await app.confirm_key()
    assert app.session.confirmation.faults and app.session.phase == "keeping_key"
    app.session.confirmation.fill("last_group", " ic-od".replace("-", ""))  # as people read 1 and 0
    await app.confirm_key()
    assert (app.session.phase, app.route, app.session.recovery_key) == ("signed_in", routes.CHATS, "")


async def test_a_key_that_was_never_confirmed_is_shown_again():
    device = FakeDevice()
    device.recovery_key = "PARLEY-AAAA-BBBB-CCCC"
    world = await started(device, "/chats")
    assert (world.app.session.phase, world.app.route) == ("keeping_key", routes.KEY)


@pytest.mark.parametrize(
    ("slug", "field"),
    [("username_taken", "username"), ("weak_password", "password"), ("email_taken", "email"), ("network_error", "")],
)
async def test_a_refused_sign_up_keeps_what_was_typed(slug, field):
    device = FakeDevice(signed_in=False)
    device.faults["register"] = EngineError(slug, "the server's own sentence")
    world = await started(device)
    form = world.app.session.sign_up
    typed = {"server": "https://parley.test", "username": "anna", "email": "a@x.test", "password": "long enough words"}
    for name, value in typed.items():
        form.fill(name, value)
    await world.app.register()
    assert form.values == typed | {"invitation": ""}
    said = form.faults.get(field) if field else form.fault
    assert said == (words.FAULTS.get(slug) or "The server's own sentence.")


async def test_a_wrong_recovery_key_is_said_by_its_field():
    device = FakeDevice(signed_in=False)
    device.faults["login"] = EngineError("recovery_key_refused", "no")
    world = await started(device)
    form = world.app.session.sign_in
    for name in ("username", "password", "recovery_key"):
        form.fill(name, "something")
    await world.app.restore()
    assert form.faults == {"recovery_key": words.FAULTS["recovery_key_refused"]} and form["recovery_key"]
    del device.faults["login"]
    await world.app.restore()
    assert world.app.route == routes.CHATS and form["recovery_key"] == form["password"] == ""


async def test_empty_fields_are_asked_for_and_short_passwords_refused():
    world = await started(FakeDevice(signed_in=False))
    form = world.app.session.sign_up
    await world.app.register()
    assert set(form.faults) == {"username", "email", "password"}
    for name in ("username", "email", "password"):
        form.fill(name, "short")
    await world.app.register()
    assert form.faults == {"password": words.PASSWORD_SHORT} and not world.device.asked("register")
    assert [strength(p) for p in ("short", "aaaaaaaaaaaa", "tinfoil orchard ferry")] == [0, 1, 4]


async def test_a_device_that_was_signed_out_says_so(device):
    world = await started(device)
    device.tell("signed_out")
    await world.settle()
    assert (world.app.session.phase, world.app.route) == ("signed_out", routes.WELCOME)
    assert world.app.session.farewell == words.SIGNED_OUT and not world.app.chats.summaries


async def test_logging_out_forgets_everything_here(device):
    device.add(summary(), [item(1)])
    world = await started(device, "/chats/talk")
    assert await world.app.log_out() == ""
    await world.settle()
    assert world.app.route == routes.WELCOME and world.app.conversation is None and world.app.session.farewell == ""
    device.faults["logout"] = NETWORK
    assert await world.app.log_out() == words.FAULTS["network_error"]


# --- the list


async def test_rows_show_what_happened_last(device):
    device.add(summary("a", last=item(3, "see you"), unread=2, active_at="2026-11-26T12:00:00Z"))
    mine = item(9, "mine", by=ME)
    device.add(summary("b", kind="group", name="Trip", last=mine, active_at="2026-11-26T13:00:00Z"))
    failed = outgoing("x", "never", state="failed")
    device.add(summary("c", outgoing=failed, draft="half", active_at="2026-11-25T13:00:00Z"))
    world = await started(device)
    rows = world.app.chats.rows(world.app.session.me, NOON.astimezone())
    assert [row.key for row in rows] == ["b", "a", "c"]
    assert [row.title for row in rows] == ["Trip", "ben", "ben"]
    assert [(row.sender, row.preview, row.state) for row in rows] == [
        (words.YOU, "mine", SendState.SENT),
        ("", "see you", SendState.NONE),
        (words.YOU, "never", SendState.FAILED),
    ]
    assert rows[1].unread == 2 and rows[2].draft == "half" and world.app.chats.unread == 1


@pytest.mark.parametrize(("read", "state"), [({BEN: 9}, SendState.SENT), ({BEN: 9, CARLA: 11}, SendState.READ)])
async def test_a_row_says_when_everybody_has_read(device, read, state):
    members = [member(ME), member(BEN), member(CARLA)]
    device.add(summary("a", kind="group", members=members, last=item(9, by=ME), read=read))
    world = await started(device)
    (row,) = world.app.chats.rows(world.app.session.me, NOON.astimezone())
    assert row.state is state


async def test_search_and_filters_narrow_the_list(device):
    device.add(summary("a", unread=1))
    device.add(summary("b", kind="group", name="Harbour Market"))
    world = await started(device)
    chats, me, now = world.app.chats, world.app.session.me, NOON.astimezone()
    chats.search("HARB")
    assert [row.key for row in chats.rows(me, now)] == ["b"]
    chats.search("@ben")
    assert len(chats.rows(me, now)) == 2
    chats.search("nobody")
    assert chats.rows(me, now) == []
    chats.search("")
    chats.choose("unread")
    assert [row.key for row in chats.rows(me, now)] == ["a"]
    chats.choose("groups")
    assert [row.key for row in chats.rows(me, now)] == ["b"]
    assert [person.name for person in chats.people(me)] == ["ben"]


async def test_a_list_that_cannot_load_says_so_and_tries_again(device):
    device.faults["summaries"] = NETWORK
    world = await started(device)
    assert world.app.chats.fault == words.FAULTS["network_error"] and not world.app.chats.loaded
    del device.faults["summaries"]
    await world.app.chats.load()
    assert world.app.chats.loaded and world.app.chats.fault == ""


# --- a conversation


async def test_opening_marks_read_and_keeps_the_new_line(device):
    device.add(summary(unread=2, read_sequence=1), [item(1), item(2), item(3)])
    world = await started(device, "/chats/talk")
    rows = world.app.conversation.entries(NOON.astimezone())
    assert [row.count for row in rows if isinstance(row, NewMark)] == [2]
    assert device.asked("mark_read") == [{"conversation_id": "talk", "sequence": 3}]
    assert world.app.chats.unread == 0


async def test_nothing_is_read_while_nobody_looks(device):
    device.add(summary(), [item(1)])
    world = await started(device, "/chats/talk")
    await world.app.watch(watched=False)
    device.logs["talk"].append(item(2, "later"))
    device.tell("conversation.changed", conversation_id="talk")
    await world.settle()
    assert texts(world)[-1] == "later" and device.asked("mark_read")[-1]["sequence"] == 1
    await world.app.watch(watched=True)
    assert device.asked("mark_read")[-1]["sequence"] == 2


async def test_a_thousand_messages_stay_a_window(device):
    device.add(summary(), [item(n, f"m{n}", minutes=n) for n in range(1, 1001)])
    world = await started(device, "/chats/talk")
    conversation, seen = world.app.conversation, set()
    seen.update(texts(world))
    while await conversation.load_older():
        assert len(conversation.items) <= WINDOW_MAX
        seen.update(texts(world))
    assert seen == {f"m{n}" for n in range(1, 1001)} and conversation.at_start and not conversation.at_end
    device.logs["talk"].append(item(1001, "news", by=ME))
    device.tell("conversation.changed", conversation_id="talk")
    await world.settle()
    assert "news" not in texts(world) and texts(world)[0] == "m1"  # nothing jumps while somebody reads above
    while not conversation.at_end:
        assert await conversation.load_newer()
        assert len(conversation.items) <= WINDOW_MAX
    assert texts(world)[-1] == "news" and not await conversation.load_newer()
    await conversation.jump_to_latest()
    assert conversation.at_end and len(conversation.items) <= WINDOW_MAX


async def test_sending_shows_the_message_until_the_log_has_it(device):
    device.add(summary(), [item(1)])
    world = await started(device, "/chats/talk")
    device.outgoing["talk"] = [outgoing("new", "hi")]
    device.tell("outbox.changed", conversation_id="talk", client_id="new", state="queued")
    await world.settle()
    device.outgoing["talk"] = []
    device.tell("outbox.changed", conversation_id="talk", client_id="new", state="sent", sequence=2)
    await world.settle()
    rows = [row for row in world.app.conversation.entries(NOON.astimezone()) if isinstance(row, Message)]
    assert (rows[-1].text, rows[-1].state) == ("hi", SendState.SENT)  # acknowledged, and not yet in the log
    device.logs["talk"].append(item(2, "hi", by=ME) | {"client_id": "new"})
    device.tell("conversation.changed", conversation_id="talk")
    await world.settle()
    assert texts(world) == ["hello", "hi"]


async def test_what_cannot_be_queued_comes_back_into_the_composer(device):
    device.add(summary(), [item(1)])
    world = await started(device, "/chats/talk")
    conversation = world.app.conversation
    device.faults["send"] = EngineError("not_a_picture", "no picture")
    conversation.attach("pier.jpg", b"not a picture")
    before = conversation.revision
    await conversation.send("look at this")
    await world.settle()
    assert conversation.draft == "look at this" and [each.name for each in conversation.attached] == ["pier.jpg"]
    assert conversation.note == words.FAULTS["not_a_picture"] and conversation.revision > before


async def test_a_message_that_failed_for_good_is_not_typed_again(device):
    device.add(summary(), [item(1)])
    world = await started(device, "/chats/talk")
    device.faults["send"] = EngineError("policy_refused", "no")
    device.outgoing["talk"] = [outgoing("x", "no way", state="failed")]
    await world.app.conversation.send("no way")
    await world.settle()
    assert world.app.conversation.draft == "" and texts(world)[-1] == "no way"
    await world.app.conversation.retry("x")
    await world.app.conversation.discard("x")
    assert device.asked("outbox.retry") == device.asked("outbox.discard") == [{"client_id": "x"}]


async def test_drafts_survive_leaving(device):
    device.add(summary(), [item(1)])
    world = await started(device, "/chats/talk")
    world.app.conversation.set_draft("half a thought")
    world.app.go(routes.SETTINGS)
    await world.settle()
    assert device.summaries["talk"]["draft"] == "half a thought"
    world.app.open("talk")
    assert world.app.conversation.draft == "half a thought"
    await world.app.conversation.send("half a thought, and the rest")
    await world.settle()
    assert device.summaries["talk"]["draft"] == ""


async def test_pictures_are_bounded_and_can_be_taken_out(device):
    device.add(summary(), [item(1)])
    world = await started(device, "/chats/talk")
    conversation = world.app.conversation
    conversation.attach("big.png", bytes(PICTURE_SIZE_BYTES_MAX + 1))
    assert conversation.attached == () and conversation.note == words.PICTURE_TOO_LARGE
    conversation.attach("one.png", b"1")
    conversation.attach("two.png", b"2")
    conversation.take_out(0)
    assert [each.name for each in conversation.attached] == ["two.png"] and conversation.note == ""
    await conversation.send("")
    await world.settle()
    assert [a["name"] for a in device.asked("send")[0]["attachments"]] == ["two.png"]
    await conversation.send("   ")
    assert len(device.asked("send")) == 1


async def test_a_conversation_that_cannot_load_says_so(device):
    device.add(summary(), [item(1)])
    device.faults["history.page"] = NETWORK
    world = await started(device, "/chats/talk")
    assert world.app.conversation.fault == words.FAULTS["network_error"]
    del device.faults["history.page"]
    await world.app.conversation.jump_to_latest()
    assert world.app.conversation.fault == "" and texts(world) == ["hello"]


async def test_where_one_was_removed_nothing_is_written(device):
    device.add(summary(status="removed"), [item(1)])
    world = await started(device, "/chats/talk")
    assert not world.app.conversation.writable
    assert world.app.chats.rows(world.app.session.me, NOON.astimezone())[0].preview == words.REMOVED


# --- people


async def test_people_are_found_by_exact_name(device):
    world = await started(device, routes.NEW)
    finder = world.app.finder
    finder.fill("username", "@ben")
    assert await finder.find() and finder.found.user_id == BEN
    await world.app.write_to("ben")
    assert world.app.opened == "with-ben"
    finder.fill("username", "be")
    assert not await finder.find() and finder.faults["username"] == words.nobody_called("be")
    finder.fill("username", "")
    assert not await finder.find() and finder.faults["username"] == words.MISSING


async def test_a_group_needs_a_name_and_takes_the_typed_person_in(device):
    world = await started(device, routes.NEW_GROUP)
    app = world.app
    await app.make_group()
    assert app.group_form.faults == {"name": words.GROUP_NEEDS_NAME}
    app.group_form.fill("name", "Trip")
    app.finder.fill("username", "ben")
    await app.make_group()
    assert device.asked("group.create") == [{"name": "Trip", "members": ["ben"]}] and app.opened == "made"
    assert app.conversation.title == "Trip"


async def test_members_come_and_go(device):
    device.add(summary("g", kind="group", name="Trip", members=[member(ME, "owner"), member(BEN)]))
    world = await started(device, "/chats/g/details")
    app = world.app
    assert app.details
    app.membership.fill("username", "nobody")
    await app.add_member()
    assert app.membership.fault == words.nobody_called("nobody") and app.membership["username"] == "nobody"
    app.membership.fill("username", "carla")
    await app.add_member()
    assert app.membership["username"] == "" and device.asked("group.add")[-1]["members"] == ["carla"]
    app.escape()
    assert not app.details and app.opened == "g"
    app.escape()
    assert app.route == routes.CHATS


# --- everywhere


async def test_the_connection_is_told_once(device):
    world = await started(device)
    session = world.app.session
    device.tell("connection.changed", state="offline")
    await world.settle()
    assert session.connection == "offline"
    await session.try_now()
    assert session.connection == "connecting" and device.asked("connection.retry")
    device.tell("connection.changed", state="online")
    await world.settle()
    assert session.connection == "online"


async def test_preferences_are_kept_and_nonsense_is_left_out(device):
    device.preferences = {"theme": "purple", "high_contrast": "yes"}
    world = await started(device)
    assert (world.app.preferences.theme, world.app.preferences.high_contrast) == ("system", False)
    await world.app.preferences.choose(theme="dark", high_contrast=True)
    again = await started(device)
    assert (again.app.preferences.theme, again.app.preferences.high_contrast) == ("dark", True)


async def test_the_switcher_opens_only_when_signed_in(device):
    world = await started(FakeDevice(signed_in=False))
    world.app.toggle_switcher()
    assert not world.app.switcher
    world = await started(device)
    world.app.toggle_switcher()
    assert world.app.switcher
    world.app.escape()
    assert not world.app.switcher


async def test_an_unknown_route_shows_the_list(device):
    world = await started(device, "/chats/nowhere?x=1")
    assert world.app.route == routes.CHATS and world.app.conversation is None


async def test_a_device_that_does_not_answer_is_said(device):
    device.faults["session"] = EngineError("profile_in_use", "busy")
    world = World(device)
    await world.app.start()
    assert world.app.session.phase == "starting" and world.app.session.fault == words.FAULTS["profile_in_use"]
    del device.faults["session"]
    await world.app.start()
    assert world.app.session.phase == "signed_in"
