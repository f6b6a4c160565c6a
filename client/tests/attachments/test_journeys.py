"""Files between devices: sent, fetched, resumed, refused; against a server in memory whose answers get lost."""

import asyncio
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from parley_client import Attachable, outbox
from parley_client.errors import AttachmentBroken, AttachmentChanged, NetworkError, UnknownAttachment, UsageError
from parley_client.store import queues
from parley_contracts.limits import ATTACHMENTS_PER_MESSAGE_MAX, MEDIA_PART_SIZE_BYTES
from parley_contracts.media_api import OBJECTS_PATH, SIGNATURE_HEADER
from parley_contracts.problems import NotFound, QuotaExceeded, TooLarge, Unavailable

CHUNK = 256 * 1024


def noise(size, seed=0):
    import random

    return random.Random(seed).randbytes(size)


def picture():
    written = io.BytesIO()
    Image.effect_noise((800, 400), 50).convert("RGB").save(written, "JPEG")
    return written.getvalue()


async def whole(client, sent, index=0, **options):
    return b"".join([c async for c in client.attachment(sent.conversation_id, sent.sequence, index, **options)])


async def pair(people):
    return await people.register("alice"), await people.register("bob")


def is_part(request):
    return request.method == "PUT" and request.path.startswith(OBJECTS_PATH)


def part_of(request):
    """The number of a part, which its signature names: no address has it."""
    assert "?" not in request.path
    return request.headers[SIGNATURE_HEADER].split("part=")[1][0]


async def test_a_picture_arrives(people, tmp_path):
    alice, bob = await pair(people)
    data = picture()
    (tmp_path / "holiday.jpg").write_bytes(data)
    files = [
        Attachable("holiday.jpg", "image/jpeg", path=tmp_path / "holiday.jpg"),
        Attachable("notes.txt", "text/plain", data=b"notes"),
    ]
    told = []
    sent = await alice.send("@bob", "look", attachments=files, progress=lambda *progress: told.append(progress))
    await bob.sync()
    (message,) = await bob.receive()
    assert (message.text, [a.name for a in message.attachments]) == ("look", ["holiday.jpg", "notes.txt"])
    first, second = message.attachments
    assert (first.index, first.media_type, first.size_bytes, first.width, first.height) == (
        0,
        "image/jpeg",
        len(data),
        800,
        400,
    )
    assert (second.size_bytes, second.width, second.height) == (5, None, None)
    assert await whole(bob, sent) == data
    assert await whole(bob, sent, 1) == b"notes"
    small = bob.thumbnail(sent.conversation_id, sent.sequence, 0)
    assert small is not None and small[8:12] == b"WEBP"
    assert bob.thumbnail(sent.conversation_id, sent.sequence, 1) is None
    assert told[-1][0] == told[-1][1] == sum(len(o.content) for o in people.server.media.objects.values())
    restored = await people.restore("bob", "phone")
    assert await whole(restored, sent) == data


async def test_the_server_sees_nothing_of_it(people):
    alice, bob = await pair(people)
    mark = b"a marker that nobody may see"
    sent = await alice.send("@bob", "", attachments=[Attachable(mark.decode(), "text/plain", data=mark * 20_000)])
    for request in people.server.requests:
        assert mark not in request.body and mark.decode() not in request.path
    await bob.sync()
    assert await whole(bob, sent) == mark * 20_000


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, MEDIA_PART_SIZE_BYTES + 3 * CHUNK + 7])
async def test_every_size_goes_round(people, size):
    alice, bob = await pair(people)
    data = noise(size)
    sent = await alice.send("@bob", "", attachments=[Attachable("x", "", data=data)])
    await bob.sync()
    assert await whole(bob, sent) == data
    for offset in {0, 1, CHUNK - 1, CHUNK, size - 1, size, size + CHUNK} - {-1}:
        assert await whole(bob, sent, offset=offset) == data[offset:]


async def test_parts_lost_on_their_way_are_sent_again(people, server, no_pauses):
    alice, bob = await pair(people)
    data = noise(3 * MEDIA_PART_SIZE_BYTES)
    faults = iter([None, "lose_answer", "lose_request", "lose_request", None, "lose_answer"])
    server.fault = lambda request: next(faults, None) if is_part(request) else None
    sent = await alice.send("@bob", "", attachments=[Attachable("x", "", data=data)])
    await bob.sync()
    assert await whole(bob, sent) == data
    numbers = [part_of(r) for r in server.requests if is_part(r)]
    assert set(numbers) == {"1", "2", "3", "4"}
    assert len(numbers) > 4


async def test_it_goes_on_after_the_process(people, server, no_pauses, tmp_path):
    alice, bob = await pair(people)
    await alice.send("@bob", "before")
    data, seen, third = noise(3 * MEDIA_PART_SIZE_BYTES), [], asyncio.Event()
    (tmp_path / "film").write_bytes(data)

    def fault(request):
        if is_part(request):
            if part_of(request) == "3":
                third.set()
                return "lose_request"
            seen.append(part_of(request))
        return None

    server.fault = fault
    file = Attachable("film", "", path=tmp_path / "film")
    sending = asyncio.create_task(alice.send("@bob", "a film", attachments=[file, Attachable("n", "", data=b"n" * 9)]))
    await third.wait()
    sending.cancel()
    alice = await people.reopen("alice", alice)
    server.fault = lambda request: None
    before = len(server.requests)
    alice.connect()
    bob.connect()
    got = []
    while not got or got[-1].text != "a film":
        batch = await bob.receive(timeout_s=10)
        bob.received(batch)
        got += batch
    again = [part_of(r) for r in server.requests[before:] if is_part(r)]
    assert again == ["3", "4", "1"]  # the parts that were there did not go again; the last is the other file's
    assert await whole(bob, got[-1]) == data
    assert await whole(bob, got[-1], 1) == b"n" * 9
    assert alice.session.store.execute("SELECT COUNT(*) FROM uploads") == [(0,)]
    assert alice.session.store.execute("SELECT COUNT(*) FROM upload_chunks") == [(0,)]


async def test_no_message_before_its_files_and_texts_overtake(people, server, no_pauses):
    alice, bob = await pair(people)
    await alice.send("@bob", "before")
    held = asyncio.Event()
    server.fault = lambda request: is_part(request) and (held.set() or "lose_request")
    sending = asyncio.create_task(alice.send("@bob", "with file", attachments=[Attachable("x", "", data=b"x" * 99)]))
    await held.wait()
    await alice.send("@bob", "after")
    await bob.sync()
    assert [m.text for m in await bob.receive()] == ["before", "after"]
    server.fault = lambda request: None
    sent = await sending
    await bob.sync()
    assert [m.text for m in await bob.history(sent.conversation_id)] == ["before", "after", "with file"]


async def test_a_file_that_changes_is_not_sent(people, server, no_pauses, tmp_path):
    alice, _ = await pair(people)
    await alice.send("@bob", "before")
    path, tried = tmp_path / "x", asyncio.Event()
    path.write_bytes(noise(2 * CHUNK))
    server.fault = lambda request: is_part(request) and (tried.set() or "lose_request")
    sending = asyncio.create_task(alice.send("@bob", "", attachments=[Attachable("x", "", path=path)]))
    await tried.wait()
    path.write_bytes(noise(2 * CHUNK, seed=1))
    bodies = []
    server.fault = lambda request: is_part(request) and bodies.append(request.body)
    with pytest.raises(AttachmentChanged):
        await sending
    assert bodies == []  # nothing sealed under the old key leaves the device
    ((client_id,),) = alice.session.store.execute("SELECT client_id FROM outbox")
    assert outbox.discard(alice.session, client_id)
    assert alice.session.store.execute("SELECT COUNT(*) FROM uploads") == [(0,)]
    assert (await alice.send("@bob", "still fine")).sequence


async def test_a_file_that_is_gone_is_said(people, server, no_pauses, tmp_path):
    alice, _ = await pair(people)
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(UsageError):
            await alice.send("@bob", "", attachments=[Attachable("x", "", path=path)])
    with pytest.raises(UsageError):
        await alice.send("@bob", "", attachments=[Attachable("x", "")])
    with pytest.raises(UsageError):
        await alice.send("@bob", "")
    with pytest.raises(TooLarge):
        files = [Attachable("x", "", data=b"x")] * (ATTACHMENTS_PER_MESSAGE_MAX + 1)
        await alice.send("@bob", "", attachments=files)


async def test_paths_that_ended_are_asked_for_again(people, server, no_pauses):
    alice, bob = await pair(people)
    data, count = noise(2 * MEDIA_PART_SIZE_BYTES), [0]

    def fault(request):
        if request.path.startswith(OBJECTS_PATH):
            count[0] += 1
            if count[0] % 5 == 2:
                server.media.signature += 1

    server.fault = fault
    sent = await alice.send("@bob", "", attachments=[Attachable("x", "", data=data)])
    await bob.sync()
    assert await whole(bob, sent) == data
    assert count[0] > 6


async def test_what_the_server_forgot_is_sent_again(people, server, no_pauses):
    alice, bob = await pair(people)
    data, forgot = noise(2 * MEDIA_PART_SIZE_BYTES), []

    def fault(request):
        if request.path.endswith("/complete") and not forgot:
            forgot.extend(found.parts.pop(1) for found in server.media.objects.values())

    server.fault = fault
    sent = await alice.send("@bob", "", attachments=[Attachable("x", "", data=data)])
    await bob.sync()
    assert forgot and await whole(bob, sent) == data


async def test_a_full_quota_is_said_and_the_store_away_is_waited_for(people, server, no_pauses):
    alice, bob = await pair(people)
    file = Attachable("x", "", data=b"x" * 99)
    server.media.refuse = QuotaExceeded(limit_bytes=1)
    with pytest.raises(QuotaExceeded):
        await alice.send("@bob", "again", attachments=[file])
    server.media.refuse = None
    ((client_id,),) = alice.session.store.execute("SELECT client_id FROM outbox")
    assert outbox.retry(alice.session, client_id)
    alice.connect()
    bob.connect()
    while not (again := await bob.receive(timeout_s=10)):
        pass
    bob.received(again)
    assert await whole(bob, again[0]) == b"x" * 99
    server.media.refuse = Unavailable()
    sending = asyncio.create_task(alice.send("@bob", "late", attachments=[file]))
    await asyncio.sleep(0.1)
    assert not sending.done()
    server.media.refuse = None
    sent = await sending
    await bob.sync()
    assert await whole(bob, sent) == b"x" * 99


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda content: content[:-1] + bytes([content[-1] ^ 1]), "digest"),
        (lambda content: content[CHUNK + 16 :] + content[: CHUNK + 16], "digest"),
        (lambda content: bytes(len(content)), "digest"),
    ],
)
async def test_a_spoilt_object_is_never_shown(people, server, no_pauses, spoil, code):
    alice, bob = await pair(people)
    data = noise(2 * CHUNK)
    sent = await alice.send("@bob", "", attachments=[Attachable("x", "", data=data)])
    await bob.sync()
    (found,) = server.media.objects.values()
    found.parts = {1: spoil(found.content)}
    got = b""
    with pytest.raises(AttachmentBroken) as refused:
        async for chunk in bob.attachment(sent.conversation_id, sent.sequence, 0):
            got += chunk
    assert refused.value.code == code
    assert data.startswith(got) and got != data


async def test_a_shorter_object_is_refused(people, server, no_pauses):
    alice, bob = await pair(people)
    sent = await alice.send("@bob", "", attachments=[Attachable("x", "", data=noise(2 * CHUNK))])
    await bob.sync()
    (found,) = server.media.objects.values()
    found.parts = {1: found.content[:-1]}
    with pytest.raises(NetworkError):
        await whole(bob, sent)
    found.size_bytes -= 1
    with pytest.raises(AttachmentBroken) as refused:
        await whole(bob, sent)
    assert refused.value.code == "size"


async def test_places_elsewhere_are_not_asked(people, server, no_pauses):
    alice, bob = await pair(people)
    sent = await alice.send("@bob", "", attachments=[Attachable("x", "", data=b"x" * 99)])
    await bob.sync()
    plain = server.media.download
    for path in ("//evil.example/x", "https://evil.example/x", "/api/v1/auth/me", "/media/other/x"):
        server.media.download = lambda object_id, path=path: plain(object_id) | {"path": path}
        with pytest.raises(NetworkError):
            await whole(bob, sent)
    assert not [r for r in server.requests if "evil" in r.path]


async def test_absent_files_are_said(people, server):
    alice, bob = await pair(people)
    sent = await alice.send("@bob", "", attachments=[Attachable("x", "", data=b"x" * 99)])
    await bob.sync()
    for sequence, index in ((sent.sequence, 1), (sent.sequence, -1), (sent.sequence + 1, 0), (0, 0)):
        with pytest.raises(UnknownAttachment):
            bob.attachment_info(sent.conversation_id, sequence, index)
    server.media.objects.clear()
    with pytest.raises(NotFound):
        await whole(bob, sent)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=st.lists(st.sampled_from([None, "lose_request", "lose_answer"]), max_size=40))
def test_any_loss_yields_the_file_once(world, faults):
    async def run():
        people = world()
        alice, bob = await pair(people)
        remaining = iter(faults)
        people.server.fault = lambda request: (
            next(remaining, None) if "/media/" in request.path or "/messages/" in request.path else None
        )
        data = noise(MEDIA_PART_SIZE_BYTES + 100)
        sent = await alice.send("@bob", "file", attachments=[Attachable("x", "", data=data)], patient=True)
        people.server.fault = lambda request: None
        await bob.sync()
        assert [m.text for m in await bob.receive()] == ["file"]
        assert await whole(bob, sent) == data
        assert queues.waiting_conversations(alice.session.store) == queues.waiting_for_files(alice.session.store) == []
        await people.close()

    asyncio.run(run())
