"""Which of this device's key packages a Welcome was made for."""

from __future__ import annotations

from parley_client.errors import UntrustedGroup
from parley_client.session import Session
from parley_client.store import queues
from parley_mls import KeyPackageBundle, MlsError, welcome_key_package_refs


def bundle_for(session: Session, welcome: bytes) -> tuple[bytes, KeyPackageBundle, bool] | None:
    """The key package with its reference, and whether it is the last resort; None where the Welcome is for none of them."""
    try:
        refs = welcome_key_package_refs(welcome)
    except MlsError as error:
        raise UntrustedGroup("the Welcome is malformed") from error
    for ref in refs:
        kept = queues.load_key_package(session.store, ref)
        if kept is not None:
            return ref, KeyPackageBundle.from_bytes(kept[0]), kept[1]
    return None
