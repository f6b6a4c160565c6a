"""The restore of a server by method names, as `parley_client.rpc` offers it."""

from __future__ import annotations

from parley_client.calls import Methods, NoParams, Params
from parley_client.content.bodies import text_in
from parley_client.content.kinds import KIND_TEXT
from parley_client.restoring.methods import RestoreMethods


class StrangersParams(Params):
    """`restored.strangers`: go on in a conversation although devices are in it again that it had lost."""

    conversation_id: str


def restore_methods(client: RestoreMethods) -> Methods:
    """The methods of one client, with what they take."""

    async def restored(_: NoParams) -> object:
        lost = [
            {
                "conversation_id": row.conversation_id,
                "user_id": row.user_id,
                "client_id": row.client_id,
                "stored_at": row.stored_at,
                "text": text_in(row.body),
            }
            for row in client.lost()
            if row.kind == KIND_TEXT
        ]
        return {"waiting": client.restore_waiting(), "lost": lost}

    async def accept(_: NoParams) -> object:
        return {"conversations": await client.accept_restore()}

    async def strangers(params: StrangersParams) -> object:
        return await client.accept_strangers(params.conversation_id)

    return {
        "restored": (NoParams, restored),
        "restored.accept": (NoParams, accept),
        "restored.strangers": (StrangersParams, strangers),
    }
