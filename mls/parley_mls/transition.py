"""What a list of proposals does to a group (RFC 9420 sections 12.1 to 12.3): the rules, and the tree after it.

Everything here is public: members and followers without secrets go through the same checks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from parley_mls.errors import CommitError, CryptoError, KeyPackageError, ProposalError, TreeError
from parley_mls.extensions import Extension, check_unique
from parley_mls.framing import Sender, SenderType
from parley_mls.group_context import GroupContext
from parley_mls.leaf_node import LeafNode, LeafNodeSource
from parley_mls.primitives import Primitives
from parley_mls.proposals import (
    Add,
    Commit,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ReInit,
    Remove,
    Update,
)
from parley_mls.psk import PskId, ResumptionUsage, psk_ids_fault
from parley_mls.ratchet_tree import RatchetTree
from parley_mls.suite import MLS_10
from parley_mls.tree_validation import check_leaves_together

Sent = tuple[Sender, Proposal]

#: The last epoch that the wire has a number for.
EPOCH_MAX = 2**64 - 1
#: How many proposals one commit may hold, and how many sent by reference a member keeps in an epoch.
COMMIT_PROPOSALS_MAX = 4096
PENDING_PROPOSALS_MAX = 1024
_LINK_ELSEWHERE = "branches and re-initialisations begin in a group of their own"


@dataclass(frozen=True)
class PublicState:
    """A group in one epoch as everyone sees it; `proposals` are those sent by reference, by their ProposalRef.

    `reinit` is what ended the group, where its last commit was one to re-initialise it (RFC 9420 section 11.2).
    """

    context: GroupContext
    tree: RatchetTree
    interim_transcript_hash: bytes
    proposals: Mapping[bytes, Sent] = field(default_factory=dict)
    reinit: ReInit | None = None


@dataclass(frozen=True)
class Changes:
    """What a commit changed. `committer` is None for an external commit, whose new leaf is then at `external`."""

    committer: int | None
    external: int | None
    added: list[tuple[int, LeafNode]]
    removed: list[tuple[int, LeafNode]]
    updated: list[tuple[int, LeafNode, LeafNode]]
    extensions_before: tuple[Extension, ...]
    extensions_after: tuple[Extension, ...]
    self_removed: bool = False
    reinit: ReInit | None = None
    psks: tuple[PskId, ...] = ()

    def resumes(self, group_id: bytes) -> bool:
        """Whether the commit mixes in the resumption PSK of an earlier epoch of this very group."""
        return any(psk.usage == ResumptionUsage.APPLICATION and psk.group_id == group_id for psk in self.psks)


class Hook(Protocol):
    """The application's word on credentials and commits; both raise `PolicyRefused` to refuse."""

    def check_leaf(self, leaf: LeafNode) -> None:
        """Called for each new or replaced leaf."""
        ...

    def check_commit(self, before: PublicState, changes: Changes) -> None:
        """Called before a commit is accepted, ours included."""
        ...


@dataclass
class Applied:
    """The tree and extensions after the proposals, before the path; `committer` is the committer's leaf index."""

    tree: RatchetTree
    extensions: tuple[Extension, ...]
    committer: int = 0
    added: list[tuple[int, Add]] = field(default_factory=list)
    removed: list[tuple[int, LeafNode]] = field(default_factory=list)
    updated: list[tuple[int, LeafNode, LeafNode]] = field(default_factory=list)
    psks: list[PskId] = field(default_factory=list)
    kem_output: bytes | None = None
    reinit: ReInit | None = None


def resolve_proposals(state: PublicState, commit: Commit, sender: Sender) -> list[Sent]:
    """The commit's proposals with their senders; `CommitError` where a reference is unknown (section 12.4.2)."""
    resolved: list[Sent] = []
    for item in commit.proposals:
        if not isinstance(item, bytes):
            resolved.append((sender, item))
        elif item in state.proposals:
            resolved.append(state.proposals[item])
        else:
            raise CommitError("the commit names an unknown proposal")
    return resolved


def check_open(state: PublicState) -> None:
    """Raise `CommitError` where nothing may be said in the group any more (RFC 9420 section 12.4.2)."""
    if state.reinit is not None:
        raise CommitError("the group was re-initialised")
    if state.context.epoch == EPOCH_MAX:
        raise CommitError("there is no further epoch")


def check_list(state: PublicState, proposals: Sequence[Sent], sender: Sender) -> None:
    """Raise `CommitError` where the list breaks RFC 9420 section 12.2."""
    bodies = [proposal for _, proposal in proposals]
    if len(bodies) > COMMIT_PROPOSALS_MAX:
        raise CommitError("a commit has too many proposals")
    if len(bodies) > 1 and any(isinstance(body, ReInit) for body in bodies):
        raise CommitError("a re-initialisation stands beside other proposals")
    _check_psks(state, sender, [body.psk for body in bodies if isinstance(body, PreSharedKey)])
    if sum(isinstance(body, GroupContextExtensions) for body in bodies) > 1:
        raise CommitError("the extensions change twice")
    if sender.type == SenderType.NEW_MEMBER_COMMIT:
        _check_external_list(proposals, sender)
        return
    _check_member_list(proposals, sender)


def _check_psks(state: PublicState, sender: Sender, psks: Sequence[PskId]) -> None:
    fault = psk_ids_fault(psks)
    if fault is not None:
        raise CommitError(fault)
    # Alone in epoch 0 is a group's maker: there, and nowhere else, a group begins as another's successor.
    begins = state.context.epoch == 0 and sender.type == SenderType.MEMBER and len(state.tree.members()) == 1
    if not begins and any(psk.links_groups for psk in psks):
        raise CommitError(_LINK_ELSEWHERE)


def _check_member_list(proposals: Sequence[Sent], sender: Sender) -> None:
    touched = []
    for author, body in proposals:
        if isinstance(body, Update):
            if author == sender or author.type != SenderType.MEMBER:
                raise CommitError("a committer's own update is its path")
            touched.append(author.index)
        elif isinstance(body, ExternalInit):
            raise CommitError("only an external commit has an external init")
        elif isinstance(body, Remove):
            if body.removed == sender.index:
                raise CommitError("a committer cannot remove itself")
            touched.append(body.removed)
    if len(set(touched)) != len(touched):
        raise CommitError("a leaf is updated or removed twice")


def _check_external_list(proposals: Sequence[Sent], sender: Sender) -> None:
    bodies = [proposal for _, proposal in proposals]
    if sum(isinstance(body, ExternalInit) for body in bodies) != 1:
        raise CommitError("an external commit has exactly one external init")
    if sum(isinstance(body, Remove) for body in bodies) > 1:
        raise CommitError("an external commit removes at most one leaf")
    if not all(isinstance(body, ExternalInit | Remove | PreSharedKey) for body in bodies):
        raise CommitError("an external commit holds a proposal that only members may make")
    if any(author != sender for author, _ in proposals):
        raise CommitError("an external commit holds its proposals by value")


def apply_proposals(
    p: Primitives, state: PublicState, proposals: Sequence[Sent], sender: Sender, hook: Hook | None
) -> Applied:
    """Apply a checked list in the order of RFC 9420 section 12.3; `CommitError` where one proposal is not valid."""
    applied = Applied(state.tree.copy(), state.context.extensions, committer=sender.index)
    order = (GroupContextExtensions, Update, Remove, Add, PreSharedKey, ExternalInit, ReInit)
    try:
        for kind in order:
            for author, body in proposals:
                if isinstance(body, kind):
                    _apply_one(p, state, applied, author, body, hook)
    except (TreeError, KeyPackageError, ProposalError) as error:
        raise CommitError(str(error)) from error
    return applied


def _apply_one(
    p: Primitives, state: PublicState, applied: Applied, author: Sender, proposal: Proposal, hook: Hook | None
) -> None:
    match proposal:
        case GroupContextExtensions(extensions):
            check_unique(extensions, CommitError)
            applied.extensions = extensions
        case Update(leaf):
            _apply_update(p, state, applied, author.index, leaf, hook)
        case Remove(removed):
            _apply_remove(applied, removed)
        case Add():
            _apply_add(p, applied, proposal, hook)
        case PreSharedKey(psk):
            applied.psks.append(psk)
        case ExternalInit(kem_output):
            applied.kem_output = kem_output
        case ReInit():
            _check_reinit(proposal)
            applied.reinit = proposal


def _check_reinit(reinit: ReInit) -> None:
    check_unique(reinit.extensions, ProposalError)
    if reinit.version < MLS_10:
        raise ProposalError("a re-initialisation goes back to an older version")


def check_proposal(  # noqa: C901 - one case a type
    p: Primitives, state: PublicState, sender: Sender, proposal: Proposal, hook: Hook | None
) -> None:
    """Raise `ProposalError` where a proposal by reference could never be committed (RFC 9420 section 12.1).

    A new leaf is shown to the hook at once (section 5.3.1).
    """
    try:
        match proposal:
            case Add(key_package):
                key_package.validate(p)
                _show(hook, key_package.leaf)
            case Update(leaf):
                check_update_leaf(p, state, sender.index, leaf)
                _show(hook, leaf)
            case Remove(removed):
                if state.tree.leaf(removed) is None:
                    raise ProposalError("there is no such member to remove")
            case PreSharedKey(psk):
                fault = _LINK_ELSEWHERE if psk.links_groups else psk_ids_fault([psk])
                if fault is not None:
                    raise ProposalError(fault)
            case ExternalInit():
                raise ProposalError("an external init is never sent by reference")
            case ReInit():
                _check_reinit(proposal)
            case GroupContextExtensions(extensions):
                check_unique(extensions, ProposalError)
    except (TreeError, KeyPackageError, CryptoError) as error:
        raise ProposalError(str(error)) from error


def _show(hook: Hook | None, leaf: LeafNode) -> None:
    if hook:
        hook.check_leaf(leaf)


def check_update_leaf(p: Primitives, state: PublicState, leaf_index: int, leaf: LeafNode) -> None:
    """Raise `TreeError` unless a leaf may replace the one at `leaf_index` by an Update (RFC 9420 section 7.3)."""
    old = state.tree.leaf(leaf_index)
    if old is None or leaf.source != LeafNodeSource.UPDATE or leaf.encryption_key == old.encryption_key:
        raise TreeError("the leaf is no update of a member's")
    leaf.check()
    if not leaf.verify(p, group_id=state.context.group_id, leaf_index=leaf_index):
        raise TreeError("the signature of an updated leaf is wrong")


def _apply_update(
    p: Primitives, state: PublicState, applied: Applied, leaf_index: int, leaf: LeafNode, hook: Hook | None
) -> None:
    check_update_leaf(p, state, leaf_index, leaf)
    old = applied.tree.leaf(leaf_index)
    if old is None:
        raise TreeError("there is no such member to update")
    _show(hook, leaf)
    applied.tree.update(leaf_index, leaf)
    applied.updated.append((leaf_index, old, leaf))


def _apply_remove(applied: Applied, leaf_index: int) -> None:
    leaf = applied.tree.leaf(leaf_index)
    if leaf is None:
        raise ProposalError("there is no such member to remove")
    applied.tree.remove(leaf_index)
    applied.removed.append((leaf_index, leaf))


def _apply_add(p: Primitives, applied: Applied, add: Add, hook: Hook | None) -> None:
    add.key_package.validate(p)
    _show(hook, add.key_package.leaf)
    applied.added.append((applied.tree.add(add.key_package.leaf), add))


def needs_path(proposals: Sequence[Sent]) -> bool:
    """Whether a commit of these must have a path (RFC 9420 section 12.4)."""
    return not proposals or not all(isinstance(body, Add | PreSharedKey | ReInit) for _, body in proposals)


def check_members(tree: RatchetTree, extensions: Sequence[Extension]) -> None:
    """Raise `CommitError` where the members after a commit do not fit together (RFC 9420 sections 7.3 and 12.1.7)."""
    try:
        check_leaves_together(tree, extensions)
    except TreeError as error:
        raise CommitError(str(error)) from error


def changes_of(state: PublicState, applied: Applied, sender: Sender, path_leaf: LeafNode | None) -> Changes:
    """The changes as the application sees them."""
    external = sender.type == SenderType.NEW_MEMBER_COMMIT
    added = [(index, add.key_package.leaf) for index, add in applied.added]
    updated = list(applied.updated)
    if path_leaf is not None and external:
        added.append((applied.committer, path_leaf))
    elif path_leaf is not None:
        old = state.tree.leaf(applied.committer)
        if old is not None:
            updated.append((applied.committer, old, path_leaf))
    return Changes(
        committer=None if external else applied.committer,
        external=applied.committer if external else None,
        added=added,
        removed=applied.removed,
        updated=updated,
        extensions_before=state.context.extensions,
        extensions_after=applied.extensions,
        reinit=applied.reinit,
        psks=tuple(applied.psks),
    )
