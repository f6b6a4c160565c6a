"""Where everything lies: the runtime (engines, libraries), the checkout, and the home of one instance.

Invariant: secrets and data are their user's alone (0700 and 0600), and what root executes is never writable by the
services' user: as root, only the folders below a home belong to `parley`, not the home itself.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from parley_ops.errors import OperationError
from parley_ops.privilege import service_user

#: sun_path holds 108 bytes with its closing zero.
SOCKET_PATH_BYTES_MAX = 107
_LONGEST_SOCKET = "supervisor.sock.4194304"


@dataclass(frozen=True)
class Home:
    """The data of one instance."""

    root: Path

    @property
    def etc(self) -> Path:
        """Configuration, made anew at each start."""
        return self.root / "etc"

    @property
    def secrets(self) -> Path:
        """Keys and passwords, made once."""
        return self.root / "secrets"

    @property
    def data(self) -> Path:
        """What the engines store."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """One file for each part."""
        return self.root / "log"

    @property
    def tls(self) -> Path:
        """The certificate authority and the server's certificate."""
        return self.root / "tls"

    @property
    def instance_file(self) -> Path:
        """Address and ports."""
        return self.root / "instance.json"

    @property
    def run(self) -> Path:
        """Unix sockets, pid files and the lock; a short folder elsewhere where the path would be too long."""
        here = self.root / "run"
        if len(os.fsencode(here / _LONGEST_SOCKET)) <= SOCKET_PATH_BYTES_MAX:
            return here
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path(f"/tmp/parley-{name}")  # noqa: S108 - owner and mode are checked in `prepare`

    def prepare(self) -> None:
        """Make the folders, owned by the services' user; for the caller that may still be root."""
        user = service_user()
        try:
            self.root.mkdir(mode=0o755, parents=True, exist_ok=True)
            for folder in (self.etc, self.secrets, self.data, self.log, self.tls, self.run):
                # Everybody may read the authority's certificate, to trust it.
                folder.mkdir(mode=0o755 if folder == self.tls else 0o700, exist_ok=True)
                if user is not None:
                    os.chown(folder, user.pw_uid, user.pw_gid, follow_symlinks=False)
            descriptor = os.open(self.instance_file, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o644)
            if user is not None:
                os.fchown(descriptor, user.pw_uid, user.pw_gid)
            os.close(descriptor)
        except OSError as error:
            raise OperationError(f"The home {self.root} cannot be prepared: {error.strerror}.") from error
        status = self.run.lstat()
        if status.st_uid not in {os.geteuid(), user.pw_uid if user else -1} or status.st_mode & 0o077:
            raise OperationError(f"{self.run} belongs to somebody else or is open to others; remove it.")


def runtime() -> Path:
    """The folder of the Python environment, as the launcher says."""
    return Path(os.environ.get("PARLEY_RUNTIME") or Path(sys.prefix).parent)


def checkout() -> Path:
    """The repository, as the launcher says."""
    said = os.environ.get("PARLEY_CHECKOUT")
    if not said:
        raise OperationError("This command needs the checkout: run it as ./parley.")
    return Path(said)


def write_private(path: Path, content: str | bytes) -> None:
    """Replace a file atomically, readable by its user alone."""
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
