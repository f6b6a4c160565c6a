"""Messages that are sent later, by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

from parley_client.calls import Methods, NoParams, Params
from parley_client.schedule.methods import ScheduleMethods
from parley_contracts.ids import ClientId


class ScheduleParams(Params):
    """`schedule.create`; `send_at` is RFC 3339."""

    to: str
    text: str
    send_at: str


class CancelParams(Params):
    """`schedule.cancel`."""

    client_id: ClientId


def schedule_methods(
    client: ScheduleMethods,
) -> Methods:
    """The methods of one client, with what they take."""

    async def create(params: ScheduleParams) -> object:
        return await client.schedule(params.to, params.text, params.send_at)

    async def listed(_: NoParams) -> object:
        return client.scheduled()

    async def cancel(params: CancelParams) -> object:
        await client.unschedule(params.client_id)
        return {}

    return {
        "schedule.create": (ScheduleParams, create),
        "schedule.list": (NoParams, listed),
        "schedule.cancel": (CancelParams, cancel),
    }
