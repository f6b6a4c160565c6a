"""A change of a policy as this device proposes it, judged before it is sent."""

from __future__ import annotations

from collections.abc import Callable

from parley_client.session import Session
from parley_contracts.policy import PolicyDocument, decode_policy
from parley_contracts.policy_changes import check_change

#: The document as it shall be; the same one where nothing is left to do.
Edit = Callable[[PolicyDocument], PolicyDocument]


def check_edit(session: Session, before: PolicyDocument, after: PolicyDocument) -> None:
    """Raise `PolicyRefused` or `InvalidRequest` where this person may not make that of the policy."""
    joined = after.user_ids - before.user_ids
    check_change(
        before,
        after,
        actor=session.device.user_id,
        added=joined,
        removed=(),
        present=after.user_ids,
        external=False,
    )
    decode_policy(after.encode())
