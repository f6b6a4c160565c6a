"""What people read about contacts, requests of strangers, blocks, and being found.

The same rules hold as in `words`.
"""

from __future__ import annotations

from typing import Final

# Contacts.
CONTACTS: Final = "Contacts"
OTHERS: Final = "Others you have met"
ADD_CONTACT: Final = "Add to contacts"
REMOVE_CONTACT: Final = "Take out of contacts"

# Requests.
REQUESTS: Final = "Requests"
ACCEPT: Final = "Accept"
REQUEST_TEXT: Final = "They do not see that this has come, or that you read it, until you accept or answer."

# Blocks.
BLOCK: Final = "Block"
UNBLOCK: Final = "Unblock"
BLOCKED: Final = "Blocked"
BLOCKED_DETAIL: Final = "They cannot find you, write to you, or see whether you are here."
NOBODY_BLOCKED: Final = "You have blocked nobody."
BLOCK_TEXT: Final = (
    "They cannot find you, write to you, add you to groups, or see whether you are here. They are not told. "
    "In groups where you both are you still read each other."
)
BLOCKED_TEXT: Final = "Neither of you can write to the other. Unblock them to write again."

# Being found.
FINDING: Final = "Who finds you and writes first"
BY_NAME: Final = "Found by your user name"
BY_NAME_DETAIL: Final = "Whoever knows your whole user name can write to you. People of your groups always can."


def wants_to_write(name: str) -> str:
    """Above the composer, while somebody unknown waits for an answer."""
    return f"{name} is none of your contacts"


def block(name: str) -> str:
    """The button that keeps somebody away."""
    return f"Block {name}"


def unblock(name: str) -> str:
    """The button that ends it."""
    return f"Unblock {name}"


def blocked(name: str) -> str:
    """In place of the composer."""
    return f"You have blocked {name}"
