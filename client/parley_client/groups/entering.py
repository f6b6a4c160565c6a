"""Coming into a conversation: by a Welcome, by the archive, or by an external commit of this device.

Invariant: a group is entered only after all of its leaves and its policy were judged.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

import msgspec

from parley_client.api import messaging
from parley_client.crypto.account import certify_device
from parley_client.errors import NetworkError, UntrustedGroup
from parley_client.groups.anchors import anchor_extension, chain_hash_from, read_anchor
from parley_client.groups.commits import COMMIT_ATTEMPTS, send_pending
from parley_client.groups.judgement import (
    AnyGroup,
    IdentitiesNeeded,
    certificate_checks,
    judge_group,
    judge_policy,
    leaves_of,
    shown_bytes,
)
from parley_client.groups.roots import expect_own_root
from parley_client.groups.welcomes import bundle_for
from parley_client.history import download_archive
from parley_client.past.saying import want_past
from parley_client.past.telling import with_history
from parley_client.push.leaves import own_leaf_extensions, sealed_secrets
from parley_client.session import Session
from parley_client.store import conversations, messages, queues, resets
from parley_client.store.conversations import ConversationRow, EpochRow, load_conversation, save_conversation
from parley_client.store.documents import load_account
from parley_client.store.queues import PendingCommit
from parley_client.store.returning import note_let_in
from parley_client.sync.catch_up import catch_up, catch_up_locked
from parley_client.sync.epochs import digest_of, save_entered_epoch
from parley_client.sync.opening import EPOCH_KEY_MISSING
from parley_contracts.encoding import b64encode
from parley_contracts.identity import entry_binding
from parley_contracts.ids import ClientId, ConversationId, new_uuid7, self_conversation_id
from parley_contracts.messaging_api import CommitUpload, GroupState, WelcomeState
from parley_contracts.policy import POLICY_EXTENSION_TYPE, PolicyDocument, decode_policy
from parley_contracts.problems import InvalidRequest, NotFound
from parley_contracts.resets import RESET_EPOCHS_MAX
from parley_mls import (
    CommitResult,
    Group,
    Joining,
    MlsError,
    Primitives,
    PublicGroup,
    group_info_extensions,
    group_info_signatures,
)

WELCOME_WAIT_S = 5.0
_WELCOME_POLL_S = 0.25


async def enter(session: Session, conversation_id: ConversationId, *, wait_s: float) -> ConversationRow:
    """Be a member: by this device's Welcome, which may still come for `wait_s`, else by external commit."""
    await _expect_let_in(session, conversation_id)
    deadline = time.monotonic() + wait_s
    while True:
        async with session.lock(conversation_id):
            row = load_conversation(session.store, conversation_id)
            if row is not None and row.status in {"member", "forked", "creating", "stuck", "paused"}:
                return row
            if await _enter_by_welcome(session, conversation_id, row):
                break
            if row is None and await _begin_from_archive(session, conversation_id):
                break
        if time.monotonic() >= deadline:
            break
        await asyncio.sleep(_WELCOME_POLL_S)
    if load_conversation(session.store, conversation_id) is None:
        await _look_into_archive(session, conversation_id)
    row = await catch_up(session, conversation_id)
    if row is None or row.status == "outside":
        row = await enter_by_external_commit(session, conversation_id)
    return row


async def _expect_let_in(session: Session, conversation_id: ConversationId) -> None:
    """`NotLetInYet` where the server says that a conversation of before the account was begun anew still pins its old root key."""
    if load_conversation(session.store, conversation_id) is not None:
        return
    user_id = session.device.user_id
    own = session.directory.known(user_id) or await session.directory.identity(user_id)
    if not own.later_root:
        return
    shown = shown_bytes((await messaging.get_conversation(session.api, conversation_id)).policy)
    let_in = False
    try:
        expect_own_root(session, decode_policy(shown))
        let_in = True
    except InvalidRequest as error:
        raise UntrustedGroup("the policy document is malformed") from error
    finally:
        if note_let_in(session.store, conversation_id, let_in=let_in):
            session.announce(conversation_id)


async def _look_into_archive(session: Session, conversation_id: ConversationId) -> None:
    """Begin where another own device came in: it may have archived that since this one last looked."""
    if await download_archive(session):
        await _look_for_keys(session, conversation_id)
    async with session.lock(conversation_id):
        if load_conversation(session.store, conversation_id) is None:
            await _begin_from_archive(session, conversation_id)


async def _look_for_keys(session: Session, conversation_id: ConversationId) -> None:
    """Come into note-to-self first, where the archive's keys are: who comes in elsewhere without them misses what was said before."""
    noted = await note_to_self(session)
    if noted != conversation_id:
        with contextlib.suppress(NotFound, UntrustedGroup):
            await enter(session, noted, wait_s=0)
            await download_archive(session)


async def note_to_self(session: Session) -> ConversationId:
    """The person's note-to-self: since the account was begun anew another one, since nobody could let them into the first again."""
    own = session.device.user_id
    identity = session.directory.known(own) or await session.directory.identity(own)
    return self_conversation_id(own, identity.later_root)


async def enter_anew(session: Session, conversation_id: ConversationId, *, wait_s: float) -> None:
    """Be a member again, where the server says that the person is in: they were put out and taken in.

    By the Welcome into this stay, or without it: a reset may have made it one of no use.
    """
    await be_out(session, conversation_id)
    if (await enter(session, conversation_id, wait_s=wait_s)).status == "removed":
        await enter_by_external_commit(session, conversation_id, while_=("outside", "removed"))


async def be_out(session: Session, conversation_id: ConversationId) -> None:
    """Be out of a group of whose log this device may read no more: its person was put out a second time meanwhile."""
    async with session.lock(conversation_id):
        row = load_conversation(session.store, conversation_id)
        if row is not None and row.status in {"member", "outside", "stuck", "paused"}:
            with session.store.transaction():
                save_conversation(session.store, msgspec.structs.replace(row, status="removed"))
                session.groups.save(conversation_id, None, None)
                queues.remove_pending(session.store, conversation_id)


async def read_history(session: Session, conversation_id: ConversationId, *, since: int) -> None:
    """Read a conversation that the person has left, as far as the archive opens it; `since` is the first entry that they may read.

    Where this device missed that stay of theirs, another own device may have archived it.
    """
    if _missed(session, conversation_id, since):
        await download_archive(session)
        async with session.lock(conversation_id):
            if _missed(session, conversation_id, since):
                await _begin_from_archive(session, conversation_id)
    await catch_up(session, conversation_id)


def _missed(session: Session, conversation_id: ConversationId, since: int) -> bool:
    row = load_conversation(session.store, conversation_id)
    return row is None or row.cursor + 1 < since


async def judge_new_group(
    session: Session, group: AnyGroup, unverified_policy: bytes, conversation_id: ConversationId
) -> PolicyDocument:
    """`judge_group`, with the identities that it needs fetched."""
    user_ids = judge_policy(group, unverified_policy, conversation_id).user_ids
    nodes = [node for _, node in group.members()]

    async def judged() -> PolicyDocument:
        known = await session.primitives.knowing(certificate_checks(session.directory, nodes, user_ids))
        return judge_group(known, session.directory, group, unverified_policy, conversation_id)

    try:
        return await judged()
    except IdentitiesNeeded as needed:
        await session.directory.fetch(needed.user_ids)
    try:
        return await judged()
    except IdentitiesNeeded as error:
        raise UntrustedGroup("a device's certificate names a statement that its person never made") from error


# --- Welcome


async def _enter_by_welcome(session: Session, conversation_id: ConversationId, row: ConversationRow | None) -> bool:
    try:
        state = await messaging.get_welcome(session.api, conversation_id)
    except NotFound:
        return False
    if state.sequence == 0 or (row is not None and state.sequence <= row.cursor and not _passed(session, row, state)):
        return False
    found = bundle_for(session, shown_bytes(state.welcome))
    if found is None:
        return False
    ref, bundle, last_resort = found
    try:
        begun = Joining.begin(session.primitives, shown_bytes(state.welcome), bundle, session.device.device_secret)
        group = Group.joined(await session.primitives.knowing(begun.signatures()), begun)
    except MlsError:
        return False  # a bad one, or that of a reset, which only those can use who were there before: there is another way in
    policy = shown_bytes(state.policy)
    document = await judge_new_group(session, group, policy, conversation_id)
    _check_place(session, document, group.epoch == state.epoch)
    expect_own_root(session, document)
    if (row is not None and row.generation > document.generation) or (document.generation > 0 and group.epoch == 1):
        return False  # of before a reset, or bare (decisions/0034)
    anchor = read_anchor(group.join_group_info_extensions, conversation_id)
    chain_hash = await chain_hash_from(session, conversation_id, anchor, state.sequence)
    fresh = row_of_group(
        document, policy, state, chain_hash, title=row.title if row else "", topic=row.topic if row else ""
    )
    fresh = msgspec.structs.replace(fresh, joined=state.sequence)
    with session.store.transaction():
        if row is not None and row.cursor >= state.sequence:  # what it passed was never for it to read
            messages.forget_unopened(session.store, conversation_id, state.sequence, EPOCH_KEY_MISSING)
        _save_member(session, fresh, group)
        conversations.forget_counters(session.store, conversation_id, but_of=session.device.device_id)
        want_past(session, fresh, bundle.leaf_private)
        if not last_resort:
            queues.remove_key_package(session.store, ref)
    session.announce(conversation_id)
    return True


def _passed(session: Session, row: ConversationRow, state: WelcomeState) -> bool:
    """Whether this device followed the group past its Welcome: its own commit was on its way and lost to that one."""
    _, follower = session.groups.load(row.conversation_id)
    leaves = leaves_of(follower) if row.status == "outside" and follower is not None else ()
    known = conversations.load_epoch(session.store, row.conversation_id, row.generation, state.epoch)
    return session.device.device_id in {leaf.device_id for leaf in leaves} and known is None


def _save_member(session: Session, row: ConversationRow, group: Group) -> None:
    save_conversation(session.store, row)
    conversations.save_chain_hash(session.store, row.conversation_id, row.cursor, row.chain_hash)
    session.groups.save(row.conversation_id, group, None)
    queues.remove_pending(session.store, row.conversation_id)
    resets.forget_stuck(session.store, row.conversation_id)
    save_entered_epoch(session, row, group)


# --- the archive


async def _begin_from_archive(session: Session, conversation_id: ConversationId) -> bool:
    """Stand at the first visible epoch that the archive opens, as a follower of the public group; whether there is one."""
    if conversations.first_epoch(session.store, conversation_id) is None:
        return False
    page = await messaging.get_entries(session.api, conversation_id, after=0, limit=1)
    visible = page.entries[0].sequence if page.entries else 0
    first = conversations.first_epoch(session.store, conversation_id, since=visible)
    if first is None:
        return False

    def write(row: ConversationRow) -> None:
        save_conversation(session.store, row)
        conversations.forget_counters(session.store, conversation_id, but_of=session.device.device_id)
        want_past(session, row)

    await begin_at_epoch(session, load_conversation(session.store, conversation_id), first, write)
    return True


async def begin_at_epoch(
    session: Session, before: ConversationRow | None, epoch: EpochRow, write: Callable[[ConversationRow], None]
) -> None:
    """Stand at the beginning of an epoch that this device knows, as a follower of the public group.

    The server's GroupInfo is held to what is known of the epoch; `write` stores the row, in the same transaction.
    """
    conversation_id = epoch.conversation_id
    state = await messaging.get_group_info(session.api, conversation_id, epoch=epoch.epoch, generation=epoch.generation)
    follower, _ = await follow_shown(session, state)
    policy = shown_bytes(state.policy)
    document = await judge_new_group(session, follower, policy, conversation_id)
    leaves = leaves_of(follower)
    found = (follower.group_id, follower.epoch, digest_of(leaves), state.sequence)
    if found != (epoch.group_id, epoch.epoch, epoch.leaves_digest, epoch.anchor_sequence):
        raise UntrustedGroup("the server shows another group at that place of the log than this device knows")
    title, topic = (before.title, before.topic) if before is not None else ("", "")
    row = row_of_group(document, policy, state, epoch.anchor_hash, status="outside", title=title, topic=topic)
    with session.store.transaction():
        write(row)
        conversations.save_chain_hash(session.store, conversation_id, row.cursor, row.chain_hash)
        conversations.save_leaves(session.store, epoch.leaves_digest, leaves)
        session.groups.save(conversation_id, None, follower)


async def follow_shown(session: Session, state: GroupState) -> tuple[PublicGroup, Primitives]:
    """A follower of the group that the server shows, wholly verified, and primitives that know its signatures."""
    group_info = shown_bytes(state.group_info)
    try:
        known = await session.primitives.knowing(group_info_signatures(group_info))
        return PublicGroup.from_group_info(known, group_info), known
    except MlsError as error:
        raise UntrustedGroup("the server's GroupInfo is not valid") from error


# --- external commit


async def enter_by_external_commit(
    session: Session, conversation_id: ConversationId, *, while_: tuple[conversations.Status, ...] = ("outside",)
) -> ConversationRow:
    """Be a member by this device's own commit, as long as it stands there in one of the ways of `while_`."""
    for _ in range(COMMIT_ATTEMPTS):
        async with session.lock(conversation_id):
            row = await catch_up_locked(session, conversation_id)
            if row is not None and row.status not in while_:
                return row
            if queues.load_pending(session.store, conversation_id) is None:
                await _prepare_external_commit(session, conversation_id, row)
        await send_pending(session, conversation_id)
    raise NetworkError("timeout", "the group keeps changing; try again later")


async def _prepare_external_commit(
    session: Session, conversation_id: ConversationId, row: ConversationRow | None
) -> None:
    state = await messaging.get_group_info(session.api, conversation_id)
    # Asked for after the group, whose state would show the leaf: the Welcome may have come meanwhile.
    if (row is None or row.status == "outside") and await _enter_by_welcome(session, conversation_id, row):
        return
    shown, known = await follow_shown(session, state)
    base = await _base_row(session, conversation_id, row, state, shown)
    if base is None:
        return
    last_good, follower = session.groups.load(conversation_id)
    result = _join_external(session, known, shown, shown_bytes(state.group_info), base, last_good)
    upload = CommitUpload(
        state.epoch,
        b64encode(result.commit),
        b64encode(_required(result.group_info)),
        push_secrets=sealed_secrets(session, result.group, conversation_id, base.generation),
    )
    pending = PendingCommit(
        conversation_id=conversation_id,
        client_id=ClientId(new_uuid7()),
        upload=msgspec.json.encode(upload),
        member=result.group.to_bytes(),
        policy=base.policy,
    )
    with session.store.transaction():
        save_conversation(session.store, base)
        if follower is None:  # where another commit is first, it is judged by this group
            session.groups.save(conversation_id, None, shown)
        queues.save_pending(session.store, pending)


async def _base_row(
    session: Session,
    conversation_id: ConversationId,
    row: ConversationRow | None,
    state: GroupState,
    shown: PublicGroup,
) -> ConversationRow | None:
    """Where the device stands before its commit; None where the log has moved on and must be followed first.

    A device that followed the log holds GroupInfo to what it followed; one that did not, or refused something there, judges every leaf.
    """
    _, follower = session.groups.load(conversation_id)
    if follower is not None:
        if shown.epoch != follower.epoch:
            return None
        same = (shown.group_id, shown.tree_hash, shown.confirmed_transcript_hash)
        if same != (follower.group_id, follower.tree_hash, follower.confirmed_transcript_hash):
            raise UntrustedGroup("the server's GroupInfo is not of the group that its log made")
        stuck = resets.load_stuck(session.store, conversation_id)
        if row is not None and stuck is not None and stuck.way == "refused":
            await judge_new_group(session, shown, row.policy, conversation_id)
        return row
    policy = shown_bytes(state.policy)
    document = await judge_new_group(session, shown, policy, conversation_id)
    _check_place(session, document, shown.epoch == state.epoch)
    expect_own_root(session, document)
    conversations.save_leaves(session.store, digest_of(leaves_of(shown)), leaves_of(shown))
    anchor = read_anchor(group_info_extensions(shown_bytes(state.group_info)), conversation_id)
    chain_hash = await chain_hash_from(session, conversation_id, anchor, state.sequence)
    return row_of_group(document, policy, state, chain_hash, status="outside")


def _join_external(
    session: Session,
    known: Primitives,
    shown: PublicGroup,
    group_info: bytes,
    base: ConversationRow,
    last_good: Group | None,
) -> CommitResult:
    """The commit.

    Who replaces its leaf injects the resumption PSK of its last good epoch, by which the others know it; where somebody may not have
    that, or this device does not, it certifies itself for this very commit (H11).
    """
    own = session.device
    prior = [
        index
        for (index, _), leaf in zip(shown.members(), leaves_of(shown), strict=True)
        if leaf.device_id == own.device_id
    ]
    try:
        was_there = last_good is not None and _was_known_to_all(last_good, shown)
        psks = [(last_good.resumption_psk_id(known), last_good.resumption_psk)] if was_there and last_good else []
        identity = own.certificate if was_there or not prior else _certified_for(session, shown)
        return Group.join_external(
            known,
            group_info,
            identity=identity,
            signature_seed=own.device_secret,
            extension_types=[POLICY_EXTENSION_TYPE],
            remove_prior=prior[0] if prior else None,
            psks=psks,
            earlier=last_good if last_good is not None and last_good.group_id == shown.group_id else None,
            group_info_extensions=[anchor_extension(base.cursor, base.chain_hash)],
            leaf_extensions=own_leaf_extensions(session),
        )
    except MlsError as error:
        raise UntrustedGroup("the server's GroupInfo cannot be used") from error


def _was_known_to_all(last_good: Group, shown: PublicGroup) -> bool:
    """Whether everybody who is in the group was there in the last good epoch, and so has its PSK, if that is not too long ago."""
    kept = last_good.group_id == shown.group_id and shown.epoch - last_good.epoch < RESET_EPOCHS_MAX
    return kept and set(leaves_of(shown)) <= set(leaves_of(last_good))


def _certified_for(session: Session, shown: PublicGroup) -> bytes:
    """This device's certificate for coming in where the group leaves this epoch."""
    account, own = load_account(session.store), session.device
    assert account is not None
    return certify_device(
        session.primitives,
        signing_seed=account.signing_secret,
        server_name=own.server_name,
        user_id=own.user_id,
        device_id=own.device_id,
        statement_version=account.statement_version,
        device_key=session.primitives.ed25519_public(own.device_secret),
        binding=entry_binding(shown.group_id, shown.epoch),
    ).encode()


def _required(group_info: bytes | None) -> bytes:
    if group_info is None:
        raise UntrustedGroup("a commit came without its GroupInfo")
    return group_info


def _check_place(session: Session, document: PolicyDocument, epochs_agree: bool) -> None:
    if session.device.user_id not in document.user_ids or not epochs_agree:
        raise UntrustedGroup("the server offers a group that this person does not belong to")


def row_of_group(
    document: PolicyDocument,
    policy: bytes,
    state: WelcomeState | GroupState,
    chain_hash: bytes,
    *,
    status: conversations.Status = "member",
    title: str = "",
    topic: str = "",
) -> ConversationRow:
    """A conversation at the entry that the server's word on its group is of."""
    row = ConversationRow(
        conversation_id=document.conversation_id,
        kind=document.kind,
        generation=document.generation,
        epoch=state.epoch,
        policy=policy,
        cursor=state.sequence,
        chain_hash=chain_hash,
        status=status,
        title=title,
        topic=topic,
        epoch_at=int(time.time()),
    )
    return with_history(row)
