"""The sentences about what moderators did. The same rules hold as in `words`."""

from __future__ import annotations

from typing import Final

AUDIT: Final = "What moderators did"
AUDIT_DETAIL: Final = "Roles, mutes, bans, links, deletions"
LEAD: Final = "As far as this device has read the conversation. Only those who moderate can open this page."
NOTHING: Final = "No role or rule has changed, and nobody was muted or put out."
FAILED: Final = "What moderators did cannot be shown"
MORE: Final = "Show earlier ones"
#: What a role is called when somebody is given it.
A_ROLE: Final = {
    "owner": "an owner",
    "admin": "an admin",
    "moderator": "a moderator",
    "member": "a member",
    "guest": "a guest",
}
UNTIL_UNMUTED: Final = "until somebody unmutes them"
NO_END: Final = "without end"


def role_given(who: str, whom: str, role: str) -> str:
    """Somebody gave somebody a role."""
    return f"{who} made {whom} {A_ROLE[role]}"


def banned(who: str, whom: str) -> str:
    """Somebody put somebody out for good."""
    return f"{who} banned {whom}"


def unbanned(who: str, whom: str) -> str:
    """Somebody lifted a ban."""
    return f"{who} lifted the ban of {whom}"


def muted(who: str, whom: str, until: str) -> str:
    """Somebody muted somebody; `until` is empty for no end."""
    return f"{who} muted {whom} {f'until {until}' if until else UNTIL_UNMUTED}"


def unmuted(who: str, whom: str) -> str:
    """Somebody let somebody speak again."""
    return f"{who} unmuted {whom}"


def link_made(who: str) -> str:
    """Somebody made an invitation link."""
    return f"{who} made an invitation link"


def link_revoked(who: str, whom: str) -> str:
    """Somebody revoked a link."""
    return f"{who} revoked a link of {whom}"


def permission(who: str, what: str, role: str) -> str:
    """Somebody changed a rule."""
    return f"{who} changed a rule. {what}: {role}"


def timer(who: str, span: str) -> str:
    """Somebody set after which time messages disappear; `span` is empty for never."""
    return f"{who} let messages disappear after {span}" if span else f"{who} let messages stay"


def retention(who: str, span: str) -> str:
    """Somebody set how long the server keeps messages; `span` is empty for any time."""
    return f"{who} let the server keep messages {f'for {span}' if span else NO_END}"


def history(who: str, *, on: bool) -> str:
    """Somebody set whether newcomers read what was said before."""
    return f"{who} {'lets' if on else 'does not let'} new people read what was said before"


def message_removed(who: str, whom: str) -> str:
    """Somebody deleted another person's message."""
    return f"{who} deleted a message of {whom}"


def span(count: int, unit: str) -> str:
    """A length of time; `unit` in the singular."""
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
