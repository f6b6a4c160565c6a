"""The log of people's keys by method names, as `parley_client.rpc` offers it."""

from __future__ import annotations

from parley_client.calls import Methods, NoParams, Params
from parley_client.transparency.methods import TransparencyMethods


class WitnessesParams(Params):
    """`key_log.witnesses`: their keys as text, and how many must have signed."""

    keys: list[str]
    at_least: int


def transparency_methods(client: TransparencyMethods) -> Methods:
    """The methods of one client, with what they take."""

    async def show(_: NoParams) -> object:
        return client.key_log()

    async def follow(_: NoParams) -> object:
        return await client.follow_key_log()

    async def witnesses(params: WitnessesParams) -> object:
        return await client.demand_witnesses(params.keys, params.at_least)

    async def start_anew(_: NoParams) -> object:
        return await client.start_key_log_anew()

    return {
        "key_log": (NoParams, show),
        "key_log.follow": (NoParams, follow),
        "key_log.witnesses": (WitnessesParams, witnesses),
        "key_log.start_anew": (NoParams, start_anew),
    }
