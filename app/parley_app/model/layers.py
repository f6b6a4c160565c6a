"""What floats above the screens: a message's menu, the emoji picker, a question, the form of a new poll."""

from __future__ import annotations

from dataclasses import dataclass

from parley_app.model.observing import Observed


@dataclass(frozen=True)
class Spot:
    """Where on the window something was asked for, in pixels; None where it was asked for by the keyboard."""

    x: float | None = None
    y: float | None = None


@dataclass(frozen=True)
class MenuOf:
    """The actions of a message; `in_thread` where it stands in the open thread."""

    sequence: int
    in_thread: bool
    spot: Spot = Spot()


@dataclass(frozen=True)
class PickerFor:
    """The emoji picker: for a message, or with 0 for what is being written."""

    sequence: int
    in_thread: bool
    spot: Spot = Spot()


@dataclass(frozen=True)
class DeletionOf:
    """The question whether a message is to go."""

    sequence: int
    in_thread: bool


@dataclass(frozen=True)
class Adding:
    """What can be put into a message: the composer's menu."""

    in_thread: bool


@dataclass(frozen=True)
class NewPoll:
    """The form of a new poll."""


Layer = MenuOf | PickerFor | DeletionOf | Adding | NewPoll


class Layers(Observed):
    """At most one thing floats."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: Layer | None = None

    def show(self, layer: Layer) -> None:
        """Show this instead of what floats now."""
        self.shown = layer
        self.changed()

    def close(self) -> bool:
        """Show nothing; whether something was shown."""
        was = self.shown is not None
        self.shown = None
        if was:
            self.changed()
        return was
