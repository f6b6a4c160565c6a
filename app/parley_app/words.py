"""Every sentence that people read, in one place. English is the source; a translation replaces this module's values.

Rules: second person, present tense, no blame, no exclamation; name the thing, then the next step; buttons are verbs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from parley_app import fault_words

FAULTS: Final = fault_words.FAULTS
NAME_LENGTH_MAX: Final = 80
APP: Final = "Parley"
YOU: Final = "You"
SOMEBODY: Final = "Somebody"
NOTE_TO_SELF: Final = "Note to self"
UNNAMED_GROUP: Final = "Group"
UNNAMED_FILE: Final = "File"
PICTURE: Final = "Picture"
FILE: Final = "File"

TODAY: Final = "Today"
YESTERDAY: Final = "Yesterday"
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip

# Signed out.
WELCOME: Final = "Welcome to Parley"
WELCOME_LEAD: Final = "Private chat on your community’s own server."
HERO: Final = "Your words.\nYour people.\nYour server."
PROMISES: Final = (
    "End-to-end encrypted, from the first message",
    "Runs on your community’s own server",
    "Web, desktop and phone, always in step",
)
HERO_BUBBLES: Final = (
    ("Is this one really ours?", False),
    ("It runs in the cupboard under the stairs.", True),
    ("Then I’m in.", False),
)
TRUST: Final = "Keys stay on your devices. The server cannot read chats."
CREATE_ACCOUNT: Final = "Create an account"
SIGN_IN: Final = "Sign in"
SIGN_IN_TITLE: Final = "Welcome back"
SIGN_IN_LEAD: Final = "Your user name and password first. Then your recovery key brings your messages to this device."
SIGN_IN_NEXT: Final = "Continue"
SIGN_UP_TITLE: Final = "Create your account"
SIGN_UP_LEAD: Final = "No phone number. No tracking. Two minutes."
SIGN_UP_BUTTON: Final = "Create account"
HAVE_ACCOUNT: Final = "Already have an account?"
NO_ACCOUNT: Final = "New here?"
SERVER: Final = "Server"
SERVER_HELP: Final = "Its address, like https://chat.example.org."
USERNAME: Final = "User name"
USERNAME_HELP: Final = "How people find you. Small letters, digits, dots and underscores."
EMAIL: Final = "E-mail"
EMAIL_HELP: Final = "Only your server sees it."
PASSWORD: Final = "Password"
SHOW_PASSWORD: Final = "Show password"
HIDE_PASSWORD: Final = "Hide password"
RECOVERY_KEY: Final = "Recovery key"
RESTORE_TITLE: Final = "Bring your messages here"
RESTORE_LEAD: Final = "Type your recovery key, or your six recovery words. They make this device yours and open all that you have written."
RESTORE_BUTTON: Final = "Restore"
RESTORE_HINT: Final = "PARLEY-…"
WORKING_SIGN_UP: Final = "Making your keys…"
WORKING_RESTORE: Final = "Bringing your messages here…"
STRENGTH: Final = (
    "Type at least 10 characters",
    "Too easy to guess: add one or two words",
    "Could be stronger: add one or two words",
    "Strong",
    "Very strong",
)
MISSING: Final = "Fill this in to go on."
PASSWORD_SHORT: Final = "At least 10 characters. Three words are easy to keep."

# The recovery key.
KEY_TITLE: Final = "Keep your recovery key"
KEY_LEAD: Final = "If you lose all your devices, this key is the only way back to your messages."
KEY_WARNING: Final = "We cannot recover it for you"
KEY_WARNING_TEXT: Final = "Nobody at your server can see this key, so nobody can send it to you again."
KEY_COPY: Final = "Copy"
KEY_COPIED: Final = "Copied"
KEY_PRINT: Final = "Write it on paper or print it. A password manager is a good place too."
KEY_CONTINUE: Final = "I wrote it down"
KEY_CONFIRM_TITLE: Final = "Show that you have it"
KEY_CONFIRM_LEAD: Final = "Type the last group of your recovery key."
KEY_CONFIRM_FIELD: Final = "Last group"
KEY_CONFIRM_BUTTON: Final = "Confirm"
KEY_CONFIRM_WRONG: Final = "That is not the last group. Look at your recovery key once more."
KEY_SEE_AGAIN: Final = "See the key again"
KEY_TRUST: Final = "Made on this device. Never sent anywhere."

# Places.
CHATS: Final = "Chats"
PEOPLE: Final = "People"
SETTINGS: Final = "Settings"
BACK: Final = "Back"
BACK_TO_CHATS: Final = "Back to chats"
CLOSE: Final = "Close"
CANCEL: Final = "Cancel"

# The list.
FILTER: Final = "Search your chats"
NEW_CONVERSATION: Final = "New conversation"
ALL: Final = "All"
UNREAD: Final = "Unread"
GROUPS: Final = "Groups"
EMPTY_TITLE: Final = "Say hello"
EMPTY_TEXT: Final = "You have no conversations yet. Find somebody by their user name."
FIND_PEOPLE: Final = "Find people"
NOTHING_FOUND: Final = "Nothing here fits your search."
CHOOSE: Final = "Choose a conversation"
CHOOSE_TEXT: Final = "Or press Ctrl K to jump to anyone."
LIST_FAILED: Final = "Your conversations cannot be shown"
TRY_AGAIN: Final = "Try again"
DRAFT: Final = "Draft: "
NO_MESSAGES: Final = "No messages yet"
REMOVED: Final = "You were removed"

# A conversation.
ENCRYPTED: Final = "End-to-end encrypted"
OPEN_CHANNEL: Final = "Open channel: the server can read it"
OPEN_CHANNEL_TEXT: Final = "Anybody on this server may join, and reads it from its beginning."
MESSAGE: Final = "Message"
SEND: Final = "Send"
ATTACH: Final = "Attach a picture"
COMPOSER_HINT: Final = "Enter sends · Shift + Enter starts a new line"
LATEST: Final = "Latest"
DETAILS: Final = "Details"
LOCKED: Final = "This device cannot open this message yet. Parley keeps trying."
STATES: Final = {
    "SENDING": "Waiting to be sent",
    "SENT": "Sent",
    "DELIVERED": "Delivered",
    "READ": "Read",
    "FAILED": "Not sent",
}
DISCARD: Final = "Discard"
EMPTY_CONVERSATION: Final = "Nothing here yet. What you write is readable only by the people in this conversation."
LOADING: Final = "Loading"
CONVERSATION_FAILED: Final = "This conversation cannot be shown"
REMOVED_TEXT: Final = "You do not belong to this conversation any more. You can read what was said before."
FORKED_TEXT: Final = "Sending has stopped here: the server showed different histories to different devices."
OPEN_PICTURE: Final = "Open picture"
TAKE_OUT: Final = "Take out"
PICTURE_TOO_LARGE: Final = "This picture is too large. Choose one below 10 MB."
CLOSE_PICTURE: Final = "Close the picture"
PICTURE_FAILED: Final = "The whole picture cannot be loaded just now. This is a small preview."

# What people say of messages.
DELETED: Final = "This message was deleted"
DELETED_OWN: Final = "You deleted this message"
GONE: Final = "This message is not here any more"
EDITED: Final = "edited"
PINNED: Final = "Pinned"
POLL: Final = "Poll"
EVERYBODY: Final = "everybody"
EVERYBODY_DETAIL: Final = "Everybody in this conversation"
REACT: Final = "React"
MORE_REACTIONS: Final = "More reactions"
REPLY: Final = "Reply"
REPLY_IN_THREAD: Final = "Reply in thread"
OPEN_THREAD: Final = "Open the thread"
EDIT: Final = "Edit"
COPY_TEXT: Final = "Copy text"
PIN: Final = "Pin for everybody"
UNPIN: Final = "Unpin"
DELETE: Final = "Delete"
DELETE_TITLE: Final = "Delete this message?"
DELETE_TEXT: Final = "It disappears for everybody in this conversation, on all devices. What was read stays in memory."
MORE: Final = "More"
MESSAGE_MENU: Final = "What you can do with this message"
ADD_MENU: Final = "Add to the message"
CANCEL_REPLY: Final = "Cancel the reply"
CANCEL_EDIT: Final = "Cancel editing"
EDITING: Final = "Edit the message"
SAVE: Final = "Save"
EDIT_EMPTY: Final = "A message cannot become empty. To take it back, delete it."
MESSAGE_MISSING: Final = "This message is not on this device."
JUMP_FAILED: Final = "This message cannot be shown here any more."
PEOPLE_TO_MENTION: Final = "People to mention"
THREAD: Final = "Thread"
THREAD_FAILED: Final = "This thread cannot be shown"
EMPTY_THREAD: Final = "No replies yet. What you write here stays out of the way of the conversation."
REPLY_HINT: Final = "Reply in thread"
PINS_EMPTY: Final = "Nothing is pinned. Pin a message from its menu to find it here."
PINS_FAILED: Final = "What is pinned cannot be shown just now."
CLOSE_POLL: Final = "Close the poll"
NEW_POLL: Final = "New poll"
QUESTION: Final = "Question"
ANOTHER_ANSWER: Final = "Another answer"
ADD_ANSWER: Final = "Add an answer"
SEVERAL: Final = "Several answers"
SEVERAL_DETAIL: Final = "One person may choose more than one"
SEND_POLL: Final = "Send the poll"
POLL_NEEDS_QUESTION: Final = "Ask something."
POLL_NEEDS_ANSWERS: Final = "A poll needs at least two different answers."
POLL_CLOSED: Final = "closed"
YOUR_CHOICE: Final = "your choice"
EMOJI: Final = "Emoji"
SEARCH_EMOJI: Final = "Search emoji"
NO_EMOJI: Final = "No emoji is called that."
RECENT: Final = "Recent"
EMOJI_CATEGORIES: Final = (
    "Smileys", "People", "Animals and nature", "Food and drink", "Activities", "Travel", "Things", "Symbols", "Flags",
)  # fmt: skip

# People and groups.
FIND_TITLE: Final = "New conversation"
FIND_LEAD: Final = "Type somebody’s exact user name."
FIND_FIELD: Final = "User name"
FIND_BUTTON: Final = "Find"
FOUND_SELF: Final = "That is you: notes that only you can read"
KNOWN_PEOPLE: Final = "People you know"
NO_KNOWN_PEOPLE: Final = "People you write with appear here."
NEW_GROUP: Final = "New group"
NEW_GROUP_DETAIL: Final = "A name, and the people in it"
GROUP_NAME: Final = "Name of the group"
GROUP_NAME_HELP: Final = "Only the people in the group see it."
GROUP_MEMBERS: Final = "People"
GROUP_MEMBER_FIELD: Final = "User name to add"
ADD: Final = "Add"
MAKE_GROUP: Final = "Make the group"
GROUP_NEEDS_NAME: Final = "Give the group a name."
GROUP_PRIVATE: Final = "Encrypted from the first message"
GROUP_PRIVATE_TEXT: Final = "Only the people in it can read it. Newcomers see what is said after they come."
MEMBERS: Final = "People"
ADD_PEOPLE: Final = "Add people"
OWNER: Final = "Owner"
ADMIN: Final = "Admin"
MODERATOR: Final = "Moderator"
GUEST: Final = "Guest"

# The connection.
OFFLINE: Final = "You are offline. Messages are sent when you are back."
OFFLINE_SHORT: Final = "Offline. Messages wait here."
CONNECTING: Final = "Connecting…"
TRY_NOW: Final = "Try now"
SIGNED_OUT: Final = "This device was signed out. Sign in again to go on."

# Settings.
APPEARANCE: Final = "Appearance"
APPEARANCE_DETAIL: Final = "Light, dark, contrast"
APPEARANCE_LEAD: Final = "Only on this device, so that the phone can differ from the desk."
ACCOUNT: Final = "Account"
ACCOUNT_DETAIL: Final = "Your name, this device, your recovery key"
ACCOUNT_LEAD: Final = "Who you are here, and what this device holds."
NOTIFICATIONS: Final = "Notifications"
NOTIFICATIONS_DETAIL: Final = "When Parley may call you"
NOTIFICATIONS_LEAD: Final = "Parley tells you of new messages when it is closed. The server never sees what they say."
THEME_LIGHT: Final = "Light"
THEME_DARK: Final = "Dark"
THEME_SYSTEM: Final = "As the system"
HIGH_CONTRAST: Final = "High contrast"
HIGH_CONTRAST_DETAIL: Final = "Black or white paper, outlined bubbles"
THIS_DEVICE: Final = "This device"
RECOVERY_HINT: Final = "You wrote it down when you made the account. Parley cannot show it again."
LOG_OUT: Final = "Sign out of this device"
LOG_OUT_DETAIL: Final = "Your messages are erased here and stay on your other devices"
LOG_OUT_TITLE: Final = "Sign out of this device?"
LOG_OUT_TEXT: Final = (
    "Everything is erased on this device: keys, messages, drafts, and what has not been sent yet. "
    "You come back with your password and your recovery key. Without the recovery key your messages are lost."
)
LOG_OUT_BUTTON: Final = "Sign out and erase"
NOTIFICATIONS_ON: Final = "Notifications are on"
NOTIFICATIONS_OFF: Final = "Notifications are off"
NOTIFICATIONS_DENIED: Final = FAULTS["notifications_denied"]
NOTIFICATIONS_OFF_TEXT: Final = "The browser asks you first. What people write is decrypted on this device alone."
NOTIFICATIONS_UNSUPPORTED: Final = (
    "This browser cannot show notifications of Parley. On an iPhone or iPad, add Parley to the home screen first; "
    "elsewhere, use a browser of this year."
)
NOTIFICATIONS_LOADING: Final = "Asking the browser…"
WORKING_TEST: Final = "Waiting for the notification…"
TURN_ON: Final = "Turn on"
TURN_OFF: Final = "Turn off"
TEST: Final = "Send a test"
TEST_DETAIL: Final = "A notification to this very device, by the way that messages take."
TEST_SEEN: Final = "The test came back to this device. If you saw nothing, your system hides notifications."
TEST_UNSEEN: Final = "Your server sent the test, but nothing came within 10 seconds. It can be late: watch for it."
TEST_OUTCOMES: Final = {
    "gone": "The push service has forgotten this device. Turn notifications off and on again.",
    "refused": "The push service refused the test. Turn notifications off and on again.",
    "failed": "Your server could not send the test. Tell whoever runs it.",
    "retrying": "The push service is busy just now. Your server tries again shortly.",
}

# The switcher.
SWITCHER: Final = "Jump to"
SWITCHER_HINT: Final = "Type a name"
SWITCHER_NOTE: Final = "Searched on this device only."


def named(who: str, name: str) -> str:
    """Somebody gave the group or the channel a name."""
    return f"{who} chose the name “{name}”"


def added(who: str, people: str) -> str:
    """Somebody brought people into the group."""
    return f"{who} added {people}"


def joined(who: str) -> str:
    """Somebody came in by themselves."""
    return f"{who} joined"


def removed(who: str, people: str) -> str:
    """Somebody put people out of the group."""
    return f"{who} removed {people}"


def removed_you(who: str) -> str:
    """Somebody put this person out of the group."""
    return f"You were removed by {who}"


def left(who: str) -> str:
    """Somebody left by themselves."""
    return f"{who} left"


def listed(names: Sequence[str]) -> str:
    """Several names in a sentence."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part) if names else SOMEBODY


def deleted_by(who: str) -> str:
    """Somebody who manages the group deleted a message of somebody else."""
    return f"{who} deleted this message"


def replies(count: int) -> str:
    """How many replies stand in a thread."""
    return "1 reply" if count == 1 else f"{count} replies"


def last_at(time: str) -> str:
    """When the last reply came."""
    return f"last at {time}"


def thread_of(count: int, time: str) -> str:
    """The accessible name of the way into a thread."""
    return f"{OPEN_THREAD}: {replies(count)}, {last_at(time)}"


def replying_to(name: str) -> str:
    """The line above the composer."""
    return f"Reply to {name}"


def quote_of(name: str, text: str) -> str:
    """The accessible name of a quote, which jumps to what it quotes."""
    return f"Go to the message of {name}: {text}"


def reaction(emoji: str, people: str) -> str:
    """The accessible name of a reaction."""
    return f"{emoji} from {people}"


def react_with(emoji: str) -> str:
    """The accessible name of an emoji that is given by a press."""
    return f"{REACT}: {emoji}"


def actions_of(author: str, text: str) -> str:
    """The accessible name of the button behind which a message's actions stand."""
    return f"{MORE}: {author}, {text}"


def answer(text: str, count: int, *, own: bool) -> str:
    """The accessible name of an answer of a poll."""
    return ", ".join([text, votes(count), *([YOUR_CHOICE] if own else [])])


def votes(count: int) -> str:
    """How many chose an answer."""
    return "1 vote" if count == 1 else f"{count} votes"


def poll_state(voters: int, *, several: bool, closed: bool) -> str:
    """What stands at the foot of a poll."""
    kind = "" if closed else "choose any" if several else "choose one"
    return " · ".join(part for part in (f"{people_count(voters)} voted", kind, POLL_CLOSED if closed else "") if part)


def poll(question: str) -> str:
    """A poll in one line."""
    return f"{POLL}: {question}"


def answer_field(number: int) -> str:
    """The label of the field of an answer."""
    return f"Answer {number}"


def pinned_count(count: int) -> str:
    """The section of what is pinned."""
    return f"{PINNED} · {count}" if count else PINNED


def pinned_message(author: str, text: str) -> str:
    """The accessible name of a row of what is pinned."""
    return f"Go to the pinned message of {author}: {text}"


def unpin(text: str) -> str:
    """The accessible name of the button that unpins a row."""
    return f"{UNPIN}: {text}"


def mentions(count: int) -> str:
    """The accessible name of the @ badge."""
    return "1 mention" if count == 1 else f"{count} mentions"


def not_sent(reason: str) -> str:
    """Why a message failed."""
    return f"Not sent. {reason}" if reason else "Not sent."


def unread(count: int) -> str:
    """The accessible name of a badge."""
    return f"{count} unread"


def new_messages(count: int) -> str:
    """The jump pill."""
    return f"{count} new messages" if count > 1 else "1 new message" if count else LATEST


def new(count: int) -> str:
    """The New line."""
    return f"{count} new"


def message_to(title: str) -> str:
    """The accessible name of the composer."""
    return f"Message to {title}"


def nobody_called(name: str) -> str:
    """A search that found no one."""
    return f"Nobody here is called {name}. User names are exact: check the spelling."


def write_to(name: str) -> str:
    """The button behind a person that was found."""
    return f"Write to {name}"


def people_count(count: int) -> str:
    """How many belong."""
    return "1 person" if count == 1 else f"{count} people"


def remove(name: str) -> str:
    """The accessible name of a removal."""
    return f"Remove {name}"


def removal(name: str, group: str) -> str:
    """What a removal means."""
    return f"{name} reads nothing that is said in {group} from now on. What was said before stays readable for {name}."


def room(title: str, preview: str, time: str, count: int, mentioned: int = 0) -> str:
    """The accessible name of a row of the list."""
    marks = (unread(count) if count else "", mentions(mentioned) if mentioned else "")
    return ", ".join(part for part in (title, preview, time, *marks) if part)


def message(author: str, text: str, time: str, state: str) -> str:
    """The accessible name of a bubble."""
    return ", ".join(part for part in (author, text, time, state) if part)


def size(unverified_bytes: object) -> str:
    """A file's size."""
    if not isinstance(unverified_bytes, int) or unverified_bytes < 0:
        return ""
    if unverified_bytes < 1024 * 1024:
        return f"{max(1, round(unverified_bytes / 1024))} kB"
    return f"{unverified_bytes / 1024 / 1024:.1f} MB"
