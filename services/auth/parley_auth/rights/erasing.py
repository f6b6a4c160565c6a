"""What goes of an account here, and what stays.

Invariant: every table that names a person is emptied of them, whoever adds it, but for those of `STAYING`: the public keys by which
others' conversations are checked, that the account is gone, and blocks that ended with it, which are kept until every reader has heard
of it, as all that end. The row of the account itself keeps its identifier and no more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F, Model, QuerySet
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.db.models.functions import Coalesce
from django.utils import timezone

from parley_auth.accounts.models import User
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_effect
from parley_auth.directory.devices import retire_device
from parley_auth.directory.models import Device, KeyPackage, Statement
from parley_auth.events.outbox import append_event
from parley_auth.invitations.models import Invitation
from parley_auth.relations.blocking import end_all, standing_blocks
from parley_auth.relations.models import Block
from parley_auth.rights import objects
from parley_auth.rights.models import Deletion
from parley_auth.rights.names import reserve
from parley_auth.signin.families import end_sessions
from parley_auth.signin.models import Session
from parley_contracts.encoding import b64encode
from parley_contracts.limits import DELETION_FIRST_LOOK_S
from parley_contracts.problems import Unavailable

STAYING: Final[frozenset[type[Model]]] = frozenset({Statement, Device, Deletion, Block})
#: No user name begins so.
_MARK = "~"


def erase_next() -> bool:
    """Erase one account whose time has come; False where none has."""
    due = Deletion.objects.filter(erased_at=None, due_at__lte=timezone.now()).order_by("due_at").first()
    if due is None:
        return False
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=due.user_id)
        # Taken back, or erased by another process, while this waited for the row.
        if not Deletion.objects.filter(pk=user.pk, erased_at=None).exists():
            return True
        _erase(user)
    with contextlib.suppress(Unavailable):  # what is left is found when that is looked for
        objects.delete_all(user)
    return True


def erase_again(user: User) -> None:
    """Erase what came after the account was gone, and tell the others once more. `Unavailable`."""
    objects.delete_all(user)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        _empty(user)
        Deletion.objects.filter(pk=user.pk).update(position=_announce(user))


def left_of(user: User) -> dict[str, int]:
    """How much is left here, by table and by what else it is; nothing where there is nothing. `Unavailable`."""
    counts = {rows.model._meta.db_table: rows.count() for rows in _rows_of(user)}  # noqa: SLF001 - Django's own name
    counts["vaults"] = Statement.objects.filter(user=user, vault__isnull=False).count()
    counts["named devices"] = Device.objects.filter(user=user).exclude(name="", platform="").count()
    counts["key packages"] = KeyPackage.objects.filter(device__user=user).count()
    counts["blocks"] = standing_blocks(user).count()
    counts["objects"] = objects.count(user)
    counts["address"] = int(bool(User.objects.get(pk=user.pk).email_sealed))
    return {table: count for table, count in counts.items() if count}


def _erase(user: User) -> None:
    now = timezone.now()
    reserve(user.username)
    user.username, user.display_name = f"{_MARK}{b64encode(user.id.bytes)}", ""
    user.about, user.pronouns, user.time_zone, user.avatar = "", "", "", ""
    user.email_sealed, user.email_index, user.email_verified_at = b"", b"", None
    user.is_active = False
    user.set_unusable_password()
    user.save()
    devices = [pk for pk in user.devices.filter(revoked_at=None).values_list("pk", flat=True) if retire_device(pk)]
    _empty(user)
    for device_id in devices:
        append_event("device.revoked", {"user_id": user.user_id, "device_id": str(device_id)})
    look_at = now + timedelta(seconds=DELETION_FIRST_LOOK_S)
    Deletion.objects.filter(pk=user.pk).update(erased_at=now, look_at=look_at, position=_announce(user))
    record_effect(Act.ACCOUNT_DELETED, user)


def _empty(user: User) -> None:
    """Take the person out of every table. Who came by their invitations stays, and nobody comes by one any more."""
    invitations = Invitation.objects.filter(created_by=user)
    invitations.update(created_by=None, revoked_at=Coalesce(F("revoked_at"), timezone.now()))
    KeyPackage.objects.filter(device__user=user).delete()
    Statement.objects.filter(user=user).update(vault=None)
    Device.objects.filter(user=user).update(name="", platform="")
    # None is left but where somebody signed in at this very moment: sockets and tokens of it end as all do.
    end_sessions(list(Session.objects.filter(user=user, ended_at=None)), reason="deletion")
    for rows in _rows_of(user):
        rows.delete()
    end_all(user)


def _rows_of(user: User) -> Iterator[QuerySet[Any]]:
    for relation in User._meta.get_fields(include_hidden=True):  # noqa: SLF001 - Django's own name
        if isinstance(relation, ForeignObjectRel) and relation.related_model not in STAYING:
            manager = relation.related_model._default_manager  # noqa: SLF001 - Django's own name
            yield manager.filter(**{relation.field.name: user})


def _announce(user: User) -> int:
    return append_event("account.deleted", {"user_id": user.user_id}).position
