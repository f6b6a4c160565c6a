"""What the server tells its people, by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

from parley_client.calls import Methods, NoParams, Params
from parley_client.telling.methods import TellingMethods


class AgreeParams(Params):
    """`account.agree`: the version that was read."""

    version: int


def telling_methods(client: TellingMethods) -> Methods:
    """The methods of one client, with what they take."""

    async def announcements(_: NoParams) -> object:
        return await client.announcements()

    async def terms(_: NoParams) -> object:
        return await client.own_terms()

    async def agree(params: AgreeParams) -> object:
        return await client.agree(params.version)

    return {
        "announcements": (NoParams, announcements),
        "account.terms": (NoParams, terms),
        "account.agree": (AgreeParams, agree),
    }
