"""Whether who comes into a group gets what was said before: group state, in force from where it is switched on."""

from __future__ import annotations

import msgspec

from parley_client.errors import UsageError
from parley_client.groups.membership import change_policy
from parley_client.session import Session
from parley_contracts.ids import ConversationId, as_channel
from parley_contracts.policy import PolicyDocument


async def share_history(session: Session, conversation_id: ConversationId, *, shared: bool) -> None:
    """Let newcomers read what is said from now on, or nothing of before they come; `PolicyRefused` where one may not.

    Switched off, it takes back what was shared: who comes in then gets none of it.
    """
    if as_channel(conversation_id) is not None:
        raise UsageError("whoever joins an open channel reads all of it")

    def edit(policy: PolicyDocument) -> PolicyDocument:
        return msgspec.structs.replace(policy, history_sharing=shared)

    await change_policy(session, conversation_id, edit)
