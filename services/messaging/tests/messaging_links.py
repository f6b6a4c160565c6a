"""Invitation links with their secrets, for messaging's tests."""

from __future__ import annotations

import os

import msgspec
from messaging_people import SERVER_NAME, P

from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import LinkId, new_uuid7
from parley_contracts.joining_api import JOIN_LABEL, join_request_content
from parley_contracts.policy import Link
from parley_mls import sign_with_label


class Invitation:
    """A link with its secret."""

    def __init__(self, maker, **fields) -> None:
        self.seed = os.urandom(32)
        public_key = b64encode(P.ed25519_public(self.seed))
        self.link = Link(LinkId(new_uuid7()), public_key, maker.person.user_id, **fields)

    def request(self, room, device, **changes) -> dict[str, str]:
        about = {
            "server_name": SERVER_NAME,
            "conversation_id": room.id,
            "link_id": self.link.link_id,
            "user_id": device.person.user_id,
            "root_fingerprint": b64decode(device.person.fingerprint),
        }
        seed = changes.pop("seed", self.seed)
        signature = sign_with_label(P, seed, JOIN_LABEL, join_request_content(**(about | changes)))
        return {"link_id": self.link.link_id, "signature": b64encode(signature)}

    async def ask(self, api, room, device, **changes):
        return await api.put(f"conversations/{room.id}/join-request", device, self.request(room, device, **changes))


def with_link(room, *invitations, **changes):
    return msgspec.structs.replace(room.policy, links=tuple(i.link for i in invitations), **changes)
