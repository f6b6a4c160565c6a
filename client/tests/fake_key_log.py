"""The fake server's log of people's keys: signed by its own key, about the statements that it has."""

import time

from parley_contracts import problems
from parley_contracts.checkpoints import Checkpoint, NoteKey, origin_of, sign_head, write_note
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.key_log import encode_leaves, leaf_of
from parley_contracts.limits import KEY_LOG_PAGE_MAX
from parley_contracts.merkle import root_of
from parley_mls import default_primitives

P = default_primitives()
ORIGIN = origin_of("parley.test")


class SignedLog:
    """Leaves with a key that signs heads over them; `behind` seconds are taken from its clock."""

    def __init__(self, leaves=(), seed=bytes(31) + b"k") -> None:
        self.leaves = list(leaves)
        self.seed = seed
        self.behind = 0
        self.witnessed: list[str] = []

    @property
    def signer(self) -> NoteKey:
        return NoteKey(ORIGIN, P.ed25519_public(self.seed))

    def checkpoint(self, size=None) -> Checkpoint:
        leaves = self.leaves[:size]
        return Checkpoint(ORIGIN, len(leaves), root_of([leaf.hash for leaf in leaves]))

    def head(self, size=None):
        """The signed head of the log, or of what it was at that size."""
        return self.signed(self.checkpoint(size))

    def signed(self, checkpoint):
        """A head of whatever is to be said."""
        return sign_head(checkpoint, int(time.time()) - self.behind, lambda message: P.sign(self.seed, message))

    def answer(self, checkpoint=None) -> dict:
        checkpoint = checkpoint or self.checkpoint()
        note = write_note(checkpoint, self.signer, self.signed(checkpoint))
        return {"key": self.signer.text(), "checkpoint": note, "witnessed": self.witnessed}

    def page(self, first: int, size: int) -> dict:
        return {"first": first, "leaves": b64encode(encode_leaves(self.leaves[first:size][:KEY_LOG_PAGE_MAX]))}


class FakeKeyLog:
    """A part of `FakeServer`. Whatever a test has made the server state is in the log before anybody looks."""

    def __init__(self) -> None:
        super().__init__()
        self.key_log = SignedLog()

    def log_statements(self) -> SignedLog:
        for user_id, statements in self.statements.items():
            for signed in statements:
                leaf = leaf_of(user_id, signed["version"], b64decode(signed["statement"]))
                if leaf not in self.key_log.leaves:
                    self.key_log.leaves.append(leaf)
        return self.key_log

    def _auth_key_log(self, session, method, rest, body, query) -> object:
        log = self.log_statements()
        match rest:
            case ["head"]:
                return log.answer()
            case ["leaves"]:
                return log.page(int(query["first"]), int(query["size"]))
        raise problems.NotFound
