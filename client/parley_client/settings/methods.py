"""What `Client` offers for a person's own settings."""

from __future__ import annotations

from parley_client.errors import UnknownMessage
from parley_client.parts import ClientPart
from parley_client.settings import marks, reminders, syncing
from parley_client.settings.marks import Marks, Value
from parley_client.settings.reminders import Reminder
from parley_client.store.messages import message_at
from parley_contracts.ids import ConversationId


class SettingsMethods(ClientPart):
    """A part of `Client`."""

    def settings(self) -> dict[ConversationId, Marks]:
        """How this person keeps their conversations, those without any mark left out; no network."""
        return marks.all_marks(self.session.store)

    def change_settings(self, conversation: str, **changed: Value | None) -> Marks:
        """Mark a conversation, here at once and soon on the other devices; names and values are those of `Marks`."""
        conversation_id = self.conversation_id(conversation)
        syncing.change(self.session, marks.changes_of(conversation_id, changed))
        return marks.marks_of(marks.values(self.session.store), conversation_id)

    def reminders(self) -> list[Reminder]:
        """What this person wants to be reminded of, the next first; no network."""
        return reminders.list_reminders(self.session)

    def remind(self, conversation: str, sequence: int, at: str) -> Reminder:
        """Remind of a message at a time (RFC 3339, with its zone), on all devices; `UnknownMessage`."""
        conversation_id = self.conversation_id(conversation)
        if message_at(self.session.store, conversation_id, sequence) is None:
            raise UnknownMessage("there is no such message here")
        return reminders.remind(self.session, conversation_id, sequence, at)

    def forget_reminder(self, conversation: str, sequence: int) -> None:
        """Put a reminder away, on all devices."""
        reminders.forget_reminder(self.session, self.conversation_id(conversation), sequence)

    async def sync_settings(self) -> None:
        """Fetch what other devices have changed, and store what waits here."""
        await syncing.sync_settings(self.session)
