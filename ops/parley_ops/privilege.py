"""Who runs the parts: the caller or, for root, the system user `parley`.

Invariant: no engine and no service ever runs as root.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from parley_ops.errors import OperationError

SYSTEM_USER = "parley"


def service_user() -> pwd.struct_passwd | None:
    """The user to drop to; None where the caller is an ordinary user."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError as error:
        raise OperationError("The system user parley is missing; ./parley creates it.") from error


def drop(home: Path) -> None:
    """Become the services' user for good; `home` must be within its reach."""
    user = service_user()
    if user is not None:
        os.setgroups([])
        os.setresgid(user.pw_gid, user.pw_gid, user.pw_gid)
        os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
        os.umask(0o077)
        os.environ["HOME"] = str(home)
    if not os.access(home, os.X_OK):
        raise OperationError(f"The user {SYSTEM_USER} cannot enter {home}; choose a home outside private folders.")
    os.chdir(home)


def user_name() -> str:
    """The name of the user we are now."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
