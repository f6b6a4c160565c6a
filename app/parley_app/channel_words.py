"""The sentences about open channels: their directory, the search in them, and the applications that speak there.

The same rules hold as in `words`. Wherever somebody chooses a channel, it is said that the server reads it.
"""

from __future__ import annotations

from typing import Final

# The directory.
CHANNELS: Final = "Open channels"
CHANNELS_DETAIL: Final = "Find one, or make one"
CAN_READ: Final = "Server can read"
OPEN_MEANS: Final = "Open means open"
OPEN_MEANS_TEXT: Final = (
    "The server and whoever runs it can read open channels. That is what makes them searchable and open to newcomers."
)
FIND_CHANNEL: Final = "Search open channels"
JOIN: Final = "Join"
OPEN: Final = "Open"
LEAVE: Final = "Leave the channel"
LEFT: Final = "You do not belong to this channel any more"
LEFT_SHORT: Final = "You are not in it any more"
LEFT_TEXT: Final = "You can read what was said before. Whoever is not banned may join again."
JOIN_AGAIN: Final = "Join again"
LEAVE_TEXT: Final = "What was said before stays on your devices. You can join again whenever you like."
REMOVAL_TEXT: Final = "They can join again; only a ban keeps them out."
BAN_TEXT: Final = "They read nothing more that is said here, and cannot join again before the ban is lifted."
DIRECTORY_FAILED: Final = "The open channels cannot be shown"
NO_CHANNELS: Final = "No open channel yet"
NO_CHANNELS_TEXT: Final = "Make the first one: for news, for questions, for whatever everybody may read."
NO_CHANNEL_FITS: Final = "No open channel is called so. Look for a part of its name, or make it."
SHOW_MORE: Final = "Show more"
WHO_MAY_LEAD: Final = "From which role on people may do these things in this channel."
#: What the permissions of a group mean here, where it is something else.
PERMISSIONS: Final = {"invite": "Let applications in"}
INFO_FAILED: Final = "The rules of this channel cannot be shown"

# A new one.
NEW_CHANNEL: Final = "New open channel"
NEW_CHANNEL_SHORT: Final = "New channel"
NAME: Final = "Name of the channel"
NAME_HELP: Final = "Everybody on this server sees it."
TOPIC: Final = "Topic"
TOPIC_HELP: Final = "What it is about, in a line. You may leave this empty."
DESCRIPTION: Final = "Description"
DESCRIPTION_HELP: Final = "What it is for, and how people behave there. You may leave this empty."
NEEDS_NAME: Final = "Give the channel a name."
TOO_LONG: Final = "This is too long. Say it in fewer words."
MAKE: Final = "Make the open channel"

# What is sent later.
SEND_LATER_TEXT: Final = "Your server holds it, can read it, and sends it on time, also while this device is off."

# The search.
SEARCH: Final = "Search in open channels"
SEARCH_HERE: Final = "Search this channel"
SEARCH_FIELD: Final = "Words to look for"
SEARCH_BUTTON: Final = "Search"
SEARCH_LEAD: Final = "The server looks through the open channels that you belong to, so it sees these words."
SEARCH_HERE_LEAD: Final = "The server looks through this channel, so it sees these words."
SEARCH_START: Final = "Look for words"
SEARCH_START_TEXT: Final = "A message is found when it holds every word, each one whole."
NOTHING_SAID: Final = "Nobody said that here"
NOTHING_SAID_TEXT: Final = "Words are found whole: try another form, fewer words, or other filters."
SEARCH_FAILED: Final = "The search did not work"
NEEDS_WORDS: Final = "Type at least one word."
ALL_CHANNELS: Final = "All channels"
WHERE: Final = "In"
FROM: Final = "From"
WHEN: Final = "When"
ANYBODY: Final = "Anybody"
SOMEBODY_ELSE: Final = "Somebody else"
WITH_FILES: Final = "With files"
SPANS: Final = {
    "any": "Any time",
    "day": "Today",
    "week": "Past 7 days",
    "month": "Past 30 days",
    "year": "Past year",
    "days": "Between two days",
}
SENDER: Final = "User name"
SINCE: Final = "First day"
UNTIL: Final = "Last day"
DAY_HINT: Final = "2026-11-26"
NO_DAY: Final = "Type a day like 2026-11-26."
DAYS_TURNED: Final = "The last day lies before the first."
RESULTS: Final = "Found, the newest first"

# Applications.
APPS: Final = "Applications"
APPS_DETAIL: Final = "Programs that read or write here"
APPS_LEAD: Final = "Other programs may read and write in this channel, under a name of their own."
APPS_FAILED: Final = "The applications cannot be shown"
NO_APPS: Final = "No program reads or writes here."
NEW_APP: Final = "New application"
APP_NAME: Final = "Name of the application"
APP_NAME_HELP: Final = "What it says stands under this name."
MAY_POST: Final = "May write"
MAY_POST_DETAIL: Final = "By its token, or by signed requests"
MAY_READ: Final = "May read"
MAY_READ_DETAIL: Final = "What is said here, from the beginning"
CALLBACK: Final = "Address to call"
CALLBACK_HELP: Final = "Each new message is posted there, signed. It begins with https://. You may leave this empty."
NO_CALLBACK: Final = "An address begins with https://."
NO_SCOPE: Final = "Let it read, or write, or both."
MAKE_APP: Final = "Let it in"
SECRETS: Final = "Keep these now: they are shown only once"
SECRETS_TEXT: Final = "The server keeps neither of them. If you lose them, revoke the application and let it in anew."
APP_KEY: Final = "Token"
SIGNING_LABEL: Final = "Signing secret"
HOOK: Final = "Address for signed requests"
KEPT: Final = "I kept them"
REVOKE: Final = "Revoke"
REVOKE_TEXT: Final = "It reads and writes nothing from now on. What it wrote before stays."
SCOPES: Final = {"read": "reads", "post": "writes"}


def directory_of(host: str) -> str:
    """Below the title of the directory."""
    return f"On {host}"


def join(name: str) -> str:
    """The accessible name of the button that comes into a channel."""
    return f"Join #{name}"


def open_it(name: str) -> str:
    """The accessible name of the button that goes to a channel."""
    return f"Open #{name}"


def leave(name: str) -> str:
    """The accessible name of the button that leaves a channel."""
    return f"Leave #{name}"


def copy(what: str) -> str:
    """The accessible name of a button that copies something."""
    return f"Copy: {what}"


def filtered(label: str, value: str) -> str:
    """What a filter says, and its accessible name."""
    return f"{label}: {value}"


def hit(author: str, channel: str, when: str, text: str) -> str:
    """The accessible name of a message that was found."""
    return ", ".join(part for part in (f"{author} in {channel}" if channel else author, when, text) if part)


def app_state(scopes: list[str], by: str) -> str:
    """What an application may do, and who let it in."""
    return f"{' and '.join(SCOPES[scope] for scope in scopes)} · let in by {by}".capitalize()


def calls(url: str) -> str:
    """Where an application is told of messages."""
    return f"Is called at {url}"


def calls_no_more(why: str) -> str:
    """Why an application is not told of messages any more."""
    return f"Is not called any more: {why}"


def revoking(name: str) -> str:
    """The question before an application is put out."""
    return f"Revoke {name}?"
