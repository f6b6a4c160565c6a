"""A member of a group: create, join, commit, propose, process, export (RFC 9420 sections 11 and 12).

A `Group` is a value. Every operation returns a new one and leaves the old one usable, so that a client keeps its state until the
server has accepted its commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from parley_mls.advancing import advance
from parley_mls.committing import CommitDraft, group_info_of, make_commit
from parley_mls.errors import CommitError, CryptoError, GroupInfoError
from parley_mls.extensions import Extension, supported_types, with_required
from parley_mls.founding import NO_LIFETIME, found_state
from parley_mls.framing import (
    FramedContent,
    PublicMessage,
    Sender,
    SenderType,
    interim_transcript,
    protect_public,
    sign_content,
)
from parley_mls.group_info import GroupInfo
from parley_mls.joining import Joining
from parley_mls.key_package import KeyPackage, KeyPackageBundle, new_leaf
from parley_mls.key_schedule import exporter, external_init_for
from parley_mls.leaf_node import LeafNode, LeafNodeSource
from parley_mls.member_state import MemberState, decode_member_state
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
from parley_mls.psk import PskId, PskType, ResumptionUsage
from parley_mls.public_group import (
    GroupView,
    PublicGroup,
    check_address,
    receive_commit,
    receive_proposal,
    verify_sender,
)
from parley_mls.selecting import choose_pending
from parley_mls.succession import Predecessor, SameClient, same_credential
from parley_mls.suite import SIZES
from parley_mls.transition import Changes, Hook, PublicState, check_open
from parley_mls.welcome import psk_lookup
from parley_mls.wire import WireFormat


@dataclass(frozen=True)
class CommitResult:
    """A commit to be sent, and the state to enter once it is accepted. `commit` and `group_info` are MLSMessages."""

    commit: bytes
    welcome: bytes | None
    group_info: bytes
    group: Group
    changes: Changes


@dataclass(frozen=True)
class ProposalResult:
    """A proposal to be sent, and the state that remembers it."""

    message: bytes
    group: Group


@dataclass(frozen=True)
class ProposalProcessed:
    """A proposal was remembered."""

    group: Group


@dataclass(frozen=True)
class CommitProcessed:
    """A commit was applied; where it removed us, `group` is the old state and `changes.self_removed` is set."""

    group: Group
    changes: Changes


class Group(GroupView):
    """One member's view of a group in one epoch."""

    __slots__ = ("_state",)

    def __init__(self, state: MemberState) -> None:
        self._state = state

    # -- beginning ---------------------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        p: Primitives,
        *,
        group_id: bytes,
        identity: bytes,
        signature_seed: bytes,
        extensions: Sequence[Extension] = (),
        leaf_extensions: Sequence[Extension] = (),
    ) -> Group:
        """A new group of one, in epoch 0 (RFC 9420 section 11); private-use extensions become required."""
        return cls(
            found_state(
                p,
                group_id=group_id,
                identity=identity,
                signature_seed=signature_seed,
                extensions=with_required(extensions),
                leaf_extensions=leaf_extensions,
            )
        )

    @classmethod
    def join(
        cls,
        p: Primitives,
        welcome: bytes,
        bundle: KeyPackageBundle,
        signature_seed: bytes,
        *,
        ratchet_tree: bytes | None = None,
        psks: Mapping[bytes, bytes] | None = None,
        predecessor: Predecessor | None = None,
        hook: Hook | None = None,
    ) -> Group:
        """Join by a Welcome (RFC 9420 section 12.4.3.1); raises `WelcomeError`.

        `psks` are external PSKs by id. `predecessor` is what a branch or a re-initialised group follows from. That the group's id is
        not one of ours already is the caller's to check.
        """
        begun = Joining.begin(
            p, welcome, bundle, signature_seed, ratchet_tree=ratchet_tree, psks=psks, predecessor=predecessor
        )
        return cls.joined(p, begun, hook=hook)

    @classmethod
    def joined(cls, p: Primitives, begun: Joining, *, hook: Hook | None = None) -> Group:
        """The second half of `join`, for those who have its signatures checked in between; raises `WelcomeError`."""
        return cls(begun.finish(p, hook))

    @classmethod
    def join_external(
        cls,
        p: Primitives,
        group_info: bytes,
        *,
        identity: bytes,
        signature_seed: bytes,
        extension_types: Sequence[int] = (),
        ratchet_tree: bytes | None = None,
        remove_prior: int | None = None,
        psks: Sequence[tuple[PskId, bytes]] = (),
        hook: Hook | None = None,
        group_info_extensions: Sequence[Extension] = (),
        leaf_extensions: Sequence[Extension] = (),
        earlier: Group | None = None,
    ) -> CommitResult:
        """Enter by an external commit (RFC 9420 section 12.4.3.2); raises `GroupInfoError`, `TreeError` or `CommitError`.

        `extension_types` are those that the client understands beyond the RFC's own; a group that uses others is refused. `earlier`
        is our state of an earlier epoch of this very group, whose resumption PSKs we keep.
        """
        info = GroupInfo.from_bytes(group_info)
        tree = info.verified_tree(p, ratchet_tree)
        kem_output, init_secret = _outside_init(p, info, extension_types)
        for _, member in tree.members() if hook else ():
            hook.check_leaf(member)  # type: ignore[union-attr] # the loop is empty without a hook
        interim = interim_transcript(p, info.context.confirmed_transcript_hash, info.confirmation_tag)
        leaf, _ = new_leaf(
            p,
            identity=identity,
            signature_seed=signature_seed,
            lifetime=NO_LIFETIME,
            extension_types=extension_types,
            extensions=leaf_extensions,
        )
        proposals: list[Proposal] = [ExternalInit(kem_output)]
        proposals += [Remove(remove_prior)] if remove_prior is not None else []
        proposals += [PreSharedKey(psk_id) for psk_id, _ in psks]
        sender = Sender(SenderType.NEW_MEMBER_COMMIT)
        draft = CommitDraft(
            state=PublicState(info.context, tree, interim),
            sender=sender,
            signature_seed=signature_seed,
            items=tuple(proposals),
            proposals=tuple((sender, proposal) for proposal in proposals),
            leaf=leaf,
            init_secret=init_secret,
            membership_key=b"",
            psks=psks,
            resumption_psks=earlier.resumption_psks if earlier is not None else {},
            info_extensions=tuple(group_info_extensions),
        )
        return _result(p, draft, hook)

    # -- reading -----------------------------------------------------------------------------------------------------

    @property
    def public(self) -> PublicState:  # type: ignore[override] # read-only here
        """The public half."""
        return self._state.public

    @property
    def own_index(self) -> int:
        """Our leaf index."""
        return self._state.own_index

    @property
    def epoch_authenticator(self) -> bytes:
        """A value by which members see that they agree (RFC 9420 section 8.7)."""
        return self._state.secrets.epoch_authenticator

    @property
    def resumption_psk(self) -> bytes:
        """This epoch's resumption PSK (RFC 9420 section 8.6)."""
        return self._state.secrets.resumption_psk

    @property
    def resumption_psks(self) -> Mapping[int, bytes]:
        """The resumption PSKs at hand, by epoch of this group: the last of them."""
        return self._state.resumption_psks

    @property
    def join_group_info_extensions(self) -> tuple[Extension, ...]:
        """The extensions of the GroupInfo by which we joined; gone once the state was stored and read again."""
        return self._state.join_group_info_extensions

    def export(self, p: Primitives, label: str, context: bytes, length: int) -> bytes:
        """MLS-Exporter (RFC 9420 section 8.5); `length` in bytes."""
        return exporter(p, self._state.secrets.exporter, label, context, length)

    def group_info(self, p: Primitives, extensions: Sequence[Extension] = ()) -> bytes:
        """A signed GroupInfo of this epoch, as an MLSMessage."""
        return group_info_of(p, self._state, tuple(extensions)).to_bytes()

    def as_predecessor(self, same_client: SameClient = same_credential) -> Predecessor:
        """What a group that follows from this one, in this epoch, is joined with; `same_client` is the application's word."""
        return Predecessor(self.public, self.resumption_psk, same_client)

    def as_predecessor_at(self, epoch: int, same_client: SameClient) -> Predecessor | None:
        """The same of one of the last epochs, whose PSK is still at hand; `same_client` says as well who belonged then.

        The members are today's, so a branch of an earlier epoch brings back nobody who was removed since.
        """
        psk = self.resumption_psks.get(epoch)
        if psk is None:
            return None
        context = replace(self.public.context, epoch=epoch)
        return Predecessor(replace(self.public, context=context), psk, same_client)

    def resumption_psk_id(self, p: Primitives) -> PskId:
        """A fresh name for this epoch's resumption PSK, to be mixed into a commit of this group."""
        nonce = p.random(SIZES.hash)
        return PskId(
            PskType.RESUMPTION, nonce, usage=ResumptionUsage.APPLICATION, group_id=self.group_id, epoch=self.epoch
        )

    def follower(self) -> PublicGroup:
        """The same group without its secrets."""
        return PublicGroup(self._state.public)

    def to_bytes(self) -> bytes:
        """The whole secret state for the device's store; deterministic."""
        return self._state.encode()

    @classmethod
    def from_bytes(cls, stored: bytes) -> Group:
        """What `to_bytes` gave; `StateError` on damage."""
        return cls(decode_member_state(stored))

    # -- speaking ----------------------------------------------------------------------------------------------------

    def propose_add(self, p: Primitives, key_package: KeyPackage) -> ProposalResult:
        """Propose to add a member."""
        return self._propose(p, Add(key_package), {})

    def propose_remove(self, p: Primitives, leaf_index: int) -> ProposalResult:
        """Propose to remove a member."""
        return self._propose(p, Remove(leaf_index), {})

    def propose_update(self, p: Primitives) -> ProposalResult:
        """Propose a fresh leaf of our own."""
        private = p.random(32)
        leaf = replace(
            self._own_leaf(),
            encryption_key=p.x25519_public(private),
            source=LeafNodeSource.UPDATE,
            lifetime=None,
            parent_hash=b"",
        ).sign(p, self._state.signature_seed, group_id=self.group_id, leaf_index=self.own_index)
        return self._propose(p, Update(leaf), {leaf.encryption_key: private})

    def propose_psk(self, p: Primitives, psk: PskId) -> ProposalResult:
        """Propose to mix in a pre-shared key that every member has."""
        return self._propose(p, PreSharedKey(psk), {})

    def propose_extensions(self, p: Primitives, extensions: Sequence[Extension]) -> ProposalResult:
        """Propose other extensions of the group; private-use ones become required, as at the beginning."""
        return self._propose(p, GroupContextExtensions(with_required(extensions)), {})

    def propose_reinit(self, p: Primitives, reinit: ReInit) -> ProposalResult:
        """Propose to end the group in favour of one with these parameters (RFC 9420 section 12.1.5)."""
        return self._propose(p, reinit, {})

    def _propose(self, p: Primitives, proposal: Proposal, pending: Mapping[bytes, bytes]) -> ProposalResult:
        state = self._state
        check_open(state.public)
        context = self.public.context.encode()
        content = FramedContent(self.group_id, self.epoch, self._sender(), b"", proposal)
        signed = sign_content(p, WireFormat.PUBLIC_MESSAGE, content, state.signature_seed, context)
        message = protect_public(p, signed, state.secrets.membership, context)
        public = receive_proposal(p, state.public, signed, None)
        updates = {**state.pending_updates, **pending}
        return ProposalResult(message.to_bytes(), Group(replace(state, public=public, pending_updates=updates)))

    def commit(
        self,
        p: Primitives,
        *,
        add: Sequence[KeyPackage] = (),
        remove: Sequence[int] = (),
        extensions: Sequence[Extension] | None = None,
        psks: Sequence[tuple[PskId, bytes]] = (),
        known_psks: Mapping[bytes, bytes] | None = None,
        hook: Hook | None = None,
        group_info_extensions: Sequence[Extension] = (),
        leaf_extensions: Sequence[Extension] | None = None,
        identity: bytes | None = None,
    ) -> CommitResult:
        """Commit these changes and those of the proposals sent by reference before that go with them; raises `CommitError`.

        `extensions` replace all of the group's; private-use ones become required, as at the beginning. `leaf_extensions`
        replace all of our own leaf's, `identity` its credential. `known_psks` are external PSKs by id, for proposals that name them; resumption PSKs of the
        last epochs are at hand.
        """
        sender = self._sender()
        by_value: list[Proposal] = []
        if extensions is not None:
            by_value.append(GroupContextExtensions(with_required(extensions)))
        by_value += [Remove(index) for index in remove]
        by_value += [Add(package) for package in add]
        by_value += [PreSharedKey(psk_id) for psk_id, _ in psks]
        find_psk = psk_lookup(known_psks or {}, self._state.known_resumption_psks)
        referred = choose_pending(self.public, sender, by_value, lambda psk: find_psk(psk) is not None)
        taken_up = [body.psk for _, body in referred.values() if isinstance(body, PreSharedKey)]
        leaf = self._own_leaf() if leaf_extensions is None else self._own_leaf().with_extensions(leaf_extensions)
        draft = CommitDraft(
            state=self.public,
            sender=sender,
            signature_seed=self._state.signature_seed,
            items=(*referred, *by_value),
            proposals=(*referred.values(), *((sender, proposal) for proposal in by_value)),
            leaf=leaf if identity is None else leaf.with_identity(identity),
            init_secret=self._state.secrets.init,
            membership_key=self._state.secrets.membership,
            psks=[*((psk, find_psk(psk) or b"") for psk in taken_up), *psks],
            resumption_psks=self._state.resumption_psks,
            info_extensions=tuple(group_info_extensions),
        )
        return _result(p, draft, hook)

    def commit_reinit(self, p: Primitives, reinit: ReInit, *, hook: Hook | None = None) -> CommitResult:
        """End the group in favour of one with these parameters (RFC 9420 section 11.2); raises `CommitError`.

        What was proposed so before is taken up by reference. The group after it says nothing more: `linking` makes its successor.
        """
        sender = self._sender()
        waiting = [(ref, sent) for ref, sent in self.public.proposals.items() if sent[1] == reinit]
        item, proposal = waiting[0] if waiting else (reinit, (sender, reinit))
        draft = CommitDraft(
            state=self.public,
            sender=sender,
            signature_seed=self._state.signature_seed,
            items=(item,),
            proposals=(proposal,),
            leaf=self._own_leaf(),
            init_secret=self._state.secrets.init,
            membership_key=self._state.secrets.membership,
            resumption_psks=self._state.resumption_psks,
        )
        return _result(p, draft, hook)

    # -- listening ---------------------------------------------------------------------------------------------------

    def process(
        self, p: Primitives, message: bytes, *, hook: Hook | None = None, psks: Mapping[bytes, bytes] | None = None
    ) -> ProposalProcessed | CommitProcessed:
        """Apply one handshake; raises `FramingError`, `ProposalError`, `CommitError` or `WrongEpoch`.

        `psks` are external PSKs by id; resumption PSKs of the last epochs are at hand.
        """
        state = self._state
        public_message = PublicMessage.from_bytes(message)
        authenticated = check_address(state.public, public_message)
        verify_sender(p, state.public, authenticated)
        public_message.check_membership(p, state.secrets.membership, state.public.context.encode())
        if not isinstance(authenticated.content.body, Commit):
            public = receive_proposal(p, state.public, authenticated, hook)
            return ProposalProcessed(Group(replace(state, public=public)))
        sender = authenticated.content.sender
        if sender.type == SenderType.MEMBER and sender.index == self.own_index:
            raise CommitError("this is our own commit")
        received = receive_commit(p, state.public, authenticated, hook)
        if any(index == self.own_index for index, _ in received.changes.removed):
            return CommitProcessed(self, replace(received.changes, self_removed=True))
        return CommitProcessed(Group(advance(p, state, received, psks or {})), received.changes)

    def _sender(self) -> Sender:
        return Sender(SenderType.MEMBER, self.own_index)

    def _own_leaf(self) -> LeafNode:
        leaf = self.public.tree.leaf(self.own_index)
        if leaf is None:
            raise CommitError("our own leaf is gone")
        return leaf


def _outside_init(p: Primitives, info: GroupInfo, extension_types: Sequence[int]) -> tuple[bytes, bytes]:
    """What a joiner begins with, KEM output and init secret, if it understands the group (RFC 9420 sections 8.3 and 13.4)."""
    if not set(supported_types(info.context.extensions)) <= set(extension_types):
        raise GroupInfoError("the group uses an extension that we do not understand")
    try:
        return external_init_for(p, info.external_public())
    except CryptoError as error:
        raise GroupInfoError("the key for external joiners is not one of this suite") from error


def _result(p: Primitives, draft: CommitDraft, hook: Hook | None) -> CommitResult:
    made = make_commit(p, draft, hook)
    return CommitResult(made.commit, made.welcome, made.group_info, Group(made.member), made.changes)
