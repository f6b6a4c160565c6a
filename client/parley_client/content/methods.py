"""What `Client` offers to say about messages that stand already: change, delete, react, pin, vote."""

from __future__ import annotations

import contextlib

from parley_client import outbox
from parley_client.answers import Sent
from parley_client.content.bodies import (
    Body,
    EditBody,
    PinBody,
    PollBody,
    ReactionBody,
    TargetBody,
    VoteBody,
    encode,
    mentioned_in,
)
from parley_client.content.folding import Folded, fold
from parley_client.content.kinds import (
    KIND_DELETE,
    KIND_EDIT,
    KIND_PIN,
    KIND_POLL,
    KIND_POLL_CLOSE,
    KIND_REACTION,
    KIND_TEXT,
    KIND_VOTE,
)
from parley_client.content.removing import carry_out_removals, drop_removal, plan_removal
from parley_client.content.reporting import report_message
from parley_client.errors import ClientError, NotPermitted, UnknownMessage, UsageError
from parley_client.groups.policies import known_policy
from parley_client.parts import ClientPart
from parley_client.store import messages
from parley_client.store.conversations import load_conversation
from parley_client.store.messages import MessageRow
from parley_client.store.queues import OutboxRow
from parley_client.sync.catch_up import catch_up
from parley_contracts.ids import ClientId, ConversationId, UserId, new_uuid7
from parley_contracts.policy import PolicyDocument
from parley_contracts.problems import Problem


class MessageMethods(ClientPart):
    """A part of `Client`. A message is named by its conversation (id or name) and its sequence.

    Each returns when the server has stored it; once called it is repeated however long the server is away.
    `UnknownMessage` where this device knows no such message, `NotPermitted` where this person may not.
    """

    async def _resolve(self, to: str) -> ConversationId:
        raise NotImplementedError

    async def edit(self, conversation: str, sequence: int, text: str) -> Sent:
        """Put other words in place of an own message's; its files stay."""
        row, _ = await self._standing(conversation, sequence)
        if row.kind != KIND_TEXT or row.user_id != self.session.device.user_id:
            raise NotPermitted("only an own message can be changed")
        if not text:
            raise UsageError("a message is changed into other words; to take it back, delete it")
        mentions = self._mentioned(row.conversation_id, text)
        return await self._say(row.conversation_id, KIND_EDIT, EditBody(target=sequence, text=text, mentions=mentions))

    async def delete(self, conversation: str, sequence: int) -> Sent:
        """Take an own message back, or as who manages the group another's: for everybody."""
        session = self.session
        row, _ = await self._standing(conversation, sequence)
        own = session.device.user_id
        if row.user_id != own and not self._policy(row.conversation_id).manages(own):
            raise NotPermitted("only its author, or who manages the group, can delete a message")
        plan_removal(session, row.conversation_id, sequence)
        try:
            body = TargetBody(target=sequence, thread=row.thread)
            sent = await self._say(row.conversation_id, KIND_DELETE, body)
        except (ClientError, Problem):
            drop_removal(session, row.conversation_id, sequence)
            raise
        with contextlib.suppress(ClientError, Problem):  # what fails now is asked for again when the device settles
            await carry_out_removals(session)
        return sent

    async def react(self, conversation: str, sequence: int, emoji: str, *, removed: bool = False) -> Sent:
        """Give a message an emoji, or take it back."""
        row, _ = await self._standing(conversation, sequence)
        body = ReactionBody(target=sequence, emoji=emoji, removed=removed)
        return await self._say(row.conversation_id, KIND_REACTION, body)

    async def report(self, conversation: str, sequence: int, reason: str) -> None:
        """Show a message to who runs the server, with the proof that its author wrote it; nothing else is shown."""
        await report_message(self.session, self.conversation_id(conversation), sequence, reason)

    async def pin(self, conversation: str, sequence: int, *, removed: bool = False) -> Sent:
        """Pin a message for everybody, or unpin it."""
        row, _ = await self._standing(conversation, sequence)
        if not self._policy(row.conversation_id).may(self.session.device.user_id, "pin"):
            raise NotPermitted("your role may not pin messages here")
        return await self._say(row.conversation_id, KIND_PIN, PinBody(target=sequence, removed=removed))

    async def poll(self, to: str, question: str, options: list[str], *, several: bool = False) -> Sent:
        """Ask something, with answers to choose from; `to` is as in `send`."""
        body = PollBody(text=question, options=[option.strip() for option in options], several=several)
        encode(body)
        return await self._say(await self._resolve(to), KIND_POLL, body)

    async def vote(self, conversation: str, sequence: int, choices: list[int]) -> Sent:
        """Choose answers of a poll by their index; none takes the vote back."""
        row, folded = await self._standing(conversation, sequence)
        poll = folded.poll
        if poll is None:
            raise UsageError("this message is no poll")
        if poll.closed:
            raise NotPermitted("the poll is closed")
        if any(not 0 <= index < len(poll.options) for index in choices) or (len(choices) > 1 and not poll.several):
            raise UsageError("a vote names answers of the poll")
        return await self._say(row.conversation_id, KIND_VOTE, VoteBody(target=sequence, choices=sorted(set(choices))))

    async def close_poll(self, conversation: str, sequence: int) -> Sent:
        """End an own poll: nobody votes any more."""
        row, folded = await self._standing(conversation, sequence)
        if folded.poll is None or row.user_id != self.session.device.user_id:
            raise NotPermitted("only who asked can close a poll")
        return await self._say(row.conversation_id, KIND_POLL_CLOSE, TargetBody(target=sequence))

    def _mentioned(self, conversation_id: ConversationId, text: str) -> tuple[UserId, ...]:
        """Whom a text names, of the people of the conversation."""
        row = load_conversation(self.session.store, conversation_id)
        if row is None or "@" not in text:
            return ()
        directory = self.session.directory
        people = known_policy(row.policy).user_ids
        return mentioned_in(text, [(user_id, directory.known_name(user_id)) for user_id in people])

    def _policy(self, conversation_id: ConversationId) -> PolicyDocument:
        row = load_conversation(self.session.store, conversation_id)
        if row is None:
            raise UnknownMessage("there is no such message here")
        return known_policy(row.policy)

    async def _standing(self, conversation: str, sequence: int) -> tuple[MessageRow, Folded]:
        """A message that was not deleted, as it is now; one that has not arrived yet is fetched."""
        store, conversation_id = self.session.store, self.conversation_id(conversation)
        row = messages.message_at(store, conversation_id, sequence)
        if row is None:
            await catch_up(self.session, conversation_id)
            row = messages.message_at(store, conversation_id, sequence)
        if row is not None:
            folded = fold(row, messages.annotations_of(store, conversation_id, [sequence]).get(sequence, []))
            if folded.deleted_by is None:
                return row, folded
        raise UnknownMessage("there is no such message here")

    async def _say(self, conversation_id: ConversationId, kind: int, body: Body) -> Sent:
        row = OutboxRow(client_id=ClientId(new_uuid7()), conversation_id=conversation_id, kind=kind, body=encode(body))
        appended = await outbox.deliver_message(self.session, row)
        return Sent(conversation_id, row.client_id, appended.sequence)
