"""Commits that nobody can use, or not everybody: sound in everything that the server can see, with random bytes inside."""

import os
from contextvars import ContextVar

from parley_client.groups.commits import Plan, commit_change
from parley_client.store.conversations import load_conversation
from parley_contracts.encoding import b64decode
from parley_mls import committing, treekem
from parley_mls.framing import PublicMessage

#: The part of the others whom the commits of this task leave out; None where its device is sound.
SPOILING: ContextVar[float | None] = ContextVar("SPOILING", default=None)


class Spoiler:
    """Spoils what tasks make that say so, and knows afterwards which commits those are."""

    def __init__(self, monkeypatch) -> None:
        self._keys: set[bytes] = set()
        self._dice = None
        encrypt, seal = treekem.encrypt_with_label, committing.seal_path

        def encrypt_or_not(p, key, label, context, secret):
            part = SPOILING.get()
            left_out = part is not None and self._dice.random() < part
            return encrypt(p, key, label, context, os.urandom(len(secret)) if left_out else secret)

        def seal_noted(p, path, *rest):
            if SPOILING.get() is not None:
                self._keys.add(path.leaf.encryption_key)
            return seal(p, path, *rest)

        monkeypatch.setattr(treekem, "encrypt_with_label", encrypt_or_not)
        monkeypatch.setattr(committing, "seal_path", seal_noted)

    def begin(self, dice) -> None:
        """Be about one play."""
        self._dice = dice
        self._keys.clear()

    async def spoil(self, client, conversation_id, part: float) -> None:
        """Let a client commit so that this part of the others cannot follow."""
        row = load_conversation(client.store, conversation_id)

        async def plan(now, _member):
            same = row is not None and (now.generation, now.epoch) == (row.generation, row.epoch)
            return Plan() if same else None

        SPOILING.set(part)
        await commit_change(client.session, conversation_id, plan)

    def is_spoilt(self, entry) -> bool:
        """Whether an entry is such a commit."""
        if entry.type != "commit.created":
            return False
        path = PublicMessage.from_bytes(b64decode(entry.commit)).authenticated.content.body.path
        return path.leaf.encryption_key in self._keys
