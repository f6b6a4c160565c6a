"""What `Client` offers for notifications."""

from __future__ import annotations

from parley_client.api import notifications
from parley_client.events import Event
from parley_client.parts import ClientPart
from parley_client.push import subscribing
from parley_client.push.leaves import load_push
from parley_client.push.subscribing import PushSecrets
from parley_client.push.watching import Given
from parley_client.settings.syncing import note_mute
from parley_contracts.ids import ConversationId
from parley_contracts.notification_api import Level, Preference, SelfTest, Subscription, SubscriptionUpload


class PushMethods(ClientPart):
    """A part of `Client`. Binary is base64url."""

    #: What `push_secrets` answered last, None where nobody has asked or no pushes are taken.
    _push_given: Given | None = None

    async def push_key(self) -> str:
        """The server's application key (VAPID), which the platform's push service is told when subscribing."""
        return (await notifications.get_vapid_key(self.session.api)).public_key

    async def push_subscribe(self, *, endpoint: str, p256dh: str, auth: str, push_public_key: str) -> Subscription:
        """Take pushes at the platform's `endpoint` with its two keys, sealed to this device's own push key (X25519)."""
        before = load_push(self.session.store)
        upload = SubscriptionUpload(endpoint, p256dh, auth)
        subscription = await subscribing.subscribe(self.session, upload, push_public_key)
        if load_push(self.session.store) != before:
            self.session.events.tell(Event("push.changed"))
        return subscription

    async def push_unsubscribe(self) -> None:
        """Take no pushes any more."""
        self._push_given = None
        await subscribing.unsubscribe(self.session)

    async def push_self_test(self) -> SelfTest:
        """Have the server push something to this device, and hear what became of it."""
        return await notifications.post_self_test(self.session.api)

    def push_secrets(self) -> PushSecrets:
        """What the service worker shall keep, sealed to the push key; anew after each change. No network."""
        secrets = subscribing.push_secrets(self.session)
        self._push_given = Given.now(self.session)
        return secrets

    def _watch_push(self, event: Event) -> None:
        """Tell, once for each time that `push_secrets` was asked, when its answer has gone stale."""
        if event.name != "conversation.changed" or self._push_given is None:
            return
        assert isinstance(event.params, dict)
        if not self._push_given.holds(self.session, event.params["conversation_id"]):
            self._push_given = None
            self.session.events.tell(Event("push.changed"))

    async def push_levels(self) -> list[Preference]:
        """The conversations that notify otherwise than of all."""
        return (await notifications.get_preferences(self.session.api)).preferences

    async def push_set_level(self, conversation_id: str, level: Level) -> Preference:
        """Hear of all messages of a conversation, or of none: the same as muting it in the settings, on all devices."""
        where = ConversationId(conversation_id)
        preference = await notifications.put_preference(self.session.api, where, level)
        note_mute(self.session, where, muted=level == "none")
        return preference
