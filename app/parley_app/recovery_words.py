"""What people read about another recovery key, and about what stands for it: words and a passkey."""

from __future__ import annotations

from typing import Final

WORDS: Final = "Recovery words"
WORDS_DETAIL: Final = "Six words that you can remember, in place of your recovery key"
WORDS_LEAD: Final = "Your recovery key is safe on paper, and hard to remember. Six words can stand for it, wherever you are asked for the key."
NONE: Final = "You have no recovery words"
NONE_TEXT: Final = "Type your recovery key once, and the words are drawn for you."
THERE: Final = "You have recovery words"
THERE_TEXT: Final = "New ones take the place of those that you have."
KEY: Final = "Recovery key"
KEY_HELP: Final = "From your paper. If you have words already, they do as well."
DRAW: Final = "Draw six words"
DRAWING: Final = "Drawing"
DRAWN: Final = "Your recovery words"
DRAWN_TITLE: Final = "Learn these words now"
DRAWN_TEXT: Final = (
    "They are shown this once. Never use them as a password, and keep your recovery key: if your server is gone or changed, the "
    "words alone open nothing."
)
KNOWN: Final = "I know them"
REMOVE: Final = "Remove the words"
REMOVE_TEXT: Final = "They go when you replace your recovery key: only then no copy of them opens anything."
PASSKEY: Final = "Recovery passkey"
PASSKEY_DETAIL: Final = "A passkey in place of your recovery key on a new device"
PASSKEY_LEAD: Final = (
    "Where you sign in on a new device, a passkey can stand for your recovery key. Make it on a security key, or with a phone or password "
    "manager that brings your passkeys along to your other devices."
)
PASSKEY_NONE: Final = "No passkey stands for your recovery key"
PASSKEY_NONE_TEXT: Final = "Type your recovery key once, and your browser makes the passkey."
PASSKEY_THERE: Final = "A passkey stands for your recovery key"
PASSKEY_THERE_TEXT: Final = "Another one takes its place. Keep your recovery key all the same: a passkey is lost with what holds it, and works in browsers only."
PASSKEY_KEEP: Final = "Keep the recovery key under a passkey"
PASSKEY_KEEPING: Final = "Waiting for your passkey"
PASSKEY_DONE: Final = "This passkey stands for your recovery key now."
PASSKEY_ELSEWHERE: Final = "This needs the web app"
PASSKEY_ELSEWHERE_TEXT: Final = "Open Parley in a browser that has passkeys to keep your recovery key under one."
PASSKEY_REMOVE: Final = "Remove the passkey"
PASSKEY_REMOVE_TEXT: Final = (
    "It goes when you replace your recovery key: only then it opens nothing any more, whoever has it."
)
BY_PASSKEY: Final = "Use a passkey"
NEW_KEY: Final = "New recovery key"
NEW_KEY_DETAIL: Final = "Where somebody may have seen yours, or words or a passkey for it are to go"
NEW_KEY_LEAD: Final = "Another key takes the place of the one on your paper. Your devices, conversations and safety numbers stay as they are."
NEW_KEY_TITLE: Final = "Have paper ready"
NEW_KEY_TEXT: Final = (
    "The new key is shown next, and you type a part of it back. The present one, recovery words and a recovery passkey open nothing after "
    "that. Whoever used them before may have what they opened then."
)
REPLACE: Final = "Replace the recovery key"
REPLACING: Final = "Replacing"
