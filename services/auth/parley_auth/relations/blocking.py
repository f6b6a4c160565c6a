"""Blocking and unblocking, and what the services read of it.

Invariant: a block and its event are one transaction, and `position` follows the commits, so who reads on from a position misses
nothing; what is read from 0 is all that stands.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from parley_auth.accounts.accounts import access_user_by_id
from parley_auth.accounts.models import User
from parley_auth.events.outbox import append_event
from parley_auth.relations.models import Block
from parley_contracts.ids import UserId, is_uuid
from parley_contracts.limits import BLOCKS_PAGE_MAX, BLOCKS_PER_USER_MAX, EVENTS_KEPT_S
from parley_contracts.people_api import Block as WireBlock
from parley_contracts.people_api import BlockChange, BlockChanges, Blocks
from parley_contracts.problems import InvalidRequest, NotFound, TooMany

BLOCK_CHANGED = "block.changed"


def blocks_of(user: User) -> Blocks:
    """Whom a person has blocked, the last first."""
    standing = user.blocks.filter(ended_at=None).select_related("blocked").order_by("-position")
    newest = user.blocks.order_by("-position").values_list("position", flat=True).first()
    return Blocks(
        [WireBlock(block.blocked.user_id, block.blocked.username, _time(block.blocked_at)) for block in standing],
        version=newest or 0,
    )


def block(user: User, unverified_user_id: str) -> None:
    """Block somebody; again changes nothing. `NotFound`, `TooMany`, and `InvalidRequest` for oneself."""
    target = access_user_by_id(unverified_user_id)
    if target.pk == user.pk:
        raise InvalidRequest("Nobody blocks themselves.", field="user_id")
    with transaction.atomic():
        _lock(user)
        standing = user.blocks.filter(ended_at=None)
        if standing.filter(blocked=target).exists():
            return
        if standing.count() >= BLOCKS_PER_USER_MAX:
            raise TooMany(limit=BLOCKS_PER_USER_MAX)
        fresh = {"blocked_at": timezone.now(), "ended_at": None}
        changed, _ = Block.objects.update_or_create(blocker=user, blocked=target, defaults=fresh)
        _tell(changed, active=True)


def unblock(user: User, unverified_user_id: str) -> None:
    """End a block; where there is none, nothing happens, whoever it names."""
    if not is_uuid(unverified_user_id):
        raise NotFound
    with transaction.atomic():
        _lock(user)
        standing = user.blocks.filter(blocked_id=uuid.UUID(unverified_user_id), ended_at=None).first()
        if standing is not None:
            _end(standing)


def standing_blocks(user: User) -> QuerySet[Block]:
    """Every block that stands by and of a person."""
    return Block.objects.filter(Q(blocker=user) | Q(blocked=user), ended_at=None).order_by("pk")


def end_all(user: User) -> None:
    """End every block by and of somebody who is gone, inside the caller's transaction."""
    for standing in standing_blocks(user):
        _end(standing)


def has_blocked(user: User, other: User) -> bool:
    """Whether `user` has blocked `other`."""
    return Block.objects.filter(blocker=user, blocked=other, ended_at=None).exists()


def changes_after(position: int) -> BlockChanges:
    """What changed after a position, ascending, at most a page of it."""
    rows = list(Block.objects.filter(position__gt=position).order_by("position")[:BLOCKS_PAGE_MAX])
    changes = [
        BlockChange(row.position, UserId(str(row.blocker_id)), UserId(str(row.blocked_id)), row.ended_at is None)
        for row in rows
    ]
    return BlockChanges(changes, next=changes[-1].position if changes else position)


def forget_ended() -> None:
    """Forget blocks that ended long enough ago for every reader to have heard of it."""
    Block.objects.filter(ended_at__lt=timezone.now() - timedelta(seconds=EVENTS_KEPT_S)).delete()


def _lock(user: User) -> None:
    User.objects.select_for_update(no_key=True).get(pk=user.pk)


def _end(standing: Block) -> None:
    standing.ended_at = timezone.now()
    standing.save(update_fields=["ended_at"])
    _tell(standing, active=False)


def _tell(changed: Block, *, active: bool) -> None:
    """Tell the other services, at the end of the transaction."""
    data = {"blocker_id": str(changed.blocker_id), "blocked_id": str(changed.blocked_id)}
    event = append_event(BLOCK_CHANGED, data | {"state": "active" if active else "ended"})
    Block.objects.filter(pk=changed.pk).update(position=event.position)


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
