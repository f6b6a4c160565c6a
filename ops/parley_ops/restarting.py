"""Restarting parts one by one while the rest goes on: nodes hand their sockets over and nobody is answered with an error.

Invariant: the next part is stopped only when the one before does its work again, and the gateway sends to it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from parley_gateway.configuration import FAIL_TIMEOUT_S

from parley_ops import privilege, services, supervision
from parley_ops.errors import OperationError, Unhealthy, UsageError
from parley_ops.parts import SERVICES, Part
from parley_ops.stack import Stack
from parley_ops.start import locked

HEALTHY_TIMEOUT_S = 60
_MARGIN_S = 0.5


def restart(stack: Stack, names: Sequence[str], say: Callable[[str], None]) -> None:
    """Restart these parts in this order, or all services; `OperationError` where one does not come back."""
    privilege.drop(stack.home.root)
    with locked(stack.home):
        supervisor = supervision.connect(stack.home)
        if supervisor is None:
            raise OperationError("It does not run; ./parley up starts it.")
        nodes = services.messaging_names(stack.instance)
        shunned_until = 0.0
        for part in _chosen(stack.parts(), names):
            if part.name in nodes:
                time.sleep(max(0.0, shunned_until - time.monotonic()))
            began = time.monotonic()
            supervisor.stopProcess(part.name, True)
            supervision.start_program(supervisor, part.name)
            _await_healthy(part)
            say(f"  {part.name:14} up again {time.monotonic() - began:5.1f} s")
            if part.name in nodes:
                # The gateway may have met it dead a moment ago, and believes that for so long.
                shunned_until = time.monotonic() + FAIL_TIMEOUT_S + _MARGIN_S


def declare_restored(stack: Stack, say: Callable[[str], None]) -> None:
    """After a backup was restored: a new server generation, and nodes that know nothing of what was after the backup."""
    privilege.drop(stack.home.root)
    with locked(stack.home):
        supervisor = supervision.connect(stack.home)
        if supervisor is None:
            raise OperationError("It does not run; ./parley up starts it.")
        nodes = _chosen(stack.parts(), services.messaging_names(stack.instance))
        for node in nodes:  # all of them at once: none may write by what it remembers
            supervisor.stopProcess(node.name, True)
        services.declare_restored(stack.home, stack.instance, stack.addresses)
        for node in nodes:
            supervision.start_program(supervisor, node.name)
        for node in nodes:
            _await_healthy(node)
            say(f"  {node.name:14} up again")


def _chosen(parts: Sequence[Part], names: Sequence[str]) -> list[Part]:
    ours = {part.name: part for part in parts if not part.external}
    if unknown := [name for name in names if name not in ours]:
        raise UsageError(f"There is no part {unknown[0]} here; ./parley status shows all.")
    return [ours[name] for name in names] or [part for part in ours.values() if part.wave == SERVICES]


def _await_healthy(part: Part) -> None:
    deadline = time.monotonic() + HEALTHY_TIMEOUT_S
    while True:
        try:
            part.check()
        except Unhealthy as fault:
            if time.monotonic() > deadline:
                raise OperationError(f"{part.name} does not come back: {fault}.") from fault
            time.sleep(0.1)
        else:
            return
