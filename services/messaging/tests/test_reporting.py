"""Reports on real nodes: by who sees the message, with its author's commitment, and sealed in the database."""

from __future__ import annotations

import hmac
import json
import os
import subprocess
import sys

from messaging_channels import TestChannel

from parley_contracts.content_kinds import KIND_REACTION
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.envelope import MessageHeader
from parley_contracts.ids import new_uuid7
from parley_contracts.limits import REPORTS_PER_HOUR
from parley_contracts.tokens import sign_service_token
from parley_mls.codec import Writer

WORDS = "something rude, and a marker 7c1d"


def content_of(text=WORDS):
    body = json.dumps({"text": text}).encode()
    return Writer().uint8(1).uint64(1).uint64(0).raw(bytes(32)).uint16(1).opaque(body).finish()


async def say(api, room, device, text=WORDS):
    """A message whose header commits to the text; its sequence and the report that shows it."""
    client_id, key, content = new_uuid7(), os.urandom(32), content_of(text)
    blank = MessageHeader.decode(b64decode(room.sealed(device, client_id, b"x")["header"]))
    commitment = hmac.digest(key, blank.encode_without_commitment() + content, "sha256")
    answer = await api.send(room, device, client_id=client_id, commitment=commitment)
    assert answer.status == 200, answer.body
    report = {"content": b64encode(content), "commitment_key": b64encode(key), "reason": "rude 7c1d"}
    return answer.body["sequence"], report


def shown(stack):
    done = subprocess.run(
        [sys.executable, "-m", "parley_messaging", "reports"],
        env=stack.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


async def test_a_report_is_kept_for_moderators_and_sealed_in_the_database(api, stack, person, room_of):
    author, reader = person().device(), person().device()
    room = await room_of(api, author, [reader])
    sequence, report = await say(api, room, author)
    place = f"conversations/{room.id}/reports/{sequence}"
    for _ in range(2):
        assert (await api.put(place, reader, report)).status == 204
    (line,) = [line for line in shown(stack) if line["conversation_id"] == room.id]
    assert (line["sequence"], line["author"], line["reporter"], line["reason"]) == (
        sequence,
        author.person.user_id,
        reader.person.user_id,
        "rude 7c1d",
    )
    assert json.loads(line["body"]) == {"text": WORDS}
    with stack.database() as database:
        (kept,) = database["reports"].find({"conversation": bytes.fromhex(room.id.replace("-", ""))})
    assert not any(b"7c1d" in value for value in kept.values() if isinstance(value, bytes))


async def test_what_the_author_did_not_commit_to_is_refused(api, person, room_of):
    author, reader = person().device(), person().device()
    room = await room_of(api, author, [reader])
    sequence, report = await say(api, room, author)
    place = f"conversations/{room.id}/reports/{sequence}"
    for changed in (
        {"content": b64encode(content_of("made up"))},
        {"commitment_key": b64encode(os.urandom(32))},
        {"commitment_key": b64encode(bytes(31))},
        {"content": ""},
        {"reason": "x" * 1001},
    ):
        answer = await api.put(place, reader, report | changed)
        assert answer.problem == "invalid_request", changed
    other, _ = await say(api, room, author, "another")
    assert (await api.put(f"conversations/{room.id}/reports/{other}", reader, report)).problem == "invalid_request"


async def test_only_who_sees_a_message_reports_it(api, person, room_of):
    author, reader, stranger = person().device(), person().device(), person().device()
    room = await room_of(api, author, [reader])
    sequence, report = await say(api, room, author)
    for device, where, at in (
        (stranger, room.id, sequence),
        (reader, new_uuid7(), sequence),
        (reader, room.id, 1),
        (reader, room.id, sequence + 1),
        (reader, "nonsense", sequence),
    ):
        assert (await api.put(f"conversations/{where}/reports/{at}", device, report)).problem == "not_found"
    assert (await api.put(f"conversations/{room.id}/reports/{sequence}", None, report)).problem == "unauthenticated"


async def test_reports_are_limited(api, person, room_of):
    author, reader = person().device(), person().device()
    room = await room_of(api, author, [reader])
    sequence, report = await say(api, room, author)
    place = f"conversations/{room.id}/reports/{sequence}"
    statuses = [(await api.put(place, reader, report)).status for _ in range(REPORTS_PER_HOUR + 1)]
    assert statuses == [204] * REPORTS_PER_HOUR + [429]


async def test_what_was_said_in_a_channel_is_reported_as_the_server_has_it(api, other_api, stack, person):
    author, reader, stranger = person().device(), person().device(), person().device()
    room = TestChannel()
    await room.create(api, author)
    await room.join(api, reader)
    sequence = (await room.say(api, author, WORDS)).body["sequence"]
    mark = (await room.post(api, reader, KIND_REACTION, {"target": sequence, "emoji": "x"})).body["sequence"]
    report = {"reason": "rude 7c1d"}
    for node in (api, other_api):
        assert (await node.put(f"{room.path}/reports/{sequence}", reader, report)).status == 204
    (line,) = [line for line in shown(stack) if line["conversation_id"] == room.id]
    assert (line["sequence"], line["author"], line["reason"]) == (sequence, author.person.user_id, "rude 7c1d")
    assert json.loads(line["body"]) == {"text": WORDS}
    for device, at in ((stranger, sequence), (reader, 1), (reader, mark), (reader, 99)):
        assert (await api.put(f"{room.path}/reports/{at}", device, report)).problem == "not_found", at
    wrong = await api.put(f"{room.path}/reports/{sequence}", reader, {"reason": "x" * 1001})
    assert wrong.problem == "invalid_request"
    sealed = {"content": b64encode(content_of()), "commitment_key": b64encode(bytes(32)), "reason": ""}
    assert (await api.put(f"conversations/{room.id}/reports/{sequence}", reader, sealed)).problem == "not_found"


async def test_operators_read_reports_by_auth_alone(api, stack, person, room_of):
    author, reader = person().device(), person().device()
    room = await room_of(api, author, [reader])
    sequence, report = await say(api, room, author)
    assert (await api.put(f"conversations/{room.id}/reports/{sequence}", reader, report)).status == 204

    def token(service, key):
        return {"Authorization": f"Bearer {sign_service_token(key, service=service, audience='messaging')}"}

    found = await api.get("/internal/reports", None, headers=token("auth", stack.auth.operating_key))
    (line,) = [line for line in found.body["reports"] if line["conversation_id"] == room.id]
    assert json.loads(line["body"]) == {"text": WORDS}
    other = await api.get("/internal/reports", None, headers=token("notification", stack.auth.notification_key))
    assert other.status == 403
    assert (await api.get("/internal/reports", None)).status == 401
