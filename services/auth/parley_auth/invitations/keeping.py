"""Making invitations, listing them, withdrawing them, using them up.

Invariant: a code is kept by its hash only, and what is wrong with one is never said. Who acts is a member, or an operator by the
name that the audit log has for them.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from parley_auth.accounts.codes import code_hash, random_code
from parley_auth.accounts.models import User
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_operator, record_own
from parley_auth.invitations.models import Invitation
from parley_contracts.ids import is_uuid
from parley_contracts.limits import (
    INVITATION_LIFETIME_S_MAX,
    INVITATION_LIFETIME_S_MIN,
    INVITATION_USES_MAX,
    INVITATIONS_PER_USER_MAX,
)
from parley_contracts.problems import InvalidRequest, InvitationRefused, NotFound, TooMany, WrongCode
from parley_contracts.sign_up_api import INVITATION_MARK, InvitationInfo, NewInvitation


def good_invitations(creator: User | None) -> QuerySet[Invitation]:
    """Those of a member (of operators, where None) that still let somebody in, the newest first."""
    return _good().filter(created_by=creator).order_by("-created_at", "-id")


def listed(creator: User | None) -> list[InvitationInfo]:
    """Those of a member, or of operators, that still let somebody in."""
    return [_info(invitation) for invitation in good_invitations(creator)]


def listed_all() -> list[InvitationInfo]:
    """All that still let somebody in, those of members too: what an operator sees."""
    return [_info(invitation) for invitation in _good().order_by("-created_at", "-id")]


def make_invitation(by: User | str, *, uses: int, lifetime_s: int) -> NewInvitation:
    """A new invitation; `InvalidRequest` for other numbers, `TooMany` where a member has enough of them."""
    if not 1 <= uses <= INVITATION_USES_MAX:
        raise InvalidRequest(f"An invitation is good for 1 to {INVITATION_USES_MAX} accounts.", field="uses")
    if not INVITATION_LIFETIME_S_MIN <= lifetime_s <= INVITATION_LIFETIME_S_MAX:
        raise InvalidRequest("An invitation lasts from a minute to a year.", field="lifetime_s")
    code, creator = random_code(), by if isinstance(by, User) else None
    with transaction.atomic():
        if creator is not None:
            User.objects.select_for_update(no_key=True).get(pk=creator.pk)
            if good_invitations(creator).count() >= INVITATIONS_PER_USER_MAX:
                raise TooMany(limit=INVITATIONS_PER_USER_MAX)
        invitation = Invitation.objects.create(
            code_hash=code_hash(code),
            created_by=creator,
            uses=uses,
            expires_at=timezone.now() + timedelta(seconds=lifetime_s),
        )
        _record(Act.INVITATION_MADE, by, invitation=str(invitation.id), uses=uses)
    link = f"{settings.CONFIG.origin}/{INVITATION_MARK}{code}"
    return NewInvitation(_info(invitation), code, link)


def withdraw(by: User | str, invitations: QuerySet[Invitation], unverified_id: str) -> None:
    """Let one of these invite nobody any more; `NotFound`."""
    if not is_uuid(unverified_id):
        raise NotFound
    with transaction.atomic():
        if not invitations.filter(pk=uuid.UUID(unverified_id)).update(revoked_at=timezone.now()):
            raise NotFound
        _record(Act.INVITATION_WITHDRAWN, by, invitation=unverified_id)


def withdraw_any(by: str, unverified_id: str) -> None:
    """Withdraw an invitation, whoever made it; `NotFound`."""
    withdraw(by, _good(), unverified_id)


def find_good(unverified_code: str) -> Invitation:
    """The invitation of a code; `InvitationRefused`, whatever is wrong with it."""
    try:
        found = _good().filter(code_hash=code_hash(unverified_code)).first()
    except WrongCode as error:
        raise InvitationRefused(field="invitation") from error
    if found is None:
        raise InvitationRefused(field="invitation")
    return found


def use_up(invitation: Invitation) -> None:
    """Take one of its uses, with the caller's transaction; `InvitationRefused` where somebody was faster."""
    # No join: PostgreSQL looks at the row anew once it has waited for it, and not at a subquery.
    if not _left().filter(pk=invitation.pk).update(used=F("used") + 1):
        raise InvitationRefused(field="invitation")


def _record(act: Act, by: User | str, **details: str | int) -> None:
    if isinstance(by, User):
        record_own(act, by, **details)
    else:
        record_operator(act, by, None, **details)


def _left() -> QuerySet[Invitation]:
    return Invitation.objects.filter(revoked_at=None, expires_at__gt=timezone.now(), used__lt=F("uses"))


def _good() -> QuerySet[Invitation]:
    return _left().exclude(created_by__is_active=False)


def _info(invitation: Invitation) -> InvitationInfo:
    return InvitationInfo(
        invitation_id=str(invitation.id),
        uses=invitation.uses,
        used=invitation.used,
        created_at=_time(invitation.created_at),
        expires_at=_time(invitation.expires_at),
    )


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
