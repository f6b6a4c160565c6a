"""What rows of a conversation call when something is done with a message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from parley_app.model.layers import Spot
from parley_app.model.rows import Picture


@dataclass(frozen=True)
class MessageActions:
    """What can be done with a message; equal as long as they are the same functions, so rows stay as they are.

    A message is named by its sequence. `narrow` is where only the most needed actions fit beside a bubble.
    """

    retry: Callable[[str], object]
    discard: Callable[[str], object]
    view: Callable[[Picture], object]
    menu: Callable[[int, Spot], object]
    pick: Callable[[int, Spot], object]
    reply: Callable[[int], object]
    open_thread: Callable[[int], object]
    react: Callable[[int, str], object]
    vote: Callable[[int, int], object]
    jump: Callable[[int], object]
    narrow: bool = False
