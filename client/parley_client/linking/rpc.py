"""Linking a device by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

import msgspec

from parley_client.calls import Methods, NoParams, Params
from parley_client.linking.methods import LinkMethods


class OfferParams(Params):
    """`link.answer`: which of `link.offers`."""

    link_id: str


class DigitsParams(Params):
    """`link.confirm` and `link.finish`: what the other device shows; spaces do not matter."""

    digits: str


class AskParams(Params):
    """`link.ask`: the account whose device this profile is to be."""

    server: str
    username: str
    password: str
    ca_file: str | None = None
    code: str | None = None


class ScanParams(AskParams, kw_only=True):
    """`link.scan`: the same, with the text of the code that the other device shows."""

    text: str


def link_methods(client: LinkMethods) -> Methods:
    """The methods of one client, with what they take."""

    async def offers(_: NoParams) -> object:
        return await client.link_offers()

    async def answer(params: OfferParams) -> object:
        await client.link_answer(params.link_id)
        return {}

    async def confirm(params: DigitsParams) -> object:
        return {"digits": await client.link_confirm(params.digits)}

    async def show(_: NoParams) -> object:
        return {"text": await client.link_show()}

    async def hand_over(_: NoParams) -> object:
        await client.link_hand_over()
        return {}

    async def joined(_: NoParams) -> object:
        await client.link_joined()
        return {}

    async def ask(params: AskParams) -> object:
        await client.link_ask(**msgspec.structs.asdict(params))
        return {}

    async def digits(_: NoParams) -> object:
        return {"digits": await client.link_digits()}

    async def cancel(_: NoParams) -> object:
        await client.link_cancel()
        return {}

    return {
        "link.offers": (NoParams, offers),
        "link.answer": (OfferParams, answer),
        "link.confirm": (DigitsParams, confirm),
        "link.show": (NoParams, show),
        "link.hand_over": (NoParams, hand_over),
        "link.joined": (NoParams, joined),
        "link.ask": (AskParams, ask),
        "link.digits": (NoParams, digits),
        "link.cancel": (NoParams, cancel),
    }
