"""The account as a whole by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

from parley_client.calls import Methods, NoParams, Params
from parley_client.rights.methods import RightsMethods
from parley_contracts.encoding import b64encode


class PartParams(Params):
    """`account.export.part`: which part of which archive, from 0."""

    export_id: str
    part: int


class PositionParams(Params):
    """`history.export`: where the page before ended, empty for the first."""

    position: str = ""


def rights_methods(client: RightsMethods) -> Methods:
    """The methods of one client, with what they take."""

    async def delete(_: NoParams) -> object:
        return await client.delete_account()

    async def ask(_: NoParams) -> object:
        return await client.ask_export()

    async def exports(_: NoParams) -> object:
        return await client.exports()

    async def part(params: PartParams) -> object:
        return {"data": b64encode(await client.export_part(params.export_id, params.part))}

    async def history(params: PositionParams) -> object:
        return client.export_history(params.position)

    return {
        "account.delete": (NoParams, delete),
        "account.export": (NoParams, ask),
        "account.exports": (NoParams, exports),
        "account.export.part": (PartParams, part),
        "history.export": (PositionParams, history),
    }
