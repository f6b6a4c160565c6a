"""Asking to join a group by an invitation link: wire types of `/api/v1/messaging`, and what a request signs.

A link's secret is the seed of an Ed25519 key. It travels in a URL's fragment only; the policy document holds the public
key, so the server can neither make a request nor change whom one is for, and every member can check that.
"""

from __future__ import annotations

import msgspec

from parley_contracts.ids import ConversationId, LinkId, UserId, uuid_bytes
from parley_mls.codec import Writer

JOIN_LABEL = "Parley Join Request 1"


class JoinRequestUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT conversations/{conversation_id}/join-request`: `signature` (base64url) is over `join_request_content`.

    A link that is unknown, expired, used up, revoked or signed for by another secret answers like a conversation that
    does not exist, and so does every link for who is banned.
    """

    link_id: LinkId
    signature: str


class JoinRequest(msgspec.Struct, frozen=True):
    """A person who asks to join."""

    conversation_id: ConversationId
    user_id: UserId
    link_id: LinkId
    signature: str
    requested_at: str


class JoinRequests(msgspec.Struct, frozen=True):
    """`GET conversations/{conversation_id}/join-requests`, for who may add people; `GET join-requests`: one's own."""

    join_requests: list[JoinRequest]


class JoinRequestsChanged(msgspec.Struct, frozen=True, tag="join_requests.changed"):
    """Socket event to the members: somebody asks to join, or asks no more. Who it is is for those who may add people."""

    conversation_id: ConversationId


def join_request_content(
    server_name: str, conversation_id: ConversationId, link_id: LinkId, user_id: UserId, root_fingerprint: bytes
) -> bytes:
    """What a request signs: who asks, under which root key, to be let into what."""
    return (
        Writer()
        .opaque(server_name.encode())
        .raw(uuid_bytes(conversation_id))
        .raw(uuid_bytes(link_id))
        .raw(uuid_bytes(user_id))
        .opaque(root_fingerprint)
        .finish()
    )
