"""How much may be written: by a device, a person and an address, over HTTP and socket together, and in one conversation."""

from __future__ import annotations

import asyncio

import pytest
from log_model import open_but_for
from messaging_channels import TestChannel
from messaging_people import SERVER_NAME, Api
from starlette.requests import Request

from parley_contracts.channels_api import POST
from parley_contracts.content_kinds import KIND_TEXT
from parley_contracts.ids import DeviceId, SessionId, UserId, new_uuid7
from parley_contracts.limits import (
    WRITES_PER_ADDRESS_BURST,
    WRITES_PER_ADDRESS_PER_S,
    WRITES_PER_DEVICE_BURST,
    WRITES_PER_DEVICE_PER_S,
    WRITES_PER_PERSON_BURST,
)
from parley_contracts.messaging_api import MessageUpload
from parley_contracts.problems import NotFound, RateLimited
from parley_messaging.adapters.mongo.channels import MongoChannels
from parley_messaging.adapters.mongo.database import connect, database_of
from parley_messaging.adapters.mongo.log import MongoLog
from parley_messaging.adapters.mongo.memberships import MongoMemberships
from parley_messaging.api.admitting import address_of, admit
from parley_messaging.api.submissions import message_submission
from parley_messaging.domain.entries import Submission
from parley_messaging.domain.rates import Rates
from parley_messaging.domain.tokens import Tokenizer
from parley_messaging.service.accepting import Accepting
from parley_messaging.service.admission import Admission
from parley_messaging.service.channels import Channels
from parley_messaging.service.states import States
from parley_serving.fastapi.requests import Caller

#: A flood ends by being refused; this many writes, and no more, it may take.
WRITES_MAX = 5000
AT_ONCE = 8
WINDOW = 50


# --- the counters


class Clock:
    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


def caller(user_id="", device_id=""):
    return Caller(UserId(user_id or new_uuid7()), DeviceId(device_id or new_uuid7()), SessionId(new_uuid7()), 0)


def asked_from(address):
    headers = [(b"x-forwarded-for", address.encode())] if address else []
    return Request({"type": "http", "method": "PUT", "path": "/", "headers": headers})


def count_admitted(admission, who, wanted, *, address=""):
    """How many of `wanted` writes get in, each by the caller that `who()` gives."""
    found = 0
    for _ in range(wanted):
        try:
            admit(admission, who(), address_of(asked_from(address)))
        except RateLimited as problem:
            assert problem.retry_after_s
        else:
            found += 1
    return found


def test_a_device_writes_so_much_and_then_at_its_rate():
    clock = Clock()
    admission, one = Admission(clock=clock), caller()
    assert count_admitted(admission, lambda: one, WRITES_PER_DEVICE_BURST + 50) == WRITES_PER_DEVICE_BURST
    clock.now_s += 2
    assert count_admitted(admission, lambda: one, 500) == 2 * WRITES_PER_DEVICE_PER_S
    assert count_admitted(admission, caller, 50) == 50


def test_a_person_writes_no_more_by_more_devices():
    admission, person = Admission(clock=Clock()), new_uuid7()
    wanted = WRITES_PER_PERSON_BURST + 50
    assert count_admitted(admission, lambda: caller(person), wanted) == WRITES_PER_PERSON_BURST
    assert count_admitted(admission, caller, 50) == 50


@pytest.mark.parametrize(
    ("addresses", "other"),
    [
        (["203.0.113.7"], "203.0.113.8"),
        # What a client says of itself stands before what the gateway found.
        (["192.0.2.1, 203.0.113.7", "192.0.2.2, 203.0.113.7"], "203.0.113.7, 192.0.2.1"),
        # Whoever has an IPv6 address has its whole /64.
        (["2001:db8::1", "2001:db8::2"], "2001:db8:0:1::1"),
    ],
)
def test_an_address_writes_no_more_by_more_people(addresses, other):
    clock = Clock()
    admission = Admission(clock=clock)
    half = WRITES_PER_ADDRESS_BURST // 2
    assert count_admitted(admission, caller, half, address=addresses[0]) == half
    assert count_admitted(admission, caller, half + 50, address=addresses[-1]) == half
    assert count_admitted(admission, caller, 50, address=other) == 50
    clock.now_s += 1
    found = count_admitted(admission, caller, WRITES_PER_ADDRESS_PER_S + 50, address=addresses[0])
    assert found == WRITES_PER_ADDRESS_PER_S


def test_who_is_refused_as_a_device_uses_up_nothing_of_the_address():
    admission, flooder = Admission(clock=Clock()), caller()
    count_admitted(admission, lambda: flooder, 2 * WRITES_PER_ADDRESS_BURST, address="203.0.113.7")
    left = WRITES_PER_ADDRESS_BURST - WRITES_PER_DEVICE_BURST
    assert count_admitted(admission, caller, left + 50, address="203.0.113.7") == left


# --- at a node


@pytest.fixture(scope="module")
def strict_node(stack):
    """A node with the limits of everyday life."""
    node = stack.node("messaging-8", PARLEY_LIMITS_PROFILE="default")
    yield node
    assert node.stop() == 0


@pytest.fixture
async def strict(strict_node):
    found = Api(strict_node)
    yield found
    await found.close()


async def test_a_flood_by_http_is_refused_and_nobody_else_notices(strict, person):
    flooder, other = person().device(), person().device()
    nowhere = f"conversations/{new_uuid7()}/receipt"
    answers = []

    async def flood():
        for _ in range(WRITES_MAX // AT_ONCE):
            answers.append(await strict.put(nowhere, flooder, {"read_sequence": 1}))
            if answers[-1].status == 429:
                return

    await asyncio.gather(*(flood() for _ in range(AT_ONCE)))
    assert {answer.problem for answer in answers} == {"not_found", "rate_limited"}
    assert sum(answer.problem == "not_found" for answer in answers) >= WRITES_PER_DEVICE_BURST
    refused = next(answer for answer in answers if answer.status == 429)
    assert (refused.headers["Retry-After"], refused.body["retry_after_s"]) == ("1", 1)
    assert (await strict.put(nowhere, other, {"read_sequence": 1})).problem == "not_found"
    assert (await strict.get("conversations", flooder)).status == 200  # reading is another thing


@pytest.mark.parametrize("kind", ["message.send", "receipt.mark"])
async def test_a_flood_by_socket_is_refused_and_the_socket_stays(strict, person, room_of, kind):
    flooder = person().device()
    room = await room_of(strict, flooder)

    def command():
        client_id = new_uuid7()
        fields = {"type": kind, "ref": client_id, "conversation_id": new_uuid7()}
        if kind == "receipt.mark":
            return fields | {"read_sequence": 1}
        return fields | {"client_id": client_id} | room.sealed(flooder, client_id, b"x")

    async with strict.socket(flooder) as socket:
        told = []
        for _ in range(WRITES_MAX // WINDOW):
            for _ in range(WINDOW):
                await socket.say(command())
            told += [(await socket.until("problem"))["problem"] for _ in range(WINDOW)]
            if any(problem["status"] == 429 for problem in told):
                break
        slugs = [problem["type"].rpartition(":")[2] for problem in told]
        assert "rate_limited" in slugs
        assert sum(slug != "rate_limited" for slug in slugs) >= WRITES_PER_DEVICE_BURST - 1  # less the room's creation
        await socket.say({"type": "heartbeat"})
        await socket.until("heartbeat")


# --- in one conversation


@pytest.fixture
async def judging(stack):
    """What judges as a conversation's owner does, over the real log; three messages at once, one a second."""
    client, clock = connect(stack.mongodb_url), Clock()
    database = database_of(client)
    log = MongoLog(database)
    states = States(log, MongoMemberships(database, log))
    messages = Rates(burst=3, per_s=1, clock=clock)
    channels = Channels(log, MongoChannels(database), None, Tokenizer(b""), messages)
    yield Accepting(states, None, open_but_for(()), channels, SERVER_NAME, messages), states, clock
    await client.close()


async def judged(judging, conversation_id, submissions):
    """How many may be said, and why the others may not."""
    accepting, states, _ = judging
    plan = await accepting.plan(await states.refresh(conversation_id), submissions)
    return len(plan.entries), {type(problem) for problem in plan.refused.values()}


def said(room, device):
    client_id = new_uuid7()
    who = Caller(device.person.user_id, device.device_id, SessionId(new_uuid7()), 0)
    return message_submission(who, room.id, client_id, MessageUpload(**room.sealed(device, client_id, b"x")))


async def test_a_conversation_takes_so_much_of_all_its_members(api, person, room_of, judging):
    owner, member, stranger = (person().device() for _ in range(3))
    room, other = await room_of(api, owner, [member]), await room_of(api, owner)
    # Who does not belong cannot use up what members have.
    assert await judged(judging, room.id, [said(room, stranger) for _ in range(9)]) == (0, {NotFound})
    flood = [said(room, device) for _ in range(3) for device in (owner, member)]
    assert await judged(judging, room.id, flood) == (3, {RateLimited})
    assert await judged(judging, other.id, [said(other, owner) for _ in range(3)]) == (3, set())
    judging[2].now_s += 2
    assert await judged(judging, room.id, flood) == (2, {RateLimited})


async def test_a_channel_takes_so_much_of_all_its_members(api, person, judging):
    owner, member = person().device(), person().device()
    room = TestChannel()
    await room.create(api, owner)
    await room.join(api, member)

    def posted(device):
        return Submission(
            type=POST,
            conversation_id=room.id,
            user_id=device.person.user_id,
            device_id=device.device_id,
            client_id=new_uuid7(),
            content_kind=KIND_TEXT,
            body=b'{"text":"x"}',
        )

    flood = [posted(device) for _ in range(3) for device in (owner, member)]
    assert await judged(judging, room.id, flood) == (3, {RateLimited})
