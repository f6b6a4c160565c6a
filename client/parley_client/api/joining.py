"""Requests to join, as the server takes them; names follow the routes."""

from __future__ import annotations

from parley_client.api.http import Api
from parley_client.api.messaging import BASE
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.joining_api import JoinRequests, JoinRequestUpload


async def put_join_request(api: Api, conversation_id: ConversationId, upload: JoinRequestUpload) -> None:
    """Ask to join; `NotFound` where the link opens nothing, `Conflict` for who belongs already."""
    await api.call("PUT", f"{BASE}/conversations/{conversation_id}/join-request", type(None), body=upload)


async def get_join_requests(api: Api, conversation_id: ConversationId) -> JoinRequests:
    """Who asks to join; `PolicyRefused` for who may not add people."""
    return await api.call("GET", f"{BASE}/conversations/{conversation_id}/join-requests", JoinRequests)


async def delete_join_request(api: Api, conversation_id: ConversationId, user_id: UserId) -> None:
    """Turn a request down, or withdraw one's own; `NotFound`."""
    await api.call("DELETE", f"{BASE}/conversations/{conversation_id}/join-requests/{user_id}", type(None))


async def get_own_join_requests(api: Api) -> JoinRequests:
    """What this person has asked to join."""
    return await api.call("GET", f"{BASE}/join-requests", JoinRequests)
