"""Safety numbers by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

from parley_client.calls import Methods, Params
from parley_client.trust.methods import TrustMethods


class SafetyNumberParams(Params):
    """`safety_number` and `safety_number.forget`: the exact user name, with or without @."""

    username: str


class VerifyParams(Params):
    """`safety_number.verify`: what the other person shows, or the text of their code; spaces do not matter."""

    username: str
    number: str


def trust_methods(client: TrustMethods) -> Methods:
    """The methods of one client, with what they take."""

    async def show(params: SafetyNumberParams) -> object:
        return await client.safety_number(params.username)

    async def verify(params: VerifyParams) -> object:
        return await client.verify(params.username, params.number)

    async def forget(params: SafetyNumberParams) -> object:
        await client.unverify(params.username)
        return {}

    return {
        "safety_number": (SafetyNumberParams, show),
        "safety_number.verify": (VerifyParams, verify),
        "safety_number.forget": (SafetyNumberParams, forget),
    }
