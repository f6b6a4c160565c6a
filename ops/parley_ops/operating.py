"""What operators ask of the running system: accounts, the audit log, keys. The services do it; this hands it to them.

Invariant: a request goes by standard input and an answer by standard output, so no code or address is seen in a list of
processes or kept in a log.
"""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from parley_ops import mongod, postgres, privilege, restarting, services, start, supervision, valkey
from parley_ops.errors import OperationError, UsageError
from parley_ops.layout import Home, write_private
from parley_ops.secret_files import renew_engine_secret, rotate_service_keys
from parley_ops.stack import Stack

#: Passwords that an engine is told at each start. Those of the administrators of PostgreSQL and MongoDB are told once.
_RENEWED = (
    *(f"postgres_{service}" for service in postgres.SERVICES),
    *(f"mongod_{service}" for service in mongod.SERVICES),
    *(f"valkey_{service}" for service in (*valkey.SERVICES, "admin")),
    "s3",
)


def who() -> str:
    """The account of the machine for which this is done, before it becomes the services' user."""
    return os.environ.get("SUDO_USER") or _account()


def ask(stack: Stack, act: str, by: str, **members: Any) -> Any:
    """Let auth carry out one act; `UsageError` where it refuses what is asked, `OperationError` where it cannot."""
    _expect_running(stack)
    request = json.dumps({"by": by, "ask": {"act": act, **members}})
    said = services.run_command(
        "auth", "operate", "It was not done", stack.home, stack.instance, stack.addresses, given=request
    )
    answer = json.loads(said)
    problem = answer.get("problem")
    if problem is None:
        return answer["done"]
    sentence = problem.get("detail") or problem.get("title") or "It was refused."
    if problem["status"] >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise OperationError(sentence)
    raise UsageError(sentence)


def verify_audit(stack: Stack, by: str) -> dict[str, Any]:
    """Whether the audit log is whole, also against its end when this was asked last, which is kept beside the keys."""
    kept = stack.home.secrets / "audit_head.json"
    known = json.loads(kept.read_text()) if kept.exists() else None
    verdict: dict[str, Any] = ask(stack, "audit.verify", by, known=known)
    if not verdict["fault"]:
        write_private(kept, json.dumps(verdict["head"]))
    return verdict


def rotate_keys(stack: Stack, kinds: frozenset[str], by: str, say: Callable[[str], None]) -> None:
    """Replace keys of these kinds: `signing` of access tokens, `fields` of databases, `services` by which they know each other."""
    _expect_running(stack)
    signing, fields = "signing" in kinds, "fields" in kinds
    if signing or fields:
        found = ask(stack, "keys.rotate", by, signing=signing, fields=fields)
        if signing:
            say("Access tokens are signed by a new key; those that the old one signed are good until they end.")
        if fields:
            notification = _rotate_notification(stack)
            say(f"Sealed anew: {found['resealed']} fields of accounts, {notification} of subscriptions.")
    if "services" in kinds:
        rotate_service_keys(stack.home, lambda: restarting.restart(stack, [], say))
        say("Services know each other by new keys.")


def renew_engine_passwords(home: Home) -> None:
    """Other passwords for services at the embedded engines, which take them over at the next start; not while they run."""
    with start.locked(home):
        if supervision.connect(home) is not None:
            raise OperationError("It runs; ./parley down stops it, and the next ./parley up uses the new passwords.")
        for name in _RENEWED:
            renew_engine_secret(home, name)


def _expect_running(stack: Stack) -> None:
    if supervision.connect(stack.home) is None:
        raise OperationError("It does not run; ./parley up starts it.")


def _rotate_notification(stack: Stack) -> int:
    said = services.run_command(
        "notification", "rotate-keys", "It was not done", stack.home, stack.instance, stack.addresses
    )
    return int(json.loads(said)["resealed"])


def become_services_user(home: Home) -> None:
    """Drop root's rights: what follows reads secrets of services only."""
    privilege.drop(home.root)


def _account() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
