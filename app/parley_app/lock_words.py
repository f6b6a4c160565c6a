"""What people read about the app lock."""

from __future__ import annotations

from typing import Final

# In front of a locked device.
LOCKED: Final = "Parley is locked"
LOCKED_LEAD: Final = "Your passphrase opens it. Nothing that was said here can be read without it."
PASSPHRASE: Final = "Passphrase"
UNLOCK: Final = "Unlock"
BY_PASSKEY: Final = "Use passkey"
UNLOCKING: Final = "Unlocking"
FORGOTTEN: Final = "I have forgotten it"
FORGOTTEN_TITLE: Final = "Nobody can open this without the passphrase"
FORGOTTEN_TEXT: Final = (
    "Erase this device and sign in again: your recovery key, or another device of yours, brings your conversations back. What was "
    "written here and not sent yet is lost. Afterwards, sign the old device out in Settings."
)
ERASE: Final = "Erase this device"
KEEP: Final = "Try again"

# The page in the settings.
LOCK: Final = "App lock"
LOCK_DETAIL: Final = "A passphrase before anybody reads what is on this device"
LOCK_LEAD: Final = (
    "With a lock, everything that Parley keeps on this device is sealed. Parley asks for your passphrase at each start."
)
LOCK_OFF: Final = "This device has no lock"
LOCK_OFF_TEXT: Final = "Whoever takes it and can read its files can read your conversations."
LOCK_ON: Final = "This device has a lock"
LOCK_ON_TEXT: Final = "Notifications say only that there is something new: their text would go round the lock."
NEW: Final = "New passphrase"
NEW_HELP: Final = "At least eight characters. Whoever copies this device can guess as long as they like: six drawn words hold for ever."
AGAIN: Final = "The same once more"
DIFFERENT: Final = "This is not what you typed above."
DRAW: Final = "Draw six words for me"
DRAWN: Final = "Write these six words down"
DRAWN_TEXT: Final = "Then type them into both fields. They are not kept anywhere."
FORGET_WARNING: Final = "If you forget it, this device is erased"
FORGET_WARNING_TEXT: Final = "Then only your recovery key or another device of yours brings your conversations back."
PUT_ON: Final = "Lock this device"
PUTTING_ON: Final = "Sealing"
PUT_ON_DONE: Final = "This device has a lock now."
CHANGE: Final = "Change passphrase"
CHANGED: Final = "The new passphrase holds."
TAKE_OFF: Final = "Take the lock off"
TAKEN_OFF: Final = "This device has no lock any more."
NOW: Final = "Lock now"
PRESENT: Final = "Present passphrase"
PASSKEY: Final = "Unlock by a passkey, too"
PASSKEY_TEXT: Final = (
    "A fingerprint, face or security key opens the lock as your passphrase does. Type your passphrase above first."
)
PASSKEY_ADD: Final = "Add a passkey"
PASSKEY_ADDED: Final = "A passkey opens this lock, too."
PASSKEY_REMOVE: Final = "Remove the passkey"
PASSKEY_REMOVED: Final = "Only your passphrase opens this lock now."
IDLE: Final = "Lock by itself"
#: By seconds.
IDLE_TIMES: Final = {
    60: ("After a minute", "when you do nothing in Parley"),
    5 * 60: ("After five minutes", "when you do nothing in Parley"),
    15 * 60: ("After a quarter of an hour", "when you do nothing in Parley"),
    60 * 60: ("After an hour", "when you do nothing in Parley"),
    0: ("Only when Parley is closed", "and when you lock it yourself"),
}
