"""A member's state after somebody else's commit: what public rules cannot see is checked here (RFC 9420 section 12.4.2)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import replace

from parley_mls.errors import CommitError, CryptoError, WelcomeError
from parley_mls.key_schedule import EpochSecrets, epoch_secrets, external_init_from, external_key_pair, joiner_secret
from parley_mls.member_state import MemberState, remember_psk
from parley_mls.primitives import Primitives
from parley_mls.psk import psk_secret
from parley_mls.public_group import ReceivedCommit
from parley_mls.ratchet_tree import RatchetTree
from parley_mls.suite import SIZES
from parley_mls.treekem import open_path
from parley_mls.welcome import psk_lookup, resolve_psks


def advance(p: Primitives, state: MemberState, received: ReceivedCommit, psks: Mapping[bytes, bytes]) -> MemberState:
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
    if not hmac.compare_digest(tag, received.authenticated.confirmation_tag):
        raise CommitError("the confirmation tag is wrong")
    return replace(
        state,
        public=public,
        private_keys=kept,
        secrets=secrets.for_handshakes(),
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
    try:
        init_secret = state.secrets.init
        if applied.kem_output is not None:
            private, _ = external_key_pair(p, state.secrets.external)
            init_secret = external_init_from(p, private, applied.kem_output)
        psk = psk_secret(p, resolve_psks(applied.psks, psk_lookup(psks, state.known_resumption_psks)))
    except (CryptoError, WelcomeError) as error:
        raise CommitError(str(error)) from error
    return epoch_secrets(p, joiner_secret(p, init_secret, commit_secret, context), psk, context)
