"""Quotas, abandoned uploads, and engines that are away: on the real index and the real object store."""

import asyncio
import datetime as dt
import json
import threading
from contextlib import asynccontextmanager

import httpx
import pytest
from media_stack import Api, NodeProcess

from parley_contracts.ids import UploadId, UserId, new_uuid7
from parley_contracts.limits import MEDIA_BYTES_PER_USER_MAX, MEDIA_PART_SIZE_BYTES, MEDIA_UPLOAD_LIFETIME_S
from parley_contracts.media_api import UploadCreation
from parley_contracts.messaging_api import ConversationAccess
from parley_contracts.problems import NotFound, QuotaExceeded, UploadIncomplete
from parley_media.adapters.mongo import MongoObjects, connect, database_of
from parley_media.adapters.s3 import S3Store
from parley_media.config import read_config
from parley_media.service.uploads import Uploads
from parley_serving.environment import ConfigError

DIGEST = bytes(32)
TWO_PARTS = MEDIA_PART_SIZE_BYTES + 1000


class Everybody:
    async def access(self, user_id, conversation_id):
        return ConversationAccess(1, 1, None)


class Clock:
    def __init__(self):
        self.now = dt.datetime.now(dt.UTC)

    def __call__(self):
        return self.now

    def pass_s(self, seconds):
        self.now += dt.timedelta(seconds=seconds)


@asynccontextmanager
async def service(stack, clock=None):
    """The use cases over the real adapters, with a clock of the test's own."""
    config = read_config(stack.environment)
    mongo, store = connect(config.mongodb_url), S3Store(config.s3, config.s3_signed_host)
    uploads = Uploads(MongoObjects(database_of(mongo)), store, Everybody(), clock or Clock())
    uploads.space = database_of(mongo)["space"]
    uploads.endpoint = config.s3.endpoint
    try:
        yield uploads
    finally:
        await mongo.close()
        store.close()


def creation(size=TWO_PARTS):
    return UploadCreation(new_uuid7(), size, "")


async def space_of(uploads, user):
    from parley_contracts.ids import uuid_bytes

    found = await uploads.space.find_one({"_id": uuid_bytes(user)})
    return found["bytes"], found["objects"]


async def put(uploads, part):
    async with httpx.AsyncClient(timeout=30) as store:
        answer = await store.put(uploads.endpoint + part.path, content=bytes(part.size_bytes))
        assert answer.status_code == 200


async def test_the_quota_holds_under_a_rush(stack):
    user, size = UserId(new_uuid7()), 1024**3
    room = MEDIA_BYTES_PER_USER_MAX // size

    async with service(stack) as uploads:

        async def announce():
            try:
                await uploads.announce(user, UploadId(new_uuid7()), creation(size), DIGEST)
            except QuotaExceeded as problem:
                return problem.extra["limit_bytes"]
            return None

        answers = await asyncio.gather(*(announce() for _ in range(room + 6)))
        assert answers.count(None) == room and answers.count(MEDIA_BYTES_PER_USER_MAX) == 6
        assert await space_of(uploads, user) == (room * size, room)


async def test_one_upload_announced_at_once_is_one(stack):
    user, upload_id, wanted = UserId(new_uuid7()), UploadId(new_uuid7()), creation()
    async with service(stack) as uploads:
        answers = await asyncio.gather(*(uploads.announce(user, upload_id, wanted, DIGEST) for _ in range(8)))
        assert len({answer.object_id for answer in answers}) == 1
        assert len({part.path.split("uploadId=")[1].split("&")[0] for a in answers for part in a.parts}) == 1
        assert await space_of(uploads, user) == (TWO_PARTS, 1)


@pytest.mark.parametrize("size", [1000, TWO_PARTS])
async def test_abandoned_uploads_are_thrown_away(stack, size):
    clock, user, upload_id, wanted = Clock(), UserId(new_uuid7()), UploadId(new_uuid7()), creation(size)
    async with service(stack, clock) as uploads:
        announced = await uploads.announce(user, upload_id, wanted, DIGEST)
        part = announced.parts[-1]
        await put(uploads, part)
        clock.pass_s(MEDIA_UPLOAD_LIFETIME_S + 1)
        with pytest.raises(NotFound):
            await uploads.complete(user, upload_id)
        assert await space_of(uploads, user) == (size, 1)  # its paths may still be good
        clock.pass_s(3600)
        while await uploads.expire():
            pass
        assert await space_of(uploads, user) == (0, 0)
        assert await uploads._store.size(f"objects/{announced.object_id}") is None
        anew = await uploads.announce(user, upload_id, wanted, DIGEST)
        assert anew.object_id == announced.object_id
        with pytest.raises(UploadIncomplete):
            await uploads.complete(user, upload_id)


async def test_announcing_an_ended_upload_begins_anew(stack):
    clock, user, upload_id, wanted = Clock(), UserId(new_uuid7()), UploadId(new_uuid7()), creation()
    async with service(stack, clock) as uploads:
        first = await uploads.announce(user, upload_id, wanted, DIGEST)
        clock.pass_s(MEDIA_UPLOAD_LIFETIME_S + 1)
        again = await uploads.announce(user, upload_id, wanted, DIGEST)
        assert again.expires_at > first.expires_at
        assert await space_of(uploads, user) == (TWO_PARTS, 1)


async def test_a_death_between_joining_and_saying_so_is_made_good(stack):
    user, upload_id, wanted = UserId(new_uuid7()), UploadId(new_uuid7()), creation()
    async with service(stack) as uploads:
        announced = await uploads.announce(user, upload_id, wanted, DIGEST)
        for part in announced.parts:
            await put(uploads, part)

        async def die(object_id):
            raise ConnectionError

        mark, uploads._index.mark_stored = uploads._index.mark_stored, die
        with pytest.raises(ConnectionError):
            await uploads.complete(user, upload_id)
        uploads._index.mark_stored = mark
        assert (await uploads.complete(user, upload_id)).size_bytes == TWO_PARTS


@pytest.mark.parametrize(
    ("changed", "away"),
    [
        ({"PARLEY_S3_ENDPOINT": "http://127.0.0.1:9"}, "object store"),
        ({"PARLEY_MONGODB_URL": "mongodb://127.0.0.1:9/media"}, "MongoDB"),
    ],
)
def test_an_engine_away_is_a_503(stack, anna, conversation, changed, away):
    node = NodeProcess(stack, PARLEY_NODE_ID="media-9", **changed)
    api = Api(node, stack.environment["PARLEY_S3_ENDPOINT"])
    try:
        answer = api.announce(anna, conversation, TWO_PARTS)
        assert (answer.status, answer.problem) == (503, "unavailable")
        assert answer.headers["Retry-After"]
        assert away in node.health()["detail"]
        assert not node.health()["healthy"]
    finally:
        api.close()
        node.stop()


def test_a_healthy_node_says_so_and_logs_no_secret(api, node, stack, anna, conversation):
    api.upload(anna, conversation, bytes(100))
    assert node.health() == {"healthy": True, "detail": ""}
    log = node.text()
    assert all(json.loads(line) for line in log.splitlines())
    for secret in (anna.token, stack.environment["PARLEY_S3_SECRET_KEY"], "X-Amz-Signature"):
        assert secret not in log


@pytest.mark.parametrize(
    "name", ["PARLEY_ORIGIN", "PARLEY_MONGODB_URL", "PARLEY_S3_ENDPOINT", "PARLEY_MESSAGING_NODES", "PARLEY_RUN_DIR"]
)
def test_a_missing_setting_is_named(stack, name):
    with pytest.raises(ConfigError, match=name):
        read_config({key: value for key, value in stack.environment.items() if key != name})


def test_threads_end_with_the_node(stack):
    async def come_and_go():
        async with service(stack) as uploads:
            await uploads._store.check()

    asyncio.run(come_and_go())
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("s3")]
