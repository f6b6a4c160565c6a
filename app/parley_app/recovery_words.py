"""What people read about another recovery key, and about recovery words."""

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
NEW_KEY: Final = "New recovery key"
NEW_KEY_DETAIL: Final = "Where somebody may have seen yours, or recovery words are to go"
NEW_KEY_LEAD: Final = "Another key takes the place of the one on your paper. Your devices, conversations and safety numbers stay as they are."
NEW_KEY_TITLE: Final = "Have paper ready"
NEW_KEY_TEXT: Final = (
    "The new key is shown next, and you type a part of it back. The present one and all recovery words open nothing after that. Whoever "
    "used them before may have what they opened then."
)
REPLACE: Final = "Replace the recovery key"
REPLACING: Final = "Replacing"
