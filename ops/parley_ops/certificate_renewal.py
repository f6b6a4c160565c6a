"""Another certificate while everything runs: what the hook of an ACME client calls."""

from __future__ import annotations

from pathlib import Path

from parley_ops import privilege, supervision
from parley_ops.certificates import install_certificate
from parley_ops.errors import UsageError
from parley_ops.layout import Home


def serve_certificate(home: Home, certificate: Path, key: Path) -> bool:
    """Take a certificate and its key over; whether the gateway runs and presents it from now on. No connection ends.

    The files may be root's alone: they are read before anything else is done. `UsageError` where they do not fit.
    """
    try:
        pair = certificate.read_bytes(), key.read_bytes()
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be read: {error.strerror}.") from error
    privilege.drop(home.root)
    install_certificate(home, *pair)
    supervisor = supervision.connect(home)
    if supervisor is None:
        return False
    supervisor.signalProcess("nginx", "HUP")
    return True
