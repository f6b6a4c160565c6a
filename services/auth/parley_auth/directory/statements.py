"""Account statements and the vault that each names.

Invariant: versions are 1, 2, 3 … under one root key; a stored statement never changes and is in the log
of people's keys; only the newest has a vault.
"""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings
from django.db import transaction

from parley_auth.accounts.models import User
from parley_auth.directory.devices import retire_device
from parley_auth.directory.key_log import append_leaf
from parley_auth.directory.models import Device, Statement
from parley_auth.events.outbox import append_event
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
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        versions = list(Statement.objects.filter(user=user).order_by("version"))
        root_key = bytes(versions[0].root_key) if versions else statement.root_key
        if statement.root_key != root_key:
            raise Conflict("The root key of this account is another one.")
        _check_signature(statement.root_key, unverified_statement, unverified_signature)
        if version <= len(versions):
            return _same_or_stale(versions, version, unverified_statement, unverified_signature)
        if version != len(versions) + 1:
            raise VersionStale(f"The next version is {len(versions) + 1}.", version=len(versions))
        Statement.objects.filter(user=user).update(vault=None)
        stored = Statement.objects.create(
            user=user,
            version=version,
            statement=unverified_statement,
            signature=unverified_signature,
            root_key=statement.root_key,
            signing_key=statement.signing_key,
            vault=vault,
        )
        append_leaf(user.user_id, version, unverified_statement)
        if version > 1:
            _end_devices_not_kept(user, statement)
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


def _check_statement(user: User, version: int, unverified_statement: bytes, vault: bytes) -> AccountStatement:
    try:
        statement = AccountStatement.decode(unverified_statement)
    except DecodeError as error:
        raise InvalidRequest("This is not an account statement.", field="statement") from error
    if (statement.server_name, statement.user_id) != (settings.CONFIG.server_name, user.user_id):
        raise InvalidRequest("The statement is for another person or server.", field="statement")
    if statement.version != version:
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


def _same_or_stale(
    versions: list[Statement], version: int, unverified_statement: bytes, unverified_signature: bytes
) -> SignedStatement:
    stored = versions[version - 1]
    if (bytes(stored.statement), bytes(stored.signature)) != (unverified_statement, unverified_signature):
        raise VersionStale(version=len(versions))
    return signed_statement(stored)


def _end_devices_not_kept(user: User, statement: AccountStatement) -> None:
    kept = {(device.device_id, device.device_key) for device in statement.devices}
    ended = [
        device.pk
        for device in Device.objects.select_for_update(no_key=True).filter(user=user, revoked_at=None)
        if (device.device_id, bytes(device.device_key)) not in kept
    ]
    sessions = Session.objects.filter(device__in=ended, ended_at=None)
    end_sessions(list(sessions), reason="statement", with_device=True)
    for device_id in ended:  # those whose sessions had ended before
        if retire_device(device_id):
            append_event("device.revoked", {"user_id": user.user_id, "device_id": str(device_id)})
