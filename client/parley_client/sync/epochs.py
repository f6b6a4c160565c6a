"""What a new epoch leaves behind: its message secret, its leaves, and a sealed archive record that waits for upload.

Invariant: an epoch is stored in the transaction that enters it, so no crash can lose the secret of an epoch in use.
"""

from __future__ import annotations

from parley_client.crypto.archive import ArchiveRecord, leaves_digest, seal_record
from parley_client.crypto.message import epoch_secret
from parley_client.errors import NotAMember
from parley_client.groups.judgement import leaves_of
from parley_client.session import Session
from parley_client.store import conversations, queues
from parley_client.store.conversations import ConversationRow, EpochRow, Leaf
from parley_contracts import messaging_api
from parley_contracts.encoding import b64encode
from parley_contracts.policy import decode_policy
from parley_mls import Group


def digest_of(leaves: tuple[Leaf, ...]) -> bytes:
    """The digest of an epoch's leaves, as archive records hold it."""
    return leaves_digest([(leaf.user_id, leaf.device_id, leaf.device_key) for leaf in leaves])


def epoch_row(session: Session, row: ConversationRow, group: Group) -> EpochRow:
    """The keys of the epoch that `group` is in, which begins with the entry at the cursor of `row`."""
    return EpochRow(
        conversation_id=row.conversation_id,
        generation=row.generation,
        epoch=group.epoch,
        secret=epoch_secret(session.primitives, group, row.generation),
        group_id=group.group_id,
        transcript_hash=group.interim_transcript_hash,
        leaves_digest=digest_of(leaves_of(group)),
        anchor_sequence=row.cursor,
        anchor_hash=row.chain_hash,
    )


def save_entered_epoch(session: Session, row: ConversationRow, group: Group) -> None:
    """Store the epoch that `group` is in, and queue its archive record; inside the transaction that enters it."""
    epoch = epoch_row(session, row, group)
    conversations.save_epoch(session.store, epoch)
    conversations.save_leaves(session.store, epoch.leaves_digest, leaves_of(group))
    if decode_policy(row.policy).timer_s is None:
        queue_record(session, epoch)


def queue_record(session: Session, epoch: EpochRow) -> None:
    """Seal an epoch's archive record under the present history key and queue it."""
    record = ArchiveRecord(
        conversation_id=epoch.conversation_id,
        generation=epoch.generation,
        epoch=epoch.epoch,
        group_id=epoch.group_id,
        epoch_secret=epoch.secret,
        interim_transcript_hash=epoch.transcript_hash,
        leaves_digest=epoch.leaves_digest,
        anchor_sequence=epoch.anchor_sequence,
        anchor_hash=epoch.anchor_hash,
    )
    sealed = seal_record(
        session.primitives,
        session.history_key,
        record,
        user_id=session.device.user_id,
        server_name=session.device.server_name,
    )
    where = messaging_api.ArchiveRecord(
        epoch.conversation_id, epoch.generation, epoch.epoch, session.history_key.version, b64encode(sealed)
    )
    queues.queue_archive(session.store, where, sealed)


def epoch_of(session: Session, row: ConversationRow) -> EpochRow:
    """The keys of the epoch at the cursor; a member always has them."""
    epoch = conversations.load_epoch(session.store, row.conversation_id, row.generation, row.epoch)
    if epoch is None:
        raise NotAMember("this device has no keys of the present epoch")
    return epoch
