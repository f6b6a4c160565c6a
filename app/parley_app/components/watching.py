"""Views that follow a part of the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

import flet as ft

from parley_app.model.observing import Observed

P = ParamSpec("P")


def still(component: Callable[P, ft.Control]) -> Callable[P, ft.Control]:
    """A component that is not drawn anew while what it is given is equal; its key has to tell one look from another."""
    memo: Callable[[Callable[P, ft.Control]], Callable[P, ft.Control]] = ft.memo
    return memo(component)


def use_watched(*watched: Observed) -> None:
    """Draw the calling component anew after each change of what it watches."""
    _, set_turn = ft.use_state(0)
    drawn = [part.version for part in watched]
    ends: ft.MutableRef[list[Callable[[], None]]] = ft.use_ref(list)

    def turn() -> None:
        set_turn(lambda value: value + 1)

    def begin() -> None:
        ends.current = [part.observe(turn) for part in watched]
        if drawn != [part.version for part in watched]:  # it changed between being drawn and being watched
            turn()

    def end() -> None:
        for stop in ends.current or []:
            stop()
        ends.current = []

    ft.use_effect(begin, [id(part) for part in watched], end)
