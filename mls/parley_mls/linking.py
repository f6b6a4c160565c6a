"""Making groups that follow from others (RFC 9420 sections 11.2 and 11.3); `succession` is how they are checked."""

from __future__ import annotations

from collections.abc import Sequence

from parley_mls.errors import CommitError
from parley_mls.extensions import Extension
from parley_mls.founding import found_state
from parley_mls.group import CommitResult, Group
from parley_mls.key_package import KeyPackage
from parley_mls.primitives import Primitives
from parley_mls.psk import PskId, PskType, ResumptionUsage
from parley_mls.suite import MLS_10, SIZES, SUITE
from parley_mls.transition import Hook


def branch_group(
    p: Primitives,
    old: Group,
    *,
    group_id: bytes,
    signature_seed: bytes,
    members: Sequence[KeyPackage],
    extensions: Sequence[Extension] | None = None,
    hook: Hook | None = None,
) -> CommitResult:
    """A new group of ourselves and some members of `old`, by fresh key packages; raises `CommitError`.

    It keeps the old group's extensions unless others are given. Who joins holds its members against the old group's.
    """
    kept = old.extensions if extensions is None else tuple(extensions)
    return _follow(p, old, ResumptionUsage.BRANCH, group_id, signature_seed, members, kept, hook)


def reinitialised_group(
    p: Primitives,
    old: Group,
    *,
    signature_seed: bytes,
    members: Sequence[KeyPackage],
    hook: Hook | None = None,
) -> CommitResult:
    """The group that a re-initialisation announced, with all other members of `old` by fresh key packages; raises `CommitError`."""
    reinit = old.public.reinit
    if reinit is None:
        raise CommitError("the group was not re-initialised")
    if (reinit.version, reinit.cipher_suite) != (MLS_10, SUITE):
        raise CommitError("the announced group has a version or suite that is not ours")
    return _follow(p, old, ResumptionUsage.REINIT, reinit.group_id, signature_seed, members, reinit.extensions, hook)


def _follow(
    p: Primitives,
    old: Group,
    usage: ResumptionUsage,
    group_id: bytes,
    signature_seed: bytes,
    members: Sequence[KeyPackage],
    extensions: tuple[Extension, ...],
    hook: Hook | None,
) -> CommitResult:
    own = dict(old.members())[old.own_index]
    founded = Group(
        found_state(
            p,
            group_id=group_id,
            identity=own.identity,
            signature_seed=signature_seed,
            extensions=extensions,
            leaf_extensions=own.extensions,
        )
    )
    link = PskId(PskType.RESUMPTION, p.random(SIZES.hash), usage=usage, group_id=old.group_id, epoch=old.epoch)
    return founded.commit(p, add=members, psks=[(link, old.resumption_psk)], hook=hook)
