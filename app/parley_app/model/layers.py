"""What floats above the screens: menus, the emoji picker, questions, and small forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from parley_app.icons import Glyph
from parley_app.model.lifetimes import Lifetime
from parley_app.model.observing import Observed
from parley_app.model.rows import Person


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
class Adding:
    """What can be put into a message: the composer's menu."""

    in_thread: bool


@dataclass(frozen=True)
class NewPoll:
    """The form of a new poll."""


@dataclass(frozen=True)
class Choice:
    """A row of a menu; `chosen` where it is one of several that holds now."""

    glyph: Glyph
    label: str
    act: Callable[[], object]
    danger: bool = False
    chosen: bool = False


@dataclass(frozen=True)
class Choices:
    """A menu, of whatever it is about; `title` names it."""

    title: str
    groups: tuple[tuple[Choice, ...], ...]
    spot: Spot = Spot()


@dataclass(frozen=True)
class Question:
    """Whether something is to be done that cannot simply be taken back; `button` names it."""

    title: str
    text: str
    button: str
    glyph: Glyph
    act: Callable[[], object]


@dataclass(frozen=True)
class NewFolder:
    """The form of a folder that a conversation is to lie in."""

    conversation_id: str


@dataclass(frozen=True)
class SendLater:
    """When the text in the composer is to be sent, or with `client_id` a message that waits for its time already."""

    client_id: str = ""


@dataclass(frozen=True)
class ScheduledList:
    """What is sent later in the open conversation."""


@dataclass(frozen=True)
class SetLifetime:
    """How long the messages of the open conversation are kept."""

    lifetime: Lifetime


@dataclass(frozen=True)
class RemindOf:
    """When this person wants to be reminded of a message; `in_thread` where it stands in the open thread."""

    sequence: int
    in_thread: bool


@dataclass(frozen=True)
class RemindersList:
    """All that this person wants to be reminded of."""


@dataclass(frozen=True)
class ReportOf:
    """Whether a message is to be shown to who runs the server."""

    sequence: int
    in_thread: bool


@dataclass(frozen=True)
class CompareNumber:
    """The safety number that this person shares with somebody."""

    username: str


@dataclass(frozen=True)
class NewKeys:
    """The new keys of somebody of a conversation, who began their account anew."""

    username: str
    conversation_id: str


@dataclass(frozen=True)
class ShowPerson:
    """How somebody shows themselves."""

    person: Person


@dataclass(frozen=True)
class SignInAgain:
    """The password again, for what asks for a recent sign-in."""


Layer = (
    MenuOf
    | PickerFor
    | Adding
    | NewPoll
    | Choices
    | Question
    | NewFolder
    | SendLater
    | ScheduledList
    | SetLifetime
    | RemindOf
    | RemindersList
    | ReportOf
    | CompareNumber
    | NewKeys
    | ShowPerson
    | SignInAgain
)


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
