"""Groups that follow from others: branches and re-initialisations, as a newcomer checks them (RFC 9420 sections 11.2, 11.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from parley_mls.errors import WelcomeError
from parley_mls.group_context import GroupContext
from parley_mls.leaf_node import LeafNode
from parley_mls.proposals import ReInit
from parley_mls.psk import PskId, ResumptionUsage
from parley_mls.ratchet_tree import RatchetTree
from parley_mls.suite import MLS_10, SUITE
from parley_mls.transition import PublicState

#: Whether two leaves are one client's, by the application's word; the older one comes first.
SameClient = Callable[[LeafNode, LeafNode], bool]


def same_credential(before: LeafNode, after: LeafNode) -> bool:
    """Two leaves are one client's where their credentials are equal."""
    return before.credential == after.credential


@dataclass(frozen=True)
class Predecessor:
    """The group that another follows from, in the very epoch that the link names."""

    state: PublicState
    resumption_psk: bytes
    same_client: SameClient

    @property
    def resumption_psks(self) -> Mapping[tuple[bytes, int], bytes]:
        """The one PSK that may link to it, by group id and epoch."""
        return {(self.state.context.group_id, self.state.context.epoch): self.resumption_psk}


def check_successor(
    context: GroupContext, tree: RatchetTree, psks: Sequence[PskId], predecessor: Predecessor | None
) -> None:
    """Raise `WelcomeError` unless a group that says that it follows from another does so.

    Where no PSK links it to one, and none is expected, there is nothing to check; that there is one at most was checked when the Welcome was opened.
    """
    link = next((psk for psk in psks if psk.links_groups), None)
    if link is None and predecessor is not None:
        raise WelcomeError("the group does not follow from the one that it should")
    if link is None:
        return
    if predecessor is None:
        raise WelcomeError("the group that this one follows from is not at hand")
    if context.epoch != 1:
        raise WelcomeError("a group that follows from another is joined in epoch 1")
    if link.usage == ResumptionUsage.REINIT:
        _check_reinitialised(context, tree, predecessor)
    elif not _covers(predecessor.state.tree, tree, predecessor.same_client):
        raise WelcomeError("a member of the branch is not one of the group")


def _check_reinitialised(context: GroupContext, tree: RatchetTree, predecessor: Predecessor) -> None:
    reinit = predecessor.state.reinit
    if reinit is None:
        raise WelcomeError("the group was not re-initialised")
    if reinit != ReInit(context.group_id, MLS_10, SUITE, context.extensions):
        raise WelcomeError("the new group is not the one that was announced")
    before, same = predecessor.state.tree, predecessor.same_client
    if not (_covers(before, tree, same) and _covers(tree, before, lambda new, old: same(old, new))):
        raise WelcomeError("the new group has other members")


def _covers(wider: RatchetTree, narrower: RatchetTree, same: SameClient) -> bool:
    """Whether each member of `narrower` is one of `wider`."""
    return all(any(same(known, leaf) for _, known in wider.members()) for _, leaf in narrower.members())
