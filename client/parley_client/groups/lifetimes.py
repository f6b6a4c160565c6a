"""How long messages are kept: the disappearing timer and the retention of a conversation, both of them group state.

The timer is for devices and server and for messages from then on; the retention is for the server and for all messages.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_client.errors import UsageError
from parley_client.groups.membership import change_policy
from parley_client.session import Session
from parley_contracts.ids import ConversationId, as_channel
from parley_contracts.limits import LIFETIME_S_MAX, LIFETIME_S_MIN
from parley_contracts.policy import PolicyDocument
from parley_contracts.problems import InvalidRequest

Lifetime = Literal["timer_s", "retention_s"]


async def change_lifetime(
    session: Session, conversation_id: ConversationId, lifetime: Lifetime, seconds: int | None
) -> None:
    """Let messages be kept so long, None for any time; `PolicyRefused` where this person may not."""
    if as_channel(conversation_id) is not None:
        raise UsageError("what is said in an open channel stays")
    if seconds is not None and not LIFETIME_S_MIN <= seconds <= LIFETIME_S_MAX:
        raise InvalidRequest(f"from {LIFETIME_S_MIN} to {LIFETIME_S_MAX} seconds, or none", field="seconds")

    def edit(policy: PolicyDocument) -> PolicyDocument:
        changed: dict[str, int | None] = {lifetime: seconds}
        return msgspec.structs.replace(policy, **changed)

    await change_policy(session, conversation_id, edit, of_groups=False)
