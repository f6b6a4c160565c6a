"""What an archive holds: what auth keeps of a person, table by table, and what the other services say that they keep.

Invariant: every table that names a person is in `TABLES` or, with the reason, in `LEFT_OUT`: a test holds that. No secret that
lets somebody in goes along: hashes of passwords and tokens, seeds of second factors.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.db.models import Model

from parley_auth.accounts.models import SentCode, User
from parley_auth.audit.models import AuditEntry
from parley_auth.directory.models import Device, KeyPackageClaim, RecoveryPasskey, RecoveryWrap, Statement
from parley_auth.invitations.models import Invitation, InvitedAccount
from parley_auth.letters.models import Letter
from parley_auth.operators.models import Grant
from parley_auth.operators.neighbours import export_of
from parley_auth.providers.models import ProviderIdentity
from parley_auth.relations.models import Block, Discovery
from parley_auth.rights import objects
from parley_auth.rights.models import Deletion, Export
from parley_auth.rights.sealing import SealingFile
from parley_auth.rights.verifying import SERVICES
from parley_auth.signin.models import Session, SignIn
from parley_auth.telling.models import GivenConsent
from parley_contracts.encoding import b64encode

#: By table: the field that names the person, and what goes along.
TABLES: Final[Mapping[type[Model], tuple[str, tuple[str, ...]]]] = {
    Session: (
        "user",
        ("id", "device_id", "created_at", "expires_at", "authenticated_at", "last_seen_at", "network", "ended_at"),
    ),
    SignIn: ("user", ("at", "network", "program", "is_new")),
    Device: ("user", ("id", "name", "platform", "created_at", "revoked_at", "statement_version", "certificate")),
    Statement: ("user", ("version", "created_at", "statement", "signature", "vault")),
    KeyPackageClaim: ("claimer", ("target_id", "created_at")),
    Authenticator: ("user", ("type", "created_at", "last_used_at")),
    ProviderIdentity: ("user", ("provider", "created_at", "last_used_at")),
    Invitation: ("created_by", ("id", "uses", "used", "created_at", "expires_at", "revoked_at")),
    InvitedAccount: ("user", ("invitation_id",)),
    Grant: ("user", ("role", "granted_at")),
    GivenConsent: ("user", ("terms_id", "agreed_at")),
    Block: ("blocker", ("blocked_id", "blocked_at", "ended_at")),
    Discovery: ("user", ("by_name",)),
    RecoveryWrap: ("user", ("created_at",)),  # the wrap itself is for who has the words
    RecoveryPasskey: ("user", ("created_at",)),  # and this one for who has the passkey
    Export: ("user", ("id", "asked_at", "state", "size_bytes", "expires_at")),
}
LEFT_OUT: Final[Mapping[type[Model], str]] = {
    SentCode: "what it is good for stands in a letter",
    Letter: "it is on its way",
    EmailAddress: "nothing is kept there",
    LogEntry: "nothing is kept there",
    Deletion: "who signs in has taken it back",
}
_README: Final = """This is what the server keeps of you.

account.json        your account and what you show of yourself
auth/               a file for each kind of thing around your account: sessions, sign-ins, devices and so on
audit.jsonl         what was done to your account, a line each
messaging.jsonl     memberships, read positions, settings, reports you made, and what your devices store sealed, a line each
media.jsonl         the files that you sent, by their identifiers, a line each
notification.jsonl  where your devices take notifications, and for what, a line each

Messages and files of private conversations are sealed end to end: no server can open them. What your device can open,
it adds by itself: in the app below Settings, Account, Your data, or by `parley client export FOLDER`.
Binary values are base64url without padding, times are UTC.
"""


def write_archive(user: User, sink: SealingFile, progress: Callable[[int], None]) -> None:
    """Write everything, telling how many hundredths are done; `Unavailable`."""
    with ZipFile(sink, "w", ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _README)
        _put(archive, "account.json", _account(user))
        for model, (field, names) in TABLES.items():
            rows = [_plain(row) for row in model._default_manager.filter(**{field: user}).order_by("pk").values(*names)]  # noqa: SLF001 - Django's own name
            _put(archive, f"auth/{model._meta.model_name}.json", rows)  # noqa: SLF001 - Django's own name
        _put_lines(archive, "audit.jsonl", _deeds(user))
        for place in objects.places(user, "avatars"):
            archive.writestr("picture.webp", objects.read(place))
        for done, service in enumerate(SERVICES, start=1):
            progress(100 * done // (len(SERVICES) + 2))
            with archive.open(f"{service}.jsonl", "w", force_zip64=True) as file:
                for block in export_of(service, user.user_id):
                    file.write(block)
    progress(100 * (len(SERVICES) + 1) // (len(SERVICES) + 2))


def _account(user: User) -> dict[str, Any]:
    kept = {"password", "email_sealed", "email_index"}
    columns = [field.attname for field in User._meta.concrete_fields if field.attname not in kept]  # noqa: SLF001 - Django's own name
    return _plain({name: getattr(user, name) for name in columns} | {"email": user.open_email()})


def _deeds(user: User) -> Iterator[dict[str, Any]]:
    rows = AuditEntry.objects.filter(subject=user.user_id).order_by("number")
    names = ("number", "at", "act", "actor", "address", "details")
    return (_plain(row) for row in rows.values(*names).iterator())


def _put(archive: ZipFile, name: str, content: Any) -> None:
    archive.writestr(name, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def _put_lines(archive: ZipFile, name: str, rows: Iterable[dict[str, Any]]) -> None:
    with archive.open(name, "w", force_zip64=True) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _as_json(value) for name, value in row.items()}


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes | memoryview):
        return b64encode(bytes(value))
    return value
