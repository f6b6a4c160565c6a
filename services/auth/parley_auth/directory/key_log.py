"""The log of people's keys: each accepted statement is a leaf of an append-only Merkle tree, whose heads this server signs.

Invariant: a statement and its leaf become durable in one transaction, one after the other, and no leaf ever changes; a head's
time was read before its size, so no later head is of a smaller tree.
"""

from __future__ import annotations

import time

from django.conf import settings
from django.db import connection

from parley_auth.directory.models import KeyLogBlock, KeyLogCosignature, KeyLogLeaf
from parley_auth.keyring import key_log_key, key_log_witnesses
from parley_contracts.checkpoints import (
    Checkpoint,
    CheckpointError,
    Head,
    NoteKey,
    open_note,
    origin_of,
    parse_checkpoint,
    sign_head,
    write_note,
)
from parley_contracts.encoding import b64encode
from parley_contracts.ids import UserId
from parley_contracts.key_log import KeyLogHead, KeyLogPage, KeyLogProof, Leaf, encode_leaves, leaf_of
from parley_contracts.limits import KEY_LOG_PAGE_MAX
from parley_contracts.merkle import BLOCK_LEAVES, consistency_proof, root_from_blocks, root_of
from parley_contracts.problems import InvalidRequest, NotFound
from parley_mls import default_primitives

#: Whoever appends holds this lock of PostgreSQL until the end of the transaction, so that leaves have no gap.
_APPEND_LOCK = 0x7061726C


def append_leaf(user_id: UserId, version: int, statement: bytes) -> None:
    """Add a statement to the log, in the transaction that stores it."""
    assert connection.in_atomic_block, "a leaf without its transaction"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_APPEND_LOCK])
    leaf, position = leaf_of(user_id, version, statement), log_size()
    KeyLogLeaf.objects.create(position=position, label=leaf.label, version=version, digest=leaf.digest)
    if (position + 1) % BLOCK_LEAVES == 0:
        first = position + 1 - BLOCK_LEAVES
        hashes = [leaf.hash for leaf in _leaves(first, position + 1)]
        KeyLogBlock.objects.create(number=first // BLOCK_LEAVES, root=root_of(hashes))


def log_size() -> int:
    """How many leaves there are."""
    newest = KeyLogLeaf.objects.order_by("-position").values_list("position", flat=True).first()
    return 0 if newest is None else newest + 1


def head() -> KeyLogHead:
    """The newest checkpoint, signed now, and what each witness signed last."""
    seconds = int(time.time())
    checkpoint = _checkpoint(log_size())
    signer = _log_key()
    signed = sign_head(checkpoint, seconds, key_log_key().sign)
    return KeyLogHead(signer.text(), write_note(checkpoint, signer, signed), _witnessed())


def leaves(first: int, size: int) -> KeyLogPage:
    """Leaves from number `first` on, of the tree of that size; `NotFound` where there is no such tree."""
    if not 0 <= first < size <= log_size():
        raise NotFound
    found = _leaves(first, min(size, first + KEY_LOG_PAGE_MAX))
    return KeyLogPage(first=first, leaves=b64encode(encode_leaves(found)))


def consistency(first: int, second: int) -> KeyLogProof:
    """That the tree of size `first` is the beginning of that of size `second`; `NotFound` where one is not there."""
    if not 0 < first <= second <= log_size():
        raise NotFound
    return KeyLogProof([b64encode(step) for step in consistency_proof(first, second, _subtree)])


def keep_cosignature(unverified_note: str) -> None:
    """Keep what a witness of this server signed, if it is of this log and newer; `NotFound` where it is no witness's."""
    try:
        unverified, _ = parse_checkpoint(unverified_note)
        if unverified.size > log_size() or unverified != _checkpoint(unverified.size):
            raise InvalidRequest("This is not a checkpoint of this log.", field="checkpoint")
    except CheckpointError as error:
        raise InvalidRequest("This is not a checkpoint.", field="checkpoint") from error
    for witness in key_log_witnesses():
        try:
            said = open_note(unverified_note, witness, unverified.origin, default_primitives().verify)
        except CheckpointError:
            continue
        _keep(witness, said)
        return
    raise NotFound


def _keep(witness: NoteKey, said: Head) -> None:
    values = {"size": said.size, "time": said.time, "signature": said.signature}
    stored, created = KeyLogCosignature.objects.get_or_create(key=witness.key, defaults=values)
    if not created and said.time > stored.time:
        KeyLogCosignature.objects.filter(key=witness.key, time__lt=said.time).update(**values)


def _witnessed() -> list[str]:
    stored = {bytes(row.key): row for row in KeyLogCosignature.objects.all()}
    notes = []
    for witness in key_log_witnesses():
        row = stored.get(witness.key)
        if row is not None:
            checkpoint = _checkpoint(row.size)
            said = Head(row.size, checkpoint.root, row.time, bytes(row.signature))
            notes.append(write_note(checkpoint, witness, said))
    return notes


def _log_key() -> NoteKey:
    return NoteKey(origin_of(settings.CONFIG.server_name), key_log_key().public_key().public_bytes_raw())


def _checkpoint(size: int) -> Checkpoint:
    return Checkpoint(origin_of(settings.CONFIG.server_name), size, _subtree(0, size))


def _subtree(start: int, end: int) -> bytes:
    """The root over leaves; `start` is a multiple of the largest power of two below the length."""
    if end - start < BLOCK_LEAVES:
        return root_of([leaf.hash for leaf in _leaves(start, end)])
    whole = end // BLOCK_LEAVES
    blocks = KeyLogBlock.objects.filter(number__gte=start // BLOCK_LEAVES, number__lt=whole).order_by("number")
    rest = [leaf.hash for leaf in _leaves(whole * BLOCK_LEAVES, end)]
    return root_from_blocks([bytes(root) for root in blocks.values_list("root", flat=True)], rest)


def _leaves(start: int, end: int) -> list[Leaf]:
    rows = KeyLogLeaf.objects.filter(position__gte=start, position__lt=end).order_by("position")
    return [Leaf(bytes(row.label), row.version, bytes(row.digest)) for row in rows]
