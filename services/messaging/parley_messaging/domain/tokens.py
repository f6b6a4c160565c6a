"""The words of a text as keyed hashes, by which posts of open channels are found.

Unicode's rules: NFKC, then case folding; a word is a run of letters, digits and marks. Scripts that write no spaces give each
character and each pair. A hash is the first bytes of HMAC-SHA256 under a key of this server, so an index that is stolen
without the key tells no words; the texts beside it are the server's to protect.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterator

from parley_contracts.limits import SEARCH_QUERY_TOKENS_MAX, SEARCH_TOKEN_SIZE_BYTES, SEARCH_TOKENS_PER_ENTRY_MAX
from parley_contracts.problems import InvalidRequest

_KEY_LABEL = b"parley search tokens 1"
_WORD_LENGTH_MAX = 64
#: Scripts without spaces between words, as ranges of code points: Thai to Myanmar, Khmer, kana, Han.
_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0x20000, 0x3FFFF),
)


def folded(text: str) -> str:
    """The text as it is compared: NFKC, case folded, and NFKC again, for folding may undo it."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def words(text: str, *, pairs_only: bool = False) -> list[str]:
    """The different words of a text in their order.

    `pairs_only` leaves out single characters of unspaced scripts where they stand in a pair: so a query asks for runs.
    """
    found: dict[str, None] = {}
    for run, unspaced in _runs(folded(text)):
        if not unspaced:
            found[run[:_WORD_LENGTH_MAX]] = None
            continue
        if not pairs_only or len(run) == 1:
            found |= dict.fromkeys(run)
        found |= dict.fromkeys(run[index : index + 2] for index in range(len(run) - 1))
    return list(found)


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """Runs of word characters, each of spaced or of unspaced script."""
    run, unspaced = "", False
    for character in text:
        if unicodedata.category(character)[0] not in "LNM":
            if run:
                yield run, unspaced
            run = ""
            continue
        # A mark belongs to the letter before it.
        kind = unspaced if run and unicodedata.category(character)[0] == "M" else _is_unspaced(character)
        if run and kind != unspaced:
            yield run, unspaced
            run = ""
        run, unspaced = run + character, kind
    if run:
        yield run, unspaced


def _is_unspaced(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _UNSPACED)


class Tokenizer:
    """Makes tokens under one key."""

    def __init__(self, server_secret: bytes) -> None:
        self._key = hmac.digest(server_secret, _KEY_LABEL, hashlib.sha256)

    def of_text(self, text: str) -> tuple[bytes, ...]:
        """The tokens of what was said, without repetition; of a text beyond all measure those of its beginning."""
        return tuple(map(self._token, words(text)[:SEARCH_TOKENS_PER_ENTRY_MAX]))

    def of_query(self, query: str) -> tuple[bytes, ...]:
        """The tokens that a message must have; `InvalidRequest` where the query holds no word or too many."""
        wanted = words(query, pairs_only=True)
        if not 0 < len(wanted) <= SEARCH_QUERY_TOKENS_MAX:
            raise InvalidRequest(f"a search holds 1 to {SEARCH_QUERY_TOKENS_MAX} words", field="query")
        return tuple(map(self._token, wanted))

    def _token(self, word: str) -> bytes:
        return hmac.digest(self._key, word.encode("utf-8", "surrogatepass"), hashlib.sha256)[:SEARCH_TOKEN_SIZE_BYTES]
