"""A member's first state, from a Welcome (RFC 9420 section 12.4.3.1)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from parley_mls.errors import CommitError, GroupInfoError, TreeError, WelcomeError
from parley_mls.framing import interim_transcript
from parley_mls.key_package import KeyPackageBundle
from parley_mls.key_schedule import epoch_secrets
from parley_mls.member_state import MemberState
from parley_mls.primitives import Primitives, SignatureCheck
from parley_mls.ratchet_tree import RatchetTree
from parley_mls.succession import Predecessor, check_successor
from parley_mls.transition import Hook, PublicState
from parley_mls.tree_math import is_ancestor
from parley_mls.treekem import private_path
from parley_mls.welcome import OpenedWelcome, Welcome, open_welcome, psk_lookup


@dataclass(frozen=True)
class Joining:
    """A Welcome that is open and the tree that it shows, nothing of them verified: half of a join."""

    opened: OpenedWelcome
    unverified_tree: RatchetTree
    bundle: KeyPackageBundle
    signature_seed: bytes
    predecessor: Predecessor | None

    @classmethod
    def begin(
        cls,
        p: Primitives,
        welcome: bytes,
        bundle: KeyPackageBundle,
        signature_seed: bytes,
        *,
        ratchet_tree: bytes | None = None,
        psks: Mapping[bytes, bytes] | None = None,
        predecessor: Predecessor | None = None,
    ) -> Joining:
        """Open a Welcome; `WelcomeError` where that fails. The arguments are those of `Group.join`."""
        resumption = predecessor.resumption_psks if predecessor else {}
        opened = open_welcome(p, Welcome.from_bytes(welcome), bundle, psk_lookup(psks or {}, resumption))
        try:
            tree = opened.group_info.shown_tree(ratchet_tree)
        except (GroupInfoError, TreeError) as error:
            raise WelcomeError(str(error)) from error
        return cls(opened, tree, bundle, signature_seed, predecessor)

    def signatures(self) -> Iterator[SignatureCheck]:
        """All signatures that `finish` will ask about, for `Primitives.knowing`."""
        return self.opened.group_info.signatures(self.unverified_tree)

    def finish(self, p: Primitives, hook: Hook | None) -> MemberState:
        """The state of whoever the Welcome lets in; `WelcomeError` where it breaks a rule, or what the hook raises."""
        info, tree = self.opened.group_info, self.unverified_tree
        try:
            info.verify(p, tree)
        except (GroupInfoError, TreeError) as error:
            raise WelcomeError(str(error)) from error
        check_successor(info.context, tree, self.opened.secrets.psks, self.predecessor)
        own = next((i for i, leaf in tree.members() if leaf == self.bundle.key_package.leaf), None)
        if own is None:
            raise WelcomeError("our leaf is not in the tree")
        for _, leaf in tree.members() if hook else ():
            hook.check_leaf(leaf)  # type: ignore[union-attr] # the loop is empty without a hook
        return _joined(p, self.opened, tree, own, self.bundle, self.signature_seed)


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
        except (CommitError, TreeError) as error:
            raise WelcomeError(str(error)) from error
        private_keys |= above
    secrets = epoch_secrets(p, opened.secrets.joiner_secret, opened.psk, info.context.encode())
    tag = p.hmac(secrets.confirmation, info.context.confirmed_transcript_hash)
    if not hmac.compare_digest(tag, info.confirmation_tag):
        raise WelcomeError("the confirmation tag is wrong")
    interim = interim_transcript(p, info.context.confirmed_transcript_hash, tag)
    return MemberState(
        public=PublicState(info.context, tree, interim),
        own_index=own,
        signature_seed=signature_seed,
        private_keys=private_keys,
        secrets=secrets.for_handshakes(),
        confirmation_tag=tag,
        resumption_psks={info.context.epoch: secrets.resumption_psk},
        join_group_info_extensions=info.extensions,
    )
