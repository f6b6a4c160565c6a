"""The sentences about who is there, how conversations are kept, who belongs to groups, and what is sent later.

The same rules hold as in `words`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

# Who is there.
HERE_NOW: Final = "Here now"
AWAY: Final = "Away"
SEEN_TODAY: Final = "Last seen at"
SEEN: Final = "Last seen"


# How conversations are kept.
FAVOURITES: Final = "Favourites"
ARCHIVED: Final = "Archived"
PINNED: Final = "Pinned"
RECENT: Final = "Recent"
MUTED: Final = "Muted"
FAVOURITE: Final = "Favourite"
MARKED_UNREAD: Final = "Marked as unread"
ROOM_MENU: Final = "What you can do with this conversation"
MARK_READ: Final = "Mark as read"
MARK_UNREAD: Final = "Mark as unread"
MARK_UNREAD_HERE: Final = "Mark as unread from here"
PIN: Final = "Pin to the top"
UNPIN: Final = "Unpin"
FAVOUR: Final = "Add to favourites"
UNFAVOUR: Final = "Take out of favourites"
MUTE: Final = "Mute"
UNMUTE: Final = "Unmute"
MUTE_HOUR: Final = "For an hour"
MUTE_DAY: Final = "For 8 hours"
MUTE_WEEK: Final = "For a week"
MUTE_ALWAYS: Final = "Until you unmute it"
FOLDER: Final = "Move to a folder"
NEW_FOLDER: Final = "New folder"
NO_FOLDER: Final = "Take out of its folder"
FOLDER_NAME: Final = "Name of the folder"
FOLDER_HELP: Final = "Only you see it, on all your devices."
FOLDER_BUTTON: Final = "Move into the folder"
FOLDER_TOO_LONG: Final = "This name is too long. Choose a shorter one."
ARCHIVE: Final = "Archive"
UNARCHIVE: Final = "Take out of the archive"
FILTER_EMPTY: Final = {
    "unread": "You have read everything.",
    "groups": "You are in no group yet. Make one, or join by a link.",
}
CHOSEN: Final = "chosen"

# Groups.
ROLES: Final = {"owner": "Owner", "admin": "Admin", "moderator": "Moderator", "member": "Member", "guest": "Guest"}
ROLE_DETAILS: Final = {
    "owner": "may do everything",
    "admin": "adds people and gives roles",
    "moderator": "pins, deletes, and puts people out",
    "member": "reads and writes",
    "guest": "reads, and writes while you allow it",
}
ROLES_TITLE: Final = "What the roles mean"
WHO_MAY: Final = "Who may do what"
WHO_MAY_DETAIL: Final = "Write, add people, pin, and so on"
WHO_MAY_LEAD: Final = "From which role on people may do these things. The server sees these rules, not your messages."
PERMISSIONS: Final = {
    "send": "Write messages",
    "add": "Add people",
    "invite": "Make links",
    "name": "Name and topic",
    "pin": "Pin messages",
    "timer": "Let messages disappear",
    "retention": "Say what the server keeps",
    "remove": "Put people out",
    "ban": "Ban people",
    "roles": "Give roles",
    "permissions": "Change these rules",
}
HISTORY: Final = "History for newcomers"
HISTORY_ON: Final = "Who joins later reads what is written while this is on."
HISTORY_OFF: Final = "Who joins later reads nothing from before. Switching it on shares what is written from then on."
HISTORY_TIMED: Final = "Nothing is shared while messages disappear."
ON: Final = "On"
OFF: Final = "Off"
FROM_ROLE: Final = {
    "guest": "Everybody",
    "member": "Members",
    "moderator": "Moderators",
    "admin": "Admins",
    "owner": "Owners",
}
MEMBER_ACTIONS: Final = "What you can do"
BAN_TEXT: Final = "Nobody can bring them in again before the ban is lifted."
BANNED: Final = "Banned"
UNBAN: Final = "Lift the ban"
MUTE_PERSON_FOR: Final = {
    3600: "For an hour",
    28800: "For 8 hours",
    604800: "For a week",
    None: "Until somebody unmutes them",
}
YOU_ARE_MUTED: Final = "You are muted here: you read on, and write again once a moderator unmutes you."
READ_ONLY: Final = "Your role reads here and does not write."
LEAVE: Final = "Leave the group"
LEAVE_TEXT: Final = "You read nothing that is said from now on. What was said before stays on your devices."
INVITE: Final = "Invite"
INVITE_PEOPLE: Final = "Invite people"
LINKS: Final = "Links"
NO_LINKS: Final = "There is no link yet. Make one, and give it to whoever is to come."
NEW_LINK: Final = "New link"
VALID_FOR: Final = "Valid for"
VALID_FOR_DETAIL: Final = "Then the link stops"
LIFETIMES: Final = {3600: "1 hour", 86400: "1 day", 604800: "7 days", 2592000: "30 days", None: "No end"}
USES: Final = "Uses"
USES_DETAIL: Final = "How many may come by it"
ASK_FIRST: Final = "Ask me first"
ASK_FIRST_DETAIL: Final = "You let each person in"
COPY_LINK: Final = "Copy the link"
COPIED: Final = "Copied"
LINK_ELSEWHERE: Final = "Only who made this link can copy it."
LINK_OVER: Final = "Does not work any more"
REVOKE: Final = "Revoke the link"
REVOKE_TITLE: Final = "Revoke this link?"
REVOKE_TEXT: Final = "Nobody can come in by it any more. Who is in stays in."
EMPTY_PAGE: Final = "New people start with an empty page"
EMPTY_PAGE_TEXT: Final = "They read what is written after they join, not before."
ASKING: Final = "Asking to come in"
WELCOME: Final = "Let in"
TURN_DOWN: Final = "Turn down"
LOOK: Final = "Look"
INFO_FAILED: Final = "The rules of this group cannot be shown"
JOIN: Final = "Join by a link"
JOIN_DETAIL: Final = "Somebody gave you an invitation"
JOIN_LEAD: Final = "Paste the whole invitation link. The group appears in your list once somebody lets you in."
JOIN_FIELD: Final = "Invitation link"
JOIN_BUTTON: Final = "Ask to join"
NO_LINK: Final = "This is no invitation link. It holds “#join=”: copy all of it."
DEAD_LINK: Final = "This link does not work, or not any more. Ask for a new one."
ASKED: Final = "You asked to join"
ASKED_TEXT: Final = "Somebody in the group has to let you in."
WITHDRAW: Final = "Ask no more"

# What is sent later.
SEND_LATER: Final = "Send later"
SCHEDULED: Final = "Sent later"
THIS_EVENING: Final = "This evening"
TOMORROW: Final = "Tomorrow morning"
NEXT_MONDAY: Final = "Next Monday"
TODAY: Final = "Today"
TOMORROW_DAY: Final = "Tomorrow"
TIME: Final = "Time"
TIME_HELP: Final = "Hours and minutes, like 07:30."
NO_TIME: Final = "Type hours and minutes, like 07:30."
TIME_OUT_OF_REACH: Final = "Choose a moment from now on and within a year."
SEND_LATER_TEXT: Final = "Your server holds it sealed and sends it on time, also while this device is off."
NOTHING_TO_SEND: Final = "Write something first. Then choose when it is sent."
ONLY_WORDS: Final = "Only words can be sent later, without pictures and not as a reply."
MONTH_BEFORE: Final = "The month before"
MONTH_AFTER: Final = "The month after"
DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
NOT_HELD: Final = "Waits on this device until the server can be reached"
SEND_NOW: Final = "Send now"
CHANGE_TIME: Final = "Change the time"
EDIT_WORDS: Final = "Change the words"
CANCEL_SENDING: Final = "Do not send"
SHOW: Final = "Show"
NOTHING_SCHEDULED: Final = "Nothing waits here to be sent later."
TOO_LATE: Final = "This message has just been sent."

# Privacy.
PRIVACY: Final = "Privacy"
PRIVACY_DETAIL: Final = "What others see of you"
PRIVACY_LEAD: Final = "These choices are yours and hold on all your devices."
WHAT_OTHERS_SEE: Final = "What others see"
PRIVACY_ROWS: Final = {
    "receipts": ("Read receipts", "Whether you have read what they wrote"),
    "typing": ("Typing", "That you are writing, while you write"),
    "presence": ("Here now and last seen", "The dot beside your name, and when you were here last"),
    "strangers": ("Strangers may write to you", "People who share no group or conversation with you yet"),
}
FAIR: Final = "Fair in both directions"
FAIR_TEXT: Final = "What you hide from others, Parley also hides from you."


def typing(names: Sequence[str]) -> str:
    """Who types, in one line."""
    match names:
        case [one]:
            return f"{one} is typing"
        case [one, two]:
            return f"{one} and {two} are typing"
        case _:
            return "Several people are typing"


def last_seen(moment: str, *, today: bool) -> str:
    """When somebody was here; `moment` is the clock today, else the day."""
    return f"{SEEN_TODAY if today else SEEN} {moment[:1].lower() + moment[1:] if moment == 'Yesterday' else moment}"


def here(count: int) -> str:
    """How many of a group are there."""
    return f"{count} here now"


def ban(name: str) -> str:
    """The button that puts somebody out for good."""
    return f"Ban {name}"


def mute(name: str) -> str:
    """The button that lets somebody say nothing."""
    return f"Mute {name}"


def unmute(name: str) -> str:
    """The button that lets somebody speak again."""
    return f"Unmute {name}"


def muted_until(clock: str, day: str) -> str:
    """What the muted person reads; `day` is empty for today."""
    when = f"{clock} on {day}" if day else clock
    return f"You are muted here until {when}. You can read on meanwhile."


def leaving(title: str) -> str:
    """The question before leaving."""
    return f"Leave {title}?"


def member(name: str, role: str) -> str:
    """The accessible name of a person's row, which opens what can be done with them."""
    return ", ".join(part for part in (name, role, MEMBER_ACTIONS) if part)


def uses(count: int | None) -> str:
    """How many may come by a link."""
    return "No limit" if count is None else "1 person" if count == 1 else f"{count} people"


def link_state(used: int, count: int | None, until: str, *, automatic: bool) -> str:
    """What is said of a link."""
    came = f"{used} of {count} came" if count is not None else f"{used} came"
    return " · ".join(
        part for part in (came, f"until {until}" if until else "", "lets in by itself" * automatic) if part
    )


def asks(names: Sequence[str]) -> str:
    """Who asks to come in."""
    match names:
        case [one]:
            return f"{one} asks to come in"
        case [one, two]:
            return f"{one} and {two} ask to come in"
        case _:
            return f"{len(names)} people ask to come in"


def answer(label: str, name: str) -> str:
    """The accessible name of a button that answers somebody's request."""
    return f"{label}: {name}"


def permission(label: str, role: str) -> str:
    """The accessible name of a rule that can be changed."""
    return f"{label}: {role}"


def send_on(when: str) -> str:
    """The button that keeps a message until its moment."""
    near = when.startswith((TODAY, TOMORROW_DAY))
    return f"Send {when[0].lower()}{when[1:]}" if near else f"Send on {when}"


def scheduled_count(count: int) -> str:
    """The strip above the composer."""
    return "1 message is sent later" if count == 1 else f"{count} messages are sent later"


def scheduled(text: str, when: str) -> str:
    """The accessible name of a message that waits for its moment."""
    return f"{text}, {when}"


def history_from(who: str) -> str:
    """Where a member's device handed on what was said before."""
    return f"History from before you joined, shared by {who}"


def history_shared(who: str) -> str:
    """From here on newcomers read along."""
    return f"{who} switched on history for newcomers: who joins later reads what is written from here on"


def history_kept(who: str) -> str:
    """From here on they do not."""
    return f"History for newcomers is off: who joins later reads nothing from before. Changed by {who}"


SAFETY_NUMBER: Final = "Safety number"
SAFETY_DETAIL: Final = "Compare it to be sure who this is"
SAFETY_SAME: Final = "It is the same"
SAFETY_FORGET: Final = "Not compared any more"
SAFETY_SHOW_CODE: Final = "Show a code"
SAFETY_SHOW_DIGITS: Final = "Show the digits"
SAFETY_CODE: Final = "A code of your safety number"
SAFETY_SCANNED_HELP: Final = "Scan it with a camera and paste its text here."
SAFETY_USE: Final = "Compare this text"
SAFETY_NO_NUMBER: Final = "This is not the text of a safety number."


def comparing(name: str) -> str:
    """What two people do with it."""
    return (
        f"Read it to {name}, by telephone or side by side. If you both see the same digits, nobody stands between you."
    )


def scanned(name: str) -> str:
    """What goes into the field beside one's own code."""
    return f"Text of the code that {name} shows"


def compared(name: str) -> str:
    """That it was."""
    return f"You compared it with {name}. None of your devices takes other keys from now on."
