"""The account as a whole by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

from parley_client.calls import Methods, NoParams
from parley_client.rights.methods import RightsMethods


def rights_methods(client: RightsMethods) -> Methods:
    """The methods of one client, with what they take."""

    async def delete(_: NoParams) -> object:
        return await client.delete_account()

    return {"account.delete": (NoParams, delete)}
