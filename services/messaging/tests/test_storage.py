"""A full disk: nothing more is stored, everything else goes on, and it passes by itself."""

from __future__ import annotations

import shutil

import pytest
from messaging_space import Disk

from parley_contracts.limits import STORAGE_FREE_BYTES_MIN
from parley_contracts.problems import StorageFull
from parley_messaging.adapters.mongo.database import connect, database_of
from parley_messaging.adapters.mongo.space import MongoSpace
from parley_messaging.service.storage import Storage


async def test_there_is_room_until_a_disk_says_otherwise():
    disk = Disk()
    storage = Storage(disk)
    for free, full in (
        (STORAGE_FREE_BYTES_MIN, False),
        (STORAGE_FREE_BYTES_MIN - 1, True),
        (1 << 40, False),
        (0, True),
    ):
        disk.free = free
        await storage.look()
        assert (storage.problem is not None) == full
    with pytest.raises(StorageFull) as caught:
        storage.require()
    assert caught.value.status == 507
    assert caught.value.retry_after_s


async def test_a_database_that_is_away_changes_nothing_and_one_that_does_not_tell_has_room():
    disk = Disk(0)
    storage = Storage(disk)
    await storage.look()
    disk.away = True
    await storage.look()
    assert storage.problem is not None
    disk.away, disk.free = False, None
    await storage.look()
    assert storage.problem is None


async def test_mongodb_tells_what_the_kernel_tells(stack):
    client = connect(stack.mongodb_url)
    try:
        free = await MongoSpace(database_of(client)).free_bytes()
    finally:
        await client.close()
    # Others write to this disk meanwhile.
    assert free is not None
    assert abs(free - shutil.disk_usage("/var/lib").free) < 1 << 30
