"""What `Client` offers around people: contacts, requests, blocks, being found."""

from __future__ import annotations

from parley_client.api import people as api
from parley_client.parts import ClientPart
from parley_client.people import blocks, contacts
from parley_client.people.contacts import Contact, KnownPerson
from parley_client.people.requests import is_request
from parley_client.settings.marks import values
from parley_client.state.reading import mark_read
from parley_client.store.conversations import list_conversations
from parley_contracts.ids import ConversationId
from parley_contracts.people_api import Block, Discovery


class PeopleMethods(ClientPart):
    """A part of `Client`. People are named by user name, with or without @."""

    def blocks(self) -> list[Block]:
        """Whom this person has blocked, the last first, as last heard; no network."""
        return blocks.list_blocks(self.session.store)

    async def fetch_blocks(self) -> list[Block]:
        """The same, asked of the server."""
        return await blocks.fetch(self.session)

    async def block(self, person: str) -> list[Block]:
        """Block somebody, on all devices and in every service; they are told nothing."""
        await blocks.block(self.session, await self.find(person))
        return self.blocks()

    async def unblock(self, person: str) -> list[Block]:
        """Block somebody no more."""
        name = person.removeprefix("@")
        named = [each.user_id for each in await self.fetch_blocks() if each.username == name]
        await blocks.unblock(self.session, named[0] if named else await self.find(person))
        return self.blocks()

    def contacts(self) -> list[Contact]:
        """This person's contacts, by name; no network."""
        return contacts.list_contacts(self.session.store)

    async def contact_add(self, person: str) -> list[Contact]:
        """Take somebody among the contacts, on all devices."""
        user_id = await self.find(person)
        contacts.add_contact(self.session, user_id, await self.session.directory.username(user_id))
        return self.contacts()

    async def contact_remove(self, person: str) -> list[Contact]:
        """Take somebody out of the contacts, on all devices."""
        name = person.removeprefix("@")
        named = [each.user_id for each in self.contacts() if each.username == name]
        contacts.remove_contact(self.session, named[0] if named else await self.find(person))
        return self.contacts()

    def search_people(self, prefix: str) -> list[KnownPerson]:
        """Whom this device knows under a name that begins so, contacts first; no network."""
        return contacts.search(self.session, prefix)

    def requests(self) -> list[ConversationId]:
        """Conversations that strangers have begun and that wait for this person's word; no network."""
        settings = values(self.session.store)
        rows = list_conversations(self.session.store)
        own, store = self.session.device.user_id, self.session.store
        return [row.conversation_id for row in rows if is_request(store, own, row, settings)]

    async def accept(self, conversation: str) -> None:
        """Let somebody who has written first know that this person reads; where nothing waits, nothing happens."""
        conversation_id = self.conversation_id(conversation)
        if conversation_id in self.requests():
            await mark_read(self.session, conversation_id, self._known(conversation_id).sequence)

    async def discovery(self) -> Discovery:
        """Whether this person is found by name, asked of the server."""
        return await api.get_discovery(self.session.api)

    async def change_discovery(self, *, by_name: bool) -> Discovery:
        """Be found by the whole user name, or by nobody who does not know this person already."""
        return await api.put_discovery(self.session.api, Discovery(by_name))
