"""The key packages by which others add this device while it sleeps: one-time ones, and one last resort.

Invariant: a private half is stored before its package is uploaded, and erased when a Welcome used it.
"""

from __future__ import annotations

import time

from parley_client.api import auth
from parley_client.push.leaves import own_leaf_extensions
from parley_client.session import Session
from parley_client.store import queues
from parley_contracts.auth_api import KeyPackageUpload
from parley_contracts.encoding import b64encode
from parley_contracts.limits import KEY_PACKAGE_LIFETIME_S, KEY_PACKAGES_REFILL_BELOW
from parley_contracts.policy import ANCHOR_EXTENSION_TYPE, POLICY_EXTENSION_TYPE
from parley_mls import KeyPackageBundle, Lifetime, create_key_package

STOCK = 50
#: Others' clocks may be behind this device's.
_BACKDATED_S = 3600


async def stock_key_packages(session: Session, *, known_to_be_empty: bool = False) -> None:
    """Upload key packages where the server has few of this device, and what an earlier try left."""
    if not queues.key_packages_to_upload(session.store):
        available, has_last_resort = 0, False
        if not known_to_be_empty:
            count = await auth.count_key_packages(session.api)
            available, has_last_resort = count.available, count.has_last_resort
        if available >= KEY_PACKAGES_REFILL_BELOW and has_last_resort:
            return
        # A server that counts below nothing does not make a device make packages for ever.
        _make(session, STOCK - min(max(available, 0), STOCK), last_resort=not has_last_resort)
    waiting = queues.key_packages_to_upload(session.store)
    packages = {
        ref: (b64encode(KeyPackageBundle.from_bytes(bundle).key_package.to_bytes()), last)
        for ref, bundle, last in waiting
    }
    one_time = [package for package, last in packages.values() if not last]
    last_resort = next((package for package, last in packages.values() if last), None)
    await auth.post_key_packages(session.api, KeyPackageUpload(one_time, last_resort))
    with session.store.transaction():
        queues.mark_uploaded(session.store, list(packages))


def _make(session: Session, count: int, *, last_resort: bool) -> None:
    with session.store.transaction():
        for number in range(count + int(last_resort)):
            is_last_resort = number == count
            bundle = _key_package(session, last_resort=is_last_resort)
            ref = bundle.key_package.ref(session.primitives)
            queues.save_key_package(session.store, ref, bundle.to_bytes(), last_resort=is_last_resort)


def _key_package(session: Session, *, last_resort: bool) -> KeyPackageBundle:
    now = int(time.time())
    return create_key_package(
        session.primitives,
        identity=session.device.certificate,
        signature_seed=session.device.device_secret,
        lifetime=Lifetime(now - _BACKDATED_S, now + KEY_PACKAGE_LIFETIME_S),
        last_resort=last_resort,
        extension_types=[POLICY_EXTENSION_TYPE, ANCHOR_EXTENSION_TYPE],
        leaf_extensions=own_leaf_extensions(session),
    )
