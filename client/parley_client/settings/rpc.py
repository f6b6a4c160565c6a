"""Settings by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

import msgspec

from parley_client.calls import Methods, NoParams, Params
from parley_client.settings.methods import SettingsMethods


class ChangeParams(Params, omit_defaults=True):
    """`settings.change`: what is not given stays; `muted_until` is RFC 3339, `always`, or null for not any more."""

    conversation_id: str
    archived: bool | msgspec.UnsetType = msgspec.UNSET
    muted_until: str | msgspec.UnsetType | None = msgspec.UNSET
    favourite: bool | msgspec.UnsetType = msgspec.UNSET
    pinned: bool | msgspec.UnsetType = msgspec.UNSET
    folder: str | msgspec.UnsetType = msgspec.UNSET


class RemindParams(Params):
    """`remind`: of a message, at a time (RFC 3339, with its zone)."""

    conversation_id: str
    sequence: int
    at: str


class ReminderParams(Params):
    """`reminder.forget`: puts the reminder of a message away."""

    conversation_id: str
    sequence: int


def settings_methods(
    client: SettingsMethods,
) -> Methods:
    """The methods of one client, with what they take."""

    async def settings(_: NoParams) -> object:
        return {"conversations": client.settings()}

    async def change(params: ChangeParams) -> object:
        words = msgspec.structs.asdict(params)
        conversation_id = words.pop("conversation_id")
        return client.change_settings(conversation_id, **{n: v for n, v in words.items() if v is not msgspec.UNSET})

    async def reminders(_: NoParams) -> object:
        return client.reminders()

    async def remind(params: RemindParams) -> object:
        return client.remind(params.conversation_id, params.sequence, params.at)

    async def forget(params: ReminderParams) -> object:
        client.forget_reminder(params.conversation_id, params.sequence)
        return {}

    return {
        "settings": (NoParams, settings),
        "settings.change": (ChangeParams, change),
        "reminders": (NoParams, reminders),
        "remind": (RemindParams, remind),
        "reminder.forget": (ReminderParams, forget),
    }
