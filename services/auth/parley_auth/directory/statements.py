"""Account statements and the vault that each names.

Invariant: versions are 1, 2, 3 …, under one root key until `begin_anew` gives the account another one, which then keeps no device; a
stored statement never changes and is in the log of people's keys; only the newest has a vault.
"""

from __future__ import annotations

import hashlib
import hmac
import uuid

from django.conf import settings
from django.db import transaction

from parley_auth.accounts.models import User
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_own
from parley_auth.directory import recovery_passkeys, recovery_words
from parley_auth.directory.devices import retire_device
from parley_auth.directory.key_log import append_leaf
from parley_auth.directory.models import Device, Statement
from parley_auth.events.outbox import append_event
from parley_auth.letters.asking import tell_person
from parley_auth.letters.models import Letter
from parley_auth.signin.access import expect_recent_sign_in
from parley_auth.signin.families import end_sessions
from parley_auth.signin.models import Session
from parley_contracts.auth_api import DeviceInfo, Identity, SignedStatement, Vault
from parley_contracts.encoding import b64encode
from parley_contracts.identity import STATEMENT_LABEL, AccountStatement
from parley_contracts.problems import Conflict, InvalidRequest, NotFound, VersionStale
from parley_mls import default_primitives, is_torsion_free, verify_with_label
from parley_mls.codec import DecodeError


def store_statement(
    user: User, version: int, *, unverified_statement: bytes, unverified_signature: bytes, vault: bytes
) -> SignedStatement:
    """Store the next statement; the same bytes again are no change. From version 2 on, devices not kept are ended."""
    statement = _check_statement(user, version, unverified_statement, vault)
    with transaction.atomic():
        versions = _locked_versions(user)
        root_key = bytes(versions[-1].root_key) if versions else statement.root_key
        known = _already(versions, version, unverified_statement, unverified_signature)
        if known is None and statement.root_key != root_key:
            raise Conflict("The root key of this account is another one.")
        _check_signature(statement.root_key, unverified_statement, unverified_signature)
        if known is not None:
            return known
        if versions and _recovery_key_of(versions[-1]) != statement.recovery_key:
            _forget_wraps(user)
        stored = _store(user, statement, unverified_statement, unverified_signature, vault)
        if version > 1:
            _end_devices_not_kept(user, statement)
    return signed_statement(stored)


def begin_anew(
    session: Session, *, unverified_statement: bytes, unverified_signature: bytes, vault: bytes
) -> SignedStatement:
    """Give an account whose person has lost all devices and the recovery key another root key; the same bytes again are no change.

    Only by a fresh sign-in that is no device's (`SignInAgain`, `Conflict`). All other sessions and all devices end, and the person is told.
    """
    user = session.user
    statement = _check_statement(user, None, unverified_statement, vault)
    with transaction.atomic():
        versions = _locked_versions(user)
        _check_signature(statement.root_key, unverified_statement, unverified_signature)
        known = _already(versions, statement.version, unverified_statement, unverified_signature)
        if known is not None:
            return known
        expect_recent_sign_in(session)
        if session.device_id is not None:
            raise Conflict("A device of the account has its keys: this is for who has lost them all.")
        if statement.root_key in {bytes(stored.root_key) for stored in versions} or statement.devices or not versions:
            raise Conflict("Another root key has not been this account's before, and keeps no device of another one.")
        stored = _store(user, statement, unverified_statement, unverified_signature, vault)
        _end_all(user, but=session)
        _forget_wraps(user)
        tell_person(Letter.Kind.NEW_ROOT, user)
        record_own(Act.ROOT_REPLACED, user, version=statement.version)
    return signed_statement(stored)


def signed_statement(stored: Statement) -> SignedStatement:
    """A stored statement as the wire has it."""
    return SignedStatement(
        version=stored.version,
        statement=b64encode(bytes(stored.statement)),
        signature=b64encode(bytes(stored.signature)),
    )


def identity_of(user: User) -> Identity:
    """All statements and the present devices; `NotFound` before the first statement."""
    statements = [signed_statement(stored) for stored in user.statements.order_by("version")]
    if not statements:
        raise NotFound
    devices = user.devices.filter(revoked_at=None).order_by("id")
    return Identity(
        user_id=user.user_id,
        statements=statements,
        devices=[DeviceInfo(device.device_id, b64encode(bytes(device.certificate))) for device in devices],
    )


def vault_of(user: User) -> Vault:
    """The sealed vault of the newest statement."""
    newest = user.statements.order_by("-version").first()
    if newest is None or newest.vault is None:
        raise NotFound
    return Vault(version=newest.version, vault=b64encode(bytes(newest.vault)))


def _locked_versions(user: User) -> list[Statement]:
    """The account's statements, ascending, and nobody adds another one meanwhile."""
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    return list(Statement.objects.filter(user=user).order_by("version"))


def _forget_wraps(user: User) -> None:
    """Words and passkey stand for the recovery key of before."""
    recovery_words.forget(user)
    recovery_passkeys.forget(user)


def _recovery_key_of(stored: Statement) -> bytes:
    return AccountStatement.decode(bytes(stored.statement)).recovery_key


def _already(
    versions: list[Statement], version: int, unverified_statement: bytes, unverified_signature: bytes
) -> SignedStatement | None:
    """The statement, where it is stored already, None where it would be the next; `VersionStale` where it is neither."""
    if version > len(versions) + 1:
        raise VersionStale(f"The next version is {len(versions) + 1}.", version=len(versions))
    if version == len(versions) + 1:
        return None
    stored = versions[version - 1]
    if (bytes(stored.statement), bytes(stored.signature)) != (unverified_statement, unverified_signature):
        raise VersionStale(version=len(versions))
    return signed_statement(stored)


def _store(user: User, statement: AccountStatement, encoded: bytes, signature: bytes, vault: bytes) -> Statement:
    Statement.objects.filter(user=user).update(vault=None)
    stored = Statement.objects.create(
        user=user,
        version=statement.version,
        statement=encoded,
        signature=signature,
        root_key=statement.root_key,
        signing_key=statement.signing_key,
        vault=vault,
    )
    append_leaf(user.user_id, statement.version, encoded)
    return stored


def _check_statement(user: User, version: int | None, unverified_statement: bytes, vault: bytes) -> AccountStatement:
    try:
        statement = AccountStatement.decode(unverified_statement)
    except DecodeError as error:
        raise InvalidRequest("This is not an account statement.", field="statement") from error
    if (statement.server_name, statement.user_id) != (settings.CONFIG.server_name, user.user_id):
        raise InvalidRequest("The statement is for another person or server.", field="statement")
    if version is not None and statement.version != version:
        raise InvalidRequest("The statement has another version.", field="statement")
    if not hmac.compare_digest(statement.vault_hash, hashlib.sha256(vault).digest()):
        raise InvalidRequest("The statement names another vault.", field="vault")
    return statement


def _check_signature(root_key: bytes, unverified_statement: bytes, unverified_signature: bytes) -> None:
    signed = verify_with_label(
        default_primitives(), root_key, STATEMENT_LABEL, unverified_statement, unverified_signature
    )
    if not signed or not is_torsion_free(root_key):
        raise InvalidRequest("The statement's signature does not hold.", field="signature")


def _end_devices_not_kept(user: User, statement: AccountStatement) -> None:
    kept = {(device.device_id, device.device_key) for device in statement.devices}
    ended = [
        device.pk
        for device in Device.objects.select_for_update(no_key=True).filter(user=user, revoked_at=None)
        if (device.device_id, bytes(device.device_key)) not in kept
    ]
    sessions = Session.objects.filter(device__in=ended, ended_at=None)
    end_sessions(list(sessions), reason="statement", with_device=True)
    _retire(user, ended)


def _end_all(user: User, *, but: Session) -> None:
    devices = Device.objects.select_for_update(no_key=True).filter(user=user, revoked_at=None)
    ended = [device.pk for device in devices]
    sessions = user.sessions.filter(ended_at=None).exclude(pk=but.pk)
    end_sessions(list(sessions), reason="statement", with_device=True)
    _retire(user, ended)


def _retire(user: User, device_ids: list[uuid.UUID]) -> None:
    """Retire devices whose sessions had ended before."""
    for device_id in device_ids:
        if retire_device(device_id):
            append_event("device.revoked", {"user_id": user.user_id, "device_id": str(device_id)})
