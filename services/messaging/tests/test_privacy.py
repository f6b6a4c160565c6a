"""What is known of people's settings while they are read, without a database: the store is a port, and answers when told to."""

import asyncio

from parley_contracts.ids import UserId, new_uuid7
from parley_contracts.state_api import PrivacySettings
from parley_messaging.service.privacy import Privacy


class SlowStore:
    """`PrivacyStore`: what it held when it was asked, told once `let` is set."""

    def __init__(self) -> None:
        self.held: dict[UserId, PrivacySettings] = {}
        self.let, self.asked = asyncio.Event(), asyncio.Event()

    async def settings(self, user_ids):
        found = {user_id: self.held[user_id] for user_id in user_ids}
        self.asked.set()
        await self.let.wait()
        return found

    async def put(self, user_id, settings):
        raise AssertionError("nothing is put here")


async def known_shy() -> tuple[Privacy, SlowStore, UserId]:
    """Somebody who is known to let others see all, and has changed that meanwhile at another node."""
    store, shy = SlowStore(), UserId(new_uuid7())
    store.held[shy] = PrivacySettings(version=1)
    store.let.set()
    privacy = Privacy(store, tell=lambda _: None, hint=lambda _: None, changed=lambda _: None)
    assert (await privacy.of(shy)).typing
    store.held[shy] = PrivacySettings(version=2, typing=False)
    store.let.clear()
    store.asked.clear()
    return privacy, store, shy


async def test_while_settings_are_read_anew_the_old_ones_do_not_hold():
    privacy, store, shy = await known_shy()
    privacy.hinted([shy])
    reading = asyncio.create_task(privacy.of(shy))
    await store.asked.wait()
    assert privacy.known(shy) is None
    store.let.set()
    assert not (await reading).typing
    assert privacy.known(shy) == store.held[shy]


async def test_what_changes_while_it_is_read_is_read_again():
    privacy, store, shy = await known_shy()
    privacy.hinted([shy])
    reading = asyncio.create_task(privacy.of(shy))
    await store.asked.wait()
    store.held[shy] = PrivacySettings(version=3, typing=False, presence=False)
    privacy.hinted([shy])
    store.let.set()
    assert not (await reading).presence, "what was overtaken shows nothing"
    assert privacy.known(shy) is None
    assert await privacy.of(shy) == store.held[shy]


async def test_a_reading_that_fails_leaves_nothing_to_be_shown():
    privacy, store, shy = await known_shy()
    del store.held[shy]
    privacy.hinted([shy])
    try:
        await privacy.of(shy)
    except KeyError:
        pass
    assert privacy.known(shy) is None
