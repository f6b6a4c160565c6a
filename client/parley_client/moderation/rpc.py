"""The audit by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

from parley_client.calls import Methods, Params
from parley_client.moderation.methods import ModerationMethods
from parley_contracts.limits import AUDIT_PAGE_DEFAULT


class AuditParams(Params):
    """`group.audit`: deeds of entries before a sequence, the newest first."""

    conversation_id: str
    before: int | None = None
    limit: int = AUDIT_PAGE_DEFAULT


def moderation_methods(client: ModerationMethods) -> Methods:
    """The methods of one client, with what they take."""

    async def audit(params: AuditParams) -> object:
        return await client.group_audit(params.conversation_id, before=params.before, limit=params.limit)

    return {"group.audit": (AuditParams, audit)}
