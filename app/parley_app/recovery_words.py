"""What people read about recovery words."""

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
REMOVED: Final = "The words stand for nothing any more."
