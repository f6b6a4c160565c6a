"""The device that locks another one out: the account's next statement, by the recovery key.

    vault opened → next statement, vault and own certificate stored → statement published, which ends all devices that it does not
    keep → own certificate published → in every group a commit without the lost device → the signing key to the devices kept

Invariant: whoever changes the account's keys holds `session.keys_lock`; the new signing key is stored before the server hears of it,
and handed on only in the note-to-self group, after the commit that took the lost device out of it; a crash at any place goes on at the
next look (`upkeep`).
"""

from __future__ import annotations

import contextlib

import msgspec

from parley_client import outbox
from parley_client.account import SetUp
from parley_client.api import auth
from parley_client.content.handing import encode_handed_key
from parley_client.content.kinds import KIND_SIGNING_KEY
from parley_client.crypto.account import (
    certify_device,
    session_signer,
    stands_by,
    succeed_account,
    verify_certificate,
)
from parley_client.crypto.history import HistoryKey
from parley_client.errors import ClientError, LockOutFailed, NotSignedIn, UsageError
from parley_client.groups.commits import Plan, Planner, commit_change, locked_out_leaves
from parley_client.groups.conversations import open_direct
from parley_client.groups.judgement import certificate_in
from parley_client.groups.policies import known_policy
from parley_client.key_packages import stock_key_packages
from parley_client.platforms.labels import DeviceLabel
from parley_client.recovery.words import Recovery, recovery_key_of
from parley_client.session import Device, Session
from parley_client.store import documents
from parley_client.store.conversations import ConversationRow, list_conversations
from parley_client.store.documents import Account, Succession, load_account, save_account
from parley_client.store.history import history_key_state, owe_history_key, save_history_key
from parley_client.store.queues import OutboxRow
from parley_contracts.auth_api import StatementUpload
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.identity import KeptDevice
from parley_contracts.ids import ClientId, DeviceId, new_uuid7
from parley_contracts.problems import Problem, VersionStale
from parley_mls import Group, MlsError

#: The version of the signing key that the devices kept have not been given yet.
_OWED = "signing_key_owed"
#: What a device is called the server has taken from its first certificate; its person may have changed it since.
_LABEL = DeviceLabel("Parley", "Parley")


async def lock_out(session: Session, device_id: DeviceId, recovery: Recovery) -> None:
    """Lock a device out for good; `RecoveryKeyRefused`, `LockOutFailed`. What cannot be done now is done later."""
    if device_id == session.device.device_id:
        raise UsageError("a device cannot lock itself out: sign it out, or lock it out from another one")
    async with session.keys_lock:
        begun = own_account(session).succession
        if begun is not None and begun.recovery_key is not None:  # a replacement of the recovery key locks nobody out
            await publish(session)
        if own_account(session).succession is None:
            await prepare(session, recovery, lost=device_id)
        await publish(session)
        await finish(session)


async def publish(session: Session) -> None:
    """Publish what `prepare` stored, again after a crash; nothing where it stored nothing. `LockOutFailed`."""
    account = own_account(session)
    following = account.succession
    if following is None:
        return
    upload = StatementUpload(b64encode(following.statement), b64encode(following.signature), b64encode(following.vault))
    try:
        await auth.put_statement(session.api, following.version, upload)
    except VersionStale as problem:
        save_account(session.store, msgspec.structs.replace(account, succession=None))
        raise LockOutFailed("another device changed the account's keys at the same time: try again") from problem
    with session.store.transaction():
        documents.save(session.store, _OWED, following.version)
        owe_history_key(session.store)
        become(session, account, following)
    await register_again(session)


def become(session: Session, account: Account, following: Succession) -> None:
    """Be a device of the account's next statement; the caller's transaction. A history key that the old one was to sign is not made."""
    documents.save(session.store, "history_key", msgspec.structs.replace(history_key_state(session.store), next=None))
    save_account(
        session.store,
        msgspec.structs.replace(
            account,
            signing_secret=following.signing_secret,
            certificate=following.certificate,
            statement_version=following.version,
            recovery_key=following.recovery_key or account.recovery_key,
            succession=None,
            registered=False,
        ),
    )


async def register_again(session: Session) -> None:
    """Show the server this device's present certificate, where it has not seen it yet; its key packages begin anew with it."""
    account = own_account(session)
    session.device = Device.of(account)
    if account.registered:
        return
    newest = (await session.directory.identity(session.device.user_id)).statement.version
    if account.statement_version < newest:  # by now another device has made one: its signing key is handed on
        return
    tokens = await auth.put_device(
        session.api,
        session.device.device_id,
        account.certificate,
        sign=session_signer(session.primitives, account.device_secret),
        name=_LABEL.name,
        platform=_LABEL.platform,
    )
    session.api.keep_tokens(tokens)
    save_account(session.store, msgspec.structs.replace(account, registered=True))
    await stock_key_packages(session, known_to_be_empty=True)


async def finish(session: Session) -> None:
    """Take locked-out devices out of all groups, and give the devices kept the signing key; what fails comes again."""
    await session.directory.fetch([session.device.user_id])
    await put_out_the_lost(session)
    owed = documents.load(session.store, _OWED, int)
    if owed is not None:
        await _hand_on(session, owed)
        documents.remove(session.store, _OWED)


async def put_out_the_lost(session: Session) -> None:
    """Commit in every group where a locked-out device is, or where no leaf of this person tells of the lock-out yet.

    Groups that this device knows later, it looks at later.
    """
    for row in list_conversations(session.store):
        member, _ = session.groups.load(row.conversation_id)
        if row.status == "member" and member is not None and _is_due(session, row, member):
            with contextlib.suppress(ClientError, Problem):
                await commit_change(session, row.conversation_id, _without_the_lost(session))


def is_owed(session: Session) -> bool:
    """Whether a lock-out that this device began is not through yet."""
    account = own_account(session)
    owed = documents.load(session.store, _OWED, int) is not None
    return owed or account.succession is not None or not account.registered


def own_account(session: Session) -> Account:
    """The account of this profile."""
    account = load_account(session.store)
    if account is None:
        raise NotSignedIn("this profile is not signed in")
    return account


async def prepare(
    session: Session, recovery: Recovery, *, lost: DeviceId | None = None, new_recovery_key: bytes | None = None
) -> None:
    """Store the next statement with all that belongs to it; the caller holds `session.keys_lock`. `RecoveryKeyRefused`."""
    own, set_up = session.device, SetUp(session.store, session.api, session.primitives, _LABEL)
    identity = await session.directory.identity(own.user_id)
    recovery_key = await recovery_key_of(recovery, session.api, session.primitives, identity.statement)
    content = await set_up.open_vault(identity, recovery_key)
    history_keys = await set_up.history_keys(identity, content)
    made = succeed_account(
        session.primitives,
        identity.statement,
        content,
        recovery_key=new_recovery_key or recovery_key,
        devices=await _kept(session, lost),
        history_version=max(history_keys),
        new_recovery=new_recovery_key is not None,
    )
    certificate = certify_device(
        session.primitives,
        signing_seed=made.keys.signing_seed,
        server_name=own.server_name,
        user_id=own.user_id,
        device_id=own.device_id,
        statement_version=made.statement.version,
        device_key=session.primitives.ed25519_public(own.device_secret),
    )
    following = Succession(
        version=made.statement.version,
        statement=made.statement.encode(),
        signature=made.statement_signature,
        vault=made.vault,
        signing_secret=made.keys.signing_seed,
        certificate=certificate.encode(),
        recovery_key=new_recovery_key,
    )
    with session.store.transaction():
        for history_key in history_keys.values():
            save_history_key(session.store, history_key)
        save_account(session.store, msgspec.structs.replace(own_account(session), succession=following))


async def _kept(session: Session, lost: DeviceId | None) -> tuple[KeptDevice, ...]:
    """The devices that stay: those that the server lists and that the account has certified, without a lost one."""
    own, p = session.device, session.primitives
    identity = await session.directory.identity(own.user_id)
    kept = {KeptDevice(own.device_id, p.ed25519_public(own.device_secret))}
    for listed in (await auth.get_identity(session.api, own.user_id)).devices:
        try:
            certificate = verify_certificate(p, b64decode(listed.certificate), identity)
        except (MlsError, ValueError):
            continue
        if certificate.device_id != lost and stands_by(identity.statement, certificate):
            kept.add(KeptDevice(certificate.device_id, certificate.device_key))
    return tuple(sorted(kept, key=lambda device: device.device_id))


def _is_due(session: Session, row: ConversationRow, member: Group) -> bool:
    """Whether a locked-out device is in the group, or no leaf of this person says by which statement they are to be judged."""
    own = session.device
    if locked_out_leaves(session, known_policy(row.policy), member):
        return True
    certificates = [certificate_in(node.identity) for _, node in member.members()]
    highest = max(c.statement_version for c in certificates if c.user_id == own.user_id)
    return highest < certificate_in(own.certificate).statement_version


def _without_the_lost(session: Session) -> Planner:
    async def plan(row: ConversationRow, member: Group) -> Plan | None:
        return Plan() if _is_due(session, row, member) else None

    return plan


async def _hand_on(session: Session, version: int) -> None:
    own, account = session.device, own_account(session)
    if not session.directory.devices(own.user_id) - {own.device_id}:
        return
    conversation_id = await open_direct(session, own.user_id)
    row = OutboxRow(
        client_id=ClientId(new_uuid7()),
        conversation_id=conversation_id,
        kind=KIND_SIGNING_KEY,
        body=encode_handed_key(HistoryKey(version, account.signing_secret)),
    )
    await outbox.deliver_message(session, row)
