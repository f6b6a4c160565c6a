"""A member of a group: create, join, commit, propose, process, export (RFC 9420 sections 11 and 12).

A `Group` is a value. Every operation returns a new one and leaves the old one usable, so that a client keeps its state until the
server has accepted its commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from parley_mls.committing import CommitDraft, group_info_of, make_commit
from parley_mls.errors import (
    CommitError,
    CryptoError,
    GroupInfoError,
    ProposalError,
    TreeError,
    WelcomeError,
)
from parley_mls.extensions import Extension, supported_types, with_required
from parley_mls.framing import (
    FramedContent,
    PublicMessage,
    Sender,
    SenderType,
    interim_transcript,
    protect_public,
    sign_content,
)
from parley_mls.group_context import GroupContext
from parley_mls.group_info import GroupInfo
from parley_mls.key_package import KeyPackage, KeyPackageBundle, new_leaf
from parley_mls.key_schedule import (
    EpochSecrets,
    derive_epoch,
    epoch_secrets,
    exporter,
    external_init_for,
    external_init_from,
    external_key_pair,
    joiner_secret,
)
from parley_mls.leaf_node import LeafNode, LeafNodeSource, Lifetime
from parley_mls.member_state import MemberState, decode_member_state, remember_psk
from parley_mls.primitives import Primitives
from parley_mls.proposals import (
    Add,
    Commit,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    Remove,
    Update,
)
from parley_mls.psk import PskId, psk_secret
from parley_mls.public_group import (
    GroupView,
    PublicGroup,
    ReceivedCommit,
    check_address,
    receive_commit,
    receive_proposal,
    verify_sender,
)
from parley_mls.ratchet_tree import RatchetTree
from parley_mls.suite import SIZES
from parley_mls.transition import Changes, Hook, PublicState, Sent
from parley_mls.tree_math import is_ancestor
from parley_mls.treekem import open_path, private_path
from parley_mls.welcome import OpenedWelcome, Welcome, open_welcome, psk_lookup, resolve_psks
from parley_mls.wire import WireFormat

#: A leaf outside key packages has no lifetime; this one only fills the template that a commit's leaf replaces.
_NO_LIFETIME = Lifetime(0, 2**64 - 1)


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
        types = supported_types(extensions)
        leaf, leaf_private = new_leaf(
            p,
            identity=identity,
            signature_seed=signature_seed,
            lifetime=_NO_LIFETIME,
            extension_types=types,
            extensions=leaf_extensions,
        )
        leaf = leaf.sign(p, signature_seed)
        tree = RatchetTree([leaf])
        context = GroupContext(group_id, 0, tree.tree_hash(p), b"", with_required(extensions))
        secrets = derive_epoch(p, p.random(SIZES.hash))
        tag = p.hmac(secrets.confirmation, b"")
        public = PublicState(context, tree, interim_transcript(p, b"", tag))
        psks = {0: secrets.resumption_psk}
        return cls(MemberState(public, 0, signature_seed, {0: leaf_private}, secrets, tag, resumption_psks=psks))

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
        hook: Hook | None = None,
    ) -> Group:
        """Join by a Welcome (RFC 9420 section 12.4.3.1); raises `WelcomeError`."""
        opened = open_welcome(p, Welcome.from_bytes(welcome), bundle, psk_lookup(psks or {}, {}))
        info = opened.group_info
        try:
            tree = info.verified_tree(p, ratchet_tree)
        except (GroupInfoError, TreeError) as error:
            raise WelcomeError(str(error)) from error
        if any(psk.usage is not None and psk.usage != 1 for psk in opened.secrets.psks):
            raise WelcomeError("branches and re-initialisations are not offered")
        own = next((i for i, leaf in tree.members() if leaf == bundle.key_package.leaf), None)
        if own is None:
            raise WelcomeError("our leaf is not in the tree")
        for _, leaf in tree.members() if hook else ():
            hook.check_leaf(leaf)  # type: ignore[union-attr] # the loop is empty without a hook
        return cls(_joined(p, opened, tree, own, bundle, signature_seed))

    @classmethod
    def join_external(
        cls,
        p: Primitives,
        group_info: bytes,
        *,
        identity: bytes,
        signature_seed: bytes,
        ratchet_tree: bytes | None = None,
        remove_prior: int | None = None,
        psks: Sequence[tuple[PskId, bytes]] = (),
        hook: Hook | None = None,
        group_info_extensions: Sequence[Extension] = (),
        leaf_extensions: Sequence[Extension] = (),
    ) -> CommitResult:
        """Enter by an external commit (RFC 9420 section 12.4.3.2); raises `GroupInfoError`, `TreeError` or `CommitError`."""
        info = GroupInfo.from_bytes(group_info)
        tree = info.verified_tree(p, ratchet_tree)
        for _, member in tree.members() if hook else ():
            hook.check_leaf(member)  # type: ignore[union-attr] # the loop is empty without a hook
        kem_output, init_secret = external_init_for(p, info.external_public())
        interim = interim_transcript(p, info.context.confirmed_transcript_hash, info.confirmation_tag)
        leaf, _ = new_leaf(
            p,
            identity=identity,
            signature_seed=signature_seed,
            lifetime=_NO_LIFETIME,
            extension_types=supported_types(info.context.extensions),
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
    def join_group_info_extensions(self) -> tuple[Extension, ...]:
        """The extensions of the GroupInfo by which we joined; gone once the state was stored and read again."""
        return self._state.join_group_info_extensions

    def export(self, p: Primitives, label: str, context: bytes, length: int) -> bytes:
        """MLS-Exporter (RFC 9420 section 8.5); `length` in bytes."""
        return exporter(p, self._state.secrets.exporter, label, context, length)

    def group_info(self, p: Primitives, extensions: Sequence[Extension] = ()) -> bytes:
        """A signed GroupInfo of this epoch, as an MLSMessage."""
        return group_info_of(p, self._state, tuple(extensions)).to_bytes()

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

    def _propose(self, p: Primitives, proposal: Proposal, pending: Mapping[bytes, bytes]) -> ProposalResult:
        state = self._state
        context = self.public.context.encode()
        content = FramedContent(self.group_id, self.epoch, self._sender(), b"", proposal)
        signed = sign_content(p, WireFormat.PUBLIC_MESSAGE, content, state.signature_seed, context)
        message = protect_public(p, signed, state.secrets.membership, context)
        public = receive_proposal(p, state.public, signed)
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
        hook: Hook | None = None,
        group_info_extensions: Sequence[Extension] = (),
        leaf_extensions: Sequence[Extension] | None = None,
    ) -> CommitResult:
        """Commit these changes and the proposals sent by reference before; raises `CommitError`.

        `extensions` replace all of the group's; private-use ones become required, as at the beginning. `leaf_extensions`
        replace all of our own leaf's.
        Our own updates sent by reference are left out, since the path replaces them (RFC 9420 section 12.2), and so are
        references to members whom `remove` names.
        """
        sender = self._sender()
        by_value: list[Proposal] = []
        if extensions is not None:
            by_value.append(GroupContextExtensions(with_required(extensions)))
        by_value += [Remove(index) for index in remove]
        by_value += [Add(package) for package in add]
        by_value += [PreSharedKey(psk_id) for psk_id, _ in psks]
        referred = {ref: sent for ref, sent in self.public.proposals.items() if _fits(sent, sender, remove)}
        draft = CommitDraft(
            state=self.public,
            sender=sender,
            signature_seed=self._state.signature_seed,
            items=(*referred, *by_value),
            proposals=(*referred.values(), *((sender, proposal) for proposal in by_value)),
            leaf=self._own_leaf() if leaf_extensions is None else self._own_leaf().with_extensions(leaf_extensions),
            init_secret=self._state.secrets.init,
            membership_key=self._state.secrets.membership,
            psks=psks,
            resumption_psks=self._state.resumption_psks,
            info_extensions=tuple(group_info_extensions),
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
            if authenticated.content.sender.type != SenderType.MEMBER:
                raise ProposalError("proposals from outside are refused")
            public = receive_proposal(p, state.public, authenticated)
            return ProposalProcessed(Group(replace(state, public=public)))
        sender = authenticated.content.sender
        if sender.type == SenderType.MEMBER and sender.index == self.own_index:
            raise CommitError("this is our own commit")
        received = receive_commit(p, state.public, authenticated, hook)
        if any(index == self.own_index for index, _ in received.changes.removed):
            return CommitProcessed(self, replace(received.changes, self_removed=True))
        return CommitProcessed(Group(_entered(p, state, received, psks or {})), received.changes)

    def _sender(self) -> Sender:
        return Sender(SenderType.MEMBER, self.own_index)

    def _own_leaf(self) -> LeafNode:
        leaf = self.public.tree.leaf(self.own_index)
        if leaf is None:
            raise CommitError("our own leaf is gone")
        return leaf


def _fits(sent: Sent, sender: Sender, remove: Sequence[int]) -> bool:
    author, proposal = sent
    if isinstance(proposal, Update):
        return author != sender and author.index not in remove
    return not (isinstance(proposal, Remove) and (proposal.removed in remove or proposal.removed == sender.index))


def _result(p: Primitives, draft: CommitDraft, hook: Hook | None) -> CommitResult:
    made = make_commit(p, draft, hook)
    return CommitResult(made.commit, made.welcome, made.group_info, Group(made.member), made.changes)


def _joined(
    p: Primitives,
    opened: OpenedWelcome,
    tree: RatchetTree,
    own: int,
    bundle: KeyPackageBundle,
    signature_seed: bytes,
) -> MemberState:
    info = opened.group_info
    private_keys = {2 * own: bundle.leaf_private}
    if opened.secrets.path_secret is not None:
        path = tree.filtered_direct_path(info.signer)
        nodes = [node for node, _ in path if is_ancestor(node, 2 * own)]
        try:
            above, _ = private_path(p, tree, opened.secrets.path_secret, nodes)
        except CommitError as error:
            raise WelcomeError(str(error)) from error
        private_keys |= above
    secrets = epoch_secrets(p, opened.secrets.joiner_secret, opened.psk, info.context.encode())
    tag = p.hmac(secrets.confirmation, info.context.confirmed_transcript_hash)
    if tag != info.confirmation_tag:
        raise WelcomeError("the confirmation tag is wrong")
    interim = interim_transcript(p, info.context.confirmed_transcript_hash, tag)
    return MemberState(
        public=PublicState(info.context, tree, interim),
        own_index=own,
        signature_seed=signature_seed,
        private_keys=private_keys,
        secrets=secrets,
        confirmation_tag=tag,
        resumption_psks={info.context.epoch: secrets.resumption_psk},
        join_group_info_extensions=info.extensions,
    )


def _entered(p: Primitives, state: MemberState, received: ReceivedCommit, psks: Mapping[bytes, bytes]) -> MemberState:
    """Our state after somebody else's commit; `CommitError` where its secrets do not hold."""
    public, applied = received.state, received.applied
    kept = _kept_keys(state, public.tree)
    commit_secret = bytes(SIZES.hash)
    if received.commit.path is not None:
        fresh, commit_secret = open_path(
            p,
            public.tree,
            sender=applied.committer,
            own_index=state.own_index,
            private_keys=kept,
            path=received.commit.path,
            context=received.provisional.encode(),
            excluded_leaves=[index for index, _ in applied.added],
        )
        kept = {**kept, **fresh}
    secrets = _secrets_after(p, state, received, commit_secret, psks)
    tag = p.hmac(secrets.confirmation, public.context.confirmed_transcript_hash)
    if tag != received.authenticated.confirmation_tag:
        raise CommitError("the confirmation tag is wrong")
    return replace(
        state,
        public=public,
        private_keys=kept,
        secrets=secrets,
        confirmation_tag=tag,
        pending_updates={},
        resumption_psks=remember_psk(state.resumption_psks, public.context.epoch, secrets.resumption_psk),
        join_group_info_extensions=(),
    )


def _kept_keys(state: MemberState, tree: RatchetTree) -> dict[int, bytes]:
    """Private keys whose nodes the commit left alone, and that of an own update which it took up."""
    kept = {}
    for node, private in state.private_keys.items():
        old = state.public.tree.node(node)
        new = tree.node(node) if node < 2 * tree.leaf_count - 1 else None
        if old is not None and new is not None and old.encryption_key == new.encryption_key:
            kept[node] = private
    own = tree.leaf(state.own_index)
    if own is not None and own.encryption_key in state.pending_updates:
        kept[2 * state.own_index] = state.pending_updates[own.encryption_key]
    return kept


def _secrets_after(
    p: Primitives, state: MemberState, received: ReceivedCommit, commit_secret: bytes, psks: Mapping[bytes, bytes]
) -> EpochSecrets:
    applied, context = received.applied, received.state.context.encode()
    resumption = {(state.group_id, epoch): psk for epoch, psk in state.resumption_psks.items()}
    try:
        init_secret = state.secrets.init
        if applied.kem_output is not None:
            private, _ = external_key_pair(p, state.secrets.external)
            init_secret = external_init_from(p, private, applied.kem_output)
        psk = psk_secret(p, resolve_psks(applied.psks, psk_lookup(psks, resumption)))
    except (CryptoError, WelcomeError) as error:
        raise CommitError(str(error)) from error
    return epoch_secrets(p, joiner_secret(p, init_secret, commit_secret, context), psk, context)
