"""What people read about signing in by a second step, and about the safety of their account."""

from __future__ import annotations

from typing import Final

from parley_app import words

# Signing in by a second step.
CODE_TITLE: Final = "One more step"
CODE_LEAD: Final = "Your account asks for a second step when you sign in on a new device."
CODE_FIELD: Final = "Code from your authenticator app, or a recovery code"
CODE_HELP: Final = "Each code works once. A recovery code is one of those you kept when you switched this on."
CODE_BUTTON: Final = "Continue"
CODE_WRONG: Final = "This code is wrong, was used, or is too old. Wait for the next one, or use a recovery code."
CODE_PASSKEY: Final = "Use a passkey"
CODE_NO_PASSKEYS: Final = "A passkey works in the web app only. Here, use a code."
WITH_PASSKEY: Final = "Sign in with a passkey"
ALONE_LEAD: Final = (
    "Type your recovery key. It makes this device yours and opens everything you have written. Then you are asked for "
    "your passkey."
)
ALONE_BUTTON: Final = "Continue with your passkey"
SIGN_IN_ENDED: Final = "Signing in took too long. Give your password once more."

# Signing up where the address has to be confirmed first.
CONFIRM_TITLE: Final = "Confirm your e-mail address"
CONFIRM_LEAD: Final = "This server asks for that before you begin. Type the code of the letter."
CONFIRM_SENT: Final = "A letter with a code is on its way. It may take a minute."
GIVE_UP: Final = "Begin with another account"
GO_ON: Final = "Go on signing up"

# A forgotten password.
FORGOT: Final = "Forgot your password?"
FORGOT_TITLE: Final = "Set a new password"
FORGOT_LEAD: Final = (
    "Type the e-mail address of your account. If it is one of this server, a letter with a code goes there."
)
FORGOT_BUTTON: Final = "Send me a code"
HAVE_CODE: Final = "I have a code"
RESET_TITLE: Final = "Choose a new password"
RESET_LEAD: Final = "Type the code of the letter, and the password that you want from now on."
RESET_CODE: Final = "Code of the letter"
RESET_WARNING: Final = "A new password does not open your messages"
RESET_WARNING_TEXT: Final = (
    "They stay locked by your recovery key, which you need to sign in again. All your devices are signed out."
)
RESET_BUTTON: Final = "Set the new password"
RESET_DONE: Final = "Your new password is set. Sign in with it."
LETTER_CODE_WRONG: Final = "This code is wrong, was used, or is too old. Ask for another letter."


def letter_may_come(address: str) -> str:
    """After a letter was asked for; whether anybody has the address is not said."""
    return f"If an account has {address}, a letter with a code is on its way. It may take a minute."


# The password again.
AGAIN_TITLE: Final = "Give your password again"
AGAIN_LEAD: Final = "Some time has passed since you signed in, and this changes who may sign in as you."
AGAIN_CODE: Final = CODE_FIELD
AGAIN_BUTTON: Final = "Go on"
NOT_YOUR_PASSWORD: Final = "This is not your password. Check it and try again."

# The account's page.
SAFETY: Final = "Signing in"

# The password.
PASSWORD_DETAIL: Final = "Choose another one"
PASSWORD_TITLE: Final = "Change your password"
PASSWORD_LEAD: Final = (
    "Your other devices have to sign in anew. Your messages stay where they are: they are opened by your recovery key, "
    "and not by this password."
)
PASSWORD_NOW: Final = "Present password"
PASSWORD_NEW: Final = "New password"
PASSWORD_BUTTON: Final = "Change the password"
PASSWORD_CHANGED: Final = "Your password is changed. Your other devices sign in anew."

# The e-mail address.
EMAIL_DETAIL: Final = "Where letters about your account go"
EMAIL_LEAD: Final = "Your server writes here when something about your account changes. Nobody else sees it."
EMAIL_UNCONFIRMED_DETAIL: Final = "Type the code of your letter"
EMAIL_UNCONFIRMED_TAG: Final = "Not confirmed"
EMAIL_NOW: Final = "Your address"
EMAIL_CONFIRMED: Final = "Confirmed"
EMAIL_UNCONFIRMED: Final = "Not confirmed yet"
EMAIL_SEND_AGAIN: Final = "Send me another code"
EMAIL_FIRST: Final = "A letter with a code went there when you signed up. Type the code here."
EMAIL_ANOTHER: Final = "Take another address"
EMAIL_NEW: Final = "New address"
EMAIL_NEW_HELP: Final = "It gets a letter with a code. Until you give the code, your present address stays."
EMAIL_CHANGE: Final = "Send a code to it"
EMAIL_CODE: Final = "Code of the letter"
EMAIL_CONFIRM: Final = "Confirm the address"
EMAIL_DONE: Final = "This address is yours and confirmed."


def letter_went(address: str) -> str:
    """Where a letter with a code is."""
    return f"A letter with a code is on its way to {address}. It may take a minute."


def address(email: str, *, confirmed: bool) -> str:
    """An address and how it stands."""
    return f"{email} · {EMAIL_CONFIRMED if confirmed else EMAIL_UNCONFIRMED}"


# The second step.
STEP: Final = "Second step"
STEP_DETAIL: Final = "A code from an authenticator app, or a passkey"
STEP_LEAD: Final = "With a second step, your password alone lets nobody sign in as you."
STEP_OFF: Final = "Signing in takes your password only"
STEP_SET_UP: Final = "Set up an authenticator app"
STEP_SECRET: Final = "Secret for your authenticator app"
STEP_QR: Final = "QR code for your authenticator app"
STEP_SECRET_TEXT: Final = (
    "Add an account in your authenticator app: scan this, or type the secret there. Then type the code that it shows."
)
CODE_WRONG_FIRST: Final = "This code is not right. Wait for the next one, and check the clocks of both devices."
STEP_CODE: Final = "Code from your authenticator app"
STEP_ON_BUTTON: Final = "Turn the second step on"
STEP_OFF_BUTTON: Final = "Turn the second step off"
STEP_OFF_TITLE: Final = "Turn the second step off?"
STEP_OFF_TEXT: Final = "From then on your password alone signs in, and your recovery codes are worth nothing."
CODES: Final = "Recovery codes"
CODES_TITLE: Final = "Keep these recovery codes"
CODES_TEXT: Final = (
    "Each signs you in once where you have neither your authenticator app nor a passkey. Parley cannot show them again."
)
CODES_KEPT: Final = "I kept them"
CODES_NEW: Final = "New recovery codes"
CODES_NEW_TITLE: Final = "Make new recovery codes?"
CODES_NEW_TEXT: Final = "The codes that you have are worth nothing from then on."

# Passkeys.
PASSKEYS: Final = "Passkeys"
PASSKEYS_DETAIL: Final = "Sign in by a finger, a face or a PIN"
PASSKEYS_LEAD: Final = (
    "A passkey stays on your phone, computer or security key. It signs you in alone, or as the second step after your "
    "password, and works on this server’s own page only."
)
PASSKEYS_NONE: Final = "You have no passkey yet"
PASSKEYS_ELSEWHERE: Final = "Passkeys need the web app"
PASSKEYS_ELSEWHERE_TEXT: Final = "Open Parley in a browser that has passkeys to add one or to sign in by one."
PASSKEY_NAME: Final = "Name of the new passkey"
PASSKEY_NAME_HELP: Final = "So that you know it again, such as “My phone”."
PASSKEY_ADD: Final = "Add a passkey"
PASSKEY_ADDING: Final = "Follow your browser…"
PASSKEY_UNUSED: Final = "Not used yet"
REMOVE: Final = "Remove"
PASSKEY_REMOVE_TEXT: Final = (
    "It signs in nowhere from then on. Remove it from your phone, computer or key as well. Where it was your last second "
    "step, your recovery codes are worth nothing either."
)

# Where one is signed in.
SESSIONS: Final = "Where you are signed in"
SESSIONS_DETAIL: Final = "Your devices, and signing them out"
SESSIONS_LEAD: Final = "Each of these can read your messages. Sign out what you do not know or no longer use."
SESSIONS_SECTION: Final = "Signed in"
SIGN_INS: Final = "Last sign-ins"
SIGN_IN_NEW: Final = "New"
SESSION_HERE: Final = "This device"
SESSION_UNNAMED: Final = "A device that is still signing in"
SIGN_OUT: Final = "Sign out"
SIGN_OUT_TEXT: Final = (
    "It reads nothing that is said from now on, and comes back only with your password and your recovery key. If it is lost or stolen, "
    "lock it out instead."
)
SIGN_OUT_OTHERS: Final = "Sign out all others"
SIGN_OUT_OTHERS_TITLE: Final = "Sign out everywhere but here?"
SIGN_OUT_OTHERS_TEXT: Final = "Your other devices read nothing that is said from now on. Each comes back only with your password and your recovery key."


# The log of everybody's keys.
KEYS: Final = "Everybody’s keys"
KEYS_DETAIL: Final = "Whether the server shows all the same"
KEYS_LEAD: Final = (
    "The server keeps a public list of the keys of everybody here. Your devices check that nobody is shown another one."
)
KEYS_SECTION: Final = "The list"
KEYS_SIZE: Final = "Length"
KEYS_SIGNED: Final = "Signed by the server"
KEYS_UNKNOWN: Final = "Not checked yet"
KEYS_SELF_AUDITED: Final = "Self-audited"
KEYS_SELF_AUDITED_TEXT: Final = (
    "Your devices and the people you write with have checked the list, and nobody outside has. "
    "Compare safety numbers with those who matter most."
)
KEYS_WITNESSED_TEXT: Final = "They have signed that they were shown the same list as you."
KEYS_STALE: Final = "The list is old"
KEYS_STALE_TEXT: Final = "The server has signed nothing new for a day. New keys could be kept from you."
KEYS_ANEW: Final = "Begin anew"
KEYS_ANEW_TITLE: Final = "Follow the list anew?"
KEYS_ANEW_TEXT: Final = (
    "Do this only if whoever runs your server told you why the list is another one, for instance a restored backup. "
    "Whom you know already stays known."
)
KEYS_ALARM: Final = "Something is wrong with the list"
KEYS_ALARMS: Final = {
    "rolled_back": "The server has signed a list that lacks what was in it. Nothing new is believed until that is explained.",
    "split_view": "Somebody was shown another list than you. Nothing new is believed until that is explained.",
    "replayed": "The server showed an old list.",
    "own_keys": "There are keys in your name that are not yours. Tell whoever runs your server, and those you write with.",
    "other_key": "The list is signed by another key than before.",
    "forged": "The list did not fit its signature.",
    "unproven": "Somebody said that they were shown another list, without proof.",
}


def keys_size(count: int) -> str:
    """How many entries."""
    return "1 entry" if count == 1 else f"{count} entries"


def witnessed(count: int) -> str:
    """That enough outsiders have signed the list."""
    return "Checked by a witness" if count == 1 else f"Checked by {count} witnesses"


def _inside(moment: str) -> str:
    """A moment within a sentence: only names keep their capital there."""
    return moment.lower() if moment in {words.TODAY, words.YESTERDAY} else moment


def step_on(since: str) -> str:
    """Since when an authenticator app is asked for."""
    return f"Signing in takes a code of your authenticator app, since {_inside(since)}"


def codes_left(count: int) -> str:
    """How many recovery codes are unused."""
    return "1 unused" if count == 1 else f"{count} unused"


def signed_in(count: int) -> str:
    """The section of where one is signed in."""
    return f"{SESSIONS_SECTION} · {count}"


def seen(network: str, moment: str) -> str:
    """Roughly where a session is, and when it was last there."""
    return f"{network} · {moment}" if network else moment


def since(day: str) -> str:
    """When a session began."""
    return f"Signed in {_inside(day)}"


def added(day: str) -> str:
    """When a passkey was added."""
    return f"Added {_inside(day)}"


def used(moment: str) -> str:
    """When a passkey was last used."""
    return f"Last used {_inside(moment)}"


def remove(name: str) -> str:
    """The accessible name of the button that takes a passkey away."""
    return f"{REMOVE}: {name}"


def remove_title(name: str) -> str:
    """Whether a passkey is to be taken away."""
    return f"Remove “{name}”?"


def sign_out(name: str) -> str:
    """The accessible name of the button that ends a session."""
    return f"{SIGN_OUT}: {name}"


def sign_out_title(name: str) -> str:
    """Whether a session is to end."""
    return f"Sign out “{name}”?"
