"""Making groups that follow from others (RFC 9420 sections 11.2 and 11.3); `succession` is how they are checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from parley_mls.errors import CommitError
from parley_mls.extensions import Extension, with_required
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
    group_info_extensions: Sequence[Extension] = (),
    leaf_extensions: Sequence[Extension] | None = None,
    hook: Hook | None = None,
) -> CommitResult:
    """A new group of ourselves and some members of `old`, by fresh key packages; raises `CommitError`.

    It keeps the old group's extensions unless others are given (private-use ones become required), and our leaf's likewise. Who
    joins holds its members against the old group's.
    """
    kept = old.extensions if extensions is None else tuple(with_required(extensions))
    draft = _Successor(ResumptionUsage.BRANCH, group_id, signature_seed, tuple(members), kept, hook)
    return _follow(p, old, draft, tuple(group_info_extensions), leaf_extensions)


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
    draft = _Successor(ResumptionUsage.REINIT, reinit.group_id, signature_seed, tuple(members), reinit.extensions, hook)
    return _follow(p, old, draft)


@dataclass(frozen=True)
class _Successor:
    usage: ResumptionUsage
    group_id: bytes
    signature_seed: bytes = field(repr=False)
    members: tuple[KeyPackage, ...]
    extensions: tuple[Extension, ...]
    hook: Hook | None


def _follow(
    p: Primitives,
    old: Group,
    new: _Successor,
    group_info_extensions: tuple[Extension, ...] = (),
    leaf_extensions: Sequence[Extension] | None = None,
) -> CommitResult:
    own = dict(old.members())[old.own_index]
    founded = Group(
        found_state(
            p,
            group_id=new.group_id,
            identity=own.identity,
            signature_seed=new.signature_seed,
            extensions=new.extensions,
            leaf_extensions=own.extensions if leaf_extensions is None else leaf_extensions,
        )
    )
    link = PskId(PskType.RESUMPTION, p.random(SIZES.hash), usage=new.usage, group_id=old.group_id, epoch=old.epoch)
    return founded.commit(
        p,
        add=new.members,
        psks=[(link, old.resumption_psk)],
        hook=new.hook,
        group_info_extensions=group_info_extensions,
    )
