"""The bodies of entries as JSON, and reading those that others sealed.

Invariant: whatever a member sealed, what the readers here return keeps every bound; what makes no sense is None.
A `target`, `reply_to` or `thread` is the sequence of an earlier entry of the same conversation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from typing import TypeVar

import msgspec

from parley_client.content.kinds import (
    KIND_DELETE,
    KIND_EDIT,
    KIND_NAME,
    KIND_PIN,
    KIND_POLL,
    KIND_POLL_CLOSE,
    KIND_REACTION,
    KIND_TEXT,
    KIND_VOTE,
)
from parley_client.content.small_pictures import small_picture
from parley_client.errors import UsageError
from parley_contracts.ids import UserId
from parley_contracts.limits import (
    APPLICATION_NAME_LENGTH_MAX,
    GROUP_NAME_LENGTH_MAX,
    GROUP_PICTURE_SIZE_BYTES_MAX,
    GROUP_TOPIC_LENGTH_MAX,
    MENTIONS_PER_MESSAGE_MAX,
    MESSAGE_BODY_SIZE_BYTES_MAX,
    POLL_OPTION_LENGTH_MAX,
    POLL_OPTIONS_MAX,
    REACTION_LENGTH_MAX,
    TEXT_LENGTH_MAX,
)
from parley_contracts.problems import TooLarge

#: In place of a person's id in `mentions`: everybody in the conversation.
EVERYBODY = UserId("everybody")


class TextBody(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A text. Its files (`attachments`) are read by `parley_client.attachments.descriptor`.

    `application` is the program that said it for its person: the server's word, in open channels only.
    """

    text: str
    attachments: Sequence[msgspec.Raw] = ()
    reply_to: int | None = None
    thread: int | None = None
    mentions: Sequence[UserId] = ()
    application: str = ""


class NameBody(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a group is called from here on, and what it is about.

    `picture` is a small JPEG or WebP as base64url, empty for none any more, None for the one that it has.
    """

    name: str
    topic: str = ""
    picture: str | None = None


class EditBody(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Another text in place of the target's; the files stay."""

    target: int
    text: str
    mentions: Sequence[UserId] = ()


class TargetBody(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A deletion, or the end of a poll. `thread` is where the deleted message stood, for those who see only its place."""

    target: int
    thread: int | None = None


class ReactionBody(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One person's emoji at the target, given or taken back."""

    target: int
    emoji: str
    removed: bool = False


class PinBody(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The target is pinned for everybody, or is not any more."""

    target: int
    removed: bool = False


class PollBody(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A question with its answers; with `several`, a person may choose more than one."""

    text: str
    options: Sequence[str]
    several: bool = False
    thread: int | None = None


class VoteBody(msgspec.Struct, frozen=True, kw_only=True):
    """One person's choices of a poll, as indices of its options; none takes the vote back."""

    target: int
    choices: Sequence[int]


Body = TextBody | NameBody | EditBody | TargetBody | ReactionBody | PinBody | PollBody | VoteBody
_TYPES: dict[int, type[Body]] = {
    KIND_TEXT: TextBody,
    KIND_NAME: NameBody,
    KIND_EDIT: EditBody,
    KIND_DELETE: TargetBody,
    KIND_REACTION: ReactionBody,
    KIND_PIN: PinBody,
    KIND_POLL: PollBody,
    KIND_VOTE: VoteBody,
    KIND_POLL_CLOSE: TargetBody,
}
#: Not within an address of e-mail or another word.
_MENTION = re.compile(r"(?<![\w.@-])@([\w.-]+)")
B = TypeVar("B", bound=Body)


def encode(body: Body) -> bytes:
    """The body's JSON; `UsageError` or `TooLarge` where it breaks a bound."""
    text = getattr(body, "text", "")
    if len(text) > TEXT_LENGTH_MAX:
        raise TooLarge(f"a message has at most {TEXT_LENGTH_MAX} characters", limit_characters=TEXT_LENGTH_MAX)
    try:
        encoded = msgspec.json.encode(body)
    except UnicodeEncodeError as error:
        raise UsageError("the text is not valid Unicode") from error
    if len(encoded) > MESSAGE_BODY_SIZE_BYTES_MAX:
        raise TooLarge(
            "Text and files are too much for one message; send them in several.",
            limit_bytes=MESSAGE_BODY_SIZE_BYTES_MAX,
        )
    if not _is_sound(body):
        raise UsageError(_WHAT_IS_SOUND[type(body)])
    return encoded


def read(unverified_body: bytes, kind: type[B]) -> B | None:
    """A body of this type, or None where it is none or breaks a bound."""
    try:
        body = msgspec.json.decode(unverified_body, type=kind)
    except (ValueError, RecursionError):  # not JSON, not UTF-8, or nested beyond all measure
        return None
    return body if _is_sound(body) else None


def read_any(unverified_body: bytes, kind: int) -> Body | None:
    """The body of an entry of this kind, or None where it breaks a bound or the kind has none here."""
    found = _TYPES.get(kind)
    return read(unverified_body, found) if found is not None else None


def text_in(body: bytes) -> str:
    """The text of a text's body; empty where it makes no sense."""
    found = read(body, TextBody)
    return found.text if found is not None else ""


def name_in(body: bytes) -> str:
    """The name that a group is given; empty where it makes no sense."""
    found = read(body, NameBody)
    return found.name if found is not None else ""


def picture_in(body: NameBody) -> bytes | None:
    """The picture that a group is given, None for none."""
    return small_picture(body.picture, size_bytes_max=GROUP_PICTURE_SIZE_BYTES_MAX)


def mentioned_in(text: str, members: Collection[tuple[UserId, str]]) -> tuple[UserId, ...]:
    """Whom `@username` (or `@everybody`) in a text names, of these people."""
    words = {word.rstrip(".-").lower() for word in _MENTION.findall(text)}
    found = [user_id for user_id, username in members if username and username.lower() in words]
    return tuple([EVERYBODY] if EVERYBODY in words else sorted(found)[:MENTIONS_PER_MESSAGE_MAX])


def _is_of_emoji(character: str) -> bool:
    """Whether it may stand in a reaction: no space or control, of the invisible ones only what joins emoji and flags."""
    joins = character == "\u200d" or "\U000e0020" <= character <= "\U000e007f"
    return joins or unicodedata.category(character) not in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"}


_WHAT_IS_SOUND: dict[type[Body], str] = {
    TextBody: "a message replies to an earlier one",
    NameBody: f"a group's name has 1 to {GROUP_NAME_LENGTH_MAX} characters, its topic at most {GROUP_TOPIC_LENGTH_MAX}",
    EditBody: "a message is changed into other words",
    TargetBody: "there is no such message",
    ReactionBody: f"a reaction is one emoji of at most {REACTION_LENGTH_MAX} characters",
    PinBody: "there is no such message",
    PollBody: f"a poll has a question and 2 to {POLL_OPTIONS_MAX} different answers",
    VoteBody: "a vote names answers of the poll",
}


def _is_sound(body: Body) -> bool:
    places = [getattr(body, name, None) for name in ("target", "reply_to", "thread")]
    if any(place is not None and not 1 <= place < 1 << 53 for place in places):
        return False
    if isinstance(body, TextBody | EditBody | PollBody) and len(body.text) > TEXT_LENGTH_MAX:
        return False
    match body:
        case TextBody() | EditBody():
            sound = len(body.mentions) <= MENTIONS_PER_MESSAGE_MAX
            sound = sound and len(getattr(body, "application", "")) <= APPLICATION_NAME_LENGTH_MAX
        case NameBody():
            sound = 0 < len(body.name.strip()) <= len(body.name) <= GROUP_NAME_LENGTH_MAX
            sound = sound and len(body.topic) <= GROUP_TOPIC_LENGTH_MAX
            sound = sound and (not body.picture or picture_in(body) is not None)
        case ReactionBody():
            sound = 0 < len(body.emoji) <= REACTION_LENGTH_MAX and all(map(_is_of_emoji, body.emoji))
        case PollBody():
            sound = bool(body.text.strip()) and _are_answers([option.strip() for option in body.options])
        case VoteBody():
            unlike = len(set(body.choices)) == len(body.choices)
            sound = unlike and all(0 <= index < POLL_OPTIONS_MAX for index in body.choices)
        case TargetBody() | PinBody():
            sound = True
    return sound


def _are_answers(options: list[str]) -> bool:
    unlike = 2 <= len(options) == len(set(options)) <= POLL_OPTIONS_MAX
    return unlike and all(0 < len(option) <= POLL_OPTION_LENGTH_MAX for option in options)
