"""Key packages of people who come into a group, each judged before it is used."""

from __future__ import annotations

import time

from parley_client.api import auth
from parley_client.crypto.account import stands_by
from parley_client.errors import UntrustedGroup
from parley_client.groups.judgement import CLOCK_LEEWAY_S, certificate_in, judge_leaves
from parley_client.session import Session
from parley_contracts.encoding import b64decode
from parley_contracts.ids import DeviceId, UserId, new_uuid7
from parley_contracts.limits import LEAF_LIFETIME_S_MAX
from parley_contracts.policy import PolicyDocument
from parley_mls import KeyPackage, MlsError


async def claim(session: Session, policy: PolicyDocument, user_id: UserId) -> list[tuple[DeviceId, KeyPackage]]:
    """A person's key packages, each judged: certified device, valid signatures, a lifetime that is now."""
    await session.directory.fetch([user_id])
    claim = await auth.claim_key_packages(session.api, user_id, idempotency_key=new_uuid7())
    packages: list[tuple[DeviceId, KeyPackage]] = []
    for claimed in claim.key_packages:
        try:
            package = KeyPackage.from_bytes(b64decode(claimed.key_package))
            package.validate(session.primitives)
        except (MlsError, ValueError) as error:
            raise UntrustedGroup("the server gave a key package that is not valid") from error
        (leaf,) = judge_leaves(session.primitives, session.directory, policy, [package.leaf])
        if (leaf.user_id, leaf.device_id) != (user_id, claimed.device_id):
            raise UntrustedGroup("the server gave a key package of another device")
        listed = leaf.device_id in session.directory.devices(user_id)
        if listed and _is_alive(package) and _stands(session, package):
            packages.append((leaf.device_id, package))
    return packages


def _stands(session: Session, package: KeyPackage) -> bool:
    """Whether its device is one by the newest statement of its person: who has an old signing key certifies no other."""
    certificate = certificate_in(package.leaf.identity)
    identity = session.directory.known(certificate.user_id)
    return identity is not None and stands_by(identity.statement, certificate)


def _is_alive(package: KeyPackage) -> bool:
    lifetime, now = package.leaf.lifetime, time.time()
    return (
        lifetime is not None
        and lifetime.not_after - lifetime.not_before <= LEAF_LIFETIME_S_MAX
        and lifetime.not_before - CLOCK_LEEWAY_S <= now <= lifetime.not_after
    )
