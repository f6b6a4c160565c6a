"""When each device last did something in a conversation.

Rule: times are this device's own, of when it heard of it: nobody else's clock makes a device look older than it is.
"""

from __future__ import annotations

from collections.abc import Collection

from parley_client.store.port import Store
from parley_contracts.ids import ConversationId, DeviceId


def saw_devices(store: Store, conversation_id: ConversationId, device_ids: Collection[DeviceId], now: int) -> None:
    """Devices have done something."""
    for device_id in device_ids:
        store.execute(
            "INSERT OR REPLACE INTO leaves_seen (conversation_id, device_id, seen_at) VALUES (?, ?, ?)",
            (conversation_id, device_id, now),
        )


def watch_devices(store: Store, conversation_id: ConversationId, device_ids: Collection[DeviceId], now: int) -> None:
    """Count from now on for those of which nothing is known, and forget those that are not in the group any more."""
    known = last_seen(store, conversation_id)
    fresh, gone = set(device_ids) - known.keys(), known.keys() - set(device_ids)
    if not fresh and not gone:
        return
    with store.transaction():
        saw_devices(store, conversation_id, fresh, now)
        for device_id in gone:
            sql = "DELETE FROM leaves_seen WHERE conversation_id = ? AND device_id = ?"
            store.execute(sql, (conversation_id, device_id))


def last_seen(store: Store, conversation_id: ConversationId) -> dict[DeviceId, int]:
    """When each device did something last, in seconds of this device's clock."""
    sql = "SELECT device_id, seen_at FROM leaves_seen WHERE conversation_id = ?"
    return {DeviceId(device): int(seen) for device, seen in store.execute(sql, (conversation_id,))}
