"""The stores can be sharded: MongoDB takes a unique index only where it begins with the shard key."""

from __future__ import annotations

#: Conversations spread over the shards by their hashed ids, people's own records by theirs.
SHARD_KEYS = {
    "entries": "conversation",
    "channels": "conversation",
    "applications": "application",
    "join_requests": "conversation",
    "memberships": "user",
    "read_positions": "user",
    "archive": "user",
    "history_keys": "user",
    "account_indexes": "user",
    "scheduled": "user",
    "reports": "conversation",
}


async def test_every_unique_index_begins_with_its_shard_key(api, person, room_of, stack):
    device = person().device()
    room = await room_of(api, device)
    await api.send(room, device)
    with stack.database() as database:
        unique = {
            name: [list(index["key"]) for index in database[name].list_indexes() if index.get("unique")]
            for name in database.list_collection_names()
        }
    assert unique.keys() >= SHARD_KEYS.keys()
    for name, keys in unique.items():
        assert [key for key in keys if key[0] != SHARD_KEYS.get(name, "user")] == [], name
