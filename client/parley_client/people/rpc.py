"""People by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

from parley_client.calls import Methods, NoParams, Params
from parley_client.people.methods import PeopleMethods


class PersonParams(Params):
    """`person.block`, `person.unblock`, `contact.add` and `contact.remove`: the user name, with or without @."""

    username: str


class PrefixParams(Params):
    """`people.search`: how the name begins, with or without @."""

    prefix: str


class AcceptParams(Params):
    """`request.accept`."""

    conversation_id: str


class DiscoveryParams(Params):
    """`discovery.change`: whether people find this person by the whole user name."""

    by_name: bool


def people_methods(client: PeopleMethods) -> Methods:
    """The methods of one client, with what they take."""
    return _block_methods(client) | _contact_methods(client) | _finding_methods(client)


def _block_methods(client: PeopleMethods) -> Methods:
    async def blocks(_: NoParams) -> object:
        return client.blocks()

    async def block(params: PersonParams) -> object:
        return await client.block(params.username)

    async def unblock(params: PersonParams) -> object:
        return await client.unblock(params.username)

    return {
        "blocks": (NoParams, blocks),
        "person.block": (PersonParams, block),
        "person.unblock": (PersonParams, unblock),
    }


def _contact_methods(client: PeopleMethods) -> Methods:
    async def contacts(_: NoParams) -> object:
        return client.contacts()

    async def add(params: PersonParams) -> object:
        return await client.contact_add(params.username)

    async def remove(params: PersonParams) -> object:
        return await client.contact_remove(params.username)

    async def accept(params: AcceptParams) -> object:
        await client.accept(params.conversation_id)
        return {}

    async def requests(_: NoParams) -> object:
        return {"conversation_ids": client.requests()}

    return {
        "contacts": (NoParams, contacts),
        "contact.add": (PersonParams, add),
        "contact.remove": (PersonParams, remove),
        "requests": (NoParams, requests),
        "request.accept": (AcceptParams, accept),
    }


def _finding_methods(client: PeopleMethods) -> Methods:
    async def search(params: PrefixParams) -> object:
        return client.search_people(params.prefix)

    async def discovery(_: NoParams) -> object:
        return await client.discovery()

    async def change_discovery(params: DiscoveryParams) -> object:
        return await client.change_discovery(by_name=params.by_name)

    return {
        "people.search": (PrefixParams, search),
        "discovery": (NoParams, discovery),
        "discovery.change": (DiscoveryParams, change_discovery),
    }
