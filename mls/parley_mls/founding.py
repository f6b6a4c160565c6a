"""A group's first state: one member, epoch 0 (RFC 9420 section 11)."""

from __future__ import annotations

from collections.abc import Sequence

from parley_mls.extensions import Extension, supported_types
from parley_mls.framing import interim_transcript
from parley_mls.group_context import GroupContext
from parley_mls.key_package import new_leaf
from parley_mls.key_schedule import derive_epoch
from parley_mls.leaf_node import Lifetime
from parley_mls.member_state import MemberState
from parley_mls.primitives import Primitives
from parley_mls.ratchet_tree import RatchetTree
from parley_mls.suite import SIZES
from parley_mls.transition import PublicState

#: A leaf outside key packages has no lifetime; this one only fills the template that a commit's leaf replaces.
NO_LIFETIME = Lifetime(0, 2**64 - 1)


def found_state(
    p: Primitives,
    *,
    group_id: bytes,
    identity: bytes,
    signature_seed: bytes,
    extensions: Sequence[Extension],
    leaf_extensions: Sequence[Extension] = (),
) -> MemberState:
    """The state of who makes a group; `extensions` are the group's as they stand, and its maker supports them."""
    leaf, leaf_private = new_leaf(
        p,
        identity=identity,
        signature_seed=signature_seed,
        lifetime=NO_LIFETIME,
        extension_types=supported_types(extensions),
        extensions=leaf_extensions,
    )
    tree = RatchetTree([leaf.sign(p, signature_seed)])
    context = GroupContext(group_id, 0, tree.tree_hash(p), b"", tuple(extensions))
    secrets = derive_epoch(p, p.random(SIZES.hash))
    tag = p.hmac(secrets.confirmation, b"")
    return MemberState(
        public=PublicState(context, tree, interim_transcript(p, b"", tag)),
        own_index=0,
        signature_seed=signature_seed,
        private_keys={0: leaf_private},
        secrets=secrets.for_handshakes(),
        confirmation_tag=tag,
        resumption_psks={0: secrets.resumption_psk},
    )
