"""Messages that stand already, by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

from parley_client import timeline
from parley_client.calls import Methods, Params
from parley_client.content.methods import MessageMethods
from parley_contracts.ids import ConversationId


class PlaceParams(Params, kw_only=True):
    """`message`, `message.delete` and `poll.close`: a message by its conversation and sequence."""

    conversation_id: ConversationId
    sequence: int


class ReportParams(Params):
    """`message.report`: shows a message to who runs the server."""

    conversation_id: ConversationId
    sequence: int
    reason: str


class EditParams(PlaceParams):
    """`message.edit`."""

    text: str


class ReactParams(PlaceParams):
    """`message.react`; `removed` takes the emoji back."""

    emoji: str
    removed: bool = False


class PinParams(PlaceParams):
    """`message.pin`; `removed` unpins."""

    removed: bool = False


class VoteParams(PlaceParams):
    """`poll.vote`: indices of the answers; none takes the vote back."""

    choices: list[int]


class PollParams(Params):
    """`poll.create`; `to` is as in `send`."""

    to: str
    question: str
    options: list[str]
    several: bool = False


class PinsParams(Params):
    """`pins`."""

    conversation_id: ConversationId


def message_methods(
    client: MessageMethods,
) -> Methods:
    """The methods of one client, with what they take."""

    async def message(params: PlaceParams) -> object:
        return {"message": timeline.item(client.session, params.conversation_id, params.sequence)}

    async def edit(params: EditParams) -> object:
        return await client.edit(params.conversation_id, params.sequence, params.text)

    async def delete(params: PlaceParams) -> object:
        return await client.delete(params.conversation_id, params.sequence)

    async def react(params: ReactParams) -> object:
        where = (params.conversation_id, params.sequence)
        return await client.react(*where, params.emoji, removed=params.removed)

    async def pin(params: PinParams) -> object:
        return await client.pin(params.conversation_id, params.sequence, removed=params.removed)

    async def pins(params: PinsParams) -> object:
        return timeline.pins(client.session, params.conversation_id)

    async def poll(params: PollParams) -> object:
        return await client.poll(params.to, params.question, params.options, several=params.several)

    async def vote(params: VoteParams) -> object:
        return await client.vote(params.conversation_id, params.sequence, params.choices)

    async def close_poll(params: PlaceParams) -> object:
        return await client.close_poll(params.conversation_id, params.sequence)

    return {
        **_reports(client),
        "message": (PlaceParams, message),
        "message.edit": (EditParams, edit),
        "message.delete": (PlaceParams, delete),
        "message.react": (ReactParams, react),
        "message.pin": (PinParams, pin),
        "pins": (PinsParams, pins),
        "poll.create": (PollParams, poll),
        "poll.vote": (VoteParams, vote),
        "poll.close": (PlaceParams, close_poll),
    }


def _reports(client: MessageMethods) -> Methods:
    async def report(params: ReportParams) -> object:
        await client.report(params.conversation_id, params.sequence, params.reason)
        return {}

    return {"message.report": (ReportParams, report)}
