"""Following the log of people's keys: every leaf is fetched and hashed here, so no proof of the server is believed.

Invariants: what was judged once stays, and a head that does not continue it is refused; a person's keys count only if the log
has exactly their statements; once the log has contradicted what it signed, nothing new is believed of anybody.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable

import msgspec

from parley_client.api import auth
from parley_client.api.http import Api, answered_bytes
from parley_client.crypto.account import IdentityError, verify_identity
from parley_client.errors import UntrustedLog
from parley_client.settings.marks import key_log_key
from parley_client.store import documents
from parley_client.store import key_log as kept
from parley_client.store.key_log import PROVEN, Alarm, AlarmCode, FollowedLog
from parley_client.store.port import Store
from parley_client.transparency.witnesses import hear_witnesses, witnessed_size
from parley_contracts.auth_api import Identity
from parley_contracts.checkpoints import (
    HEAD_SIZE_BYTES,
    CheckpointError,
    Head,
    NoteKey,
    open_note,
    origin_of,
    parse_key,
)
from parley_contracts.ids import UserId
from parley_contracts.key_log import KeyLogHead, decode_leaves, label_of
from parley_contracts.limits import KEY_LOG_FOLLOW_INTERVAL_S, KEY_LOG_HEAD_AGE_S_MAX
from parley_contracts.merkle import BLOCK_LEAVES, root_from_blocks, root_of
from parley_mls import DecodeError, MlsError, Primitives

_ROOTS_CACHED = 1024
_KEY_SIZE_BYTES = 32
#: What an invitation says of the log: its key, and the head that the inviter had.
INTRODUCTION_SIZE_BYTES = _KEY_SIZE_BYTES + HEAD_SIZE_BYTES


class KeyLog:
    """What this device has of its server's log."""

    def __init__(self, store: Store, api: Api, primitives: Primitives, server_name: str) -> None:
        self._store = store
        self._api = api
        self._primitives = primitives
        self._server_name = server_name
        self._following = asyncio.Lock()
        self._roots: dict[int, bytes] = {}
        #: Seconds since 1970.
        self.clock: Callable[[], float] = time.time

    @property
    def origin(self) -> str:
        """The log's name."""
        return origin_of(self._server_name)

    @property
    def head(self) -> bytes:
        """The newest head that was judged, to be told to others; empty before the first."""
        followed = kept.load_followed(self._store)
        return followed.head if followed is not None else b""

    @property
    def introduction(self) -> bytes:
        """The log's key and newest head, for an invitation; empty before the first head."""
        followed = kept.load_followed(self._store)
        return parse_key(followed.key).key + followed.head if followed is not None and followed.head else b""

    async def introduce(self, introduction: bytes) -> None:
        """Hold the log to what an invitation says of it; `UntrustedLog` where the server has shown another one."""
        signer = NoteKey(self.origin, introduction[:_KEY_SIZE_BYTES])
        followed = kept.load_followed(self._store)
        if followed is None:
            kept.save_followed(self._store, FollowedLog(signer.text()))
        elif followed.key != signer.text():
            raise self._alarm("other_key", "the invitation names another log of people's keys than the server shows")
        try:
            found = self.hear(Head.decode(introduction[_KEY_SIZE_BYTES:]))
        except DecodeError as error:
            raise UntrustedLog("the invitation names a head of the log of people's keys that is none") from error
        if found:
            raise UntrustedLog(found)
        await self.follow()

    async def follow(self, *, unless_fresh: bool = False) -> None:
        """Fetch and judge what is new; `UntrustedLog` where it does not continue what is known, or once did not."""
        async with self._following:
            self._expect_no_proof()
            followed = kept.load_followed(self._store)
            if unless_fresh and followed is not None and self._is_fresh(followed):
                return
            answer = await auth.get_key_log_head(self._api)
            signer, head = self._opened(answer, followed)
            followed = await self._grow(followed or FollowedLog(signer.text()), signer, head)
            self._compare_waiting(signer, head)
            hear_witnesses(self._store, self._primitives, self.origin, answer.witnessed, head.size, self.split_view)
            own = await self._audit(followed)
            if own is not None:  # what was not audited is not fresh, and is looked at again
                followed = msgspec.structs.replace(followed, own=own, followed_at=int(self.clock()))
                kept.save_followed(self._store, followed)

    def has(self, user_id: UserId, identity: Identity) -> bool:
        """Whether the log, as far as it was followed, has exactly these statements of a person."""
        followed = kept.load_followed(self._store)
        return self._logged(user_id, followed.size if followed is not None else 0) == _told(identity)

    def newest_version(self, user_id: UserId) -> int:
        """The highest version of a person's statements in the log, as far as it was followed; 0 where it has none."""
        followed = kept.load_followed(self._store)
        return max((version for version, _ in self._logged(user_id, followed.size if followed else 0)), default=0)

    def expect(self, user_id: UserId, identity: Identity, *, known: bool) -> None:
        """`UntrustedLog` where the log has other statements of a person, or, of those that are not known, too few witnesses have signed that."""
        if not self.has(user_id, identity):
            raise UntrustedLog("the log of people's keys has other statements of this person than the server shows")
        size = witnessed_size(self._store, self.clock())
        if not known and size is not None and self._logged(user_id, size) != _told(identity):
            raise UntrustedLog(
                "too few of the witnesses that you named have signed that the log has this person's keys"
            )

    def _logged(self, user_id: UserId, size: int) -> list[tuple[int, bytes]]:
        return [(leaf.version, leaf.digest) for leaf in kept.leaves_of(self._store, label_of(user_id), size)]

    def root_at(self, size: int) -> bytes:
        """The root of this device's tree when it had that size."""
        if size not in self._roots:
            if len(self._roots) >= _ROOTS_CACHED:
                self._roots.clear()
            self._roots[size] = kept.root_at(self._store, size)
        return self._roots[size]

    def hear(self, head: Head) -> str:
        """Compare what somebody else was shown; a sentence where it is another log, empty where nothing speaks against it.

        Waits where this device's log has not come so far. Stores what it finds.
        """
        followed = kept.load_followed(self._store)
        if followed is not None and head.size <= followed.size:
            if head.root == self.root_at(head.size):
                return ""
            return self._differs(followed, head)
        if kept.is_waiting(self._store, head):
            return ""
        if followed is not None and not head.holds(parse_key(followed.key), self.origin, self._primitives.verify):
            return self._differs(followed, head)
        kept.keep_waiting(self._store, head)
        return ""

    async def start_anew(self) -> None:
        """Forget the log and what it proved: the person knows why it is another one."""
        async with self._following:
            with self._store.transaction():
                kept.forget_log(self._store)
            self._roots.clear()

    def split_view(self, detail: str, *heads: Head) -> UntrustedLog:
        """Two trees that cannot both be: stored with the proof, and the error to raise."""
        return self._alarm("split_view", detail, *heads)

    def _alarm(self, code: AlarmCode, detail: str, *heads: Head) -> UntrustedLog:
        evidence = b"".join(head.encode() for head in heads)
        kept.save_alarm(self._store, Alarm(code, detail, evidence, int(self.clock())))
        return UntrustedLog(detail)

    def _expect_no_proof(self) -> None:
        for alarm in kept.alarms(self._store):
            if alarm.code in PROVEN:
                raise UntrustedLog(f"nothing new is believed of anybody's keys: {alarm.detail}")

    def _is_fresh(self, followed: FollowedLog) -> bool:
        return abs(self.clock() - followed.followed_at) < KEY_LOG_FOLLOW_INTERVAL_S

    def _opened(self, answer: KeyLogHead, followed: FollowedLog | None) -> tuple[NoteKey, Head]:
        """The head and who signed it: the key that this or another own device has pinned, or at the first contact the server's word."""
        pinned = {followed.key if followed is not None else "", key_log_key(self._store)} - {""}
        if pinned - {answer.key}:
            raise self._alarm("other_key", "the log of people's keys is signed by another key than before")
        try:
            signer = NoteKey(self.origin, parse_key(answer.key).key)
            return signer, open_note(answer.checkpoint, signer, self.origin, self._primitives.verify)
        except CheckpointError as error:
            raise self._alarm("forged", "the head of the log of people's keys is not signed by its key") from error

    async def _grow(self, followed: FollowedLog, signer: NoteKey, head: Head) -> FollowedLog:
        """Take the leaves up to a head, which must be the root over all of them."""
        self._expect_growth(followed, head)
        kept.drop_from(self._store, followed.size)
        blocks, rest = kept.tree_parts(self._store, followed.size)
        position = followed.size
        while position < head.size:
            page = await auth.get_key_log_leaves(self._api, first=position, size=head.size)
            try:
                leaves = decode_leaves(answered_bytes(page.leaves))[: head.size - position]
            except DecodeError as error:
                raise self._alarm("forged", "the log of people's keys answers what is no entry") from error
            if page.first != position or not leaves:
                raise self._alarm("forged", "the log of people's keys leaves entries out")
            with self._store.transaction():
                kept.add_leaves(self._store, position, leaves)
                for leaf in leaves:
                    rest.append(leaf.hash)
                    if len(rest) == BLOCK_LEAVES:
                        blocks.append(root_of(rest))
                        kept.add_block(self._store, len(blocks) - 1, blocks[-1])
                        rest.clear()
            position += len(leaves)
        if root_from_blocks(blocks, rest) != head.root:
            raise self._alarm("forged", "the entries of the log of people's keys do not lead to its head", head)
        known = Head.decode(followed.head) if followed.head else head
        newest = head if head.size > known.size or head.time > known.time else known
        followed = msgspec.structs.replace(
            followed, key=signer.text(), size=head.size, head=newest.encode(), followed_at=0
        )
        kept.save_followed(self._store, followed)
        return followed

    def _expect_growth(self, followed: FollowedLog, head: Head) -> None:
        if head.size <= followed.size and followed.head and head.root != self.root_at(head.size):
            raise self._alarm(
                "rolled_back", "the log of people's keys has lost or changed what it had", *_both(followed, head)
            )
        if head.size < followed.size:
            older = head.time < Head.decode(followed.head).time
            raise self._alarm(
                "replayed" if older else "rolled_back",
                "the server shows an old head of the log of people's keys"
                if older
                else "the log of people's keys has fewer entries than before",
                *_both(followed, head),
            )

    def _compare_waiting(self, signer: NoteKey, own: Head) -> None:
        """Judge the heads of others that this device's log has reached, and those that it should have reached."""
        for head in kept.waiting_heads(self._store):
            reached = head.size <= own.size
            overdue = head.time + KEY_LOG_HEAD_AGE_S_MAX < own.time
            if not reached and not overdue:
                continue
            kept.forget_waiting(self._store, head)
            if reached and head.root == self.root_at(head.size):
                continue
            if not head.holds(signer, self.origin, self._primitives.verify):
                self._alarm("unproven", "somebody told of another log of people's keys, without proof", head)
                continue
            raise self.split_view("somebody was shown another log of people's keys than this device", own, head)

    def _differs(self, followed: FollowedLog, head: Head) -> str:
        if head.holds(parse_key(followed.key), self.origin, self._primitives.verify):
            return str(
                self.split_view(
                    "somebody was shown another log of people's keys than this device", *_both(followed, head)
                )
            )
        return str(self._alarm("unproven", "somebody told of another log of people's keys, without proof", head))

    async def _audit(self, followed: FollowedLog) -> int | None:
        """Hold what the log says of this person against their own root key; how many leaves that are, None before there is one."""
        account = documents.load_account(self._store)
        if account is None or account.stage != "ready" or account.user_id is None:
            return None
        own = self._logged(account.user_id, followed.size)
        if 0 < len(own) == followed.own:
            return followed.own
        identity = await auth.get_identity(self._api, account.user_id)
        try:
            verified = verify_identity(
                self._primitives,
                identity,
                server_name=self._server_name,
                known_root=account.root_key,
                known_version=account.statement_version,
            )
        except (MlsError, IdentityError) as error:
            raise self._alarm("own_keys", "the log has keys in your name that are not yours") from error
        # Another device of this person may have stated something meanwhile, by the same root key.
        told = own == _told(identity)[: len(own)] and len(own) >= account.statement_version
        if not told or verified.root_key != account.root_key:
            raise self._alarm("own_keys", "the log has keys in your name that are not yours")
        return len(own)


def _told(identity: Identity) -> list[tuple[int, bytes]]:
    """Version and digest of the statements that the server shows."""
    return [
        (signed.version, hashlib.sha256(answered_bytes(signed.statement)).digest()) for signed in identity.statements
    ]


def _both(followed: FollowedLog, head: Head) -> tuple[Head, ...]:
    return (Head.decode(followed.head), head) if followed.head else (head,)
