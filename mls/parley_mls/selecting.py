"""Which of the proposals sent by reference a commit takes up (RFC 9420 sections 12.2 and 12.4).

Whoever may propose could otherwise stop a group: two proposals that are valid each, but not together, would make every commit
invalid. What does not go with the rest is left out, and its author may send it again in the next epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from parley_mls.codec import DecodeError
from parley_mls.extensions import DEFAULT_EXTENSIONS, Extension, RequiredCapabilities
from parley_mls.framing import Sender
from parley_mls.leaf_node import LeafNode
from parley_mls.proposals import Add, GroupContextExtensions, PreSharedKey, Proposal, Remove, Update
from parley_mls.psk import PskId
from parley_mls.transition import PublicState, Sent

HasPsk = Callable[[PskId], bool]


def choose_pending(
    state: PublicState, sender: Sender, by_value: Sequence[Proposal], has_psk: HasPsk
) -> dict[bytes, Sent]:
    """The pending proposals that go with `by_value`, by reference, in the order in which they came.

    Removals come before updates, and the last update of a member before its earlier ones (section 12.2). A re-initialisation is
    never taken up on the way: it ends the group.
    """
    if not state.proposals:
        return {}
    choice = _Choice(state, sender, by_value, has_psk)
    newest_first = list(state.proposals.items())[::-1]
    chosen: set[bytes] = set()
    for kind, pending in (
        (Remove, newest_first),
        (GroupContextExtensions, newest_first),
        (Update, newest_first),
        (Add, list(state.proposals.items())),
        (PreSharedKey, list(state.proposals.items())),
    ):
        for reference, (author, body) in pending:
            if isinstance(body, kind) and choice.takes(author, body):
                chosen.add(reference)
    return {reference: sent for reference, sent in state.proposals.items() if reference in chosen}


@dataclass(frozen=True)
class _Demands:
    """What a group's extensions ask of every leaf; None where they cannot be read."""

    required: RequiredCapabilities
    used: frozenset[int]

    @classmethod
    def of(cls, extensions: Sequence[Extension]) -> _Demands | None:
        try:
            required = RequiredCapabilities.from_extensions(extensions)
        except DecodeError:
            return None
        return cls(required, frozenset(e.type for e in extensions) - DEFAULT_EXTENSIONS)

    def met_by(self, leaf: LeafNode) -> bool:
        return leaf.capabilities.meets(self.required) and self.used <= set(leaf.capabilities.extensions)


class _Choice:
    """What was taken so far, and what it leaves room for."""

    def __init__(self, state: PublicState, sender: Sender, by_value: Sequence[Proposal], has_psk: HasPsk) -> None:
        self._sender = sender
        self._has_psk = has_psk
        self._members = dict(state.tree.members())
        self._touched = {sender.index} | {body.removed for body in by_value if isinstance(body, Remove)}
        self._encryption_keys = {node.encryption_key for node in state.tree.filled()}
        added = [body.key_package.leaf for body in by_value if isinstance(body, Add)]
        self._encryption_keys |= {leaf.encryption_key for leaf in added}
        self._signature_keys = {leaf.signature_key for leaf in [*self._members.values(), *added]}
        for index in self._touched & self._members.keys() - {sender.index}:
            self._signature_keys.discard(self._members.pop(index).signature_key)
        self._psks = {body.psk.without_nonce for body in by_value if isinstance(body, PreSharedKey)}
        changed = [body.extensions for body in by_value if isinstance(body, GroupContextExtensions)]
        self._extensions_change = bool(changed)
        self._demands = _Demands.of(changed[0] if changed else state.context.extensions)

    def takes(self, author: Sender, body: Proposal) -> bool:
        """Whether the proposal goes with what was taken before; then it counts as taken."""
        match body:
            case Remove(removed):
                return self._takes_removal(removed)
            case GroupContextExtensions(extensions):
                return self._takes_extensions(extensions)
            case Update(leaf):
                return self._takes_update(author, leaf)
            case Add(key_package):
                return self._takes_leaf(key_package.leaf)
            case PreSharedKey(psk):
                return self._takes_psk(psk)
            case _:
                return False

    def _takes_removal(self, removed: int) -> bool:
        if removed in self._touched or removed not in self._members:
            return False
        self._touched.add(removed)
        self._signature_keys.discard(self._members.pop(removed).signature_key)
        return True

    def _takes_extensions(self, extensions: Sequence[Extension]) -> bool:
        demands = _Demands.of(extensions)
        if self._extensions_change or demands is None or not all(map(demands.met_by, self._members.values())):
            return False
        self._extensions_change, self._demands = True, demands
        return True

    def _takes_update(self, author: Sender, leaf: LeafNode) -> bool:
        old = self._members.get(author.index)
        if author.index in self._touched or old is None:
            return False
        self._signature_keys.discard(old.signature_key)
        if not self._takes_leaf(leaf):
            self._signature_keys.add(old.signature_key)
            return False
        self._touched.add(author.index)
        return True

    def _takes_leaf(self, leaf: LeafNode) -> bool:
        if self._demands is None or not self._demands.met_by(leaf):
            return False
        if leaf.signature_key in self._signature_keys or leaf.encryption_key in self._encryption_keys:
            return False
        self._signature_keys.add(leaf.signature_key)
        self._encryption_keys.add(leaf.encryption_key)
        return True

    def _takes_psk(self, psk: PskId) -> bool:
        if psk.without_nonce in self._psks or not self._has_psk(psk):
            return False
        self._psks.add(psk.without_nonce)
        return True
