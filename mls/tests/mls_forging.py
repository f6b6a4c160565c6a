"""Messages that break one rule and keep all others: who makes them holds the group's secrets and signs what it likes.

Nothing here checks anything. What a fault must not disturb (signatures, parent hashes, transcript, tags) is worked out anew after
it, so that a refusal can have one reason only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from parley_mls import (
    Extension,
    Group,
    KeyPackageBundle,
    Lifetime,
    PskId,
    PskType,
    PublicGroup,
    ResumptionUsage,
    create_key_package,
    default_primitives,
    generate_hpke_key,
    generate_signature_key,
)
from parley_mls.extensions import EXTERNAL_PUB, RATCHET_TREE, RequiredCapabilities
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
from parley_mls.group_info import GroupInfo
from parley_mls.key_package import KeyPackage, new_leaf
from parley_mls.key_schedule import epoch_secrets, external_init_for, external_key_pair, joiner_secret
from parley_mls.labels import sign_with_label
from parley_mls.leaf_node import LeafNode, LeafNodeSource
from parley_mls.proposals import (
    Add,
    Commit,
    ExternalInit,
    GroupContextExtensions,
    Proposal,
    Remove,
    Update,
)
from parley_mls.psk import psk_secret
from parley_mls.ratchet_tree import RatchetTree
from parley_mls.suite import SIZES
from parley_mls.transition import PublicState
from parley_mls.treekem import NewPath, UpdatePath, _put_path, derive_path, node_key_pair, seal_path
from parley_mls.welcome import GroupSecrets, make_welcome
from parley_mls.wire import WireFormat

P = default_primitives()
#: The group's extensions: members must support the first, and all do support the second.
POLICY, THEME = 0xF0A1, 0xF0B1
LIFETIME = Lifetime(0, 2**40)
EXTENSIONS = (
    RequiredCapabilities(extensions=(POLICY,)).to_extension(),
    Extension(POLICY, b"policy"),
    Extension(THEME, b"theme"),
)
#: An X25519 key that gives zero with every private key: the point of order two.
SMALL_ORDER_KEY = bytes(32)

Same = Callable[[Any], Any]


def same(value: Any) -> Any:
    """No fault."""
    return value


def flipped(data: bytes) -> bytes:
    """The bytes with one bit of the last changed."""
    return data[:-1] + bytes([data[-1] ^ 1])


def package(name: str, *, types: Sequence[int] = (POLICY, THEME)) -> tuple[bytes, KeyPackageBundle]:
    """A client outside: its signature seed and a key package."""
    seed, _ = generate_signature_key(P)
    bundle = create_key_package(
        P, identity=name.encode(), signature_seed=seed, lifetime=LIFETIME, extension_types=types
    )
    return seed, bundle


def signed_package(bundle: KeyPackageBundle, seed: bytes, **changed: Any) -> KeyPackage:
    """A key package with other fields, signed by its maker."""
    changed_package = replace(bundle.key_package, **changed)
    return replace(
        changed_package, signature=sign_with_label(P, seed, "KeyPackageTBS", changed_package._to_be_signed())
    )


def leaf_in_package(seed: bytes, bundle: KeyPackageBundle, change: Same = same, after: Same = same) -> KeyPackage:
    """A key package whose leaf was changed by `change` and signed, then changed by `after`."""
    leaf = replace(change(bundle.key_package.leaf), signature=b"", _encoded=[]).sign(P, seed)
    return signed_package(bundle, seed, leaf=replace(after(leaf), _encoded=[]))


def psk_id(usage: ResumptionUsage | None = None, **named: Any) -> PskId:
    """The identifier of an external PSK, or of a resumption PSK for a usage, with a fresh nonce."""
    kind = PskType.EXTERNAL if usage is None else PskType.RESUMPTION
    return PskId(**{"type": kind, "nonce": P.random(SIZES.hash), "usage": usage, **named})


def seed_of(group: Group) -> bytes:
    return group._state.signature_seed


@dataclass(frozen=True)
class Stage:
    """A group of five, all of whose parent nodes that can be filled are, and a follower; values, so that nobody can spoil them."""

    members: tuple[Group, ...]
    follower: PublicGroup

    @classmethod
    def build(cls, size: int = 5) -> Stage:
        seed, _ = generate_signature_key(P)
        founder = Group.create(P, group_id=b"group", identity=b"m0", signature_seed=seed, extensions=EXTENSIONS)
        fresh = [package(f"m{i}") for i in range(1, size)]
        made = founder.commit(P, add=[bundle.key_package for _, bundle in fresh])
        members = [made.group, *(Group.join(P, made.welcome or b"", bundle, key) for key, bundle in fresh)]
        stage = cls(tuple(members), made.group.follower())
        for index in range(size):
            own = stage.members[index].commit(P)
            stage = stage.after(own.commit, {index: own.group})
        return stage

    def after(self, message: bytes, own: Mapping[int, Group]) -> Stage:
        """The stage once everybody has processed a message, its author's own state given."""
        members = [own[i] if i in own else group.process(P, message).group for i, group in enumerate(self.members)]
        return Stage(tuple(members), self.follower.process(P, message).group)

    def proposed(self, index: int, proposal: Proposal) -> tuple[Stage, bytes]:
        """The stage once everybody has a proposal of a member's by reference, and the reference."""
        made = self.members[index]._propose(P, proposal, {})
        stage = self.after(made.message, {index: made.group})
        return stage, list(stage.follower.public.proposals)[-1]

    def update(self, index: int, change: Same = same, after: Same = same, **place: Any) -> Update:
        """An Update of a member's, whose leaf was changed by `change` before it was signed and by `after` after that."""
        group = self.members[index]
        old = dict(group.members())[index]
        _, key = generate_hpke_key(P)
        leaf = replace(
            old, encryption_key=key, source=LeafNodeSource.UPDATE, lifetime=None, parent_hash=b"", _encoded=[]
        )
        where = {"group_id": group.group_id, "leaf_index": index, **place}
        signed = replace(change(leaf), _encoded=[]).sign(P, seed_of(group), **where)
        return Update(replace(after(signed), _encoded=[]))


@dataclass(frozen=True)
class Voice:
    """Who makes a commit: a member, or somebody outside who has the GroupInfo."""

    state: PublicState
    sender: Sender
    seed: bytes
    leaf: LeafNode
    init_secret: bytes
    membership_key: bytes

    @classmethod
    def member(cls, group: Group) -> Voice:
        leaf = dict(group.members())[group.own_index]
        secrets = group._state.secrets
        sender = Sender(SenderType.MEMBER, group.own_index)
        return cls(group.public, sender, seed_of(group), leaf, secrets.init, secrets.membership)

    @classmethod
    def outside(cls, group_info: bytes) -> tuple[Voice, ExternalInit]:
        info = GroupInfo.from_bytes(group_info)
        tree = info.verified_tree(P, None)
        kem_output, init_secret = external_init_for(P, info.external_public())
        seed, _ = generate_signature_key(P)
        leaf, _ = new_leaf(
            P, identity=b"outside", signature_seed=seed, lifetime=LIFETIME, extension_types=(POLICY, THEME)
        )
        interim = interim_transcript(P, info.context.confirmed_transcript_hash, info.confirmation_tag)
        state = PublicState(info.context, tree, interim)
        voice = cls(state, Sender(SenderType.NEW_MEMBER_COMMIT), seed, leaf, init_secret, b"")
        return voice, ExternalInit(kem_output)


@dataclass(frozen=True)
class Faults:
    """What is changed on the way to a commit; each is the identity unless a test says otherwise.

    `leaf` before the new leaf is signed, `signed_leaf` after; `keys` are public keys for nodes of the path by their place, lowest
    first; `path` after it was sealed; `content` before it is signed, `signed` after; `confirmation` and `membership` are the tags.
    """

    leaf: Same = same
    signed_leaf: Same = same
    leaf_seed: bytes | None = None
    leaf_place: Mapping[str, Any] = field(default_factory=dict)
    keys: Mapping[int, bytes] = field(default_factory=dict)
    with_path: bool = True
    path: Same = same
    seal_context: Same = same
    content: Same = same
    seed: bytes | None = None
    sign_context: Same = same
    signed: Same = same
    confirmation: Same = same
    membership: Same = same
    psks: Sequence[tuple[PskId, bytes]] = ()


def applied(state: PublicState, proposals: Sequence[tuple[Sender, Proposal]]) -> tuple[RatchetTree, Any, list[int]]:
    """The tree and extensions after proposals, nothing checked, and where newcomers stand."""
    tree, extensions, added = state.tree.copy(), state.context.extensions, []
    for kind in (GroupContextExtensions, Update, Remove, Add):
        for author, body in proposals:
            match body:
                case GroupContextExtensions() if kind is GroupContextExtensions:
                    extensions = body.extensions
                case Update() if kind is Update:
                    tree.update(author.index, body.leaf)
                case Remove() if kind is Remove and tree.leaf(body.removed) is not None:
                    tree.remove(body.removed)
                case Add() if kind is Add:
                    added.append(tree.add(body.key_package.leaf))
    return tree, extensions, added


def forged_path(voice: Voice, tree: RatchetTree, index: int, faults: Faults) -> NewPath:
    """A path for a leaf, as `make_path` makes it, with faults; parent hashes hold unless a fault says otherwise."""
    path = tree.filtered_direct_path(index)
    secrets, commit_secret = derive_path(P, P.random(SIZES.hash), [node for node, _ in path])
    pairs = {node: node_key_pair(P, secret) for node, secret in secrets.items()}
    keys = [faults.keys.get(place, pairs[node][1]) for place, (node, _) in enumerate(path)]
    parent_hash = _put_path(P, tree, index, path, keys)
    private, public = generate_hpke_key(P)
    leaf = replace(
        voice.leaf,
        encryption_key=public,
        source=LeafNodeSource.COMMIT,
        lifetime=None,
        parent_hash=parent_hash,
        _encoded=[],
    )
    place = {"group_id": voice.state.context.group_id, "leaf_index": index, **faults.leaf_place}
    fresh = replace(faults.leaf(leaf), _encoded=[]).sign(P, faults.leaf_seed or voice.seed, **place)
    fresh = replace(faults.signed_leaf(fresh), _encoded=[])
    tree.set_leaf(index, fresh)
    return NewPath(tree, fresh, private, secrets, {}, commit_secret)


def forge(voice: Voice, items: Sequence[Proposal | bytes] = (), faults: Faults = Faults()) -> bytes:
    """A commit, as an MLSMessage."""
    state, old = voice.state, voice.state.context
    resolved = [state.proposals.get(i, (voice.sender, i)) if isinstance(i, bytes) else (voice.sender, i) for i in items]
    tree, extensions, added = applied(state, resolved)  # type: ignore[arg-type] # unknown references change nothing
    index = voice.sender.index
    commit_secret, sealed = bytes(SIZES.hash), None
    if faults.with_path:
        if voice.sender.type == SenderType.NEW_MEMBER_COMMIT:
            index = tree.add(voice.leaf)
        path = forged_path(voice, tree, index, faults)
        commit_secret = path.commit_secret
    context = replace(old, epoch=(old.epoch + 1) % 2**64, tree_hash=tree.tree_hash(P), extensions=tuple(extensions))
    if faults.with_path:
        sealed = faults.path(_sealed(path, index, faults.seal_context(context).encode(), added))
    content = faults.content(FramedContent(old.group_id, old.epoch, voice.sender, b"", Commit(tuple(items), sealed)))
    signing = faults.sign_context(old).encode()
    signed = faults.signed(sign_content(P, WireFormat.PUBLIC_MESSAGE, content, faults.seed or voice.seed, signing))
    confirmed = next_transcript(P, state.interim_transcript_hash, signed)
    after = replace(context, confirmed_transcript_hash=confirmed).encode()
    joiner = joiner_secret(P, voice.init_secret, commit_secret, after)
    secrets = epoch_secrets(P, joiner, psk_secret(P, faults.psks), after)
    tag = faults.confirmation(P.hmac(secrets.confirmation, confirmed))
    return protected(voice, replace(signed, confirmation_tag=tag), faults.membership)


def _sealed(path: NewPath, index: int, context: bytes, added: Sequence[int]) -> UpdatePath:
    """The path for the wire; what cannot be sealed to (a key that is a fault itself) gets bytes of no meaning."""
    usable = path.tree.copy()
    for place, node in enumerate(usable._nodes):
        if node is not None and (len(node.encryption_key) != 32 or node.encryption_key == SMALL_ORDER_KEY):
            usable._nodes[place] = replace(node, encryption_key=generate_hpke_key(P)[1])
    sealed = seal_path(P, replace(path, tree=usable), index, context, added)
    shown = [path.tree.node(node).encryption_key for node, _ in path.tree.filtered_direct_path(index)]  # type: ignore[union-attr]
    nodes = tuple(replace(node, encryption_key=key) for node, key in zip(sealed.nodes, shown, strict=True))
    return replace(sealed, nodes=nodes)


def protected(voice: Voice, signed: AuthenticatedContent, membership: Same = same) -> bytes:
    """A signed content as an MLSMessage, with its membership tag."""
    message = protect_public(P, signed, voice.membership_key, voice.state.context.encode())
    return replace(message, membership_tag=membership(message.membership_tag)).to_bytes()


def forged_proposal(voice: Voice, proposal: Any, sender: Sender | None = None) -> bytes:
    """A proposal by reference, as an MLSMessage."""
    context = voice.state.context
    content = FramedContent(context.group_id, context.epoch, sender or voice.sender, b"", proposal)
    return protected(voice, sign_content(P, WireFormat.PUBLIC_MESSAGE, content, voice.seed, context.encode()))


@dataclass(frozen=True)
class Invented:
    """An epoch that somebody made up whole: the Welcome into it, and its GroupInfo."""

    welcome: bytes
    group_info: bytes


def invent(
    stage: Stage,
    bundle: KeyPackageBundle,
    *,
    tree: Callable[[RatchetTree], RatchetTree | None] = same,
    context: Same = same,
    info: Same = same,
    signed_info: Same = same,
    secrets: Same = same,
    psks: Sequence[tuple[PskId, bytes]] = (),
    confirmation: Same = same,
    sealed_for: KeyPackage | None = None,
    signer: int = 0,
) -> Invented:
    """An epoch with the stage's members and a newcomer; every secret and tag of it holds unless a fault says otherwise.

    `tree` changes a copy of the tree in which the newcomer is; `context` and `info` act before tags and signature are made.
    """
    known = stage.members[signer]
    grown = known.public.tree.copy()
    grown.add(bundle.key_package.leaf)
    changed = tree(grown) or grown
    place = replace(known.public.context, tree_hash=changed.tree_hash(P), confirmed_transcript_hash=P.random(32))
    place = context(place)
    joiner = P.random(SIZES.hash)
    epoch = epoch_secrets(P, joiner, psk_secret(P, psks), place.encode())
    tag = confirmation(P.hmac(epoch.confirmation, place.confirmed_transcript_hash))
    _, external = external_key_pair(P, epoch.external)
    extensions = (Extension(RATCHET_TREE, changed.encode()), Extension(EXTERNAL_PUB, b"\x20" + external))
    told = info(GroupInfo(place, extensions, tag, signer)).sign(P, seed_of(known))
    told = signed_info(told)
    shown = secrets(GroupSecrets(joiner, None, tuple(psk for psk, _ in psks)))
    welcome = make_welcome(
        P,
        group_info=told,
        joiner_secret=shown.joiner_secret,
        psk=psk_secret(P, psks),
        psks=shown.psks,
        newcomers=[(sealed_for or bundle.key_package, shown.path_secret)],
    )
    return Invented(welcome.to_bytes(), told.to_bytes())
