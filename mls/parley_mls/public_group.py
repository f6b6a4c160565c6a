"""Following a group without its secrets (RFC 9420 section 12.4.2 as far as a non-member can see).

A follower checks signatures, the tree, parent hashes, proposal lists and the application's hook; it cannot check membership and
confirmation tags nor path secrets. `receive` is also the first half of what a member does with a message.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from parley_mls.codec import DecodeError, Reader, Writer, decode
from parley_mls.errors import (
    CommitError,
    FramingError,
    GroupInfoError,
    ProposalError,
    StateError,
    TreeError,
    WrongEpoch,
)
from parley_mls.extensions import RATCHET_TREE, Extension, check_unique, find_extension
from parley_mls.framing import (
    AuthenticatedContent,
    PublicMessage,
    Sender,
    SenderType,
    interim_transcript,
    next_transcript,
)
from parley_mls.group_context import GroupContext
from parley_mls.group_info import GroupInfo
from parley_mls.leaf_node import LeafNode
from parley_mls.primitives import Primitives
from parley_mls.proposals import Commit, ReInit, proposal_ref, read_proposal, write_proposal
from parley_mls.ratchet_tree import RatchetTree
from parley_mls.transition import (
    PENDING_PROPOSALS_MAX,
    Applied,
    Changes,
    Hook,
    PublicState,
    apply_proposals,
    changes_of,
    check_list,
    check_members,
    check_open,
    check_proposal,
    needs_path,
    resolve_proposals,
)
from parley_mls.treekem import UpdatePath, merge_path
from parley_mls.x25519 import is_acceptable_key

#: Of stored states, members' too. Version 1 knew no re-initialisation.
STATE_VERSION = 2


@dataclass(frozen=True)
class ReceivedCommit:
    """A commit that passed every public check.

    `provisional` is the context under which its path is sealed; `state` is the public state after it.
    """

    authenticated: AuthenticatedContent
    commit: Commit
    applied: Applied
    changes: Changes
    provisional: GroupContext
    state: PublicState


def check_address(state: PublicState, message: PublicMessage) -> AuthenticatedContent:
    """The message's content if it is for this very epoch; `FramingError`, `WrongEpoch` or `CommitError` otherwise."""
    content = message.authenticated.content
    if isinstance(content.body, bytes):
        raise FramingError("application data is never a public message")  # RFC 9420 section 6.2
    if content.group_id != state.context.group_id:
        raise FramingError("the message is for another group")
    if content.epoch != state.context.epoch:
        raise WrongEpoch("the message belongs to another epoch")
    check_open(state)
    return message.authenticated


def handshake_group_id(message: bytes) -> bytes:
    """The group that a PublicMessage names, nothing of it verified; `DecodeError` or `FramingError`."""
    return PublicMessage.from_bytes(message).authenticated.content.group_id


def verify_sender(p: Primitives, state: PublicState, authenticated: AuthenticatedContent) -> None:
    """Raise `FramingError` unless the one who claims to be the sender signed it (RFC 9420 section 6.1)."""
    content = authenticated.content
    match content.sender.type:
        case SenderType.MEMBER:
            leaf = state.tree.leaf(content.sender.index)
        case SenderType.NEW_MEMBER_COMMIT:
            body = content.body
            leaf = body.path.leaf if isinstance(body, Commit) and body.path else None
        case _:
            raise FramingError("senders from outside are refused")
    if leaf is None:
        raise FramingError("there is no such sender")
    if not authenticated.verify(p, leaf.signature_key, state.context.encode()):
        raise FramingError("the signature of the message is wrong")


def receive_proposal(
    p: Primitives, state: PublicState, authenticated: AuthenticatedContent, hook: Hook | None
) -> PublicState:
    """The state with a verified proposal remembered by its reference; `ProposalError` or `PolicyRefused` otherwise."""
    body = authenticated.content.body
    if isinstance(body, Commit | bytes):
        raise FramingError("not a proposal")
    if authenticated.content.sender.type != SenderType.MEMBER:
        raise ProposalError("proposals from outside are refused")
    if len(state.proposals) >= PENDING_PROPOSALS_MAX:
        raise ProposalError("too many proposals wait in this epoch")
    check_proposal(p, state, authenticated.content.sender, body, hook)
    reference = proposal_ref(p, authenticated.encode())
    return replace(state, proposals={**state.proposals, reference: (authenticated.content.sender, body)})


def receive_commit(
    p: Primitives, state: PublicState, authenticated: AuthenticatedContent, hook: Hook | None
) -> ReceivedCommit:
    """Check a verified commit and work out the public state after it; `CommitError` where a rule is broken."""
    commit, sender = authenticated.content.body, authenticated.content.sender
    if not isinstance(commit, Commit):
        raise FramingError("not a commit")
    proposals = resolve_proposals(state, commit, sender)
    check_list(state, proposals, sender)
    if commit.path is None and (needs_path(proposals) or sender.type != SenderType.MEMBER):
        raise CommitError("the commit lacks a path")
    applied = apply_proposals(p, state, proposals, sender, hook)
    tree = applied.tree
    if commit.path is not None:
        tree = _merge_committer(p, state, applied, sender, commit)
        if hook:
            hook.check_leaf(commit.path.leaf)
    check_members(tree, applied.extensions)
    changes = changes_of(state, applied, sender, commit.path.leaf if commit.path else None)
    if hook:
        hook.check_commit(state, changes)
    provisional = replace(
        state.context, epoch=state.context.epoch + 1, tree_hash=tree.tree_hash(p), extensions=applied.extensions
    )
    after = close_epoch(p, state, tree, provisional, authenticated, applied.reinit)
    return ReceivedCommit(authenticated, commit, applied, changes, provisional, after)


def close_epoch(
    p: Primitives,
    state: PublicState,
    tree: RatchetTree,
    provisional: GroupContext,
    commit: AuthenticatedContent,
    reinit: ReInit | None,
) -> PublicState:
    """The public state after a commit, both transcript hashes moved on (RFC 9420 section 8.2)."""
    confirmed = next_transcript(p, state.interim_transcript_hash, commit)
    context = replace(provisional, confirmed_transcript_hash=confirmed)
    interim = interim_transcript(p, confirmed, commit.confirmation_tag)
    return PublicState(context, tree, interim, reinit=reinit)


def _merge_committer(
    p: Primitives, state: PublicState, applied: Applied, sender: Sender, commit: Commit
) -> RatchetTree:
    path = commit.path
    if path is None:
        raise CommitError("the commit lacks a path")
    _check_fresh_keys(state, applied, sender, path)
    if sender.type == SenderType.NEW_MEMBER_COMMIT:
        applied.committer = applied.tree.add(path.leaf)
    try:
        path.leaf.check()
    except TreeError as error:
        raise CommitError(str(error)) from error
    if not path.leaf.verify(p, group_id=state.context.group_id, leaf_index=applied.committer):
        raise CommitError("the signature of the committer's leaf is wrong")
    return merge_path(p, applied.tree, applied.committer, path, [index for index, _ in applied.added])


def _check_fresh_keys(state: PublicState, applied: Applied, sender: Sender, path: UpdatePath) -> None:
    """Raise `CommitError` unless a path's keys are new (RFC 9420 section 12.4.2).

    Neither the committer's leaf before, nor for a joiner that which it replaces (section 12.2), nor any node of the tree after the
    proposals may have one of them.
    """
    replaced = [leaf for _, leaf in applied.removed] if sender.type == SenderType.NEW_MEMBER_COMMIT else []
    own = state.tree.leaf(sender.index) if sender.type == SenderType.MEMBER else None
    known = {node.encryption_key for node in applied.tree.filled()} | {leaf.encryption_key for leaf in replaced}
    if path.leaf.encryption_key in known or (own is not None and own.encryption_key == path.leaf.encryption_key):
        raise CommitError("the path brings no fresh key")
    for node in path.nodes:
        if node.encryption_key in known:
            raise CommitError("the path uses a key of the tree again")
        if not is_acceptable_key(node.encryption_key):
            raise CommitError("a key of the path is not one of this suite")


class GroupView:
    """What members and followers can read of a group alike."""

    public: PublicState

    @property
    def group_id(self) -> bytes:
        """The group's id."""
        return self.public.context.group_id

    @property
    def epoch(self) -> int:
        """The epoch, from 0 up."""
        return self.public.context.epoch

    @property
    def extensions(self) -> tuple[Extension, ...]:
        """The GroupContext's extensions."""
        return self.public.context.extensions

    @property
    def tree_hash(self) -> bytes:
        """The hash of the ratchet tree."""
        return self.public.context.tree_hash

    @property
    def confirmed_transcript_hash(self) -> bytes:
        """The hash over all commits so far."""
        return self.public.context.confirmed_transcript_hash

    @property
    def interim_transcript_hash(self) -> bytes:
        """The same with the last confirmation tag."""
        return self.public.interim_transcript_hash

    def members(self) -> list[tuple[int, LeafNode]]:
        """All members by leaf index."""
        return self.public.tree.members()


@dataclass(frozen=True)
class PublicGroup(GroupView):
    """A group as a follower knows it; an immutable value."""

    public: PublicState

    @classmethod
    def from_group_info(cls, p: Primitives, group_info: bytes, *, ratchet_tree: bytes | None = None) -> PublicGroup:
        """Begin to follow at a GroupInfo, wholly verified; `GroupInfoError` or `TreeError` otherwise."""
        info = GroupInfo.from_bytes(group_info)
        tree = info.verified_tree(p, ratchet_tree)
        interim = interim_transcript(p, info.context.confirmed_transcript_hash, info.confirmation_tag)
        return cls(PublicState(info.context, tree, interim))

    def process(
        self, p: Primitives, message: bytes, *, hook: Hook | None = None
    ) -> PublicProposalProcessed | PublicCommitProcessed:
        """Follow one handshake; raises `FramingError`, `ProposalError`, `CommitError` or `WrongEpoch`."""
        authenticated = check_address(self.public, PublicMessage.from_bytes(message))
        verify_sender(p, self.public, authenticated)
        if not isinstance(authenticated.content.body, Commit):
            return PublicProposalProcessed(PublicGroup(receive_proposal(p, self.public, authenticated, hook)))
        received = receive_commit(p, self.public, authenticated, hook)
        return PublicCommitProcessed(PublicGroup(received.state), received.changes)

    def check_group_info(self, p: Primitives, group_info: bytes) -> None:
        """Raise `GroupInfoError` unless the GroupInfo describes this very epoch and a member signed it."""
        info = GroupInfo.from_bytes(group_info)
        if info.context != self.public.context:
            raise GroupInfoError("the GroupInfo describes another epoch")
        interim = interim_transcript(p, info.context.confirmed_transcript_hash, info.confirmation_tag)
        if self.epoch > 0 and interim != self.public.interim_transcript_hash:
            raise GroupInfoError("the confirmation tag is not that of the commit")
        info.external_public()
        # The followed tree was verified change by change: the same bytes need no second look.
        if find_extension(info.extensions, RATCHET_TREE) != self.public.tree.encode():
            raise GroupInfoError("the tree is another")
        check_unique(info.extensions, GroupInfoError)
        info.check_signature(p, self.public.tree)

    def to_bytes(self) -> bytes:
        """For a cache: nothing in it is secret."""
        writer = Writer().uint8(STATE_VERSION)
        write_public_state(writer, self.public)
        return writer.finish()

    @classmethod
    def from_bytes(cls, stored: bytes) -> PublicGroup:
        """What `to_bytes` gave; `StateError` on damage."""

        def read(reader: Reader) -> PublicGroup:
            return cls(read_public_state(reader, reader.uint8()))

        try:
            return decode(stored, read)
        except DecodeError as error:
            raise StateError("the stored group is damaged") from error


@dataclass(frozen=True)
class PublicProposalProcessed:
    """A proposal was remembered."""

    group: PublicGroup


@dataclass(frozen=True)
class PublicCommitProcessed:
    """A commit was followed into the next epoch."""

    group: PublicGroup
    changes: Changes


def write_public_state(writer: Writer, state: PublicState) -> None:
    """Append a public state."""

    def write_sent(inner: Writer, item: tuple[bytes, tuple[Sender, object]]) -> None:
        reference, (sender, proposal) = item
        sender.write(inner.opaque(reference))
        write_proposal(inner, proposal)  # type: ignore[arg-type] # the mapping holds proposals only

    writer.opaque(state.context.encode()).opaque(state.tree.encode()).opaque(state.interim_transcript_hash)
    writer.vector(state.proposals.items(), write_sent).optional(state.reinit, write_proposal)


def read_public_state(reader: Reader, version: int) -> PublicState:
    """What `write_public_state` of that version appended."""
    if version not in {1, STATE_VERSION}:
        raise DecodeError("unknown version")
    context = decode(reader.opaque(), GroupContext.read)
    tree = decode(reader.opaque(), RatchetTree.read)
    interim = reader.opaque()
    sent = reader.vector(lambda r: (r.opaque(), (Sender.read(r), read_proposal(r))))
    reinit = reader.optional(_read_reinit) if version > 1 else None
    return PublicState(context, tree, interim, dict(sent), reinit)


def _read_reinit(reader: Reader) -> ReInit:
    proposal = read_proposal(reader)
    if not isinstance(proposal, ReInit):
        raise DecodeError("not a re-initialisation")
    return proposal
