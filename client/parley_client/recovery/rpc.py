"""Another recovery key, and recovery words, by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

from parley_client.calls import Methods, NoParams, Params
from parley_client.recovery.methods import RecoveryMethods


class RecoveryParams(Params):
    """`recovery_key.replace` and `recovery_words.draw`: the account's recovery key, or its present words."""

    recovery_key: str


def recovery_methods(client: RecoveryMethods) -> Methods:
    """The methods of one client, with what they take."""

    async def replace(params: RecoveryParams) -> object:
        return {"recovery_key": await client.recovery_key_replace(params.recovery_key)}

    async def draw(params: RecoveryParams) -> object:
        return {"words": await client.recovery_words_draw(params.recovery_key)}

    async def forget(_: NoParams) -> object:
        await client.recovery_words_forget()
        return {}

    return {
        "recovery_key.replace": (RecoveryParams, replace),
        "recovery_words.draw": (RecoveryParams, draw),
        "recovery_words.forget": (NoParams, forget),
    }
