"""Making commits (RFC 9420 sections 12.4.1 and 12.4.3.2): by a member, and from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from parley_mls.extensions import Extension
from parley_mls.framing import (
    AuthenticatedContent,
    FramedContent,
    Sender,
    SenderType,
    interim_transcript,
    next_transcript,
    protect_public,
    sign_content,
)
from parley_mls.group_context import GroupContext
from parley_mls.group_info import GroupInfo, make_group_info
from parley_mls.key_package import KeyPackage
from parley_mls.key_schedule import EpochSecrets, epoch_secrets, external_key_pair, joiner_secret
from parley_mls.leaf_node import LeafNode
from parley_mls.member_state import MemberState, remember_psk
from parley_mls.primitives import Primitives
from parley_mls.proposals import Commit, Proposal
from parley_mls.psk import PskId, psk_secret
from parley_mls.transition import (
    Applied,
    Changes,
    Hook,
    PublicState,
    Sent,
    apply_proposals,
    changes_of,
    check_list,
    check_members,
    check_open,
)
from parley_mls.tree_math import is_ancestor, level
from parley_mls.treekem import NewPath, make_path, seal_path
from parley_mls.welcome import make_welcome
from parley_mls.wire import WireFormat

Psks = Sequence[tuple[PskId, bytes]]


@dataclass(frozen=True)
class CommitDraft:
    """What a commit is made from. `items` go onto the wire, `proposals` are the same resolved.

    `psks` are those of the proposals, in their order.
    """

    state: PublicState
    sender: Sender
    signature_seed: bytes
    items: tuple[Proposal | bytes, ...]
    proposals: tuple[Sent, ...]
    leaf: LeafNode
    init_secret: bytes
    membership_key: bytes
    psks: Psks = ()
    resumption_psks: Mapping[int, bytes] = field(default_factory=dict)
    info_extensions: tuple[Extension, ...] = ()


@dataclass(frozen=True)
class MadeCommit:
    """A finished commit and the committer's next state."""

    commit: bytes
    welcome: bytes | None
    group_info: bytes
    member: MemberState
    changes: Changes


def make_commit(p: Primitives, draft: CommitDraft, hook: Hook | None) -> MadeCommit:
    """Run the whole of RFC 9420 section 12.4.1; every commit of this library has a path."""
    applied, path, changes = _prepare(p, draft, hook)
    unconfirmed, context = _sign(p, draft, applied, path)
    joiner = joiner_secret(p, draft.init_secret, path.commit_secret, context.encode())
    psk = psk_secret(p, draft.psks)
    secrets = epoch_secrets(p, joiner, psk, context.encode())
    tag = p.hmac(secrets.confirmation, context.confirmed_transcript_hash)
    interim = interim_transcript(p, context.confirmed_transcript_hash, tag)
    member = _next_member(
        draft, PublicState(context, path.tree, interim, reinit=applied.reinit), applied, path, secrets, tag
    )
    info = group_info_of(p, member, draft.info_extensions)
    welcome = None
    if applied.added:
        psk_ids = tuple(psk_id for psk_id, _ in draft.psks)
        newcomers = _newcomers(applied, path)
        made = make_welcome(p, group_info=info, joiner_secret=joiner, psk=psk, psks=psk_ids, newcomers=newcomers)
        welcome = made.to_bytes()
    commit = replace(unconfirmed, confirmation_tag=tag)
    message = protect_public(p, commit, draft.membership_key, draft.state.context.encode())
    return MadeCommit(message.to_bytes(), welcome, info.to_bytes(), member, changes)


def _prepare(p: Primitives, draft: CommitDraft, hook: Hook | None) -> tuple[Applied, NewPath, Changes]:
    """Apply the proposals and make the path, with the checks that every receiver will make."""
    state, sender = draft.state, draft.sender
    check_open(state)
    check_list(state, draft.proposals, sender)
    applied = apply_proposals(p, state, draft.proposals, sender, hook)
    if sender.type == SenderType.NEW_MEMBER_COMMIT:
        applied.committer = applied.tree.add(draft.leaf)
    path = make_path(p, applied.tree, applied.committer, draft.leaf, state.context.group_id, draft.signature_seed)
    check_members(path.tree, applied.extensions)
    changes = changes_of(state, applied, sender, path.leaf)
    if hook:
        hook.check_leaf(path.leaf)
        hook.check_commit(state, changes)
    return applied, path, changes


def _sign(
    p: Primitives, draft: CommitDraft, applied: Applied, path: NewPath
) -> tuple[AuthenticatedContent, GroupContext]:
    """The signed commit without its confirmation tag, and the new epoch's context."""
    old = draft.state.context
    provisional = replace(old, epoch=old.epoch + 1, tree_hash=path.tree.tree_hash(p), extensions=applied.extensions)
    newcomers = [index for index, _ in applied.added]
    sealed = seal_path(p, path, applied.committer, provisional.encode(), newcomers)
    content = FramedContent(old.group_id, old.epoch, draft.sender, b"", Commit(draft.items, sealed))
    unconfirmed = sign_content(p, WireFormat.PUBLIC_MESSAGE, content, draft.signature_seed, old.encode())
    confirmed = next_transcript(p, draft.state.interim_transcript_hash, unconfirmed)
    return unconfirmed, replace(provisional, confirmed_transcript_hash=confirmed)


def _next_member(
    draft: CommitDraft, public: PublicState, applied: Applied, path: NewPath, secrets: EpochSecrets, tag: bytes
) -> MemberState:
    return MemberState(
        public=public,
        own_index=applied.committer,
        signature_seed=draft.signature_seed,
        private_keys={**path.private_keys, 2 * applied.committer: path.leaf_private},
        secrets=secrets.for_handshakes(),
        confirmation_tag=tag,
        resumption_psks=remember_psk(draft.resumption_psks, public.context.epoch, secrets.resumption_psk),
    )


def _newcomers(applied: Applied, path: NewPath) -> list[tuple[KeyPackage, bytes | None]]:
    """Each newcomer's key package with the lowest path secret above them (RFC 9420 section 12.4.3.1)."""
    nodes = sorted(path.path_secrets, key=level)
    newcomers = []
    for index, add in applied.added:
        shared = next((node for node in nodes if is_ancestor(node, 2 * index)), None)
        newcomers.append((add.key_package, None if shared is None else path.path_secrets[shared]))
    return newcomers


def group_info_of(p: Primitives, member: MemberState, extensions: tuple[Extension, ...] = ()) -> GroupInfo:
    """A signed GroupInfo of a member's epoch."""
    _, external_public = external_key_pair(p, member.secrets.external)
    return make_group_info(
        p,
        context=member.public.context,
        tree=member.public.tree,
        external_public=external_public,
        confirmation_tag=member.confirmation_tag,
        signer=member.own_index,
        signature_seed=member.signature_seed,
        extensions=extensions,
    )
